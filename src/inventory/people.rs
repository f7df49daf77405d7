//! Who is there: business units, users, teams, and what the directory knows of them.
use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use crate::names::{Membership, Ref, Text, Unit, required};
use crate::principal::Principal;

/// A row that can own, hold and be shared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PrincipalRow {
    /// A `systemuser`.
    User(Uuid),
    /// A `team`.
    Team(Uuid),
    /// The organisation itself: everyone.
    Organization(Uuid),
}

impl PrincipalRow {
    /// The row's id.
    pub fn id(self) -> Uuid {
        match self {
            Self::User(id) | Self::Team(id) | Self::Organization(id) => id,
        }
    }
}

impl fmt::Display for PrincipalRow {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => write!(formatter, "user:{id}"),
            Self::Team(id) => write!(formatter, "team:{id}"),
            Self::Organization(id) => write!(formatter, "organization:{id}"),
        }
    }
}

impl FromStr for PrincipalRow {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let expected = "a row is `user:`, `team:` or `organization:` and a GUID";
        let (kind, id) = text.split_once(':').ok_or(expected)?;
        let id = Uuid::try_parse(id).map_err(|_| expected)?;
        match kind {
            "user" => Ok(Self::User(id)),
            "team" => Ok(Self::Team(id)),
            "organization" => Ok(Self::Organization(id)),
            _ => Err(expected),
        }
    }
}

/// As one text, because rows are keys of what is written as JSON.
impl Serialize for PrincipalRow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PrincipalRow {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// A business unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct BusinessUnit {
    /// Its name.
    pub name: Text,
    /// The unit above it; the root has none.
    #[serde(deserialize_with = "required")]
    pub parent: Option<Uuid>,
}

/// What kind of user a row is (`applicationid`, `accessmode`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum UserKind {
    /// A person.
    Person,
    /// An application.
    Application,
    /// SYSTEM, INTEGRATION, support and delegated administration users, which the platform keeps.
    Platform,
}

/// A `systemuser` row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct User {
    /// The full name.
    pub full_name: Text,
    /// The user principal name (`domainname`); empty for applications.
    pub upn: Text,
    /// The main address (`internalemailaddress`).
    pub mail: Text,
    /// The Entra object id.
    #[serde(deserialize_with = "required")]
    pub object: Option<Uuid>,
    /// The application (client) id.
    #[serde(deserialize_with = "required")]
    pub application: Option<Uuid>,
    /// What kind of user it is.
    pub kind: UserKind,
    /// Whether it is disabled.
    pub disabled: bool,
    /// Its business unit.
    pub unit: Uuid,
}

impl User {
    /// The principal that this row is.
    pub fn principal(&self, row: Uuid) -> Principal {
        match (self.kind, self.application, self.object) {
            (UserKind::Application, Some(id), _) => {
                // Dataverse makes an application's full name of its name and `#` as the first name (seen in the portal).
                let name = self.full_name.strip_prefix("# ").map_or_else(|| self.full_name.clone(), Text::from);
                Principal::Application { name, id }
            }
            (UserKind::Person, _, Some(id)) => {
                let name = if self.upn.is_empty() { &self.full_name } else { &self.upn };
                Principal::User { name: name.clone(), id }
            }
            (UserKind::Person | UserKind::Application | UserKind::Platform, _, _) => {
                Principal::Unnamed { name: self.full_name.clone(), row }
            }
        }
    }
}

/// What kind of team a row is (`teamtype`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TeamKind {
    /// Owner team.
    Owner,
    /// Access team, which holds no roles.
    Access,
    /// Team of an Entra security group.
    SecurityGroup,
    /// Team of a Microsoft 365 group.
    OfficeGroup,
}

/// A `team` row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Team {
    /// Its name.
    pub name: Text,
    /// What kind of team it is.
    pub kind: TeamKind,
    /// Which members of the group it has.
    pub membership: Membership,
    /// The Entra group's object id.
    #[serde(deserialize_with = "required")]
    pub group: Option<Uuid>,
    /// Its business unit.
    pub unit: Uuid,
    /// Whether it is a business unit's default team.
    pub is_default: bool,
}

impl Team {
    /// The principal that this row is.
    pub fn principal(&self, row: Uuid) -> Principal {
        match (self.kind, self.group) {
            (TeamKind::SecurityGroup | TeamKind::OfficeGroup, Some(id)) => {
                Principal::Group { name: self.name.clone(), id, membership: self.membership }
            }
            (TeamKind::Owner | TeamKind::Access | TeamKind::SecurityGroup | TeamKind::OfficeGroup, _) => {
                Principal::Team { name: self.name.clone(), id: row }
            }
        }
    }

    /// Why the platform keeps this team's permissions, if it does.
    pub fn platform_reason(&self) -> Option<&'static str> {
        if self.is_default {
            return Some("a business unit's default team");
        }
        // Copilot Studio shares an agent through an owner team named `<botid>_1`, which also owns shares of the agent's
        // flows (field notes of a production organisation, validated 2026-08).
        let bot = self.name.strip_suffix("_1").is_some_and(|id| Uuid::try_parse(id).is_ok());
        (bot && self.kind == TeamKind::Owner).then_some("Copilot Studio's own team for a shared agent")
    }
}

/// A person, group or application as the directory (Microsoft Graph) knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct DirectoryEntry {
    /// What it is.
    pub kind: DirectoryKind,
    /// The user principal name, or the display name.
    pub name: Text,
    /// The main address.
    pub mail: Text,
    /// The application (client) id of a service principal.
    #[serde(deserialize_with = "required")]
    pub application: Option<Uuid>,
    /// Whether a person may sign in.
    pub enabled: bool,
}

/// What a directory entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DirectoryKind {
    /// A person.
    User,
    /// A group.
    Group,
    /// A service principal.
    ServicePrincipal,
}

/// A business unit by name and id.
pub type UnitRef = Ref<Unit>;
