//! What stands for an application or a person besides a secret, and the services that vouch for it: GitHub Actions, Azure
//! Pipelines, and the endpoints of managed identities.

pub mod certificate;
mod managed;
mod pipelines;
#[cfg(test)]
mod tests;
pub(super) mod voucher;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::answer::Answer;

/// What a job, an app or a machine presents to the service that vouches for it; the surroundings set it in real life.
pub const JOB_TOKEN: &str = "sandbox-job";

/// Who is trusted for what.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Identities {
    /// Certificates of applications, in PEM, by application id.
    pub certificates: BTreeMap<Uuid, BTreeSet<String>>,
    /// Tokens of others that applications trust, by application id.
    pub federated: BTreeMap<Uuid, BTreeSet<Federated>>,
    /// The application that is the managed identity of this machine.
    pub machine: Option<Uuid>,
    /// Who enters codes on the page for devices.
    pub person: Option<Uuid>,
    /// Sign-ins with a code that have begun.
    #[serde(skip)]
    pub codes: BTreeMap<String, Code>,
    /// What the agent of Azure Arc leaves in a file.
    #[serde(skip)]
    pub proof: Option<Proof>,
}

/// A federated credential: all three have to be the same as in the other token (Learn: workload identity federation).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Federated {
    /// Who issues the token.
    pub issuer: String,
    /// For what it stands.
    pub subject: String,
    /// Whom it is for.
    #[serde(default = "exchange")]
    pub audience: String,
}

/// A sign-in with a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// What was asked for.
    pub scope: String,
    /// The application that asked.
    pub client: String,
    /// How often the device asked for its token already.
    pub polls: u32,
}

/// A file that proves who reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// Its path.
    pub path: String,
    /// What is in it.
    pub text: String,
}

fn wrong_verb(allowed: &str) -> Answer {
    let text = format!("The requested resource only supports http method '{allowed}'.");
    Answer::json(405, json!({ "Message": text })).with_header("Allow", allowed)
}

fn exchange() -> String {
    "api://AzureADTokenExchange".to_owned()
}
