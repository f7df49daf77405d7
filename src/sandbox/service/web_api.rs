//! The Web API of one organisation: who calls, and what every answer carries.

use crate::sandbox::answer::Answer;
use crate::sandbox::claims::Claims;
use crate::sandbox::dataverse;
use crate::sandbox::fault::Fault;
use crate::sandbox::incoming::Incoming;
use crate::sandbox::odata::Caller;
use crate::sandbox::organization::{Actor, derived, id};
use crate::sandbox::tenant::Tenant;

/// Where the service begins; the web server has no regard to case.
const PREFIX: &str = "/api/data/";
/// The versions that it has.
const VERSIONS: [&str; 3] = ["v9.0", "v9.1", "v9.2"];

/// Answers a request of the token's bearer.
pub(super) fn web_api(
    tenant: &mut Tenant,
    environment: &str,
    incoming: &Incoming<'_>,
    root: &str,
    path: &str,
    claims: &Claims,
) -> Result<Answer, Fault> {
    let (start, rest) = path.split_at_checked(PREFIX.len()).unwrap_or_default();
    if !start.eq_ignore_ascii_case(PREFIX) {
        return Err(Fault::unknown_segment(path));
    }
    let (version, rest) = rest.split_once('/').unwrap_or((rest, ""));
    if !VERSIONS.iter().any(|known| known.eq_ignore_ascii_case(version)) {
        return Err(Fault::unknown_segment(version));
    }
    let is_sharing_forbidden = tenant.is_sharing_forbidden(environment);
    let number = tenant.requests;
    let Some(organization) = tenant.organizations.get_mut(environment) else {
        return Err(Fault::unknown_segment(environment));
    };
    let prefix = incoming.path.strip_suffix(path).unwrap_or_default();
    let address = format!("{root}{prefix}/api/data/{version}");
    let identity = dataverse::identify(organization, &tenant.directory, claims, incoming.headers, &tenant.variants)?;
    let actor =
        Actor { user: identity.acting_as.unwrap_or(identity.user), caller: identity.acting_as.map(|_| identity.user) };
    let row = organization.row("systemuser", actor.user);
    let unit = row.and_then(|row| id(row, "_businessunitid_value")).unwrap_or_default();
    let caller = Caller { user: actor.user, unit };
    organization.under_way = Some((organization.mark(), actor));
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
        caller,
    };
    Ok(dataverse::without_address(session.handle_seen(&request)))
}

/// Adds what every answer of Dataverse carries (recorded headers; ids are counted, not random).
pub(super) fn dressed(answer: Answer, tenant: &Tenant) -> Answer {
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
