//! What a Flow document says.
use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::kinds::principals::{List, Member, guid};
use crate::names::ConnectionMode;

/// One cloud flow, or several: whose connections it uses, and who may run, edit and read what.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(rename = "FlowSpec")]
pub struct Spec {
    /// The flow; this or `flows`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<FlowName>,
    /// Every flow of a solution or of an agent; this or `flow`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flows: Option<Flows>,
    /// Lets a managed flow get an unmanaged layer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_unmanaged_layer: bool,
    /// Whose connection an action uses: by the connection reference's logical name, `key:shared_x_1`, `connector:shared_x`
    /// or `*`; the most specific line wins.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub connections: BTreeMap<String, ConnectionMode>,
    /// Who may run the flow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_only_users: Option<List>,
    /// Who may edit the flow besides its owner. Whoever is `state: absent` here and named in `runOnlyUsers` is lowered to a
    /// run-only user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owners: Option<List>,
    /// Who may read the rows of the flow's connection references.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference_readers: Option<Readers>,
}

/// How a document names one flow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum FlowName {
    /// The flow's name.
    Name(String),
    /// By id; a name beside it is checked.
    Known(KnownFlow),
    /// By its name within a solution.
    InSolution(InSolution),
}

/// A flow by id; a name beside it is checked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KnownFlow {
    /// The flow's `workflowid`.
    #[schemars(schema_with = "guid")]
    pub id: Uuid,
    /// The flow's name, which is checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A flow by its name within a solution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InSolution {
    /// The solution's unique name.
    pub solution: String,
    /// The flow's name.
    pub name: String,
}

/// How a document names many flows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, deny_unknown_fields)]
pub enum Flows {
    /// Every flow of a solution.
    Solution {
        /// The solution's unique name.
        solution: String,
    },
    /// Every flow that an agent's components call.
    Agent {
        /// The agent's name.
        agent: String,
    },
}

/// Readers are only ever added, because a reference serves many flows; `state: absent` on a member revokes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Readers {
    /// The logical names of the connection references that are meant; all that the flow uses if there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<String>,
    /// The principals.
    pub members: Vec<Member>,
}
