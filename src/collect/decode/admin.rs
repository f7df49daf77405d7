//! What the Power Platform admin API says of an environment: sharing limits and environment roles.
use std::collections::BTreeMap;

use super::Row;
use uuid::Uuid;

use crate::inventory::things::SharingLimits;
use crate::names::{EnvironmentRole, Membership, Text};
use crate::principal::Principal;
use crate::problem::Problem;

/// The limits of a managed environment; an environment that is not managed has none
/// (recorded environment: `governanceConfiguration.settings.extendedSettings`).
pub(in crate::collect) fn sharing_limits(row: Row<'_>) -> Result<SharingLimits, Problem> {
    let properties = row.object("properties")?;
    let settings = properties
        .optional_object("governanceConfiguration")
        .and_then(|governance| governance.optional_object("settings"))
        .and_then(|settings| settings.optional_object("extendedSettings"));
    let mode = settings.and_then(|settings| settings.loose_text("solutionCloudFlows-limitSharingMode"));
    Ok(SharingLimits { flows_disabled: mode.is_some_and(|mode| mode.eq_ignore_ascii_case("disableSharing")) })
}

/// The security group of an environment with Dataverse; none when it has none, or the nil id
/// (recorded environment: `linkedEnvironmentMetadata.securityGroupId`).
pub(in crate::collect) fn security_group(row: Row<'_>) -> Result<Option<Uuid>, Problem> {
    let Some(linked) = row.object("properties")?.optional_object("linkedEnvironmentMetadata") else { return Ok(None) };
    let Some(group) = linked.loose_text("securityGroupId").filter(|group| !group.is_empty()) else { return Ok(None) };
    let id = Uuid::try_parse(group).map_err(|_| row.malformed("a `securityGroupId` that is not an id"))?;
    Ok(Some(id).filter(|id| !id.is_nil()))
}

/// One role assignment: the role, the principal and the assignment's own id. None for a role of another kind.
pub(in crate::collect) fn role_assignment(row: Row<'_>) -> Result<Option<(EnvironmentRole, Principal, Text)>, Problem> {
    let properties = row.object("properties")?;
    let role = properties.object("roleDefinition")?;
    // Recorded: the name ends the definition's id too; case differs between clients.
    let name = role.loose_text("name").map_or_else(|| role.text("id"), |name| Ok(name.into()))?;
    let name = name.rsplit('/').next().unwrap_or_default().to_lowercase();
    let role = match name.as_str() {
        "environmentadmin" => EnvironmentRole::Admin,
        "environmentmaker" => EnvironmentRole::Maker,
        _ => return Ok(None),
    };
    Ok(Some((role, principal(properties.object("principal")?)?, row.text("id")?)))
}

fn principal(row: Row<'_>) -> Result<Principal, Problem> {
    let kind = row.text("type")?;
    // Names are missing for a while after a principal was added (a public client polls for them).
    let name = |id: &dyn std::fmt::Display| -> Text {
        row.loose_text("email")
            .filter(|mail| !mail.is_empty())
            .filter(|_| kind.as_str() == "User")
            .or_else(|| row.loose_text("displayName"))
            .map_or_else(|| id.to_string().into(), Text::from)
    };
    match kind.as_str() {
        "Tenant" => Ok(Principal::Everyone),
        "User" => row.id("id").map(|id| Principal::User { name: name(&id), id }),
        "Group" => row.id("id").map(|id| Principal::Group { name: name(&id), id, membership: Membership::default() }),
        // Here the id is the service principal's object id, not the client id (Learn: environment role assignments), so
        // no manifest's `appId` can be told to be it.
        "ServicePrincipal" => row.id("id").map(|id| Principal::Unnamed { name: name(&id), row: id }),
        other => Err(row.malformed(&format!("the unknown kind of principal `{other}`"))),
    }
}

/// Role assignments as the inventory keeps them.
pub(in crate::collect) type EnvironmentRoles = BTreeMap<EnvironmentRole, BTreeMap<Principal, Text>>;

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn sharing_is_off_only_where_the_setting_says_so() {
        let environment = |settings: Value| json!({"properties": {"governanceConfiguration": {"protectionLevel": "Standard", "settings": settings}}});
        let read = |value: Value| sharing_limits(Row::admin("environments", &value)).unwrap().flows_disabled;
        assert!(read(environment(
            json!({"extendedSettings": {"solutionCloudFlows-limitSharingMode": "disableSharing"}})
        )));
        assert!(!read(environment(json!({"extendedSettings": {}}))));
        assert!(!read(json!({"properties": {}})));
    }

    #[test]
    fn an_assignment_has_a_role_a_principal_and_an_id_of_its_own() {
        let value = json!({
            "id": "/providers/Microsoft.BusinessAppPlatform/scopes/admin/environments/e/roleAssignments/a", "name": "a",
            "properties": {
                "roleDefinition": {"id": "/x/roleDefinitions/EnvironmentMaker", "name": "EnvironmentMaker"},
                "principal": {"id": Uuid::from_u128(4), "displayName": "Ada", "email": "ada@contoso.com", "type": "User"}
            }
        });
        let (role, principal, id) = role_assignment(Row::admin("roleAssignments", &value)).unwrap().unwrap();
        assert_eq!(role, EnvironmentRole::Maker);
        assert_eq!(principal, Principal::User { name: "ada@contoso.com".into(), id: Uuid::from_u128(4) });
        assert!(id.ends_with("/roleAssignments/a"));
    }
}
