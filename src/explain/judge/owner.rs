//! Requirements about a flow's owner, who acts for its callers where they bring a Dataverse connection.
use uuid::Uuid;

use super::three_valued::every;
use super::{Case, Judge, restricts};
use crate::explain::deeds::{Deeds, impersonates};
use crate::explain::requirements::ACT_ON_BEHALF;
use crate::inventory::people::PrincipalRow;
use crate::inventory::section::Answer;
use crate::names::{Operation, Text};

impl Judge<'_> {
    /// A claim about the flow's owner, where a Dataverse connection acts for the caller.
    pub(super) fn of_owner(&self, case: &Case<'_>, claim: impl Fn(PrincipalRow) -> Option<bool>) -> Option<bool> {
        if !impersonates(case.facts?) {
            return Some(true);
        }
        claim(self.inventory().flows.row(&case.flow)?.owner)
    }

    /// The privilege has to come through a role of the owner's own, not of a team (Learn: impersonate another user).
    pub(super) fn delegates(&self, owner: PrincipalRow) -> Option<bool> {
        match owner {
            PrincipalRow::User(_) => {
                let privilege = self.access.privilege_id(ACT_ON_BEHALF)?;
                self.inventory().own_depth(owner, privilege).ok().map(|depth| depth.is_some())
            }
            PrincipalRow::Team(_) | PrincipalRow::Organization(_) => Some(false),
        }
    }

    pub(super) fn owner_may_act(&self, owner: PrincipalRow, deeds: &Deeds) -> Option<bool> {
        if !deeds.missing.is_empty() {
            return Some(false);
        }
        every(deeds.known.iter().map(|(table, operation)| match restricts(self.inventory(), table, *operation) {
            Some(false) => Some(true),
            Some(true) => self.owner_holds(owner, table, *operation),
            None => None,
        }))
    }

    /// Whether the owner holds an operation, through roles of his own or of the teams that he is in now: when he opens the
    /// environment next is not the caller's to know.
    pub(in crate::explain) fn owner_holds(
        &self,
        owner: PrincipalRow,
        table: &Text,
        operation: Operation,
    ) -> Option<bool> {
        let inventory = self.inventory();
        let privilege = inventory.privilege(table, operation)?.id;
        let (teams, is_known): (Vec<Uuid>, bool) = match owner {
            PrincipalRow::User(user) => (inventory.teams_of(user).collect(), self.are_teams_known(user)),
            PrincipalRow::Team(_) | PrincipalRow::Organization(_) => (Vec::new(), true),
        };
        let rows = std::iter::once(owner).chain(teams.into_iter().map(PrincipalRow::Team));
        let held: Vec<_> = rows.map(|row| inventory.own_depth(row, privilege)).collect();
        if held.iter().any(|depth| matches!(depth, Ok(Some(_)))) {
            return Some(true);
        }
        (is_known && held.iter().all(Result::is_ok)).then_some(false)
    }

    pub(super) fn are_teams_known(&self, user: Uuid) -> bool {
        let inventory = self.inventory();
        let asked =
            inventory.user_teams.doubt().is_none() && matches!(inventory.user_teams.get(&user), Answer::Found(_));
        let is_listed = |team: &Uuid| matches!(inventory.team_members.get(team), Answer::Found(_) | Answer::Absent);
        let listed =
            || inventory.team_members.doubt().is_none() && inventory.teams.rows().all(|(team, _)| is_listed(team));
        asked || listed()
    }
}
