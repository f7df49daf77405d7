//! The rights that powergrant itself needs: one table, for `whoami`, the documents and the example identities.
pub mod identity;
pub mod judge;
pub mod manifest;
#[cfg(test)]
mod tests;

use crate::names::{Depth, Operation};

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

/// Whether a right can be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// Nothing of the part works without it.
    Required,
    /// Only for what the purpose says.
    Optional,
}

const fn table(
    part: Part,
    task: Task,
    (table, operation, privilege): (&'static str, Operation, &'static str),
    purpose: &'static str,
) -> Right {
    Right { part, task, needs: Needs::Table { table, operation, privilege }, weight: Weight::Required, purpose }
}

const fn optional(right: Right) -> Right {
    Right { weight: Weight::Optional, ..right }
}

const fn other(part: Part, task: Task, needs: Needs, weight: Weight, purpose: &'static str) -> Right {
    Right { part, task, needs, weight, purpose }
}

const UNIT: (&str, Operation, &str) = ("Business Unit", Operation::Read, "prvReadBusinessUnit");
const USER: (&str, Operation, &str) = ("User", Operation::Read, "prvReadUser");
const TEAM: (&str, Operation, &str) = ("Team", Operation::Read, "prvReadTeam");
const ROLE: (&str, Operation, &str) = ("Security Role", Operation::Read, "prvReadRole");
const FLOW: (&str, Operation, &str) = ("Process", Operation::Read, "prvReadWorkflow");
const REFERENCE: (&str, Operation, &str) = ("Connection Reference", Operation::Read, "prvReadconnectionreference");

/// The table. Names of privileges: recorded metadata of the tables; those of agents follow Learn's naming rule. Which write needs which
/// privilege: Learn, the pages of the actions and "security privilege reference"; that Append goes with associating is Learn's rule for
/// associations, that users and teams are made with Create is inferred. Reading shares has no privilege of its own that is known; a share is
/// shown to whoever reads both of its ends.
pub const RIGHTS: &[Right] = &[
    table(Part::Environment, Task::Plan, UNIT, "names and the root business unit"),
    table(Part::Environment, Task::Plan, USER, "to find people and applications"),
    table(Part::Environment, Task::Plan, TEAM, "to find teams and group teams"),
    table(Part::RolePrivileges, Task::Plan, ROLE, "roles, their copies and privileges"),
    table(Part::RolePrivileges, Task::Apply, ("Security Role", Operation::Create, "prvCreateRole"), "to make a role"),
    table(Part::RolePrivileges, Task::Apply, ("Security Role", Operation::Write, "prvWriteRole"), "to change a role and its privileges"),
    optional(table(
        Part::RolePrivileges,
        Task::Apply,
        ("Security Role", Operation::Delete, "prvDeleteRole"),
        "to remove a role with `state: absent`",
    )),
    other(Part::Members, Task::Plan, Needs::Graph("User.ReadBasic.All"), Weight::Optional, "people by name who are not in the environment yet"),
    other(Part::Members, Task::Plan, Needs::Graph("Application.Read.All"), Weight::Optional, "names of applications that are not in the environment yet"),
    table(Part::Members, Task::Apply, ("User", Operation::Create, "prvCreateUser"), "to bring a user or application in"),
    table(Part::Members, Task::Apply, ("Team", Operation::Create, "prvCreateTeam"), "to make the team of an Entra group"),
    table(Part::Members, Task::Apply, ("Team", Operation::Write, "prvWriteTeam"), "to fill the team of an Entra group"),
    other(Part::Members, Task::Apply, Needs::Management, Weight::Optional, "`addUsers: bap`"),
    table(Part::Assignments, Task::Plan, ROLE, "roles and who holds them"),
    table(Part::Assignments, Task::Plan, ("Organization", Operation::Read, "prvReadOrganization"), "settings that decide what may be assigned"),
    other(Part::Assignments, Task::Plan, Needs::Graph("GroupMember.Read.All"), Weight::Optional, "groups by name, and how many people a group has"),
    table(Part::Assignments, Task::Apply, ("Security Role", Operation::Assign, "prvAssignRole"), "to assign a role"),
    table(Part::Assignments, Task::Apply, ("Security Role", Operation::Append, "prvAppendRole"), "to put a role on a holder"),
    table(Part::Assignments, Task::Apply, ("User", Operation::AppendTo, "prvAppendToUser"), "users as holders"),
    table(Part::Assignments, Task::Apply, ("Team", Operation::AppendTo, "prvAppendToTeam"), "teams as holders"),
    other(Part::EnvironmentRoles, Task::Plan, Needs::Management, Weight::Required, "who is administrator or maker"),
    other(Part::EnvironmentRoles, Task::Apply, Needs::Management, Weight::Required, "to make administrators and makers"),
    table(Part::Connections, Task::Plan, FLOW, "flows and their text"),
    table(Part::Connections, Task::Plan, REFERENCE, "connection references by name"),
    table(Part::Connections, Task::Plan, ROLE, "whether a flow's owner may let it act for others"),
    optional(table(Part::Connections, Task::Plan, ("Solution", Operation::Read, "prvReadSolution"), "`flows: { solution }`")),
    optional(table(Part::Connections, Task::Plan, ("Copilot", Operation::Read, "prvReadbot"), "`flows: { agent }`")),
    optional(table(Part::Connections, Task::Plan, ("Copilot component", Operation::Read, "prvReadbotcomponent"), "`flows: { agent }`")),
    table(Part::Connections, Task::Apply, ("Process", Operation::Write, "prvWriteWorkflow"), "to change a connection's mode"),
    table(Part::Readers, Task::Plan, REFERENCE, "connection references and their shares"),
    table(Part::Readers, Task::Apply, ("Connection Reference", Operation::Share, "prvShareconnectionreference"), "to share a connection reference"),
    table(Part::Shares, Task::Plan, FLOW, "flows and their shares"),
    table(Part::Shares, Task::Plan, ROLE, "whether whoever a flow is shared with can read flows"),
    table(Part::Shares, Task::Apply, ("Process", Operation::Share, "prvShareWorkflow"), "to share a flow"),
    optional(table(Part::Shares, Task::Apply, ("Process", Operation::Write, "prvWriteWorkflow"), "co-owners: nobody can give what he does not have")),
    optional(table(Part::Shares, Task::Apply, ("Process", Operation::Delete, "prvDeleteWorkflow"), "co-owners")),
    optional(table(Part::Shares, Task::Apply, ("Process", Operation::Append, "prvAppendWorkflow"), "co-owners")),
    optional(table(Part::Shares, Task::Apply, ("Process", Operation::AppendTo, "prvAppendToWorkflow"), "co-owners")),
    optional(table(Part::Shares, Task::Apply, ("Process", Operation::Assign, "prvAssignWorkflow"), "co-owners")),
];
