//! What manifests give on paper: a ledger of names, in which more is further, longer, or with fewer exceptions.
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt;

use jiff::civil::Date;

use crate::kinds::security_role::entry::RoleLevel;
use crate::ledger::{Claim, Extent, Key, Ledger, Level, Standing};
use crate::names::Depth;

/// What manifests give on paper: subject → entry : level, by names.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Paper;

/// A name that is its own identity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name(pub(super) String);

impl Key for Name {
    fn key(&self) -> String {
        self.0.clone()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// How far something is given, and until when.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Extended {
    /// How far.
    pub(super) what: Reach,
    /// The last day; none is for ever.
    pub(super) until: Option<Date>,
}

/// How far something is given.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reach {
    /// It is given.
    Given,
    /// At a depth.
    Depth(Depth),
    /// Lent, but for these.
    Lent(BTreeSet<String>),
    /// Up to a number.
    UpTo(u32),
    /// With a value that has no order.
    Exactly(String),
}

impl Level for Extended {
    /// Without a last day it reaches furthest; more of one and less of the other is neither more nor less.
    fn reach(&self, other: &Self) -> Option<Ordering> {
        let what = match (&self.what, &other.what) {
            (Reach::Given, Reach::Given) => Some(Ordering::Equal),
            (Reach::Depth(own), Reach::Depth(other)) => RoleLevel::Depth(*own).reach(&RoleLevel::Depth(*other)),
            (Reach::Lent(own), Reach::Lent(other)) => match (own.is_subset(other), other.is_subset(own)) {
                (true, true) => Some(Ordering::Equal),
                (true, false) => Some(Ordering::Greater),
                (false, true) => Some(Ordering::Less),
                (false, false) => None,
            },
            (Reach::UpTo(own), Reach::UpTo(other)) => Some(own.cmp(other)),
            (Reach::Exactly(own), Reach::Exactly(other)) => (own == other).then_some(Ordering::Equal),
            (Reach::Given | Reach::Depth(_) | Reach::Lent(_) | Reach::UpTo(_) | Reach::Exactly(_), _) => None,
        }?;
        let until = match (self.until, other.until) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(own), Some(other)) => own.cmp(&other),
        };
        match (what, until) {
            (same, Ordering::Equal) | (Ordering::Equal, same) => Some(same),
            (one, other) => (one == other).then_some(one),
        }
    }

    fn word(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for Extended {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            Reach::Given => formatter.write_str("given")?,
            Reach::Depth(depth) => formatter.write_str(depth.key())?,
            Reach::Lent(exceptions) if exceptions.is_empty() => formatter.write_str("lent")?,
            Reach::Lent(exceptions) => {
                let exceptions: Vec<&str> = exceptions.iter().map(String::as_str).collect();
                write!(formatter, "lent but for {}", exceptions.join(", "))?;
            }
            Reach::UpTo(most) => write!(formatter, "{most}")?,
            Reach::Exactly(value) => formatter.write_str(value)?,
        }
        match self.until {
            Some(day) => write!(formatter, " until {day}"),
            None => Ok(()),
        }
    }
}

impl Ledger for Paper {
    const NAME: &'static str = "manifests";
    type Subject = Name;
    type Entry = Name;
    type Level = Extended;
    type Extent = Extent;

    fn claim(extent: &Extent, _: &Name, _: Option<&Extended>, standing: &Standing) -> Claim {
        standing.claim(*extent)
    }
}
