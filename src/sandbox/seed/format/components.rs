//! What solutions bring, in a seed: connection references, variables, flows and agents, with their shares.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::principal::Principal;

/// A solution.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SolutionSeed {
    /// The unique name.
    pub name: String,
    /// The name that people see.
    #[serde(default)]
    pub display_name: Option<String>,
    /// Whether it is managed.
    #[serde(default)]
    pub managed: bool,
}

/// A connection reference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConnectionReferenceSeed {
    /// The logical name.
    pub name: String,
    /// The name that people see.
    #[serde(default)]
    pub display_name: Option<String>,
    /// The connector, `shared_sharepointonline`.
    pub connector: String,
    /// The user principal name of its owner.
    pub owner: String,
    /// The connection behind it, which is the owner's; nothing means unbound.
    #[serde(default)]
    pub connection: Option<String>,
    /// Whether a managed solution brought it.
    #[serde(default)]
    pub managed: bool,
    /// The solution that it belongs to.
    #[serde(default)]
    pub solution: Option<String>,
    /// With whom the row is shared.
    #[serde(default)]
    pub shares: Vec<ShareSeed>,
}

/// A share of a row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShareSeed {
    /// With whom.
    #[serde(flatten)]
    pub principal: Principal,
    /// The rights, as in the service's answers: `ReadAccess, WriteAccess`; or `runOnly`, `coOwner`.
    #[serde(default = "run_only")]
    pub rights: String,
}

/// An environment variable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EnvironmentVariableSeed {
    /// The schema name.
    pub name: String,
    /// The name that people see.
    #[serde(default)]
    pub display_name: Option<String>,
    /// The default value.
    #[serde(default)]
    pub default: Option<String>,
    /// The value in this environment.
    #[serde(default)]
    pub value: Option<String>,
    /// The user principal name of its owner.
    pub owner: String,
}

/// A cloud flow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FlowSeed {
    /// The name.
    pub name: String,
    /// The `workflowid`.
    #[serde(default)]
    pub id: Option<Uuid>,
    /// The user principal name of its owner, or the name of a team.
    pub owner: String,
    /// Whether it is on.
    #[serde(default)]
    pub state: FlowState,
    /// The kind of a Request trigger (`Skills`, `Button`, `PowerAppV2`, `PowerApp`, `ApiConnection`, `Http`, `VirtualAgent`,
    /// `PowerPages`), or `Recurrence` or `Dataverse`.
    pub trigger: String,
    /// Whether a managed solution brought it.
    #[serde(default)]
    pub managed: bool,
    /// Whether it may be edited; what is managed may not unless this says so.
    #[serde(default)]
    pub customizable: Option<bool>,
    /// The solution that it belongs to.
    #[serde(default)]
    pub solution: Option<String>,
    /// Its connections, by key.
    #[serde(default)]
    pub connections: BTreeMap<String, ConnectionSeed>,
    /// Actions besides the one per connection that is made anyway.
    #[serde(default)]
    pub actions: Vec<ActionSeed>,
    /// Flows that it calls, by name.
    #[serde(default)]
    pub child_flows: Vec<String>,
    /// Its text (`clientdata`) as it is, for one that was exported somewhere; then connections, actions and child flows are in it.
    #[serde(default)]
    pub text: Option<String>,
    /// With whom it is shared.
    #[serde(default)]
    pub shares: Vec<ShareSeed>,
    /// Bytes of text to make its definition as large as some are.
    #[serde(default)]
    pub padding: usize,
}

/// Whether a flow is on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FlowState {
    /// On.
    #[default]
    On,
    /// Off.
    Off,
    /// Suspended by a policy.
    Suspended,
}

/// A connection of a flow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConnectionSeed {
    /// The logical name of the connection reference; nothing means unbound.
    #[serde(default)]
    pub reference: Option<String>,
    /// The connector; the reference's when it is missing.
    #[serde(default)]
    pub connector: Option<String>,
    /// How it is stored.
    #[serde(default)]
    pub mode: ConnectionMode,
}

/// How a connection of a flow is stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ConnectionMode {
    /// `runtimeSource: embedded`.
    #[default]
    Embedded,
    /// `embedded` with an empty `impersonation`.
    EmbeddedEmpty,
    /// `runtimeSource: invoker`.
    Invoker,
    /// `embedded` with `impersonation: {source: invoker}`, as the Dataverse connector has it.
    Impersonated,
}

/// An action of a flow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ActionSeed {
    /// The operation, `CreateRecord`.
    pub operation: String,
    /// The key of the connection.
    pub connection: String,
    /// The parameters.
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
}

/// An agent of Copilot Studio.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AgentSeed {
    /// The name.
    pub name: String,
    /// The schema name.
    pub schema_name: String,
    /// The user principal name of its owner.
    pub owner: String,
    /// Flows that it calls, by name.
    #[serde(default)]
    pub flows: Vec<String>,
    /// Who may talk to it.
    #[serde(default)]
    pub access: AgentAccess,
    /// The Entra groups whose members may talk to it, by name.
    #[serde(default)]
    pub groups: Vec<String>,
    /// With whom its row is shared.
    #[serde(default)]
    pub shares: Vec<ShareSeed>,
    /// Who edits it besides its owner, by user principal name: the members of a team of its own.
    #[serde(default)]
    pub editors: Vec<String>,
}

/// Who may talk to an agent (Learn: table bot, `accesscontrolpolicy`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AgentAccess {
    /// 0: everybody in the organisation.
    Anyone,
    /// 1: who may read its row.
    #[default]
    Readers,
    /// 2: the members of its groups, and who may read its row.
    Groups,
}

impl AgentAccess {
    /// Returns the number of the column `accesscontrolpolicy`.
    pub const fn number(self) -> i64 {
        match self {
            Self::Anyone => 0,
            Self::Readers => 1,
            Self::Groups => 2,
        }
    }
}

fn run_only() -> String {
    "runOnly".to_owned()
}
