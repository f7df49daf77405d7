//! One line of a plan: an entry that moves, or one that does not, free of its ledger's types.
use serde::Serialize;

use crate::ledger::{Effect, Phase};
use crate::place::Place;
use crate::problem::Problem;

/// One line of a plan.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// The ledger's name.
    pub ledger: &'static str,
    /// The ledger's rank in grant order.
    pub rank: usize,
    /// The subject's identity.
    pub subject: String,
    /// The subject's heading: `security role Flow Runner`.
    pub heading: String,
    /// Whether the plan makes the subject.
    pub new: bool,
    /// The entry's identity; empty for a subject that could not be read at all.
    pub entry: String,
    /// The entry's name.
    pub name: String,
    /// What happens to it.
    pub kind: LineKind,
    /// The manifest's line that wants it.
    pub place: Option<Place>,
    /// What else a reader should know.
    pub note: Option<String>,
    /// What it waits for, in words.
    pub after: Vec<String>,
    /// The last day on which it is wanted, if a manifest names one.
    pub expires: Option<Expiry>,
}

/// The last day of something, ahead of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Expiry {
    /// The last day.
    pub on: jiff::civil::Date,
    /// How many days it is away.
    pub days: i32,
}

impl Expiry {
    /// The last day as it stands today.
    pub fn of(on: jiff::civil::Date, today: jiff::civil::Date) -> Self {
        Self { on, days: (on - today).get_days() }
    }

    /// The last day in words.
    pub fn words(self) -> String {
        match self.days {
            0 => format!("expires on {}, today", self.on),
            1 => format!("expires on {}, in 1 day", self.on),
            days => format!("expires on {}, in {days} days", self.on),
        }
    }
}

/// A level as it is printed and as it stands in digests.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct LevelText {
    /// The word of digests and JSON.
    pub word: String,
    /// The portal's words.
    pub text: String,
}

/// What happens to an entry.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "action", rename_all = "camelCase")]
pub enum LineKind {
    /// It moves.
    Change {
        /// What is held.
        from: Option<LevelText>,
        /// What shall be held.
        to: Option<LevelText>,
        /// The direction.
        effect: Effect,
        /// When it runs.
        phase: Phase,
    },
    /// It differs, and is not moved.
    Blocked {
        /// What is held.
        held: Option<LevelText>,
        /// What is wanted.
        wanted: Option<LevelText>,
        /// Why it is not moved.
        reason: String,
    },
    /// It could not be read or decided.
    Unread {
        /// What is wanted, if a manifest names it.
        wanted: Option<LevelText>,
        /// Why nobody knows.
        problem: Problem,
    },
    /// No manifest names it.
    Unmanaged {
        /// What is held.
        held: Option<LevelText>,
    },
    /// The platform keeps it, or it satisfies what is wanted.
    Kept {
        /// What is held.
        held: Option<LevelText>,
        /// Why it stays.
        reason: String,
    },
}

impl Line {
    /// The identity of what the line wants to happen: ledger, subject and entry.
    pub fn goal(&self) -> Goal {
        Goal { ledger: self.ledger, subject: self.subject.clone(), entry: self.entry.clone() }
    }
}

/// The identity of an entry across plans.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Goal {
    /// The ledger's name.
    pub ledger: &'static str,
    /// The subject's identity.
    pub subject: String,
    /// The entry's identity.
    pub entry: String,
}
