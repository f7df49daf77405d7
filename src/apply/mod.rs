//! Carrying out what was approved: rounds of writing and reading again, until every approved line has an outcome.
mod history;
pub mod journal;
pub mod lock;
mod outcome;
pub mod rounds;
pub mod session;
mod stands;
pub mod touched;

#[cfg(test)]
mod tests;

use std::future::Future;

use crate::inventory::Inventory;
use crate::inventory::scope::Touched;
use crate::problem::Problem;
use crate::request::Call;

pub use rounds::{Progress, Run, run};
pub use touched::touched;

/// What a service made of one step.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// It was accepted; with what a reader must know first, if anything.
    Accepted {
        /// Such as a flow that is off now.
        alarm: Option<String>,
        /// The service's ids for the requests, for the journal and for support.
        requests: Vec<String>,
        /// What a look right after it showed.
        afterwards: Afterwards,
    },
    /// It was refused, and nothing was changed.
    Refused(Problem),
    /// Nothing was changed for now: somebody else was first, or there were too many requests. It may be sent again.
    NotCommitted(Problem),
    /// Nobody knows whether it was carried out.
    Unknown(Problem),
}

/// What a look right after a write showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Afterwards {
    /// Nobody looked, or what was seen is older than the write.
    Unseen,
    /// What was written stands.
    Stands,
    /// The row is newer than before the write, and what was written does not stand: the service put it back.
    PutBack,
}

/// One environment to write to and to read again.
pub trait Session: Sync {
    /// Reads the environment afresh, past every cache.
    fn read(&self) -> impl Future<Output = Inventory> + Send;
    /// Reads what was written once more, by another way than the plan's; the rest is as in `fresh`.
    fn confirm(&self, fresh: &Inventory, written: &Touched) -> impl Future<Output = Inventory> + Send;
    /// Sends one step.
    fn send(&self, call: &Call) -> impl Future<Output = Answer> + Send;
}
