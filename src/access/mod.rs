//! Who can do what, and through what: set-based and three-valued, over one inventory.
//!
//! [`Access`] is made once of an inventory and asked many times. It answers for everybody at once with a [`Crowd`]
//! (can, cannot, unknown), so that ten thousand users and a thousand flows are a thousand questions, and it gives evidence
//! for single persons on demand: which role, through which team, by which share.
//!
//! What it knows is what Dataverse documents: roles of one's own and of teams, *member's privilege inheritance*, depths
//! measured from business units, owners, shares. Hierarchy security and access teams made from templates are not read, so
//! they can only widen what is answered here; whatever was not read is *unknown*, never *cannot*.
mod assigned;
mod flows;
mod grants;
mod holders;
mod people;
mod reach;
mod set;
mod teams;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::inventory::Inventory;
use crate::inventory::people::PrincipalRow;
use crate::inventory::section::Answer;
use crate::names::Depth;
use crate::principal::Principal;

pub use flows::{Lent, Way, WayKind};
pub use grants::{Belonging, Grant, Through};
pub use holders::Holders;
pub use people::Person;
pub use reach::Reach;
pub use set::{Crowd, Set};

use assigned::{Assigned, Holding};
use people::People;
use teams::Memberships;

/// One of three answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ability {
    /// Yes.
    Can,
    /// No: everything that could give it was read, and nothing does.
    Cannot,
    /// Nobody knows: something that could give it was not read.
    Unknown,
}

/// For which moment it is asked. Members appear in the team of an Entra group at their next access, and leave it then
/// (Learn: manage group teams); a person who has never opened the environment comes in with the first one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Moment {
    /// As the rows stand.
    Now,
    /// As they will stand when the person has opened the environment once more.
    #[default]
    NextAccess,
}

/// Who can do what in one environment.
pub struct Access<'a> {
    inventory: &'a Inventory,
    moment: Moment,
    people: People,
    /// The members of every team.
    members: BTreeMap<Uuid, Crowd>,
    /// The members that each team has at this moment, whatever is asked.
    members_now: BTreeMap<Uuid, Crowd>,
    /// The roles that each row holds itself, as far as was read.
    assigned: BTreeMap<PrincipalRow, BTreeSet<Assigned>>,
    /// The same by class: whoever holds a role in the same way.
    alike: BTreeMap<(Holding, Assigned), Crowd>,
    /// Those whose own roles, or a team's of theirs, are not all known.
    unsure: Set,
}

impl<'a> Access<'a> {
    /// What is known of everybody's access from his next access on.
    pub fn of(inventory: &'a Inventory) -> Self {
        Self::at(inventory, Moment::NextAccess)
    }

    /// What is known of everybody's access at a moment.
    pub fn at(inventory: &'a Inventory, moment: Moment) -> Self {
        Self::among(inventory, moment, People::of(inventory))
    }

    /// What is known of one person's access, who then is the only one, at position 0: the same as [`Access::at`] says, without
    /// the cost of everybody else. `None` when the inventory does not know the person.
    pub fn alone(inventory: &'a Inventory, moment: Moment, principal: &Principal) -> Option<Self> {
        Some(Self::among(inventory, moment, People::alone(inventory, principal)?))
    }

    fn among(inventory: &'a Inventory, moment: Moment, people: People) -> Self {
        let memberships = Memberships::of(inventory, &people, moment);
        let members = inventory.teams.rows().map(|(id, team)| (*id, memberships.members(*id, team))).collect();
        let members_now = inventory.teams.rows().map(|(id, _)| (*id, memberships.now(*id))).collect();
        let assigned = assigned::assignments(inventory, &people);
        let (alike, unsure) = (BTreeMap::new(), Set::nobody());
        let mut access = Self { inventory, moment, people, members, members_now, assigned, alike, unsure };
        access.alike = assigned::alike(&access.assigned, |row| access.crowd_of(row));
        access.unsure = access.find_unsure();
        access
    }

    /// The inventory that is asked.
    pub fn inventory(&self) -> &'a Inventory {
        self.inventory
    }

    /// Everybody, by position: users of the environment first, then people of the directory who are not in it.
    pub fn people(&self) -> &[Person] {
        &self.people.list
    }

    /// The position of a principal: a person, or an application.
    pub fn person(&self, principal: &Principal) -> Option<usize> {
        let object = match principal {
            Principal::User { id, .. } => self.people.with_object(*id),
            Principal::Application { .. }
            | Principal::Unnamed { .. }
            | Principal::Group { .. }
            | Principal::Team { .. }
            | Principal::Everyone => None,
        };
        object.or_else(|| match self.inventory.row_of(principal) {
            Answer::Found(PrincipalRow::User(row)) => self.people.with_row(row),
            Answer::Found(PrincipalRow::Team(_) | PrincipalRow::Organization(_))
            | Answer::Absent
            | Answer::Unreadable(_)
            | Answer::NotAsked => None,
        })
    }

    /// Everybody who is in the environment: for certain those with a row who are enabled; those without one come in with
    /// their first access.
    pub fn present(&self) -> Crowd {
        let enabled = |person: &Person| !person.disabled;
        let here = match self.moment {
            Moment::Now => self.people.who(|person| enabled(person) && person.row.is_some()),
            Moment::NextAccess => self.people.who(enabled),
        };
        let unseen = match (self.moment, self.inventory.users.doubt()) {
            (Moment::Now, Some(_)) => self.people.who(|person| enabled(person) && person.row.is_none()),
            (Moment::Now, None) | (Moment::NextAccess, _) => Set::nobody(),
        };
        Crowd::of(here).or(&Crowd::perhaps(unseen))
    }

    /// The members of a team.
    pub fn members(&self, team: Uuid) -> Crowd {
        // A team whose row was not read may have anybody in it, but for those of whom every team is known.
        self.members.get(&team).cloned().unwrap_or_else(|| {
            let row = |person: &Person| person.row.and_then(|row| self.inventory.user_teams.row(&row));
            let certain = self.people.who(|person| row(person).is_some_and(|teams| teams.contains(&team)));
            let is_whole = self.inventory.user_teams.doubt().is_none();
            let open = self.people.who(|person| !is_whole || row(person).is_none());
            Crowd::of(certain).or(&Crowd::perhaps(open))
        })
    }

    /// The people that a row stands for: a user, a team's members, everybody.
    pub fn crowd_of(&self, row: PrincipalRow) -> Crowd {
        match row {
            PrincipalRow::User(id) => Crowd::of(self.people.with_row(id).into_iter().collect()),
            PrincipalRow::Team(id) => self.members(id),
            PrincipalRow::Organization(_) => Crowd::of(self.everybody()),
        }
    }

    /// Everybody who counts as having a role: one of his own, or a team's whose inheritance reaches members and that
    /// holds a privilege at User level (Learn: manage group teams).
    pub fn with_role(&self) -> Crowd {
        let mut crowd = Crowd::perhaps(self.unsure.clone());
        for ((holding, assigned), people) in &self.alike {
            match (holding, self.counts_for_members(assigned.role)) {
                (Holding::Own, _) | (Holding::Team(_), Ability::Can) => crowd.extend(people),
                (Holding::Team(_), Ability::Unknown) => crowd.extend_perhaps(people),
                (Holding::Team(_), Ability::Cannot) => {}
            }
        }
        crowd
    }

    /// Whether a team's role makes its members holders of a role.
    pub fn counts_for_members(&self, role: Uuid) -> Ability {
        let reaches = match self.inventory.roles.row(&role) {
            Some(row) if !row.reaches_members => return Ability::Cannot,
            Some(_) => Ability::Can,
            None => Ability::Unknown,
        };
        match self.inventory.role_privileges.get(&role) {
            Answer::Found(privileges) if privileges.values().any(|depth| *depth == Depth::User) => reaches,
            Answer::Found(_) | Answer::Absent => Ability::Cannot,
            Answer::Unreadable(_) | Answer::NotAsked => Ability::Unknown,
        }
    }

    fn everybody(&self) -> Set {
        Set::everybody(self.people.list.len())
    }

    /// Who may hold roles that were not read: of himself, or through a team.
    fn find_unsure(&self) -> Set {
        let is_known = |row: PrincipalRow| match self.inventory.principal_roles.get(&row) {
            Answer::Found(_) => self.inventory.principal_roles.doubt().is_none(),
            Answer::Absent => true,
            Answer::Unreadable(_) | Answer::NotAsked => false,
        };
        let is_unsure = |person: &Person| match person.row {
            Some(row) => !is_known(PrincipalRow::User(row)),
            None => self.inventory.users.doubt().is_some(),
        };
        let mut unsure = self.people.who(is_unsure);
        for (team, members) in &self.members {
            if !is_known(PrincipalRow::Team(*team)) {
                unsure.extend(members.possible());
            }
        }
        unsure
    }
}
