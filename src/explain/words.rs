//! What each requirement asks, what it means when it does not hold, and who decides, in plain words.
use crate::access::Access;
use crate::explain::Question;
use crate::explain::deeds::{Deeds, impersonates};
use crate::explain::judge::{Judge, callers_references};
use crate::explain::requirements::{Fact, Needs, Requirement};
use crate::inventory::Inventory;
use crate::names::{ConnectionMode, Depth, folded};

/// What a requirement asks, in a few words.
pub(super) fn asks(access: &Access<'_>, requirement: &Requirement) -> String {
    match &requirement.needs {
        Needs::Privilege { privilege, depth } => {
            format!("{}{}", privilege_words(access.inventory(), privilege), at_depth(*depth))
        }
        Needs::Fact { fact } => fact.words().to_owned(),
    }
}

/// What it means that a requirement does not hold, in a few words about people who are named beside it.
pub(super) fn lacks(inventory: &Inventory, requirement: &Requirement) -> String {
    let fact = match &requirement.needs {
        Needs::Privilege { privilege, depth } => {
            return format!("no {}{}", privilege_words(inventory, privilege), at_depth(*depth));
        }
        Needs::Fact { fact } => *fact,
    };
    let words = match fact {
        Fact::Member => "no user of the environment",
        Fact::Enabled => "the account is disabled",
        Fact::InSecurityGroup => "not in the environment's security group",
        Fact::HasRole => "no security role that counts",
        Fact::FlowOn => "the flow is not on",
        Fact::Instant => "nobody starts the flow by hand",
        Fact::FlowShared => "the flow is not shared with them",
        Fact::AgentShared => "the agent is not shared with them",
        Fact::ChildEmbedded => "a child flow asks for its caller's connections",
        Fact::ChildOn => "a child flow is not on",
        Fact::ConnectionsBound => "a connection that the flow lends is not there",
        Fact::ReferenceReadable => "a connection reference of the flow is not shared with them",
        Fact::ActionsAllowed => "not every privilege for what the flow does as its caller",
        Fact::SameEnvironment => "the flow acts in another environment as its caller",
        Fact::OwnerDelegates => "the flow's owner may not act for its callers",
        Fact::OwnerEnabled => "the flow's owner is disabled",
        Fact::OwnerActionsAllowed => "the flow's owner may not do the same",
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
pub(super) fn is_moot(
    inventory: &Inventory,
    judge: &Judge<'_>,
    requirement: &Requirement,
    question: &Question,
) -> bool {
    let flow = question.flow.id;
    let Some(facts) = inventory.definitions.row(&flow) else { return false };
    match &requirement.needs {
        Needs::Privilege { .. } => false,
        Needs::Fact { fact } => match fact {
            Fact::AgentShared => question.agent.is_none(),
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
