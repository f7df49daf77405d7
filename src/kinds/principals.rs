//! How documents write principals, members and lists of them.
use jiff::civil::Date;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ledger::Extent;
use crate::names::Membership;

/// A principal: exactly one of `user`, `group`, `application` and `team`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, deny_unknown_fields)]
pub enum Principal {
    /// A person.
    User {
        /// The person.
        user: User,
    },
    /// An Entra group.
    Group {
        /// The group.
        group: Group,
    },
    /// An application user.
    Application {
        /// The application.
        application: Application,
    },
    /// An existing Dataverse team.
    Team {
        /// The team.
        team: Team,
    },
}

/// A principal in a list: exactly one of `user`, `group`, `application` and `team`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, deny_unknown_fields)]
pub enum Member {
    /// A person.
    User {
        /// The person.
        user: User,
        /// The last day on which this is wanted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(schema_with = "date")]
        expires: Option<Date>,
        /// `absent` revokes it.
        #[serde(default, skip_serializing_if = "is_present")]
        state: State,
    },
    /// An Entra group: in an environment, its group team of one membership type.
    Group {
        /// The group.
        group: Group,
        /// The last day on which this is wanted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(schema_with = "date")]
        expires: Option<Date>,
        /// `absent` revokes it.
        #[serde(default, skip_serializing_if = "is_present")]
        state: State,
    },
    /// An application user.
    Application {
        /// The application.
        application: Application,
        /// The last day on which this is wanted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(schema_with = "date")]
        expires: Option<Date>,
        /// `absent` revokes it.
        #[serde(default, skip_serializing_if = "is_present")]
        state: State,
    },
    /// An existing Dataverse team that is not an Entra group's.
    Team {
        /// The team.
        team: Team,
        /// The last day on which this is wanted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(schema_with = "date")]
        expires: Option<Date>,
        /// `absent` revokes it.
        #[serde(default, skip_serializing_if = "is_present")]
        state: State,
    },
}

/// A person, by user principal name or by id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum User {
    /// The user principal name.
    Name(String),
    /// By id; a name beside it is checked.
    Known(KnownUser),
}

/// A person by id; a name beside it is checked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KnownUser {
    /// The Entra object id.
    #[schemars(schema_with = "guid")]
    pub id: Uuid,
    /// The user principal name, which is checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// An Entra group, by id or by name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// The Entra object id, which decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "guid")]
    pub id: Option<Uuid>,
    /// The display name; beside an id it is checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Which of its members are meant; the Environment's `groupTeams` says what goes without saying.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub membership: Option<Membership>,
    /// Brings the members in and synchronises the team instead of waiting for their first access.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sync: bool,
}

/// An application user.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Application {
    /// The application (client) id.
    #[schemars(schema_with = "guid")]
    pub app_id: Uuid,
    /// The display name, which is checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// An existing Dataverse team, by id or by name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Team {
    /// The team's row (`teamid`), which decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "guid")]
    pub id: Option<Uuid>,
    /// The team's name; beside an id it is checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its business unit, to tell teams of one name apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub business_unit: Option<String>,
}

/// Whether something shall be there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum State {
    /// It shall be there.
    #[default]
    Present,
    /// It shall not be there.
    Absent,
}

/// A list of principals that says what happens to those it does not name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct List {
    /// What happens to principals that are not named: `named` leaves them alone, `exact` revokes them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extent: Option<Extent>,
    /// Lets an exact list name nobody.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_empty: bool,
    /// The principals.
    pub members: Vec<Member>,
}

impl Member {
    /// The last day on which it is wanted, and whether it is wanted at all.
    pub fn standing(&self) -> (Option<Date>, State) {
        match self {
            Self::User { user: _, expires, state }
            | Self::Group { group: _, expires, state }
            | Self::Application { application: _, expires, state }
            | Self::Team { team: _, expires, state } => (*expires, *state),
        }
    }

    /// The principal alone.
    pub fn principal(&self) -> Principal {
        match self {
            Self::User { user, .. } => Principal::User { user: user.clone() },
            Self::Group { group, .. } => Principal::Group { group: group.clone() },
            Self::Application { application, .. } => Principal::Application { application: application.clone() },
            Self::Team { team, .. } => Principal::Team { team: team.clone() },
        }
    }
}

impl From<Principal> for Member {
    fn from(principal: Principal) -> Self {
        let (expires, state) = (None, State::Present);
        match principal {
            Principal::User { user } => Self::User { user, expires, state },
            Principal::Group { group } => Self::Group { group, expires, state },
            Principal::Application { application } => Self::Application { application, expires, state },
            Principal::Team { team } => Self::Team { team, expires, state },
        }
    }
}

/// Says whether a thing shall be there, which goes without saying.
pub fn is_present(state: &State) -> bool {
    match state {
        State::Present => true,
        State::Absent => false,
    }
}

/// The schema of a GUID.
pub fn guid(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "format": "uuid" })
}

/// The schema of a day.
pub fn date(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "format": "date" })
}
