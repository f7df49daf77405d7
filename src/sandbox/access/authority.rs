//! What a user or team holds: privileges through roles of its own and of its teams.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::sandbox::organization::{Organization, id, number, text};
use crate::sandbox::rights::Depth;

/// What a user holds at the moment of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    /// The user.
    pub user: Uuid,
    /// The user's business unit.
    pub unit: Uuid,
    /// The teams that the user is in.
    pub teams: BTreeSet<Uuid>,
    /// Privileges by id, each with the ways in which it is held.
    pub grants: BTreeMap<Uuid, Vec<Grant>>,
    /// How many roles count for the user, own and through teams.
    pub roles: usize,
    /// Whether a role that the user or a team holds is System Administrator.
    pub is_administrator: bool,
}

/// One way in which a privilege is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// How far it reaches.
    pub depth: Depth,
    /// The business unit from which the depth is measured.
    pub unit: Uuid,
    /// Through what it is held.
    pub through: Through,
}

impl Grant {
    /// Says whether it counts for the user's own rows.
    pub fn is_own(&self) -> bool {
        match self.through {
            Through::Own | Through::Inherited(_) => true,
            // Learn, security roles and privileges: team privileges only.
            Through::Team(_) => self.depth > Depth::Basic,
        }
    }
}

/// Through what a privilege is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Through {
    /// A role of the user's own.
    Own,
    /// A role of a team, whose User level counts for the members too (`isinherited` 1).
    Inherited(Uuid),
    /// A role of a team whose User level is for rows of the team alone (`isinherited` 0).
    Team(Uuid),
}

/// A privilege of a role: id and depth.
pub type Privilege = (Uuid, Depth);

/// Lists what a role holds; privileges are kept at the root (recorded reader of role dumps: it joins on the root role).
pub fn privileges_of_role(organization: &Organization, role: Uuid) -> Vec<Privilege> {
    organization
        .beside("roleprivileges", "roleid", root_of(organization, role))
        .filter_map(|(_, row)| {
            let mask = u64::try_from(number(row, "privilegedepthmask")?).ok()?;
            Some((id(row, "privilegeid")?, Depth::of_mask(mask)?))
        })
        .collect()
}

/// Returns the root of a role, which is the role itself unless it is a copy.
pub fn root_of(organization: &Organization, role: Uuid) -> Uuid {
    organization.row("role", role).and_then(|row| id(row, "_parentrootroleid_value")).unwrap_or(role)
}

/// Lists the other side of a joining table for one id.
pub fn joined(organization: &Organization, table: &str, near: (&str, Uuid), far: &str) -> Vec<Uuid> {
    organization.beside(table, near.0, near.1).filter_map(|(_, row)| id(row, far)).collect()
}

impl Authority {
    /// Reads what a user holds.
    pub fn of(organization: &Organization, user: Uuid) -> Self {
        let mut authority = Self {
            user,
            unit: unit_of(organization, "systemuser", user),
            teams: joined(organization, "teammembership", ("systemuserid", user), "teamid").into_iter().collect(),
            grants: BTreeMap::new(),
            roles: 0,
            is_administrator: false,
        };
        for role in joined(organization, "systemuserroles", ("systemuserid", user), "roleid") {
            authority.roles += 1;
            authority.add(organization, role, Through::Own, authority.unit);
        }
        for team in authority.teams.clone() {
            let unit = unit_of(organization, "team", team);
            for role in joined(organization, "teamroles", ("teamid", team), "roleid") {
                let is_inherited = organization.row("role", role).and_then(|row| number(row, "isinherited")) == Some(1);
                let held = privileges_of_role(organization, role);
                // Learn, manage group teams: members count as having a role only when it is inherited and has a privilege at
                // User level.
                if is_inherited && held.iter().any(|(_, depth)| *depth == Depth::Basic) {
                    authority.roles += 1;
                }
                let through = if is_inherited { Through::Inherited(team) } else { Through::Team(team) };
                authority.add(organization, role, through, unit);
            }
        }
        authority
    }

    /// Reads what a team holds by itself; `user` is the team then.
    pub fn of_team(organization: &Organization, team: Uuid) -> Self {
        let unit = unit_of(organization, "team", team);
        let mut authority = Self {
            user: team,
            unit,
            teams: BTreeSet::new(),
            grants: BTreeMap::new(),
            roles: 0,
            is_administrator: false,
        };
        for role in joined(organization, "teamroles", ("teamid", team), "roleid") {
            authority.roles += 1;
            authority.add(organization, role, Through::Own, unit);
        }
        authority
    }

    fn add(&mut self, organization: &Organization, role: Uuid, through: Through, unit: Uuid) {
        let role_row = organization.row("role", role);
        // A copy of another unit counts from its own unit (Learn: ownership across business units).
        let unit = role_row.and_then(|row| id(row, "_businessunitid_value")).unwrap_or(unit);
        self.is_administrator |= role_row
            .and_then(|row| text(row, "_roletemplateid_value"))
            .is_some_and(|template| template == "627090ff-40a3-4053-8790-584edc5be201");
        for (privilege, depth) in privileges_of_role(organization, role) {
            self.grants.entry(privilege).or_default().push(Grant { depth, unit, through });
        }
    }

    /// Limits this user's privileges to those that the impersonator holds too (Learn: impersonate another user).
    #[must_use]
    pub fn limited_by(mut self, impersonator: &Self) -> Self {
        self.grants.retain(|privilege, _| impersonator.grants.contains_key(privilege));
        for (privilege, grants) in &mut self.grants {
            let widest = impersonator.widest(*privilege).unwrap_or(Depth::Basic);
            for grant in grants {
                grant.depth = grant.depth.min(widest);
            }
        }
        self
    }

    /// Returns the widest depth at which a privilege is held.
    pub fn widest(&self, privilege: Uuid) -> Option<Depth> {
        self.grants.get(&privilege)?.iter().map(|grant| grant.depth).max()
    }

    /// Says whether the user holds the privilege of that name, at any depth.
    pub fn holds(&self, organization: &Organization, privilege: &str) -> bool {
        self.grants.contains_key(&organization.privilege_id(privilege))
    }

    /// Says whether the user holds the privilege through a role of his own.
    pub fn holds_directly(&self, organization: &Organization, privilege: &str) -> bool {
        self.grants
            .get(&organization.privilege_id(privilege))
            .is_some_and(|grants| grants.iter().any(|grant| grant.through == Through::Own))
    }
}

/// Returns the business unit of a user or team.
pub fn unit_of(organization: &Organization, table: &str, key: Uuid) -> Uuid {
    organization
        .row(table, key)
        .and_then(|row| id(row, "_businessunitid_value"))
        .unwrap_or_else(|| organization.root_unit())
}
