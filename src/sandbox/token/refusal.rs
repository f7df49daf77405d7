//! Refusals of the token service, by the number in their texts.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use crate::sandbox::answer::Answer;

/// A refusal of the token service, by the number in its text.
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) error: &'static str,
    pub(super) number: u32,
    pub(super) text: String,
}

impl Refusal {
    pub(super) fn answer(&self, now: i64) -> Answer {
        let description = format!("AADSTS{}: {}", self.number, self.text);
        let moment = Timestamp::from_second(now).unwrap_or_default();
        // Derived ids keep answers equal from run to run.
        let trace = Uuid::new_v5(&Uuid::NAMESPACE_URL, description.as_bytes());
        Answer::json(
            self.status,
            json!({
                "error": self.error,
                "error_description":
                    format!("{description} Trace ID: {trace} Correlation ID: {trace} Timestamp: {}", moment.strftime("%F %TZ")),
                "error_codes": [self.number],
                "timestamp": moment.strftime("%F %TZ").to_string(),
                "trace_id": trace,
                "correlation_id": trace,
                "error_uri": format!("https://login.microsoftonline.com/error?code={}", self.number),
            }),
        )
    }
}

pub(super) fn unknown_tenant(tenant: &str) -> Refusal {
    Refusal {
        status: 400,
        error: "invalid_request",
        number: 90002,
        text: format!(
            "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud."
        ),
    }
}

pub(super) fn required<'a>(form: &'a BTreeMap<String, String>, name: &str) -> Result<&'a str, Refusal> {
    form.get(name).map(String::as_str).filter(|value| !value.is_empty()).ok_or_else(|| missing(name))
}

pub(super) fn missing(name: &str) -> Refusal {
    Refusal {
        status: 400,
        error: "invalid_request",
        number: 900_144,
        text: format!("The request body must contain the following parameter: '{name}'."),
    }
}

// `https://service.flow.microsoft.com//.default` is the resource with its own trailing slash (recorded).
pub(super) fn resource(scope: &str) -> Result<String, Refusal> {
    scope
        .strip_suffix("/.default")
        .filter(|resource| !resource.is_empty() && !resource.contains(' '))
        .map(str::to_owned)
        .ok_or_else(|| Refusal {
            status: 400,
            error: "invalid_scope",
            number: 1_002_012,
            text: format!(
                "The provided value for scope {scope} is not valid. Client credential flows must have a scope value with /.default \
                 suffixed to the resource identifier (application ID URI)."
            ),
        })
}
