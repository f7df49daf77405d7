//! Names to ids: one, none, many, or nobody knows. The only resolver; reading and resolving both ask it.
use std::collections::BTreeSet;

use uuid::Uuid;

use crate::inventory::people::{DirectoryKind, TeamKind};
use crate::inventory::section::{Answer, Section};
use crate::inventory::{FlowNames, Inventory};
use crate::names::{self, BuiltInRole, FlowName, Ref, RoleName, TableName, Text, folded, is_named};
use crate::principal::{Principal, PrincipalName};
use crate::problem::Problem;

/// What a name means.
#[derive(Clone, Debug, PartialEq)]
pub enum Lookup<T> {
    /// One thing.
    One(T),
    /// Nothing.
    None,
    /// Several things: name and id of each.
    Many(Vec<(Text, String)>),
    /// Nobody knows.
    Unreadable(Problem),
}

impl<T> Lookup<T> {
    /// Applies a function to the one thing.
    pub fn map<U>(self, function: impl FnOnce(T) -> U) -> Lookup<U> {
        match self {
            Self::One(thing) => Lookup::One(function(thing)),
            Self::None => Lookup::None,
            Self::Many(candidates) => Lookup::Many(candidates),
            Self::Unreadable(problem) => Lookup::Unreadable(problem),
        }
    }

    /// Looks on from the one thing.
    fn and_then<U>(self, function: impl FnOnce(T) -> Lookup<U>) -> Lookup<U> {
        match self {
            Self::One(thing) => function(thing),
            Self::None => Lookup::None,
            Self::Many(candidates) => Lookup::Many(candidates),
            Self::Unreadable(problem) => Lookup::Unreadable(problem),
        }
    }

    /// The one thing, if it is one.
    pub fn one(self) -> Option<T> {
        match self {
            Self::One(thing) => Some(thing),
            Self::None | Self::Many(_) | Self::Unreadable(_) => None,
        }
    }
}

/// Chooses among what was found: several are several, none is none only when the set was read whole.
fn choose<K>(mut found: Vec<Ref<K>>, doubt: Option<Problem>) -> Lookup<Ref<K>> {
    found.sort();
    match (found.len(), doubt) {
        (1, _) => Lookup::One(found.remove(0)),
        (0, Some(problem)) => Lookup::Unreadable(problem),
        (0, None) => Lookup::None,
        (_, _) => Lookup::Many(found.into_iter().map(|one| (one.name, one.id.to_string())).collect()),
    }
}

/// Finds the row of an id.
fn by_id<K, R: Clone>(section: &Section<Uuid, R>, id: Uuid, name: impl Fn(&R) -> Text) -> Lookup<Ref<K>> {
    match section.get(&id) {
        Answer::Found(row) => Lookup::One(Ref::new(name(row), id)),
        Answer::Absent => Lookup::None,
        Answer::Unreadable(problem) => Lookup::Unreadable(problem),
        Answer::NotAsked => Lookup::Unreadable(super::section::not_asked()),
    }
}

/// Finds the flows of a solution or an agent.
fn group<'a>(section: &'a Section<Text, BTreeSet<Uuid>>, key: &str) -> Lookup<&'a BTreeSet<Uuid>> {
    match section.get(&folded(key).into()) {
        Answer::Found(ids) => Lookup::One(ids),
        Answer::Absent => Lookup::None,
        Answer::Unreadable(problem) => Lookup::Unreadable(problem),
        Answer::NotAsked => Lookup::Unreadable(super::section::not_asked()),
    }
}

impl Inventory {
    /// Finds a security role at the root business unit.
    pub fn role(&self, wanted: &RoleName) -> Lookup<Ref<names::Role>> {
        match wanted {
            RoleName::Id { id, .. } => by_id(&self.roles, *id, |role| role.name.clone()),
            RoleName::BuiltIn(built_in) => self.built_in_role(*built_in),
            RoleName::Name(name) => {
                let wanted = folded(name);
                let found: Vec<_> = self
                    .roles
                    .rows()
                    .filter(|(_, role)| is_named(&role.name, &wanted))
                    .map(|(id, role)| Ref::new(role.name.clone(), *id))
                    .collect();
                if found.is_empty() {
                    // A role that powergrant made and somebody renamed is still that role.
                    let derived = self.derived_role_id(name);
                    if let Some(role) = self.roles.row(&derived) {
                        return Lookup::One(Ref::new(role.name.clone(), derived));
                    }
                }
                choose(found, self.roles.doubt())
            }
        }
    }

    /// Finds a role that Microsoft delivers: by template, then by fixed id, then by its names.
    fn built_in_role(&self, built_in: BuiltInRole) -> Lookup<Ref<names::Role>> {
        let (fixed, is_template) = built_in.fixed_id();
        let found =
            self.roles.rows().find(|(id, role)| if is_template { role.template == Some(fixed) } else { **id == fixed });
        if let Some((id, role)) = found {
            return Lookup::One(Ref::new(role.name.clone(), *id));
        }
        let found = self
            .roles
            .rows()
            .filter(|(_, role)| built_in.names().iter().any(|name| folded(name) == folded(&role.name)))
            .map(|(id, role)| Ref::new(role.name.clone(), *id))
            .collect();
        choose(found, self.roles.doubt())
    }

    /// Finds the flows that a document means; the callers of a solution or an agent get several.
    pub fn flow(&self, wanted: &FlowName) -> Lookup<Vec<Ref<names::Flow>>> {
        self.flow_among(wanted, |name| {
            let name = folded(name);
            self.flows.rows().filter(|(_, flow)| is_named(&flow.name, &name)).map(|(id, _)| *id).collect()
        })
    }

    /// Finds the same, by names that were sorted before.
    pub fn flow_by(&self, names: &FlowNames, wanted: &FlowName) -> Lookup<Vec<Ref<names::Flow>>> {
        self.flow_among(wanted, |name| names.ids(name).collect())
    }

    /// Finds flows; `named` lists those of a name.
    fn flow_among(&self, wanted: &FlowName, named: impl FnOnce(&str) -> Vec<Uuid>) -> Lookup<Vec<Ref<names::Flow>>> {
        let one = |id: &Uuid| Some(Ref::new(self.flows.row(id)?.name.clone(), *id));
        let all = |ids: &BTreeSet<Uuid>| {
            let mut flows: Vec<_> = ids.iter().filter_map(one).collect();
            flows.sort();
            if flows.is_empty() { Lookup::None } else { Lookup::One(flows) }
        };
        let chosen = |ids: Vec<Uuid>| {
            choose(ids.iter().filter_map(one).collect(), self.flows.doubt()).map(|flow: Ref<names::Flow>| vec![flow])
        };
        match wanted {
            FlowName::Id { id, .. } => by_id(&self.flows, *id, |flow| flow.name.clone()).map(|flow| vec![flow]),
            FlowName::Name(name) => chosen(named(name)),
            FlowName::InSolution { solution, name } => group(&self.solutions, solution).and_then(|ids| {
                if ids.iter().all(|id| one(id).is_none()) {
                    return Lookup::None;
                }
                chosen(named(name).into_iter().filter(|id| ids.contains(id)).collect())
            }),
            FlowName::AllOfSolution(solution) => group(&self.solutions, solution).and_then(all),
            FlowName::AllOfAgent(agent) => group(&self.agents, agent).and_then(all),
        }
    }

    /// Finds a table by display name or logical name.
    pub fn table(&self, wanted: &str) -> Lookup<TableName> {
        let name = folded(wanted);
        if let Some((logical, _)) = self.tables.rows().find(|(logical, _)| is_named(logical, &name)) {
            return Lookup::One(logical.clone());
        }
        let found: Vec<_> = self.tables.rows().filter(|(_, table)| is_named(&table.display_name, &name)).collect();
        match (found.as_slice(), self.tables.doubt()) {
            ([(logical, _)], _) => Lookup::One((*logical).clone()),
            ([], Some(problem)) => Lookup::Unreadable(problem),
            ([], None) => Lookup::None,
            (several, _) => Lookup::Many(
                several.iter().map(|(logical, table)| (table.display_name.clone(), logical.to_string())).collect(),
            ),
        }
    }

    /// Finds a business unit by name or id.
    pub fn unit(&self, wanted: &str) -> Lookup<Ref<names::Unit>> {
        if let Ok(id) = Uuid::try_parse(wanted) {
            return by_id(&self.units, id, |unit| unit.name.clone());
        }
        let name = folded(wanted);
        let found = self.units.rows().filter(|(_, unit)| is_named(&unit.name, &name));
        choose(found.map(|(id, unit)| Ref::new(unit.name.clone(), *id)).collect(), self.units.doubt())
    }

    /// Finds a principal: in Dataverse first, then in the directory. An id decides; the answer carries today's name.
    pub fn principal(&self, wanted: &PrincipalName) -> Lookup<Principal> {
        let found = match wanted {
            PrincipalName::User { name, id } => self.user(name.as_deref(), *id),
            PrincipalName::Group { name, id, membership } => self.group(name.as_deref(), *id, *membership),
            PrincipalName::Application { name, id } => self.application(name.as_deref(), *id),
            PrincipalName::Team { name, id, business_unit } => {
                self.team(name.as_deref(), *id, business_unit.as_deref())
            }
        };
        // A row's own name goes before the directory's, so that one identity has one name wherever it is met.
        found.map(|principal| match self.row_of(&principal) {
            Answer::Found(row) => self.principal_of(row).0,
            Answer::Absent | Answer::Unreadable(_) | Answer::NotAsked => principal,
        })
    }

    fn user(&self, name: Option<&str>, id: Option<Uuid>) -> Lookup<Principal> {
        if let Some(id) = id {
            let row =
                self.users.rows().find(|(_, user)| user.object == Some(id)).map(|(row, user)| user.principal(*row));
            return match (row, self.directory.row(&id)) {
                (Some(principal), _) => Lookup::One(principal),
                (None, Some(entry)) => Lookup::One(Principal::User { name: entry.name.clone(), id }),
                // An object id is an identity by itself; the name can be looked up by nobody without directory rights.
                (None, None) => match self.directory.get(&id) {
                    Answer::Absent => Lookup::None,
                    Answer::Found(_) | Answer::Unreadable(_) | Answer::NotAsked => Lookup::One(Principal::User {
                        name: name.map_or_else(|| id.to_string(), str::to_owned).into(),
                        id,
                    }),
                },
            };
        }
        let wanted = folded(name.unwrap_or_default());
        // Learn: a member's `domainname` is the user principal name; a guest's is not, so the address is tried too.
        let by_name = |matches: &dyn Fn(&super::people::User) -> bool| -> Vec<Principal> {
            self.users.rows().filter(|(_, user)| matches(user)).map(|(row, user)| user.principal(*row)).collect()
        };
        let mut found = by_name(&|user| is_named(&user.upn, &wanted));
        if found.is_empty() {
            found = by_name(&|user| !user.mail.is_empty() && is_named(&user.mail, &wanted));
        }
        if found.is_empty() {
            found = self.directory_principals(DirectoryKind::User, &wanted, |name, id| Principal::User { name, id });
        }
        choose_principal(found, self.users.doubt().or_else(|| self.directory.doubt()))
    }

    fn group(&self, name: Option<&str>, id: Option<Uuid>, membership: names::Membership) -> Lookup<Principal> {
        if let Some(id) = id {
            let known = self.directory.row(&id).map(|entry| entry.name.clone());
            let team = || self.teams.rows().find(|(_, team)| team.group == Some(id)).map(|(_, team)| team.name.clone());
            let name = known.or_else(team).unwrap_or_else(|| name.map_or_else(|| id.to_string(), str::to_owned).into());
            if matches!(self.directory.get(&id), Answer::Absent) && team().is_none() {
                return Lookup::None;
            }
            return Lookup::One(Principal::Group { name, id, membership });
        }
        let wanted = folded(name.unwrap_or_default());
        let found = self.directory_principals(DirectoryKind::Group, &wanted, |name, id| Principal::Group {
            name,
            id,
            membership,
        });
        choose_principal(found, self.directory.doubt())
    }

    fn application(&self, name: Option<&str>, id: Uuid) -> Lookup<Principal> {
        let row =
            self.users.rows().find(|(_, user)| user.application == Some(id)).map(|(row, user)| user.principal(*row));
        let entry = self.directory.rows().find(|(_, entry)| entry.application == Some(id));
        match (row, entry, self.users.doubt()) {
            (Some(principal), _, _) => Lookup::One(principal),
            (None, Some((_, entry)), _) => Lookup::One(Principal::Application { name: entry.name.clone(), id }),
            (None, None, _) => Lookup::One(Principal::Application {
                name: name.map_or_else(|| id.to_string(), str::to_owned).into(),
                id,
            }),
        }
    }

    fn team(&self, name: Option<&str>, id: Option<Uuid>, unit: Option<&str>) -> Lookup<Principal> {
        if let Some(id) = id {
            return match self.teams.get(&id) {
                Answer::Found(team) => Lookup::One(team.principal(id)),
                Answer::Absent => Lookup::None,
                Answer::Unreadable(problem) => Lookup::Unreadable(problem),
                Answer::NotAsked => Lookup::Unreadable(super::section::not_asked()),
            };
        }
        let wanted = folded(name.unwrap_or_default());
        let in_unit = |team: &super::people::Team| {
            unit.is_none_or(|unit| self.units.row(&team.unit).is_some_and(|row| folded(&row.name) == folded(unit)))
        };
        let teams = self.teams.rows().filter(|(_, team)| {
            is_named(&team.name, &wanted) && in_unit(team) && matches!(team.kind, TeamKind::Owner | TeamKind::Access)
        });
        choose_principal(teams.map(|(row, team)| team.principal(*row)).collect(), self.teams.doubt())
    }

    fn directory_principals(
        &self,
        kind: DirectoryKind,
        wanted: &str,
        make: impl Fn(Text, Uuid) -> Principal,
    ) -> Vec<Principal> {
        self.directory
            .rows()
            .filter(|(_, entry)| entry.kind == kind && (is_named(&entry.name, wanted) || is_named(&entry.mail, wanted)))
            .map(|(id, entry)| make(entry.name.clone(), *id))
            .collect()
    }
}

fn choose_principal(mut found: Vec<Principal>, doubt: Option<Problem>) -> Lookup<Principal> {
    found.sort();
    found.dedup();
    match (found.len(), doubt) {
        (1, _) => Lookup::One(found.remove(0)),
        (0, Some(problem)) => Lookup::Unreadable(problem),
        (0, None) => Lookup::None,
        (_, _) => Lookup::Many(found.iter().map(|one| (one.name().into(), one.identity())).collect()),
    }
}
