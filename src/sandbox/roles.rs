//! Security roles as rows: a root, its copies in the business units below, and its privileges.

use serde_json::json;
use uuid::Uuid;

use super::access::root_of;
use super::builtin::{self, OF_NEW_ROLES, ROLES, SYSTEM_ADMINISTRATOR};
use super::odata::Row;
use super::organization::{Organization, derived, id, number, row_of};
use super::rights::{Depth, Verb};

/// A role to be made.
#[derive(Debug, Clone)]
pub(super) struct NewRole {
    /// The id of the root.
    pub id: Uuid,
    /// The business unit of the root.
    pub unit: Uuid,
    /// Further columns, in wire form.
    pub columns: Row,
}

/// Makes a role and its copies in all business units below its own (Learn: create or edit a security role).
pub(super) fn create(organization: &mut Organization, role: NewRole) {
    let NewRole { id: root, unit, columns } = role;
    let mut row = row_of(json!({
        "isinherited": 1, "ismanaged": false, "componentstate": 0, "description": null, "isautoassigned": 0,
        "iscustomizable": managed_property("iscustomizableanddeletable", true),
        "canbedeleted": managed_property("canbedeleted", true),
        "organizationid": organization.id, "solutionid": derived(organization.id, "solution:Active"),
        "overwritetime": "1900-01-01T00:00:00Z", "_roletemplateid_value": null,
    }));
    row.extend(columns);
    row.insert("_businessunitid_value".into(), json!(unit));
    row.insert("_parentroleid_value".into(), json!(null));
    row.insert("_parentrootroleid_value".into(), json!(root));
    row.insert("roleidunique".into(), json!(derived(root, "unique")));
    organization.put("role", root, row);
    for below in organization.subtree(unit).into_iter().skip(1) {
        copy(organization, root, below);
    }
}

/// Makes the copy of a role in a business unit below the root's.
fn copy(organization: &mut Organization, root: Uuid, unit: Uuid) {
    let Some(mut row) = organization.row("role", root).cloned() else { return };
    let parent_unit = organization.row("businessunit", unit).and_then(|row| id(row, "_parentbusinessunitid_value"));
    let parent = parent_unit.and_then(|parent| copy_in(organization, root, parent)).unwrap_or(root);
    row.insert("_businessunitid_value".into(), json!(unit));
    row.insert("_parentroleid_value".into(), json!(parent));
    organization.put("role", derived(root, &format!("copy:{unit}")), row);
}

/// Copies every role of the units above into a new business unit.
pub(super) fn copy_into(organization: &mut Organization, unit: Uuid) {
    let roots: Vec<Uuid> = organization
        .all("role")
        .filter(|(key, row)| {
            id(row, "_parentrootroleid_value") == Some(*key)
                && id(row, "_businessunitid_value").is_some_and(|above| organization.subtree(above).contains(&unit))
        })
        .map(|(key, _)| key)
        .collect();
    for root in roots {
        copy(organization, root, unit);
    }
}

/// Finds the copy of a role that belongs to a business unit; the root itself in its own unit.
pub fn copy_in(organization: &Organization, role: Uuid, unit: Uuid) -> Option<Uuid> {
    let root = root_of(organization, role);
    organization
        .all("role")
        .find(|(_, row)| {
            id(row, "_parentrootroleid_value") == Some(root) && id(row, "_businessunitid_value") == Some(unit)
        })
        .map(|(key, _)| key)
}

/// Lists a role's root and all its copies.
pub fn family(organization: &Organization, role: Uuid) -> Vec<Uuid> {
    let root = root_of(organization, role);
    organization
        .all("role")
        .filter(|(_, row)| id(row, "_parentrootroleid_value") == Some(root))
        .map(|(key, _)| key)
        .collect()
}

/// Finds the root role of that name, without regard to case.
pub fn root_named(organization: &Organization, name: &str) -> Option<Uuid> {
    let wanted = json!(name);
    organization
        .find("role", "name", &wanted)
        .find(|(key, row)| id(row, "_parentrootroleid_value") == Some(*key))
        .map(|(key, _)| key)
}

/// Gives a role a privilege at a depth, whatever it held.
pub fn set_privilege(organization: &mut Organization, root: Uuid, privilege: Uuid, depth: Depth) {
    let joint = organization.joint_id("roleprivileges", root, privilege);
    let row = json!({
        "roleid": root, "privilegeid": privilege, "privilegedepthmask": depth.mask(), "componentstate": 0,
        "ismanaged": false,
    });
    organization.put("roleprivileges", joint, row_of(row));
}

/// Takes a privilege from a role; says whether it was held.
pub fn remove_privilege(organization: &mut Organization, root: Uuid, privilege: Uuid) -> bool {
    let joint = organization.joint_id("roleprivileges", root, privilege);
    organization.remove("roleprivileges", joint)
}

/// Returns the depth at which a role holds a privilege.
pub fn depth_of(organization: &Organization, root: Uuid, privilege: Uuid) -> Option<Depth> {
    let row = organization.row("roleprivileges", organization.joint_id("roleprivileges", root, privilege))?;
    Depth::of_mask(u64::try_from(number(row, "privilegedepthmask")?).ok()?)
}

/// Gives a new role what every new role holds.
pub(super) fn give_defaults(organization: &mut Organization, root: Uuid) {
    for name in OF_NEW_ROLES {
        let privilege = organization.privilege_id(name);
        set_privilege(organization, root, privilege, Depth::Global);
    }
}

/// Makes the built-in roles in the root business unit.
pub(super) fn make_built_in(organization: &mut Organization) {
    let unit = organization.root_unit();
    for role in ROLES {
        let root = role
            .id
            .and_then(|fixed| fixed.parse().ok())
            .unwrap_or_else(|| derived(organization.id, &format!("role:{}", role.name)));
        let columns = json!({
            "name": role.name, "ismanaged": true, "_roletemplateid_value": role.template,
            "iscustomizable": managed_property("iscustomizableanddeletable", role.is_customizable),
            "solutionid": derived(organization.id, "solution:System"),
        });
        create(organization, NewRole { id: root, unit, columns: row_of(columns) });
        for (privilege, depth) in held_by(organization, role) {
            set_privilege(organization, root, privilege, depth);
        }
    }
}

fn held_by(organization: &Organization, role: &builtin::BuiltIn) -> Vec<(Uuid, Depth)> {
    if role.name == SYSTEM_ADMINISTRATOR {
        // Recorded: 4,090 of 4,132 privileges at Global, the rest at the widest that they allow.
        return organization.all("privilege").map(|(key, _)| (key, Depth::Global)).collect();
    }
    let mut held = Vec::new();
    for (logical_name, grants) in role.tables {
        let Some(table) = organization.table(logical_name) else { continue };
        for (depth, verbs) in *grants {
            let privileges = verbs.iter().filter_map(|verb: &Verb| organization.privilege_of(table, *verb));
            held.extend(privileges.map(|privilege| (privilege, *depth)));
        }
    }
    held.extend(role.miscellaneous.iter().map(|name| (organization.privilege_id(name), Depth::Global)));
    held
}

/// Writes a managed property as the Web API does.
pub(super) fn managed_property(name: &str, value: bool) -> serde_json::Value {
    json!({ "Value": value, "CanBeChanged": value, "ManagedPropertyLogicalName": name })
}
