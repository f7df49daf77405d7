//! Keeps the tenant's state between runs: the whole in one file of JSON, and what changed since then in a journal beside it.
//!
//! A request that changed something is answered when its record stands in the journal, so that a process that is killed loses
//! nothing that a client knows of. The journal becomes part of the whole when the sandbox stops, and when it has grown as large.
//! Both carry a generation: a journal that the whole has taken in already is of an older one, and is passed over.

mod journal;
mod record;
#[cfg(test)]
mod tests;
mod whole;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::tenant::Tenant;
use journal::Journal;
pub(super) use record::{Before, Record, Written};
pub use whole::StoreError;
use whole::Whole;

/// A journal that is smaller is not worth the writing of everything.
const SMALL: u64 = 1024 * 1024;

/// Keeps the state in files.
#[derive(Debug)]
pub(super) struct Keeper {
    path: PathBuf,
    kept: Mutex<Kept>,
}

/// What stands in the files.
#[derive(Debug)]
struct Kept {
    generation: u64,
    /// How large the whole is, in bytes.
    size: u64,
    journal: Journal,
    /// Whether a record is missing in the journal, because writing it failed.
    has_gap: bool,
}

impl Keeper {
    /// Reads what is kept; nothing when there is no file yet.
    pub(super) fn load(path: &Path) -> Result<Option<(Self, Tenant)>, StoreError> {
        let Some(Whole { generation, mut tenant, size }) = whole::load(path)? else { return Ok(None) };
        let journal = Journal::replay(path, generation, &mut tenant)?;
        let kept = Kept { generation, size, journal, has_gap: false };
        Ok(Some((Self { path: path.to_owned(), kept: Mutex::new(kept) }, tenant)))
    }

    /// Begins with a tenant; what was kept before is thrown away.
    pub(super) fn begin(path: &Path, tenant: &Tenant) -> Result<Self, StoreError> {
        let mut journal = Journal::beside(path);
        // First, so that no journal is ever beside a whole that it does not belong to.
        journal.remove().map_err(|source| failed(path, source))?;
        let size = whole::save(path, 0, tenant)?;
        let kept = Kept { generation: 0, size, journal, has_gap: false };
        Ok(Self { path: path.to_owned(), kept: Mutex::new(kept) })
    }

    /// Keeps what a request changed; the tenant is as it is after that.
    pub(super) fn note(&self, record: &Record, tenant: &Tenant) -> Result<(), StoreError> {
        let mut kept = self.kept();
        if kept.has_gap || kept.journal.size() > kept.size.max(SMALL) {
            return self.renew(&mut kept, tenant);
        }
        let generation = kept.generation;
        kept.journal.append(generation, record).map_err(|source| {
            kept.has_gap = true;
            failed(&self.path, source)
        })
    }

    /// Keeps everything anew.
    pub(super) fn save(&self, tenant: &Tenant) -> Result<(), StoreError> {
        self.renew(&mut self.kept(), tenant)
    }

    /// Takes the journal into the whole, when there is one.
    pub(super) fn settle(&self, tenant: &Tenant) -> Result<(), StoreError> {
        let mut kept = self.kept();
        if kept.has_gap || kept.journal.size() > 0 { self.renew(&mut kept, tenant) } else { Ok(()) }
    }

    fn renew(&self, kept: &mut Kept, tenant: &Tenant) -> Result<(), StoreError> {
        kept.size = whole::save(&self.path, kept.generation + 1, tenant)?;
        kept.generation += 1;
        kept.has_gap = false;
        kept.journal.remove().map_err(|source| failed(&self.path, source))
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn failed(path: &Path, source: io::Error) -> StoreError {
    StoreError::File { path: path.to_owned(), action: "written", source }
}
