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

use serde::Serialize;

use crate::compile::desired::DesiredEnvironment;
use crate::inventory::Inventory;
use crate::plan::Plan;

pub use effective::{Direction, Statement};
pub use rails::Tripped;
pub use risk::Risk;

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
