//! Plans as JSON.
use serde_json::{Value, json};

use crate::plan::{Plan, digest};

/// The plans of a run as one JSON document with its digest.
pub fn plans(plans: &[&Plan]) -> String {
    let environments: Vec<Value> = plans
        .iter()
        .map(|plan| json!({ "environment": plan.environment, "id": plan.environment_id, "lines": plan.lines, "findings": plan.findings }))
        .collect();
    let document = json!({
        "formatVersion": "powergrant.dev/plan/v1",
        "digest": digest::digest(plans.iter().copied()),
        "environments": environments,
    });
    serde_json::to_string_pretty(&document).expect("a JSON value can be written") + "\n"
}
