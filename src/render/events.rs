//! A plan as a stream of events, in the shape of Terraform's `-json` views: one object a line.
use serde_json::{Value, json};

use super::Shown;
use super::json::line;
use crate::plan::saved::{Action, ResourceChange, Saved, SavedFinding};

/// Renders the plans of a run: what is planned, what is wrong, and the counts.
pub fn plans(shown: &Shown<'_>) -> String {
    let (first, rest) = parts(shown);
    first + &rest
}

/// The version by itself, and everything that comes after it.
pub(super) fn parts(shown: &Shown<'_>) -> (String, String) {
    let document = Saved::of(&shown.plans, &shown.reviews, &shown.findings);
    let about = &document.powergrant;
    let version = json!({ "powergrant": about.version, "ui": "1.3" });
    let first = line(&event("info", &format!("powergrant {}", about.version), "version", &version));
    let mut out = String::new();
    for change in &document.resource_changes {
        let message = format!("{}: Plan to {}", change.address, word(change));
        let mut body = json!({ "change": { "resource": resource(change), "action": word(change) } });
        if let Some(risk) = &change.powergrant.risk {
            body["powergrant"] = json!({ "risk": risk });
        }
        out.push_str(&line(&event("info", &message, "planned_change", &body)));
    }
    for finding in &about.findings {
        out.push_str(&line(&diagnostic(finding)));
    }
    for (name, problem) in shown.unreachable {
        let summary = format!("{name} could not be read");
        let body = json!({ "diagnostic": {
            "severity": "error",
            "summary": crate::foreign::inert(&summary),
            "detail": crate::foreign::inert(&problem.to_string()),
        } });
        out.push_str(&line(&event("error", &format!("Error: {summary}"), "diagnostic", &body)));
    }
    let sum = about.summary;
    let message = format!("Plan: {} to add, {} to change, {} to destroy.", sum.add, sum.change, sum.remove);
    let body = json!({ "changes": {
        "add": sum.add, "change": sum.change, "import": 0, "remove": sum.remove, "operation": "plan",
    }, "powergrant": { "risk": about.risk, "riskiest": about.riskiest, "digest": about.digest } });
    out.push_str(&line(&event("info", &message, "change_summary", &body)));
    (first, out)
}

/// What an event is about, as Terraform's views have it.
pub(super) fn resource(change: &ResourceChange) -> Value {
    let own = &change.powergrant;
    json!({
        "addr": change.address,
        "module": "",
        "resource": change.address,
        "resource_type": change.r#type,
        "resource_name": change.name,
        "resource_key": format!("{}/{}", own.subject, own.entry),
        "implied_provider": "powergrant",
    })
}

/// What is done, in Terraform's word.
pub(super) fn word(change: &ResourceChange) -> &'static str {
    match change.change.actions.first() {
        Some(Action::Create) => "create",
        Some(Action::Update) => "update",
        Some(Action::Delete) => "delete",
        None => "noop",
    }
}

fn diagnostic(finding: &SavedFinding) -> Value {
    let severity = if finding.severity == "error" { "error" } else { "warning" };
    let mut diagnostic = json!({
        "severity": severity,
        "summary": format!("{}: {}", finding.rule, finding.message),
        "detail": finding.hints.join("\n"),
    });
    if let Some(place) = &finding.place {
        let at = json!({ "line": place.line, "column": place.column });
        diagnostic["range"] = json!({ "filename": place.file, "start": at, "end": at });
    }
    let level = if severity == "error" { "error" } else { "warn" };
    event(level, &finding.message, "diagnostic", &json!({ "diagnostic": diagnostic }))
}

/// The envelope of every event; without a time, so that the same plan is the same text.
pub(super) fn event(level: &str, message: &str, kind: &str, body: &Value) -> Value {
    let mut event = json!({
        "@level": level,
        "@message": crate::foreign::inert(message),
        "@module": "powergrant.ui",
        "type": kind,
    });
    if let (Value::Object(event), Value::Object(body)) = (&mut event, body) {
        event.extend(body.clone());
    }
    event
}
