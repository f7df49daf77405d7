//! Names as identities: the same words are the same thing, and whatever could be another one has other words.
use crate::compile::desired::{ConnectionTarget, FlowName, Member, RoleName};
use crate::names::folded;
use crate::principal::PrincipalName;
use crate::review::policy::words;

/// A principal by its id, and by its name only where there is none; a group by its membership type too.
pub(super) fn identity(member: &Member) -> String {
    let words = words(&member.principal);
    match &member.principal {
        PrincipalName::Group { id: Some(id), membership, .. } => format!("{words} ({id}, {})", membership.key()),
        PrincipalName::Group { id: None, membership, .. } => format!("{} ({})", folded(&words), membership.key()),
        PrincipalName::User { id: Some(id), .. } | PrincipalName::Team { id: Some(id), .. } => {
            format!("{words} ({id})")
        }
        PrincipalName::Application { id, .. } => format!("application {id}"),
        PrincipalName::Team { id: None, business_unit: Some(unit), .. } => {
            format!("{} in {}", folded(&words), folded(unit))
        }
        PrincipalName::User { id: None, .. } | PrincipalName::Team { id: None, business_unit: None, .. } => {
            folded(&words)
        }
    }
}

pub(super) fn role_words(role: &RoleName) -> String {
    match role {
        RoleName::Name(name) => folded(name),
        RoleName::BuiltIn(role) => role.names()[0].to_owned(),
        RoleName::Id { id, .. } => id.to_string(),
    }
}

pub(super) fn flow_words(flow: &FlowName) -> String {
    match flow {
        FlowName::Name(name) => format!("flow {}", folded(name)),
        FlowName::Id { id, .. } => format!("flow {id}"),
        FlowName::InSolution { solution, name } => format!("flow {} of solution {}", folded(name), folded(solution)),
        FlowName::AllOfSolution(solution) => format!("flows of solution {}", folded(solution)),
        FlowName::AllOfAgent(agent) => format!("flows of agent {}", folded(agent)),
    }
}

pub(super) fn connection_words(target: &ConnectionTarget) -> String {
    match target {
        ConnectionTarget::All => "every other connection".to_owned(),
        ConnectionTarget::Connector(name) => format!("connections of connector {}", folded(name)),
        ConnectionTarget::LogicalName(name) => format!("connection {}", folded(name)),
        ConnectionTarget::Key(name) => format!("connection with key {name}"),
    }
}
