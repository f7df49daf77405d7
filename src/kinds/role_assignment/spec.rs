//! What a `RoleAssignment` document says.
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::kinds::principals::Member;
use crate::kinds::security_role::spec::RoleName;
use crate::ledger::Extent;
use crate::names::EnvironmentRole;

/// Who holds a security role, or an administrative role of an environment without Dataverse.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(rename = "RoleAssignmentSpec")]
pub struct Spec {
    /// The security role; this or `environmentRole`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<RoleName>,
    /// The administrative role of an environment without Dataverse; this or `role`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment_role: Option<EnvironmentRole>,
    /// The business unit whose copy of the role is assigned, where it is not the principal's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub business_unit: Option<String>,
    /// What happens to principals that are not named: `named` leaves them alone, `exact` revokes them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extent: Option<Extent>,
    /// Lets an exact list name nobody.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_empty: bool,
    /// Who holds the role.
    pub members: Vec<Member>,
}
