//! What stands around every spec: `apiVersion`, `kind`, `metadata`, `state` and `environments`.
use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::compile::desired::State;
use crate::kinds::principals::is_present;

/// The one version of the manifests' format that there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ApiVersion {
    /// The first one; it may change until it is `v1`.
    #[default]
    #[serde(rename = "powergrant.dev/v1alpha1")]
    V1Alpha1,
}

impl ApiVersion {
    /// What manifests write.
    pub const TEXT: &str = "powergrant.dev/v1alpha1";
}

/// What a document is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Kind {
    /// An environment and what differs in it.
    Environment,
    /// A security role and its privileges.
    SecurityRole,
    /// Who holds a role.
    RoleAssignment,
    /// A flow: connections, run-only users, owners.
    Flow,
    /// Rules that manifests have to keep.
    Policy,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Environment, Self::SecurityRole, Self::RoleAssignment, Self::Flow, Self::Policy];

    /// What manifests write.
    pub fn word(self) -> &'static str {
        match self {
            Self::Environment => "Environment",
            Self::SecurityRole => "SecurityRole",
            Self::RoleAssignment => "RoleAssignment",
            Self::Flow => "Flow",
            Self::Policy => "Policy",
        }
    }

    /// Finds a kind by what manifests write.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.word())
    }
}

/// A document for some of the environments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Manifest<S> {
    /// The version of the format.
    pub api_version: ApiVersion,
    /// What the document is about.
    pub kind: Kind,
    /// What the document is called.
    pub metadata: Metadata,
    /// `absent` removes what the document names.
    #[serde(default, skip_serializing_if = "is_present")]
    pub state: State,
    /// The environments that the document is for: their names, or labels that they must have.
    pub environments: Addressees,
    /// What is wanted.
    pub spec: S,
}

/// An Environment document, which is for no other environments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct EnvironmentManifest<S> {
    /// The version of the format.
    pub api_version: ApiVersion,
    /// What the document is about.
    pub kind: Kind,
    /// What the environment is called in the manifests.
    pub metadata: Metadata,
    /// How the environment is reached, and what differs in it.
    pub spec: S,
}

/// What a document is called.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Metadata {
    /// Its name, unique among documents of its kind.
    #[schemars(length(min = 1))]
    pub name: String,
    /// Labels; those of an Environment document are what `selector` looks at.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

/// The environments that a document is for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Addressees {
    /// Names of Environment documents.
    Names(Vec<String>),
    /// Environments by their labels.
    Selector(Selector),
}

/// Environments by their labels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Selector {
    /// Labels that an Environment document must have, all of them.
    pub selector: BTreeMap<String, String>,
}
