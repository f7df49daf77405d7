//! What there is to permit: tables, privileges, roles, flows and connection references.
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::inventory::people::PrincipalRow;
use crate::names::{Depth, Operation, Text, required};

/// A table and its privileges, from its metadata.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Table {
    /// The name that people see.
    pub display_name: Text,
    /// The name of its rows' set (`workflows`).
    pub set: Text,
    /// Its privileges; none for a table whose access follows another one's. Missing when they were not asked for.
    #[serde(deserialize_with = "required")]
    pub privileges: Option<BTreeMap<Operation, Privilege>>,
}

/// Where a navigation property of a table leads, and which of two related rows is attached to the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Relationship {
    /// A lookup: a row of this table is attached to one of that.
    ToOne(Text),
    /// Rows of that table are attached to one of this.
    ToMany(Text),
    /// Rows of both are attached to each other.
    ManyToMany(Text),
}

impl Relationship {
    /// The table that it leads to, by logical name.
    pub fn table(&self) -> &Text {
        match self {
            Self::ToOne(table) | Self::ToMany(table) | Self::ManyToMany(table) => table,
        }
    }
}

/// A privilege as this organisation has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Privilege {
    /// Its name; never derived, because names do not follow a rule (`prvReadUser` on `systemuser`).
    pub name: Text,
    /// Its id.
    pub id: Uuid,
    /// The depths that it allows.
    pub depths: Vec<Depth>,
}

/// A security role at the root business unit.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of the row by itself")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Role {
    /// Its name.
    pub name: Text,
    /// The template it was made from, for roles that Microsoft delivers.
    #[serde(deserialize_with = "required")]
    pub template: Option<Uuid>,
    /// Its description.
    pub description: Text,
    /// Whether its privileges reach the members of a team that holds it (`isinherited` 1).
    pub reaches_members: bool,
    /// Whether a solution brought it.
    pub managed: bool,
    /// Whether it may be changed (`iscustomizable`).
    pub customizable: bool,
    /// Whether the service assigns it by itself.
    pub auto_assigned: bool,
    /// Its business unit.
    pub unit: Uuid,
}

/// Whether a flow is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FlowState {
    /// Off (`statecode` 0).
    Draft,
    /// On (`statecode` 1).
    Activated,
    /// Stopped by the service (`statecode` 2).
    Suspended,
}

/// A cloud flow's row, without its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Flow {
    /// Its name.
    pub name: Text,
    /// Whether it is on.
    pub state: FlowState,
    /// Whether a solution brought it.
    pub managed: bool,
    /// Whether it may be changed (`iscustomizable`).
    pub customizable: bool,
    /// Its owner.
    pub owner: PrincipalRow,
}

/// A connection reference's row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ConnectionReference {
    /// Its logical name.
    pub logical_name: Text,
    /// The name that people see.
    pub display_name: Text,
    /// The connector, `shared_sharepointonline`.
    pub connector: Text,
    /// Whether a connection is bound to it.
    pub bound: bool,
    /// Its owner.
    pub owner: PrincipalRow,
}

/// The caller: who powergrant is in this environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Caller {
    /// The caller's `systemuser` row.
    pub user: Uuid,
    /// The caller's business unit.
    pub unit: Uuid,
    /// The organisation.
    pub organization: Uuid,
    /// The caller's privileges by lower-cased name, at their greatest depth.
    pub privileges: BTreeMap<Text, Depth>,
}

/// Settings of the organisation that decide what may be assigned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Settings {
    /// Whether a principal may hold the role copies of other business units (`EnableOwnershipAcrossBusinessUnits`).
    pub ownership_across_units: bool,
    /// Whether roles of disabled users may be changed (`AllowRoleAssignmentOnDisabledUsers`).
    pub roles_on_disabled_users: bool,
}

/// What a managed environment allows to be shared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SharingLimits {
    /// Whether sharing of solution flows is turned off (`solutionCloudFlows-limitSharingMode` is `disableSharing`).
    pub flows_disabled: bool,
}

/// The rights of a share, as bits (`AccessRights`; recorded `$metadata`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Rights(pub u32);

impl Rights {
    /// See the row.
    pub const READ: Self = Self(1);
    /// Change the row.
    pub const WRITE: Self = Self(2);
    /// Attach the row.
    pub const APPEND: Self = Self(4);
    /// Let rows be attached.
    pub const APPEND_TO: Self = Self(16);
    /// Carried, without weight on an existing row.
    pub const CREATE: Self = Self(32);
    /// Remove the row.
    pub const DELETE: Self = Self(65_536);
    /// Share the row on.
    pub const SHARE: Self = Self(262_144);
    /// Give the row away.
    pub const ASSIGN: Self = Self(524_288);
    /// All eight, which is what the portal writes for a co-owner (field notes of a production organisation, 2026-08).
    pub const ALL: Self = Self(852_023);

    /// The rights by their wire names.
    pub const NAMED: [(Self, &'static str); 8] = [
        (Self::READ, "ReadAccess"),
        (Self::WRITE, "WriteAccess"),
        (Self::APPEND, "AppendAccess"),
        (Self::APPEND_TO, "AppendToAccess"),
        (Self::CREATE, "CreateAccess"),
        (Self::DELETE, "DeleteAccess"),
        (Self::SHARE, "ShareAccess"),
        (Self::ASSIGN, "AssignAccess"),
    ];

    /// Whether every right of `other` is held.
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any right of `other` is held.
    pub fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The names, as requests carry them: joined with commas.
    pub fn names(self) -> String {
        let names: Vec<_> =
            Self::NAMED.iter().filter(|(right, _)| self.contains(*right)).map(|(_, name)| *name).collect();
        names.join(",")
    }

    /// Reads a list of names, with or without blanks between them; unknown names are refused.
    pub fn parse(names: &str) -> Option<Self> {
        names.split(',').map(str::trim).filter(|name| !name.is_empty() && *name != "None").try_fold(
            Self(0),
            |rights, name| {
                let (right, _) = Self::NAMED.iter().find(|(_, known)| known.eq_ignore_ascii_case(name))?;
                Some(Self(rights.0 | right.0))
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_are_read_as_the_service_writes_them() {
        // Recorded: RetrieveSharedPrincipalsAndAccess on an agent that is shared for editing.
        let recorded = "ReadAccess, WriteAccess, AppendAccess, AppendToAccess, CreateAccess, ShareAccess, AssignAccess";
        assert_eq!(Rights::parse(recorded), Some(Rights(786_487)));
        assert_eq!(Rights::parse(&Rights::ALL.names()), Some(Rights::ALL));
        assert_eq!(Rights::parse("OwnAccess"), None);
    }
}
