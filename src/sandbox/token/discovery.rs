//! The document that tells clients where things are.

use serde_json::json;

use super::issuer::Issuer;
use super::refusal::unknown_tenant;
use crate::sandbox::answer::Answer;

impl Issuer {
    /// Answers `GET /{tenant}/v2.0/.well-known/openid-configuration`; `authority` is the address before the tenant
    /// (recorded: configuration of `organizations`).
    pub fn discovery(&self, tenant: &str, authority: &str, now: i64) -> Answer {
        let issuer = match tenant {
            "organizations" | "common" => "{tenantid}".to_owned(),
            _ if self.is_named(tenant) => self.tenant.to_string(),
            _ => return unknown_tenant(tenant).answer(now),
        };
        let base = format!("{}/{tenant}", authority.trim_end_matches('/'));
        Answer::json(
            200,
            json!({
                "token_endpoint": format!("{base}/oauth2/v2.0/token"),
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
                "jwks_uri": format!("{base}/discovery/v2.0/keys"),
                "response_modes_supported": ["query", "fragment", "form_post"],
                "subject_types_supported": ["pairwise"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
                "scopes_supported": ["openid", "profile", "email", "offline_access"],
                "issuer": format!("https://login.microsoftonline.com/{issuer}/v2.0"),
                "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
                "device_authorization_endpoint": format!("{base}/oauth2/v2.0/devicecode"),
                "end_session_endpoint": format!("{base}/oauth2/v2.0/logout"),
                "cloud_instance_name": "microsoftonline.com",
                "msgraph_host": "graph.microsoft.com",
            }),
        )
    }
}
