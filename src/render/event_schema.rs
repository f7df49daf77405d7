//! The JSON Schema of one event: of `plan --format events`, `drift --format events` and `apply --format events`.
use serde_json::{Value, json};

/// The JSON Schema (draft 2020-12) of one line.
pub fn schema() -> Value {
    let of = |kind: &str, needs: &[&str]| json!({ "properties": { "type": { "const": kind } }, "required": needs });
    let text = json!({ "type": "string" });
    let count = json!({ "type": "integer", "minimum": 0 });
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "powergrant event",
        "description": "One line of `--format events`, in the shape of Terraform's `-json` views; what is powergrant's own stands under `powergrant`.",
        "type": "object",
        "required": ["@level", "@message", "@module", "type"],
        "properties": {
            "@level": { "enum": ["info", "warn", "error"] },
            "@message": text,
            "@module": { "const": "powergrant.ui" },
            "type": text,
            "terraform": text,
            "ui": text,
            "change": { "$ref": "#/$defs/hook" },
            "hook": { "$ref": "#/$defs/hook" },
            "changes": {
                "type": "object",
                "required": ["add", "change", "import", "remove", "operation"],
                "properties": {
                    "add": count, "change": count, "import": count, "remove": count,
                    "operation": { "enum": ["plan", "apply"] },
                },
            },
            "diagnostic": {
                "type": "object",
                "required": ["severity", "summary", "detail"],
                "properties": {
                    "severity": { "enum": ["error", "warning"] }, "summary": text, "detail": text,
                    "range": { "type": "object", "required": ["filename", "start", "end"] },
                },
            },
            "powergrant": { "description": "A version, or what is powergrant's own: risk, digest, where a difference comes from with who and when, answers with the services' request ids, outcomes." },
        },
        "oneOf": [
            of("version", &["powergrant", "ui"]),
            of("planned_change", &["change"]),
            of("resource_drift", &["change", "powergrant"]),
            of("drift", &["powergrant"]),
            of("drift_summary", &["powergrant"]),
            of("change_summary", &["changes"]),
            of("diagnostic", &["diagnostic"]),
            of("apply_start", &["hook"]),
            of("apply_progress", &["hook", "powergrant"]),
            of("apply_complete", &["hook", "powergrant"]),
            of("apply_errored", &["hook", "powergrant"]),
        ],
        "$defs": {
            "hook": {
                "type": "object",
                "required": ["resource", "action"],
                "properties": {
                    "action": { "enum": ["create", "update", "delete", "noop"] },
                    "elapsed_seconds": count,
                    "resource": {
                        "type": "object",
                        "required": ["addr", "module", "resource", "resource_type", "resource_name", "resource_key", "implied_provider"],
                        "additionalProperties": text,
                    },
                },
            },
        },
    })
}
