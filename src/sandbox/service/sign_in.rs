//! The sign-in service: tokens, codes for devices, and where things are.

use crate::sandbox::answer::Answer;
use crate::sandbox::incoming::Incoming;
use crate::sandbox::instances;
use crate::sandbox::tenant::Tenant;
use crate::sandbox::token::{Asked, with_basic};

/// Answers a request, which needs no token.
pub(super) fn sign_in(tenant: &mut Tenant, incoming: &Incoming<'_>, root: &str, now: i64) -> Answer {
    let segments: Vec<&str> = incoming.path.trim_matches('/').split('/').collect();
    match (incoming.method, segments.as_slice()) {
        ("GET", _) if incoming.path == instances::PATH => instances::respond(incoming.query, incoming.host),
        ("POST", [name, "oauth2", version @ .., "token"]) if matches!(version, [] | ["v2.0"]) => {
            let endpoint = format!("{root}{}", incoming.path);
            let form = with_basic(incoming.body, incoming.headers.get("authorization").map(String::as_str));
            let asked = Asked { endpoint: &endpoint, tenant: name, form: &form, now };
            if version.is_empty() {
                tenant.issuer.grant_by_resource(&tenant.directory, &mut tenant.identities, &asked)
            } else {
                tenant.issuer.grant(&tenant.directory, &mut tenant.identities, &asked)
            }
        }
        ("POST", [name, "oauth2", "v2.0", "devicecode"]) => {
            tenant.issuer.begin(&mut tenant.identities, name, incoming.body, now)
        }
        ("GET", [name, "v2.0", ".well-known", "openid-configuration"]) => tenant.issuer.discovery(name, root, now),
        ("GET", [name, ".well-known", "openid-configuration"]) => tenant.issuer.discovery_by_resource(name, root, now),
        _ => Answer::empty(404),
    }
}
