//! What a plan means before it is applied: its rails, and the only door to applying it.
pub mod baseline;
pub mod effective;
pub mod gate;
pub mod moves;
pub mod people;
pub mod policy;
pub mod rails;
pub mod risk;
#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::compile::desired::DesiredEnvironment;
use crate::inventory::Inventory;
use crate::plan::{Goal, Line, Plan};

pub use effective::{Direction, Statement};
pub use rails::Tripped;
pub use risk::{Graded, Risk};

/// What a plan means: what a reader of it is told beside the changes themselves.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Review {
    /// The environment's name.
    pub environment: String,
    /// How risky it is, the riskiest change first.
    pub risk: Risk,
    /// What changes for people.
    pub effective: Vec<Statement>,
    /// The rails that the plan trips.
    pub tripped: Vec<Tripped>,
}

/// Reviews a plan. `inventory` is what the plan was made from.
pub fn review(desired: &DesiredEnvironment, plan: &Plan, inventory: &Inventory) -> Review {
    let moves = moves::moves(&plan.verdicts, &|_| true);
    Review {
        environment: plan.environment.to_string(),
        risk: risk::risk(desired, inventory, &plan.after, &moves),
        effective: effective::effective(inventory, &plan.after, &moves),
        tripped: rails::evaluate(desired, plan, inventory),
    }
}

/// The grades of a run's changes, by environment and goal.
#[derive(Clone, Debug, Default)]
pub struct Grades<'run> {
    by_goal: BTreeMap<(&'run str, &'run Goal), &'run Graded>,
}

impl<'run> Grades<'run> {
    /// The grades that reviews give.
    pub fn of(reviews: &[&'run Review]) -> Self {
        let of_review = |review: &'run Review| {
            review.risk.changes.iter().map(move |graded| ((review.environment.as_str(), &graded.goal), graded))
        };
        Self { by_goal: reviews.iter().flat_map(|review| of_review(review)).collect() }
    }

    /// How a line of a plan is graded; none for what does not move, or was not reviewed.
    pub fn line(&self, plan: &Plan, line: &Line) -> Option<&'run Graded> {
        self.by_goal.get(&(&*plan.environment, &line.goal())).copied()
    }
}
