//! Which steps a step waits for, found through what steps touch and make instead of comparing every pair.
use std::collections::{BTreeMap, BTreeSet};

use super::Step;
use crate::inventory::Inventory;
use crate::kinds::Thing;
use crate::ledger::Phase;

/// Where the steps are that another could have to wait for.
pub(super) struct Index<'steps> {
    makers: BTreeMap<&'steps Thing, Vec<usize>>,
    touching: BTreeMap<(&'steps Thing, Phase), Vec<usize>>,
    principals: BTreeMap<String, Vec<usize>>,
}

impl<'steps> Index<'steps> {
    /// Sorts steps by what they touch and make, and by whom they are about.
    pub(super) fn of(steps: &'steps [Step]) -> Self {
        let mut index = Self { makers: BTreeMap::new(), touching: BTreeMap::new(), principals: BTreeMap::new() };
        for (at, step) in steps.iter().enumerate() {
            if let Some(made) = &step.makes {
                index.makers.entry(made).or_default().push(at);
            }
            for thing in &step.touches {
                index.touching.entry((thing, step.phase)).or_default().push(at);
            }
            if let Some(principal) = &step.principal {
                index.principals.entry(principal.identity()).or_default().push(at);
            }
        }
        index
    }

    /// The steps that must hold before the step at a place may be sent, in their order.
    pub(super) fn waits(&self, inventory: &Inventory, steps: &[Step], at: usize) -> Vec<usize> {
        let step = &steps[at];
        let candidates = self.candidates(step);
        candidates.into_iter().filter(|other| *other != at && waits_for(inventory, step, &steps[*other])).collect()
    }

    /// Every step that the rules below could name, and few others: thousands may touch one role and wait for none of them.
    fn candidates(&self, step: &Step) -> BTreeSet<usize> {
        if let (Phase::Revoke, Some(principal)) = (step.phase, &step.principal) {
            return self.principals.get(&principal.identity()).into_iter().flatten().copied().collect();
        }
        let phases: &[Phase] = match step.phase {
            Phase::Restrict => &[],
            Phase::Grant => &[Phase::Restrict],
            Phase::Revoke => &[Phase::Restrict, Phase::Grant, Phase::Revoke],
            Phase::Lend => &[Phase::Restrict, Phase::Grant, Phase::Revoke],
        };
        let touching = step.touches.iter().flat_map(|thing| phases.iter().map(move |phase| (thing, *phase)));
        let earlier = touching.filter_map(|key| self.touching.get(&key));
        let makers = step.touches.iter().filter_map(|thing| self.makers.get(thing));
        earlier.chain(makers).flatten().copied().collect()
    }
}

/// Says whether one step waits for another: the other touches one of its things, and is of an earlier phase or makes something.
fn waits_for(inventory: &Inventory, step: &Step, other: &Step) -> bool {
    if step.phase == Phase::Revoke {
        return revocation_waits_for(inventory, step, other);
    }
    let made =
        other.makes.as_ref().is_some_and(|made| step.makes.as_ref() != Some(made) && step.touches.contains(made));
    made || (other.phase < step.phase && step.touches.intersection(&other.touches).next().is_some())
}

/// A revocation waits only for what replaces it: its own principal's grants on the same thing, and another role for a role.
/// So neither a refused flow nor a joiner who cannot join keeps a leaver's access. What has no principal waits for the
/// revocations of later ledgers on the same thing, so that a role goes after its assignments.
fn revocation_waits_for(inventory: &Inventory, step: &Step, other: &Step) -> bool {
    let mut common = step.touches.intersection(&other.touches);
    let Some(principal) = &step.principal else {
        let later = other.phase == Phase::Revoke && other.rank > step.rank;
        return common.next().is_some() && (other.phase < Phase::Revoke || later);
    };
    let is_role = |thing: &Thing| matches!(thing, Thing::Role(_));
    let same = other.principal.as_ref().is_some_and(|of_other| of_other.identity() == principal.identity());
    let replaces = common.any(|thing| !matches!(thing, Thing::Principal(_)))
        || (step.touches.iter().any(is_role) && other.touches.iter().any(is_role));
    same && replaces && other.phase < Phase::Revoke && !inventory.is_disabled(principal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::plan;
    use crate::plan::world::{self, Dice};

    #[test]
    fn the_index_finds_what_comparing_every_pair_finds() {
        let mut waited = 0;
        for seed in 0..1_000 {
            let mut dice = Dice::new(seed);
            let (desired, inventory) = (world::desired(&mut dice), world::inventory(&mut dice));
            let steps = plan(&desired, &inventory).steps;
            let index = Index::of(&steps);
            for (at, step) in steps.iter().enumerate() {
                let pairs =
                    (0..steps.len()).filter(|other| *other != at && waits_for(&inventory, step, &steps[*other]));
                let expected: Vec<usize> = pairs.collect();
                waited += expected.len();
                assert_eq!(index.waits(&inventory, &steps, at), expected, "seed {seed}, step {at}");
            }
        }
        assert!(waited > 1_000, "the generator makes too few steps that wait: {waited}");
    }
}
