//! What stands for an application or a person besides a secret, and the services that vouch for it: GitHub Actions, Azure
//! Pipelines, and the endpoints of managed identities.

pub mod certificate;
mod managed;
mod pipelines;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::answer::Answer;
use super::service::Incoming;
use super::tenant::Tenant;

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

/// A service that vouches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Voucher {
    /// GitHub Actions.
    GitHub,
    /// Azure Pipelines.
    Pipelines,
    /// The metadata service of a machine, or the agent of Azure Arc.
    Metadata,
    /// App Service.
    AppService,
}

impl Voucher {
    /// Tells the service by the host, and by the path where the host is the sandbox itself.
    pub(super) fn of(host: &str, path: &str) -> Option<Self> {
        let metadata = "/metadata/identity/oauth2/token";
        if host.ends_with(".actions.githubusercontent.com") || path.starts_with("/_github/") {
            Some(Self::GitHub)
        } else if path.ends_with("/oidctoken") {
            Some(Self::Pipelines)
        } else if path == metadata {
            Some(Self::Metadata)
        } else if path == "/msi/token" {
            Some(Self::AppService)
        } else {
            None
        }
    }

    /// Answers a request.
    pub(super) fn respond(self, tenant: &Tenant, incoming: &Incoming<'_>, now: i64) -> Answer {
        match self {
            Self::GitHub => pipelines::github(tenant, incoming, now),
            Self::Pipelines => pipelines::azure(tenant, incoming, now),
            Self::Metadata => managed::metadata(tenant, incoming, now),
            Self::AppService => managed::app_service(tenant, incoming, now),
        }
    }
}

/// The parameters of a request's query.
fn query(incoming: &Incoming<'_>) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(incoming.query.as_bytes()).into_owned().collect()
}

/// Whether the request carries this bearer token.
fn is_borne_by(incoming: &Incoming<'_>, token: &str) -> bool {
    incoming.headers.get("authorization").and_then(|value| value.strip_prefix("Bearer ")) == Some(token)
}

fn wrong_verb(allowed: &str) -> Answer {
    let text = format!("The requested resource only supports http method '{allowed}'.");
    Answer::json(405, json!({ "Message": text })).with_header("Allow", allowed)
}

fn exchange() -> String {
    "api://AzureADTokenExchange".to_owned()
}
