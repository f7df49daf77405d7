//! Refusals as Graph writes them.

use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use crate::sandbox::answer::Answer;
use crate::sandbox::fault::Fault;

/// Writes a refusal in Graph's own envelope (recorded: `Request_ResourceNotFound`).
pub(super) fn refusal(fault: &Fault, now: i64) -> Answer {
    let id = Uuid::new_v5(&Uuid::NAMESPACE_URL, fault.message.as_bytes());
    let date = Timestamp::from_second(now).unwrap_or_default().strftime("%Y-%m-%dT%H:%M:%S").to_string();
    let mut answer = Answer::from(fault.clone());
    answer.body = Some(json!({ "error": {
        "code": fault.code,
        "message": fault.message,
        "innerError": { "date": date, "request-id": id, "client-request-id": id },
    } }));
    answer
}

/// Refuses a token in Graph's words: what was wrong with it stands in the text (Learn: error responses, authorization troubleshooting).
pub fn unauthenticated(fault: &Fault, now: i64) -> Answer {
    let message = if fault.message.contains("header is missing") { "Access token is empty." } else { &fault.message };
    // Learn: continuous access evaluation; the client id is Graph's own.
    let challenge = "Bearer realm=\"\", authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\", \
                     client_id=\"00000003-0000-0000-c000-000000000000\"";
    let fault = Fault::new(401, "InvalidAuthenticationToken", message).with_header("WWW-Authenticate", challenge);
    refusal(&fault, now)
}

/// Refuses a version other than v1.0: another service's address, or `beta`, which is not served.
pub fn unknown_version(path: &str, now: i64) -> Answer {
    let version = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    refusal(&Fault::new(400, "BadRequest", format!("Invalid version: {version}.")), now)
}

pub(super) fn denied() -> Fault {
    Fault::new(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
}

pub(super) fn no_such_segment(segment: &str) -> Fault {
    Fault::new(400, "BadRequest", format!("Resource not found for the segment '{segment}'."))
}

pub(super) fn no_such_resource(key: impl std::fmt::Display) -> Fault {
    Fault::new(
        404,
        "Request_ResourceNotFound",
        format!("Resource '{key}' does not exist or one of its queried reference-property objects are not present."),
    )
}
