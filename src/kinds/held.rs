//! The level of ledgers in which an entry is there or not: it is held.
use std::cmp::Ordering;
use std::fmt;

use crate::ledger::Level;

/// It is held; there is nothing more to say, so a plan's line prints nothing for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Held;

impl Level for Held {
    fn reach(&self, _: &Self) -> Option<Ordering> {
        Some(Ordering::Equal)
    }

    fn word(&self) -> String {
        "held".to_owned()
    }
}

impl fmt::Display for Held {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad("")
    }
}
