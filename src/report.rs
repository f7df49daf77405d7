//! What became of an approved plan: one outcome for each of its lines.
use serde::Serialize;

use crate::plan::Line;
use crate::problem::{Cause, Problem};
use crate::review::rails::Tripped;

/// What became of one line.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "outcome", rename_all = "camelCase")]
pub enum Outcome {
    /// It was read back and stands.
    Held,
    /// The service accepted it, and no read has shown it yet.
    NotVisibleYet,
    /// The service accepted it, and the old state stands again.
    Reverted,
    /// Two ways to read it disagree, also after the time that a service may take to show a write.
    Disputed {
        /// The way by which it stands.
        stands_by: &'static str,
        /// The way by which it does not.
        not_by: &'static str,
    },
    /// The service refused it.
    Refused {
        /// What it said.
        problem: Problem,
    },
    /// The service did not do it for a reason that passes, as often as it was sent: somebody else was first (412), there were
    /// too many requests (429), or nothing reached it. It was not decided.
    PutOff {
        /// What it said last.
        problem: Problem,
    },
    /// Nobody knows: there was no answer, or the read after it failed.
    Unverified {
        /// Why nobody knows.
        problem: Problem,
    },
    /// It was not sent.
    Skipped {
        /// Because of what.
        because: String,
    },
}

impl Outcome {
    /// The outcome in words.
    pub fn words(&self) -> String {
        match self {
            Self::Held => "held".to_owned(),
            Self::NotVisibleYet => "accepted, not visible yet".to_owned(),
            Self::Reverted => "reverted by the service".to_owned(),
            Self::Disputed { stands_by, not_by } => {
                format!("disputed: it stands according to `{stands_by}`, and not according to `{not_by}`")
            }
            Self::Refused { problem } => format!("refused: {problem}"),
            Self::PutOff { problem } => format!("put off: {problem}"),
            Self::Unverified { problem } => format!("unverified: {problem}"),
            Self::Skipped { because } => format!("skipped because {because}"),
        }
    }

    /// What to do next; empty where the outcome says it all.
    pub fn next(&self) -> &str {
        match self {
            Self::Held | Self::Reverted | Self::Skipped { .. } => "",
            Self::NotVisibleYet => "plan again in a few minutes; what is still missing then was not done",
            Self::Disputed { .. } => {
                "plan again in a few minutes; while the two disagree, do not count on either, and ask Microsoft's support"
            }
            Self::PutOff { problem } if problem.cause == Cause::Conflict => {
                "somebody else changes it at the same time; apply again when that is done"
            }
            Self::Refused { problem } | Self::PutOff { problem } | Self::Unverified { problem } => &problem.next,
        }
    }
}

/// What became of one environment's plan.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The environment's name.
    pub environment: String,
    /// Each approved line and what became of it.
    pub results: Vec<(Line, Outcome)>,
    /// What differs now and was not approved, so was not done.
    pub new_since_plan: Vec<Line>,
    /// What a reader must know first, such as a flow that is off now.
    pub alarms: Vec<String>,
    /// The rails that stood on the fresh read before something was to be taken away.
    pub tripped: Vec<Tripped>,
    /// How often was written and read again.
    pub rounds: usize,
}

impl Report {
    /// Whether every line was read back and stands, and nothing is left to say.
    pub fn all_held(&self) -> bool {
        self.results.iter().all(|(_, outcome)| *outcome == Outcome::Held)
            && self.new_since_plan.is_empty()
            && self.alarms.is_empty()
    }
}
