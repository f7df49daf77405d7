//! A role compared with what flows need: what is missing, and what is held and not needed.
use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::documents::{of_owner, table_name};
use super::{Derived, Needs};
use crate::inventory::Inventory;
use crate::kinds::security_role::entry::{Entry, RoleLevel};
use crate::kinds::{Reconcile, RolePrivileges};
use crate::ledger::{Reason, Sight};
use crate::names::{Depth, Flow, Ref, Role};
use crate::problem::Problem;

/// What a role lacks and what it has too much for the flows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Needed and not held, or not as deep; each with what needs it.
    pub missing: Vec<String>,
    /// Held and not needed, or deeper than needed.
    pub excess: Vec<String>,
}

/// Compares a role with what flows need besides Basic User. `Err` when the role's privileges were not read.
pub fn verify(inventory: &Inventory, role: &Ref<Role>, derived: &Derived) -> Result<Comparison, Problem> {
    let entries = match RolePrivileges::sight(inventory, role) {
        Sight::Found { entries, gap: None, .. } => entries,
        Sight::Found { gap: Some(problem), .. } | Sight::Unreadable(problem) => return Err(problem),
        Sight::Absent => return Err(crate::inventory::section::not_asked()),
    };
    let mut held: BTreeMap<Uuid, (String, Depth)> = BTreeMap::new();
    for (entry, level) in entries {
        let (Entry::Privilege(privilege), RoleLevel::Depth(depth)) = (&entry, &level.level) else { continue };
        // What Dataverse gives every role is nobody's excess.
        if !matches!(level.reason, Some(Reason::Platform(_))) {
            let words = entry.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
            held.insert(privilege.id, (words, *depth));
        }
    }
    let mut comparison = Comparison::default();
    for (id, words, depth, because) in needed(inventory, &derived.caller) {
        let own = id.and_then(|id| held.remove(&id)).map(|(_, depth)| depth);
        let reaches = own.is_some_and(|own| own != Depth::RecordFilter && own >= depth);
        let has = own.map_or_else(|| "not held".to_owned(), |own| format!("held at {own}"));
        if !reaches {
            comparison.missing.push(format!("{words} at {depth}: {has}; {because}"));
        } else if own > Some(depth) {
            comparison.excess.push(format!("{words}: {has}, and {depth} is enough for rows of one's own"));
        }
    }
    let base: BTreeSet<Uuid> = needed(inventory, &derived.base).into_iter().filter_map(|(id, ..)| id).collect();
    comparison.excess.extend(held.into_iter().map(|(id, (words, depth))| {
        let is_given = if base.contains(&id) { "Basic User gives what is needed of it" } else { "not needed" };
        format!("{words}: held at {depth}, and {is_given}")
    }));
    comparison.excess.sort();
    Ok(comparison)
}

/// What is needed, by the privilege's id in this organisation.
fn needed(inventory: &Inventory, needs: &Needs) -> Vec<(Option<Uuid>, String, Depth, String)> {
    let because = |need: &super::Need| need.because.iter().cloned().collect::<Vec<_>>().join("; ");
    let tables = needs.tables.iter().map(|((table, operation), need)| {
        let id = inventory.privilege(table, *operation).map(|privilege| privilege.id);
        (id, format!("{operation} {}", table_name(inventory, table)), need.depth, because(need))
    });
    let named = needs.named.iter().map(|(name, need)| {
        let id = inventory.privileges.row(&name.to_lowercase().into()).map(|privilege| privilege.id);
        (id, name.to_string(), need.depth, because(need))
    });
    tables.chain(named).collect()
}

impl Derived {
    /// What was derived, in words: every line is one need, unknown or remark.
    pub fn explained(&self, inventory: &Inventory, flows: &[Ref<Flow>]) -> Vec<String> {
        let mut lines = Vec::new();
        let mut list = |title: &str, entries: Vec<String>| {
            if !entries.is_empty() {
                lines.push(title.to_owned());
                lines.extend(entries.into_iter().map(|entry| format!("  {entry}")));
            }
        };
        let worded = |needs: &Needs| -> Vec<String> {
            let needs = needed(inventory, needs).into_iter();
            needs.map(|(_, words, depth, because)| format!("{words} at {depth}: {because}")).collect()
        };
        list("whoever runs it needs, besides Basic User:", worded(&self.caller));
        list("and through Basic User, which is not repeated in the role:", worded(&self.base));
        list("unknown, to be decided by you:", self.unknown.iter().cloned().collect());
        list("decided outside of Dataverse:", self.outside.iter().cloned().collect());
        list("runs with the flow's own connections, so nothing is needed for it:", self.own.iter().cloned().collect());
        for flow in flows {
            let owner = inventory.flows.row(&flow.id).map(|row| inventory.principal_of(row.owner).0);
            if let (Some(owner), false) = (owner, self.owner.is_empty()) {
                let title = format!("{owner}, who owns {flow}, acts on the callers' behalf and must hold as well:");
                list(&title, of_owner(inventory, flow, self));
            }
        }
        let hint = "every depth is the least that the table allows; raise it where rows of other people are meant";
        lines.push(hint.to_owned());
        lines
    }
}
