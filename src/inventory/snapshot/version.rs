//! The version of a snapshot's format.
use serde::{Deserialize, Serialize};

/// The version of a snapshot's format: another major version is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Version {
    /// Grows when a reader of the old one would misunderstand.
    pub major: u32,
    /// Grows when something is added.
    pub minor: u32,
}

impl Version {
    /// What this powergrant writes.
    pub const CURRENT: Self = Self { major: 2, minor: 0 };
}
