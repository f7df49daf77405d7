//! The tenant of a seed: its directory and its environments.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::organization::DataverseSeed;
use super::principal::{Principal, yes};
use crate::sandbox::identity::Federated;
use crate::sandbox::seed::error::SeedError;
use crate::sandbox::variants::Variants;

/// A tenant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Seed {
    /// The tenant's id and domain.
    pub tenant: TenantSeed,
    /// How powergrant signs in.
    pub caller: Caller,
    /// The service principal that is the managed identity of this machine.
    #[serde(default)]
    pub machine: Option<String>,
    /// The user principal name of whoever enters codes for devices.
    #[serde(default)]
    pub person: Option<String>,
    /// The user principal names of those who administer Power Platform; the caller does so anyway.
    #[serde(default)]
    pub administrators: Vec<String>,
    /// People, groups and service principals.
    pub directory: DirectorySeed,
    /// Environments, with and without Dataverse.
    pub environments: Vec<EnvironmentSeed>,
    /// Answers to open questions, where they differ from the default.
    #[serde(default)]
    pub variants: Variants,
}

/// The tenant itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TenantSeed {
    /// The tenant's id.
    pub id: Uuid,
    /// A domain of the tenant.
    pub domain: String,
}

/// Who powergrant signs in as.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Caller {
    /// The service principal of that name.
    Application(String),
    /// The user of that user principal name.
    User(String),
}

/// The directory.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct DirectorySeed {
    /// People.
    pub users: Vec<UserSeed>,
    /// Groups.
    pub groups: Vec<GroupSeed>,
    /// Service principals.
    pub service_principals: Vec<ServicePrincipalSeed>,
    /// Who may read through Graph: user principal names and names of service principals; nothing means everybody.
    pub graph_readers: Option<Vec<String>>,
}

/// A user of the directory.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UserSeed {
    /// The name that people see.
    pub name: String,
    /// The user principal name.
    pub upn: String,
    /// The object id.
    #[serde(default)]
    pub id: Option<Uuid>,
    /// Whether the account can sign in.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Whether the user was invited from elsewhere.
    #[serde(default)]
    pub guest: bool,
    /// Service plans of the user's licences.
    #[serde(default)]
    pub plans: Vec<String>,
}

/// A group of the directory.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GroupSeed {
    /// The name that people see.
    pub name: String,
    /// The object id.
    #[serde(default)]
    pub id: Option<Uuid>,
    /// Whether it can be given access.
    #[serde(default = "yes")]
    pub security: bool,
    /// User principal names, and names of groups and service principals.
    #[serde(default)]
    pub members: Vec<String>,
    /// User principal names.
    #[serde(default)]
    pub owners: Vec<String>,
}

/// A service principal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServicePrincipalSeed {
    /// The name that people see.
    pub name: String,
    /// The application id.
    pub app_id: Uuid,
    /// The object id.
    #[serde(default)]
    pub id: Option<Uuid>,
    /// The client secret.
    #[serde(default = "secret")]
    pub secret: String,
    /// A certificate in PEM, whose key is as good as the secret.
    #[serde(default)]
    pub certificate: Option<String>,
    /// Tokens of others that are as good.
    #[serde(default)]
    pub federated: Vec<Federated>,
}

/// An environment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EnvironmentSeed {
    /// The display name.
    pub name: String,
    /// The name in the admin API: a GUID, or `Default-` and a GUID.
    #[serde(default)]
    pub id: Option<String>,
    /// `Production`, `Sandbox`, `Developer` or `Default`.
    #[serde(default = "production")]
    pub sku: String,
    /// Whether it is a managed environment.
    #[serde(default)]
    pub managed: bool,
    /// Whether the managed environment lets people share solution flows.
    #[serde(default = "yes")]
    pub flow_sharing: bool,
    /// The group whose members alone may be in it.
    #[serde(default)]
    pub security_group: Option<String>,
    /// Its Dataverse organisation, if it has one.
    #[serde(default)]
    pub dataverse: Option<DataverseSeed>,
    /// Who is Environment Admin or Maker, in an environment without Dataverse.
    #[serde(default)]
    pub role_assignments: Vec<RoleAssignmentSeed>,
    /// Flows that exist only outside Dataverse, by display name and owner.
    #[serde(default)]
    pub personal_flows: Vec<PersonalFlowSeed>,
}

/// An environment role.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoleAssignmentSeed {
    /// `EnvironmentAdmin` or `EnvironmentMaker`.
    pub role: String,
    /// Who holds it.
    #[serde(flatten)]
    pub principal: Principal,
}

/// A flow outside Dataverse.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PersonalFlowSeed {
    /// The display name.
    pub name: String,
    /// The user principal name of its owner.
    pub owner: String,
}

fn secret() -> String {
    "sandbox".to_owned()
}

fn production() -> String {
    "Production".to_owned()
}

impl Seed {
    /// Reads a seed.
    pub fn parse(yaml: &str) -> Result<Self, SeedError> {
        serde_yaml::from_str(yaml).map_err(|error| SeedError::Format(error.to_string()))
    }
}
