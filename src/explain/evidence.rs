//! What each requirement asks and what was seen of it, in plain words.
use uuid::Uuid;

use crate::access::{Access, Belonging, Grant, Through, WayKind};
use crate::clientdata::Facts;
use crate::explain::Question;
use crate::explain::deeds::{Deeds, impersonates};
use crate::explain::judge::{Judge, callers_references};
use crate::explain::requirements::{ACT_ON_BEHALF, Fact, Needs, Requirement};
use crate::inventory::Inventory;
use crate::inventory::people::PrincipalRow;
use crate::inventory::section::Answer;
use crate::inventory::things::{FlowState, Rights};
use crate::names::{ConnectionMode, Depth, Operation, Text, folded};

/// Names that are listed before the rest is only counted.
const LISTED: usize = 5;

/// What a requirement asks, in a few words.
pub(super) fn asks(access: &Access<'_>, requirement: &Requirement) -> String {
    let fact = match &requirement.needs {
        Needs::Privilege { privilege, depth } => {
            return format!("{}{}", privilege_words(access.inventory(), privilege), at_depth(*depth));
        }
        Needs::Fact { fact } => *fact,
    };
    let words = match fact {
        Fact::Member => "a user of the environment",
        Fact::Enabled => "the account is enabled",
        Fact::InSecurityGroup => "in the environment's security group",
        Fact::HasRole => "a security role that counts",
        Fact::FlowOn => "the flow is on",
        Fact::Instant => "started by a person, an app or an agent",
        Fact::FlowShared => "may see the flow",
        Fact::AgentShared => "may talk to the agent",
        Fact::ChildEmbedded => "child flows bring their own connections",
        Fact::ChildOn => "child flows are on",
        Fact::ConnectionsBound => "the connections that it lends are there",
        Fact::ReferenceReadable => "may read the connection references",
        Fact::ActionsAllowed => "may do what the flow does as its caller",
        Fact::SameEnvironment => "the caller's actions stay in this environment",
        Fact::OwnerDelegates => "the flow's owner may act for its callers",
        Fact::OwnerEnabled => "the flow's owner is enabled",
        Fact::OwnerActionsAllowed => "the flow's owner may do the same",
    };
    words.to_owned()
}

/// What it means that a requirement does not hold, as a sentence.
pub(super) fn fails(access: &Access<'_>, requirement: &Requirement, person: usize, question: &Question) -> String {
    let who = access.people()[person].principal.name();
    let flow = &question.flow;
    let environment = &access.inventory().environment.name;
    let fact = match &requirement.needs {
        Needs::Privilege { privilege, depth } => {
            let privilege = privilege_words(access.inventory(), privilege);
            return format!("{who} does not hold {privilege}{}.", at_depth(*depth));
        }
        Needs::Fact { fact } => *fact,
    };
    match fact {
        Fact::Member => format!("{who} is no user of {environment} yet."),
        Fact::Enabled => format!("The account of {who} is disabled."),
        Fact::InSecurityGroup => format!("{who} is not in the security group that alone may use {environment}."),
        Fact::HasRole => format!("{who} holds no security role that counts in {environment}."),
        Fact::FlowOn => format!("Flow {flow} is not on."),
        Fact::Instant => format!("Flow {flow} is started by something that happens, so nobody can run it by hand."),
        Fact::FlowShared => format!("Flow {flow} is not shared with {who}, and no role lets {who} see it."),
        Fact::AgentShared => format!("The agent is not shared with {who}."),
        Fact::ChildEmbedded => {
            "A flow that it calls asks the caller for connections, which a child flow cannot.".to_owned()
        }
        Fact::ChildOn => "A flow that it calls is not on.".to_owned(),
        Fact::ConnectionsBound => "A connection that the flow lends is not there.".to_owned(),
        Fact::ReferenceReadable => format!("{who} may not read a connection reference to link a connection to."),
        Fact::ActionsAllowed => format!("The flow acts in Dataverse as {who}, who may not do all of that."),
        Fact::SameEnvironment => {
            "The flow acts in another environment with the caller's connection, which does not work.".to_owned()
        }
        Fact::OwnerDelegates => "The flow's owner may not act on behalf of its callers.".to_owned(),
        Fact::OwnerEnabled => "The flow's owner is disabled.".to_owned(),
        Fact::OwnerActionsAllowed => {
            "The flow's owner may not do all that it does; perhaps only what both may do works.".to_owned()
        }
    }
}

/// Whether a requirement is about something that the flow does not have, so that it holds and says nothing.
pub(super) fn is_moot(inventory: &Inventory, judge: &Judge<'_>, requirement: &Requirement, flow: Uuid) -> bool {
    let Some(facts) = inventory.definitions.row(&flow) else { return false };
    match &requirement.needs {
        Needs::Privilege { .. } => false,
        Needs::Fact { fact } => match fact {
            Fact::AgentShared => true,
            Fact::ChildEmbedded | Fact::ChildOn => facts.children.is_empty(),
            Fact::ConnectionsBound => {
                facts.connections.values().all(|connection| connection.mode == ConnectionMode::ProvidedByRunOnlyUser)
            }
            Fact::ReferenceReadable => callers_references(facts).is_empty(),
            Fact::ActionsAllowed | Fact::SameEnvironment => judge.deeds(flow) == Deeds::default(),
            Fact::OwnerDelegates | Fact::OwnerEnabled | Fact::OwnerActionsAllowed => !impersonates(facts),
            Fact::Member
            | Fact::Enabled
            | Fact::InSecurityGroup
            | Fact::HasRole
            | Fact::FlowOn
            | Fact::Instant
            | Fact::FlowShared => false,
        },
    }
}

/// Who may decide to change it.
pub(super) fn decides(requirement: &Requirement) -> &'static str {
    const SECURITY: &str = "whoever assigns security roles here (System Administrator)";
    const FLOW: &str = "an owner of the flow";
    match &requirement.needs {
        Needs::Privilege { .. } => SECURITY,
        Needs::Fact { fact } => match fact {
            Fact::Member | Fact::InSecurityGroup => "an administrator of the environment or of its security group",
            Fact::Enabled => "an administrator of the tenant's accounts",
            Fact::HasRole | Fact::ActionsAllowed | Fact::OwnerDelegates | Fact::OwnerActionsAllowed => SECURITY,
            Fact::FlowOn | Fact::Instant | Fact::FlowShared | Fact::ChildEmbedded | Fact::ChildOn => FLOW,
            Fact::SameEnvironment | Fact::ConnectionsBound => FLOW,
            Fact::AgentShared => "an owner of the agent",
            Fact::ReferenceReadable => "an owner of the connection references",
            Fact::OwnerEnabled => "an owner of the flow, who may give it to somebody else",
        },
    }
}

/// What was seen of a requirement.
pub(super) fn of(
    access: &Access<'_>,
    judge: &Judge<'_>,
    requirement: &Requirement,
    person: usize,
    flow: Uuid,
) -> Vec<String> {
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
            Fact::InSecurityGroup => security_group(inventory),
            Fact::HasRole => roles(access, person),
            Fact::FlowOn => vec![state(inventory, flow).to_owned()],
            Fact::Instant => facts.map(|facts| facts.trigger.words()).into_iter().collect(),
            Fact::FlowShared => shared(access, person, flow),
            Fact::AgentShared => Vec::new(),
            Fact::ChildEmbedded | Fact::ChildOn => facts.map(|facts| children(inventory, facts)).unwrap_or_default(),
            Fact::ConnectionsBound => lent(access, flow),
            Fact::ReferenceReadable => facts.map(|facts| references(access, person, facts)).unwrap_or_default(),
            Fact::ActionsAllowed => deeds(access, judge, person, flow),
            Fact::SameEnvironment => judge.deeds(flow).elsewhere.iter().map(|name| format!("uses `{name}`")).collect(),
            Fact::OwnerDelegates => owner(inventory, flow).map(|owner| delegates(access, owner)).into_iter().collect(),
            Fact::OwnerEnabled | Fact::OwnerActionsAllowed => {
                owner(inventory, flow).map(|owner| owned_by(inventory, owner)).into_iter().collect()
            }
        },
    }
}

/// What no service tells an application, so that it is said instead of passed over.
pub(super) fn beyond(inventory: &Inventory, flow: Uuid) -> Vec<String> {
    let mut open = Vec::new();
    let facts = inventory.definitions.row(&flow);
    let own = |connector: &str| {
        facts.is_some_and(|facts| {
            facts.connections.values().any(|connection| {
                connection.connector.as_str() == connector && connection.mode == ConnectionMode::ProvidedByRunOnlyUser
            })
        })
    };
    // Learn, Microsoft Graph: permissions of a site list applications, not people; mailbox rights are Exchange's.
    if own("shared_sharepointonline") {
        open.push(
            "access to the SharePoint site and its lists: no service tells an application what a person may do there"
                .into(),
        );
    }
    if own("shared_office365") {
        open.push("mailboxes that the flow sends from: Exchange knows who may send as whom".into());
    }
    open.push("licences: whether the account's plans cover the flow's connectors".into());
    open
}

fn membership(access: &Access<'_>, person: usize) -> String {
    let inventory = access.inventory();
    let someone = &access.people()[person];
    match (someone.row.and_then(|row| inventory.users.row(&row)), someone.unit) {
        (Some(user), _) => format!("{}, business unit {}", user.full_name, inventory.unit_ref(user.unit)),
        (None, _) => "not there yet: comes in when the environment is opened for the first time".to_owned(),
    }
}

fn security_group(inventory: &Inventory) -> Vec<String> {
    match inventory.security_group.value() {
        Some(None) => vec!["the environment has none".to_owned()],
        Some(Some(group)) => {
            let name =
                inventory.directory.row(group).map_or_else(|| group.to_string().into(), |entry| entry.name.clone());
            vec![format!("it is {name}")]
        }
        None => Vec::new(),
    }
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
        format!("{}{}{idle}", role_name(access.inventory(), *role), through_words(access, *through))
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
        return vec![format!("not in {held}")];
    }
    listed(grants.iter().map(|grant| grant_words(access, grant)).collect())
}

fn grant_words(access: &Access<'_>, grant: &Grant) -> String {
    let role = role_name(access.inventory(), grant.role);
    let narrow = if grant.reaches_members || grant.depth > Depth::User { "" } else { ", for rows of the team alone" };
    format!("{} through {role}{}{narrow}", grant.depth, through_words(access, grant.through))
}

fn through_words(access: &Access<'_>, through: Through) -> String {
    match through {
        Through::Own => " (assigned directly)".to_owned(),
        Through::Team { team, belonging } => {
            let name = access.inventory().principal_of(PrincipalRow::Team(team)).0;
            format!(" (through {name}{})", belonging_words(belonging))
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
            Some((team, belonging)) => format!("{} through {team}{}", way.kind.words(), belonging_words(*belonging)),
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

fn lent(access: &Access<'_>, flow: Uuid) -> Vec<String> {
    let lent = access.lent(flow).unwrap_or_default();
    let said = lent.iter().map(|one| {
        let reference = one.reference.as_ref().map_or_else(|| one.key.clone(), Clone::clone);
        let bound = access.inventory().reference(&reference).is_some_and(|(_, row)| row.bound);
        let bound = if bound { "" } else { ", which has no connection" };
        match &one.owner {
            Some(owner) => format!("lends {reference} of {owner}{bound}"),
            None => format!("lends {reference}{bound}"),
        }
    });
    said.collect()
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
            Some(grant) => format!("{operation} {display}: {}", grant_words(access, grant)),
            None => format!("{operation} {display}: missing"),
        });
    }
    seen
}

/// A privilege as people know it: `Read on Process`; one that no table has by its own name.
pub(super) fn privilege_words(inventory: &Inventory, name: &str) -> String {
    let wanted = folded(name);
    for (_, table) in inventory.tables.rows() {
        for (operation, privilege) in table.privileges.iter().flatten() {
            if folded(&privilege.name) == wanted {
                return format!("{operation} on {}", table.display_name);
            }
        }
    }
    name.to_owned()
}

fn at_depth(depth: Depth) -> String {
    match depth {
        Depth::User => String::new(),
        Depth::BusinessUnit | Depth::ParentChildBusinessUnits => format!(", {depth} or further"),
        Depth::Organization | Depth::RecordFilter => format!(", {depth}"),
    }
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
