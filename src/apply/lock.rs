//! One writer per journal: whoever applies holds its lock, so that two runs do not write over each other.
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// The lock of a journal, held until it is dropped or its process ends, however it ends.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "the lock lasts as long as its file is open")] File);

impl Lock {
    /// Takes the lock of a journal.
    ///
    /// It lies in a file of its own beside the journal, because Windows lets nobody read a file that somebody else has locked.
    ///
    /// # Errors
    /// `ResourceBusy` where somebody else holds it, and what the file system says. A file system that has no locks gives
    /// one that keeps nobody out.
    pub fn take(journal: &Path) -> io::Result<Self> {
        if let Some(folder) = journal.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder)?;
        }
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(beside(journal))?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => {
                Err(io::Error::new(io::ErrorKind::ResourceBusy, "another `apply` or `controller` holds it"))
            }
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                tracing::warn!(journal = %journal.display(), "the file system has no locks; see that nobody else applies");
                Ok(Self(file))
            }
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

/// `journal.jsonl.lock` beside `journal.jsonl`.
fn beside(journal: &Path) -> PathBuf {
    let mut name = journal.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journal_has_one_writer_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let journal = folder.path().join("deep/journal.jsonl");
        let held = Lock::take(&journal).unwrap();
        let busy = Lock::take(&journal).unwrap_err();
        assert_eq!(busy.kind(), io::ErrorKind::ResourceBusy);
        assert!(busy.to_string().contains("another `apply` or `controller`"), "{busy}");
        // Another journal is another matter.
        Lock::take(&folder.path().join("other.jsonl")).unwrap();
        drop(held);
        Lock::take(&journal).unwrap();
    }
}
