//! By way of which groups people are in groups: from the people up where few are asked about, from the groups down where all are.
use std::collections::BTreeSet;

use uuid::Uuid;

use super::directory::{Question, nested_groups};
use super::waves::Waves;
use crate::inventory::section::Answer;

/// How many people and groups are asked in which groups they are directly: three batches.
const UPWARDS: usize = 60;
/// How many groups are asked who is in them directly: twenty batches.
const DOWNWARDS: usize = 400;

impl Waves<'_> {
    /// By which groups the people who are asked about are in those that matter: the groups of teams, of agents, and the
    /// environment's own. Only evidence comes of it, so it ends after a few questions.
    pub(super) async fn of_nesting(&mut self) {
        let reader = self.reader.with_label("person");
        let of_teams = self.inventory.teams.rows().filter_map(|(_, team)| team.group);
        let of_agents = self.inventory.bots.rows().flat_map(|(_, agent)| agent.groups.iter().copied());
        let security = self.inventory.security_group.value().copied().flatten();
        let matter: BTreeSet<Uuid> = of_teams.chain(of_agents).chain(security).collect();
        let people = self.inventory.user_groups.rows();
        let people: Vec<(Uuid, BTreeSet<Uuid>)> = people
            .map(|(person, groups)| (*person, groups.intersection(&matter).copied().collect()))
            .filter(|(_, groups): &(Uuid, BTreeSet<Uuid>)| !groups.is_empty())
            .collect();
        let mut asked: BTreeSet<Question> = people.iter().map(|(person, _)| Question::OwnGroups(*person)).collect();
        let mut left = UPWARDS;
        while !asked.is_empty() {
            left = left.saturating_sub(asked.len());
            let answers = self.directory.ask(&reader, &asked).await;
            self.take_answers(answers);
            let is_found = |(person, groups): &(Uuid, BTreeSet<Uuid>)| {
                groups.iter().all(|group| self.inventory.way_into(*person, *group).is_some())
            };
            if people.iter().all(is_found) {
                return;
            }
            let met = self.inventory.nesting.rows().flat_map(|(_, groups)| groups.keys().copied());
            let new = met.filter(|group| matches!(self.inventory.nesting.get(group), Answer::NotAsked));
            asked = new.take(left).map(Question::GroupsOfGroup).collect();
        }
    }

    /// The same of everybody, where the people of groups were read: the direct members of every group that has groups in it,
    /// and of those. Groups without any cost nothing. Only evidence comes of it, so it ends after a few hundred.
    pub(super) async fn of_nested_groups(&mut self) {
        if !self.scope.team_groups {
            return;
        }
        let reader = self.reader.with_label("groups");
        let nested = nested_groups(&self.answers);
        let asked: BTreeSet<Question> = nested.into_iter().take(DOWNWARDS).map(Question::OwnMembers).collect();
        let answers = self.directory.ask(&reader, &asked).await;
        self.take_answers(answers);
    }
}
