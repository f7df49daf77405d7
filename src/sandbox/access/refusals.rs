//! What Dataverse says when it refuses: texts and codes as they were recorded.

use serde_json::json;
use uuid::Uuid;

use super::authority::Authority;
use crate::sandbox::fault::Fault;
use crate::sandbox::odata::Row;
use crate::sandbox::organization::{Organization, id, number};
use crate::sandbox::rights::Verb;
use crate::sandbox::schema::Table;

impl Authority {
    /// Says that a user is disabled (Learn: web service error codes).
    pub fn disabled(user: Uuid) -> Fault {
        Fault::new(
            403,
            "0x80040225",
            format!(
                "The specified user(Id = {user}) is disabled. Consider enabling this user. Additional Details: User IsDisabled=True."
            ),
        )
    }

    /// Says that the user has not that right on that row (recorded: a published report of a connection reference that was not
    /// shared with a co-developer).
    pub fn no_access(&self, organization: &Organization, table: &Table, verb: Verb, key: Uuid, row: &Row) -> Fault {
        let right = format!("{}Access", verb.word());
        let details = json!({
            "CallerPrincipal": { "PrincipalId": self.user, "Type": 8, "IsUserPrincipal": true },
            "OwnerPrincipal": {
                "PrincipalId": id(row, "_ownerid_value"),
                "Type": if row.get("_owningteam_value").is_some_and(|team| !team.is_null()) { 9 } else { 8 },
                "IsUserPrincipal": row.get("_owningteam_value").is_none_or(serde_json::Value::is_null),
            },
            "ObjectId": key,
            "ObjectTypeCode": table.object_type_code,
            "EntityName": table.logical_name,
            "ObjectBusinessUnitId": id(row, "_owningbusinessunit_value"),
            "RightsToCheck": right,
            "RoleAccessRights": "None",
            "PoaAccessRights": "None",
            "HsmAccessRights": "None",
            "GrantedAccessRights": "None",
        });
        Fault::new(
            403,
            "0x80048306",
            format!(
                "user with id {user} does not have {right} right(s) for record with id {key} of entity {label}. Consider assigning \
                 a role with the required access level to the user or team. For further troubleshooting, please work with a system \
                 administrator to use the Access Checker tool on this record: \
                 https://{host}/main.aspx?forceUCI=1&pagetype=entityrecord&etn={table}&id={key}. More details: {details}",
                user = self.user,
                label = table.display_name,
                host = organization.host,
                table = table.logical_name,
            ),
        )
    }
}

/// Says that a privilege is missing (recorded: issue 6827 of the Center of Excellence kit; without a table the middle part has
/// nothing to name, which is inferred).
pub fn missing_privilege(organization: &Organization, authority: &Authority, name: &str) -> Fault {
    let user = authority.user;
    let about = organization.tables().find(|table| table.has_privilege(name)).map_or_else(String::new, |table| {
        format!(
            " on OTC={code} for entity '{table}' (LocalizedName='{label}')",
            code = table.object_type_code,
            table = table.logical_name,
            label = table.display_name,
        )
    });
    let mode = organization.row("systemuser", user).and_then(|row| number(row, "accessmode")).unwrap_or(0);
    Fault::new(
        403,
        "0x80040220",
        format!(
            "Principal user (Id={user}, type=8, roleCount={roles}, privilegeCount={held}, accessMode={mode}, \
             MetadataCachePrivilegesCount={known}, businessUnitId={unit}), is missing {name} privilege (Id={privilege}){about}. \
             context.Caller={user}. Consider adding missed privilege to one of the principal (user/team) roles.",
            roles = authority.roles,
            held = authority.grants.len(),
            known = organization.count("privilege"),
            unit = authority.unit,
            privilege = organization.privilege_id(name),
        ),
    )
}

/// Says that a user or team holds no role (recorded text: `RetrievePrivilegeForUser`).
pub fn no_role(kind: &str, principal: Uuid, privilege: Option<&str>) -> Fault {
    let need =
        privilege.map(|privilege| format!(" They need a role with the {privilege} privilege.")).unwrap_or_default();
    if kind == "team" {
        let text =
            format!("RetrievePrivilegeForTeam: The team with id {principal} has not been assigned any roles.{need}");
        return Fault::new(403, "0x80042f0a", text);
    }
    let text = format!("RetrievePrivilegeForUser: The user with id {principal} has not been assigned any roles.{need}");
    Fault::new(403, "0x80042f09", text)
}
