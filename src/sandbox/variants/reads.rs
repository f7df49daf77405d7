//! Open questions about what reads see.
use serde::{Deserialize, Serialize};

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
