//! What a round does not send again: what was given up and is as it was, and whatever would have to wait for that.
use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::inventory::Inventory;
use crate::journal::drift::Known;
use crate::plan::{Goal, Plan};

/// How the rows of changes looked when they were given up, by environment and goal.
///
/// What a ledger says of an entry is in the journal. A flow that got another owner, or was turned on, says the same there and may
/// answer differently; so may the services when the identity got other privileges.
#[derive(Debug, Default)]
pub(super) struct Rows(BTreeMap<(String, Goal), [u8; 32]>);

impl Rows {
    /// Notes how the rows of changes look that were just refused or reverted.
    pub(super) fn note(&mut self, environment: &str, goals: impl IntoIterator<Item = Goal>, inventory: &Inventory) {
        for goal in goals {
            let looks = looks(inventory, &goal);
            self.0.insert((environment.to_owned(), goal), looks);
        }
    }

    /// Whether the rows of a change look as they did; as they do now, where nobody has noted it: after a restart.
    fn stand(&mut self, environment: &str, goal: &Goal, inventory: &Inventory) -> bool {
        let looks = looks(inventory, goal);
        *self.0.entry((environment.to_owned(), goal.clone())).or_insert(looks) == looks
    }

    /// Forgets a change that is tried again, or is no change any more.
    fn forget_all_but(&mut self, environment: &str, goals: &BTreeSet<Goal>) {
        self.0.retain(|(of, goal), _| of != environment || goals.contains(goal));
    }
}

/// The rows that a change is about, and the caller's privileges, as a hash.
fn looks(inventory: &Inventory, goal: &Goal) -> [u8; 32] {
    let id = Uuid::parse_str(&goal.subject).unwrap_or_default();
    let caller = inventory.caller.value();
    let rows = format!(
        "{:?} {:?} {:?} {:?} {caller:?}",
        inventory.flows.row(&id),
        inventory.definitions.row(&id),
        inventory.references.row(&id),
        inventory.roles.row(&id),
    );
    Sha256::digest(rows).into()
}

/// The changes of a plan that are given up.
pub(super) fn given_up(
    known: &Known<'_>,
    rows: &mut Rows,
    environment: &str,
    (plan, inventory): (&Plan, &Inventory),
) -> BTreeSet<Goal> {
    let over = plan.changes().filter(|line| known.given_up(plan, line).is_some());
    let goals: BTreeSet<Goal> =
        over.map(crate::plan::Line::goal).filter(|goal| rows.stand(environment, goal, inventory)).collect();
    rows.forget_all_but(environment, &goals);
    goals
}

/// Adds whatever waits for one of these changes, at any distance: nobody is added to a flow whose connection was not restricted.
pub(super) fn with_what_waits(plan: &Plan, mut goals: BTreeSet<Goal>) -> BTreeSet<Goal> {
    let goals_of = |step: usize| plan.steps[step].lines.iter().map(|line| plan.lines[*line].goal());
    loop {
        let held: BTreeSet<usize> =
            (0..plan.steps.len()).filter(|step| goals_of(*step).any(|goal| goals.contains(&goal))).collect();
        let waiting = (0..plan.steps.len()).filter(|step| plan.steps[*step].waits.iter().any(|on| held.contains(on)));
        let before = goals.len();
        let more: Vec<Goal> = held.iter().copied().chain(waiting).flat_map(goals_of).collect();
        goals.extend(more);
        if goals.len() == before {
            return goals;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::plan;
    use crate::plan::world::{self, Dice};

    #[test]
    fn no_step_that_is_left_waits_for_one_that_is_withheld() {
        let (mut held_back, mut left) = (0, 0);
        for seed in 0..1_000 {
            let mut dice = Dice::new(seed);
            let (desired, inventory) = (world::desired(&mut dice), world::inventory(&mut dice));
            let plan = plan(&desired, &inventory);
            let Some(first) = plan.changes().next().map(crate::plan::Line::goal) else { continue };
            let withheld = with_what_waits(&plan, BTreeSet::from([first.clone()]));
            assert!(withheld.contains(&first));
            let is_withheld =
                |step: usize| plan.steps[step].lines.iter().any(|line| withheld.contains(&plan.lines[*line].goal()));
            for (at, step) in plan.steps.iter().enumerate().filter(|(at, _)| !is_withheld(*at)) {
                left += 1;
                assert!(!step.waits.iter().any(|on| is_withheld(*on)), "seed {seed}, step {at}");
            }
            held_back += withheld.len() - 1;
        }
        assert!(held_back > 100 && left > 1_000, "the generator makes too few such cases: {held_back} {left}");
    }
}
