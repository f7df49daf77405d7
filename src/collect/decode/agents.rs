//! What belongs to a solution or an agent.
use std::collections::BTreeSet;

use uuid::Uuid;

use super::{Row, flows};
use crate::inventory::agents::{Agent, AgentAccess, Authentication, Tool, ToolMode};
use crate::names::Text;
use crate::problem::Problem;

/// The columns of a solution.
pub(in crate::collect) const SOLUTION: &str = "solutionid,uniquename";
/// The columns of a solution's component.
pub(in crate::collect) const COMPONENT: &str = "objectid,_solutionid_value";
/// The component type of a process (Learn: solutioncomponent table reference).
pub(in crate::collect) const PROCESS: i64 = 29;
/// The columns of an agent.
pub(in crate::collect) const AGENT: &str = "botid,name,schemaname";
/// The columns of an agent that say who may talk to it (Learn: bot table reference).
pub(in crate::collect) const WHOLE_AGENT: &str = "botid,name,schemaname,accesscontrolpolicy,authorizedsecuritygroupids,authenticationmode,_owninguser_value,_owningteam_value";
/// The columns of an agent's component.
pub(in crate::collect) const PART: &str = "botcomponentid,name,_parentbotid_value,data";
/// The columns of a link between an agent's component and a flow.
pub(in crate::collect) const LINK: &str = "botcomponentid,workflowid";

/// A solution's id and unique name.
pub(in crate::collect) fn solution(row: Row<'_>) -> Result<(Uuid, Text), Problem> {
    Ok((row.id("solutionid")?, row.text("uniquename")?))
}

/// A solution and one of its components.
pub(in crate::collect) fn component(row: Row<'_>) -> Result<(Uuid, Uuid), Problem> {
    Ok((row.id("_solutionid_value")?, row.id("objectid")?))
}

/// An agent's id and the names that find it: what people see, and its schema name.
pub(in crate::collect) fn agent(row: Row<'_>) -> Result<(Uuid, [Text; 2]), Problem> {
    Ok((row.id("botid")?, [row.text_or_empty("name")?, row.text_or_empty("schemaname")?]))
}

/// An agent without what its components call.
pub(in crate::collect) fn whole_agent(row: Row<'_>) -> Result<(Uuid, Agent), Problem> {
    let groups = row.optional_text("authorizedsecuritygroupids")?.unwrap_or_default();
    let agent = Agent {
        name: row.text_or_empty("name")?,
        schema_name: row.text_or_empty("schemaname")?,
        owner: flows::owner(row)?,
        // An empty column is the first policy (Learn: the default value of both columns is 0).
        access: AgentAccess::of(row.optional_number("accesscontrolpolicy")?.unwrap_or_default()),
        groups: groups.split(',').filter_map(|group| Uuid::try_parse(group.trim()).ok()).collect(),
        authentication: Authentication::of(row.optional_number("authenticationmode")?.unwrap_or_default()),
        flows: BTreeSet::new(),
        tools: BTreeSet::new(),
    };
    Ok((row.id("botid")?, agent))
}

/// A component of an agent, as far as it calls something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::collect) struct Part {
    /// The component.
    pub(in crate::collect) id: Uuid,
    /// Its agent.
    pub(in crate::collect) agent: Option<Uuid>,
    /// The flows that its text calls.
    pub(in crate::collect) flows: BTreeSet<Uuid>,
    /// The tool that it is.
    pub(in crate::collect) tool: Option<Tool>,
}

/// An agent's component.
pub(in crate::collect) fn part(row: Row<'_>) -> Result<Part, Problem> {
    let data = row.optional_text("data")?.unwrap_or_default();
    let flows = called_flows(&data);
    let tool = tool(row.text_or_empty("name")?, &data, &flows);
    Ok(Part { id: row.id("botcomponentid")?, agent: row.optional_id("_parentbotid_value")?, flows, tool })
}

/// The tool that a component's YAML is: a task with `connectionProperties` of its own, or a connector's tool
/// (exported agents: `mode: Invoker`, `Maker` or `Embedded`, and `authMode` of connectors' tools).
fn tool(name: Text, data: &str, flows: &BTreeSet<Uuid>) -> Option<Tool> {
    let is_tool = ["TaskAction", "kind: ConnectorTool"].iter().any(|kind| data.contains(kind));
    if !is_tool {
        return None;
    }
    let properties = data.split_once("connectionProperties:").map(|(_, rest)| rest);
    let mode = word(data, "authMode:").or_else(|| word(properties?, "mode:"));
    Some(Tool {
        name,
        flow: flows.first().copied(),
        reference: word(data, "connectionReference:").map(Text::from),
        mode: mode.and_then(|mode| match mode.to_ascii_lowercase().as_str() {
            "invoker" => Some(ToolMode::User),
            "maker" | "embedded" => Some(ToolMode::Maker),
            _ => None,
        }),
    })
}

/// The word behind a key of YAML.
fn word<'a>(data: &'a str, key: &str) -> Option<&'a str> {
    let (_, rest) = data.split_once(key)?;
    let line = rest.lines().next()?.trim().trim_matches(['"', '\'']);
    (!line.is_empty()).then_some(line)
}

/// A component and a flow that it is linked to.
pub(in crate::collect) fn link(row: Row<'_>) -> Result<(Uuid, Uuid), Problem> {
    Ok((row.id("botcomponentid")?, row.id("workflowid")?))
}

/// The flows that a topic's or tool's YAML calls: `flowId: <workflowid>`, quoted or not (exported agents).
fn called_flows(data: &str) -> BTreeSet<Uuid> {
    let after = data.match_indices("flowId:").map(|(at, word)| &data[at + word.len()..]);
    after
        .filter_map(|text| {
            let text = text.trim_start_matches([' ', '\t', '"', '\'']);
            Uuid::try_parse(text.get(..36)?).ok()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_agents_text_names_the_flows_it_calls() {
        let flow = Uuid::from_u128(0x9d5e4741_3403_42d2_90b4_a561b3f94f52);
        let value = json!({
            "botcomponentid": Uuid::from_u128(1), "name": "Topic", "_parentbotid_value": Uuid::from_u128(2),
            "data": format!("kind: InvokeFlowAction\n  flowId: \"{flow}\"\n---\nflowId: {flow}\nflowId: later")
        });
        let part = part(Row::dataverse("botcomponents", &value)).unwrap();
        assert_eq!((part.agent, part.flows, part.tool), (Some(Uuid::from_u128(2)), BTreeSet::from([flow]), None));
    }

    #[test]
    fn a_tool_says_with_whose_credentials_it_runs() {
        let flow = Uuid::from_u128(9);
        let text = format!(
            "kind: TaskDialog\naction:\n  kind: InvokeFlowTaskAction\n  flowId: {flow}\n  connectionProperties:\n    $kind: ConnectionProperties\n    diagnostics:\n    mode: Invoker\n"
        );
        let found = tool("Intake".into(), &text, &called_flows(&text)).unwrap();
        assert_eq!((found.flow, found.mode, found.reference), (Some(flow), Some(ToolMode::User), None));
        let mail = "kind: TaskDialog\naction:\n  kind: InvokeConnectorTaskAction\n  connectionReference: contoso_x.shared_office365.1\n  connectionProperties:\n    mode: Maker\n  operationId: SendEmailV2\n";
        let found = tool("Mail".into(), mail, &BTreeSet::new()).unwrap();
        assert_eq!(found.mode, Some(ToolMode::Maker));
        assert_eq!(found.reference.as_deref(), Some("contoso_x.shared_office365.1"));
        assert_eq!(tool("Topic".into(), "kind: AdaptiveDialog\nmode: Invoker", &BTreeSet::new()), None);
    }

    #[test]
    fn a_component_without_text_calls_nothing() {
        let value =
            json!({"botcomponentid": Uuid::from_u128(1), "name": null, "_parentbotid_value": null, "data": null});
        assert_eq!(part(Row::dataverse("botcomponents", &value)).unwrap().flows, BTreeSet::new());
    }
}
