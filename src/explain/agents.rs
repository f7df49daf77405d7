//! The agents that call a flow: who may talk to each, how its users are known, and where two of them contradict each other.
use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::explain::deeds::has_callers_connection;
use crate::inventory::agents::{Agent, Tool};
use crate::inventory::{Inventory, Lookup};
use crate::names::{Text, folded};

/// What is known of one agent that calls a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentNote {
    /// Its name.
    pub name: Text,
    /// Who may talk to it, how they are known, and with whose credentials its tools run.
    pub says: Vec<String>,
    /// What does not go together.
    pub warns: Vec<String>,
}

/// Every agent that calls a flow, by name.
pub(super) fn of(inventory: &Inventory, flow: Uuid) -> Vec<AgentNote> {
    let callers: Vec<(&Uuid, &Agent)> =
        inventory.bots.rows().filter(|(_, agent)| agent.flows.contains(&flow)).collect();
    let mut notes: Vec<AgentNote> = callers.iter().map(|(_, agent)| note(inventory, agent, flow)).collect();
    for (at, conflict) in conflicts(&callers, flow) {
        notes[at].warns.push(conflict);
    }
    notes.sort_by(|left, right| left.name.cmp(&right.name));
    notes
}

fn note(inventory: &Inventory, agent: &Agent, flow: Uuid) -> AgentNote {
    let mut says = vec![agent.access.words(), agent.authentication.words()];
    if !agent.groups.is_empty() {
        let name = |group: &Uuid| {
            inventory.directory.row(group).map_or_else(|| group.to_string(), |entry| entry.name.to_string())
        };
        says.push(format!("its groups: {}", agent.groups.iter().map(name).collect::<Vec<_>>().join(", ")));
    }
    let mut warns = Vec::new();
    for tool in tools_of(agent, flow) {
        match tool.mode {
            Some(mode) => says.push(format!("calls it by {}, {}", tool.name, mode.words())),
            None => says.push(format!("calls it by {}", tool.name)),
        }
    }
    let callers_own = inventory.definitions.row(&flow).is_some_and(has_callers_connection);
    if callers_own && agent.authentication.knows_its_user() == Some(false) {
        warns.push(format!(
            "the flow uses its caller's connections, and this agent does not know its users: {}",
            agent.authentication.words()
        ));
    }
    // Copilot Studio makes references for a flow of an agent under the agent's and the flow's names
    // (public client: an agent's flow is ready when each of them is bound).
    let prefix = folded(&format!("{}.{flow}.", agent.schema_name));
    for (_, reference) in inventory.references.rows() {
        if !reference.bound && folded(&reference.logical_name).starts_with(&prefix) {
            warns.push(format!("its connection reference {} has no connection", reference.logical_name));
        }
    }
    AgentNote { name: agent.name.clone(), says, warns }
}

fn tools_of(agent: &Agent, flow: Uuid) -> impl Iterator<Item = &Tool> {
    agent.tools.iter().filter(move |tool| tool.flow == Some(flow))
}

/// What two agents do differently with one flow, or with one connection reference; each told at both.
fn conflicts(callers: &[(&Uuid, &Agent)], flow: Uuid) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (at, (_, one)) in callers.iter().enumerate() {
        for (_, other) in callers.iter().enumerate().filter(|(beside, _)| *beside != at).map(|(_, caller)| caller) {
            let modes = |agent: &Agent| tools_of(agent, flow).filter_map(|tool| tool.mode).collect::<BTreeSet<_>>();
            let (own, others) = (modes(one), modes(other));
            if !own.is_empty() && !others.is_empty() && own != others {
                found.push((at, format!("{} calls the same flow with other credentials", other.name)));
            }
            let known = |agent: &Agent| agent.authentication.knows_its_user();
            if known(one) != known(other) {
                found.push((at, format!("{} calls the same flow: {}", other.name, other.authentication.words())));
            }
            if one.access != other.access || one.groups != other.groups {
                found.push((at, format!("{} calls the same flow and is {}", other.name, other.access.words())));
            }
            for (reference, mode) in modes_of_references(one) {
                let differs = modes_of_references(other).get(&reference).is_some_and(|own| *own != mode);
                if differs {
                    found.push((at, format!("{} uses {reference} with other credentials", other.name)));
                }
            }
        }
    }
    found
}

fn modes_of_references(agent: &Agent) -> BTreeMap<String, crate::inventory::agents::ToolMode> {
    let named = agent.tools.iter().filter_map(|tool| Some((folded(tool.reference.as_ref()?), tool.mode?)));
    named.collect()
}

/// The agent that a name means, by its id, its schema name, or the name that people see where no other has it.
pub fn named(inventory: &Inventory, name: &str) -> Lookup<Uuid> {
    let id = Uuid::try_parse(name).ok();
    let wanted = folded(name);
    let is_meant = |(own, agent): &(&Uuid, &Agent)| {
        Some(**own) == id || folded(&agent.schema_name) == wanted || folded(&agent.name) == wanted
    };
    let found: Vec<(&Uuid, &Agent)> = inventory.bots.rows().filter(is_meant).collect();
    match (found.as_slice(), inventory.bots.doubt()) {
        ([(id, _)], _) => Lookup::One(**id),
        ([], Some(problem)) => Lookup::Unreadable(problem),
        ([], None) => Lookup::None,
        (several, _) => {
            Lookup::Many(several.iter().map(|(id, agent)| (agent.schema_name.clone(), id.to_string())).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::EnvironmentFacts;
    use crate::inventory::agents::{AgentAccess, Authentication, ToolMode};
    use crate::inventory::people::PrincipalRow;
    use crate::inventory::section::Section;

    const FLOW: Uuid = Uuid::from_u128(5);

    /// An agent that calls the flow with a tool, open to everybody and signed in with Microsoft.
    fn agent(name: &str) -> Agent {
        let tool = Tool {
            name: format!("{name} tool").into(),
            flow: Some(FLOW),
            reference: Some("contoso_site".into()),
            mode: Some(ToolMode::User),
        };
        Agent {
            name: name.into(),
            schema_name: format!("contoso_{name}").into(),
            owner: PrincipalRow::User(Uuid::from_u128(9)),
            access: AgentAccess::Anyone,
            groups: BTreeSet::new(),
            authentication: Authentication::Integrated,
            flows: [FLOW].into(),
            tools: [tool].into(),
        }
    }

    /// What is said of the first agent beside another that was changed.
    fn beside(change: impl FnOnce(&mut Agent)) -> Vec<String> {
        let (one, mut other) = (agent("First"), agent("Second"));
        change(&mut other);
        let mut inventory = Inventory::empty(EnvironmentFacts::default());
        inventory.bots = Section::whole([(Uuid::from_u128(1), one), (Uuid::from_u128(2), other)].into());
        let notes = of(&inventory, FLOW);
        notes.into_iter().find(|note| note.name.as_str() == "First").map(|note| note.warns).expect("it calls the flow")
    }

    #[test]
    fn agents_that_do_the_same_contradict_each_other_in_nothing() {
        assert_eq!(beside(|_| {}), Vec::<String>::new());
        // An agent that does not call the flow is none of its business.
        let elsewhere = beside(|other| {
            other.flows.clear();
            other.access = AgentAccess::Readers;
        });
        assert_eq!(elsewhere, Vec::<String>::new());
    }

    #[test]
    fn whatever_two_agents_do_differently_with_a_flow_is_told() {
        let tool = |other: &mut Agent, mode: ToolMode| {
            other.tools = other.tools.iter().cloned().map(|tool| Tool { mode: Some(mode), ..tool }).collect();
        };
        let credentials = beside(|other| tool(other, ToolMode::Maker));
        assert_eq!(
            credentials,
            ["Second calls the same flow with other credentials", "Second uses contoso_site with other credentials"]
        );
        let open = beside(|other| other.access = AgentAccess::Readers);
        assert_eq!(open, ["Second calls the same flow and is open to whoever may read the agent's row"]);
        let anonymous = beside(|other| other.authentication = Authentication::None);
        assert_eq!(anonymous, ["Second calls the same flow: no authentication"]);
    }

    #[test]
    fn an_agent_is_found_by_any_of_its_names_and_several_are_told_apart() {
        let mut inventory = Inventory::empty(EnvironmentFacts::default());
        let (one, mut other) = (agent("First"), agent("Second"));
        other.name = "first".into();
        inventory.bots = Section::whole([(Uuid::from_u128(1), one), (Uuid::from_u128(2), other)].into());
        assert_eq!(named(&inventory, "CONTOSO_first"), Lookup::One(Uuid::from_u128(1)));
        assert_eq!(named(&inventory, &Uuid::from_u128(2).to_string()), Lookup::One(Uuid::from_u128(2)));
        assert!(matches!(named(&inventory, "First"), Lookup::Many(several) if several.len() == 2));
        assert_eq!(named(&inventory, "Third"), Lookup::None);
        inventory.bots = Section::NotAsked;
        assert!(matches!(named(&inventory, "First"), Lookup::Unreadable(_)));
    }
}
