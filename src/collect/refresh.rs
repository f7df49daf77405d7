//! What writes have touched, read again past all caches into a fresh inventory.
use std::collections::BTreeSet;

use uuid::Uuid;

use super::gaps::{Watched, joins};
use super::own::{own, team};
use super::questions;
use super::read::people::Wanted;
use super::read::shares::Shared;
use super::read::{admin, flows, people, roles, shares, when, with_found};
use super::source::{Freshness, Source};
use super::waves::{gap, name_applications};
use crate::inventory::Inventory;
use crate::inventory::people::PrincipalRow;
use crate::inventory::scope::Touched;
use crate::principal::{Principal, PrincipalName};
use crate::tenant::Reader;

/// Reads again what was touched; the rest of the inventory is as it was.
pub async fn refresh(reader: &Reader, before: &Inventory, touched: &Touched) -> Inventory {
    let mut fresh = before.clone();
    let reader = reader.with_label("read-back");
    let source = Source::new(&reader, Freshness::Strong);
    if before.environment.url.is_some() {
        again(source, &mut fresh, touched).await;
        who_and_what(source, &mut fresh, touched).await;
    }
    if let Some(id) = before.environment.environment_id.as_deref().filter(|_| touched.environment_roles) {
        fresh.environment_roles = admin::environment_roles(source, id).await;
        name_applications(&mut fresh);
    }
    fresh
}

/// The touched subjects and principals themselves.
async fn again(source: Source<'_>, fresh: &mut Inventory, touched: &Touched) {
    let Touched { roles: touched_roles, flows: touched_flows, references, .. } = touched;
    let names = touched.names();
    let mut wanted = Wanted::named(&names);
    // Synchronising a group brings in people whom nobody names.
    wanted.objects.extend(
        names
            .iter()
            .filter_map(|name| match name {
                PrincipalName::Group { id: Some(id), .. } => fresh.group_members.row(id),
                PrincipalName::Group { id: None, .. }
                | PrincipalName::User { .. }
                | PrincipalName::Application { .. }
                | PrincipalName::Team { .. } => None,
            })
            .flatten(),
    );
    for row in questions::rows(fresh, &names) {
        match row {
            PrincipalRow::User(id) => _ = wanted.users.insert(id),
            PrincipalRow::Team(id) => _ = wanted.teams.insert(id),
            PrincipalRow::Organization(_) => {}
        }
    }
    let (any_role, any_flow) = (!touched_roles.is_empty(), !touched_flows.is_empty());
    let (roots, copies, privileges, rows, definitions, flow_shares, reference_shares, users, teams) = tokio::join!(
        when(any_role, roles::some_roots(source, touched_roles)),
        when(any_role, roles::copies(source, touched_roles)),
        when(any_role, roles::privileges(source, touched_roles)),
        when(any_flow, flows::some(source, touched_flows)),
        when(any_flow, flows::definitions(source, touched_flows)),
        when(any_flow, shares::shares(source, Shared::Flows, touched_flows)),
        when(!references.is_empty(), shares::shares(source, Shared::References, references)),
        people::users(source, &wanted),
        people::teams(source, &wanted),
    );
    let of = |fresh: &Inventory, tables: &[Watched]| gap(fresh, None, tables);
    let role_gap = of(fresh, &[Watched::SecurityRole]);
    fresh.roles.refresh(roots.with_gap(role_gap.clone()));
    fresh.copies.refresh(copies.with_gap(role_gap.clone()));
    fresh.role_privileges.refresh(privileges.with_gap(role_gap));
    let flow_gap = of(fresh, &[Watched::Process]);
    fresh.flows.refresh(rows.with_gap(flow_gap.clone()));
    fresh.definitions.refresh(definitions.with_gap(flow_gap));
    fresh.shares.refresh(flow_shares.with_gap(of(fresh, joins::FLOW_SHARES)));
    fresh.shares.refresh(reference_shares.with_gap(of(fresh, joins::REFERENCE_SHARES)));
    fresh.users.refresh(with_found(users, wanted.users).with_gap(of(fresh, &[Watched::User])));
    fresh.teams.refresh(with_found(teams, wanted.teams).with_gap(of(fresh, &[Watched::Team])));
}

/// Who holds the touched roles, what the touched principals hold, and who was met for the first time.
async fn who_and_what(source: Source<'_>, fresh: &mut Inventory, touched: &Touched) {
    let rows = questions::rows(fresh, &touched.names());
    // The platform puts somebody who comes in into the teams of his groups, so every team that was read is read again.
    let someone = touched.principals.iter().any(|principal| matches!(principal, Principal::User { .. }));
    let known = fresh.team_members.rows().map(|(team, _)| *team).filter(|_| someone);
    let teams: BTreeSet<Uuid> = rows.iter().filter_map(|row| team(*row)).chain(known).collect();
    let nobody = BTreeSet::new();
    let (holders, members, held) = tokio::join!(
        when(!touched.roles.is_empty(), roles::holders(source, &fresh.copies, &touched.roles)),
        when(!teams.is_empty(), people::members(source, &teams)),
        own(source, fresh, &rows, &nobody),
    );
    fresh.holders.refresh(holders.with_gap(gap(fresh, None, joins::HOLDERS)));
    fresh.team_members.refresh(members.with_gap(gap(fresh, None, joins::MEMBERS)));
    fresh.user_teams.refresh(held.teams.with_gap(gap(fresh, None, joins::MEMBERS)));
    fresh.principal_roles.refresh(held.roles.with_gap(gap(fresh, None, joins::HOLDERS)));
    fresh.role_privileges.refresh(held.privileges);
    let met = questions::met(fresh, &touched.flows);
    let (users, teams) = tokio::join!(people::users(source, &met), people::teams(source, &met));
    fresh.users.refresh(with_found(users, met.users).with_gap(gap(fresh, None, &[Watched::User])));
    fresh.teams.refresh(with_found(teams, met.teams).with_gap(gap(fresh, None, &[Watched::Team])));
}
