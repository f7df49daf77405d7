//! Keeps the tenant's state between runs: one JSON file, replaced as a whole.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::tenant::Tenant;

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
    tenant: &'a Tenant,
}

#[derive(Deserialize)]
struct Header {
    version: u32,
}

#[derive(Deserialize)]
struct Read {
    tenant: Tenant,
}

/// Reads the state; nothing when there is no file yet.
pub(super) fn load(path: &Path) -> Result<Option<Tenant>, StoreError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(StoreError::File { path: path.to_owned(), action: "read", source }),
    };
    let damaged = |source| StoreError::Format { path: path.to_owned(), source };
    let Header { version } = serde_json::from_str(&text).map_err(damaged)?;
    if version != VERSION {
        return Err(StoreError::Version { path: path.to_owned(), found: version });
    }
    let Read { tenant } = serde_json::from_str(&text).map_err(damaged)?;
    Ok(Some(tenant))
}

/// Writes the state beside the file and puts it in its place, so that a crash leaves the old or the new one.
pub(super) fn save(path: &Path, tenant: &Tenant) -> Result<(), StoreError> {
    let failed = |source| StoreError::File { path: path.to_owned(), action: "written", source };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let beside = path.with_extension("new");
    let text =
        serde_json::to_vec(&Written { version: VERSION, tenant }).expect("the state has only keys that are texts");
    let mut file = File::create(&beside).map_err(failed)?;
    file.write_all(&text).and_then(|()| file.sync_all()).map_err(failed)?;
    fs::rename(&beside, path).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::seed::{Seed, default_seed, make};

    #[test]
    fn the_state_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/state.json");
        assert!(load(&path).unwrap().is_none());
        let tenant = make(&Seed::parse(default_seed()).unwrap()).unwrap();
        save(&path, &tenant).unwrap();
        assert_eq!(load(&path).unwrap().unwrap(), tenant);
    }

    #[test]
    fn a_file_that_is_not_ours_says_how_to_start_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        for text in ["{", r#"{"version":7,"tenant":{}}"#, r#"{"version":1,"tenant":{}}"#] {
            fs::write(&path, text).unwrap();
            assert!(load(&path).unwrap_err().to_string().contains("--sandbox-reset"), "{text}");
        }
    }
}
