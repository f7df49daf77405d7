//! What a row holds: roles and privileges of its own, and its teams.
use std::collections::BTreeSet;

use uuid::Uuid;

use crate::inventory::people::PrincipalRow;
use crate::inventory::section::Answer;
use crate::inventory::{Inventory, section};
use crate::names::{Depth, Operation};
use crate::problem::Problem;

impl Inventory {
    /// The root roles that a row holds itself, as far as was read, and why there may be more.
    pub fn roles_of(&self, row: PrincipalRow) -> (BTreeSet<Uuid>, Option<Problem>) {
        let of_row = (row, Uuid::nil())..=(row, Uuid::max());
        let met = self.holders.rows().filter(|(_, holders)| holders.range(of_row.clone()).next().is_some());
        let mut roles: BTreeSet<Uuid> = met.map(|(role, _)| *role).collect();
        let doubt = match self.principal_roles.get(&row) {
            Answer::Found(own) => {
                roles.extend(own.iter().filter(|role| !matches!(self.holders.get(role), Answer::Found(_))));
                self.principal_roles.doubt()
            }
            Answer::Absent => None,
            Answer::Unreadable(problem) => Some(problem),
            Answer::NotAsked => Some(section::not_asked()),
        };
        (roles, doubt)
    }

    /// The greatest depth at which a row holds a privilege through roles of its own; none when it holds none.
    /// `Err` when nobody knows.
    pub fn own_depth(&self, row: PrincipalRow, privilege: Uuid) -> Result<Option<Depth>, Problem> {
        let (roles, mut doubt) = self.roles_of(row);
        let mut depth = None;
        for role in roles {
            match self.role_privileges.get(&role) {
                Answer::Found(privileges) => depth = depth.max(privileges.get(&privilege).copied()),
                Answer::Absent => {}
                Answer::Unreadable(problem) => doubt = Some(problem),
                Answer::NotAsked => doubt = Some(section::not_asked()),
            }
        }
        match (depth, doubt) {
            (None, Some(problem)) => Err(problem),
            (depth, _) => Ok(depth),
        }
    }

    /// The teams that a user is in, as far as was read.
    pub fn teams_of(&self, user: Uuid) -> impl Iterator<Item = Uuid> {
        let met = self.team_members.rows().filter(move |(_, members)| members.contains(&user)).map(|(team, _)| *team);
        let asked = self.user_teams.row(&user).into_iter().flatten().copied();
        met.chain(asked).collect::<BTreeSet<_>>().into_iter()
    }

    /// Whether a row holds Read on a table at any depth, through roles of its own or of its teams. `Err` when nobody knows.
    pub fn holds_read(&self, row: PrincipalRow, table: &str) -> Result<bool, Problem> {
        let Some(privilege) = self.privilege(table, Operation::Read) else {
            return Err(section::not_asked());
        };
        let own = self.own_depth(row, privilege.id);
        if matches!(own, Ok(Some(_))) {
            return Ok(true);
        }
        if let PrincipalRow::User(user) = row {
            let through = self
                .teams_of(user)
                .any(|team| matches!(self.own_depth(PrincipalRow::Team(team), privilege.id), Ok(Some(_))));
            if through {
                return Ok(true);
            }
            if let Answer::Unreadable(problem) = self.user_teams.get(&user) {
                return Err(problem);
            }
        }
        own.map(|_| false)
    }
}
