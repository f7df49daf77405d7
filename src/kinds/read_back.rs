//! How a change of each ledger is read back: how long a service may take to show it, and which two ways there are to see it.
use std::collections::BTreeMap;
use std::time::Duration;

use super::{Goals, Ledgers, Reconcile, Seen, Visit};
use crate::ledger::{Ledger, Wanted};

/// How changes of one ledger are read back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadBack {
    /// How long after an accepted write a read may still answer what was there before it.
    pub settling: Duration,
    /// The two ways to see it, where there are two.
    pub ways: Option<Ways>,
}

/// Two ways to see the same thing, by what they are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ways {
    /// The one that plans are made from.
    pub planned: &'static str,
    /// The other one.
    pub other: &'static str,
}

impl ReadBack {
    /// Dataverse: its caches of privileges are half a minute old at most (Learn: compose HTTP requests and handle errors,
    /// `Consistency: Strong`); twice that, because whether the header reaches every cache is not known.
    pub const DATAVERSE: Self = Self { settling: Duration::from_secs(60), ways: None };

    /// The same with another way to see it.
    #[must_use]
    pub const fn by(self, planned: &'static str, other: &'static str) -> Self {
        Self { ways: Some(Ways { planned, other }), ..self }
    }

    /// How each ledger is read back, by the ledger's name.
    pub fn all() -> BTreeMap<&'static str, Self> {
        let mut all = All(BTreeMap::new());
        Ledgers::<Goals>::default().walk::<Seen>(&mut all);
        all.0
    }
}

struct All(BTreeMap<&'static str, ReadBack>);

impl Visit<Goals, Seen> for All {
    fn visit<L: Reconcile>(&mut self, _: &BTreeMap<L::Subject, Wanted<L>>) {
        self.0.insert(<L as Ledger>::NAME, L::READ_BACK);
    }
}
