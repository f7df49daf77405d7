//! On whose behalf something is sent.
use super::counts::Counts;
use super::retry::Budget;
use crate::clock::Stop;

/// Who asks: the run whose patience and counts it is, and that may be told to stop.
pub(super) struct Asker<'run> {
    pub(super) budget: &'run Budget,
    pub(super) counts: &'run Counts,
    pub(super) label: &'run str,
    pub(super) stop: &'run Stop,
}
