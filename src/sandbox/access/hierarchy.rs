//! What reaches a manager through those who report to him (Learn: hierarchy security, manager hierarchy).

use std::collections::BTreeSet;

use uuid::Uuid;

use super::authority::{Authority, joined, unit_of};
use crate::sandbox::organization::{Organization, id};
use crate::sandbox::rights::Verb;

/// How many levels down a manager reads (Learn: the depth can be set; 3 is what an organisation begins with).
const DEPTH: usize = 3;

/// Those whose rows a manager reaches with one operation, and the teams that they are in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Reports {
    users: BTreeSet<Uuid>,
    teams: BTreeSet<Uuid>,
}

impl Reports {
    /// Finds them: direct reports for reading, writing and both kinds of appending; those further down for reading alone.
    pub(super) fn of(organization: &Organization, authority: &Authority, verb: Verb) -> Self {
        let levels = match verb {
            Verb::Read => DEPTH,
            Verb::Write | Verb::Append | Verb::AppendTo => 1,
            Verb::Create | Verb::Delete | Verb::Assign | Verb::Share => 0,
        };
        let users = below(organization, authority, levels);
        let teams =
            users.iter().flat_map(|user| joined(organization, "teammembership", ("systemuserid", *user), "teamid"));
        Self { teams: teams.collect(), users }
    }

    /// Lists users and teams.
    pub(super) fn owners(&self) -> impl Iterator<Item = Uuid> {
        self.users.iter().chain(&self.teams).copied()
    }
}

/// Lists those who report to a user, directly or not.
pub fn reports(organization: &Organization, authority: &Authority) -> BTreeSet<Uuid> {
    below(organization, authority, DEPTH)
}

/// Goes down the chain. A manager has to be of the report's business unit or of one above it, unless the organisation says otherwise
/// (Learn: the same page, `ManagersMustBeInSameOrParentBusinessUnitAsReports`).
fn below(organization: &Organization, authority: &Authority, levels: usize) -> BTreeSet<Uuid> {
    let mut found = BTreeSet::new();
    if !organization.hierarchy_security {
        return found;
    }
    let is_anywhere = organization.set_to("ManagersMustBeInSameOrParentBusinessUnitAsReports") == Some(false);
    let units: BTreeSet<Uuid> = organization.subtree(authority.unit).into_iter().collect();
    let mut managers = BTreeSet::from([authority.user]);
    for _ in 0..levels {
        let is_below = |row| id(row, "_parentsystemuserid_value").is_some_and(|manager| managers.contains(&manager));
        let is_near = |user| is_anywhere || units.contains(&unit_of(organization, "systemuser", user));
        let next: BTreeSet<Uuid> = organization
            .all("systemuser")
            .filter(|(key, row)| is_below(row) && is_near(*key) && *key != authority.user)
            .map(|(key, _)| key)
            .collect();
        managers = next.difference(&found).copied().collect();
        found.extend(next);
    }
    found
}
