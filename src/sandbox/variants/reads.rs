//! Open questions about what reads see.
use serde::{Deserialize, Serialize};

use super::Variants;

/// See [`Variants::stale_way`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum StaleWay {
    /// Neither: both show a write at once (Learn: `Consistency: Strong` reads past the caches).
    #[default]
    Neither,
    /// The sets of rows: `roleprivilegescollection`, `principalobjectaccessset`.
    Sets,
    /// The functions: `RetrieveRolePrivilegesRole`, `RetrieveSharedPrincipalsAndAccess`.
    Functions,
}

impl Variants {
    /// For how many reads one of two ways is stale.
    pub fn stale_one_way(&self) -> u32 {
        match self.stale_way {
            StaleWay::Neither => 0,
            StaleWay::Sets | StaleWay::Functions => self.stale_reads.max(2),
        }
    }
}
