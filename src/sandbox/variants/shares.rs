//! Open questions about shares.
use serde::{Deserialize, Serialize};

use crate::sandbox::rights::EVERY_RIGHT;

/// See [`super::Variants::grant_over_existing_share`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum GrantOverExisting {
    /// The rights are added to those held.
    #[default]
    Merge,
    /// The rights replace those held.
    Replace,
    /// The request fails (one emulator throws).
    Error,
}

/// See [`super::Variants::grant_without_privilege`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum GrantWithoutPrivilege {
    /// The share is stored and gives nothing (Learn: a share cannot give what no role gives).
    #[default]
    Stored,
    /// 403 `0x80042f09` or `0x80042f0a`.
    Refused,
}

/// See [`super::Variants::revoked_share`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RevokedShare {
    /// The row is gone.
    #[default]
    Gone,
    /// The row stays with mask 0 until it is cleaned up (field notes).
    MaskZero,
}

/// See [`super::Variants::share_rows`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ShareRows {
    /// The principal's row (inferred).
    #[default]
    Principal,
    /// Only holders of System Administrator see shares.
    Administrator,
}

/// See [`super::Variants::forbidden_sharing`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ForbiddenSharing {
    /// 403 (Learn: managed environment sharing limits).
    #[default]
    Refused,
    /// The service does not look at it for this route.
    Ignored,
}

/// See [`super::Variants::co_owner_mask`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CoOwnerMask {
    /// All eight rights, 852023 (field notes of a production organisation).
    #[default]
    EveryRight,
    /// 786487, which is what an editor of an agent is given (recorded: `RetrieveSharedPrincipalsAndAccess` of a bot).
    AllButDelete,
}

impl CoOwnerMask {
    /// Returns the rights.
    pub const fn mask(self) -> u32 {
        match self {
            Self::EveryRight => EVERY_RIGHT,
            Self::AllButDelete => 786_487,
        }
    }
}

/// See [`super::Variants::flow_service_shares`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FlowServiceShares {
    /// The row is shared (inferred: sharing of such a flow is sharing of its record).
    #[default]
    Rows,
    /// It is answered with 200, and nothing shows in Dataverse (open: nobody published what it does to the row).
    Nothing,
    /// 403: permissions of flows in solutions cannot be edited there (issues of the Center of Excellence kit).
    Refused,
}
