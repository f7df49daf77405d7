//! Environment roles, which only environments without Dataverse have.

use serde_json::{Value, json};
use uuid::Uuid;

use super::environment::{BapEnvironment, EnvironmentRole, RoleAssignment};
use super::{Bap, Effect, Outcome, invalid_content};
use crate::sandbox::answer::Answer;
use crate::sandbox::directory::Object;
use crate::sandbox::fault::Fault;

/// Lists the role assignments.
pub(super) fn list(bap: Bap<'_>, environment: &BapEnvironment) -> Result<Answer, Fault> {
    refuse_dataverse(environment)?;
    let value: Vec<Value> = environment
        .role_assignments
        .iter()
        .map(|(id, assignment)| environment.assignment_json(*id, *assignment, bap.tenant, bap.directory))
        .collect();
    Ok(Answer::json(200, json!({ "value": value })))
}

/// Adds and removes role assignments. The whole is 200 and each item has a status of its own (recorded by a public client); a
/// principal that does not exist fails the whole (Learn: deploy managed apps with GitHub Actions).
pub(super) fn modify(bap: Bap<'_>, environment: &BapEnvironment, body: &Value) -> Result<Outcome, Fault> {
    refuse_dataverse(environment)?;
    let unknown = body.as_object().into_iter().flatten().find(|(name, _)| !matches!(name.as_str(), "add" | "remove"));
    if let Some((name, _)) = unknown {
        return Err(invalid_content(format!("Could not find member '{name}' on the request.")));
    }
    let adds = items(body, "add").map(|item| wanted(bap, item)).collect::<Result<Vec<_>, _>>()?;
    let removals = items(body, "remove").map(|item| assignment_id(environment, item)).collect::<Result<Vec<_>, _>>()?;

    let mut answer = json!({});
    let mut effects = Vec::new();
    if !adds.is_empty() {
        answer["add"] = adds.into_iter().map(|assignment| add(bap, environment, assignment, &mut effects)).collect();
    }
    if !removals.is_empty() {
        answer["remove"] =
            removals.into_iter().map(|(id, text)| remove(environment, id, &text, &mut effects)).collect();
    }
    Ok(Outcome { answer: Answer::json(200, answer), effects })
}

fn add(bap: Bap<'_>, environment: &BapEnvironment, assignment: RoleAssignment, effects: &mut Vec<Effect>) -> Value {
    let existing = environment.role_assignments.iter().find(|(_, held)| **held == assignment).map(|(id, _)| *id);
    let id = existing.unwrap_or_else(|| {
        let name = format!("{}:{:?}:{}", environment.name, assignment.role, assignment.principal);
        Uuid::new_v5(&bap.tenant, name.as_bytes())
    });
    if existing.is_none() {
        effects.push(Effect::Assign { environment: environment.name.clone(), id, assignment });
    }
    let mut shown = environment.assignment_json(id, assignment, bap.tenant, bap.directory);
    if let Some(principal) = shown["properties"]["principal"].as_object_mut() {
        principal.remove("email");
    }
    // What is answered to one that is there already was not recorded; `OK` is inferred.
    json!({ "roleAssignment": shown, "httpStatus": if existing.is_some() { "OK" } else { "Created" } })
}

fn remove(environment: &BapEnvironment, id: Uuid, text: &str, effects: &mut Vec<Effect>) -> Value {
    let is_there = environment.role_assignments.contains_key(&id);
    if is_there {
        effects.push(Effect::Unassign { environment: environment.name.clone(), id });
    }
    json!({ "roleAssignment": { "id": text }, "httpStatus": if is_there { "OK" } else { "NotFound" } })
}

fn wanted(bap: Bap<'_>, item: &Value) -> Result<RoleAssignment, Fault> {
    let text = |pointer| item.pointer(pointer).and_then(Value::as_str);
    let (Some(role), Some(principal), Some(kind)) =
        (text("/properties/roleDefinition/id"), text("/properties/principal/id"), text("/properties/principal/type"))
    else {
        return Err(invalid_content(
            "An item to add needs 'properties.roleDefinition.id', 'properties.principal.id' and 'properties.principal.type'.",
        ));
    };
    let name = role.rsplit('/').next().unwrap_or_default();
    let role = EnvironmentRole::named(name)
        .ok_or_else(|| invalid_content(format!("The role definition '{role}' does not exist.")))?;
    let principal = principal.parse().ok().filter(|id| is_principal(bap, *id, kind));
    let principal = principal.ok_or_else(|| Fault::new(400, "PrincipalNotFound", "Principal not found"))?;
    Ok(RoleAssignment { role, principal })
}

fn is_principal(bap: Bap<'_>, id: Uuid, kind: &str) -> bool {
    match bap.directory.object(id) {
        Some(Object::User(_)) => kind == "User",
        Some(Object::Group(_)) => kind == "Group",
        Some(Object::ServicePrincipal(_)) => kind == "ServicePrincipal",
        None => kind == "Tenant" && id == bap.tenant,
    }
}

fn assignment_id(environment: &BapEnvironment, item: &Value) -> Result<(Uuid, String), Fault> {
    let text = item.get("id").and_then(Value::as_str).unwrap_or_default();
    let base = format!(
        "/providers/Microsoft.BusinessAppPlatform/scopes/admin/environments/{}/roleAssignments/",
        environment.name
    );
    let id = text.get(..base.len()).filter(|prefix| prefix.eq_ignore_ascii_case(&base));
    id.and_then(|_| text[base.len()..].parse().ok()).map(|id| (id, text.to_owned())).ok_or_else(|| {
        invalid_content(format!("'{text}' is not the full id of a role assignment of this environment."))
    })
}

fn items<'a>(body: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    body.get(name).and_then(Value::as_array).into_iter().flatten()
}

// 403 with Dataverse is documented; the text is inferred.
fn refuse_dataverse(environment: &BapEnvironment) -> Result<(), Fault> {
    if environment.dataverse.is_none() {
        return Ok(());
    }
    Err(Fault::new(
        403,
        "Forbidden",
        format!(
            "Role assignments of the environment '{}' are those of its Common Data Service database and cannot be read or changed here.",
            environment.name
        ),
    ))
}
