//! The risk of each change and of a plan, from rules that are data.
use std::collections::BTreeMap;

use serde::Serialize;
use uuid::Uuid;

use super::moves::{Move, What};
use super::people::People;
use crate::compile::desired::DesiredEnvironment;
use crate::inventory::Inventory;
use crate::inventory::people::PrincipalRow;
use crate::inventory::things::Rights;
use crate::kinds::policy::risk::{Changes, Grade, Risk as Extension, RiskRule, When, Whom};
use crate::kinds::security_role::entry::{Entry, RoleLevel};
use crate::ledger::Level;
use crate::names::{ConnectionMode, Depth, Membership, folded};
use crate::plan::Goal;
use crate::principal::Principal;

/// How a change is graded, and why.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Graded {
    /// The grade.
    pub grade: Grade,
    /// The change.
    pub goal: Goal,
    /// The heading of its subject.
    pub heading: String,
    /// The name of its entry.
    pub name: String,
    /// The rules that hold, the gravest first: id and reason.
    pub because: Vec<(String, String)>,
}

/// The risk of a plan.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Risk {
    /// The highest grade of its changes; none without changes.
    pub grade: Option<Grade>,
    /// Every change, the riskiest first.
    pub changes: Vec<Graded>,
}

/// The rules that come with powergrant.
pub fn rules() -> Vec<RiskRule> {
    serde_yaml::from_str(include_str!("risk.yaml")).expect("a test reads the rules")
}

/// Grades the changes of a plan.
pub fn risk(desired: &DesiredEnvironment, before: &Inventory, after: &Inventory, moves: &[Move<'_>]) -> Risk {
    let rules = extended(rules(), desired.policies.iter().map(|policy| &policy.risk));
    let mut facts = Facts::of(before, after, moves);
    let mut changes: Vec<Graded> = moves.iter().map(|one| grade(one, &rules, &mut facts)).collect();
    changes.sort_by_key(|change| std::cmp::Reverse(change.grade));
    Risk { grade: changes.first().map(|change| change.grade), changes }
}

/// The rules with what policies say about them.
fn extended<'policy>(mut rules: Vec<RiskRule>, policies: impl Iterator<Item = &'policy Extension>) -> Vec<RiskRule> {
    for Extension { grades, rules: more } in policies {
        for rule in more {
            rules.retain(|own| own.id != rule.id);
            rules.push(rule.clone());
        }
        for rule in &mut rules {
            if let Some(grade) = grades.get(&rule.id) {
                rule.grade = *grade;
            }
        }
    }
    rules
}

fn grade(one: &Move<'_>, rules: &[RiskRule], facts: &mut Facts<'_>) -> Graded {
    let mut holding: Vec<&RiskRule> = rules.iter().filter(|rule| holds(&rule.when, one, facts)).collect();
    holding.sort_by_key(|rule| std::cmp::Reverse(rule.grade));
    Graded {
        grade: holding.first().map(|rule| rule.grade).unwrap_or_default(),
        goal: one.goal.clone(),
        heading: one.heading.clone(),
        name: one.name.trim_end().to_owned(),
        because: holding.into_iter().map(|rule| (rule.id.clone(), rule.reason.clone())).collect(),
    }
}

fn holds(when: &When, one: &Move<'_>, facts: &mut Facts<'_>) -> bool {
    // Destructured so that a new condition is not forgotten.
    let When {
        changes,
        effects,
        roles,
        privileges,
        tables,
        operations,
        depths,
        levels,
        principals,
        lends,
        audience_over,
        orphans,
        managed,
    } = when;
    let told = Told::of(one);
    let named = |list: &[String], name: Option<&str>| {
        list.is_empty() || name.is_some_and(|name| list.iter().any(|known| folded(known) == folded(name)))
    };
    let flow = flow_of(one);
    (changes.is_empty() || changes.contains(&told.changes))
        && (effects.is_empty() || effects.contains(&one.effect.into()))
        && named(roles, told.role)
        && named(privileges, told.privilege)
        && named(tables, told.table)
        && (operations.is_empty() || told.operation.is_some_and(|operation| operations.contains(&operation)))
        && (depths.is_empty() || told.depth.is_some_and(|depth| depths.contains(&depth)))
        && named(levels, told.level.as_deref())
        && (principals.is_empty() || principals.iter().any(|whom| facts.is_about(one, *whom)))
        && lends.is_none_or(|lends| flow.is_some_and(|flow| facts.lends(flow) == lends))
        && audience_over.is_none_or(|most| flow.is_some_and(|flow| facts.audience_is_over(flow, most)))
        && orphans.is_none_or(|orphans| flow.is_some_and(|flow| facts.is_orphaned(flow) == orphans))
        && managed.is_none_or(|managed| facts.is_managed(one) == managed)
}

/// What a change tells by itself.
struct Told<'run> {
    changes: Changes,
    role: Option<&'run str>,
    privilege: Option<&'run str>,
    table: Option<&'run str>,
    operation: Option<crate::names::Operation>,
    depth: Option<Depth>,
    level: Option<String>,
}

impl<'run> Told<'run> {
    fn of(one: &Move<'run>) -> Self {
        let told = |changes, role: Option<&'run str>, level: Option<String>| Self {
            changes,
            role,
            privilege: None,
            table: None,
            operation: None,
            depth: None,
            level,
        };
        match one.what {
            What::Privilege(role, change) => {
                let mut told = told(Changes::RolePrivileges, Some(&role.name), change.to.as_ref().map(Level::word));
                if let Entry::Privilege(privilege) = &change.entry {
                    told.privilege = Some(&privilege.name);
                    told.table = privilege.table.as_deref();
                    told.operation = privilege.operation;
                }
                if let Some(RoleLevel::Depth(depth)) = change.to {
                    told.depth = Some(depth);
                }
                told
            }
            What::Member(change) => told(Changes::EnvironmentMembers, None, change.to.as_ref().map(Level::word)),
            What::Assignment(role, change) => {
                told(Changes::RoleAssignments, Some(&role.name), change.to.as_ref().map(Level::word))
            }
            What::EnvironmentRole(role, change) => {
                told(Changes::EnvironmentRoles, Some(role.words()), change.to.as_ref().map(Level::word))
            }
            What::Connection(_, change) => told(Changes::FlowConnections, None, change.to.as_ref().map(Level::word)),
            What::Reader(_, change) => {
                told(Changes::ConnectionReferenceReaders, None, change.to.as_ref().map(Level::word))
            }
            What::Share(_, change) => told(Changes::FlowShares, None, change.to.as_ref().map(Level::word)),
        }
    }
}

fn flow_of(one: &Move<'_>) -> Option<Uuid> {
    match one.what {
        What::Connection(flow, _) | What::Share(flow, _) => Some(flow.id),
        What::Privilege(..) | What::Member(_) | What::Assignment(..) | What::EnvironmentRole(..) | What::Reader(..) => {
            None
        }
    }
}

/// What an inventory tells of the things that change; each flow is looked at once.
struct Facts<'run> {
    before: &'run Inventory,
    after: &'run Inventory,
    caller: Option<String>,
    flows: BTreeMap<Uuid, OfFlow>,
}

/// What rules ask of a flow.
struct OfFlow {
    lends: bool,
    audience: People,
    is_orphaned: bool,
}

impl<'run> Facts<'run> {
    fn of(before: &'run Inventory, after: &'run Inventory, moves: &[Move<'_>]) -> Self {
        let caller = before.caller.value();
        let caller = caller.map(|caller| before.principal_of(PrincipalRow::User(caller.user)).0.identity());
        let flows = moves.iter().filter_map(flow_of).map(|flow| (flow, OfFlow::of(before, after, flow))).collect();
        Self { before, after, caller, flows }
    }

    fn lends(&self, flow: Uuid) -> bool {
        self.flows.get(&flow).is_some_and(|flow| flow.lends)
    }

    fn audience_is_over(&self, flow: Uuid, most: u32) -> bool {
        self.flows.get(&flow).is_some_and(|flow| {
            let known = u32::try_from(flow.audience.known.len()).unwrap_or(u32::MAX);
            known > most || flow.audience.everyone || !flow.audience.unknown.is_empty()
        })
    }

    fn is_orphaned(&self, flow: Uuid) -> bool {
        self.flows.get(&flow).is_some_and(|flow| flow.is_orphaned)
    }

    fn is_managed(&self, one: &Move<'_>) -> bool {
        match one.what {
            What::Privilege(role, _) => self.before.roles.row(&role.id).is_some_and(|role| role.managed),
            What::Connection(flow, _) => self.before.flows.row(&flow.id).is_some_and(|flow| flow.managed),
            What::Member(_) | What::Assignment(..) | What::EnvironmentRole(..) | What::Reader(..) | What::Share(..) => {
                false
            }
        }
    }

    fn is_about(&self, one: &Move<'_>, whom: Whom) -> bool {
        let Some(principal) = one.principal else { return false };
        match whom {
            Whom::User => matches!(principal, Principal::User { .. }),
            Whom::Group => matches!(principal, Principal::Group { .. }),
            Whom::Application => matches!(principal, Principal::Application { .. }),
            Whom::Team => matches!(principal, Principal::Team { .. }),
            Whom::Everyone => matches!(principal, Principal::Everyone),
            Whom::Caller => self.caller.as_ref() == Some(&principal.identity()),
            Whom::Guest => is_guest(self.after, principal),
        }
    }
}

/// Whether somebody is a guest: Entra marks the name of one (Learn: properties of a B2B guest user).
pub(super) fn is_guest(inventory: &Inventory, principal: &Principal) -> bool {
    let marked = |name: &str| name.to_ascii_uppercase().contains("#EXT#");
    match principal {
        Principal::User { name, id } => {
            marked(name) || inventory.directory.row(id).is_some_and(|entry| marked(&entry.name))
        }
        Principal::Group { membership, .. } => *membership == Membership::Guests,
        Principal::Application { .. } | Principal::Team { .. } | Principal::Everyone | Principal::Unnamed { .. } => {
            false
        }
    }
}

impl OfFlow {
    fn of(before: &Inventory, after: &Inventory, flow: Uuid) -> Self {
        let facts = after.definitions.row(&flow);
        // A text that was not read may lend anything.
        let lends = facts.is_none_or(|facts| {
            facts.connections.values().any(|connection| connection.mode != ConnectionMode::ProvidedByRunOnlyUser)
        });
        let mut audience = People::default();
        for (row, rights) in after.shares.row(&flow).into_iter().flatten() {
            if rights.0 != 0 {
                audience.add(after, *row);
            }
        }
        Self { lends, audience, is_orphaned: has_owner(before, flow) && !has_owner(after, flow) }
    }
}

/// Whether somebody enabled owns or co-owns a flow, as far as is known; who cannot be counted counts as somebody.
fn has_owner(inventory: &Inventory, flow: Uuid) -> bool {
    let owner = inventory.flows.row(&flow).map(|flow| flow.owner);
    let shares = inventory.shares.row(&flow).into_iter().flatten();
    let co_owners = shares.filter(|(_, rights)| rights.contains(Rights::WRITE)).map(|(row, _)| *row);
    let mut owners = People::default();
    for row in owner.into_iter().chain(co_owners) {
        owners.add(inventory, row);
    }
    owners.everyone || !owners.known.is_empty() || !owners.unknown.is_empty()
}
