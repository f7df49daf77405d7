//! Tokens of jobs: GitHub Actions by a GET, Azure Pipelines by a POST, and neither by the other's verb.

use serde_json::json;

use super::{JOB_TOKEN, wrong_verb};
use crate::sandbox::answer::Answer;
use crate::sandbox::incoming::Incoming;
use crate::sandbox::tenant::Tenant;

/// How long a job's token is valid, in seconds (documented for GitHub: five minutes).
const LIFETIME: i64 = 300;
/// The issuer of GitHub's tokens (GitHub: `OpenID` Connect reference).
pub(super) const GITHUB: &str = "https://token.actions.githubusercontent.com";
/// For what the sandbox's job of GitHub Actions stands.
pub(super) const GITHUB_SUBJECT: &str = "repo:contoso/powergrant:environment:prod";

/// Answers a job of GitHub Actions (toolkit: `oidc-utils`; GitHub: `OpenID` Connect reference).
pub(super) fn github(tenant: &Tenant, incoming: &Incoming<'_>, now: i64) -> Answer {
    if incoming.method != "GET" {
        return wrong_verb("GET");
    }
    if incoming.bearer() != Some(JOB_TOKEN) {
        return Answer::json(401, json!({ "message": "Unauthorized" }));
    }
    let audience = incoming.parameters().remove("audience").unwrap_or_else(|| "https://github.com/contoso".to_owned());
    let token = token(tenant, GITHUB, GITHUB_SUBJECT, &audience, now);
    Answer::json(200, json!({ "count": token.len(), "value": token }))
}

/// Answers a job of Azure Pipelines (client code of `azure_identity` and of CLI for Microsoft 365).
pub(super) fn azure(tenant: &Tenant, incoming: &Incoming<'_>, now: i64) -> Answer {
    if incoming.method != "POST" {
        // Reported of clients that send GitHub's GET here.
        return wrong_verb("POST");
    }
    // The server on Windows wants a length, also of nothing (client code of `azure_identity` sends it; inferred).
    if !incoming.headers.contains_key("content-length") {
        return Answer::json(411, "<h2>Length Required</h2>".into())
            .with_header("Content-Type", "text/html; charset=us-ascii");
    }
    let query = incoming.parameters();
    if incoming.bearer() != Some(JOB_TOKEN) {
        // Azure DevOps shows its sign-in page, unless the request says that it follows none.
        let suppressed = incoming.headers.get("x-tfs-fedauthredirect").map(String::as_str) == Some("Suppress");
        let page = "<!DOCTYPE html><html><head><title>Azure DevOps Services | Sign In</title></head></html>";
        let status = if suppressed { 401 } else { 203 };
        return Answer::json(status, page.into()).with_header("Content-Type", "text/html; charset=utf-8");
    }
    if !query.contains_key("api-version") {
        let text = "No api-version was supplied for the request. The version must be supplied either as part of the Accept header or as a query parameter.";
        return Answer::json(400, json!({ "$id": "1", "message": text, "typeKey": "VssVersionNotSpecifiedException" }));
    }
    let issuer = format!("https://login.microsoftonline.com/{}/v2.0", tenant.issuer.tenant);
    let subject = match query.get("serviceConnectionId") {
        Some(connection) => format!("sc://contoso/powergrant/{connection}"),
        None => "p://contoso/powergrant/deploy".to_owned(),
    };
    let token = token(tenant, &issuer, &subject, "api://AzureADTokenExchange", now);
    Answer::json(200, json!({ "oidcToken": token }))
}

fn token(tenant: &Tenant, issuer: &str, subject: &str, audience: &str, now: i64) -> String {
    let claims = json!({
        "iss": issuer, "sub": subject, "aud": audience, "iat": now, "nbf": now, "exp": now + LIFETIME,
    });
    tenant.issuer.sign_value(&claims)
}
