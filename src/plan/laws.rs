//! The laws of every ledger and of the whole pipe, on random environments and wishes, without HTTP.
use std::collections::{BTreeMap, BTreeSet};

use super::line::LineKind;
use super::world::{self, Dice};
use super::{Plan, plan, resolve};
use crate::compile::desired::DesiredEnvironment;
use crate::inventory::Inventory;
use crate::inventory::section::Section;
use crate::kinds::{Column, Goals, Ledgers, Reconcile, Seen, Verdicts, Visit};
use crate::ledger::{Change, Effect, Key, Ledger, Phase, Sight, Verdict, Wanted};
use crate::problem::{Cause, Problem};

/// Every law is tried on this many changes of every ledger that random wishes produce.
const CASES: usize = 10_000;

fn case(seed: u64) -> (DesiredEnvironment, Inventory) {
    let mut dice = Dice::new(seed);
    (world::desired(&mut dice), world::inventory(&mut dice))
}

/// Every ledger's sight of every subject of the goals, as text, so that two inventories can be compared.
struct Sights<'inventory> {
    inventory: &'inventory Inventory,
    seen: BTreeMap<(&'static str, String), String>,
}

impl Visit<Goals, Seen> for Sights<'_> {
    fn visit<L: Reconcile>(&mut self, goals: &BTreeMap<L::Subject, Wanted<L>>) {
        for subject in goals.keys() {
            self.seen.insert((<L as Ledger>::NAME, subject.key()), format!("{:?}", L::sight(self.inventory, subject)));
        }
    }
}

fn sights(goals: &Ledgers<Goals>, inventory: &Inventory) -> BTreeMap<(&'static str, String), String> {
    let mut sights = Sights { inventory, seen: BTreeMap::new() };
    goals.walk::<Seen>(&mut sights);
    sights.seen
}

/// Tries the laws of `enact` on every planned change.
struct Laws<'case> {
    inventory: &'case Inventory,
    goals: &'case Ledgers<Goals>,
    before: BTreeMap<(&'static str, String), String>,
    tried: &'case mut BTreeMap<&'static str, usize>,
    seed: u64,
}

fn level_of<L: Reconcile>(sight: &Sight<L>, entry: &L::Entry) -> Option<L::Level> {
    match sight {
        Sight::Found { entries, .. } => entries.get(entry).map(|held| held.level.clone()),
        Sight::Absent | Sight::Unreadable(_) => None,
    }
}

impl Laws<'_> {
    fn try_one<L: Reconcile>(&mut self, subject: &L::Subject, change: &Change<L>, alone: bool) {
        let mut after = self.inventory.clone();
        L::enact(&mut after, subject, change);
        let name = <L as Ledger>::NAME;
        let seen = level_of::<L>(&L::sight(&after, subject), &change.entry);
        assert_eq!(seen, change.to, "seed {}: sight after enact is the change ({name}, {change:?})", self.seed);
        // A subject that comes or goes takes its entries in other ledgers with it.
        let deletes = name == "rolePrivileges" && change.entry.key() == "role";
        for (key, text) in sights(self.goals, &after) {
            let own = key == (name, subject.key());
            let implied = key.0 == "environmentMembers" && change.to.is_some();
            let of_deleted = deletes && key.1 == subject.key();
            if !own && !implied && !of_deleted {
                assert_eq!(self.before.get(&key), Some(&text), "seed {}: {name} leaves {} alone", self.seed, key.0);
            }
        }
        if alone && name != "environmentMembers" && !deletes && change.from.is_some() {
            let mut back = after.clone();
            L::enact(&mut back, subject, &change.inverse());
            let restored = level_of::<L>(&L::sight(&back, subject), &change.entry);
            assert_eq!(restored, change.from, "seed {}: the inverse restores ({name}, {change:?})", self.seed);
        }
        *self.tried.entry(name).or_default() += 1;
    }
}

impl Visit<Verdicts, Seen> for Laws<'_> {
    fn visit<L: Reconcile>(&mut self, verdicts: &BTreeMap<L::Subject, Verdict<L>>) {
        for (subject, verdict) in verdicts {
            let Verdict::Compared { new, changes, .. } = verdict else { continue };
            for change in changes {
                if self.tried.get(<L as Ledger>::NAME).copied().unwrap_or_default() >= CASES {
                    break;
                }
                // A privilege of a role that is not there yet is tried after the role.
                if !*new || L::makes(subject, change).is_some() {
                    self.try_one::<L>(subject, change, !*new);
                }
            }
        }
    }
}

struct Compare<'inventory>(&'inventory Inventory);

impl Visit<Goals, Verdicts> for Compare<'_> {
    fn visit<L: Reconcile>(&mut self, goals: &BTreeMap<L::Subject, Wanted<L>>) -> <Verdicts as Column>::Of<L> {
        goals
            .iter()
            .map(|(subject, wanted)| (subject.clone(), crate::ledger::diff(wanted, L::sight(self.0, subject))))
            .collect()
    }
}

#[test]
fn sight_after_enact_is_the_change_and_other_ledgers_are_left_alone() {
    let mut tried = BTreeMap::new();
    // Environment roles live in environments without Dataverse and have tests of their own beside the ledger.
    let ledgers = [
        "rolePrivileges",
        "environmentMembers",
        "roleAssignments",
        "flowConnections",
        "connectionReferenceReaders",
        "flowShares",
    ];
    let mut seed = 0;
    while ledgers.iter().any(|ledger| tried.get(ledger).copied().unwrap_or_default() < CASES) {
        let (desired, mut inventory) = case(seed);
        let (goals, _) = resolve::resolve(&desired, &mut inventory);
        let verdicts = goals.walk(&mut Compare(&inventory));
        // Once a ledger has had its cases, the ledgers that are slower to come up go on alone.
        let before = sights(&goals, &inventory);
        verdicts.walk::<Seen>(&mut Laws { inventory: &inventory, goals: &goals, before, tried: &mut tried, seed });
        seed += 1;
        assert!(seed < 40_000, "the generator does not reach every ledger: {tried:?}");
    }
}

fn texts(plan: &Plan) -> Vec<String> {
    plan.lines.iter().map(|line| format!("{} | {}", line.heading, crate::render::plan::one(line))).collect()
}

#[test]
fn a_plan_that_holds_leaves_nothing_to_plan() {
    for seed in 0..CASES as u64 {
        let (desired, inventory) = case(seed);
        let first = plan(&desired, &inventory);
        let second = plan(&desired, &first.after);
        let left: Vec<_> =
            second.changes().map(|line| format!("{} {}", line.heading, crate::render::plan::one(line))).collect();
        assert!(left.is_empty(), "seed {seed}: {left:#?}\nfirst: {:#?}", texts(&first));
    }
}

#[test]
fn the_same_input_gives_the_same_plan() {
    for seed in 0..500 {
        let (desired, inventory) = case(seed);
        let (one, two) = (plan(&desired, &inventory), plan(&desired, &inventory));
        assert_eq!(texts(&one), texts(&two));
        assert_eq!(super::digest::digest([&one]), super::digest::digest([&two]));
    }
}

#[test]
fn named_lists_revoke_nothing_that_is_not_named_absent() {
    for seed in 0..CASES as u64 {
        let (mut desired, inventory) = case(seed);
        for role in &mut desired.roles {
            role.extent = None;
            role.state = crate::compile::desired::State::Present;
        }
        let lists = desired.assignments.iter_mut().map(|assignment| &mut assignment.members);
        let of_flows = desired.flows.iter_mut().flat_map(|flow| {
            [&mut flow.run_only_users, &mut flow.owners, &mut flow.reference_readers].into_iter().flatten()
        });
        for list in lists.chain(of_flows) {
            list.extent = None;
            list.members.retain(|member| member.state == crate::compile::desired::State::Present);
        }
        for role in &mut desired.roles {
            role.privileges.retain(|privilege| privilege.depth.is_some());
        }
        let plan = plan(&desired, &inventory);
        let revoked: Vec<_> =
            plan.changes().filter(|line| matches!(line.kind, LineKind::Change { to: None, .. })).collect();
        assert!(revoked.is_empty(), "seed {seed}: {revoked:#?}");
    }
}

#[test]
fn from_a_set_that_was_read_in_part_nothing_is_revoked_added_or_called_unmanaged() {
    let trimmed = Problem::without_request(Cause::Trimmed, "Dataverse", "Read on Process is User", "");
    for seed in 0..2_000 {
        let (desired, mut inventory) = case(seed);
        inventory.shares = std::mem::take(&mut inventory.shares).with_gap(Some(trimmed.clone()));
        inventory.holders = std::mem::take(&mut inventory.holders).with_gap(Some(trimmed.clone()));
        inventory.role_privileges = std::mem::take(&mut inventory.role_privileges).with_gap(Some(trimmed.clone()));
        let plan = plan(&desired, &inventory);
        for line in &plan.lines {
            let judged = ["flowShares", "connectionReferenceReaders", "roleAssignments", "rolePrivileges"]
                .contains(&line.ledger);
            let property = ["role", "isinherited", "description"].contains(&line.entry.as_str());
            if !judged || property || line.new {
                continue;
            }
            match &line.kind {
                LineKind::Change { from, to, .. } => assert!(from.is_some() && to.is_some(), "seed {seed}: {line:#?}"),
                LineKind::Unmanaged { .. } => panic!("seed {seed}: called unmanaged: {line:#?}"),
                LineKind::Blocked { .. } | LineKind::Unread { .. } | LineKind::Kept { .. } => {}
            }
        }
    }
}

#[test]
fn what_could_not_be_read_is_not_planned() {
    let problem = Problem::without_request(Cause::Forbidden, "Dataverse", "no", "");
    for seed in 0..500 {
        let (desired, mut inventory) = case(seed);
        inventory.shares = Section::Unreadable(problem.clone());
        let plan = plan(&desired, &inventory);
        assert!(
            plan.changes().all(|line| !["flowShares", "connectionReferenceReaders"].contains(&line.ledger)),
            "seed {seed}"
        );
    }
}

#[test]
fn nobody_gains_a_flow_before_its_connections_are_restricted_and_no_refused_flow_keeps_a_leaver() {
    for seed in 0..CASES as u64 {
        let (desired, inventory) = case(seed);
        let plan = plan(&desired, &inventory);
        for (at, step) in plan.steps.iter().enumerate() {
            for other in &step.waits {
                assert!(*other != at, "seed {seed}: a step waits for itself");
                assert!(!plan.steps[*other].waits.contains(&at), "seed {seed}: two steps wait for each other");
            }
            let line = &plan.lines[step.lines[0]];
            if line.ledger == "flowShares" && step.phase == Phase::Grant {
                let restricts = plan.steps.iter().enumerate().filter(|(_, other)| {
                    other.phase == Phase::Restrict && plan.lines[other.lines[0]].subject == line.subject
                });
                for (other, _) in restricts {
                    assert!(
                        step.waits.contains(&other),
                        "seed {seed}: {} is shared before it is restricted",
                        line.heading
                    );
                }
            }
            if line.ledger == "flowShares" && step.phase == Phase::Revoke {
                let own = step.principal.as_ref().map(crate::principal::Principal::identity);
                for other in &step.waits {
                    let of_other = plan.steps[*other].principal.as_ref().map(crate::principal::Principal::identity);
                    assert_eq!(own, of_other, "seed {seed}: a revocation waits for somebody else");
                }
            }
        }
    }
}

#[test]
fn every_change_has_a_step_exactly_once() {
    for seed in 0..2_000 {
        let (desired, inventory) = case(seed);
        let plan = plan(&desired, &inventory);
        let mut lines: Vec<usize> = plan.steps.iter().flat_map(|step| step.lines.clone()).collect();
        let count = lines.len();
        lines.sort_unstable();
        lines.dedup();
        assert_eq!(lines.len(), count, "seed {seed}: a change is in two steps");
        let changes: BTreeSet<usize> =
            (0..plan.lines.len()).filter(|at| matches!(plan.lines[*at].kind, LineKind::Change { .. })).collect();
        assert_eq!(lines.into_iter().collect::<BTreeSet<_>>(), changes, "seed {seed}");
    }
}

#[test]
fn a_grant_widens_and_a_revocation_narrows() {
    for seed in 0..500 {
        let (desired, inventory) = case(seed);
        for line in plan(&desired, &inventory).changes() {
            if let LineKind::Change { from, to, effect, .. } = &line.kind {
                match (from, to) {
                    (None, Some(_)) => assert_eq!(*effect, Effect::Widens),
                    (Some(_), None) => assert_eq!(*effect, Effect::Narrows),
                    (Some(_), Some(_)) | (None, None) => {}
                }
            }
        }
    }
}
