//! What was seen of a person: groups, roles, and what they give.
use uuid::Uuid;

use super::{listed, role_name};
use crate::access::{Ability, Access, Belonging, Grant, Through, Way};
use crate::inventory::Inventory;
use crate::inventory::people::PrincipalRow;
use crate::names::{BuiltInRole, Depth, RoleName, Text};
use crate::principal::Principal;

pub(super) fn membership(access: &Access<'_>, person: usize) -> String {
    let inventory = access.inventory();
    let someone = &access.people()[person];
    match (someone.row.and_then(|row| inventory.users.row(&row)), someone.unit) {
        (Some(user), _) => format!("{}, business unit {}", user.full_name, inventory.unit_ref(user.unit)),
        (None, _) => "not there yet: comes in when the environment is opened for the first time".to_owned(),
    }
}

pub(super) fn security_group(access: &Access<'_>, person: usize) -> Vec<String> {
    let inventory = access.inventory();
    match inventory.security_group.value() {
        Some(None) => vec!["the environment has none".to_owned()],
        Some(Some(group)) => {
            let name =
                inventory.directory.row(group).map_or_else(|| group.to_string().into(), |entry| entry.name.clone());
            vec![format!("it is {name}{}", by_way_of(access, person, *group))]
        }
        None => Vec::new(),
    }
}

/// The groups by way of which a person is in a group; nothing for whoever is in it directly, or where nobody knows.
fn by_way_of(access: &Access<'_>, person: usize, group: Uuid) -> String {
    let object = access.people()[person].object;
    let way = object.and_then(|object| access.inventory().way_into(object, group)).unwrap_or_default();
    if way.is_empty() {
        return String::new();
    }
    let way: Vec<&str> = way.iter().map(Text::as_str).collect();
    format!(", by way of group {}", way.join(" in group "))
}

pub(super) fn roles(access: &Access<'_>, person: usize) -> Vec<String> {
    let (roles, _) = access.roles(person);
    if roles.is_empty() {
        return vec!["holds none".to_owned()];
    }
    let named = roles.iter().map(|(role, through)| {
        let idle = match through {
            Through::Own => "",
            Through::Team { .. } if access.counts_for_members(*role) == Ability::Cannot => {
                "; does not count for members: no inheritance, or no User-level privilege"
            }
            Through::Team { .. } => "",
        };
        format!("{}{}{idle}", role_name(access.inventory(), *role), through_words(access, person, *through))
    });
    listed(named.collect())
}

pub(super) fn held(access: &Access<'_>, person: usize, privilege: Uuid) -> Vec<String> {
    let grants = access.grants(person, privilege);
    if grants.is_empty() {
        let (roles, _) = access.roles(person);
        let names: Vec<String> =
            roles.iter().map(|(role, _)| role_name(access.inventory(), *role).to_string()).collect();
        let held = if names.is_empty() { "no role at all".to_owned() } else { listed(names).join(", ") };
        let mut seen = vec![format!("not in {held}")];
        seen.extend(by_basic_user(access.inventory(), privilege));
        return seen;
    }
    listed(grants.iter().map(|grant| grant_words(access, person, grant)).collect())
}

/// What Basic User, from which everybody starts, gives of a privilege.
fn by_basic_user(inventory: &Inventory, privilege: Uuid) -> Option<String> {
    let role = inventory.role(&RoleName::BuiltIn(BuiltInRole::BasicUser)).one()?;
    let held = inventory.role_privileges.row(&role.id)?;
    Some(match held.get(&privilege) {
        Some(depth) => format!("{role} gives it at {depth}"),
        None => format!("{role} does not give it either"),
    })
}

pub(in crate::explain) fn grant_words(access: &Access<'_>, person: usize, grant: &Grant) -> String {
    let role = role_name(access.inventory(), grant.role);
    let narrow = if grant.reaches_members || grant.depth > Depth::User { "" } else { ", for rows of the team alone" };
    format!("{} through {role}{}{narrow}", grant.depth, through_words(access, person, grant.through))
}

/// A way in which a person may run a flow, with the groups by way of which he is in its team.
pub(in crate::explain) fn way_words(access: &Access<'_>, person: usize, way: &Way) -> String {
    let Some((team, belonging)) = &way.team else { return way.kind.words().to_owned() };
    let nested = match team {
        Principal::Group { id, .. } => by_way_of(access, person, *id),
        Principal::User { .. }
        | Principal::Application { .. }
        | Principal::Team { .. }
        | Principal::Everyone
        | Principal::Unnamed { .. } => String::new(),
    };
    format!("{} through {team}{nested}{}", way.kind.words(), belonging_words(*belonging))
}

fn through_words(access: &Access<'_>, person: usize, through: Through) -> String {
    match through {
        Through::Own => " (assigned directly)".to_owned(),
        Through::Team { team, belonging } => {
            let name = access.inventory().principal_of(PrincipalRow::Team(team)).0;
            let group = access.inventory().teams.row(&team).and_then(|team| team.group);
            let way = group.map(|group| by_way_of(access, person, group)).unwrap_or_default();
            format!(" (through {name}{way}{})", belonging_words(belonging))
        }
    }
}

fn belonging_words(belonging: Belonging) -> &'static str {
    match belonging {
        Belonging::Now => "",
        Belonging::FromNextAccess => ", from the next access on",
    }
}
