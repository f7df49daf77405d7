//! Brings users and applications into an environment's Dataverse.

use serde_json::{Value, json};
use uuid::Uuid;

use super::environment::{BapEnvironment, LinkedDataverse};
use super::{Bap, Effect, Outcome, invalid_content};
use crate::sandbox::answer::Answer;
use crate::sandbox::fault::Fault;

/// Adds a user; again for one who is there already, it synchronises him (operation `Force Sync user`).
pub(super) fn add_user(bap: Bap<'_>, environment: &BapEnvironment, body: &Value) -> Result<Outcome, Fault> {
    let dataverse = dataverse(environment)?;
    let user = id(body, "objectId")?;
    let person = bap.directory.users.get(&user).ok_or_else(|| {
        Fault::new(404, "UserNotFound", format!("The user with object id '{user}' could not be found in the tenant."))
    })?;
    if environment.requires_licence && person.plans.is_empty() {
        return Ok(not_added("userNotLicensed", &format!("User {} is not licensed.", person.upn)));
    }
    if let Some(group) = dataverse.security_group
        && !is_let_in(bap, user, group)
    {
        return Ok(not_added(
            "userNotPartOfSecurityGroup",
            &format!("User {} is not part of security group {group}.", person.upn),
        ));
    }
    let effect = Effect::AddUser { environment: environment.name.clone(), user };
    Ok(Outcome { answer: Answer::empty(200), effects: vec![effect] })
}

/// Adds an application as System Administrator.
pub(super) fn add_application_user(bap: Bap<'_>, environment: &BapEnvironment, body: &Value) -> Result<Outcome, Fault> {
    dataverse(environment)?;
    let application = id(body, "servicePrincipalAppId")?;
    let (service_principal, _) = bap.directory.service_principal_by_app(application).ok_or_else(|| {
        Fault::new(
            404,
            "ApplicationNotFound",
            format!("The application '{application}' could not be found in the tenant."),
        )
    })?;
    let effect = Effect::AddApplicationUser { environment: environment.name.clone(), service_principal };
    Ok(Outcome { answer: Answer::empty(200), effects: vec![effect] })
}

// Members of nested groups come in at their first access, not from here; administrators of the tenant are exempt (Learn: control
// user access to environments).
fn is_let_in(bap: Bap<'_>, user: Uuid, group: Uuid) -> bool {
    bap.access.administrators.contains(&user)
        || bap.directory.groups.get(&group).is_some_and(|group| group.members.contains(&user))
}

/// Refuses in the envelope of this one operation (recorded in an issue of the Center of Excellence starter kit; the status is one of the two that the
/// connector's description lists).
fn not_added(code: &str, description: &str) -> Outcome {
    Answer::json(
        403,
        json!({
            "errors": [{ "Subject": "Result", "Description": description, "Code": code }],
            "information": [{ "Subject": "Result", "Description": "[\"SyncMode: Default\",\"Instance df exists\"]", "Code": "information" }],
        }),
    )
    .into()
}

fn dataverse(environment: &BapEnvironment) -> Result<&LinkedDataverse, Fault> {
    environment.dataverse.as_ref().ok_or_else(|| {
        invalid_content(format!("The environment '{}' has no Common Data Service database.", environment.name))
    })
}

// Public clients spell the field `objectId` or `ObjectId`.
fn id(body: &Value, name: &str) -> Result<Uuid, Fault> {
    let fields = body.as_object().into_iter().flatten();
    let value =
        fields.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).and_then(|(_, value)| value.as_str());
    value
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| invalid_content(format!("The request needs an id in '{name}'.")))
}
