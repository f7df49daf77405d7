//! The heart: one shape for every permission, and the one comparison of what is wanted with what is held.
mod change;
mod diff;
mod standing;

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt::{self, Debug, Display};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::change::{Change, Effect, Left, Phase, Verdict, Why};
pub use self::diff::diff;
pub use self::standing::{Claim, Reason, Standing};
pub use crate::names::Key;
use crate::place::Place;
use crate::problem::Problem;

/// One table of permissions: subjects, their entries, and how far each entry reaches.
pub trait Ledger: Clone + Debug + 'static {
    /// The ledger's name in digests, JSON and messages.
    const NAME: &'static str;
    /// What is spoken of: a security role, a flow.
    type Subject: Key;
    /// What it has: a privilege, a principal, a connection reference.
    type Entry: Key;
    /// How far the entry reaches.
    type Level: Level;
    /// What happens to entries that are not named.
    type Extent: Clone + Debug + Default + PartialEq + Display;

    /// How far a manifest speaks for an entry as it is held now. The one place for "never touch".
    fn claim(extent: &Self::Extent, entry: &Self::Entry, held: Option<&Self::Level>, standing: &Standing) -> Claim;

    /// Why what is held satisfies what is wanted although it differs, if it does.
    fn met(extent: &Self::Extent, held: &Self::Level, wanted: &Self::Level) -> Option<Reason> {
        let _ = (extent, held, wanted);
        None
    }

    /// Whether an entry that nobody names is worth a line: a property of the subject itself is not.
    fn is_listed(entry: &Self::Entry) -> bool {
        let _ = entry;
        true
    }

    /// When a change runs; grants before revocations unless the ledger has a reason.
    fn phase(change: &Change<Self>) -> Phase {
        match change.effect() {
            Effect::Widens | Effect::Shifts => Phase::Grant,
            Effect::Narrows => Phase::Revoke,
        }
    }
}

/// How far an entry reaches; ordered only partially, because two levels may reach different things.
pub trait Level: Ord + Clone + Debug + Display {
    /// How this level's reach compares with another's.
    fn reach(&self, other: &Self) -> Option<Ordering>;
    /// The level as a word, for digests and JSON; never empty.
    fn word(&self) -> String;
}

/// Whether entries that are not named are left alone or revoked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Extent {
    /// What is not named is left alone and listed as unmanaged.
    #[default]
    Named,
    /// What is not named is revoked.
    Exact,
}

impl Display for Extent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Named => "named",
            Self::Exact => "exact",
        })
    }
}

/// A named entry; no level means that it must not be held.
#[derive(Clone, Debug, PartialEq)]
pub struct Want<L: Ledger> {
    /// The level, or none.
    pub level: Option<L::Level>,
    /// The line that wants it.
    pub place: Place,
    /// Why the change, if it is one, cannot be made.
    pub blocked: Option<Reason>,
    /// Whether a level that reaches further does not satisfy it.
    pub at_most: bool,
}

/// What manifests want of one subject, by id.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted<L: Ledger> {
    /// What happens to entries that are not named.
    pub extent: L::Extent,
    /// The named entries.
    pub entries: BTreeMap<L::Entry, Want<L>>,
    /// The document that speaks of the subject first; what is revoked unnamed points here.
    pub place: Place,
    /// Named entries that could not be resolved for want of a read: while there is one, nothing of the list is revoked.
    pub unresolved: Vec<(Place, Problem)>,
    /// Whether a managed subject may get an unmanaged layer.
    pub layer: bool,
}

/// An entry as it is held.
#[derive(Clone, Debug, PartialEq)]
pub struct Held<L: Ledger> {
    /// How far it reaches.
    pub level: L::Level,
    /// Why it is not moved, if so.
    pub reason: Option<Reason>,
}

/// The entries of one subject as they are held.
pub type Entries<L> = BTreeMap<<L as Ledger>::Entry, Held<L>>;

/// What was read of one subject.
#[derive(Clone, Debug, PartialEq)]
pub enum Sight<L: Ledger> {
    /// It is there.
    Found {
        /// What it has.
        entries: Entries<L>,
        /// Why it is not writable, if so.
        standing: Option<Reason>,
        /// Why an entry that is not listed may yet be there.
        gap: Option<Problem>,
    },
    /// It is not there.
    Absent,
    /// It could not be read.
    Unreadable(Problem),
}
