//! Through what a person holds roles and privileges: which role, of himself or through which team.
use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::access::assigned::Assigned;
use crate::access::{Ability, Access, Crowd};
use crate::inventory::people::PrincipalRow;
use crate::names::Depth;

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

impl Access<'_> {
    /// How somebody belongs to a team that he is in.
    pub fn belonging(&self, person: usize, team: Uuid) -> Belonging {
        let is_later = self.members_now.get(&team).is_some_and(|members| !members.certain().contains(person));
        if is_later { Belonging::FromNextAccess } else { Belonging::Now }
    }

    /// The roles that count for a person, and through what; and whether there may be more.
    pub fn roles(&self, person: usize) -> (BTreeSet<(Uuid, Through)>, Ability) {
        let found = self.counting(person).into_iter().map(|(assigned, through)| (assigned.role, through)).collect();
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
        for (assigned, through) in self.counting(person) {
            let Some(held) = self.inventory.role_privileges.row(&assigned.role) else { continue };
            for (privilege, depth) in held {
                privileges.entry(*privilege).or_default().push(self.grant(assigned, through, *depth));
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
            .filter_map(|(assigned, through)| {
                let depth = self.inventory.role_privileges.row(&assigned.role)?.get(&privilege)?;
                Some(self.grant(assigned, through, *depth))
            })
            .collect();
        grants.sort_by(|left, right| right.depth.cmp(&left.depth).then(left.cmp(right)));
        grants
    }

    /// The assignments that certainly count for a person.
    fn counting(&self, person: usize) -> Vec<(Assigned, Through)> {
        let own = self.people.list.get(person).and_then(|person| person.row).map(|row| (PrincipalRow::User(row), None));
        let of_teams = self.teams_of(person).map(|team| (PrincipalRow::Team(team), Some(team)));
        let mut found = Vec::new();
        for (row, team) in own.into_iter().chain(of_teams) {
            let roles = self.assigned.get(&row).into_iter().flatten();
            let through =
                team.map_or(Through::Own, |team| Through::Team { team, belonging: self.belonging(person, team) });
            found.extend(roles.map(|assigned| (*assigned, through)));
        }
        found
    }

    /// What one assignment gives of a privilege that its role holds at a depth.
    pub(super) fn grant(&self, assigned: Assigned, through: Through, depth: Depth) -> Grant {
        let reaches_members = match through {
            Through::Own => true,
            Through::Team { .. } => self.inventory.roles.row(&assigned.role).is_some_and(|role| role.reaches_members),
        };
        Grant { depth, through, role: assigned.role, unit: assigned.unit, reaches_members }
    }
}
