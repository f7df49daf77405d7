//! Rails: limits on what one run may do, judged on a plan and on the inventory after it.
use std::collections::BTreeMap;

use crate::compile::desired::{DesiredEnvironment, MaxRemovals, State};
use crate::finding::{Finding, Severity};
use crate::inventory::Inventory;
use crate::inventory::people::PrincipalRow;
use crate::ledger::Extent;
use crate::plan::{Line, LineKind, Plan};
use crate::rules::Rule;

/// A rail that a plan trips; nothing is written while one is tripped and not lifted by name.
#[derive(Clone, Debug, PartialEq)]
pub struct Tripped {
    /// The rail.
    pub rule: Rule,
    /// The environment's name.
    pub environment: String,
    /// What trips it, and how to go on.
    pub finding: Finding,
}

/// Judges a plan. `inventory` is what the plan was made from.
pub fn evaluate(desired: &DesiredEnvironment, plan: &Plan, inventory: &Inventory) -> Vec<Tripped> {
    [max_removals(desired, plan), protect_self(desired, plan, inventory), empty_exact(desired, plan)]
        .into_iter()
        .flatten()
        .map(|finding| Tripped { rule: finding.rule, environment: plan.environment.to_string(), finding })
        .collect()
}

fn is_removal(line: &Line) -> bool {
    matches!(line.kind, LineKind::Change { to: None, .. })
}

/// Too many removals for one run (precedents: octoDNS thresholds, peribolos' maximum removal delta).
fn max_removals(desired: &DesiredEnvironment, plan: &Plan) -> Option<Finding> {
    let MaxRemovals { absolute, share, floor } = desired.environment.rails.max_removals;
    let removals: Vec<&Line> = plan.lines.iter().filter(|line| is_removal(line)).collect();
    let count = u32::try_from(removals.len()).unwrap_or(u32::MAX);
    if count <= floor {
        return None;
    }
    let mut held: BTreeMap<(&str, &str), (u32, u32)> = BTreeMap::new();
    for line in &plan.lines {
        let is_held = match &line.kind {
            LineKind::Change { from, .. } => from.is_some(),
            LineKind::Blocked { held, .. } | LineKind::Unmanaged { held } | LineKind::Kept { held, .. } => {
                held.is_some()
            }
            LineKind::Unread { .. } => false,
        };
        let counts = held.entry((line.ledger, &line.subject)).or_default();
        counts.0 += u32::from(is_removal(line));
        counts.1 += u32::from(is_held);
    }
    let steep = held.values().any(|(removed, of)| f64::from(*removed) > share * f64::from(*of) && *removed > floor);
    if count <= absolute && !steep {
        return None;
    }
    let at = removals.first().and_then(|line| line.place.clone());
    let message = format!(
        "the plan removes {count} permissions in {}; at most {absolute} and {:.0} % of a list are allowed in one run",
        plan.environment,
        share * 100.0
    );
    let finding = Finding::new(Severity::Error, Rule::MaxRemovals, at, message);
    Some(finding.hint("read the removals; then raise `rails.max-removals` in the Environment document, or run with `--allow max-removals`"))
}

/// The caller would lose a role or what a role of his gives him (precedent: peribolos' require-self).
fn protect_self(desired: &DesiredEnvironment, plan: &Plan, inventory: &Inventory) -> Option<Finding> {
    let _ = desired;
    let caller = inventory.caller.value()?;
    let (principal, _) = inventory.principal_of(PrincipalRow::User(caller.user));
    let identity = principal.identity();
    let (roles, _) = inventory.roles_of(PrincipalRow::User(caller.user));
    let line = plan.lines.iter().filter(|line| is_removal(line)).find(|line| {
        let own_role = roles.iter().any(|role| role.to_string() == line.subject);
        line.entry == identity
            || line.entry.starts_with(&format!("{identity}@"))
            || (own_role && line.ledger == "rolePrivileges")
    })?;
    let message = format!("powergrant itself ({principal}) would lose {} of {}", line.name, line.heading);
    let finding = Finding::new(Severity::Error, Rule::ProtectSelf, line.place.clone(), message);
    Some(finding.hint("name it in the manifest, or run with `--allow protect-self` as somebody who keeps the rights"))
}

/// An exact list that has become empty: everyone in it has expired or is absent (precedent: incidents of emptied groups).
fn empty_exact(desired: &DesiredEnvironment, plan: &Plan) -> Option<Finding> {
    let flows = desired.flows.iter().flat_map(|flow| [&flow.run_only_users, &flow.owners].into_iter().flatten());
    let lists = desired.assignments.iter().map(|document| &document.members).chain(flows);
    let emptied = lists.into_iter().find(|list| {
        let exact = list.extent.as_ref().is_some_and(|extent| extent.value == Extent::Exact);
        let nobody = list.members.iter().all(|member| member.state == State::Absent);
        exact && nobody && !list.members.is_empty() && !list.allow_empty
    })?;
    plan.lines.iter().any(is_removal).then_some(())?;
    let message = "an exact list has become empty: everyone in it has expired or is absent";
    let finding = Finding::new(Severity::Error, Rule::EmptyExact, Some(emptied.place.clone()), message);
    Some(finding.hint("add `allowEmpty: true` if nobody is meant, or run with `--allow empty-exact`"))
}
