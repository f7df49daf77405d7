//! What the steps of a run require: the lines of `requirements.yaml`, and which of them a run is decided with.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::sandbox::fault::Fault;
use crate::sandbox::rights::Depth;
use crate::sandbox::variants::RunRequirements;

/// One thing that has to hold.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Requirement {
    /// Its name.
    pub id: String,
    /// When it is asked.
    pub step: Step,
    /// What has to hold.
    pub needs: Needs,
    /// How sure it is.
    pub certainty: Certainty,
    /// Who says so.
    pub source: String,
}

/// When a requirement is asked, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Step {
    /// Before anything else.
    Environment,
    /// When the flow is found and called.
    Start,
    /// When the person's own connections are linked to it.
    Link,
    /// When its Dataverse actions run as the caller.
    Act,
}

/// What has to hold.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub(super) enum Needs {
    /// A privilege at a depth or wider.
    Privilege {
        /// The name of the privilege.
        privilege: String,
        /// The depth.
        depth: LeastDepth,
    },
    /// Something about person, flow and environment.
    Fact {
        /// Which.
        fact: Fact,
    },
}

/// A depth in the words of the portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum LeastDepth {
    /// `Basic`.
    User,
    /// `Local`.
    BusinessUnit,
    /// `Deep`.
    ParentChildBusinessUnits,
    /// `Global`.
    Organization,
}

impl LeastDepth {
    pub(super) const fn depth(self) -> Depth {
        match self {
            Self::User => Depth::Basic,
            Self::BusinessUnit => Depth::Local,
            Self::ParentChildBusinessUnits => Depth::Deep,
            Self::Organization => Depth::Global,
        }
    }
}

/// Something about person, flow and environment that has to be so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Fact {
    /// The person has a row in the environment.
    Member,
    /// The person is enabled, in the environment and in the directory.
    Enabled,
    /// The person is in the environment's security group, if it has one.
    InSecurityGroup,
    /// A role counts for the person.
    HasRole,
    /// The flow is on.
    FlowOn,
    /// The flow has a trigger that a person or an agent can call.
    Instant,
    /// The person may read the flow's row: own, shared, or within the depth of a role.
    FlowShared,
    /// The person may talk to the agent that calls.
    AgentShared,
    /// No flow that it calls, directly or through others, has a connection that the caller brings.
    ChildEmbedded,
    /// Every flow that it calls, directly or through others, is on.
    ChildOn,
    /// Every reference whose connection its owner lends has one.
    ConnectionsBound,
    /// The person may read every reference to which a connection of the person is linked.
    ReferenceReadable,
    /// The person holds a privilege for each operation that runs as the caller.
    ActionsAllowed,
    /// No operation that runs as the caller goes to another environment.
    SameEnvironment,
    /// The flow's owner may act for others where a Dataverse connection acts for the caller.
    OwnerDelegates,
    /// The flow's owner is enabled where a Dataverse connection acts for the caller.
    OwnerEnabled,
    /// The flow's owner holds the same privileges where a Dataverse connection acts for the caller.
    OwnerActionsAllowed,
}

/// How sure a requirement is, the surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Certainty {
    /// Microsoft says so.
    Documented,
    /// An answer of the service shows it.
    Recorded,
    /// People say so.
    Reported,
    /// Nobody says so, but it is plausible.
    Assumed,
}

/// Which requirements decide a run.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(super) enum Choice {
    /// Those of one certainty and all better ones.
    Least(RunRequirements),
    /// Those with these names.
    These(BTreeSet<String>),
}

static ALL: LazyLock<Vec<Requirement>> = LazyLock::new(|| {
    serde_yaml::from_str(include_str!("requirements.yaml")).expect("the requirements are checked by a test")
});

/// All requirements, in the order in which they are asked.
pub(super) fn all() -> &'static [Requirement] {
    &ALL
}

impl Choice {
    /// Lists the requirements that were chosen.
    pub(super) fn requirements(&self) -> Result<Vec<&'static Requirement>, Fault> {
        match self {
            Self::Least(least) => {
                // What is documented and what was recorded are equally established.
                let worst = match least {
                    RunRequirements::Documented => Certainty::Recorded,
                    RunRequirements::Reported => Certainty::Reported,
                    RunRequirements::Assumed => Certainty::Assumed,
                };
                Ok(all().iter().filter(|requirement| requirement.certainty <= worst).collect())
            }
            Self::These(names) => {
                if let Some(name) = names.iter().find(|name| all().iter().all(|known| known.id != **name)) {
                    return Err(Fault::new(400, "SandboxBody", format!("There is no requirement '{name}'.")));
                }
                Ok(all().iter().filter(|requirement| names.contains(&requirement.id)).collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_read_and_stands_in_the_order_of_the_steps() {
        let steps: Vec<Step> = all().iter().map(|requirement| requirement.step).collect();
        assert!(steps.is_sorted());
        let names: BTreeSet<&str> = all().iter().map(|requirement| requirement.id.as_str()).collect();
        assert_eq!(names.len(), all().len());
        assert!(all().iter().all(|requirement| !requirement.source.is_empty()));
    }

    #[test]
    fn a_certainty_stands_for_itself_and_all_better_ones() {
        let count = |least| Choice::Least(least).requirements().unwrap().len();
        let [few, more, most] =
            [RunRequirements::Documented, RunRequirements::Reported, RunRequirements::Assumed].map(count);
        assert!(few < more && more < most);
        assert_eq!(most, all().len());
    }

    #[test]
    fn a_name_that_is_not_known_is_refused() {
        let choice = Choice::These(BTreeSet::from(["link.nothing".to_owned()]));
        assert!(choice.requirements().unwrap_err().message.contains("link.nothing"));
    }
}
