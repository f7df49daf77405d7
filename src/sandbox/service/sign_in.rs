//! The sign-in service: tokens, codes for devices, and where things are.

use crate::sandbox::answer::Answer;
use crate::sandbox::incoming::Incoming;
use crate::sandbox::instances;
use crate::sandbox::tenant::Tenant;
use crate::sandbox::token::Asked;

/// Answers a request, which needs no token.
pub(super) fn sign_in(tenant: &mut Tenant, incoming: &Incoming<'_>, root: &str, now: i64) -> Answer {
    let segments: Vec<&str> = incoming.path.trim_matches('/').split('/').collect();
    match (incoming.method, segments.as_slice()) {
        ("GET", _) if incoming.path == instances::PATH => instances::respond(incoming.query, incoming.host),
        ("POST", [name, "oauth2", "v2.0", "token"]) => {
            let endpoint = format!("{root}{}", incoming.path);
            let asked = Asked { endpoint: &endpoint, tenant: name, form: incoming.body, now };
            tenant.issuer.grant(&tenant.directory, &mut tenant.identities, &asked)
        }
        ("POST", [name, "oauth2", "v2.0", "devicecode"]) => {
            tenant.issuer.begin(&mut tenant.identities, name, incoming.body, now)
        }
        ("GET", [name, "v2.0", ".well-known", "openid-configuration"]) => tenant.issuer.discovery(name, root, now),
        _ => Answer::empty(404),
    }
}
