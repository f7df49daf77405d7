//! Values as people and machines read them: plans, reports, findings.
use crate::finding::Finding;
use crate::manifest::Sources;
use crate::plan::Plan;
use crate::problem::Problem;
use crate::review::Review;

pub mod annotations;
pub mod applying;
pub mod difference;
pub mod drift;
pub mod event_schema;
pub mod events;
pub mod explanation;
pub mod findings;
pub mod journal;
pub mod json;
pub mod markdown;
pub mod plan;
pub mod requests;
pub mod review;
pub mod sarif;
pub mod who;
pub mod whoami;
pub mod whoami_json;
mod worst;

#[cfg(test)]
mod hostile;

/// What a run has to show: the plans, and what else a reader must know.
#[derive(Clone)]
pub struct Shown<'run> {
    /// One plan per environment that could be reached, in the order of their names.
    pub plans: Vec<&'run Plan>,
    /// What the plans mean, one each; none of plans that were made without a tenant.
    pub reviews: Vec<&'run Review>,
    /// What is wrong, or worth knowing: of manifests, plans and rails.
    pub findings: Vec<&'run Finding>,
    /// The manifests' text.
    pub sources: &'run Sources,
    /// Environments that could not be reached at all.
    pub unreachable: &'run [(String, Problem)],
}

impl Shown<'_> {
    /// Whether there is nothing that a reader would have to see: no difference, nothing unread, nothing wrong.
    pub fn is_empty(&self) -> bool {
        let wrong = self.findings.iter().any(|finding| finding.severity == crate::finding::Severity::Error);
        let differs = self.plans.iter().any(|plan| plan.has_differences() || plan.is_incomplete());
        !wrong && !differs && self.unreachable.is_empty()
    }
}
