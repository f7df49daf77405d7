//! The journal of applied plans: who did what when, what stood before and what became of it.
//!
//! JSON Lines. A run is *begun* on disk before its first write, with everything that it may change; each answer of a service
//! follows, and at the end what was read back. So whenever a run is killed, the journal says what may have been done.
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::kinds::environment::spec::Spec as EnvironmentSpec;
use crate::kinds::role_assignment::spec as assignment;
use crate::kinds::security_role::spec as role;

pub mod audit;
mod deleted;
pub mod drift;
pub mod given_up;
pub mod history;
pub mod ignore;
pub mod of;
pub mod undo;

/// The version of the format, in every run's first record.
pub const FORMAT: &str = "powergrant.dev/journal/v1";

/// One line of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "camelCase")]
pub enum Record {
    /// A run is about to write.
    Begun(Begun),
    /// A service answered a step.
    Answered(Answered),
    /// A run has ended.
    Ended(Ended),
}

/// What a run is about to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Begun {
    /// The version of the format.
    pub format: String,
    /// The run.
    pub run: Uuid,
    /// When.
    pub at: Timestamp,
    /// The version of powergrant.
    pub version: String,
    /// Who started it: the pipeline's actor, or the user of the machine.
    pub who: Option<String>,
    /// The commit that was checked out.
    pub commit: Option<String>,
    /// The pipeline's run, as an address.
    pub pipeline: Option<String>,
    /// The digest of the plan.
    pub digest: String,
    /// The rails that were lifted by name.
    pub lifted: BTreeSet<String>,
    /// The SHA-256 of every manifest, by its path.
    pub manifests: BTreeMap<String, String>,
    /// What may change, environment by environment.
    pub environments: Vec<Target>,
}

/// One environment that a run may change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Target {
    /// Its name in the manifests.
    pub name: String,
    /// Its id.
    pub id: String,
    /// The tenant's id.
    pub tenant: String,
    /// How it is reached, as a document says it: for the manifest that undoes.
    pub reached: EnvironmentSpec,
    /// The identity that writes.
    pub caller: Option<String>,
    /// The connection references of the flows whose readers change.
    pub references: BTreeMap<Uuid, BTreeSet<String>>,
    /// The flows whose shares change and that nobody starts by hand, so that no manifest names run-only users for them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub automated: BTreeSet<Uuid>,
    /// The security roles that go, by id, with what they had.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub deleted: BTreeMap<String, Deleted>,
    /// What may change.
    pub changes: Vec<Change>,
}

/// A security role that goes, as documents say what it had.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Deleted {
    /// The role, by name: a role that is made again has another id, unless powergrant made it.
    pub role: role::Spec,
    /// Who held it.
    pub holders: Vec<assignment::Spec>,
    /// What it had that no manifest can name, each with the reason.
    pub left_out: Vec<String>,
}

/// One change, before and after.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Change {
    /// What it is about, by identity.
    #[serde(flatten)]
    pub goal: Goal,
    /// What is spoken of, in words.
    pub heading: String,
    /// What it has, in words.
    pub name: String,
    /// What stood before, as a word; none for nothing.
    pub before: Option<String>,
    /// What was to stand, as a word; none for nothing.
    pub after: Option<String>,
    /// The manifest's line that wanted it.
    pub place: Option<String>,
}

/// The identity of an entry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Goal {
    /// The ledger.
    pub ledger: String,
    /// The subject's id.
    pub subject: String,
    /// The entry's id.
    pub entry: String,
}

/// What a service made of a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Answered {
    /// The run.
    pub run: Uuid,
    /// When.
    pub at: Timestamp,
    /// The environment's name.
    pub environment: String,
    /// The changes that the step was to make.
    pub changes: Vec<Goal>,
    /// What the service said.
    pub answer: AnswerWord,
    /// The service's ids for the requests.
    pub requests: Vec<String>,
    /// What was wrong, if something was.
    pub says: Option<String>,
}

/// What a service said to a step, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AnswerWord {
    /// Yes.
    Accepted,
    /// No, and nothing was changed.
    Refused,
    /// Not now, and nothing was changed.
    NotCommitted,
    /// Nothing: it may have been done.
    Unknown,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Ended {
    /// The run.
    pub run: Uuid,
    /// When.
    pub at: Timestamp,
    /// What became of every change.
    pub outcomes: Vec<Became>,
}

/// What became of one change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Became {
    /// The environment's name.
    pub environment: String,
    /// What it is about, by identity.
    #[serde(flatten)]
    pub goal: Goal,
    /// Its outcome.
    pub outcome: OutcomeWord,
    /// Why, if it did not hold.
    pub says: Option<String>,
}

/// What became of a change, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OutcomeWord {
    /// It was read back and stands.
    Held,
    /// It was accepted, and no read has shown it yet.
    NotVisibleYet,
    /// It was accepted, and the old state stands again.
    Reverted,
    /// Two ways to read it disagreed.
    Disputed,
    /// It was refused.
    Refused,
    /// It was not done for a reason that passes.
    PutOff,
    /// Nobody knows.
    Unverified,
    /// It was not sent.
    Skipped,
}

impl OutcomeWord {
    /// Every outcome.
    pub const ALL: [Self; 8] = [
        Self::Held,
        Self::NotVisibleYet,
        Self::Reverted,
        Self::Disputed,
        Self::Refused,
        Self::PutOff,
        Self::Unverified,
        Self::Skipped,
    ];

    /// The outcome as a label of metrics.
    pub fn label(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::NotVisibleYet => "not_visible_yet",
            Self::Reverted => "reverted",
            Self::Disputed => "disputed",
            Self::Refused => "refused",
            Self::PutOff => "put_off",
            Self::Unverified => "unverified",
            Self::Skipped => "skipped",
        }
    }

    /// The outcome in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::NotVisibleYet => "accepted, not visible yet",
            Self::Reverted => "reverted by the service",
            Self::Disputed => "disputed by another way to read it",
            Self::Refused => "refused",
            Self::PutOff => "put off",
            Self::Unverified => "unverified",
            Self::Skipped => "not sent",
        }
    }
}
