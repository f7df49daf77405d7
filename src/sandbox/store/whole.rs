//! The whole state as one JSON file, replaced at once.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::failed;
use crate::sandbox::tenant::Tenant;

/// The version of the file's format; another one is not read.
const VERSION: u32 = 1;

/// Why the state could not be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file cannot be opened or written.
    #[error("the sandbox's state `{}` cannot be {action}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// `read` or `written`.
        action: &'static str,
        /// Why.
        source: io::Error,
    },
    /// The file is damaged or of another version.
    #[error("the sandbox's state `{}` cannot be understood; `--sandbox-reset` starts over", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// A journal speaks of what is not in the file beside it.
    #[error("the sandbox's journal `{}` is of another state; `--sandbox-reset` starts over", path.display())]
    Foreign {
        /// The journal.
        path: PathBuf,
    },
    /// The file was written by another version.
    #[error("the sandbox's state `{}` has version {found}, this is version {VERSION}; `--sandbox-reset` starts over", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// The version of the file.
        found: u32,
    },
}

#[derive(Serialize)]
struct Written<'a> {
    version: u32,
    generation: u64,
    tenant: &'a Tenant,
}

#[derive(Deserialize)]
struct Header {
    version: u32,
}

#[derive(Deserialize)]
struct Read {
    version: u32,
    #[serde(default)]
    generation: u64,
    tenant: Tenant,
}

/// What was read.
pub(super) struct Whole {
    /// Counts how often the file was replaced.
    pub(super) generation: u64,
    /// The state.
    pub(super) tenant: Tenant,
    /// The size of the file in bytes.
    pub(super) size: u64,
}

/// Reads the state; nothing when there is no file yet.
pub(super) fn load(path: &Path) -> Result<Option<Whole>, StoreError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(StoreError::File { path: path.to_owned(), action: "read", source }),
    };
    // What another version means by the rest is not known, so its number is the better reason.
    let of_version = |found| StoreError::Version { path: path.to_owned(), found };
    match serde_json::from_str(&text) {
        Ok(Read { version: VERSION, generation, tenant }) => {
            Ok(Some(Whole { generation, tenant, size: text.len() as u64 }))
        }
        Ok(Read { version, .. }) => Err(of_version(version)),
        Err(source) => match serde_json::from_str(&text) {
            Ok(Header { version }) if version != VERSION => Err(of_version(version)),
            Ok(_) | Err(_) => Err(StoreError::Format { path: path.to_owned(), source }),
        },
    }
}

/// Writes the state beside the file and puts it in its place, so that a crash leaves the old or the new one; returns its size.
pub(super) fn save(path: &Path, generation: u64, tenant: &Tenant) -> Result<u64, StoreError> {
    let failed = |source| failed(path, source);
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let beside = path.with_extension("new");
    let written = Written { version: VERSION, generation, tenant };
    let text = serde_json::to_vec(&written).expect("the state has only keys that are texts");
    let mut file = File::create(&beside).map_err(failed)?;
    file.write_all(&text).and_then(|()| file.sync_all()).map_err(failed)?;
    fs::rename(&beside, path).map_err(failed)?;
    Ok(text.len() as u64)
}
