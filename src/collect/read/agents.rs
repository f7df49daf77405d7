//! Which flows belong to a solution, and which an agent's components call.
use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{try_join, try_join3};
use uuid::Uuid;

use super::grouped;
use crate::collect::decode::agents::{self, Part};
use crate::collect::source::{Column, Set, Source};
use crate::inventory::agents::Agent;
use crate::inventory::section::{Asked, Section};
use crate::names::{Text, folded};
use crate::problem::{Cause, Problem};
use crate::request::Service;

const SOLUTIONS: Set<(Uuid, Text)> = Set { name: "solutions", select: agents::SOLUTION, decode: agents::solution };
const COMPONENTS: Set<(Uuid, Uuid)> =
    Set { name: "solutioncomponents", select: agents::COMPONENT, decode: agents::component };
const AGENTS: Set<(Uuid, [Text; 2])> = Set { name: "bots", select: agents::AGENT, decode: agents::agent };
const WHOLE_AGENTS: Set<(Uuid, Agent)> = Set { name: "bots", select: agents::WHOLE_AGENT, decode: agents::whole_agent };
const PARTS: Set<Part> = Set { name: "botcomponents", select: agents::PART, decode: agents::part };
const LINKS: Set<(Uuid, Uuid)> = Set { name: "botcomponent_workflowset", select: agents::LINK, decode: agents::link };

/// Topics with their tools, and external triggers: the components that call flows (Learn: botcomponent table reference).
const CALLING_PARTS: &str = "statecode%20eq%200%20and%20(componenttype%20eq%209%20or%20componenttype%20eq%2017)";

/// The flows of each solution, by its unique name in lower case.
pub(in crate::collect) async fn solutions(
    source: Source<'_>,
    names: &BTreeSet<String>,
) -> Section<Text, BTreeSet<Uuid>> {
    let asked: BTreeSet<Text> = names.iter().map(|name| folded(name).into()).collect();
    match flows_of_solutions(source, names).await {
        Ok(flows) => Section::only(asked, flows),
        Err(problem) => Section::Unreadable(problem),
    }
}

/// The flows of every solution.
pub(in crate::collect) async fn all_solutions(source: Source<'_>) -> Section<Text, BTreeSet<Uuid>> {
    let processes = format!("componenttype%20eq%20{}", agents::PROCESS);
    match try_join(source.all(SOLUTIONS, ""), source.all(COMPONENTS, &processes)).await {
        Ok((solutions, components)) => {
            let ids: BTreeSet<Uuid> = solutions.iter().map(|(id, _)| *id).collect();
            let mut flows: BTreeMap<Uuid, BTreeSet<Uuid>> = grouped(&ids, components);
            let named =
                solutions.into_iter().map(|(id, name)| (folded(&name).into(), flows.remove(&id).unwrap_or_default()));
            Section::whole(named.collect())
        }
        Err(problem) => Section::Unreadable(problem),
    }
}

/// The flows of agents by name, and the agents themselves.
pub(in crate::collect) type Agents = (Section<Text, BTreeSet<Uuid>>, Section<Uuid, Agent>);

/// Every agent: its flows, by its schema name and by the name that people see where no other agent has it, and who may
/// talk to it.
pub(in crate::collect) async fn all_agents(source: Source<'_>) -> Agents {
    let read = try_join3(source.all(WHOLE_AGENTS, ""), source.all(PARTS, CALLING_PARTS), source.all(LINKS, "")).await;
    let (agents, parts, links) = match read {
        Ok(read) => read,
        Err(problem) => return (Section::Unreadable(problem.clone()), Section::Unreadable(problem)),
    };
    let mut agents: BTreeMap<Uuid, Agent> = agents.into_iter().collect();
    for part in &parts {
        if let (Some(agent), Some(tool)) = (part.agent.and_then(|id| agents.get_mut(&id)), &part.tool) {
            agent.tools.insert(tool.clone());
        }
    }
    let names = |agent: &Agent| [agent.name.clone(), agent.schema_name.clone()];
    let found: BTreeMap<Uuid, [Text; 2]> = agents.iter().map(|(id, agent)| (*id, names(agent))).collect();
    let flows = flows_by_agent(&found, parts, links);
    for (id, agent) in &mut agents {
        agent.flows = flows.get(id).cloned().unwrap_or_default();
    }
    let names = found.values().flatten().filter(|name| !name.is_empty()).map(ToString::to_string).collect();
    let by_name = match by_agent_name(&names, &found, &flows) {
        Section::Read { asked: _, gap, rows } => Section::Read { asked: Asked::All, gap, rows },
        other @ (Section::NotAsked | Section::Unreadable(_)) => other,
    };
    (by_name, Section::whole(agents))
}

async fn flows_of_solutions(
    source: Source<'_>,
    names: &BTreeSet<String>,
) -> Result<BTreeMap<Text, BTreeSet<Uuid>>, Problem> {
    let solutions = source.by_keys(SOLUTIONS, Column::Attribute("uniquename"), names, "").await?;
    let ids: BTreeSet<Uuid> = solutions.iter().map(|(id, _)| *id).collect();
    let processes = format!("componenttype%20eq%20{}", agents::PROCESS);
    let components = source.by_keys(COMPONENTS, Column::Lookup("_solutionid_value"), &ids, &processes).await?;
    let mut flows: BTreeMap<Uuid, BTreeSet<Uuid>> = grouped(&ids, components);
    let named = solutions.into_iter().map(|(id, name)| (folded(&name).into(), flows.remove(&id).unwrap_or_default()));
    Ok(named.collect())
}

/// The flows that each agent's components call, by the agent's name in lower case. Two ways lead to them, the text of
/// its topics and the links to its components; an agent has the flows of both.
pub(in crate::collect) async fn agents(source: Source<'_>, names: &BTreeSet<String>) -> Section<Text, BTreeSet<Uuid>> {
    match flows_of_agents(source, names).await {
        Ok(section) => section,
        Err(problem) => Section::Unreadable(problem),
    }
}

async fn flows_of_agents(
    source: Source<'_>,
    names: &BTreeSet<String>,
) -> Result<Section<Text, BTreeSet<Uuid>>, Problem> {
    let (by_name, by_schema) = try_join(
        source.by_keys(AGENTS, Column::Attribute("name"), names, ""),
        source.by_keys(AGENTS, Column::Attribute("schemaname"), names, ""),
    )
    .await?;
    let found: BTreeMap<Uuid, [Text; 2]> = by_name.into_iter().chain(by_schema).collect();
    let parts = source.by_keys(PARTS, Column::Lookup("_parentbotid_value"), found.keys(), CALLING_PARTS).await?;
    let ids: BTreeSet<Uuid> = parts.iter().map(|part| part.id).collect();
    let linked = source.by_keys(LINKS, Column::Attribute("botcomponentid"), &ids, "").await?;
    let flows = flows_by_agent(&found, parts, linked);
    Ok(by_agent_name(names, &found, &flows))
}

/// The flows that the texts of agents' components call, and those that the components are linked to.
fn flows_by_agent(
    found: &BTreeMap<Uuid, [Text; 2]>,
    parts: Vec<Part>,
    links: Vec<(Uuid, Uuid)>,
) -> BTreeMap<Uuid, BTreeSet<Uuid>> {
    let ids: BTreeSet<Uuid> = parts.iter().map(|part| part.id).collect();
    let mut linked: BTreeMap<Uuid, BTreeSet<Uuid>> = grouped(&ids, links);
    let mut flows: BTreeMap<Uuid, BTreeSet<Uuid>> = found.keys().map(|agent| (*agent, BTreeSet::new())).collect();
    for part in parts {
        let Some(flows) = part.agent.and_then(|agent| flows.get_mut(&agent)) else { continue };
        flows.extend(part.flows);
        flows.extend(linked.remove(&part.id).unwrap_or_default());
    }
    flows
}

/// Finds each name's agent; a name that several agents have is answered with a problem that lists them.
fn by_agent_name(
    names: &BTreeSet<String>,
    found: &BTreeMap<Uuid, [Text; 2]>,
    flows: &BTreeMap<Uuid, BTreeSet<Uuid>>,
) -> Section<Text, BTreeSet<Uuid>> {
    let (mut rows, mut several) = (BTreeMap::new(), None);
    let asked: BTreeSet<Text> = names.iter().map(|name| folded(name).into()).collect();
    for name in &asked {
        let is_meant = |names: &[Text; 2]| names.iter().any(|other| folded(other) == name.as_str());
        let ids: Vec<Uuid> = found.iter().filter(|(_, names)| is_meant(names)).map(|(id, _)| *id).collect();
        match ids.as_slice() {
            [] => {}
            [id] => _ = rows.insert(name.clone(), flows.get(id).cloned().unwrap_or_default()),
            _ => {
                let ids: Vec<String> = ids.iter().map(Uuid::to_string).collect();
                several = Some(Problem::without_request(
                    Cause::Refused,
                    Service::Dataverse.name(),
                    format!("several agents are called `{name}`: {}", ids.join(", ")),
                    "name the agent by its schema name",
                ));
            }
        }
    }
    Section::only(asked, rows).with_gap(several)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::section::Answer;

    #[test]
    fn an_agent_is_found_by_its_name_or_its_schema_name_and_two_of_one_name_by_neither() {
        let agent = |id: u128, name: &str, schema: &str| (Uuid::from_u128(id), [Text::from(name), Text::from(schema)]);
        let found =
            BTreeMap::from([agent(1, "HR helper", "cr_hr"), agent(2, "HR helper", "cr_hr2"), agent(3, "IT", "cr_it")]);
        let flows = BTreeMap::from([(Uuid::from_u128(3), BTreeSet::from([Uuid::from_u128(9)]))]);
        let names = ["HR helper", "CR_IT", "cr_hr"].map(str::to_owned).into();
        let section = by_agent_name(&names, &found, &flows);
        assert!(matches!(section.get(&"cr_it".into()), Answer::Found(flows) if flows.len() == 1));
        assert!(matches!(section.get(&"cr_hr".into()), Answer::Found(_)));
        assert!(matches!(section.get(&"hr helper".into()), Answer::Unreadable(_)));
    }
}
