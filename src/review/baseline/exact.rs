//! Lists that were exact and are not any more.
use std::collections::BTreeSet;

use super::words::{flow_words, role_words};
use crate::compile::desired::{Desired, List};
use crate::finding::{Finding, Severity};
use crate::ledger::Extent;
use crate::rules::Rule;

/// The lists of a baseline that are exact and are not any more: what is clicked into them stays from now on.
pub fn no_longer_exact(baseline: &Desired, now: &Desired) -> Vec<Finding> {
    let (before, after) = (exact(baseline), exact(now));
    let found = before.difference(&after).map(|(environment, list)| {
        let message =
            format!("{environment}, {list}: exact in the baseline and not any more, so what is clicked into it stays");
        let place = now.environments.iter().find(|other| other.environment.name.as_str() == environment);
        Finding::new(Severity::Warning, Rule::NewAccess, place.map(|other| other.environment.place.clone()), message)
    });
    found.collect()
}

fn exact(desired: &Desired) -> BTreeSet<(String, String)> {
    let mut lists = BTreeSet::new();
    for wanted in &desired.environments {
        let environment = wanted.environment.name.to_string();
        let is_exact = |list: &List| list.extent.as_ref().is_some_and(|extent| extent.value == Extent::Exact);
        for assignment in wanted.assignments.iter().filter(|assignment| is_exact(&assignment.members)) {
            lists.insert((environment.clone(), format!("role assignment {}", role_words(&assignment.role.value))));
        }
        for roles in wanted.environment_roles.iter().filter(|roles| is_exact(&roles.members)) {
            lists.insert((environment.clone(), format!("environment role {}", roles.role.value)));
        }
        for role in &wanted.roles {
            if role.extent.as_ref().is_some_and(|extent| extent.value == Extent::Exact) {
                lists.insert((environment.clone(), format!("security role {}", role_words(&role.role.value))));
            }
        }
        for flow in &wanted.flows {
            for (name, list) in [("run-only", &flow.run_only_users), ("co-owners", &flow.owners)] {
                if list.as_ref().is_some_and(is_exact) {
                    lists.insert((environment.clone(), format!("{}, {name}", flow_words(&flow.flow.value))));
                }
            }
        }
    }
    lists
}
