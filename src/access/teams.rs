//! Who is in which team, now or from the next access on.
use std::collections::BTreeMap;

use uuid::Uuid;

use crate::access::Moment;
use crate::access::people::{People, Person};
use crate::access::set::{Crowd, Set};
use crate::inventory::Inventory;
use crate::inventory::people::{Team, TeamKind};
use crate::inventory::section::Answer;
use crate::names::Membership;

/// What is known of memberships: read once, asked for every team.
pub(super) struct Memberships<'a> {
    inventory: &'a Inventory,
    people: &'a People,
    moment: Moment,
    /// Those of whom every present membership is known.
    settled: Set,
    present: Set,
    /// The people of whom a row of their own says that they are in a team, by team.
    of_users: BTreeMap<Uuid, Set>,
}

impl<'a> Memberships<'a> {
    pub(super) fn of(inventory: &'a Inventory, people: &'a People, moment: Moment) -> Self {
        let is_whole = inventory.user_teams.doubt().is_none();
        let is_settled = |person: &Person| match person.row {
            Some(row) => is_whole && matches!(inventory.user_teams.get(&row), Answer::Found(_)),
            // Who has no row is in no team, unless the row was only not seen.
            None => inventory.users.doubt().is_none(),
        };
        let settled = people.who(is_settled);
        let mut of_users: BTreeMap<Uuid, Set> = BTreeMap::new();
        for (position, person) in people.list.iter().enumerate() {
            let teams = person.row.and_then(|row| inventory.user_teams.row(&row));
            for team in teams.into_iter().flatten() {
                of_users.entry(*team).or_default().insert(position);
            }
        }
        let present = people.who(|person| person.row.is_some());
        Self { inventory, people, moment, settled, present, of_users }
    }

    /// The members of a team.
    pub(super) fn members(&self, id: Uuid, team: &Team) -> Crowd {
        let now = self.now(id);
        match (self.moment, team.kind, team.group) {
            (Moment::Now, _, _) | (_, TeamKind::Owner | TeamKind::Access, _) | (_, _, None) => now,
            (Moment::NextAccess, TeamKind::SecurityGroup | TeamKind::OfficeGroup, Some(group)) => {
                self.followed(&now, group, team.membership)
            }
        }
    }

    /// The members by the rows that are there.
    pub(super) fn now(&self, id: Uuid) -> Crowd {
        let listed = self.inventory.team_members.row(&id);
        let mut certain = listed.map(|rows| self.people.with_rows(rows)).unwrap_or_default();
        if let Some(people) = self.of_users.get(&id) {
            certain.extend(people);
        }
        let is_whole = matches!(self.inventory.team_members.get(&id), Answer::Found(_) | Answer::Absent)
            && self.inventory.team_members.doubt().is_none();
        if is_whole {
            return Crowd::of(certain);
        }
        let mut open = self.present.clone();
        open.remove(&self.settled);
        Crowd::of(certain).or(&Crowd::perhaps(open))
    }

    /// Memberships in a group's team follow the directory with each access of a person (Learn: manage group teams).
    fn followed(&self, now: &Crowd, group: Uuid, membership: Membership) -> Crowd {
        let everybody = Set::everybody(self.people.list.len());
        let of_group = match self.inventory.group_members.get(&group) {
            Answer::Found(members) => Some(self.people.with_objects(members)),
            // A group that is not there has nobody in it.
            Answer::Absent => Some(Set::nobody()),
            Answer::Unreadable(_) | Answer::NotAsked => None,
        };
        // Owners are not among the members that the directory lists, so only who is there now is known.
        let is_meant = |person: &Person| match membership {
            Membership::MembersAndGuests => Some(true),
            Membership::Members => person.is_guest().map(|is_guest| !is_guest),
            Membership::Guests => person.is_guest(),
            Membership::Owners => None,
        };
        let known = of_group.filter(|_| membership != Membership::Owners);
        if let Some(members) = known {
            let some = |wanted| -> Set {
                members.iter().filter(|member| is_meant(&self.people.list[*member]) == wanted).collect()
            };
            return Crowd::of(some(Some(true))).or(&Crowd::perhaps(some(None)));
        }
        // Of single persons the directory may have said in which groups they are.
        let asked = |person: &Person| match (membership, person.object) {
            (Membership::Owners, _) | (_, None) => None,
            (_, Some(object)) => match self.inventory.user_groups.get(&object) {
                Answer::Found(groups) if groups.contains(&group) => is_meant(person),
                Answer::Found(_) => Some(false),
                Answer::Absent | Answer::Unreadable(_) | Answer::NotAsked => None,
            },
        };
        let answers: Vec<Option<bool>> = self.people.list.iter().map(asked).collect();
        let answered: Set =
            answers.iter().enumerate().filter(|(_, answer)| answer.is_some()).map(|(at, _)| at).collect();
        let mut certain = now.certain().clone();
        certain.remove(&answered);
        let mut open = everybody;
        open.remove(&answered);
        let joined = answers.iter().enumerate().filter(|(_, answer)| **answer == Some(true)).map(|(at, _)| at);
        certain.extend(&joined.collect());
        Crowd::of(certain).or(&Crowd::perhaps(open))
    }
}
