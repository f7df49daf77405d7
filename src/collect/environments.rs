//! Many environments at once, a few at a time, each on its own.
use futures_util::{StreamExt as _, stream};

use super::directory::Directory;
use super::waves::collect;
use crate::compile::desired::Environment;
use crate::inventory::Inventory;
use crate::inventory::scope::Scope;
use crate::tenant::Reader;

/// Environments that are read at the same time when nothing else is said.
pub const AT_A_TIME: usize = 8;

/// One environment that is to be read.
#[derive(Clone, Copy)]
pub struct Job<'a> {
    /// What reads it.
    pub reader: &'a Reader,
    /// The directory of its tenant, shared with the tenant's other environments.
    pub directory: &'a Directory,
    /// The Environment document.
    pub environment: &'a Environment,
    /// What is read of it.
    pub scope: &'a Scope,
}

/// Reads environments, at most so many at a time; the inventories stand in the order of the jobs.
pub async fn collect_all(jobs: &[Job<'_>], at_a_time: usize) -> Vec<Inventory> {
    let reads = jobs.iter().map(|job| collect(job.reader, job.directory, job.environment, job.scope));
    stream::iter(reads).buffered(at_a_time.max(1)).collect().await
}
