//! What a plan's writes touch, so that exactly that is read again.
use crate::inventory::scope::Touched;
use crate::kinds::{EnvironmentRoles, Thing};
use crate::ledger::Ledger;
use crate::plan::{Plan, Step};

/// Everything that any step of a plan touches.
pub fn touched(plan: &Plan) -> Touched {
    let mut touched = Touched::default();
    for step in &plan.steps {
        add(&mut touched, plan, step);
    }
    touched
}

/// Adds what one step of a plan touches.
pub(super) fn add(touched: &mut Touched, plan: &Plan, step: &Step) {
    for thing in &step.touches {
        match thing {
            Thing::Role(role) => _ = touched.roles.insert(*role),
            Thing::Flow(flow) => _ = touched.flows.insert(*flow),
            Thing::Reference(reference) => _ = touched.references.insert(*reference),
            Thing::Principal(_) => {}
        }
    }
    touched.principals.extend(step.principal.clone());
    touched.environment_roles |= step.lines.iter().any(|line| plan.lines[*line].ledger == EnvironmentRoles::NAME);
}
