//! The `OpenID` configuration of the tenant (recorded: that of `organizations`).

use serde_json::{Value, json};

use super::issuer::Issuer;
use super::people::is_any_tenant;
use super::refusal::unknown_tenant;
use crate::sandbox::answer::Answer;

/// What an ID token says.
const CLAIMS: [&str; 18] = [
    "sub",
    "iss",
    "cloud_instance_name",
    "cloud_instance_host_name",
    "cloud_graph_host_name",
    "msgraph_host",
    "aud",
    "exp",
    "iat",
    "auth_time",
    "acr",
    "nonce",
    "preferred_username",
    "name",
    "tid",
    "ver",
    "at_hash",
    "c_hash",
];

impl Issuer {
    /// Answers `GET /{tenant}/v2.0/.well-known/openid-configuration`; `authority` is the address before the tenant.
    pub fn discovery(&self, tenant: &str, authority: &str, now: i64) -> Answer {
        let (issuer, region) = match tenant {
            any if is_any_tenant(any) => ("{tenantid}".to_owned(), Value::Null),
            _ if self.is_named(tenant) => (self.tenant.to_string(), json!("EU")),
            _ => return unknown_tenant(tenant).answer(now),
        };
        let base = format!("{}/{tenant}", authority.trim_end_matches('/'));
        let body = json!({
            "token_endpoint": format!("{base}/oauth2/v2.0/token"),
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
            "jwks_uri": format!("{base}/discovery/v2.0/keys"),
            "response_modes_supported": ["query", "fragment", "form_post"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "issuer": format!("https://login.microsoftonline.com/{issuer}/v2.0"),
            "request_uri_parameter_supported": false,
            "userinfo_endpoint": "https://graph.microsoft.com/oidc/userinfo",
            "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
            "device_authorization_endpoint": format!("{base}/oauth2/v2.0/devicecode"),
            "http_logout_supported": true,
            "frontchannel_logout_supported": true,
            "end_session_endpoint": format!("{base}/oauth2/v2.0/logout"),
            "claims_supported": CLAIMS,
            "kerberos_endpoint": format!("{base}/kerberos"),
            "mtls_endpoint_aliases": { "token_endpoint": format!("https://mtlsauth.microsoft.com/{tenant}/oauth2/v2.0/token") },
            "tls_client_certificate_bound_access_tokens": true,
            "tenant_region_scope": region,
            "cloud_instance_name": "microsoftonline.com",
            "cloud_graph_host_name": "graph.windows.net",
            "msgraph_host": "graph.microsoft.com",
            "rbac_url": "https://pas.windows.net",
        });
        Answer::json(200, body)
            .with_header("Cache-Control", "max-age=86400, private")
            .with_header("Access-Control-Allow-Origin", "*")
            .with_header("Access-Control-Allow-Methods", "GET, OPTIONS")
    }
}
