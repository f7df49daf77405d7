//! Answers every request: which service it is for, who may call it, and what every answer of it carries.

mod admin;
mod dispatch;
mod disturbance;
mod route;
mod sign_in;
mod web_api;

use super::answer::Answer;
use super::audit;
use super::control;
use super::incoming::Incoming;
use super::shared::{Shared, lock, note};
use super::store::{Before, Record};
use super::tenant::Logged;
use disturbance::disturbed;

/// Answers a request, and keeps what it changed.
pub(super) fn respond(shared: &Shared, incoming: &Incoming<'_>) -> Answer {
    let mut tenant = lock(&shared.tenant);
    if let Some(path) = incoming.path.strip_prefix("/_sandbox/") {
        return control::respond(shared, &mut tenant, incoming, path);
    }
    tenant.requests += 1;
    let before = shared.keeper.is_some().then(|| Before::of(&tenant));
    let answer = disturbed(&mut tenant, incoming, (shared.now)());
    let logged = Logged {
        method: incoming.method.to_owned(),
        host: incoming.host.to_owned(),
        path: incoming.target(),
        status: answer.status,
    };
    tracing::debug!(method = %logged.method, host = %logged.host, path = %logged.path, status = logged.status, "sandbox");
    tenant.log.push(logged);
    let variants = tenant.variants.clone();
    for organization in tenant.organizations.values_mut() {
        if let Some((mark, actor)) = organization.under_way.take() {
            audit::record(organization, mark, actor, &variants);
        }
    }
    // Every organisation is looked at, whichever was asked: tests change others behind powergrant's back.
    let record = before.and_then(|before| Record::since(&before, &tenant));
    let (stale_reads, stale_one_way) = (tenant.variants.stale_reads, tenant.variants.stale_one_way());
    for organization in tenant.organizations.values_mut() {
        organization.settle(stale_reads, stale_one_way);
    }
    record.and_then(|record| note(shared, &tenant, &record)).unwrap_or(answer)
}
