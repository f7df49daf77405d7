//! What was seen of each requirement, in plain words.
use uuid::Uuid;

use crate::access::{Access, Belonging, Grant, Through, WayKind};
use crate::clientdata::Facts;
use crate::explain::Question;
use crate::explain::judge::{Judge, callers_references};
use crate::explain::requirements::{ACT_ON_BEHALF, Fact, Needs, Requirement};
use crate::inventory::Inventory;
use crate::inventory::people::PrincipalRow;
use crate::inventory::section::Answer;
use crate::inventory::things::{FlowState, Rights};
use crate::names::{BuiltInRole, Depth, Operation, RoleName, Text};
use crate::principal::Principal;

/// Names that are listed before the rest is only counted.
const LISTED: usize = 5;

/// What was seen of a requirement.
pub(super) fn of(
    access: &Access<'_>,
    judge: &Judge<'_>,
    requirement: &Requirement,
    person: usize,
    question: &Question,
) -> Vec<String> {
    let flow = question.flow.id;
    let inventory = access.inventory();
    let facts = inventory.definitions.row(&flow);
    match &requirement.needs {
        Needs::Privilege { privilege, .. } => match access.privilege_id(privilege) {
            Some(id) => held(access, person, id),
            None => vec![format!("`{privilege}` was not read")],
        },
        Needs::Fact { fact } => match fact {
            Fact::Member => vec![membership(access, person)],
            Fact::Enabled => Vec::new(),
            Fact::InSecurityGroup => security_group(access, person),
            Fact::HasRole => roles(access, person),
            Fact::FlowOn => vec![state(inventory, flow).to_owned()],
            Fact::Instant => facts.map(|facts| facts.trigger.words()).into_iter().collect(),
            Fact::FlowShared => shared(access, person, flow),
            Fact::AgentShared => question.agent.map(|agent| talks_to(access, person, agent)).unwrap_or_default(),
            Fact::ChildEmbedded | Fact::ChildOn => facts.map(|facts| children(inventory, facts)).unwrap_or_default(),
            Fact::ConnectionsBound => lent(access, flow),
            Fact::ReferenceReadable => facts.map(|facts| references(access, person, facts)).unwrap_or_default(),
            Fact::ActionsAllowed => deeds(access, judge, person, flow),
            Fact::SameEnvironment => judge.deeds(flow).elsewhere.iter().map(|name| format!("uses `{name}`")).collect(),
            Fact::OwnerDelegates => owner(inventory, flow).map(|owner| delegates(access, owner)).into_iter().collect(),
            Fact::OwnerEnabled => owner(inventory, flow).map(|owner| owned_by(inventory, owner)).into_iter().collect(),
            Fact::OwnerActionsAllowed => {
                owner(inventory, flow).map(|owner| owners_deeds(judge, flow, owner)).unwrap_or_default()
            }
        },
    }
}

/// Who may talk to the agent, and whether its row is shared with the person.
fn talks_to(access: &Access<'_>, person: usize, agent: Uuid) -> Vec<String> {
    let inventory = access.inventory();
    let Some(row) = inventory.bots.row(&agent) else { return vec!["the agent was not read".to_owned()] };
    let mut seen = vec![format!("{} is {}", row.name, row.access.words())];
    let shared = access.shared(agent, Rights::READ).ability(person) == crate::access::Ability::Can;
    if shared {
        seen.push("its row is shared with the person, directly or through a team".to_owned());
    }
    seen
}

fn membership(access: &Access<'_>, person: usize) -> String {
    let inventory = access.inventory();
    let someone = &access.people()[person];
    match (someone.row.and_then(|row| inventory.users.row(&row)), someone.unit) {
        (Some(user), _) => format!("{}, business unit {}", user.full_name, inventory.unit_ref(user.unit)),
        (None, _) => "not there yet: comes in when the environment is opened for the first time".to_owned(),
    }
}

fn security_group(access: &Access<'_>, person: usize) -> Vec<String> {
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

fn roles(access: &Access<'_>, person: usize) -> Vec<String> {
    let (roles, _) = access.roles(person);
    if roles.is_empty() {
        return vec!["holds none".to_owned()];
    }
    let named = roles.iter().map(|(role, through)| {
        let idle = match through {
            Through::Own => "",
            Through::Team { .. } if access.counts_for_members(*role) == crate::access::Ability::Cannot => {
                "; does not count for members: no inheritance, or no User-level privilege"
            }
            Through::Team { .. } => "",
        };
        format!("{}{}{idle}", role_name(access.inventory(), *role), through_words(access, person, *through))
    });
    listed(named.collect())
}

fn held(access: &Access<'_>, person: usize, privilege: Uuid) -> Vec<String> {
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

fn grant_words(access: &Access<'_>, person: usize, grant: &Grant) -> String {
    let role = role_name(access.inventory(), grant.role);
    let narrow = if grant.reaches_members || grant.depth > Depth::User { "" } else { ", for rows of the team alone" };
    format!("{} through {role}{}{narrow}", grant.depth, through_words(access, person, grant.through))
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

fn state(inventory: &Inventory, flow: Uuid) -> &'static str {
    match inventory.flows.row(&flow).map(|flow| flow.state) {
        Some(FlowState::Activated) => "on",
        Some(FlowState::Draft) => "off",
        Some(FlowState::Suspended) => "stopped by the service",
        None => "not read",
    }
}

fn shared(access: &Access<'_>, person: usize, flow: Uuid) -> Vec<String> {
    let inventory = access.inventory();
    let (ways, _) = access.ways(person, flow);
    if !ways.is_empty() {
        let said = ways.iter().map(|way| match &way.team {
            Some((team, belonging)) => {
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
            None => way.kind.words().to_owned(),
        });
        return said.collect();
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

fn owner(inventory: &Inventory, flow: Uuid) -> Option<PrincipalRow> {
    inventory.flows.row(&flow).map(|flow| flow.owner)
}

fn owned_by(inventory: &Inventory, owner: PrincipalRow) -> String {
    let disabled = match owner {
        PrincipalRow::User(id) if inventory.users.row(&id).is_some_and(|user| user.disabled) => ", who is disabled",
        PrincipalRow::User(_) | PrincipalRow::Team(_) | PrincipalRow::Organization(_) => "",
    };
    format!("owned by {}{disabled}", inventory.principal_of(owner).0)
}

fn delegates(access: &Access<'_>, owner: PrincipalRow) -> String {
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

fn children(inventory: &Inventory, facts: &Facts) -> Vec<String> {
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
fn lent(access: &Access<'_>, flow: Uuid) -> Vec<String> {
    let lent = access.lent(flow).unwrap_or_default();
    let named = lent.iter().map(|one| one.reference.as_ref().unwrap_or(&one.key));
    let is_bound = |name: &&Text| access.inventory().reference(name).is_some_and(|(_, row)| row.bound);
    named.filter(|name| !is_bound(name)).map(|name| format!("{name} has no connection")).collect()
}

fn references(access: &Access<'_>, person: usize, facts: &Facts) -> Vec<String> {
    let inventory = access.inventory();
    let holders = access.table_holders("connectionreference", Operation::Read);
    let said = callers_references(facts).into_iter().map(|name| {
        let Some((id, row)) = inventory.reference(&name) else { return format!("{name}: not read") };
        let reach = access.reach(crate::access::Reach { right: Rights::READ, owner: row.owner, id, holders: &holders });
        match reach.ability(person) {
            crate::access::Ability::Can => format!("{name}: readable"),
            crate::access::Ability::Cannot => format!("{name}: not readable, {}", owned_by(inventory, row.owner)),
            crate::access::Ability::Unknown => format!("{name}: not known"),
        }
    });
    said.collect()
}

fn deeds(access: &Access<'_>, judge: &Judge<'_>, person: usize, flow: Uuid) -> Vec<String> {
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
fn owners_deeds(judge: &Judge<'_>, flow: Uuid, owner: PrincipalRow) -> Vec<String> {
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

pub(super) fn role_name(inventory: &Inventory, role: Uuid) -> Text {
    inventory.roles.row(&role).map_or_else(|| role.to_string().into(), |role| role.name.clone())
}

/// The first few, and how many more.
fn listed(mut all: Vec<String>) -> Vec<String> {
    if all.len() > LISTED {
        let more = all.len() - LISTED;
        all.truncate(LISTED);
        all.push(format!("{more} more"));
    }
    all
}
