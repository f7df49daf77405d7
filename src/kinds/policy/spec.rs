//! What a Policy document says.
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::risk::Risk;
use crate::kinds::principals::{Principal, date};

/// Rules that the manifests of some environments have to keep, and how changes there are graded.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
#[schemars(rename = "PolicySpec")]
pub struct Spec {
    /// The rules that are switched on, and how much breaking one matters.
    pub rules: Rules,
    /// Groups that stand for everyone, such as All Employees.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub everyone: Vec<Principal>,
    /// Who may break a rule, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exceptions: Vec<Exception>,
    /// How changes are graded.
    #[serde(skip_serializing_if = "is_default")]
    pub risk: Risk,
}

/// The rules; one that is left out is off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Rules {
    /// Roles and flows are given to groups and teams, never to a person or an application by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups_only: Option<Weight>,
    /// Administrators' roles are not given to a person by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_direct_admins: Option<Weight>,
    /// No guest, and no group whose guests count too, co-owns a flow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_guest_owners: Option<Weight>,
    /// A flow that lends a connection is not given to a group that stands for everyone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_shared_connection_for_everyone: Option<Weight>,
    /// Whoever is named by name, and whoever gets an administrator's role, gets it until a day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiry_required: Option<Weight>,
    /// No role of these manifests holds Write, Delete, Assign or Share for every row of the organisation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_organization_write: Option<Weight>,
}

/// How much breaking a rule matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Weight {
    /// The check fails.
    Error,
    /// It is said, and the check goes on.
    Warning,
}

/// The name of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RuleName {
    /// `groups-only`.
    GroupsOnly,
    /// `no-direct-admins`.
    NoDirectAdmins,
    /// `no-guest-owners`.
    NoGuestOwners,
    /// `no-shared-connection-for-everyone`.
    NoSharedConnectionForEveryone,
    /// `expiry-required`.
    ExpiryRequired,
}

/// Somebody who may break a rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    /// The rule.
    pub rule: RuleName,
    /// Who.
    pub member: Principal,
    /// Why.
    #[schemars(length(min = 1))]
    pub reason: String,
    /// The last day of the exception.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "date")]
    pub expires: Option<Date>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
