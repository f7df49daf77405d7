//! The first line of a snapshot: what the file is, and of whom, when and by whom it was taken.
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::refusal::{self, Fault, Refusal};
use super::version::Version;
use crate::names::{Text, required};
use crate::principal::Principal;

/// What a snapshot says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Header {
    /// The format's version.
    pub powergrant_snapshot: Version,
    /// The version of the powergrant that wrote it.
    pub tool: Text,
    /// Microsoft's cloud.
    pub cloud: Text,
    /// The Entra tenant, if the Environment documents name it.
    #[serde(deserialize_with = "required")]
    pub tenant: Option<Uuid>,
    /// When it was begun.
    pub taken: Timestamp,
    /// The identity that read the first environment, if it could read itself.
    #[serde(deserialize_with = "required")]
    pub caller: Option<Principal>,
    /// Whether people, groups and flows stand under their names.
    pub names: Names,
}

/// Under which names things stand in a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub enum Names {
    /// Their own.
    Plain,
    /// Pseudonyms.
    Pseudonyms {
        /// What every name is hashed with, drawn for this snapshot alone, so that two snapshots cannot be joined.
        salt: Uuid,
    },
}

/// Reads a header; the version is judged before anything else, because everything else depends on it.
pub(super) fn read(text: &str) -> Result<Header, Refusal> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct OnlyVersion {
        powergrant_snapshot: Version,
    }
    let version = match serde_json::from_str::<OnlyVersion>(text) {
        Ok(found) => found.powergrant_snapshot,
        Err(_) => return Err(Refusal::at(1, 1, Fault::NoSnapshot)),
    };
    if version.major != Version::CURRENT.major {
        return Err(Refusal::at(1, 1, Fault::OtherVersion { found: version }));
    }
    refusal::parse(text, 1)
}
