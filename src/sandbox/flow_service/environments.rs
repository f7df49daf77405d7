//! Environments as the Flow service shows them.

use serde_json::{Value, json};

use super::VERSIONS;
use super::flow;
use super::refusals::{denied, no_makers};
use super::scope::Scope;
use crate::sandbox::answer::Answer;
use crate::sandbox::bap::BapEnvironment;
use crate::sandbox::claims::Claims;
use crate::sandbox::fault::Fault;
use crate::sandbox::provider::Request;
use crate::sandbox::tenant::Tenant;

/// Lists the environments.
pub(super) fn all(tenant: &Tenant, request: Request<'_>, claims: &Claims, scope: Scope) -> Result<Answer, Fault> {
    request.require_version(&VERSIONS)?;
    match scope {
        Scope::Maker if claims.appid.is_some() => return Err(no_makers()),
        Scope::Admin if !tenant.access.is_administrator(claims) => return Err(denied("*")),
        Scope::Maker | Scope::Admin => {}
    }
    let value: Vec<Value> = tenant.environments.values().map(environment).collect();
    Ok(Answer::json(200, json!({ "value": value })))
}

/// Shows one environment.
pub(super) fn one(
    tenant: &Tenant,
    request: Request<'_>,
    claims: &Claims,
    scope: Scope,
    name: &str,
) -> Result<Answer, Fault> {
    request.require_version(&VERSIONS)?;
    flow::admit(tenant, scope, name, claims)?;
    let found = tenant.environments.get(name).map(environment);
    found.map(|body| Answer::json(200, body)).ok_or_else(|| denied(name))
}

// Shape: what a public client reads of its list of environments.
fn environment(environment: &BapEnvironment) -> Value {
    json!({
        "name": environment.name,
        "id": format!("/providers/Microsoft.ProcessSimple/environments/{}", environment.name),
        "type": "Microsoft.ProcessSimple/environments",
        "properties": {
            "displayName": environment.display_name,
            "isDefault": environment.is_default,
            "environmentSku": environment.sku,
            "provisioningState": "Succeeded",
        },
    })
}
