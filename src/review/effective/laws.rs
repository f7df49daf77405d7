//! "Nobody gains anything" is said only where `access` finds nobody who does, on random environments and wishes.
use std::collections::BTreeSet;

use uuid::Uuid;

use super::Direction;
use crate::access::{Ability, Access, Crowd};
use crate::inventory::Inventory;
use crate::inventory::things::Rights;
use crate::names::Depth;
use crate::plan::plan;
use crate::plan::world::{self, Dice};
use crate::review::review;

/// What a person certainly can do, as far as permissions of ours decide it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Can {
    Hold(Uuid, Depth),
    Run(Uuid),
    ActAs(Uuid, String),
    Change(Uuid),
    ReadReference(Uuid),
}

fn abilities(access: &Access<'_>, person: usize) -> BTreeSet<Can> {
    let inventory = access.inventory();
    let mut can = BTreeSet::new();
    for (privilege, grants) in access.privileges(person) {
        can.extend(grants.iter().map(|grant| Can::Hold(privilege, grant.depth)));
    }
    let is_certain = |crowd: &Crowd| crowd.ability(person) == Ability::Can;
    for (flow, row) in inventory.flows.rows() {
        if is_certain(&access.runners(*flow)) {
            can.insert(Can::Run(*flow));
            let lent = access.lent(*flow).unwrap_or_default();
            can.extend(lent.into_iter().map(|lent| Can::ActAs(*flow, lent.key.to_string())));
        }
        // Who may not even run it changes nothing.
        let editors = access.crowd_of(row.owner).or(&access.shared(*flow, Rights::WRITE));
        if is_certain(&editors.and(&access.runners(*flow))) {
            can.insert(Can::Change(*flow));
        }
    }
    for (reference, _) in inventory.references.rows() {
        if is_certain(&access.shared(*reference, Rights::READ)) {
            can.insert(Can::ReadReference(*reference));
        }
    }
    can
}

/// What somebody can do afterwards and could not before.
pub(in crate::review) fn gains(before: &Inventory, after: &Inventory) -> Vec<String> {
    let (before, after) = (Access::of(before), Access::of(after));
    let mut gains = Vec::new();
    for (at, person) in after.people().iter().enumerate() {
        let earlier = before.people().iter().position(|other| {
            (other.row.is_some() && other.row == person.row)
                || (other.object.is_some() && other.object == person.object)
        });
        let had = earlier.map(|earlier| abilities(&before, earlier)).unwrap_or_default();
        // What is held further is held less far too.
        let held = |can: &Can| match can {
            Can::Hold(privilege, depth) => {
                had.iter().any(|had| matches!(had, Can::Hold(other, further) if other == privilege && further >= depth))
            }
            Can::Run(_) | Can::ActAs(..) | Can::Change(_) | Can::ReadReference(_) => had.contains(can),
        };
        let new = abilities(&after, at).into_iter().filter(|can| !held(can));
        gains.extend(new.map(|can| format!("{} {can:?}", person.principal)));
    }
    gains
}

#[test]
fn nobody_gains_anything_is_said_only_when_it_is_true() {
    let (mut said, mut gained) = (0, 0);
    for seed in 0..400 {
        let mut dice = Dice::new(seed);
        let (desired, inventory) = (world::desired(&mut dice), world::inventory(&mut dice));
        let plan = plan(&desired, &inventory);
        let review = review(&desired, &plan, &inventory);
        let is_said = review.effective.iter().any(|one| one.text == "nobody gains anything");
        let gains = gains(&inventory, &plan.after);
        gained += usize::from(!gains.is_empty());
        if is_said {
            said += 1;
            assert_eq!(gains, Vec::<String>::new(), "seed {seed}: {:#?}", review.effective);
        } else if !review.effective.is_empty() {
            let tells = |one: &super::Statement| matches!(one.direction, Direction::Gains | Direction::MayGain);
            assert!(review.effective.iter().any(tells), "seed {seed}");
        }
    }
    assert!(said > 10 && gained > 100, "too few cases: said {said}, gained {gained}");
}
