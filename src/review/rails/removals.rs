//! Rails on how much is taken away: `max-removals` and `empty-exact`.
use std::collections::{BTreeMap, BTreeSet};

use super::{Case, tripped};
use crate::compile::desired::{DesiredEnvironment, FlowName, List, MaxRemovals, Placed, Role, RoleName, State};
use crate::finding::Finding;
use crate::inventory::Inventory;
use crate::kinds::flow::shares::Share;
use crate::kinds::{
    EnvironmentRoles, FlowConnections, FlowShares, Reconcile, ReferenceReaders, RoleAssignments, RolePrivileges,
};
use crate::ledger::{Extent, Sight};
use crate::names::EnvironmentRole;
use crate::place::Place;
use crate::review::moves::{Move, What};
use crate::rules::Rule;

/// Too many removals for one run (precedents: octoDNS thresholds, peribolos' maximum removal delta).
pub(super) fn max_removals(case: &Case<'_>) -> Vec<Finding> {
    let MaxRemovals { absolute, share, floor } = case.desired.environment.rails.max_removals;
    let removals: Vec<&Move<'_>> = case.moves.iter().filter(|one| !one.stays).collect();
    let count = number(removals.len());
    if count <= floor {
        return Vec::new();
    }
    let mut lists: BTreeMap<(&str, &str), Vec<&Move<'_>>> = BTreeMap::new();
    for removal in &removals {
        lists.entry((removal.goal.ledger, &removal.goal.subject)).or_default().push(removal);
    }
    let steep = lists.values().find(|of_list| {
        let removed = number(of_list.len());
        removed > floor && f64::from(removed) > share * f64::from(number(held(case.before, of_list[0])))
    });
    let environment = &case.desired.environment.name;
    let message = match steep {
        Some(of_list) => format!(
            "the plan removes {} of the {} entries of {}; at most {:.0} % of a list may go in one run",
            of_list.len(),
            held(case.before, of_list[0]),
            of_list[0].heading,
            share * 100.0
        ),
        None if count > absolute => {
            format!("the plan removes {count} permissions in {environment}; at most {absolute} may go in one run")
        }
        None => return Vec::new(),
    };
    let instead = "read the removals, then raise `rails.max-removals` in the Environment document";
    vec![tripped(Rule::MaxRemovals, removals.first().map(|one| one.place), message, instead)]
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// How many entries the list of a change has today, whoever named them.
fn held(inventory: &Inventory, of: &Move<'_>) -> usize {
    fn count<L: Reconcile>(inventory: &Inventory, subject: &L::Subject) -> usize {
        match L::sight(inventory, subject) {
            Sight::Found { entries, .. } => entries.keys().filter(|entry| L::is_listed(entry)).count(),
            Sight::Absent | Sight::Unreadable(_) => 0,
        }
    }
    match of.what {
        What::Privilege(role, _) => count::<RolePrivileges>(inventory, role),
        What::Assignment(role, _) => count::<RoleAssignments>(inventory, role),
        What::EnvironmentRole(role, _) => {
            count::<EnvironmentRoles>(inventory, &crate::kinds::environment::roles::Subject(role))
        }
        What::Connection(flow, _) => count::<FlowConnections>(inventory, flow),
        What::Reader(reference, _) => count::<ReferenceReaders>(inventory, reference),
        What::Share(flow, _) => count::<FlowShares>(inventory, flow),
        // Members are only ever added.
        What::Member(_) => 0,
    }
}

/// One list that manifests speak of, whichever documents add up to it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum ListOf<'desired> {
    Privileges(&'desired RoleName),
    Holders(&'desired RoleName),
    EnvironmentHolders(EnvironmentRole),
    RunOnlyUsers(&'desired FlowName),
    Owners(&'desired FlowName),
}

/// What is known of a list before anything is resolved.
#[derive(Default)]
struct Emptied<'desired> {
    may_be_empty: bool,
    has_somebody: bool,
    /// Where the list and its entries stand.
    places: BTreeSet<&'desired Place>,
    /// Where it is said to be exact, if it is.
    at: Option<&'desired Place>,
    /// Whether it names anything at all; one that does not is a finding of its own.
    is_written: bool,
}

/// An exact list that has become empty: everyone in it has expired or is absent (precedent: Argo CD's `allowEmpty`).
pub(super) fn empty_exact(case: &Case<'_>) -> Vec<Finding> {
    let lists = lists(case.desired);
    let emptied = lists
        .into_iter()
        .filter(|(_, list)| list.at.is_some() && !list.may_be_empty && !list.has_somebody && list.is_written);
    let found = emptied.filter_map(|(of, list)| {
        let removal = case.moves.iter().find(|one| !one.stays && list.places.contains(one.place) && is_of(of, one))?;
        let message =
            format!("an exact list has become empty: everyone in it has expired or is absent ({})", removal.heading);
        let instead = "add `allowEmpty: true` beside the list if nobody is meant";
        Some(tripped(Rule::EmptyExact, list.at, message, instead))
    });
    found.collect()
}

/// Whether a removal is from this list and not from another one of the same document.
fn is_of(list: ListOf<'_>, removal: &Move<'_>) -> bool {
    match (list, removal.what) {
        (ListOf::Privileges(_), What::Privilege(..))
        | (ListOf::Holders(_), What::Assignment(..))
        | (ListOf::EnvironmentHolders(_), What::EnvironmentRole(..)) => true,
        (ListOf::RunOnlyUsers(_), What::Share(_, change)) => change.from == Some(Share::RunOnly),
        (ListOf::Owners(_), What::Share(_, change)) => change.from == Some(Share::CoOwner),
        (
            ListOf::Privileges(_)
            | ListOf::Holders(_)
            | ListOf::EnvironmentHolders(_)
            | ListOf::RunOnlyUsers(_)
            | ListOf::Owners(_),
            _,
        ) => false,
    }
}

fn lists(desired: &DesiredEnvironment) -> BTreeMap<ListOf<'_>, Emptied<'_>> {
    let mut lists: BTreeMap<ListOf<'_>, Emptied<'_>> = BTreeMap::new();
    for role in desired.roles.iter().filter(|role| role.state == State::Present) {
        lists.entry(ListOf::Privileges(&role.role.value)).or_default().add_role(role);
    }
    for assignment in &desired.assignments {
        lists.entry(ListOf::Holders(&assignment.role.value)).or_default().add(&assignment.members);
    }
    for roles in &desired.environment_roles {
        lists.entry(ListOf::EnvironmentHolders(roles.role.value)).or_default().add(&roles.members);
    }
    for flow in &desired.flows {
        let name = &flow.flow.value;
        for (list, of) in [(&flow.run_only_users, ListOf::RunOnlyUsers(name)), (&flow.owners, ListOf::Owners(name))] {
            if let Some(list) = list {
                lists.entry(of).or_default().add(list);
            }
        }
    }
    lists
}

impl<'desired> Emptied<'desired> {
    fn add(&mut self, list: &'desired List) {
        let members = list.members.iter();
        self.is_written |= !list.members.is_empty();
        self.has_somebody |= members.clone().any(|member| member.state == State::Present);
        self.note(list.extent.as_ref(), list.allow_empty);
        self.places.extend(std::iter::once(&list.place).chain(members.map(|member| &member.place)));
    }

    fn add_role(&mut self, role: &'desired Role) {
        let privileges = role.privileges.iter().map(|privilege| (privilege.depth, &privilege.place));
        let privileges = privileges.chain(role.miscellaneous.iter().map(|named| (named.depth, &named.place)));
        self.note(role.extent.as_ref(), role.allow_empty);
        self.places.insert(&role.place);
        for (depth, place) in privileges {
            self.is_written = true;
            self.has_somebody |= depth.is_some();
            self.places.insert(place);
        }
    }

    fn note(&mut self, extent: Option<&'desired Placed<Extent>>, may_be_empty: bool) {
        let exact = extent.filter(|extent| extent.value == Extent::Exact);
        self.at = self.at.or(exact.map(|exact| &exact.place));
        self.may_be_empty |= may_be_empty;
    }
}
