//! Where nothing is said to be new, `access` finds nobody who gains anything: random pairs of manifests over random environments.
//!
//! Blind spots: those of `plan::world`; expiry; documents about several flows at once.
use super::new_access;
use crate::compile::desired::{Connection, ConnectionTarget, Desired, DesiredEnvironment, List, State};
use crate::inventory::Inventory;
use crate::names::{ConnectionMode, Depth};
use crate::plan::plan;
use crate::plan::world::{self, Dice};
use crate::review::effective::laws::gains;

/// Other manifests: mostly less of the same, sometimes a little more.
fn other(dice: &mut Dice, baseline: &DesiredEnvironment) -> DesiredEnvironment {
    let mut now = baseline.clone();
    now.roles.retain(|_| !dice.one_in(4));
    now.assignments.retain(|_| !dice.one_in(4));
    now.flows.retain(|_| !dice.one_in(4));
    for role in &mut now.roles {
        role.extent = role.extent.take().filter(|_| !dice.one_in(4));
        role.privileges.retain(|_| !dice.one_in(5));
        for privilege in &mut role.privileges {
            if dice.one_in(5) {
                privilege.depth = privilege.depth.map(|depth| depth.min(dice.pick(&Depth::WRITABLE)));
            } else if dice.one_in(12) {
                privilege.depth = Some(dice.pick(&Depth::WRITABLE));
            }
        }
    }
    for assignment in &mut now.assignments {
        fewer(dice, &mut assignment.members);
    }
    for flow in &mut now.flows {
        flow.connections.retain(|_| !dice.one_in(5));
        for line in &mut flow.connections {
            if dice.one_in(5) {
                line.mode = ConnectionMode::ProvidedByRunOnlyUser;
            } else if dice.one_in(12) {
                line.mode = ConnectionMode::UseThisConnection;
            }
        }
        for list in [&mut flow.run_only_users, &mut flow.owners, &mut flow.reference_readers].into_iter().flatten() {
            fewer(dice, list);
        }
    }
    now
}

fn fewer(dice: &mut Dice, list: &mut List) {
    list.extent = list.extent.take().filter(|_| !dice.one_in(4));
    list.members.retain(|_| !dice.one_in(5));
    for member in &mut list.members {
        if dice.one_in(6) {
            member.state = State::Absent;
        } else if dice.one_in(20) {
            member.state = State::Present;
        }
    }
}

/// Adds a line for every other connection, so that more specific ones are exceptions from it.
fn with_broad_lines(dice: &mut Dice, wanted: &mut DesiredEnvironment) {
    for flow in &mut wanted.flows {
        if dice.one_in(2) {
            let mode = dice.pick(&[ConnectionMode::ProvidedByRunOnlyUser, ConnectionMode::UseThisConnection]);
            flow.connections.push(Connection { target: ConnectionTarget::All, mode, place: world::place(1) });
        }
    }
}

/// The environment in which the manifests hold as far as they can; none if they cannot be meant.
fn applied(wanted: &DesiredEnvironment, inventory: &Inventory) -> Option<Inventory> {
    let mut inventory = inventory.clone();
    for _ in 0..4 {
        let plan = plan(wanted, &inventory);
        if plan.has_errors() {
            return None;
        }
        let is_done = plan.changes().next().is_none();
        inventory = plan.after;
        if is_done {
            break;
        }
    }
    Some(inventory)
}

#[test]
fn where_nothing_is_new_nobody_gains_anything() {
    let (mut silent, mut told, mut gained) = (0, 0, 0);
    for seed in 0..900 {
        let mut dice = Dice::new(seed);
        let (mut baseline, inventory) = (world::desired(&mut dice), world::inventory(&mut dice));
        with_broad_lines(&mut dice, &mut baseline);
        let now = if dice.one_in(3) { world::desired(&mut dice) } else { other(&mut dice, &baseline) };
        let Some(before) = applied(&baseline, &inventory) else { continue };
        let Some(after) = applied(&now, &before) else { continue };
        let of = |wanted: &DesiredEnvironment| Desired { environments: vec![wanted.clone()] };
        let found = new_access(&of(&baseline), &of(&now));
        let gains = gains(&before, &after);
        gained += usize::from(!gains.is_empty());
        if found.is_empty() {
            silent += 1;
            assert_eq!(gains, Vec::<String>::new(), "seed {seed}");
        } else {
            told += 1;
        }
    }
    assert!(silent > 30 && told > 20 && gained > 10, "silent {silent}, told {told}, gained {gained}");
}
