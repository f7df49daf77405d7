//! A flow's text (`clientdata`): facts out of it, and one edit into it.
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::names::{ConnectionMode, Text, required};

mod edit;
mod facts;
#[cfg(test)]
mod laws;
mod operations;
mod outline;
mod shape;
#[cfg(test)]
mod tests;

pub use edit::{Conflict, edit};
pub use facts::{Malformed, facts};

/// What powergrant needs to know of a flow's text; the text itself is never kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Facts {
    /// What starts the flow.
    pub trigger: Trigger,
    /// Its connection references by key.
    pub connections: BTreeMap<Text, Connection>,
    /// The flows that it calls as its children (`workflowid`).
    pub children: BTreeSet<Uuid>,
    /// What its actions and its trigger ask of connectors, each once however often it is asked.
    pub operations: BTreeSet<ConnectorOperation>,
}

/// What an action or a trigger asks of a connector.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ConnectorOperation {
    /// The connector, `shared_commondataserviceforapps`; empty when the text does not say.
    pub connector: Text,
    /// The operation's id, `CreateRecord`.
    pub name: Text,
    /// Whether it starts the flow or is a step of it.
    pub part: Part,
    /// The key of the connection that it uses; none of the few operations that use none.
    #[serde(deserialize_with = "required")]
    pub connection: Option<Text>,
    /// The table: the name of its set, and of a trigger the logical name.
    #[serde(deserialize_with = "required")]
    pub table: Option<Said>,
    /// The site or data set that the table is in.
    #[serde(deserialize_with = "required")]
    pub site: Option<Said>,
    /// The mailbox that it acts in, where it is not that of the connection.
    #[serde(deserialize_with = "required")]
    pub mailbox: Option<Said>,
    /// The action of Dataverse that it performs.
    #[serde(deserialize_with = "required")]
    pub action: Option<Said>,
    /// The table of the row that the action is about, by logical name.
    #[serde(deserialize_with = "required")]
    pub target: Option<Said>,
    /// The relationship by which it relates rows.
    #[serde(deserialize_with = "required")]
    pub relationship: Option<Said>,
    /// The lookups that it sets, by navigation property, with the set of the row that each is set to.
    pub lookups: BTreeMap<Text, Said>,
    /// The navigation properties whose rows it reads along.
    pub expands: BTreeSet<Said>,
    /// The tables that its query links, by logical name.
    pub links: BTreeSet<Said>,
    /// Whether the whole row is an expression, so that nobody knows which columns it sets.
    pub computes_row: bool,
}

/// Where in a flow something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Part {
    /// What starts the flow.
    Trigger,
    /// A step of it.
    Action,
}

/// What a parameter says, as far as it can be known before a run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Said {
    /// These words.
    Literal(Text),
    /// What an environment variable holds, by its schema name.
    Variable(Text),
    /// What a run computes.
    Expression,
}

/// One entry of `connectionReferences`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Connection {
    /// The connection reference's logical name; none when nothing is bound.
    #[serde(deserialize_with = "required")]
    pub logical_name: Option<Text>,
    /// The connector, `shared_sharepointonline`.
    pub connector: Text,
    /// The mode, decoded from the two shapes it has on the wire.
    pub mode: ConnectionMode,
    /// Whether an action uses it with an environment of its choice (`…WithOrganization`), which rules out the caller's connection.
    pub with_organization: bool,
}

/// What starts a flow.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Trigger {
    /// A person presses a button.
    Button,
    /// A canvas app, first generation.
    PowerApp,
    /// A canvas app.
    PowerAppV2,
    /// A selected row or a business process flow (`ApiConnection`).
    SelectedRow,
    /// An agent (`Skills`).
    Agent,
    /// Another `Request` kind: HTTP, older agents, Power Pages.
    OtherRequest(Text),
    /// Something that happens, or a schedule.
    Automated(Text),
}

impl Trigger {
    /// Whether a person starts the flow, so that it can run with that person's connections.
    pub fn is_interactive(&self) -> bool {
        match self {
            Self::Button | Self::PowerApp | Self::PowerAppV2 | Self::SelectedRow | Self::Agent => true,
            Self::OtherRequest(_) | Self::Automated(_) => false,
        }
    }

    /// The trigger in words.
    pub fn words(&self) -> String {
        match self {
            Self::Button => "started with a button".to_owned(),
            Self::PowerApp | Self::PowerAppV2 => "started by an app".to_owned(),
            Self::SelectedRow => "started for a selected row".to_owned(),
            Self::Agent => "started by an agent".to_owned(),
            Self::OtherRequest(kind) => format!("started by a request of kind {kind}"),
            Self::Automated(kind) => format!("started by {kind}"),
        }
    }
}
