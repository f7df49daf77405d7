//! Who may use a flow: owners, run-only users, and both in the older form of permissions.

use serde_json::{Value, json};
use uuid::Uuid;

use super::row::{FlowRow, Grant, GrantRole, PrincipalKind};
use crate::sandbox::directory::Directory;
use crate::sandbox::fault::Fault;
use crate::sandbox::odata::Row;
use crate::sandbox::organization::{Organization, id, number};
use crate::sandbox::provider::invalid;
use crate::sandbox::rights::Verb;
use crate::sandbox::variants::CoOwnerMask;
use crate::sandbox::{principals, shares};

/// Lists who may use a flow with a row in Dataverse: its owner, and the shares of the row (Learn: sharing of such a flow is sharing of
/// its record). Principals without an id in the directory are no principals here.
pub(super) fn of_row(organization: &Organization, flow: Uuid) -> Vec<Grant> {
    let owner = organization.row("workflow", flow).and_then(|row| id(row, "_ownerid_value"));
    let mut found: Vec<Grant> =
        owner.and_then(|owner| grant(organization, owner, GrantRole::Owner)).into_iter().collect();
    for (_, row) in organization.all("principalobjectaccess").filter(|(_, row)| id(row, "objectid") == Some(flow)) {
        let mask = number(row, "accessrightsmask").and_then(|mask| u32::try_from(mask).ok()).unwrap_or_default();
        let role = if mask & Verb::Write.bit() != 0 { GrantRole::CanEdit } else { GrantRole::CanView };
        let principal = id(row, "principalid").filter(|_| mask & Verb::Read.bit() != 0);
        found.extend(principal.and_then(|principal| grant(organization, principal, role)));
    }
    found
}

fn grant(organization: &Organization, principal: Uuid, role: GrantRole) -> Option<Grant> {
    let object = |table| organization.row(table, principal).and_then(|row| id(row, "azureactivedirectoryobjectid"));
    let user = object("systemuser").map(|object| (object, PrincipalKind::User));
    let (object, kind) = user.or_else(|| object("team").map(|object| (object, PrincipalKind::Group)))?;
    Some(Grant { principal: object, kind, role })
}

/// Lists who may use a flow outside of Dataverse.
pub(super) fn of_personal(flow: &FlowRow) -> Vec<Grant> {
    let owner = flow.creator.map(|principal| Grant { principal, kind: PrincipalKind::User, role: GrantRole::Owner });
    owner.into_iter().chain(flow.grants.iter().copied()).collect()
}

/// Gives somebody a role on a flow with a row in Dataverse, or takes it; that the service writes a share of the row is inferred.
pub(super) fn set_on_row(
    organization: &mut Organization,
    directory: &Directory,
    flow: Uuid,
    (principal, kind): (Uuid, PrincipalKind),
    (role, co_owner): (Option<GrantRole>, CoOwnerMask),
) -> Result<(), Fault> {
    let known = match kind {
        PrincipalKind::User => principals::user_of(organization, principal),
        PrincipalKind::Group => principals::group_team(organization, principal, 0),
    };
    let Some(role) = role else {
        if let Some(key) = known {
            let joint = organization.joint_id("principalobjectaccess", flow, key);
            organization.remove("principalobjectaccess", joint);
        }
        return Ok(());
    };
    let key = match (known, kind) {
        (Some(key), _) => key,
        (None, PrincipalKind::User) => principals::add_user(organization, directory, principal)?,
        (None, PrincipalKind::Group) => principals::add_group_team(organization, directory, principal, 0, Row::new())?,
    };
    let table = match kind {
        PrincipalKind::User => "systemuser",
        PrincipalKind::Group => "team",
    };
    let mask = match role {
        GrantRole::CanView => Verb::Read.bit(),
        GrantRole::CanEdit | GrantRole::Owner => co_owner.mask(),
    };
    shares::put(organization, ("workflow", flow), (table, key), mask);
    Ok(())
}

/// Writes an entry of a list of owners, users or permissions.
pub(super) fn entry(grant: &Grant, flow: &str, directory: &Directory, tenant: Uuid) -> Value {
    let mut principal = json!({ "id": grant.principal, "type": grant.kind.word(), "tenantId": tenant });
    if let Some(person) = directory.users.get(&grant.principal) {
        principal["displayName"] = json!(person.display_name);
        principal["email"] = json!(person.mail);
        principal["userPrincipalName"] = json!(person.upn);
    } else if let Some(group) = directory.groups.get(&grant.principal) {
        principal["displayName"] = json!(group.display_name);
        principal["email"] = json!(group.mail);
    }
    json!({
        "name": grant.principal,
        "id": format!("{flow}/permissions/{}", grant.principal),
        "type": "/providers/Microsoft.ProcessSimple/environments/flows/permissions",
        "properties": { "roleName": grant.role.word(), "permissionType": "Principal", "principal": principal },
    })
}

/// One entry of `put` or `delete`.
pub(super) struct Wish {
    pub(super) principal: Uuid,
    pub(super) kind: PrincipalKind,
    /// The role to be given; nothing takes it.
    pub(super) role: Option<GrantRole>,
}

/// Reads `{"put": […], "delete": […]}`. `role` is what the path gives; without one each entry of `put` names its own, and an entry of
/// `delete` is an id (Swagger of the connector for the former, public clients for the latter).
pub(super) fn wishes(body: Option<&Value>, role: Option<GrantRole>, directory: &Directory) -> Result<Vec<Wish>, Fault> {
    let malformed = |text: &str| Fault::new(400, "InvalidRequestContent", text);
    let body = body.and_then(Value::as_object).ok_or_else(|| malformed("The request content was invalid."))?;
    if let Some(other) = body.keys().find(|name| !matches!(name.as_str(), "put" | "delete")) {
        return Err(malformed(&format!("Could not find member '{other}' on the payload.")));
    }
    let entries = |name: &str| match body.get(name) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(list) => list.as_array().cloned().ok_or_else(|| malformed(&format!("'{name}' is not a list."))),
    };
    let mut found = Vec::new();
    for entry in entries("put")? {
        let (principal, kind) = named(&entry["properties"]["principal"], directory)?;
        let given = entry["properties"]["roleName"].as_str();
        let role = match (role, given) {
            (Some(role), None) => role,
            (None, Some(word)) => GrantRole::given(word).ok_or_else(|| invalid("roleName", word))?,
            (Some(_), Some(_)) => return Err(malformed("Could not find member 'roleName' on 'properties'.")),
            (None, None) => return Err(malformed("The property 'roleName' is missing.")),
        };
        found.push(Wish { principal, kind, role: Some(role) });
    }
    for entry in entries("delete")? {
        let (principal, kind) = match (role, entry["id"].as_str()) {
            (None, Some(text)) => {
                // The principal's id alone, or the whole id of the permission: both are shipped.
                let object = text.rsplit('/').next().and_then(|text| text.parse().ok());
                let object: Uuid = object.ok_or_else(|| invalid("id", text))?;
                let is_group = directory.groups.contains_key(&object);
                (object, if is_group { PrincipalKind::Group } else { PrincipalKind::User })
            }
            (None, None) => return Err(malformed("The property 'id' is missing.")),
            (Some(_), _) => named(&entry["properties"]["principal"], directory)?,
        };
        found.push(Wish { principal, kind, role: None });
    }
    Ok(found)
}

fn named(value: &Value, directory: &Directory) -> Result<(Uuid, PrincipalKind), Fault> {
    let word = value["type"].as_str().unwrap_or_default();
    let kind = PrincipalKind::named(word).ok_or_else(|| invalid("principal.type", word))?;
    let written = value["id"].as_str().unwrap_or_default();
    let object: Uuid = written.parse().map_err(|_| invalid("principal.id", written))?;
    let is_there = match kind {
        PrincipalKind::User => directory.users.contains_key(&object),
        PrincipalKind::Group => directory.groups.contains_key(&object),
    };
    if is_there { Ok((object, kind)) } else { Err(Fault::new(400, "PrincipalNotFound", "Principal not found.")) }
}
