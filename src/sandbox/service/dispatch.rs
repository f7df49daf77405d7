//! Hands a request to its service, with what its token says.

use super::admin::admin;
use super::route::{Service, route};
use super::sign_in::sign_in;
use super::web_api::{dressed, web_api};
use crate::sandbox::answer::Answer;
use crate::sandbox::claims::Claims;
use crate::sandbox::fault::Fault;
use crate::sandbox::hosts::{self, Place};
use crate::sandbox::incoming::Incoming;
use crate::sandbox::organization::derived;
use crate::sandbox::tenant::Tenant;
use crate::sandbox::{discovery, flow_service, graph, powerapps, provider};

/// Answers a request.
pub(super) fn dispatch(tenant: &mut Tenant, incoming: &Incoming<'_>, now: i64) -> Answer {
    let Some((service, path)) = route(tenant, incoming) else {
        let text = format!("The sandbox serves no '{}' at '{}'.", incoming.path, incoming.host);
        return Fault::new(421, "SandboxUnknownHost", text).into();
    };
    let root = format!("{}://{}", incoming.scheme, incoming.host);
    let bearer = incoming.bearer();
    let own = hosts::name(incoming.host);
    let check = |tenant: &Tenant, place: Place| {
        let mut audiences = hosts::audiences(place, &own);
        // The Azure management audience is taken of people too (public clients ask the Flow service with it).
        if place == Place::Flow && is_user(bearer, tenant, now) {
            audiences.push(MANAGEMENT.to_owned());
        }
        accept(tenant, bearer, &audiences, now)
    };
    match service {
        // Recorded of every answer of it; ids are counted.
        Service::SignIn => {
            sign_in(tenant, incoming, &root, now).with_header("X-Content-Type-Options", "nosniff").with_header(
                "x-ms-request-id",
                derived(tenant.issuer.tenant, &format!("sign-in:{}", tenant.requests)).to_string(),
            )
        }
        Service::Voucher(voucher) => voucher.respond(tenant, incoming, now),
        Service::Graph => match check(tenant, Place::Graph) {
            Ok(claims) => {
                let body = serde_json::from_str(incoming.body).ok();
                let request = graph::Request {
                    method: incoming.method,
                    path: &path,
                    query: incoming.query,
                    consistency_level: incoming.headers.get("consistencylevel").map(String::as_str),
                    body: body.as_ref(),
                    root: &format!("{root}/v1.0"),
                    now,
                };
                graph::handle(&tenant.directory, request, &claims)
            }
            Err(fault) => graph::unauthenticated(&fault, now),
        },
        Service::GraphElsewhere => graph::unknown_version(&path, now),
        Service::Admin => {
            let answer = match check(tenant, Place::Admin) {
                Ok(claims) => admin(tenant, incoming, &root, &claims),
                Err(fault) => fault.into(),
            };
            provider::dressed(answer, tenant.issuer.tenant, tenant.requests)
        }
        Service::PowerApps => {
            let answer = check(tenant, Place::PowerApps).map(|claims| {
                let body = serde_json::from_str(incoming.body).ok();
                powerapps::handle(tenant, provider::Request::of(incoming, &root, body.as_ref()), &claims)
            });
            let answer = Answer::from(answer).with_header("Cache-Control", "no-store, no-cache");
            provider::dressed(answer, tenant.issuer.tenant, tenant.requests)
        }
        Service::Discovery => {
            let answer = check(tenant, Place::Discovery);
            answer.and_then(|claims| discovery::respond(tenant, incoming, &root, &claims)).into()
        }
        Service::Flow => {
            let answer = match check(tenant, Place::Flow) {
                Ok(claims) => {
                    let body = serde_json::from_str(incoming.body).ok();
                    flow_service::handle(tenant, provider::Request::of(incoming, &root, body.as_ref()), &claims)
                }
                Err(fault) => fault.into(),
            };
            let routing = format!("EUROPE:20260105T080000Z:{}", derived(tenant.issuer.tenant, "routing"));
            // Turned around by this service (recorded).
            let answer = answer
                .with_header("Cache-Control", "no-store, no-cache")
                .with_header("x-ms-flow-routing-request-id", routing);
            provider::dressed(answer, tenant.issuer.tenant, tenant.requests)
        }
        Service::Dataverse(environment) => {
            let Some(host) = tenant.organizations.get(&environment).map(|organization| organization.host.clone())
            else {
                return Fault::unknown_segment(&environment).into();
            };
            // Clients that are given the sandbox's own address ask for a token for it.
            let audiences = [format!("https://{host}"), format!("https://{}", incoming.host)];
            let claims = accept(tenant, bearer, &audiences, now);
            let answer = claims
                .and_then(|claims| web_api(tenant, &environment, incoming, &root, &path, &claims))
                .unwrap_or_else(Answer::from);
            dressed(answer, tenant)
        }
    }
}

/// Takes a token for any of the audiences; the refusal names the first.
fn accept(tenant: &Tenant, bearer: Option<&str>, audiences: &[String], now: i64) -> Result<Claims, Fault> {
    let mut answers = audiences.iter().map(|audience| tenant.issuer.check(bearer, audience, now));
    let first =
        answers.next().unwrap_or_else(|| Err(Fault::new(401, "AuthenticationFailed", "No audience is served here.")));
    first.or_else(|fault| answers.find_map(Result::ok).ok_or(fault))
}

/// The audience of Azure's own management API.
const MANAGEMENT: &str = "https://management.azure.com";

fn is_user(bearer: Option<&str>, tenant: &Tenant, now: i64) -> bool {
    tenant.issuer.check(bearer, MANAGEMENT, now).is_ok_and(|claims| claims.appid.is_none())
}
