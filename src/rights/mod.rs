//! The rights that powergrant itself needs: one table, for `whoami`, the documents and the example identities.
pub mod advice;
pub mod identity;
pub mod judge;
pub mod manifest;
mod table;
#[cfg(test)]
mod tests;

use crate::names::{Depth, Operation};

pub use table::RIGHTS;

/// What a run does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Task {
    /// Reads: `plan`, `drift`, `explain`, `export` and the like.
    Plan,
    /// Writes what was planned.
    Apply,
}

impl Task {
    /// Both, the one that needs less first.
    pub const ALL: [Self; 2] = [Self::Plan, Self::Apply];

    /// The command that stands for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Apply => "apply",
        }
    }
}

/// What of an environment is managed; each is a ledger, but for the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// What every command reads of an environment with Dataverse.
    Environment,
    /// Security roles and their privileges.
    RolePrivileges,
    /// Who is in the environment.
    Members,
    /// Who holds which role.
    Assignments,
    /// Makers and administrators where there is no Dataverse.
    EnvironmentRoles,
    /// Connections of flows.
    Connections,
    /// Readers of connection references.
    Readers,
    /// Run-only users and owners of flows.
    Shares,
}

impl Part {
    /// Every part, in the order of ledgers.
    pub const ALL: [Self; 8] = [
        Self::Environment,
        Self::RolePrivileges,
        Self::Members,
        Self::Assignments,
        Self::EnvironmentRoles,
        Self::Connections,
        Self::Readers,
        Self::Shares,
    ];

    /// The name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Environment => "environment",
            Self::RolePrivileges => "role privileges",
            Self::Members => "environment members",
            Self::Assignments => "role assignments",
            Self::EnvironmentRoles => "environment roles",
            Self::Connections => "flow connections",
            Self::Readers => "connection reference readers",
            Self::Shares => "flow shares",
        }
    }
}

/// One right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Needs {
    /// A privilege on a Dataverse table at organization depth: what is managed belongs to others.
    Table {
        /// The table's display name, as a manifest has it.
        table: &'static str,
        /// What is done with its rows.
        operation: Operation,
        /// The privilege's name.
        privilege: &'static str,
    },
    /// An application permission of Microsoft Graph.
    Graph(&'static str),
    /// To be a registered management application or a Power Platform administrator.
    Management,
}

impl Needs {
    /// The depth that a privilege has to be held at.
    pub const DEPTH: Depth = Depth::Organization;

    /// The id of a Microsoft Graph permission as a role of applications (Learn: Graph permissions reference).
    pub fn app_role(self) -> Option<&'static str> {
        match self {
            Self::Graph("User.ReadBasic.All") => Some("97235f07-e226-4f63-ace3-39588e11d3a1"),
            Self::Graph("Application.Read.All") => Some("9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30"),
            Self::Graph("GroupMember.Read.All") => Some("98830695-27a2-44f7-8c18-0c3ebc9698f6"),
            Self::Graph(_) | Self::Table { .. } | Self::Management => None,
        }
    }

    /// What to ask for.
    pub fn words(self) -> String {
        match self {
            Self::Table { table, operation, .. } => format!("{operation} on {table} at Organization"),
            Self::Graph(permission) => format!("Microsoft Graph {permission}"),
            Self::Management => "registration as management application".to_owned(),
        }
    }
}

/// Whether a right can be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Nothing of the part works without it.
    Required,
    /// Only for what its purpose says.
    Optional,
}

/// One line of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Right {
    /// For what of an environment.
    pub part: Part,
    /// For which command.
    pub task: Task,
    /// The right.
    pub needs: Needs,
    /// Whether there is a way without it.
    pub weight: Weight,
    /// What it is for.
    pub purpose: &'static str,
}
