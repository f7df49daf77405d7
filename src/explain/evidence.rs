//! What was seen of each requirement, in plain words.
mod flow;
mod person;

use uuid::Uuid;

use crate::access::{Ability, Access};
use crate::explain::Question;
use crate::explain::judge::Judge;
use crate::explain::requirements::{Fact, Needs, Requirement};
use crate::inventory::Inventory;
use crate::inventory::people::PrincipalRow;
use crate::inventory::things::Rights;
use crate::names::Text;

pub(super) use person::{grant_words, way_words};

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
    let id = question.flow.id;
    let inventory = access.inventory();
    let facts = inventory.definitions.row(&id);
    match &requirement.needs {
        Needs::Privilege { privilege, .. } => match access.privilege_id(privilege) {
            Some(privilege) => person::held(access, person, privilege),
            None => vec![format!("`{privilege}` was not read")],
        },
        Needs::Fact { fact } => match fact {
            Fact::Member => vec![person::membership(access, person)],
            Fact::Enabled => Vec::new(),
            Fact::InSecurityGroup => person::security_group(access, person),
            Fact::HasRole => person::roles(access, person),
            Fact::FlowOn => vec![flow::state(inventory, id).to_owned()],
            Fact::Instant => facts.map(|facts| facts.trigger.words()).into_iter().collect(),
            Fact::FlowShared => flow::shared(access, person, id),
            Fact::AgentShared => question.agent.map(|agent| talks_to(access, person, agent)).unwrap_or_default(),
            Fact::ChildEmbedded | Fact::ChildOn => {
                facts.map(|facts| flow::children(inventory, facts)).unwrap_or_default()
            }
            Fact::ConnectionsBound => flow::lent(access, id),
            Fact::ReferenceReadable => facts.map(|facts| flow::references(access, person, facts)).unwrap_or_default(),
            Fact::ActionsAllowed => flow::deeds(access, judge, person, id),
            Fact::SameEnvironment => judge.deeds(id).elsewhere.iter().map(|name| format!("uses `{name}`")).collect(),
            Fact::OwnerDelegates => {
                owner(inventory, id).map(|owner| flow::delegates(access, owner)).into_iter().collect()
            }
            Fact::OwnerEnabled => {
                owner(inventory, id).map(|owner| flow::owned_by(inventory, owner)).into_iter().collect()
            }
            Fact::OwnerActionsAllowed => {
                owner(inventory, id).map(|owner| flow::owners_deeds(judge, id, owner)).unwrap_or_default()
            }
        },
    }
}

/// Who may talk to the agent, and whether its row is shared with the person.
fn talks_to(access: &Access<'_>, person: usize, agent: Uuid) -> Vec<String> {
    let inventory = access.inventory();
    let Some(row) = inventory.bots.row(&agent) else { return vec!["the agent was not read".to_owned()] };
    let mut seen = vec![format!("{} is {}", row.name, row.access.words())];
    let shared = access.shared(agent, Rights::READ).ability(person) == Ability::Can;
    if shared {
        seen.push("its row is shared with the person, directly or through a team".to_owned());
    }
    seen
}

fn owner(inventory: &Inventory, flow: Uuid) -> Option<PrincipalRow> {
    inventory.flows.row(&flow).map(|flow| flow.owner)
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
