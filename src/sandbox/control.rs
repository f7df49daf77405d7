//! What the sandbox itself answers below `/_sandbox/`: requests so far, faults, variants, state, runs of flows.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::answer::Answer;
use super::fault::Fault;
use super::faults::Rule;
use super::incoming::Incoming;
use super::run::run;
use super::seed::make;
use super::shared::{Shared, keep};
use super::tenant::Tenant;

/// Answers a request; it is neither logged nor does it need a token, for only this machine can send it.
pub(super) fn respond(shared: &Shared, tenant: &mut Tenant, incoming: &Incoming<'_>, path: &str) -> Answer {
    let answered = match (incoming.method, path) {
        ("GET", "requests") => Ok(Answer::json(200, json!({ "requests": tenant.log }))),
        ("DELETE", "requests") => {
            tenant.log.clear();
            Ok(Answer::empty(204))
        }
        ("POST", "faults") => schedule(tenant, incoming.body),
        ("DELETE", "faults") => {
            tenant.faults.clear();
            Ok(Answer::empty(204))
        }
        ("GET", "variants") => Ok(Answer::json(200, json!(tenant.variants))),
        ("POST", "variants") => vary(shared, tenant, incoming.body),
        ("GET", "state") => Ok(Answer::json(200, json!(tenant))),
        ("GET", "fingerprint") => Ok(Answer::json(200, json!({ "fingerprint": tenant.fingerprint() }))),
        ("POST", "run") => {
            read(incoming.body).and_then(|question| Ok(Answer::json(200, json!(run(tenant, &question)?))))
        }
        ("POST", "reset") => reset(shared, tenant),
        _ => Err(Fault::new(404, "SandboxUnknownPath", format!("There is no '/_sandbox/{path}'."))),
    };
    answered.into()
}

/// Schedules one rule or a list of them.
fn schedule(tenant: &mut Tenant, body: &str) -> Result<Answer, Fault> {
    let written: Value = read(body)?;
    let rules: Vec<Rule> = if written.is_array() { convert(written)? } else { vec![convert(written)?] };
    for rule in rules {
        tenant.faults.schedule(rule);
    }
    Ok(Answer::empty(204))
}

/// Changes the variants that the body names.
fn vary(shared: &Shared, tenant: &mut Tenant, body: &str) -> Result<Answer, Fault> {
    let mut merged = json!(tenant.variants);
    let changes: Value = read(body)?;
    if let (Value::Object(merged), Value::Object(changes)) = (&mut merged, changes) {
        merged.extend(changes);
    }
    tenant.variants = convert(merged)?;
    Ok(keep(shared, tenant).unwrap_or_else(|| Answer::empty(204)))
}

/// Makes the tenant of the seed again.
fn reset(shared: &Shared, tenant: &mut Tenant) -> Result<Answer, Fault> {
    *tenant = make(&shared.seed).map_err(|error| Fault::new(500, "SandboxSeed", error.to_string()))?;
    Ok(keep(shared, tenant).unwrap_or_else(|| Answer::empty(204)))
}

fn read<T: DeserializeOwned>(body: &str) -> Result<T, Fault> {
    serde_json::from_str(body).map_err(|error| Fault::new(400, "SandboxBody", error.to_string()))
}

fn convert<T: DeserializeOwned>(value: Value) -> Result<T, Fault> {
    serde_json::from_value(value).map_err(|error| Fault::new(400, "SandboxBody", error.to_string()))
}
