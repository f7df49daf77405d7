//! What belongs to a solution or an agent.
use std::collections::BTreeSet;

use uuid::Uuid;

use super::Row;
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
/// The columns of an agent's component.
pub(in crate::collect) const PART: &str = "botcomponentid,_parentbotid_value,data";
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

/// An agent's component: its id, its agent, and the flows that its text calls.
pub(in crate::collect) fn part(row: Row<'_>) -> Result<(Uuid, Option<Uuid>, BTreeSet<Uuid>), Problem> {
    let data = row.optional_text("data")?.unwrap_or_default();
    Ok((row.id("botcomponentid")?, row.optional_id("_parentbotid_value")?, called_flows(&data)))
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
            "botcomponentid": Uuid::from_u128(1), "_parentbotid_value": Uuid::from_u128(2),
            "data": format!("kind: InvokeFlowAction\n  flowId: \"{flow}\"\n---\nflowId: {flow}\nflowId: later")
        });
        let (_, agent, flows) = part(Row::dataverse("botcomponents", &value)).unwrap();
        assert_eq!((agent, flows), (Some(Uuid::from_u128(2)), BTreeSet::from([flow])));
    }

    #[test]
    fn a_component_without_text_calls_nothing() {
        let value = json!({"botcomponentid": Uuid::from_u128(1), "_parentbotid_value": null, "data": null});
        assert_eq!(part(Row::dataverse("botcomponents", &value)).unwrap().2, BTreeSet::new());
    }
}
