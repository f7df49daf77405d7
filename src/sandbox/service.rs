//! Which service a request is for, who may call it, and what every answer of it carries.

use std::collections::BTreeMap;

use serde_json::Value;
use uuid::Uuid;

use super::answer::Answer;
use super::bap::{Bap, Effect};
use super::control;
use super::dataverse::{self, refused};
use super::fault::Fault;
use super::faults::{Disturbance, Recorded, Rule, When};
use super::flow_service;
use super::hosts::{self, Place};
use super::identity::Voucher;
use super::instances;
use super::organization::{Organization, derived, row_of};
use super::percent;
use super::server::{Shared, lock};
use super::store;
use super::tenant::{Logged, Tenant};
use super::token::{Asked, Claims};
use super::{builtin, graph, principals, provider, roles};

/// A request as it came in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Incoming<'a> {
    pub method: &'a str,
    pub scheme: &'a str,
    pub host: &'a str,
    pub path: &'a str,
    pub query: &'a str,
    pub headers: &'a BTreeMap<String, String>,
    pub body: &'a str,
}

/// A service of the tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Service {
    SignIn,
    /// Who vouches for jobs and machines.
    Voucher(Voucher),
    Graph,
    Admin,
    PowerApps,
    Flow,
    /// Dataverse of the environment with that display name; the path behind the host's.
    Dataverse(String),
}

/// Answers a request, and keeps what it changed.
pub(super) fn respond(shared: &Shared, incoming: &Incoming<'_>) -> Answer {
    let mut tenant = lock(&shared.tenant);
    if let Some(path) = incoming.path.strip_prefix("/_sandbox/") {
        return control::respond(shared, &mut tenant, incoming, path);
    }
    tenant.requests += 1;
    let before = (tenant.environments.clone(), tenant.personal_flows.clone());
    let answer = disturbed(shared, &mut tenant, incoming);
    let target = target(incoming);
    let logged = Logged {
        method: incoming.method.to_owned(),
        host: incoming.host.to_owned(),
        path: target,
        status: answer.status,
    };
    tracing::debug!(method = %logged.method, host = %logged.host, path = %logged.path, status = logged.status, "sandbox");
    tenant.log.push(logged);
    let (stale_reads, stale_one_way) = (tenant.variants.stale_reads, tenant.variants.stale_one_way());
    // Every organisation is settled, whichever was asked: tests change others behind powergrant's back.
    let changed = tenant.organizations.values_mut().map(|organization| organization.settle(stale_reads, stale_one_way));
    let is_changed = changed.fold(false, |any, one| any | one)
        || (&tenant.environments, &tenant.personal_flows) != (&before.0, &before.1);
    keep(shared, &tenant, is_changed).unwrap_or(answer)
}

/// Writes the state to its file; an answer only when that failed.
pub(super) fn keep(shared: &Shared, tenant: &Tenant, is_changed: bool) -> Option<Answer> {
    let path = shared.state.as_ref().filter(|_| is_changed)?;
    let error = store::save(path, tenant).err()?;
    tracing::error!(%error, "the sandbox's state was not kept");
    Some(Fault::new(500, "SandboxStateNotKept", error.to_string()).into())
}

fn target(incoming: &Incoming<'_>) -> String {
    if incoming.query.is_empty() { incoming.path.to_owned() } else { format!("{}?{}", incoming.path, incoming.query) }
}

/// Answers a request as the schedule of disturbances has it.
fn disturbed(shared: &Shared, tenant: &mut Tenant, incoming: &Incoming<'_>) -> Answer {
    let target = target(incoming);
    let readable = percent::decode(&target.replace('+', " ")).unwrap_or(target);
    let Some(Rule { when, answer: disturbance, .. }) = tenant.faults.meet(incoming.method, incoming.host, &readable)
    else {
        return dispatch(shared, tenant, incoming);
    };
    let planned = match &disturbance {
        Disturbance::Refuse(refusal) => Some(Answer::from(refused(refusal))),
        Disturbance::Recorded(Recorded { status, headers, body }) => {
            Some(Answer { status: *status, headers: headers.clone(), body: body.clone() })
        }
        Disturbance::Html(status) => {
            let page = "<!DOCTYPE html><html><head><title>Error</title></head><body>Service unavailable</body></html>";
            Some(Answer::json(*status, page.into()).with_header("Content-Type", "text/html; charset=utf-8"))
        }
        Disturbance::Truncated
        | Disturbance::ForeignNextLink(_)
        | Disturbance::Reverted
        | Disturbance::Status(_)
        | Disturbance::Rewritten(_) => None,
    };
    if let (When::BeforeCommit, Some(planned)) = (when, &planned) {
        return planned.clone();
    }
    let marks: BTreeMap<String, usize> =
        tenant.organizations.iter().map(|(name, organization)| (name.clone(), organization.mark())).collect();
    let mut answer = dispatch(shared, tenant, incoming);
    match disturbance {
        Disturbance::Refuse(_) | Disturbance::Recorded(_) | Disturbance::Html(_) => planned.unwrap_or(answer),
        Disturbance::Reverted => {
            for (name, mark) in marks {
                if let Some(organization) = tenant.organizations.get_mut(&name) {
                    organization.roll_back(mark);
                }
            }
            answer
        }
        Disturbance::Truncated => {
            let whole = answer.body.as_ref().map(Value::to_string).unwrap_or_default();
            let half: String = whole.chars().take(whole.chars().count() / 2).collect();
            answer.body = Some(half.into());
            answer
        }
        Disturbance::Status(status) => Answer { status, ..answer },
        Disturbance::Rewritten(replacement) => replacement.rewrite(answer),
        Disturbance::ForeignNextLink(host) => {
            if let Some(Value::Object(body)) = &mut answer.body {
                body.insert("@odata.nextLink".into(), format!("https://{host}/next").into());
            }
            answer
        }
    }
}

fn dispatch(shared: &Shared, tenant: &mut Tenant, incoming: &Incoming<'_>) -> Answer {
    let Some((service, path)) = route(tenant, incoming) else {
        let text = format!("The sandbox serves no '{}' at '{}'.", incoming.path, incoming.host);
        return Fault::new(421, "SandboxUnknownHost", text).into();
    };
    let now = (shared.now)();
    let root = format!("{}://{}", incoming.scheme, incoming.host);
    let bearer = incoming.headers.get("authorization").and_then(|value| value.strip_prefix("Bearer "));
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
        Service::SignIn => sign_in(tenant, incoming, &root, now)
            .with_header("X-Content-Type-Options", "nosniff")
            .with_header("x-ms-request-id", derived(tenant.issuer.tenant, &format!("sign-in:{}", tenant.requests))),
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
            Err(fault) => fault.into(),
        },
        Service::Admin => {
            let answer = match check(tenant, Place::Admin) {
                Ok(claims) => admin(tenant, incoming, &root, &claims),
                Err(fault) => fault.into(),
            };
            provider::dressed(answer, tenant.issuer.tenant, tenant.requests)
        }
        // Recorded: a path of the Flow service at this host is answered without a body.
        Service::PowerApps => match check(tenant, Place::PowerApps) {
            Ok(_) => {
                let answer = Answer::empty(404)
                    .with_header("Cache-Control", "no-store, no-cache")
                    .with_header("x-servicefabric", "ResourceNotFound");
                provider::dressed(answer, tenant.issuer.tenant, tenant.requests)
            }
            Err(fault) => fault.into(),
        },
        Service::Flow => {
            let answer = match check(tenant, Place::Flow) {
                Ok(claims) => flow(tenant, incoming, &root, &claims),
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

/// Tells the service by the host, and by the path where the host is the sandbox itself.
fn route(tenant: &Tenant, incoming: &Incoming<'_>) -> Option<(Service, String)> {
    let name = hosts::name(incoming.host);
    let path = incoming.path;
    if let Some(voucher) = Voucher::of(&name, path) {
        return Some((Service::Voucher(voucher), path.to_owned()));
    }
    match hosts::place(&name) {
        Some(Place::SignIn) => return Some((Service::SignIn, path.to_owned())),
        Some(Place::Graph) => return Some((Service::Graph, path.strip_prefix("/v1.0")?.to_owned())),
        Some(Place::Admin) => return Some((Service::Admin, path.to_owned())),
        Some(Place::PowerApps) => return Some((Service::PowerApps, path.to_owned())),
        Some(Place::Flow) => return Some((Service::Flow, path.to_owned())),
        Some(Place::Dataverse) | None => {}
    }
    // `contoso.api.crm4.dynamics.com` is the same organisation (recorded: both forms answer).
    let plain = name.replacen(".api.crm", ".crm", 1);
    let of_host = tenant.organizations.iter().find(|(_, organization)| organization.host.eq_ignore_ascii_case(&plain));
    if let Some((environment, _)) = of_host {
        return Some((Service::Dataverse(environment.clone()), path.to_owned()));
    }
    if !hosts::is_loopback(&name) {
        return None;
    }
    let below = |prefix: &str| path.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    if let Some(rest) = path.strip_prefix("/_org/") {
        let (unique_name, rest) = rest.split_once('/')?;
        let mut all = tenant.organizations.iter();
        let (environment, _) = all.find(|(_, organization)| organization.unique_name == unique_name)?;
        return Some((Service::Dataverse(environment.clone()), format!("/{rest}")));
    }
    if below("/api/data/") {
        let environment = tenant.organizations.keys().next()?;
        return Some((Service::Dataverse(environment.clone()), path.to_owned()));
    }
    if let Some(rest) = path.strip_prefix("/v1.0") {
        return Some((Service::Graph, rest.to_owned()));
    }
    if below("/providers/Microsoft.BusinessAppPlatform") {
        return Some((Service::Admin, path.to_owned()));
    }
    if below("/providers/Microsoft.ProcessSimple") {
        return Some((Service::Flow, path.to_owned()));
    }
    let is_sign_in = path == instances::PATH
        || path.ends_with("/oauth2/v2.0/token")
        || path.ends_with("/oauth2/v2.0/devicecode")
        || path.ends_with("/.well-known/openid-configuration");
    is_sign_in.then(|| (Service::SignIn, path.to_owned()))
}

fn sign_in(tenant: &mut Tenant, incoming: &Incoming<'_>, root: &str, now: i64) -> Answer {
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

fn admin(tenant: &mut Tenant, incoming: &Incoming<'_>, root: &str, claims: &Claims) -> Answer {
    let body = serde_json::from_str(incoming.body).ok();
    let request = provider_request(incoming, root, body.as_ref());
    let platform = Bap {
        environments: &tenant.environments,
        access: &tenant.access,
        directory: &tenant.directory,
        tenant: tenant.issuer.tenant,
    };
    let outcome = platform.handle(request, claims);
    for effect in &outcome.effects {
        effect.apply(&mut tenant.environments);
        let (Effect::AddUser { environment, .. } | Effect::AddApplicationUser { environment, .. }) = effect else {
            continue;
        };
        let mut all = tenant.organizations.values_mut();
        let Some(organization) = all.find(|organization| organization.environment == *environment) else { continue };
        let added = match effect {
            Effect::AddUser { user, .. } => principals::add_user(organization, &tenant.directory, *user)
                .map(|_| principals::access(organization, &tenant.directory, *user)),
            Effect::AddApplicationUser { service_principal, .. } => {
                add_administrator(organization, &tenant.directory, *service_principal)
            }
            Effect::Assign { .. } | Effect::Unassign { .. } => Ok(()),
        };
        if let Err(fault) = added {
            return fault.into();
        }
    }
    outcome.answer
}

// `addAppUser` gives System Administrator (public client, which uses it for that).
fn add_administrator(
    organization: &mut Organization,
    directory: &super::directory::Directory,
    object: Uuid,
) -> Result<(), Fault> {
    let Some(application) = directory.service_principals.get(&object).map(|principal| principal.app_id) else {
        return Err(Fault::new(400, "PrincipalNotFound", "Principal not found."));
    };
    let unit = organization.root_unit();
    let user = match principals::application_user(organization, application) {
        Some(user) => user,
        None => principals::add_application(organization, directory, application, unit)?,
    };
    if let Some(role) = roles::root_named(organization, builtin::SYSTEM_ADMINISTRATOR) {
        let joint = organization.joint_id("systemuserroles", user, role);
        organization.put("systemuserroles", joint, row_of(serde_json::json!({ "systemuserid": user, "roleid": role })));
    }
    Ok(())
}

fn flow(tenant: &mut Tenant, incoming: &Incoming<'_>, root: &str, claims: &Claims) -> Answer {
    let body = serde_json::from_str(incoming.body).ok();
    flow_service::handle(tenant, provider_request(incoming, root, body.as_ref()), claims)
}

fn provider_request<'a>(incoming: &Incoming<'a>, root: &'a str, body: Option<&'a Value>) -> provider::Request<'a> {
    provider::Request { method: incoming.method, path: incoming.path, query: incoming.query, body, root }
}

fn web_api(
    tenant: &mut Tenant,
    environment: &str,
    incoming: &Incoming<'_>,
    root: &str,
    path: &str,
    claims: &Claims,
) -> Result<Answer, Fault> {
    let (version, rest) = path
        .strip_prefix("/api/data/")
        .map(|rest| rest.split_once('/').unwrap_or((rest, "")))
        .ok_or_else(|| Fault::unknown_segment(path))?;
    if !matches!(version, "v9.0" | "v9.1" | "v9.2") {
        return Err(Fault::unknown_segment(version));
    }
    let is_sharing_forbidden = tenant.is_sharing_forbidden(environment);
    let number = tenant.requests;
    let Some(organization) = tenant.organizations.get_mut(environment) else {
        return Err(Fault::unknown_segment(environment));
    };
    let prefix = incoming.path.strip_suffix(path).unwrap_or_default();
    let address = format!("{root}{prefix}/api/data/{version}");
    let identity = dataverse::identify(organization, &tenant.directory, claims, incoming.headers)?;
    let mut session = dataverse::Session {
        organization,
        directory: &tenant.directory,
        variants: &tenant.variants,
        faults: &mut tenant.faults,
        is_sharing_forbidden,
        identity,
        number,
    };
    let request = dataverse::Request {
        method: incoming.method,
        root: &address,
        path: rest,
        query: incoming.query,
        headers: incoming.headers,
        body: incoming.body,
    };
    Ok(session.handle_seen(&request))
}

/// Adds what every answer of Dataverse carries (recorded headers; ids are counted, not random).
fn dressed(answer: Answer, tenant: &Tenant) -> Answer {
    let kind =
        if answer.body.is_some() { "application/json; odata.metadata=minimal" } else { "text/html; charset=utf-8" };
    let id = |name: &str| derived(tenant.issuer.tenant, &format!("{name}:{}", tenant.requests)).to_string();
    let usual = [
        ("Content-Type", kind.to_owned()),
        ("OData-Version", "4.0".to_owned()),
        ("Cache-Control", "no-cache".to_owned()),
        ("Allow", "OPTIONS,GET,HEAD,POST".to_owned()),
        ("Public", "OPTIONS,GET,HEAD,POST".to_owned()),
        ("X-Content-Type-Options", "nosniff".to_owned()),
        ("REQ_ID", id("request")),
        ("x-ms-service-request-id", id("service")),
        ("AuthActivityId", id("activity")),
        ("x-ms-dop-hint", "48".to_owned()),
        ("x-ms-ratelimit-burst-remaining-xrm-requests", "7999".to_owned()),
        // With a separator and decimals: not a number to be read carelessly.
        ("x-ms-ratelimit-time-remaining-xrm-requests", "1,199.99".to_owned()),
    ];
    usual.into_iter().fold(answer, |answer, (name, value)| {
        let is_there = answer.headers.keys().any(|known| known.eq_ignore_ascii_case(name));
        if is_there { answer } else { answer.with_header(name, value) }
    })
}
