//! How many of a group's people are in the environment and in the group's team.
use std::collections::BTreeSet;

use uuid::Uuid;

use crate::inventory::Inventory;
use crate::inventory::people::PrincipalRow;
use crate::inventory::section::{Answer, not_asked};
use crate::names::Membership;
use crate::principal::Principal;
use crate::problem::{Cause, Problem};

/// Where the people of a group stand in an environment. Members come in at their first access, not when the group's
/// team is made (Learn: manage group teams).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Presence {
    /// The rows of those who are there and enabled.
    pub present: BTreeSet<Uuid>,
    /// The Entra object ids of those who are not there yet.
    pub missing: BTreeSet<Uuid>,
    /// How many are disabled, here or in the directory, and so do not come.
    pub disabled: usize,
}

impl Presence {
    /// Counts a group's people; `Err` when nobody knows them, or who of them is there.
    pub fn of(inventory: &Inventory, group: &Principal) -> Result<Self, Problem> {
        let people = people(inventory, group)?;
        if let Some(problem) = inventory.users.doubt() {
            return Err(problem);
        }
        let rows = inventory.users.rows().filter(|(_, user)| user.object.is_some_and(|id| people.contains(&id)));
        let (mut presence, mut seen) = (Self::default(), BTreeSet::new());
        for (row, user) in rows {
            seen.extend(user.object);
            if user.disabled {
                presence.disabled += 1;
            } else {
                presence.present.insert(*row);
            }
        }
        for person in people.difference(&seen) {
            if inventory.directory.row(person).is_some_and(|entry| !entry.enabled) {
                presence.disabled += 1;
            } else {
                presence.missing.insert(*person);
            }
        }
        Ok(presence)
    }

    /// What a plan says of it, and when those who are missing appear: `12 members, 9 present; 3 appear at first access`.
    pub fn words(&self, when: &str) -> String {
        let (present, missing, disabled) = (self.present.len(), self.missing.len(), self.disabled);
        let without = if disabled > 0 { format!(", {disabled} disabled") } else { String::new() };
        let words = format!("{}, {present} present{without}", counted(present + missing + disabled));
        match missing {
            0 => words,
            1 => format!("{words}; 1 appears {when}"),
            _ => format!("{words}; {missing} appear {when}"),
        }
    }
}

/// What a plan says of a group's people, as far as it is known; nothing of other principals.
pub fn note(inventory: &Inventory, principal: &Principal) -> Option<String> {
    match Presence::of(inventory, principal) {
        Ok(presence) => Some(presence.words("at first access")),
        Err(_) => people(inventory, principal).ok().map(|people| counted(people.len())),
    }
}

/// Whether a group's team has all the people that it shall have: those who are there, or everybody where powergrant
/// itself brings users in. `Err` when nobody knows.
pub fn is_synchronised(inventory: &Inventory, group: &Principal) -> Result<bool, Problem> {
    let team = match inventory.row_of(group) {
        Answer::Found(PrincipalRow::Team(team)) => team,
        Answer::Found(PrincipalRow::User(_) | PrincipalRow::Organization(_)) | Answer::Absent => return Ok(false),
        Answer::Unreadable(problem) => return Err(problem),
        Answer::NotAsked => return Err(not_asked()),
    };
    let members = match inventory.team_members.get(&team) {
        Answer::Found(members) => members,
        Answer::Absent => return Ok(false),
        Answer::Unreadable(problem) => return Err(problem),
        Answer::NotAsked => return Err(not_asked()),
    };
    let presence = Presence::of(inventory, group)?;
    let all_are_there = !inventory.environment.add_users_by_admin_api || presence.missing.is_empty();
    Ok(all_are_there && presence.present.is_subset(members))
}

/// The object ids of the people that a group's team shall have.
fn people<'a>(inventory: &'a Inventory, principal: &Principal) -> Result<&'a BTreeSet<Uuid>, Problem> {
    let unknown = |says: &str| Problem::without_request(Cause::NotAsked, "powergrant", says, "");
    let group = match principal {
        Principal::Group { id, membership: Membership::MembersAndGuests | Membership::Members, .. } => id,
        Principal::Group { membership: Membership::Owners | Membership::Guests, .. } => {
            return Err(unknown("who of a group is its owner or a guest is not read"));
        }
        Principal::User { .. }
        | Principal::Application { .. }
        | Principal::Team { .. }
        | Principal::Everyone
        | Principal::Unnamed { .. } => return Err(unknown("it is not a group")),
    };
    match inventory.group_members.get(group) {
        Answer::Found(people) => Ok(people),
        Answer::Absent => Err(unknown("the group is not in the directory")),
        Answer::Unreadable(problem) => Err(problem),
        Answer::NotAsked => Err(not_asked()),
    }
}

fn counted(members: usize) -> String {
    if members == 1 { "1 member".to_owned() } else { format!("{members} members") }
}
