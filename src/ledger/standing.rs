//! What stands in the way of moving an entry, and how far a manifest speaks for it.
use std::fmt::{self, Display};

use super::Extent;
use crate::names::Text;
use crate::problem::Problem;

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
