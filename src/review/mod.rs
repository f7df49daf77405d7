//! What a plan means before it is applied: its rails, and the only door to applying it.
pub mod gate;
pub mod moves;
pub mod people;
pub mod rails;
#[cfg(test)]
pub(crate) mod sample;

use serde::Serialize;

use crate::compile::desired::DesiredEnvironment;
use crate::inventory::Inventory;
use crate::plan::Plan;

pub use rails::Tripped;

/// What a plan means: what a reader of it is told beside the changes themselves.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Review {
    /// The environment's name.
    pub environment: String,
    /// The rails that the plan trips.
    pub tripped: Vec<Tripped>,
}

/// Reviews a plan. `inventory` is what the plan was made from.
pub fn review(desired: &DesiredEnvironment, plan: &Plan, inventory: &Inventory) -> Review {
    Review { environment: plan.environment.to_string(), tripped: rails::evaluate(desired, plan, inventory) }
}
