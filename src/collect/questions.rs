//! What a wave asks for, out of the scope and of what the waves before it have found. Pure.
use std::collections::BTreeSet;

use uuid::Uuid;

use super::directory::Question;
use super::read::people::Wanted;
use crate::inventory::people::PrincipalRow;
use crate::inventory::scope::{Scope, Subjects};
use crate::inventory::section::Answer;
use crate::inventory::{FlowNames, Inventory};
use crate::names::{BuiltInRole, FlowName, RoleName, Text, folded};
use crate::principal::{Principal, PrincipalName};

/// The flows of an inventory, found by name.
pub(super) struct Flows<'a> {
    inventory: &'a Inventory,
    names: FlowNames,
}

impl<'a> Flows<'a> {
    /// The flows that were read.
    pub(super) fn of(inventory: &'a Inventory) -> Self {
        Self { inventory, names: FlowNames::of(inventory) }
    }

    /// The flows that are meant, by id. Of several flows of one name all are read; which one is meant is told later.
    pub(super) fn ids(&self, subjects: &Subjects<FlowName>) -> BTreeSet<Uuid> {
        let Subjects::Named(names) = subjects else {
            return self.inventory.flows.rows().map(|(id, _)| *id).collect();
        };
        let mut ids = BTreeSet::new();
        for name in names {
            match name {
                FlowName::Name(name) => ids.extend(self.names.ids(name)),
                FlowName::Id { .. }
                | FlowName::InSolution { .. }
                | FlowName::AllOfSolution(_)
                | FlowName::AllOfAgent(_) => {
                    let found = self.inventory.flow_by(&self.names, name).one().unwrap_or_default();
                    ids.extend(found.into_iter().map(|flow| flow.id));
                }
            }
        }
        ids
    }

    /// The names of flows that are named and that Dataverse does not know, in lower case.
    pub(super) fn unknown(&self, subjects: &Subjects<FlowName>) -> BTreeSet<Text> {
        let Subjects::Named(names) = subjects else { return BTreeSet::new() };
        if self.inventory.flows.doubt().is_some() {
            return BTreeSet::new();
        }
        let names = names.iter().filter_map(|name| match name {
            FlowName::Name(name) => Some(folded(name)),
            FlowName::Id { .. }
            | FlowName::InSolution { .. }
            | FlowName::AllOfSolution(_)
            | FlowName::AllOfAgent(_) => None,
        });
        names.filter(|name| self.names.ids(name).next().is_none()).map(Text::from).collect()
    }
}

/// The security roles that are meant, by the root role's id.
pub(super) fn roles(inventory: &Inventory, subjects: &Subjects<RoleName>) -> BTreeSet<Uuid> {
    match subjects {
        Subjects::All => inventory.roles.rows().map(|(id, _)| *id).collect(),
        Subjects::Named(names) => {
            names.iter().filter_map(|name| inventory.role(name).one()).map(|role| role.id).collect()
        }
    }
}

/// The ids by which roles are named and that no root role has: of a business unit's copy, or of nothing.
pub(super) fn no_roots<'scope>(
    inventory: &Inventory,
    subjects: impl IntoIterator<Item = &'scope Subjects<RoleName>>,
) -> BTreeSet<Uuid> {
    let names = subjects.into_iter().filter_map(|subjects| match subjects {
        Subjects::All => None,
        Subjects::Named(names) => Some(names),
    });
    let ids = names.flatten().filter_map(|name| match name {
        RoleName::Id { id, name: _ } => Some(*id),
        RoleName::Name(_) | RoleName::BuiltIn(_) => None,
    });
    ids.filter(|id| matches!(inventory.roles.get(id), Answer::Absent)).collect()
}

/// The solutions and the agents by which flows are named.
pub(super) fn groups_of_flows(subjects: &Subjects<FlowName>) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut solutions, mut agents) = (BTreeSet::new(), BTreeSet::new());
    let Subjects::Named(names) = subjects else { return (solutions, agents) };
    for name in names {
        match name {
            FlowName::InSolution { solution, .. } | FlowName::AllOfSolution(solution) => {
                solutions.insert(solution.clone());
            }
            FlowName::AllOfAgent(agent) => {
                agents.insert(agent.clone());
            }
            FlowName::Name(_) | FlowName::Id { .. } => {}
        }
    }
    (solutions, agents)
}

/// What only the directory can answer before anything is read: groups by name.
pub(super) fn group_names(names: &BTreeSet<PrincipalName>) -> BTreeSet<Question> {
    let groups = names.iter().filter_map(|name| match name {
        PrincipalName::Group { name: Some(name), id: None, .. } => Some(Question::of_group(name)),
        PrincipalName::Group { .. }
        | PrincipalName::User { .. }
        | PrincipalName::Application { .. }
        | PrincipalName::Team { .. } => None,
    });
    groups.collect()
}

/// What the directory is asked for principals that Dataverse has no row of.
pub(super) fn missing(inventory: &Inventory, names: &BTreeSet<PrincipalName>) -> BTreeSet<Question> {
    let question = |name: &PrincipalName| match name {
        PrincipalName::User { id: Some(id), .. } => Some(Question::User(*id)),
        PrincipalName::User { name: Some(name), id: None } => Some(Question::of_user(name)),
        PrincipalName::Group { id: Some(id), .. } => Some(Question::Group(*id)),
        PrincipalName::Application { id, .. } => Some(Question::Application(*id)),
        PrincipalName::Group { id: None, .. } | PrincipalName::Team { .. } | PrincipalName::User { .. } => None,
    };
    names.iter().filter(|name| row(inventory, name).is_none()).filter_map(question).collect()
}

/// Users who were named and not found by that name, to be looked up by address.
pub(super) fn addresses(inventory: &Inventory, names: &BTreeSet<PrincipalName>) -> BTreeSet<String> {
    let missing = names.iter().filter(|name| row(inventory, name).is_none());
    let addresses = missing.filter_map(|name| match name {
        PrincipalName::User { name: Some(name), id: None } => Some(folded(name)),
        PrincipalName::User { .. }
        | PrincipalName::Group { .. }
        | PrincipalName::Application { .. }
        | PrincipalName::Team { .. } => None,
    });
    addresses.collect()
}

/// The Entra groups that are named, by object id; those named by name once the directory has answered.
pub(super) fn groups(inventory: &Inventory, names: &BTreeSet<PrincipalName>) -> BTreeSet<Uuid> {
    let id = |name| match inventory.principal(name).one()? {
        Principal::Group { id, .. } => Some(id),
        Principal::User { .. }
        | Principal::Application { .. }
        | Principal::Team { .. }
        | Principal::Everyone
        | Principal::Unnamed { .. } => None,
    };
    names.iter().filter(|name| matches!(name, PrincipalName::Group { .. })).filter_map(id).collect()
}

/// The row of a principal that is named, if it has one.
pub(super) fn row(inventory: &Inventory, name: &PrincipalName) -> Option<PrincipalRow> {
    match inventory.row_of(&inventory.principal(name).one()?) {
        Answer::Found(row) => Some(row),
        Answer::Absent | Answer::Unreadable(_) | Answer::NotAsked => None,
    }
}

/// The rows of principals that are named.
pub(super) fn rows(inventory: &Inventory, names: &BTreeSet<PrincipalName>) -> BTreeSet<PrincipalRow> {
    names.iter().filter_map(|name| row(inventory, name)).collect()
}

/// The owners of flows whose use is asked about: what the flow does as its caller, they may have to be allowed too, also
/// through their teams.
pub(super) fn owners_of_uses(inventory: &Inventory, scope: &Scope, flows: &Flows<'_>) -> BTreeSet<PrincipalRow> {
    match &scope.uses {
        Subjects::All => BTreeSet::new(),
        Subjects::Named(_) => {
            let used = flows.ids(&scope.uses);
            used.iter().filter_map(|flow| Some(inventory.flows.row(flow)?.owner)).collect()
        }
    }
}

/// The teams of groups that somebody is in whose groups were asked for: he joins them with the next access.
pub(super) fn teams_to_come(inventory: &Inventory) -> impl Iterator<Item = PrincipalRow> {
    let groups: BTreeSet<Uuid> = inventory.user_groups.rows().flat_map(|(_, groups)| groups.iter().copied()).collect();
    let teams = inventory.teams.rows().filter(move |(_, team)| team.group.is_some_and(|group| groups.contains(&group)));
    teams.map(|(id, _)| PrincipalRow::Team(*id))
}

/// The rows that were met and not looked up yet: who holds a role, who has a share, who owns a subject, who reads.
pub(super) fn met(inventory: &Inventory, subjects: &BTreeSet<Uuid>) -> Wanted {
    let holders = inventory.holders.rows().flat_map(|(_, holders)| holders.iter().map(|(row, _)| *row));
    let sharers = inventory.shares.rows().flat_map(|(_, shares)| shares.keys().copied());
    let of_flows = inventory.flows.rows().filter(|(id, _)| subjects.contains(id)).map(|(_, flow)| flow.owner);
    let shared = |id: &Uuid| inventory.shares.row(id).is_some();
    let of_references = inventory.references.rows().filter(|(id, _)| shared(id)).map(|(_, reference)| reference.owner);
    let of_agents = inventory.bots.rows().map(|(_, agent)| agent.owner);
    let caller = inventory.caller.value().map(|caller| PrincipalRow::User(caller.user));
    let mut wanted = Wanted::default();
    for row in holders.chain(sharers).chain(of_flows).chain(of_references).chain(of_agents).chain(caller) {
        match row {
            PrincipalRow::User(id) if inventory.users.row(&id).is_none() => _ = wanted.users.insert(id),
            PrincipalRow::Team(id) if inventory.teams.row(&id).is_none() => _ = wanted.teams.insert(id),
            PrincipalRow::User(_) | PrincipalRow::Team(_) | PrincipalRow::Organization(_) => {}
        }
    }
    wanted
}

/// Who holds the administrator's role, where that was asked for: the people of those teams are counted before one goes.
pub(super) fn administrators(inventory: &Inventory) -> BTreeSet<PrincipalRow> {
    let role = inventory.role(&RoleName::BuiltIn(BuiltInRole::SystemAdministrator)).one();
    let holders = role.and_then(|role| inventory.holders.row(&role.id));
    holders.into_iter().flatten().map(|(row, _)| *row).collect()
}

/// The people of groups who are not known to be users here.
pub(super) fn people_of_groups(inventory: &Inventory) -> BTreeSet<Uuid> {
    let known: BTreeSet<Uuid> = inventory.users.rows().filter_map(|(_, user)| user.object).collect();
    let people = inventory.group_members.rows().flat_map(|(_, people)| people.iter().copied());
    people.filter(|person| !known.contains(person)).collect()
}

/// Privileges that roles were seen to hold and whose names are not known.
pub(super) fn unnamed_privileges(inventory: &Inventory, roles: &BTreeSet<Uuid>) -> BTreeSet<Uuid> {
    let of_tables = inventory.tables.rows().filter_map(|(_, table)| table.privileges.as_ref());
    let of_tables = of_tables.flat_map(|privileges| privileges.values().map(|privilege| privilege.id));
    let named = inventory.privileges.rows().map(|(_, privilege)| privilege.id);
    let known: BTreeSet<Uuid> = of_tables.chain(named).collect();
    let held =
        roles.iter().filter_map(|role| inventory.role_privileges.row(role)).flat_map(|held| held.keys().copied());
    held.filter(|privilege| !known.contains(privilege)).collect()
}

/// Whether anything is asked for that security roles decide.
pub(super) fn needs_roles(scope: &Scope) -> bool {
    !scope.role_privileges.is_empty()
        || !scope.holders.is_empty()
        || !scope.delegates.is_empty()
        || !scope.principal_roles.is_empty()
}
