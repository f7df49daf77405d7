//! The heart: one shape for every permission, and the one comparison of what is wanted with what is held.
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Debug, Display};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::names::Text;
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

/// An identity with a name: printed by name, compared in digests by key.
pub trait Key: Ord + Clone + Debug + Display {
    /// The identity: an id, never a name that can change.
    fn key(&self) -> String;
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

/// How far a manifest speaks for an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It is revoked when it is not named.
    Whole,
    /// It is moved only when it is named.
    Named,
    /// It is not moved even when it is named.
    Never(Reason),
}

/// Why an entry is not moved.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The platform keeps it: the row's owner, default teams, support users.
    Platform(Text),
    /// It is not writable in this environment: managed, built-in, inherited.
    NotWritable(Text),
    /// The service is known to refuse it, or its precondition does not hold.
    Refused(Text),
    /// What is held satisfies what is wanted.
    Met(Text),
    /// The row that it is about could not be read.
    Unread(Problem),
}

impl Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Platform(text) | Self::NotWritable(text) | Self::Refused(text) | Self::Met(text) => {
                formatter.write_str(text)
            }
            Self::Unread(problem) => write!(formatter, "its own row was not read: {}", problem.says),
        }
    }
}

/// What stands in the way of moving an entry, as far as it has been read, and whether a manifest names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Why the subject as a whole is not writable.
    pub subject: Option<Reason>,
    /// Why this entry is not moved.
    pub entry: Option<Reason>,
    /// Whether a manifest names the entry.
    pub named: bool,
}

impl Standing {
    /// The reason that applies: the entry's own before the subject's.
    pub fn reason(&self) -> Option<&Reason> {
        self.entry.as_ref().or(self.subject.as_ref())
    }

    /// The claim of a ledger whose extent is one list: the reason if there is one that matters, else what the extent says.
    pub fn claim(&self, extent: Extent) -> Claim {
        match (self.reason(), extent, self.named) {
            (Some(reason), Extent::Exact, _) | (Some(reason), Extent::Named, true) => Claim::Never(reason.clone()),
            (Some(reason @ Reason::Platform(_)), Extent::Named, false) => Claim::Never(reason.clone()),
            (Some(_) | None, Extent::Named, _) => Claim::Named,
            (None, Extent::Exact, _) => Claim::Whole,
        }
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
    },
    /// It could not be read, so nothing is planned for it.
    Unknown(Problem),
}

/// Compares what is wanted of a subject with what is held.
pub fn diff<L: Ledger>(wanted: &Wanted<L>, sight: Sight<L>) -> Verdict<L> {
    let (new, held, subject, gap) = match sight {
        Sight::Found { entries, standing, gap } => (false, entries, standing, gap),
        Sight::Absent => (true, BTreeMap::new(), None, None),
        Sight::Unreadable(problem) => return Verdict::Unknown(problem),
    };
    let subject = subject.filter(|reason| !(wanted.layer && matches!(reason, Reason::NotWritable(_))));
    let (mut changes, mut left) = (Vec::new(), Vec::new());
    let entries: BTreeSet<&L::Entry> = wanted.entries.keys().chain(held.keys()).collect();
    for entry in entries {
        let (want, now) = (wanted.entries.get(entry), held.get(entry));
        let level = now.map(|held| held.level.clone());
        let target = want.and_then(|want| want.level.clone());
        let standing = Standing {
            subject: subject.clone(),
            entry: now.and_then(|held| held.reason.clone()).or_else(|| want.and_then(|want| want.blocked.clone())),
            named: want.is_some(),
        };
        let met = level
            .as_ref()
            .zip(target.as_ref())
            .and_then(|(held, wanted_level)| L::met(&wanted.extent, held, wanted_level));
        let claim = met.map_or_else(|| L::claim(&wanted.extent, entry, level.as_ref(), &standing), Claim::Never);
        let why = match (want, claim) {
            // What is seen to stand as wanted stands; what is neither wanted nor seen stands only if all was seen.
            (Some(_), _) if level == target && (level.is_some() || gap.is_none()) => continue,
            (Some(_), Claim::Never(Reason::Met(reason))) => Some(Why::Met(Reason::Met(reason))),
            (_, Claim::Never(Reason::Unread(problem))) => Some(Why::Unread(problem)),
            (Some(_), Claim::Never(reason)) => Some(Why::Blocked(reason)),
            (None, Claim::Never(reason @ (Reason::Platform(_) | Reason::Met(_)))) => Some(Why::Platform(reason)),
            (None, Claim::Never(reason)) => Some(Why::Blocked(reason)),
            (None, Claim::Named) if gap.is_some() || !L::is_listed(entry) => continue,
            (None, Claim::Named) => Some(Why::Unmanaged),
            (Some(_), Claim::Whole | Claim::Named) | (None, Claim::Whole) => {
                held_back(wanted, gap.as_ref(), level.is_some(), target.is_some()).map(Why::Unread)
            }
        };
        let place = want.map(|want| want.place.clone());
        match why {
            Some(why) => left.push(Left { entry: entry.clone(), held: level, wanted: target, why, place }),
            None => changes.push(Change {
                entry: entry.clone(),
                from: level,
                to: target,
                place: place.unwrap_or_else(|| wanted.place.clone()),
            }),
        }
    }
    Verdict::Compared { new, changes, left }
}

/// Says why a move is not planned although it differs: from what was read only in part nothing is added or revoked.
fn held_back<L: Ledger>(wanted: &Wanted<L>, gap: Option<&Problem>, held: bool, stays: bool) -> Option<Problem> {
    match (gap, held && stays) {
        (Some(problem), false) => Some(problem.clone()),
        (Some(_), true) => None,
        (None, _) if !stays => wanted.unresolved.first().map(|(_, problem)| problem.clone()),
        (None, _) => None,
    }
}
