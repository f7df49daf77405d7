//! What changed since the whole was written: a line of JSON for each request that changed something.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::record::Record;
use super::whole::StoreError;
use crate::sandbox::tenant::Tenant;

/// The first line: which whole the others go on from.
#[derive(Serialize, Deserialize)]
struct Header {
    generation: u64,
}

/// The journal beside a file.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    /// How much of the file counts, in bytes: none of one that belongs to another whole.
    size: u64,
    file: Option<File>,
}

impl Journal {
    /// The journal of a file, of which nothing counts.
    pub(super) fn beside(path: &Path) -> Self {
        Self { path: path.with_extension("journal"), size: 0, file: None }
    }

    /// Does again what stands in the journal of a file, and goes on from there.
    pub(super) fn replay(path: &Path, generation: u64, tenant: &mut Tenant) -> Result<Self, StoreError> {
        let mut journal = Self::beside(path);
        let text = match fs::read(&journal.path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(journal),
            Err(source) => return Err(StoreError::File { path: journal.path, action: "read", source }),
        };
        // Who was killed while writing the last line gave no answer yet.
        let mut lines = text.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n"));
        let Some(first) = lines.next() else { return Ok(journal) };
        let damaged = |source| StoreError::Format { path: path.with_extension("journal"), source };
        let header: Header = serde_json::from_slice(first).map_err(damaged)?;
        if header.generation != generation {
            return Ok(journal);
        }
        journal.size = first.len() as u64;
        for line in lines {
            let record: Record = serde_json::from_slice(line).map_err(damaged)?;
            if !record.redo(tenant) {
                return Err(StoreError::Foreign { path: journal.path });
            }
            journal.size += line.len() as u64;
        }
        Ok(journal)
    }

    /// How much of it counts, in bytes.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Writes a record behind the others. It is not forced onto the disk: a process may be killed, but after a power failure
    /// the last requests may be missing.
    pub(super) fn append(&mut self, generation: u64, record: &Record) -> io::Result<()> {
        let mut text = Vec::new();
        if self.size == 0 {
            line(&mut text, &Header { generation });
        }
        line(&mut text, record);
        let file = if let Some(file) = &mut self.file {
            file
        } else {
            let file = OpenOptions::new().create(true).append(true).open(&self.path)?;
            file.set_len(self.size)?;
            self.file.insert(file)
        };
        file.write_all(&text)?;
        self.size += text.len() as u64;
        Ok(())
    }

    /// Removes the file; nothing of it counts any more.
    pub(super) fn remove(&mut self) -> io::Result<()> {
        (self.file, self.size) = (None, 0);
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

fn line(text: &mut Vec<u8>, value: &impl Serialize) {
    serde_json::to_writer(&mut *text, value).expect("a record has only keys that are texts");
    text.push(b'\n');
}
