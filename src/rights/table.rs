//! The table of rights.
use super::Part::{Assignments, Connections, Environment, EnvironmentRoles, Members, Readers, RolePrivileges, Shares};
use super::Task::{Apply, Plan};
use super::Weight::{Optional, Required};
use super::{Needs, Part, Right, Task, Weight};
use crate::names::Operation::{self, Append, AppendTo, Assign, Create, Delete, Read, Share, Write};

const fn right(part: Part, task: Task, needs: Needs, weight: Weight, purpose: &'static str) -> Right {
    Right { part, task, needs, weight, purpose }
}

const fn on(table: &'static str, operation: Operation, privilege: &'static str) -> Needs {
    Needs::Table { table, operation, privilege }
}

const UNIT: Needs = on("Business Unit", Read, "prvReadBusinessUnit");
const USER: Needs = on("User", Read, "prvReadUser");
const TEAM: Needs = on("Team", Read, "prvReadTeam");
const ROLE: Needs = on("Security Role", Read, "prvReadRole");
const FLOW: Needs = on("Process", Read, "prvReadWorkflow");
const REFERENCE: Needs = on("Connection Reference", Read, "prvReadconnectionreference");
const GROUPS: Needs = Needs::Graph("GroupMember.Read.All");

/// What the audit log is read for.
const WHO: &str = "who changed what outside Git, and when: `drift`";

/// Every right that powergrant needs.
///
/// Names of privileges: recorded metadata of the tables; the two of agents follow Learn's naming rule. Which write needs which privilege:
/// Learn's pages of the actions; that `Append` and `AppendTo` go with assigning is Learn's rule for associations; that users and teams are made
/// with Create is inferred. Reading shares has no privilege of its own that is known: a share is shown to whoever reads both ends.
pub const RIGHTS: &[Right] = &[
    right(Environment, Plan, UNIT, Required, "names, and the root business unit"),
    right(Environment, Plan, USER, Required, "people and applications"),
    right(Environment, Plan, TEAM, Required, "teams and group teams"),
    // Learn: retrieve audit data; both are needed.
    right(Environment, Plan, Needs::Miscellaneous("prvReadAuditSummary"), Optional, WHO),
    right(Environment, Plan, Needs::Miscellaneous("prvReadRecordAuditHistory"), Optional, WHO),
    right(RolePrivileges, Plan, ROLE, Required, "roles, their copies and privileges"),
    right(RolePrivileges, Apply, on("Security Role", Create, "prvCreateRole"), Required, "new roles"),
    right(RolePrivileges, Apply, on("Security Role", Write, "prvWriteRole"), Required, "privileges of roles"),
    right(RolePrivileges, Apply, on("Security Role", Delete, "prvDeleteRole"), Optional, "roles with `state: absent`"),
    right(
        Members,
        Plan,
        Needs::Graph("User.ReadBasic.All"),
        Optional,
        "people by name who are not in the environment yet",
    ),
    right(
        Members,
        Plan,
        Needs::Graph("Application.Read.All"),
        Optional,
        "applications that are not in the environment yet",
    ),
    right(Members, Apply, on("User", Create, "prvCreateUser"), Required, "users and applications that come in"),
    right(Members, Apply, on("Team", Create, "prvCreateTeam"), Required, "teams of Entra groups"),
    right(Members, Apply, on("Team", Write, "prvWriteTeam"), Required, "people of those teams"),
    right(Members, Apply, Needs::Management, Optional, "`addUsers: bap`"),
    right(Assignments, Plan, ROLE, Required, "roles and who holds them"),
    right(
        Assignments,
        Plan,
        on("Organization", Read, "prvReadOrganization"),
        Required,
        "settings that decide what may be assigned",
    ),
    right(Assignments, Plan, GROUPS, Optional, "groups by name, and how many people are in them"),
    right(Assignments, Apply, on("Security Role", Assign, "prvAssignRole"), Required, "roles of users and teams"),
    right(Assignments, Apply, on("Security Role", Append, "prvAppendRole"), Required, "roles of users and teams"),
    right(Assignments, Apply, on("User", AppendTo, "prvAppendToUser"), Required, "roles of users"),
    right(Assignments, Apply, on("Team", AppendTo, "prvAppendToTeam"), Required, "roles of teams"),
    right(EnvironmentRoles, Plan, Needs::Management, Required, "who is administrator or maker"),
    right(EnvironmentRoles, Apply, Needs::Management, Required, "administrators and makers"),
    right(Connections, Plan, FLOW, Required, "flows and their text"),
    right(Connections, Plan, REFERENCE, Required, "connection references by name"),
    right(Connections, Plan, ROLE, Required, "whether a flow's owner may let it act for others"),
    right(Connections, Plan, on("Solution", Read, "prvReadSolution"), Optional, "`flows: { solution }`"),
    right(Connections, Plan, on("Copilot", Read, "prvReadbot"), Optional, "`flows: { agent }`"),
    right(Connections, Plan, on("Copilot component", Read, "prvReadbotcomponent"), Optional, "`flows: { agent }`"),
    right(Connections, Apply, on("Process", Write, "prvWriteWorkflow"), Required, "modes of connections"),
    right(Readers, Plan, REFERENCE, Required, "connection references and their shares"),
    right(
        Readers,
        Apply,
        on("Connection Reference", Share, "prvShareconnectionreference"),
        Required,
        "readers of connection references",
    ),
    right(Shares, Plan, FLOW, Required, "flows and their shares"),
    right(Shares, Plan, ROLE, Required, "whether whoever a flow is shared with can read flows"),
    right(Shares, Apply, on("Process", Share, "prvShareWorkflow"), Required, "run-only users"),
    // Nobody can share a right that he does not have (Learn: GrantAccess).
    right(Shares, Apply, on("Process", Write, "prvWriteWorkflow"), Optional, "co-owners"),
    right(Shares, Apply, on("Process", Delete, "prvDeleteWorkflow"), Optional, "co-owners"),
    right(Shares, Apply, on("Process", Append, "prvAppendWorkflow"), Optional, "co-owners"),
    right(Shares, Apply, on("Process", AppendTo, "prvAppendToWorkflow"), Optional, "co-owners"),
    right(Shares, Apply, on("Process", Assign, "prvAssignWorkflow"), Optional, "co-owners"),
];
