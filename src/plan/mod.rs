//! The plan: what is wanted, resolved to ids, compared with what was read, and put in order. Every command calls `plan`.
pub mod after;
pub mod check;
pub mod digest;
mod expiry;
mod held_back;
mod joiners;
mod judged;
pub mod line;
pub mod order;
pub mod resolve;
pub mod saved;
pub mod trails;

#[cfg(test)]
mod laws;
#[cfg(test)]
mod snapshot_laws;
#[cfg(test)]
pub(crate) mod world;

use std::collections::BTreeMap;

use crate::compile::desired::DesiredEnvironment;
use crate::finding::Finding;
use crate::inventory::Inventory;
use crate::kinds::{Goals, Ledgers, Reconcile, Seen, Verdicts, Visit};
use crate::ledger::{Verdict, Wanted, diff};

pub use judged::Judged;
pub use line::{Goal, Line, LineKind};
pub use order::Step;

/// What has to be done in one environment, and what is left as it is.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The environment's name in the manifests.
    pub environment: crate::names::Text,
    /// The environment's identity in digests.
    pub environment_id: String,
    /// The tenant's identity in digests.
    pub tenant: String,
    /// What is wrong with what was asked, or worth knowing about it.
    pub findings: Vec<Finding>,
    /// What moves and what does not, in the order in which it is printed.
    pub lines: Vec<Line>,
    /// The writes, in the order in which they may be sent.
    pub steps: Vec<Step>,
    /// The extents of the subjects that something moves in: ledger, subject, extent.
    pub extents: Vec<(String, String, String)>,
    /// How many permissions manifests name, of all that they speak of.
    pub named: usize,
    /// What was compared: what has no line holds only if it was.
    pub judged: Judged,
    /// The inventory as it will be read when the plan holds.
    pub after: Inventory,
    /// The same moves with their ledgers' types, for whoever judges them.
    pub verdicts: Ledgers<Verdicts>,
}

/// Compares what manifests want of an environment with what was read of it.
pub fn plan(desired: &DesiredEnvironment, inventory: &Inventory) -> Plan {
    plan_within(desired, inventory, &|_, _, _| true)
}

/// The same plan, with steps only for the changes that are kept.
pub fn plan_within(desired: &DesiredEnvironment, inventory: &Inventory, keep: order::Keep<'_>) -> Plan {
    let mut inventory = inventory.clone();
    let (mut goals, mut findings) = resolve::resolve(desired, &mut inventory);
    let unresolved = findings.clone();
    let mut verdicts = compare(&goals, &inventory);
    // What nothing in this plan makes possible is taken back before it is planned, and said.
    for _ in 0..3 {
        let after = after::after(&inventory, &verdicts);
        if !check::block_impossible(&mut goals, &verdicts, &inventory, &after, &mut findings) {
            break;
        }
        verdicts = compare(&goals, &inventory);
    }
    let after = after::after(&inventory, &verdicts);
    check::warn(desired, &verdicts, &after, &mut findings);
    let (mut lines, steps) = order::order(&inventory, &verdicts, keep);
    findings.extend(held_back::held_back(&lines));
    findings.sort();
    findings.dedup();
    expiry::tell(desired, &mut lines);
    Plan {
        environment: desired.environment.name.clone(),
        environment_id: inventory.environment.id(),
        tenant: inventory.environment.tenant.map(|tenant| tenant.to_string()).unwrap_or_default(),
        extents: digest::extents(&goals, &verdicts),
        named: named(&goals),
        judged: Judged::of(&goals, &verdicts, &unresolved),
        findings,
        lines,
        steps,
        after,
        verdicts,
    }
}

impl Plan {
    /// How many lines are changes.
    pub fn changes(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| matches!(line.kind, LineKind::Change { .. }))
    }

    /// Whether something differs: a change, or a line that is blocked.
    pub fn has_differences(&self) -> bool {
        self.lines.iter().any(|line| matches!(line.kind, LineKind::Change { .. } | LineKind::Blocked { .. }))
    }

    /// Whether something that was wanted could not be read or decided.
    pub fn is_incomplete(&self) -> bool {
        // What could not be resolved for want of a read has no line, and is wanted all the same.
        let unresolved = self.findings.iter().any(|finding| finding.rule == crate::rules::Rule::IncompleteRead);
        unresolved || self.lines.iter().any(|line| matches!(line.kind, LineKind::Unread { .. }))
    }

    /// Whether what was asked cannot be meant.
    pub fn has_errors(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == crate::finding::Severity::Error)
    }
}

/// How many permissions are named with a level.
fn named(goals: &Ledgers<Goals>) -> usize {
    let mut count = Named(0);
    goals.walk::<Seen>(&mut count);
    count.0
}

struct Named(usize);

impl Visit<Goals, Seen> for Named {
    fn visit<L: Reconcile>(&mut self, goals: &BTreeMap<L::Subject, Wanted<L>>) {
        let entries = goals.values().flat_map(|wanted| &wanted.entries);
        self.0 += entries.filter(|(entry, want)| want.level.is_some() && L::is_listed(entry)).count();
    }
}

/// Compares what is wanted with what was read, ledger by ledger.
fn compare(goals: &Ledgers<Goals>, inventory: &Inventory) -> Ledgers<Verdicts> {
    let mut verdicts = goals.walk(&mut Compare { inventory });
    joiners::complete_teams(goals, &mut verdicts, inventory);
    verdicts
}

struct Compare<'inventory> {
    inventory: &'inventory Inventory,
}

impl Visit<Goals, Verdicts> for Compare<'_> {
    fn visit<L: Reconcile>(&mut self, goals: &BTreeMap<L::Subject, Wanted<L>>) -> BTreeMap<L::Subject, Verdict<L>> {
        goals
            .iter()
            .map(|(subject, wanted)| (subject.clone(), diff(wanted, L::sight(self.inventory, subject))))
            .collect()
    }
}

/// A plan of lines that nothing was compared for, for what is made of plans.
#[cfg(test)]
pub(crate) fn of_lines(environment: &str, lines: Vec<Line>) -> Plan {
    let inventory = Inventory::empty(crate::inventory::EnvironmentFacts::default());
    Plan {
        environment: environment.into(),
        environment_id: environment.to_owned(),
        tenant: String::new(),
        findings: Vec::new(),
        lines,
        steps: Vec::new(),
        extents: Vec::new(),
        named: 0,
        judged: Judged::default(),
        verdicts: Ledgers::<Goals>::default().walk(&mut Compare { inventory: &inventory }),
        after: inventory,
    }
}

/// The inventory after some of a plan's changes, for environments that only pretend.
#[cfg(test)]
pub(crate) fn after_goals(
    desired: &DesiredEnvironment,
    inventory: &Inventory,
    goals: &std::collections::BTreeSet<Goal>,
) -> Inventory {
    let mut resolved = inventory.clone();
    let (mut wanted, mut findings) = resolve::resolve(desired, &mut resolved);
    let verdicts = compare(&wanted, &resolved);
    let whole = after::after(&resolved, &verdicts);
    check::block_impossible(&mut wanted, &verdicts, &resolved, &whole, &mut findings);
    let verdicts = compare(&wanted, &resolved);
    after::after_some(inventory, &verdicts, &|goal| goals.contains(goal))
}
