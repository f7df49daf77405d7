//! What all requests share: the tenant, and the file that keeps it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::answer::Answer;
use super::fault::Fault;
use super::hold::Holds;
use super::seed::Seed;
use super::store;
use super::tenant::Tenant;

/// What all requests share.
pub(super) struct Shared {
    pub tenant: Arc<Mutex<Tenant>>,
    pub holds: Holds,
    pub state: Option<PathBuf>,
    pub seed: Seed,
    pub now: fn() -> i64,
}

/// Locks the tenant; a request that panicked has been taken back by nobody, but the next one may still look.
pub(super) fn lock(tenant: &Mutex<Tenant>) -> MutexGuard<'_, Tenant> {
    tenant.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes the state to its file; an answer only when that failed.
pub(super) fn keep(shared: &Shared, tenant: &Tenant, is_changed: bool) -> Option<Answer> {
    let path = shared.state.as_ref().filter(|_| is_changed)?;
    let error = store::save(path, tenant).err()?;
    tracing::error!(%error, "the sandbox's state was not kept");
    Some(Fault::new(500, "SandboxStateNotKept", error.to_string()).into())
}
