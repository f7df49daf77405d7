//! What a rule of risk says: which changes it grades, how, and why.
use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ledger::Effect;
use crate::names::{Depth, Operation};

/// How much a change can do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Grade {
    /// What is asked for every day.
    #[default]
    Low,
    /// Worth a look.
    Medium,
    /// Worth a second pair of eyes.
    High,
    /// Whoever gets it can do nearly everything, or nobody can any more.
    Critical,
}

impl Grade {
    /// The word that is printed.
    pub fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// How changes are graded beyond the rules that come with powergrant.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Risk {
    /// Other grades for rules that are there, by their ids.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub grades: BTreeMap<String, Grade>,
    /// Further rules; one with the id of another takes its place.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<RiskRule>,
}

/// One rule: the changes for which every condition holds get at least this grade.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RiskRule {
    /// Its id.
    pub id: String,
    /// The grade.
    pub grade: Grade,
    /// Why, in one clause.
    pub reason: String,
    /// Which changes it grades.
    pub when: When,
}

/// Conditions of a rule; one that is left out always holds, a list holds when one of its items does.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct When {
    /// What changes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Changes>,
    /// The direction.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub effects: Vec<Direction>,
    /// The security role, by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// The privilege by its own name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub privileges: Vec<String>,
    /// The privilege's table, by display name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tables: Vec<String>,
    /// The privilege's operation.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub operations: Vec<Operation>,
    /// The privilege's depth afterwards.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub depths: Vec<Depth>,
    /// The level afterwards, in the word of digests: `coOwner`, `useThisConnection`, `admin`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub levels: Vec<String>,
    /// Whom it is about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub principals: Vec<Whom>,
    /// The flow lends a connection afterwards, or does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lends: Option<bool>,
    /// More people than this can run the flow afterwards, or nobody knows how many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audience_over: Option<u32>,
    /// Nobody who is enabled owns or co-owns the flow afterwards, and somebody does before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub orphans: Option<bool>,
    /// The role or flow is managed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub managed: Option<bool>,
}

/// What changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Changes {
    /// What a security role can do.
    RolePrivileges,
    /// Who is in the environment.
    EnvironmentMembers,
    /// Who holds a security role.
    RoleAssignments,
    /// Who is administrator or maker, where there is no Dataverse.
    EnvironmentRoles,
    /// Whose connection a flow uses.
    FlowConnections,
    /// Who may read a connection reference.
    ConnectionReferenceReaders,
    /// Who may run or edit a flow.
    FlowShares,
}

/// The direction of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Direction {
    /// Somebody can do more.
    Widens,
    /// Somebody can do less.
    Narrows,
    /// Neither, or both.
    Shifts,
}

impl From<Effect> for Direction {
    fn from(effect: Effect) -> Self {
        match effect {
            Effect::Widens => Self::Widens,
            Effect::Narrows => Self::Narrows,
            Effect::Shifts => Self::Shifts,
        }
    }
}

/// Whom a change is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Whom {
    /// A person.
    User,
    /// An Entra group.
    Group,
    /// An application.
    Application,
    /// A team of Dataverse.
    Team,
    /// Everyone.
    Everyone,
    /// A guest, or the guests of a group.
    Guest,
    /// Powergrant itself.
    Caller,
}
