//! How a process ends: one code a run, the first that applies.
use std::process::ExitCode;

/// How a run ended, in the order in which the codes win: the first that applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Usage, manifest, sign-in, or something wanted could not be read or decided.
    Error,
    /// The plan is not the one that was reviewed.
    PlanChanged,
    /// A rail stands.
    Rail,
    /// Not everything that was applied was read back and held.
    NotAllHeld,
    /// There are differences, and the command was asked to say so.
    Differences,
    /// Nothing to say.
    Success,
}

impl Exit {
    /// The code.
    pub fn code(self) -> u8 {
        match self {
            Self::Error => 1,
            Self::PlanChanged => 4,
            Self::Rail => 3,
            Self::NotAllHeld => 5,
            Self::Differences => 2,
            Self::Success => 0,
        }
    }

    /// Why a run failed, as a word for pipelines; empty if it did not.
    pub fn words(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::PlanChanged => "plan-changed",
            Self::Rail => "rail",
            Self::NotAllHeld => "not-all-held",
            Self::Differences => "differences",
            Self::Success => "",
        }
    }

    /// The one of two that wins.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        self.min(other)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_that_applies_wins() {
        let order = [Exit::Error, Exit::PlanChanged, Exit::Rail, Exit::NotAllHeld, Exit::Differences, Exit::Success];
        assert_eq!(order.map(Exit::code), [1, 4, 3, 5, 2, 0]);
        for (at, first) in order.iter().enumerate() {
            assert!(order[at..].iter().all(|other| first.and(*other) == *first && other.and(*first) == *first));
        }
    }
}
