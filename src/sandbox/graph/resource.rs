//! Directory objects as Graph shows them: their properties, and which of them it sends and filters by.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::sandbox::directory::{Group, Object, Person, ServicePrincipal};
use crate::sandbox::odata::Row;

/// Returns all properties of an object.
pub(super) fn row(id: Uuid, object: Object<'_>) -> Row {
    let value = match object {
        Object::User(person) => user(id, person),
        Object::Group(group) => of_group(id, group),
        Object::ServicePrincipal(service_principal) => of_service_principal(id, service_principal),
    };
    if let Value::Object(row) = value { row } else { Row::new() }
}

/// The service of a plan (Learn: assignedPlan names `exchange`; the others as public lists of plans have them); the name of a
/// plan that is not known stands for its service.
fn service_of(plan: &str) -> &str {
    [("FLOW_", "ProcessSimple"), ("SHAREPOINT", "SharePoint"), ("EXCHANGE_", "exchange"), ("TEAMS", "TeamspaceAPI")]
        .into_iter()
        .find_map(|(prefix, service)| plan.starts_with(prefix).then_some(service))
        .unwrap_or(plan)
}

fn user(id: Uuid, person: &Person) -> Value {
    let plans = person.plans.iter().map(|plan| {
        json!({
            "capabilityStatus": "Enabled",
            "service": service_of(plan),
            "servicePlanId": Uuid::new_v5(&Uuid::NAMESPACE_OID, plan.as_bytes()),
        })
    });
    json!({
        "id": id,
        "businessPhones": [],
        "displayName": person.display_name,
        "givenName": null,
        "jobTitle": null,
        "mail": person.mail,
        "mobilePhone": null,
        "officeLocation": null,
        "preferredLanguage": null,
        "surname": null,
        "userPrincipalName": person.upn,
        "accountEnabled": person.enabled,
        "userType": if person.guest { "Guest" } else { "Member" },
        "assignedPlans": plans.collect::<Vec<_>>(),
    })
}

fn of_group(id: Uuid, group: &Group) -> Value {
    let nickname = group.mail.as_deref().and_then(|mail| mail.split('@').next());
    json!({
        "id": id,
        "displayName": group.display_name,
        "groupTypes": if group.mail.is_some() { json!(["Unified"]) } else { json!([]) },
        "mail": group.mail,
        "mailEnabled": group.mail.is_some(),
        "mailNickname": nickname.unwrap_or("none"),
        "securityEnabled": group.security,
    })
}

fn of_service_principal(id: Uuid, service_principal: &ServicePrincipal) -> Value {
    json!({
        "id": id,
        "accountEnabled": true,
        "appId": service_principal.app_id,
        "displayName": service_principal.display_name,
        "servicePrincipalType": "Application",
    })
}
