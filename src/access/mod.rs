//! Who can do what, and through what: set-based and three-valued, over one inventory.
//!
//! [`Access`] is made once of an inventory and asked many times. It answers for everybody at once with a [`Crowd`]
//! (can, cannot, unknown), so that ten thousand users and a thousand flows are a thousand questions, and it gives evidence
//! for single persons on demand: which role, through which team, by which share.
//!
//! What it knows is what Dataverse documents: roles of one's own and of teams, *member's privilege inheritance*, depths
//! measured from business units, owners, shares. Hierarchy security and access teams made from templates are not read, so
//! they can only widen what is answered here; whatever was not read is *unknown*, never *cannot*.
mod flows;
mod holders;
mod people;
mod reach;
mod set;
mod teams;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::inventory::Inventory;
use crate::inventory::people::PrincipalRow;
use crate::inventory::section::Answer;
use crate::names::Depth;
use crate::principal::Principal;
use crate::problem::Cause;

pub use flows::{Lent, Way, WayKind};
pub use holders::Holders;
pub use people::Person;
pub use reach::Reach;
pub use set::{Crowd, Set};

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

/// How somebody belongs to a team.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Belonging {
    /// There is a row that says so.
    Now,
    /// The directory says so, and the row follows with the next access.
    FromNextAccess,
}

/// Through what a role counts for somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Through {
    /// It is assigned to the person.
    Own,
    /// It is assigned to a team that the person is in.
    Team {
        /// The team.
        team: Uuid,
        /// How the person belongs to it.
        belonging: Belonging,
    },
}

/// One way in which a person holds a privilege.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    /// How far it reaches.
    pub depth: Depth,
    /// Through what the role counts.
    pub through: Through,
    /// The security role, by its root's id.
    pub role: Uuid,
    /// The business unit from which the depth is measured.
    pub unit: Option<Uuid>,
    /// Whether the User level of a team's role counts for the member's own rows (`isinherited` 1); true for a role of one's own.
    pub reaches_members: bool,
}

/// A role that a row holds, and the unit whose copy it is, where that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Assigned {
    pub(super) role: Uuid,
    pub(super) unit: Option<Uuid>,
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
        let people = People::of(inventory);
        let memberships = Memberships::of(inventory, &people, moment);
        let members = inventory.teams.rows().map(|(id, team)| (*id, memberships.members(*id, team))).collect();
        let members_now = inventory.teams.rows().map(|(id, _)| (*id, memberships.now(*id))).collect();
        let assigned = assignments(inventory);
        let mut access = Self { inventory, moment, people, members, members_now, assigned, unsure: Set::nobody() };
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

    /// How somebody belongs to a team that he is in.
    pub fn belonging(&self, person: usize, team: Uuid) -> Belonging {
        let is_later = self.members_now.get(&team).is_some_and(|members| !members.certain().contains(person));
        if is_later { Belonging::FromNextAccess } else { Belonging::Now }
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
        for (row, roles) in &self.assigned {
            let people = self.crowd_of(*row);
            for assigned in roles {
                match (row, self.counts_for_members(assigned.role)) {
                    (PrincipalRow::User(_) | PrincipalRow::Organization(_), _) | (_, Ability::Can) => {
                        crowd.extend(&people);
                    }
                    (PrincipalRow::Team(_), Ability::Unknown) => crowd.extend_perhaps(&people),
                    (PrincipalRow::Team(_), Ability::Cannot) => {}
                }
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

    /// The roles that count for a person, and through what; and whether there may be more.
    pub fn roles(&self, person: usize) -> (BTreeSet<(Uuid, Through)>, Ability) {
        let found = self.counting(person).into_iter().map(|(_, assigned, through)| (assigned.role, through)).collect();
        let is_open = |members: &Crowd| members.ability(person) == Ability::Unknown;
        let more = self.unsure.contains(person) || self.members.values().any(is_open);
        (found, if more { Ability::Unknown } else { Ability::Cannot })
    }

    /// The teams that a person certainly is in.
    pub fn teams_of(&self, person: usize) -> impl Iterator<Item = Uuid> {
        self.members.iter().filter(move |(_, members)| members.certain().contains(person)).map(|(team, _)| *team)
    }

    /// Every privilege of a person by id, each with the ways in which it is held.
    pub fn privileges(&self, person: usize) -> BTreeMap<Uuid, Vec<Grant>> {
        let mut privileges: BTreeMap<Uuid, Vec<Grant>> = BTreeMap::new();
        for (row, assigned, through) in self.counting(person) {
            let Some(held) = self.inventory.role_privileges.row(&assigned.role) else { continue };
            for (privilege, depth) in held {
                privileges.entry(*privilege).or_default().push(self.grant(row, assigned, through, *depth));
            }
        }
        for grants in privileges.values_mut() {
            grants.sort_by(|left, right| right.depth.cmp(&left.depth).then(left.cmp(right)));
        }
        privileges
    }

    /// The ways in which a person holds one privilege, the widest first.
    pub fn grants(&self, person: usize, privilege: Uuid) -> Vec<Grant> {
        let mut grants: Vec<Grant> = self
            .counting(person)
            .into_iter()
            .filter_map(|(row, assigned, through)| {
                let depth = self.inventory.role_privileges.row(&assigned.role)?.get(&privilege)?;
                Some(self.grant(row, assigned, through, *depth))
            })
            .collect();
        grants.sort_by(|left, right| right.depth.cmp(&left.depth).then(left.cmp(right)));
        grants
    }

    /// The assignments that certainly count for a person.
    fn counting(&self, person: usize) -> Vec<(PrincipalRow, Assigned, Through)> {
        let own = self.people.list.get(person).and_then(|person| person.row).map(|row| (PrincipalRow::User(row), None));
        let of_teams = self.teams_of(person).map(|team| (PrincipalRow::Team(team), Some(team)));
        let mut found = Vec::new();
        for (row, team) in own.into_iter().chain(of_teams) {
            let roles = self.assigned.get(&row).into_iter().flatten();
            let through =
                team.map_or(Through::Own, |team| Through::Team { team, belonging: self.belonging(person, team) });
            found.extend(roles.map(|assigned| (row, *assigned, through)));
        }
        found
    }

    fn grant(&self, row: PrincipalRow, assigned: Assigned, through: Through, depth: Depth) -> Grant {
        let reaches_members = match through {
            Through::Own => true,
            Through::Team { .. } => self.inventory.roles.row(&assigned.role).is_some_and(|role| role.reaches_members),
        };
        let unit = assigned.unit.or_else(|| self.inventory.unit_of(row));
        Grant { depth, through, role: assigned.role, unit, reaches_members }
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

/// What each row holds itself: the lists of holders that were read decide, and for other roles the rows that were asked.
fn assignments(inventory: &Inventory) -> BTreeMap<PrincipalRow, BTreeSet<Assigned>> {
    let mut assigned: BTreeMap<PrincipalRow, BTreeSet<Assigned>> = BTreeMap::new();
    for (role, holders) in inventory.holders.rows() {
        for (row, unit) in holders {
            assigned.entry(*row).or_default().insert(Assigned { role: *role, unit: Some(*unit) });
        }
    }
    // Where only some holders of a role were put into the inventory, the list of them is none.
    let is_list = |role: &Uuid| {
        let asked = inventory.holders.doubt().is_none_or(|problem| problem.cause != Cause::NotAsked);
        asked && matches!(inventory.holders.get(role), Answer::Found(_))
    };
    for (row, roles) in inventory.principal_roles.rows() {
        let other = roles.iter().filter(|role| !is_list(role));
        assigned.entry(*row).or_default().extend(other.map(|role| Assigned { role: *role, unit: None }));
    }
    assigned
}
