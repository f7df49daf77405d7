//! Carrying out what was approved: rounds of writing and reading again, until every approved line has an outcome.
pub mod journal;
pub mod rounds;
pub mod session;
pub mod touched;

#[cfg(test)]
mod tests;

use std::future::Future;

use crate::inventory::Inventory;
use crate::problem::Problem;
use crate::request::Call;

pub use rounds::{Run, run};
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
    },
    /// It was refused, and nothing was changed.
    Refused(Problem),
    /// Nothing was changed for now: somebody else was first, or there were too many requests. It may be sent again.
    NotCommitted(Problem),
    /// Nobody knows whether it was carried out.
    Unknown(Problem),
}

/// One environment to write to and to read again.
pub trait Session: Sync {
    /// Reads the environment afresh, past every cache.
    fn read(&self) -> impl Future<Output = Inventory> + Send;
    /// Sends one step.
    fn send(&self, call: &Call) -> impl Future<Output = Answer> + Send;
}
