//! What a question about one person needs besides: the teams of the person, and what the flow calls and touches.
use std::collections::BTreeSet;

use uuid::Uuid;

use super::directory::Question;
use super::gaps::Watched;
use super::questions::Flows;
use super::read::people::{self, Wanted};
use super::read::{flows, tables};
use super::source::{Freshness, Source};
use super::waves::Waves;
use crate::clientdata::Said;
use crate::inventory::scope::Subjects;
use crate::inventory::section::{Answer, Section};
use crate::principal::Principal;

/// How many flows deep children are followed; deeper ones stay unread and are said to be.
const GENERATIONS: usize = 8;

impl Waves<'_> {
    /// The groups of the people who are asked about, and those groups' teams: a person joins them with the next access.
    pub(super) async fn of_persons(&mut self) {
        let reader = self.reader.with_label("person");
        let source = Source::new(&reader, Freshness::Cached);
        let object = |name| match self.inventory.principal(name).one() {
            Some(Principal::User { id, .. }) => Some(Question::GroupsOf(id)),
            Some(
                Principal::Group { .. }
                | Principal::Application { .. }
                | Principal::Team { .. }
                | Principal::Everyone
                | Principal::Unnamed { .. },
            )
            | None => None,
        };
        let asked: BTreeSet<Question> = self.scope.memberships.iter().filter_map(object).collect();
        if asked.is_empty() {
            return;
        }
        let answers = self.directory.ask(&reader, &asked).await;
        self.take_answers(answers);
        let groups = self.inventory.user_groups.rows().flat_map(|(_, groups)| groups.iter().copied()).collect();
        let wanted = Wanted { groups, ..Wanted::default() };
        let teams = people::teams(source, &wanted).await;
        self.take_teams(teams, BTreeSet::new());
    }

    /// The rows of the teams that were met, the texts of child flows, and the tables that actions touch.
    pub(super) async fn of_uses(&mut self) {
        let reader = self.reader.with_label("uses");
        let source = Source::new(&reader, Freshness::Cached);
        let of_users = self.inventory.user_teams.rows().flat_map(|(_, teams)| teams.iter().copied());
        let teams: BTreeSet<Uuid> = of_users.filter(|team| self.inventory.teams.row(team).is_none()).collect();
        if !teams.is_empty() {
            let found = people::teams(source, &Wanted { teams: teams.clone(), ..Wanted::default() }).await;
            self.take_teams(found, teams);
        }
        if self.scope.uses == Subjects::All || self.scope.uses.is_empty() {
            // Whether a flow can be saved depends on the flows that it calls, and not on those that they call.
            let written = Flows::of(&self.inventory).ids(&self.scope.definitions);
            return self.texts_of_children(source, written, 1).await;
        }
        let used = Flows::of(&self.inventory).ids(&self.scope.uses);
        self.texts_of_children(source, used.clone(), GENERATIONS).await;
        let touched = tables_of(self, &used);
        if !touched.is_empty() {
            let known: BTreeSet<String> = self.inventory.tables.rows().map(|(name, _)| name.to_string()).collect();
            match tables::tables(source, &touched.union(&known).cloned().collect()).await {
                Section::NotAsked => {}
                read @ (Section::Unreadable(_) | Section::Read { .. }) => self.inventory.tables = read,
            }
        }
    }

    /// The texts of the flows that flows call, so many generations deep.
    async fn texts_of_children(&mut self, source: Source<'_>, mut open: BTreeSet<Uuid>, generations: usize) {
        for _ in 0..generations {
            let children =
                open.iter().filter_map(|flow| self.inventory.definitions.row(flow)).flat_map(|facts| &facts.children);
            let unread = |flow: &&Uuid| matches!(self.inventory.definitions.get(flow), Answer::NotAsked);
            let next: BTreeSet<Uuid> = children.filter(unread).copied().collect();
            if next.is_empty() {
                break;
            }
            let texts = flows::definitions(source, &next).await.with_gap(self.gap(&[Watched::Process]));
            self.inventory.definitions.refresh(texts);
            open = next;
        }
    }
}

/// The tables that flows' operations name, as they name them.
fn tables_of(waves: &Waves<'_>, flows: &BTreeSet<Uuid>) -> BTreeSet<String> {
    let operations =
        flows.iter().filter_map(|flow| waves.inventory.definitions.row(flow)).flat_map(|facts| &facts.operations);
    let said = operations
        .filter(|operation| operation.connector.starts_with("shared_commondataservice"))
        .flat_map(|operation| operation.table.iter().chain(operation.lookups.values()).chain(&operation.links));
    let literal = |said: &Said| match said {
        Said::Literal(name) => Some(name.to_string()),
        Said::Variable(_) | Said::Expression => None,
    };
    said.filter_map(literal).collect()
}
