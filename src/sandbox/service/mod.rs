//! Answers every request: which service it is for, who may call it, and what every answer of it carries.

mod admin;
mod dispatch;
mod disturbance;
mod route;
mod sign_in;
mod web_api;

use super::answer::Answer;
use super::control;
use super::incoming::Incoming;
use super::shared::{Shared, keep, lock};
use super::tenant::Logged;
use disturbance::disturbed;

/// Answers a request, and keeps what it changed.
pub(super) fn respond(shared: &Shared, incoming: &Incoming<'_>) -> Answer {
    let mut tenant = lock(&shared.tenant);
    if let Some(path) = incoming.path.strip_prefix("/_sandbox/") {
        return control::respond(shared, &mut tenant, incoming, path);
    }
    tenant.requests += 1;
    let before = (tenant.environments.clone(), tenant.personal_flows.clone());
    let answer = disturbed(&mut tenant, incoming, (shared.now)());
    let logged = Logged {
        method: incoming.method.to_owned(),
        host: incoming.host.to_owned(),
        path: incoming.target(),
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
