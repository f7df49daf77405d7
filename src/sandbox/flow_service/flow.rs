//! One flow: its detail with connections, and who may use it, for administrators and for makers.

use serde_json::{Value, json};
use uuid::Uuid;

use super::as_whom;
use super::detail::detail;
use super::kept::{organization, rows};
use super::refusals::{denied, no_makers, not_here, sharing_is_off};
use super::row::{FlowRow, Grant, GrantRole};
use super::scope::{Kept, Scope, Which};
use super::sharing::{self, Wish};
use super::state;
use crate::sandbox::answer::Answer;
use crate::sandbox::bap::BapEnvironment;
use crate::sandbox::claims::Claims;
use crate::sandbox::fault::Fault;
use crate::sandbox::organization::{id, number};
use crate::sandbox::provider::Request;
use crate::sandbox::tenant::Tenant;
use crate::sandbox::variants::{FlowServiceShares, ForbiddenSharing};

/// Refuses who may not take the path at all.
pub(super) fn admit(tenant: &Tenant, scope: Scope, environment: &str, claims: &Claims) -> Result<(), Fault> {
    match scope {
        Scope::Maker if claims.appid.is_some() => return Err(no_makers()),
        Scope::Admin if !tenant.access.is_administrator(claims) => return Err(denied(environment)),
        Scope::Maker | Scope::Admin => {}
    }
    if tenant.environments.contains_key(environment) { Ok(()) } else { Err(denied(environment)) }
}

/// Lists all flows of an environment.
pub(super) fn all(tenant: &Tenant, environment: &str) -> Vec<FlowRow> {
    let mut flows = tenant.personal_flows.get(environment).cloned().unwrap_or_default();
    flows.extend(organization(tenant, environment).into_iter().flat_map(rows));
    flows
}

/// Lists the flows that the bearer owns or co-owns.
pub(super) fn own(tenant: &Tenant, environment: &str, claims: &Claims, which: Which) -> Vec<FlowRow> {
    let is_own = |flow: &FlowRow| {
        let Some(kept) = find(tenant, environment, &flow.name) else { return false };
        let is_owner = |grant: &Grant| grant.role == GrantRole::Owner && grant.principal == claims.oid;
        let owns = grants(tenant, environment, kept).iter().any(is_owner);
        match which {
            Which::Personal => owns,
            Which::Team => !owns && edits(tenant, environment, kept, claims),
            Which::Both => edits(tenant, environment, kept, claims),
        }
    };
    all(tenant, environment).into_iter().filter(is_own).collect()
}

/// Answers a request for one flow; `rest` is what stands behind it.
pub(super) fn one(
    tenant: &mut Tenant,
    request: Request<'_>,
    claims: &Claims,
    scope: Scope,
    (environment, flow): (&str, &str),
    rest: &[&str],
) -> Result<Answer, Fault> {
    // PowerShell's cmdlets for owners ask with the second.
    request.require_version(&["2016-11-01", "2017-06-01"])?;
    admit(tenant, scope, environment, claims)?;
    let kept = find(tenant, environment, flow);
    let kept = match scope {
        Scope::Admin => {
            kept.ok_or_else(|| Fault::new(404, "FlowNotFound", format!("Could not find flow '{flow}'.")))?
        }
        // The same for one that is not there (documentation of a public client).
        Scope::Maker => kept.filter(|kept| edits(tenant, environment, *kept, claims)).ok_or_else(|| {
            Fault::new(
                403,
                "ConnectionAuthorizationFailed",
                format!("The caller with object id '{}' does not have permission for connection '{flow}'.", claims.oid),
            )
        })?,
    };
    let path = format!("/providers/Microsoft.ProcessSimple/environments/{environment}/flows/{flow}");
    let list = |tenant: &Tenant, is_wanted: fn(GrantRole) -> bool| {
        let grants = grants(tenant, environment, kept);
        let value: Vec<Value> = grants
            .iter()
            .filter(|grant| is_wanted(grant.role))
            .map(|grant| sharing::entry(grant, &path, &tenant.directory, claims.tid))
            .collect();
        Answer::json(200, json!({ "value": value }))
    };
    let last = rest.first().map(|word| word.to_ascii_lowercase());
    // Run-only users have no path of administrators (Swagger of the connector).
    match (request.method, last.as_deref(), scope) {
        ("GET", None, _) => Ok(Answer::json(200, detail(tenant, environment, kept, claims.tid))),
        ("GET", Some("owners"), _) => Ok(list(tenant, |role| role != GrantRole::CanView)),
        ("GET", Some("users"), Scope::Maker) => Ok(list(tenant, |role| role == GrantRole::CanView)),
        ("GET", Some("permissions"), _) => Ok(list(tenant, |_| true)),
        ("POST", Some(word @ ("start" | "stop")), _) => {
            state::set(tenant, (claims, scope), environment, kept, word == "start")
        }
        ("POST", Some("modifyowners"), _) => {
            modify(tenant, request, (claims, scope), (environment, kept), Some(GrantRole::CanEdit))
        }
        ("POST", Some("modifyusers"), Scope::Maker) => {
            modify(tenant, request, (claims, scope), (environment, kept), Some(GrantRole::CanView))
        }
        ("POST", Some("modifypermissions"), _) => modify(tenant, request, (claims, scope), (environment, kept), None),
        _ => Ok(Answer::empty(404).with_header("x-servicefabric", "ResourceNotFound")),
    }
}

fn find(tenant: &Tenant, environment: &str, flow: &str) -> Option<Kept> {
    let of_row = organization(tenant, environment).and_then(|organization| {
        let wanted: Uuid = flow.parse().ok()?;
        // Clients pass either of the two ids of a row (public clients).
        let mut rows = organization.all("workflow").filter(|(_, row)| number(row, "category") == Some(5));
        let (key, _) = rows.find(|(key, row)| *key == wanted || id(row, "workflowidunique") == Some(wanted))?;
        Some(Kept::Row(key))
    });
    let personal = || {
        let flows = tenant.personal_flows.get(environment)?;
        flows.iter().position(|row| row.name == flow).map(Kept::Personal)
    };
    of_row.or_else(personal)
}

fn grants(tenant: &Tenant, environment: &str, kept: Kept) -> Vec<Grant> {
    match kept {
        Kept::Row(key) => {
            organization(tenant, environment).map(|found| sharing::of_row(found, key)).unwrap_or_default()
        }
        Kept::Personal(index) => tenant
            .personal_flows
            .get(environment)
            .and_then(|flows| flows.get(index))
            .map(sharing::of_personal)
            .unwrap_or_default(),
    }
}

/// Says whether the bearer owns or co-owns a flow, alone or through a group.
fn edits(tenant: &Tenant, environment: &str, kept: Kept, claims: &Claims) -> bool {
    let groups = tenant.directory.transitive_groups(claims.oid);
    grants(tenant, environment, kept).iter().any(|grant| {
        grant.role != GrantRole::CanView && (grant.principal == claims.oid || groups.contains(&grant.principal))
    })
}

fn modify(
    tenant: &mut Tenant,
    request: Request<'_>,
    (claims, scope): (&Claims, Scope),
    (environment, kept): (&str, Kept),
    role: Option<GrantRole>,
) -> Result<Answer, Fault> {
    let wishes = sharing::wishes(request.body, role, &tenant.directory)?;
    if matches!(kept, Kept::Row(_)) {
        match tenant.variants.flow_service_shares {
            FlowServiceShares::Rows => may_be_shared(tenant, environment, &wishes)?,
            FlowServiceShares::Nothing => return Ok(Answer::empty(200)),
            FlowServiceShares::Refused => return Err(not_here()),
        }
    }
    let co_owner = tenant.variants.co_owner_mask;
    let owners: Vec<Uuid> = grants(tenant, environment, kept)
        .iter()
        .filter(|grant| grant.role == GrantRole::Owner)
        .map(|grant| grant.principal)
        .collect();
    // What is asked for the owner changes nothing (inferred).
    for Wish { principal, kind, role } in wishes.into_iter().filter(|wish| !owners.contains(&wish.principal)) {
        match kept {
            Kept::Row(key) => {
                let mut all = tenant.organizations.values_mut();
                let Some(organization) = all.find(|organization| organization.environment == environment) else {
                    continue;
                };
                as_whom::begin(organization, (claims, scope), key);
                sharing::set_on_row(organization, &tenant.directory, key, (principal, kind), (role, co_owner))?;
            }
            Kept::Personal(index) => {
                let flows = tenant.personal_flows.get_mut(environment);
                let Some(flow) = flows.and_then(|flows| flows.get_mut(index)) else { continue };
                flow.grants.retain(|grant| grant.principal != principal);
                flow.grants.extend(role.map(|role| Grant { principal, kind, role }));
            }
        }
    }
    Ok(Answer::empty(200))
}

/// Refuses new shares where the managed environment forbids sharing (Learn: limit sharing in Managed Environments); taking
/// away is always possible.
fn may_be_shared(tenant: &Tenant, environment: &str, wishes: &[Wish]) -> Result<(), Fault> {
    let bap = tenant.environments.get(environment);
    let is_forbidden = bap.is_some_and(BapEnvironment::forbids_sharing)
        && tenant.variants.forbidden_sharing == ForbiddenSharing::Refused;
    if is_forbidden && wishes.iter().any(|wish| wish.role.is_some()) { Err(sharing_is_off()) } else { Ok(()) }
}
