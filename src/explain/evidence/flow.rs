//! What was seen of a flow: its state and shares, its connections, and what it does.
use uuid::Uuid;

use super::person::{grant_words, way_words};
use super::{listed, owner};
use crate::access::{Ability, Access, Reach, WayKind};
use crate::clientdata::Facts;
use crate::explain::judge::{Judge, callers_references};
use crate::explain::requirements::ACT_ON_BEHALF;
use crate::inventory::Inventory;
use crate::inventory::people::PrincipalRow;
use crate::inventory::section::Answer;
use crate::inventory::things::{FlowState, Rights};
use crate::names::{Operation, Text};

pub(super) fn state(inventory: &Inventory, flow: Uuid) -> &'static str {
    match inventory.flows.row(&flow).map(|flow| flow.state) {
        Some(FlowState::Activated) => "on",
        Some(FlowState::Draft) => "off",
        Some(FlowState::Suspended) => "stopped by the service",
        None => "not read",
    }
}

pub(super) fn shared(access: &Access<'_>, person: usize, flow: Uuid) -> Vec<String> {
    let inventory = access.inventory();
    let (ways, _) = access.ways(person, flow);
    if !ways.is_empty() {
        return ways.iter().map(|way| way_words(access, person, way)).collect();
    }
    let mut seen: Vec<String> = owner(inventory, flow).map(|owner| owned_by(inventory, owner)).into_iter().collect();
    match inventory.shares.get(&flow) {
        Answer::Found(shares) => {
            let with = shares.iter().filter(|(_, rights)| rights.contains(Rights::READ));
            let with: Vec<String> = with
                .map(|(row, rights)| {
                    let kind = if rights.contains(Rights::WRITE) { WayKind::CoOwner } else { WayKind::RunOnly };
                    format!("{} ({})", inventory.principal_of(*row).0, kind.words())
                })
                .collect();
            let with = if with.is_empty() { "nobody".to_owned() } else { listed(with).join(", ") };
            seen.push(format!("shared with {with}"));
        }
        Answer::Absent => seen.push("shared with nobody".to_owned()),
        Answer::Unreadable(problem) => seen.push(format!("its shares were not read: {}", problem.says)),
        Answer::NotAsked => seen.push("its shares were not asked for".to_owned()),
    }
    seen
}

pub(super) fn owned_by(inventory: &Inventory, owner: PrincipalRow) -> String {
    let disabled = match owner {
        PrincipalRow::User(id) if inventory.users.row(&id).is_some_and(|user| user.disabled) => ", who is disabled",
        PrincipalRow::User(_) | PrincipalRow::Team(_) | PrincipalRow::Organization(_) => "",
    };
    format!("owned by {}{disabled}", inventory.principal_of(owner).0)
}

pub(super) fn delegates(access: &Access<'_>, owner: PrincipalRow) -> String {
    let inventory = access.inventory();
    let name = inventory.principal_of(owner).0;
    let PrincipalRow::User(_) = owner else { return format!("{name} is no user, and only users act for others") };
    let depth = access.privilege_id(ACT_ON_BEHALF).map(|privilege| inventory.own_depth(owner, privilege));
    match depth {
        Some(Ok(Some(_))) => format!("{name} holds {ACT_ON_BEHALF} through a role of the owner's own"),
        Some(Ok(None)) => {
            format!("{name} does not hold {ACT_ON_BEHALF} through a role of the owner's own (the role Delegate has it)")
        }
        Some(Err(problem)) => format!("what {name} holds was not read: {}", problem.says),
        None => format!("`{ACT_ON_BEHALF}` was not read"),
    }
}

pub(super) fn children(inventory: &Inventory, facts: &Facts) -> Vec<String> {
    let named = facts.children.iter().map(|child| match inventory.flows.row(child) {
        Some(flow) => {
            let callers = inventory.definitions.row(child).map(|facts| !callers_references(facts).is_empty());
            let own = match callers {
                Some(true) => "asks its caller for connections, which a child flow cannot",
                Some(false) => "connections of its own",
                None => "its definition was not read",
            };
            format!("calls {}: {}, {own}", flow.name, state(inventory, *child))
        }
        None => format!("calls flow {child}, which was not read"),
    });
    named.collect()
}

/// What the flow lends and is not there; what is there is told beside the requirements.
pub(super) fn lent(access: &Access<'_>, flow: Uuid) -> Vec<String> {
    let lent = access.lent(flow).unwrap_or_default();
    let named = lent.iter().map(|one| one.reference.as_ref().unwrap_or(&one.key));
    let is_bound = |name: &&Text| access.inventory().reference(name).is_some_and(|(_, row)| row.bound);
    named.filter(|name| !is_bound(name)).map(|name| format!("{name} has no connection")).collect()
}

pub(super) fn references(access: &Access<'_>, person: usize, facts: &Facts) -> Vec<String> {
    let inventory = access.inventory();
    let holders = access.table_holders("connectionreference", Operation::Read);
    let said = callers_references(facts).into_iter().map(|name| {
        let Some((id, row)) = inventory.reference(&name) else { return format!("{name}: not read") };
        let reach = access.reach(Reach { right: Rights::READ, owner: row.owner, id, holders: &holders });
        match reach.ability(person) {
            Ability::Can => format!("{name}: readable"),
            Ability::Cannot => format!("{name}: not readable, {}", owned_by(inventory, row.owner)),
            Ability::Unknown => format!("{name}: not known"),
        }
    });
    said.collect()
}

pub(super) fn deeds(access: &Access<'_>, judge: &Judge<'_>, person: usize, flow: Uuid) -> Vec<String> {
    let inventory = access.inventory();
    let deeds = judge.deeds(flow);
    let mut seen: Vec<String> =
        deeds.missing.iter().map(|table| format!("there is no table `{table}` in this environment")).collect();
    for (table, operation) in &deeds.known {
        let Some(privilege) = inventory.privilege(table, *operation) else { continue };
        let display = inventory.tables.row(table).map_or_else(|| table.clone(), |row| row.display_name.clone());
        let grants = access.grants(person, privilege.id);
        seen.push(match grants.first() {
            Some(grant) => format!("{operation} {display}: {}", grant_words(access, person, grant)),
            None => format!("{operation} {display}: missing"),
        });
    }
    seen
}

/// What the flow does and its owner does not hold, as the rows stand now.
pub(super) fn owners_deeds(judge: &Judge<'_>, flow: Uuid, owner: PrincipalRow) -> Vec<String> {
    let inventory = judge.inventory();
    let mut seen = vec![owned_by(inventory, owner)];
    for (table, operation) in &judge.deeds(flow).known {
        let display = inventory.tables.row(table).map_or_else(|| table.clone(), |row| row.display_name.clone());
        match judge.owner_holds(owner, table, *operation) {
            Some(true) => {}
            Some(false) => seen.push(format!("{operation} {display}: not held as the rows stand now")),
            None => seen.push(format!("{operation} {display}: not read")),
        }
    }
    seen
}
