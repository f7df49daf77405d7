//! What stands around flows and people: who may talk to agents, the groups behind teams, licences, environment variables,
//! and where lookups lead.
use std::collections::BTreeSet;

use uuid::Uuid;

use super::decode::Row;
use super::decode::directory::{self, PLANS};
use super::directory::Question;
use super::gaps::{Watched, joins};
use super::questions;
use super::read::people::{self, Wanted};
use super::read::shares::{self, Shared};
use super::read::{relationships, tables, variables};
use super::source::{Freshness, Source};
use super::waves::Waves;
use crate::clientdata::{ConnectorOperation, Said};
use crate::inventory::people::TeamKind;
use crate::inventory::scope::Subjects;
use crate::inventory::section::{Answer, Section};
use crate::names::{TableName, Text, folded};
use crate::principal::Principal;

impl Waves<'_> {
    /// With whom agents are shared: some are open to whoever may read their rows.
    pub(super) async fn of_agents(&mut self) {
        let agents: BTreeSet<Uuid> = self.inventory.bots.rows().map(|(id, _)| *id).collect();
        if agents.is_empty() {
            return;
        }
        let reader = self.reader.with_label("agents");
        let source = Source::new(&reader, Freshness::Cached);
        let read = shares::shares(source, Shared::Agents, &agents).await.with_gap(self.gap(joins::AGENT_SHARES));
        match (read, &self.inventory.shares) {
            (Section::NotAsked, _) => {}
            (read, Section::NotAsked) => self.inventory.shares = read,
            // What of agents is unknown says nothing of flows.
            (Section::Unreadable(problem), _) => self.inventory.bots = Section::Unreadable(problem),
            (read @ Section::Read { .. }, _) => self.inventory.shares.refresh(read),
        }
    }

    /// The people of the groups that have a team here, and of the environment's security group: with each access of a person
    /// memberships follow the directory (Learn: manage group teams).
    pub(super) async fn of_team_groups(&mut self) {
        if !self.scope.team_groups {
            return;
        }
        let reader = self.reader.with_label("groups");
        let source = Source::new(&reader, Freshness::Cached);
        let of_teams = self.inventory.teams.rows().filter_map(|(_, team)| match team.kind {
            TeamKind::SecurityGroup | TeamKind::OfficeGroup => team.group,
            TeamKind::Owner | TeamKind::Access => None,
        });
        let of_agents = self.inventory.bots.rows().flat_map(|(_, agent)| agent.groups.iter().copied());
        let security = self.inventory.security_group.value().copied().flatten();
        let unread = |group: &Uuid| matches!(self.inventory.group_members.get(group), Answer::NotAsked);
        let asked: BTreeSet<Question> =
            of_teams.chain(of_agents).chain(security).filter(unread).map(Question::Members).collect();
        let answers = self.directory.ask(&reader, &asked).await;
        self.take_answers(answers);
        let objects = questions::people_of_groups(&self.inventory);
        let found = people::users(source, &Wanted { objects, ..Wanted::default() }).await;
        self.take_users(found, BTreeSet::new());
    }

    /// The plans of the people who are asked about.
    pub(super) async fn of_licences(&mut self) {
        let reader = self.reader.with_label("person");
        let source = Source::new(&reader, Freshness::Cached);
        let object = |name| match self.inventory.principal(name).one() {
            Some(Principal::User { id, .. }) => Some(id),
            Some(
                Principal::Group { .. }
                | Principal::Application { .. }
                | Principal::Team { .. }
                | Principal::Everyone
                | Principal::Unnamed { .. },
            )
            | None => None,
        };
        let people: BTreeSet<Uuid> = self.scope.memberships.iter().filter_map(object).collect();
        let mut plans = Vec::new();
        for person in &people {
            let path = format!("users/{person}?$select={PLANS}");
            let answer = source.one_of(crate::request::Service::Graph, &path).await;
            match answer.and_then(|value| directory::plans(Row::graph("users", &value))) {
                Ok(services) => plans.push((*person, services)),
                Err(problem) => {
                    self.inventory.plans = Section::Unreadable(problem);
                    return;
                }
            }
        }
        if !people.is_empty() {
            self.inventory.plans = Section::only(people, plans.into_iter().collect());
        }
    }

    /// What the environment variables hold that flows name.
    pub(super) async fn of_variables(&mut self) {
        let reader = self.reader.with_label("uses");
        let source = Source::new(&reader, Freshness::Cached);
        let operations = self.inventory.definitions.rows().flat_map(|(_, facts)| &facts.operations);
        let said = operations.flat_map(|operation| [&operation.site, &operation.table, &operation.mailbox]);
        let names: BTreeSet<Text> = said
            .flatten()
            .filter_map(|said| match said {
                Said::Variable(name) => Some(folded(name).into()),
                Said::Literal(_) | Said::Expression => None,
            })
            .collect();
        if names.is_empty() {
            return;
        }
        let read = variables::variables(source, &names).await;
        let is_whole = names.iter().all(|name| read.row(name).is_some());
        let gap = if is_whole { None } else { self.gap(&[Watched::EnvironmentVariable]) };
        self.inventory.variables = read.with_gap(gap);
    }

    /// Where the lookups lead that flows set, expand or relate rows by, and the tables at their ends.
    pub(super) async fn of_relationships(&mut self) {
        if self.scope.uses.is_empty() {
            return;
        }
        let reader = self.reader.with_label("uses");
        let source = Source::new(&reader, Freshness::Cached);
        let operations = self.inventory.definitions.rows().flat_map(|(_, facts)| &facts.operations);
        let asked: BTreeSet<TableName> = operations
            .filter(|operation| follows_relationships(operation))
            .filter_map(|operation| match &operation.table {
                Some(Said::Literal(name)) => self.inventory.table_of_set(name).map(|(logical, _)| logical.clone()),
                Some(Said::Variable(_) | Said::Expression) | None => None,
            })
            .collect();
        if asked.is_empty() {
            return;
        }
        self.inventory.relationships = relationships::relationships(source, &asked).await;
        if self.scope.uses == Subjects::All {
            return;
        }
        let ends = self.inventory.relationships.rows().flat_map(|(_, found)| found.values());
        let ends: BTreeSet<String> = ends.map(|relationship| relationship.table().to_string()).collect();
        let used = self.used_properties();
        let ends: BTreeSet<String> = ends.intersection(&used).cloned().collect();
        // Where all names had to be read, most tables stand there without their privileges.
        let known = self.inventory.tables.rows().filter(|(_, table)| table.privileges.is_some());
        let known: BTreeSet<String> = known.map(|(name, _)| name.to_string()).collect();
        if !ends.is_subset(&known) {
            let read = tables::tables(source, &ends.union(&known).cloned().collect()).await;
            self.inventory.tables.refresh(read);
        }
    }

    /// The tables at the ends of the properties that flows name: of the many that a table has, few are used.
    fn used_properties(&self) -> BTreeSet<String> {
        let operations = self.inventory.definitions.rows().flat_map(|(_, facts)| &facts.operations);
        let mut used = BTreeSet::new();
        for operation in operations {
            let Some(Said::Literal(set)) = &operation.table else { continue };
            let named = operation.expands.iter().chain(&operation.relationship).filter_map(|said| match said {
                Said::Literal(name) => Some(name),
                Said::Variable(_) | Said::Expression => None,
            });
            for property in named.chain(operation.lookups.keys()) {
                used.extend(self.inventory.relationship(set, property).map(|found| found.table().to_string()));
            }
        }
        used
    }
}

/// Whether what an operation needs depends on where a navigation property leads.
fn follows_relationships(operation: &ConnectorOperation) -> bool {
    let is_open = |said: &Said| !matches!(said, Said::Literal(_));
    operation.connector.starts_with("shared_commondataservice")
        && (!operation.expands.is_empty()
            || operation.relationship.is_some()
            || operation.lookups.values().any(is_open))
}
