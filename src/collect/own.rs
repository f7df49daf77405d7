//! What principals hold: the roles of their own, the teams they are in, and what all those roles give.
use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::read::{people, roles, when};
use super::source::Source;
use crate::inventory::Inventory;
use crate::inventory::people::PrincipalRow;
use crate::inventory::section::Section;
use crate::names::Depth;

/// What principals hold themselves and through their teams.
pub(super) struct Own {
    /// The teams of users who are shared with.
    pub(super) teams: Section<Uuid, BTreeSet<Uuid>>,
    /// The roles of principals and of those teams.
    pub(super) roles: Section<PrincipalRow, BTreeSet<Uuid>>,
    /// The privileges of those roles, as far as they were not read before.
    pub(super) privileges: Section<Uuid, BTreeMap<Uuid, Depth>>,
}

/// Reads what principals hold: one thing after the other, because each asks for what the one before it found.
///
/// An owner acts on behalf of others through roles of his own alone (Learn: impersonate another user), so his teams are
/// not asked for.
pub(super) async fn own(
    source: Source<'_>,
    inventory: &Inventory,
    sharers: &BTreeSet<PrincipalRow>,
    owners: &BTreeSet<PrincipalRow>,
) -> Own {
    let users: BTreeSet<Uuid> = sharers.iter().filter_map(|row| user(*row)).collect();
    let teams = when(!users.is_empty(), people::teams_of(source, &users)).await;
    let mut rows: BTreeSet<PrincipalRow> = sharers.union(owners).copied().collect();
    rows.extend(teams.rows().flat_map(|(_, teams)| teams.iter().map(|team| PrincipalRow::Team(*team))));
    let held = when(!rows.is_empty(), roles::of_principals(source, &rows, &inventory.roles)).await;
    let unread: BTreeSet<Uuid> = held
        .rows()
        .flat_map(|(_, roles)| roles.iter().copied())
        .filter(|role| inventory.role_privileges.row(role).is_none())
        .collect();
    let privileges = when(!unread.is_empty(), roles::privileges(source, &unread)).await;
    Own { teams, roles: held, privileges }
}

fn user(row: PrincipalRow) -> Option<Uuid> {
    match row {
        PrincipalRow::User(id) => Some(id),
        PrincipalRow::Team(_) | PrincipalRow::Organization(_) => None,
    }
}

pub(super) fn team(row: PrincipalRow) -> Option<Uuid> {
    match row {
        PrincipalRow::Team(id) => Some(id),
        PrincipalRow::User(_) | PrincipalRow::Organization(_) => None,
    }
}
