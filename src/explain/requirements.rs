//! What running a flow requires: the lines of `requirements.yaml`.
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::names::{Depth, Text};

/// One thing that has to hold.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// Its name.
    pub id: Text,
    /// When it is asked.
    pub step: Step,
    /// What has to hold.
    pub needs: Needs,
    /// How sure it is.
    pub certainty: Certainty,
    /// Who says so.
    pub source: Text,
}

/// When a requirement is asked, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Step {
    /// Before anything else.
    Environment,
    /// When the flow is found and called.
    Start,
    /// When the person's own connections are linked to it.
    Link,
    /// When its Dataverse actions run as the caller.
    Act,
}

impl Step {
    /// The step as a heading.
    pub fn words(self) -> &'static str {
        match self {
            Self::Environment => "environment",
            Self::Start => "flow",
            Self::Link => "own connections",
            Self::Act => "data",
        }
    }
}

/// What has to hold.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Needs {
    /// A privilege at a depth or further.
    Privilege {
        /// The privilege's own name.
        privilege: Text,
        /// The depth.
        depth: Depth,
    },
    /// Something about person, flow and environment.
    Fact {
        /// Which.
        fact: Fact,
    },
}

impl Needs {
    /// What has to hold, in words that name nobody.
    pub fn words(&self) -> String {
        match self {
            Self::Privilege { privilege, depth } => format!("`{privilege}`, {depth} or further"),
            Self::Fact { fact } => fact.words().to_owned(),
        }
    }
}

/// Something about person, flow and environment that has to be so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Fact {
    /// The person has a row in the environment.
    Member,
    /// The account is enabled, in the environment and in the directory.
    Enabled,
    /// The person is in the environment's security group, if it has one.
    InSecurityGroup,
    /// A role counts for the person.
    HasRole,
    /// The flow is on.
    FlowOn,
    /// A person or an agent can call the flow.
    Instant,
    /// The person may read the flow's row.
    FlowShared,
    /// The person may talk to the agent that calls.
    AgentShared,
    /// No flow that it calls uses connections that the caller brings.
    ChildEmbedded,
    /// Every flow that it calls is on.
    ChildOn,
    /// Every reference that the flow lends has a connection.
    ConnectionsBound,
    /// The person may read every reference to which he links a connection of his own.
    ReferenceReadable,
    /// The person holds a privilege for each Dataverse operation that runs as the caller.
    ActionsAllowed,
    /// No operation that runs as the caller goes to another environment.
    SameEnvironment,
    /// The flow's owner may act for others where a Dataverse connection acts for the caller.
    OwnerDelegates,
    /// The flow's owner is enabled there.
    OwnerEnabled,
    /// The flow's owner holds the same privileges there.
    OwnerActionsAllowed,
}

impl Fact {
    /// What has to be so, in a few words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Member => "a user of the environment",
            Self::Enabled => "the account is enabled",
            Self::InSecurityGroup => "in the environment's security group",
            Self::HasRole => "a security role that counts",
            Self::FlowOn => "the flow is on",
            Self::Instant => "started by a person, an app or an agent",
            Self::FlowShared => "may see the flow",
            Self::AgentShared => "may talk to the agent",
            Self::ChildEmbedded => "child flows bring their own connections",
            Self::ChildOn => "child flows are on",
            Self::ConnectionsBound => "the connections that it lends are there",
            Self::ReferenceReadable => "may read the connection references",
            Self::ActionsAllowed => "may do what the flow does as its caller",
            Self::SameEnvironment => "the caller's actions stay in this environment",
            Self::OwnerDelegates => "the flow's owner may act for its callers",
            Self::OwnerEnabled => "the flow's owner is enabled",
            Self::OwnerActionsAllowed => "the flow's owner may do the same",
        }
    }
}

/// How sure a requirement is, the surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Certainty {
    /// Microsoft says so.
    Documented,
    /// An answer of the service shows it.
    Recorded,
    /// People say so.
    Reported,
    /// Nobody says so, but it is plausible.
    Assumed,
}

impl Certainty {
    /// The certainty as a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Recorded => "recorded",
            Self::Reported => "reported",
            Self::Assumed => "assumed",
        }
    }
}

static ALL: LazyLock<Vec<Requirement>> = LazyLock::new(|| {
    serde_yaml::from_str(include_str!("requirements.yaml"))
        .expect("the requirements are compiled in, and a test reads them")
});

/// Every requirement, in the order in which it is asked.
pub fn all() -> &'static [Requirement] {
    &ALL
}

/// The privileges that requirements name, and the one that lets a flow's owner act for its callers.
pub fn privileges() -> impl Iterator<Item = &'static str> {
    let named = all().iter().filter_map(|requirement| match &requirement.needs {
        Needs::Privilege { privilege, .. } => Some(privilege.as_str()),
        Needs::Fact { .. } => None,
    });
    named.chain([ACT_ON_BEHALF])
}

/// The privilege that lets a flow's owner act for its callers (Learn: impersonate another user).
pub const ACT_ON_BEHALF: &str = "prvActOnBehalfOfAnotherUser";

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_line_is_read_stands_in_order_and_names_its_source() {
        assert!(all().is_sorted_by_key(|requirement| requirement.step));
        let ids: BTreeSet<&str> = all().iter().map(|requirement| requirement.id.as_str()).collect();
        assert_eq!(ids.len(), all().len());
        assert!(all().len() > 20 && all().iter().all(|requirement| !requirement.source.is_empty()));
    }
}
