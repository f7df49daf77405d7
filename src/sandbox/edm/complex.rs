//! Enumerations and complex types of the Web API.

use super::model::{Enum, EnumKind, Structure};
use crate::sandbox::rights::{Depth, Verb};

/// The enumerations, made from the words and numbers that requests are read with.
pub(super) fn enums() -> Vec<Enum> {
    let depths = Depth::ALL.into_iter().zip(0..).map(|(depth, value)| (depth.to_string().into(), value));
    let rights = Verb::ALL.into_iter().map(|verb| (format!("{}Access", verb.word()).into(), verb.bit()));
    vec![
        Enum { name: "PrivilegeDepth", kind: EnumKind::Single, members: depths.collect() },
        Enum {
            name: "AccessRights",
            kind: EnumKind::Flags,
            members: std::iter::once(("None".into(), 0)).chain(rights).collect(),
        },
    ]
}

/// The complex types.
pub(super) fn complexes() -> Vec<Structure> {
    let privileges =
        |name: &'static str| Structure::named(name).with("RolePrivileges", "Collection(mscrm.RolePrivilege)");
    vec![
        // The last three are the cloud's (names: a cloud organisation's metadata as Power Apps wrote it down).
        Structure::named("RolePrivilege")
            .with("Depth", "mscrm.PrivilegeDepth")
            .with("PrivilegeId", "Edm.Guid")
            .with("BusinessUnitId", "Edm.Guid")
            .with("PrivilegeName", "Edm.String")
            .with("RecordFilterId", "Edm.Guid")
            .with("RecordFilterUniqueName", "Edm.String"),
        Structure::named("PrincipalAccess")
            .leading("Principal", "mscrm.crmbaseentity")
            .with("AccessMask", "mscrm.AccessRights"),
        Structure::named("BooleanManagedProperty")
            .with("Value", "Edm.Boolean")
            .with("CanBeChanged", "Edm.Boolean")
            .with("ManagedPropertyLogicalName", "Edm.String"),
        Structure::named("WhoAmIResponse")
            .with("BusinessUnitId", "Edm.Guid")
            .with("UserId", "Edm.Guid")
            .with("OrganizationId", "Edm.Guid"),
        Structure::named("RetrieveSharedPrincipalsAndAccessResponse")
            .with("PrincipalAccesses", "Collection(mscrm.PrincipalAccess)"),
        Structure::named("RetrievePrincipalAccessResponse").with("AccessRights", "mscrm.AccessRights"),
        Structure::named("RetrieveAccessOriginResponse").with("Response", "Edm.String"),
        privileges("RetrieveRolePrivilegesRoleResponse"),
        privileges("RetrieveUserPrivilegesResponse"),
        privileges("RetrieveTeamPrivilegesResponse"),
        privileges("RetrieveUserPrivilegeByPrivilegeNameResponse"),
        privileges("RetrieveAadUserPrivilegesResponse"),
    ]
}
