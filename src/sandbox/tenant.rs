//! Everything that the sandbox remembers: directory, organisations, variants, and what was asked of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::directory::Directory;
use super::faults::Faults;
use super::organization::Organization;
use super::token::Issuer;
use super::variants::Variants;

/// The embedded tenant. What is skipped by serialisation is not part of the tenant's state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tenant {
    /// The tenant's token service, which knows the tenant's id.
    pub issuer: Issuer,
    /// How powergrant signs in.
    pub credentials: Credentials,
    /// People, groups, service principals.
    pub directory: Directory,
    /// Dataverse organisations by the display name of their environment.
    pub organizations: BTreeMap<String, Organization>,
    /// Answers to open questions.
    pub variants: Variants,
    /// Refusals and disturbances that are scheduled.
    #[serde(skip)]
    pub faults: Faults,
    /// What was asked, without bodies and tokens.
    #[serde(skip)]
    pub log: Vec<Logged>,
}

/// What powergrant presents to the token service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credentials {
    /// The tenant's id.
    pub tenant: Uuid,
    /// The application id, or `user:` and a user principal name.
    pub client: String,
    /// The client secret; empty for users.
    pub secret: String,
}

/// A request that was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Logged {
    /// The HTTP method.
    pub method: String,
    /// The host that was asked.
    pub host: String,
    /// The path and query.
    pub path: String,
    /// The status of the answer.
    pub status: u16,
}

impl Tenant {
    /// Returns the organisation of an environment.
    pub fn organization(&self, environment: &str) -> Option<&Organization> {
        self.organizations.get(environment)
    }

    /// Returns the organisation of an environment, to be changed.
    pub fn organization_mut(&mut self, environment: &str) -> Option<&mut Organization> {
        self.organizations.get_mut(environment)
    }

    /// Returns a digest of the state: equal before and after what only reads.
    pub fn fingerprint(&self) -> String {
        let text = serde_json::to_string(self).expect("the state has only keys that are texts");
        Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
