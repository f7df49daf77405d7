//! Which roles rows hold themselves, and who holds the same role alike.
use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::access::people::People;
use crate::access::set::Crowd;
use crate::inventory::Inventory;
use crate::inventory::people::PrincipalRow;
use crate::inventory::section::Answer;
use crate::problem::Cause;

/// A role that a row holds, and the business unit from which its depths are measured, where that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Assigned {
    pub(super) role: Uuid,
    pub(super) unit: Option<Uuid>,
}

/// Through what a role is held, as far as it makes a difference to what it gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Holding {
    /// It is assigned to the person.
    Own,
    /// It is assigned to this team.
    Team(Uuid),
}

/// What each row holds itself: the lists of holders that were read decide, and for other roles the rows that were asked.
/// Users who are not among these people are left out.
pub(super) fn assignments(inventory: &Inventory, people: &People) -> BTreeMap<PrincipalRow, BTreeSet<Assigned>> {
    let mut assigned: BTreeMap<PrincipalRow, BTreeSet<Assigned>> = BTreeMap::new();
    let is_meant = |row: PrincipalRow| match row {
        PrincipalRow::User(id) => people.with_row(id).is_some(),
        PrincipalRow::Team(_) | PrincipalRow::Organization(_) => true,
    };
    for (role, holders) in inventory.holders.rows() {
        for (row, unit) in holders.iter().filter(|(row, _)| is_meant(*row)) {
            assigned.entry(*row).or_default().insert(Assigned { role: *role, unit: Some(*unit) });
        }
    }
    // Where only some holders of a role were put into the inventory, the list of them is none.
    let asked = inventory.holders.doubt().is_none_or(|problem| problem.cause != Cause::NotAsked);
    let is_list = |role: &Uuid| asked && matches!(inventory.holders.get(role), Answer::Found(_));
    for (row, roles) in inventory.principal_roles.rows().filter(|(row, _)| is_meant(**row)) {
        let unit = inventory.unit_of(*row);
        let other = roles.iter().filter(|role| !is_list(role));
        assigned.entry(*row).or_default().extend(other.map(|role| Assigned { role: *role, unit }));
    }
    assigned
}

/// Everybody who holds the same role of the same unit alike: thousands of people are a few classes, and each is judged once.
pub(super) fn alike(
    assigned: &BTreeMap<PrincipalRow, BTreeSet<Assigned>>,
    crowd_of: impl Fn(PrincipalRow) -> Crowd,
) -> BTreeMap<(Holding, Assigned), Crowd> {
    let mut alike: BTreeMap<(Holding, Assigned), Crowd> = BTreeMap::new();
    for (row, roles) in assigned {
        let people = crowd_of(*row);
        let holding = match row {
            PrincipalRow::User(_) | PrincipalRow::Organization(_) => Holding::Own,
            PrincipalRow::Team(team) => Holding::Team(*team),
        };
        for role in roles.iter().filter(|_| !people.possible().is_empty()) {
            alike.entry((holding, *role)).or_default().extend(&people);
        }
    }
    alike
}
