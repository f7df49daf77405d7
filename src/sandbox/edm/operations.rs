//! Functions and actions of the Web API, with their parameters.

/// What calling an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sandbox) enum Call {
    /// It only reads; its parameters stand in the address.
    Function,
    /// It may write; its parameters stand in the body.
    Action,
}

/// What an operation is called on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sandbox) enum Binding {
    /// The service.
    None,
    /// A row of the table with that logical name.
    Row(&'static str),
    /// A set of rows of that type.
    Rows(&'static str),
}

/// A function or action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sandbox) struct Operation {
    /// The name without its namespace.
    pub name: &'static str,
    /// Whether it is a function or an action.
    pub call: Call,
    /// What it is called on.
    pub binding: Binding,
    /// Its parameters besides what it is called on, each with its type.
    pub parameters: &'static [(&'static str, &'static str)],
    /// The type of its answer; nothing for most actions.
    pub answer: Option<&'static str>,
}

const SHARE: &[(&str, &str)] = &[("Target", "mscrm.crmbaseentity"), ("PrincipalAccess", "mscrm.PrincipalAccess")];
const MEMBERS: &[(&str, &str)] = &[("Members", "Collection(mscrm.systemuser)")];
const PRIVILEGES: &[(&str, &str)] = &[("Privileges", "Collection(mscrm.RolePrivilege)")];
const TARGET: &[(&str, &str)] = &[("Target", "mscrm.crmbaseentity")];
const DIRECTORY_OBJECT: &[(&str, &str)] = &[("DirectoryObjectId", "Edm.Guid")];

/// The type of a parameter that clients leave out (public clients: `RetrieveRecordChangeHistory(Target=@t)`).
pub(super) const PAGING: &str = "mscrm.PagingInfo";

const fn action(
    name: &'static str,
    binding: Binding,
    parameters: &'static [(&'static str, &'static str)],
) -> Operation {
    Operation { name, call: Call::Action, binding, parameters, answer: None }
}

const fn function(
    name: &'static str,
    binding: Binding,
    parameters: &'static [(&'static str, &'static str)],
    answer: &'static str,
) -> Operation {
    Operation { name, call: Call::Function, binding, parameters, answer: Some(answer) }
}

/// All of them (recorded: `$metadata`; those about directory objects, the origin of access and group teams: Learn, the pages of the
/// functions and actions).
pub(super) const OPERATIONS: &[Operation] = &[
    function("WhoAmI", Binding::None, &[], "mscrm.WhoAmIResponse"),
    function(
        "RetrieveRolePrivilegesRole",
        Binding::None,
        &[("RoleId", "Edm.Guid")],
        "mscrm.RetrieveRolePrivilegesRoleResponse",
    ),
    function(
        "RetrieveSharedPrincipalsAndAccess",
        Binding::None,
        TARGET,
        "mscrm.RetrieveSharedPrincipalsAndAccessResponse",
    ),
    function(
        "RetrieveAccessOrigin",
        Binding::None,
        &[("ObjectId", "Edm.Guid"), ("LogicalName", "Edm.String"), ("PrincipalId", "Edm.Guid")],
        "mscrm.RetrieveAccessOriginResponse",
    ),
    function("RetrieveAadUserRoles", Binding::None, DIRECTORY_OBJECT, "Collection(mscrm.role)"),
    function("RetrieveAadUserPrivileges", Binding::None, DIRECTORY_OBJECT, "mscrm.RetrieveAadUserPrivilegesResponse"),
    function(
        "RetrieveRecordChangeHistory",
        Binding::None,
        &[("Target", "mscrm.crmbaseentity"), ("PagingInfo", PAGING)],
        "mscrm.RetrieveRecordChangeHistoryResponse",
    ),
    action("GrantAccess", Binding::None, SHARE),
    action("ModifyAccess", Binding::None, SHARE),
    action("RevokeAccess", Binding::None, &[("Target", "mscrm.crmbaseentity"), ("Revokee", "mscrm.crmbaseentity")]),
    action("AddPrivilegesRole", Binding::Row("role"), PRIVILEGES),
    action("ReplacePrivilegesRole", Binding::Row("role"), PRIVILEGES),
    action("RemovePrivilegeRole", Binding::Row("role"), &[("Privilege", "mscrm.privilege")]),
    action("AddMembersTeam", Binding::Row("team"), MEMBERS),
    action("RemoveMembersTeam", Binding::Row("team"), MEMBERS),
    action("SyncGroupMembersToTeam", Binding::Row("team"), &[]),
    function("RetrieveTeamPrivileges", Binding::Row("team"), &[], "mscrm.RetrieveTeamPrivilegesResponse"),
    function("RetrieveUserPrivileges", Binding::Row("systemuser"), &[], "mscrm.RetrieveUserPrivilegesResponse"),
    function(
        "RetrieveUserPrivilegeByPrivilegeName",
        Binding::Row("systemuser"),
        &[("PrivilegeName", "Edm.String")],
        "mscrm.RetrieveUserPrivilegeByPrivilegeNameResponse",
    ),
    function("RetrievePrincipalAccess", Binding::Row("systemuser"), TARGET, "mscrm.RetrievePrincipalAccessResponse"),
    function("RetrievePrincipalAccess", Binding::Row("team"), TARGET, "mscrm.RetrievePrincipalAccessResponse"),
];

/// Finds an operation by its name and by the table of the row that it is called on.
pub(in crate::sandbox) fn find(name: &str, table: Option<&str>) -> Option<&'static Operation> {
    OPERATIONS.iter().find(|operation| {
        operation.name == name
            && match operation.binding {
                Binding::None => table.is_none(),
                Binding::Row(wanted) => table == Some(wanted),
                Binding::Rows(_) => false,
            }
    })
}
