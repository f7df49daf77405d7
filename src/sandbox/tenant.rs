//! Everything that the sandbox remembers: directory, organisations, variants, and what was asked of it.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::bap::BapEnvironment;
use super::directory::Directory;
use super::faults::Faults;
use super::flow_service::row::FlowRow;
use super::identity::Identities;
use super::organization::Organization;
use super::provider::Access;
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
    /// Who is trusted for what besides secrets.
    #[serde(default)]
    pub identities: Identities,
    /// Dataverse organisations by the display name of their environment.
    pub organizations: BTreeMap<String, Organization>,
    /// Environments by their name in the admin API.
    pub environments: BTreeMap<String, BapEnvironment>,
    /// Who may use the admin API.
    pub access: Access,
    /// Flows outside Dataverse, by the environment's name in the admin API.
    pub personal_flows: BTreeMap<String, Vec<FlowRow>>,
    /// Answers to open questions.
    pub variants: Variants,
    /// Refusals and disturbances that are scheduled.
    #[serde(skip)]
    pub faults: Faults,
    /// What was asked, without bodies and tokens.
    #[serde(skip)]
    pub log: Vec<Logged>,
    /// How many requests were answered.
    #[serde(skip)]
    pub(super) requests: u64,
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

    /// Says whether the managed environment of an organisation forbids sharing flows.
    pub(super) fn is_sharing_forbidden(&self, environment: &str) -> bool {
        self.organizations
            .get(environment)
            .and_then(|organization| self.environments.get(&organization.environment))
            .is_some_and(BapEnvironment::forbids_sharing)
    }

    /// Returns a digest of the state: equal before and after what only reads.
    pub fn fingerprint(&self) -> String {
        let text = serde_json::to_string(self).expect("the state has only keys that are texts");
        URL_SAFE_NO_PAD.encode(Sha256::digest(text))
    }
}
