//! Rails: limits on what one run may do, judged on a plan and on the inventory after it.
mod grants;
mod keepers;
mod removals;

#[cfg(test)]
mod tests;

use serde::Serialize;

use super::moves::{Move, moves};
use crate::compile::desired::{DesiredEnvironment, Member};
use crate::finding::{Finding, Severity};
use crate::inventory::Inventory;
use crate::place::Place;
use crate::plan::after::after_some;
use crate::plan::{Goal, Plan};
use crate::principal::Principal;
use crate::rules::Rule;

/// A rail that a plan trips; nothing is written while one is tripped and not lifted by name.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tripped {
    /// The rail.
    pub rule: Rule,
    /// The environment's name.
    pub environment: String,
    /// What trips it, and how to go on.
    pub finding: Finding,
}

/// What is judged.
pub(super) struct Case<'run> {
    /// What manifests want.
    pub(super) desired: &'run DesiredEnvironment,
    /// What was read.
    pub(super) before: &'run Inventory,
    /// What will be read when the changes hold.
    pub(super) after: &'run Inventory,
    /// The changes.
    pub(super) moves: Vec<Move<'run>>,
}

/// Judges a plan. `inventory` is what the plan was made from.
pub fn evaluate(desired: &DesiredEnvironment, plan: &Plan, inventory: &Inventory) -> Vec<Tripped> {
    judge(&Case { desired, before: inventory, after: &plan.after, moves: moves(&plan.verdicts, &|_| true) })
}

/// Judges some of a plan's changes on an inventory that was just read, as if nothing else of the plan would ever hold.
///
/// Before something is taken away, a grant that is still to come counts for nothing: it may be refused.
pub fn evaluate_some(
    desired: &DesiredEnvironment,
    plan: &Plan,
    inventory: &Inventory,
    keep: &dyn Fn(&Goal) -> bool,
) -> Vec<Tripped> {
    let after = after_some(inventory, &plan.verdicts, keep);
    judge(&Case { desired, before: inventory, after: &after, moves: moves(&plan.verdicts, keep) })
}

fn judge(case: &Case<'_>) -> Vec<Tripped> {
    let rails: [fn(&Case<'_>) -> Vec<Finding>; 10] = [
        removals::max_removals,
        removals::empty_exact,
        keepers::protect_self,
        keepers::min_admins,
        keepers::required_admins,
        keepers::protected,
        grants::privileged_grant,
        grants::unmanaged_layer,
        grants::child_flow,
        grants::shared_connection,
    ];
    let environment = case.desired.environment.name.to_string();
    rails
        .into_iter()
        .flat_map(|rail| rail(case))
        .map(|finding| Tripped { rule: finding.rule, environment: environment.clone(), finding })
        .collect()
}

impl Case<'_> {
    /// The changes that take something away.
    fn losses(&self) -> impl Iterator<Item = &Move<'_>> {
        self.moves.iter().filter(|one| one.is_loss())
    }

    /// The principals that a rail names, or who of them is not to be found.
    fn principals<'members>(&self, members: &'members [Member]) -> Vec<Result<Principal, &'members Member>> {
        members.iter().map(|member| self.before.principal(&member.principal).one().ok_or(member)).collect()
    }
}

/// A rail's finding at a place, with what to do in the manifest and the flag that lifts it once.
fn tripped(rule: Rule, place: Option<&Place>, message: String, instead: &str) -> Finding {
    let finding = Finding::new(Severity::Error, rule, place.cloned(), message);
    let flag = rule.rail().map(|rail| rail.flag).unwrap_or_default();
    finding.hint(format!("{instead}; or lift it for this run with `{flag}`"))
}
