//! Open questions about who holds what, who is where, and who sees whom.
use serde::{Deserialize, Serialize};

/// See [`super::Variants::duplicate_association`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DuplicateAssociation {
    /// `0x80040237`, "Cannot insert duplicate key" (public clients match it).
    #[default]
    Refused,
    /// 204, as if it had been made (mocks of a public client).
    Accepted,
}

/// See [`super::Variants::absent_association`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AbsentAssociation {
    /// 404 with `0x80040217`.
    #[default]
    NotFound,
    /// 204, as if it had been removed.
    Accepted,
}

/// See [`super::Variants::group_members`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum GroupMembers {
    /// Each access brings somebody into the teams of his groups and out of those that he left (Learn: manage group teams).
    #[default]
    AtAccess,
    /// Only the first access and a sync do; what changes later shows when a cache ends (same page: "or after 8 hours").
    AfterCache,
}

/// See [`super::Variants::user_by_id`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum UserById {
    /// The row (Learn: retrieve a record).
    #[default]
    Shown,
    /// 403 `0x80072560`, "not a member of the organization", to an application (field notes of a public client).
    NotAMember,
}
