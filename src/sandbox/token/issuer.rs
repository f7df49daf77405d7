//! The token service as a value.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Before the user principal name in a `client_id`, this signs in as that user, without a secret. Entra has no such thing: it
/// lets tests call as anybody.
pub const USER_LOGIN: &str = "user:";

/// The tenant's token service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Issuer {
    /// The tenant's id.
    pub tenant: Uuid,
    /// Domain names that stand for the tenant in addresses.
    #[serde(default)]
    pub domains: BTreeSet<String>,
    /// The key that tokens are signed with.
    pub key: String,
}

impl Issuer {
    /// Says whether the tenant in an address is this one.
    pub(super) fn is_named(&self, tenant: &str) -> bool {
        tenant.parse() == Ok(self.tenant) || self.domains.contains(&tenant.to_lowercase())
    }
}
