//! What a document of `drift` says of one difference: where it comes from, and who made it when.
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One difference and where it comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SavedDrift {
    /// Where it comes from.
    pub origin: Origin,
    /// The environment's name.
    pub environment: String,
    /// The ledger.
    pub ledger: String,
    /// What is spoken of.
    pub subject: String,
    /// What it has.
    pub entry: String,
    /// Where it comes from, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Who changed it last, where the audit log says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Who acted as that principal, if another did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub called_by: Option<String>,
    /// When, as `2026-05-13T22:06:27Z`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}

/// Where a difference comes from, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Origin {
    /// The tenant was changed outside Git.
    ChangedOutside,
    /// The manifests were not applied yet.
    NotYetApplied,
    /// The journal does not say which of the two it is.
    Unknown,
    /// It is not writable here.
    Blocked,
    /// It could not be read.
    Unread,
    /// It is granted, and no manifest names it.
    Unmanaged,
}
