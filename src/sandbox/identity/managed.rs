//! Managed identities: the metadata service of a machine, App Service, the agent of Azure Arc.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{JOB_TOKEN, wrong_verb};
use crate::sandbox::answer::Answer;
use crate::sandbox::incoming::Incoming;
use crate::sandbox::tenant::Tenant;

/// How long a token of a managed identity is valid, in seconds (Learn: a day).
const LIFETIME: i64 = 86_399;

/// Answers `/metadata/identity/oauth2/token` (Learn: how to use managed identities on a VM to acquire a token). Where the tenant has
/// a proof, it is the agent of Azure Arc, which wants that first (Learn: Azure Arc, authenticate with managed identity).
pub(super) fn metadata(tenant: &Tenant, incoming: &Incoming<'_>, now: i64) -> Answer {
    if incoming.method != "GET" {
        return wrong_verb("GET");
    }
    if incoming.headers.get("metadata").map(|value| value.to_ascii_lowercase()).as_deref() != Some("true") {
        return refuse(400, "invalid_request", "Required metadata header not specified");
    }
    if let Some(proof) = &tenant.identities.proof {
        match incoming.headers.get("authorization").and_then(|value| value.strip_prefix("Basic ")) {
            Some(shown) if shown == proof.text => {}
            Some(_) => return refuse(403, "forbidden", "The challenge token is not the one that was asked for."),
            None => {
                let realm = format!("Basic realm={}", proof.path);
                return Answer::empty(401).with_header("Www-Authenticate", realm);
            }
        }
    }
    issue(tenant, incoming, now)
}

/// Answers `/msi/token` (Learn: managed identities of App Service, REST endpoint).
pub(super) fn app_service(tenant: &Tenant, incoming: &Incoming<'_>, now: i64) -> Answer {
    if incoming.method != "GET" {
        return wrong_verb("GET");
    }
    if incoming.headers.get("x-identity-header").map(String::as_str) != Some(JOB_TOKEN) {
        return Answer::json(401, json!({ "statusCode": 401, "message": "Unauthorized" }));
    }
    issue(tenant, incoming, now)
}

fn issue(tenant: &Tenant, incoming: &Incoming<'_>, now: i64) -> Answer {
    let query = incoming.parameters();
    if !query.contains_key("api-version") {
        return refuse(400, "invalid_request", "Required query variable 'api-version' is missing");
    }
    let Some(resource) = query.get("resource") else {
        return refuse(400, "invalid_request", "Required query variable 'resource' is missing");
    };
    let named = query.get("client_id").map(|id| id.parse::<Uuid>().ok());
    let (Some(machine), true) =
        (tenant.identities.machine, named.is_none_or(|named| named == tenant.identities.machine))
    else {
        return refuse(400, "invalid_request", "Identity not found");
    };
    let Some(token) = tenant.issuer.of_application(&tenant.directory, machine, resource, now, LIFETIME) else {
        return refuse(400, "invalid_request", "Identity not found");
    };
    let expires = (now + LIFETIME).to_string();
    // Numbers are texts here (Learn: sample answers).
    let body: Value = json!({
        "access_token": token,
        "client_id": machine,
        "expires_in": LIFETIME.to_string(),
        "expires_on": expires,
        "not_before": now.to_string(),
        "resource": resource,
        "token_type": "Bearer",
    });
    Answer::json(200, body)
}

fn refuse(status: u16, error: &str, description: &str) -> Answer {
    Answer::json(status, json!({ "error": error, "error_description": description }))
}
