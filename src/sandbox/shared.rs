//! What all requests share: the tenant, and the file that keeps it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::answer::Answer;
use super::fault::Fault;
use super::hold::Holds;
use super::seed::Seed;
use super::store::{Keeper, Record, StoreError};
use super::tenant::Tenant;

/// What all requests share.
pub(super) struct Shared {
    pub tenant: Arc<Mutex<Tenant>>,
    pub holds: Holds,
    /// What keeps the state in files; nothing keeps it in memory.
    pub keeper: Option<Arc<Keeper>>,
    pub seed: Seed,
    pub now: fn() -> i64,
}

/// Locks the tenant; a request that panicked has been taken back by nobody, but the next one may still look.
pub(super) fn lock(tenant: &Mutex<Tenant>) -> MutexGuard<'_, Tenant> {
    tenant.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps what a request changed; an answer only when that failed.
pub(super) fn note(shared: &Shared, tenant: &Tenant, record: &Record) -> Option<Answer> {
    refusal(shared.keeper.as_ref()?.note(record, tenant))
}

/// Keeps the whole state; an answer only when that failed.
pub(super) fn keep(shared: &Shared, tenant: &Tenant) -> Option<Answer> {
    refusal(shared.keeper.as_ref()?.save(tenant))
}

fn refusal(kept: Result<(), StoreError>) -> Option<Answer> {
    let error = kept.err()?;
    tracing::error!(%error, "the sandbox's state was not kept");
    Some(Fault::new(500, "SandboxStateNotKept", error.to_string()).into())
}
