//! What a comparison says: what moves, in which direction and when, and what is left.
use std::cmp::Ordering;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::standing::Reason;
use super::{Ledger, Level as _};
use crate::place::Place;
use crate::problem::Problem;

/// The direction of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// Somebody can do more.
    Widens,
    /// Somebody can do less.
    Narrows,
    /// Neither, or both.
    Shifts,
}

/// When a change runs: revoking before granting locks people out, sharing before restricting lends the maker's connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// A connection becomes provided by the run-only user.
    Restrict,
    /// Somebody gains something.
    Grant,
    /// Somebody loses something.
    Revoke,
    /// A connection becomes the flow's own.
    Lend,
}

/// One entry's move.
#[derive(Clone, Debug, PartialEq)]
pub struct Change<L: Ledger> {
    /// The entry.
    pub entry: L::Entry,
    /// What is held; the only precondition.
    pub from: Option<L::Level>,
    /// What shall be held.
    pub to: Option<L::Level>,
    /// The line that wants it.
    pub place: Place,
}

impl<L: Ledger> Change<L> {
    /// The direction of the change.
    pub fn effect(&self) -> Effect {
        match (&self.from, &self.to) {
            (None, _) => Effect::Widens,
            (Some(_), None) => Effect::Narrows,
            (Some(from), Some(to)) => match to.reach(from) {
                Some(Ordering::Greater) => Effect::Widens,
                Some(Ordering::Less) => Effect::Narrows,
                Some(Ordering::Equal) | None => Effect::Shifts,
            },
        }
    }

    /// The change that takes this one back.
    #[must_use]
    pub fn inverse(&self) -> Self {
        Self { entry: self.entry.clone(), from: self.to.clone(), to: self.from.clone(), place: self.place.clone() }
    }
}

/// What a plan does not move.
#[derive(Clone, Debug, PartialEq)]
pub struct Left<L: Ledger> {
    /// The entry.
    pub entry: L::Entry,
    /// What is held.
    pub held: Option<L::Level>,
    /// What a manifest wants, if it names the entry with a level.
    pub wanted: Option<L::Level>,
    /// Why it is left.
    pub why: Why,
    /// The line that names it.
    pub place: Option<Place>,
}

/// Why something is left as it is.
#[derive(Clone, Debug, PartialEq)]
pub enum Why {
    /// No manifest names it, and none speaks for the whole list.
    Unmanaged,
    /// The platform keeps it.
    Platform(Reason),
    /// What is held satisfies what is wanted.
    Met(Reason),
    /// It differs, and we may not move it: a difference.
    Blocked(Reason),
    /// It may differ, and that could not be read or decided.
    Unread(Problem),
}

/// What a plan says of one subject.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict<L: Ledger> {
    /// It was compared.
    Compared {
        /// Whether the subject is made by this plan.
        new: bool,
        /// What moves.
        changes: Vec<Change<L>>,
        /// What does not.
        left: Vec<Left<L>>,
        /// Why an entry that was not seen may yet be there, if so.
        gap: Option<Problem>,
    },
    /// It could not be read, so nothing is planned for it.
    Unknown(Problem),
}
