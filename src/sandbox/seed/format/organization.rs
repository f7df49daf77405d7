//! The Dataverse organisation of a seed: business units, tables, roles, users and teams.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::components::{AgentSeed, ConnectionReferenceSeed, EnvironmentVariableSeed, FlowSeed, SolutionSeed};
use super::principal::yes;
use crate::sandbox::rights::Depth;

/// A Dataverse organisation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DataverseSeed {
    /// The address.
    pub url: String,
    /// The unique name; the first part of the host when it is missing.
    #[serde(default)]
    pub unique_name: Option<String>,
    /// The `OrganizationId`.
    #[serde(default)]
    pub organization_id: Option<Uuid>,
    /// Organisation settings, such as `EnableOwnershipAcrossBusinessUnits: true`.
    #[serde(default)]
    pub settings: BTreeMap<String, bool>,
    /// Whether managers reach the rows of those who report to them (hierarchy security, manager hierarchy).
    #[serde(default)]
    pub hierarchy_security: bool,
    /// The name of the root business unit; the unique name when it is missing.
    #[serde(default)]
    pub root_business_unit: Option<String>,
    /// Business units below the root, parents before children.
    #[serde(default)]
    pub business_units: Vec<BusinessUnitSeed>,
    /// Tables of the customer's.
    #[serde(default)]
    pub custom_tables: Vec<CustomTableSeed>,
    /// Privileges besides those of the known tables, by name, with the depths that they allow; nothing means all four.
    #[serde(default)]
    pub privileges: BTreeMap<String, Vec<Depth>>,
    /// Security roles of the customer's.
    #[serde(default)]
    pub roles: Vec<RoleSeed>,
    /// Users and application users.
    #[serde(default)]
    pub users: Vec<MemberSeed>,
    /// Teams of all kinds.
    #[serde(default)]
    pub teams: Vec<TeamSeed>,
    /// Solutions.
    #[serde(default)]
    pub solutions: Vec<SolutionSeed>,
    /// Connection references.
    #[serde(default)]
    pub connection_references: Vec<ConnectionReferenceSeed>,
    /// Environment variables.
    #[serde(default)]
    pub environment_variables: Vec<EnvironmentVariableSeed>,
    /// Cloud flows.
    #[serde(default)]
    pub flows: Vec<FlowSeed>,
    /// Agents.
    #[serde(default)]
    pub agents: Vec<AgentSeed>,
}

/// A business unit below the root.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BusinessUnitSeed {
    /// The name.
    pub name: String,
    /// The unit above; the root when it is missing.
    #[serde(default)]
    pub parent: Option<String>,
}

/// A table of the customer's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CustomTableSeed {
    /// The logical name with its prefix, `contoso_expense`.
    pub logical_name: String,
    /// The name that people see.
    pub display_name: String,
    /// Who owns its rows.
    #[serde(default)]
    pub ownership: TableOwnership,
}

/// Who owns the rows of a customer's table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TableOwnership {
    /// A user or a team.
    #[default]
    User,
    /// The organisation.
    Organization,
}

/// A security role.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RoleSeed {
    /// The name.
    pub name: String,
    /// The id of the root.
    #[serde(default)]
    pub id: Option<Uuid>,
    /// The business unit; the root when it is missing.
    #[serde(default)]
    pub unit: Option<String>,
    /// Whether members of teams inherit it (`isinherited` 1).
    #[serde(default = "yes")]
    pub inherited: bool,
    /// Whether a managed solution brought it.
    #[serde(default)]
    pub managed: bool,
    /// Whether it may be edited; what is managed may not unless this says so.
    #[serde(default)]
    pub customizable: Option<bool>,
    /// The description.
    #[serde(default)]
    pub description: Option<String>,
    /// Privileges by name, besides the nine of every new role.
    #[serde(default)]
    pub privileges: BTreeMap<String, Depth>,
}

/// A user or application user of an environment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MemberSeed {
    /// The user principal name.
    #[serde(default)]
    pub user: Option<String>,
    /// The name of the service principal.
    #[serde(default)]
    pub application: Option<String>,
    /// Roles, by name.
    #[serde(default)]
    pub roles: Vec<String>,
    /// The business unit; the root when it is missing.
    #[serde(default)]
    pub unit: Option<String>,
    /// Whether the user is disabled in Dataverse.
    #[serde(default)]
    pub disabled: bool,
    /// The user principal name of the manager, who stands before in the list.
    #[serde(default)]
    pub manager: Option<String>,
}

/// A team.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TeamSeed {
    /// The name; the group's when it is missing.
    #[serde(default)]
    pub name: Option<String>,
    /// The Entra group of a group team.
    #[serde(default)]
    pub group: Option<String>,
    /// The membership type of a group team.
    #[serde(default)]
    pub membership: Membership,
    /// Whether a group team's present members are in it already.
    #[serde(default)]
    pub synced: bool,
    /// The members of an owner team, by user principal name.
    #[serde(default)]
    pub members: Vec<String>,
    /// Roles, by name.
    #[serde(default)]
    pub roles: Vec<String>,
    /// The business unit; the root when it is missing.
    #[serde(default)]
    pub unit: Option<String>,
}

/// The membership type of a group team.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Membership {
    /// 0.
    #[default]
    MembersAndGuests,
    /// 1.
    Members,
    /// 2.
    Owners,
    /// 3.
    Guests,
}

impl Membership {
    /// Returns the number of the column `membershiptype`.
    pub const fn number(self) -> i64 {
        match self {
            Self::MembersAndGuests => 0,
            Self::Members => 1,
            Self::Owners => 2,
            Self::Guests => 3,
        }
    }
}
