//! A flow's text (`clientdata`): facts out of it, and one edit into it.
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::names::{ConnectionMode, Text};

mod edit;
mod facts;
#[cfg(test)]
mod laws;
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
}

/// One entry of `connectionReferences`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Connection {
    /// The connection reference's logical name; none when nothing is bound.
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
