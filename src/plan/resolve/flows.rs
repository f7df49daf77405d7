//! Which flows a document means, and what is known of one that Dataverse does not have.
use super::Resolve;
use crate::compile::desired::{Flow, FlowName, Placed};
use crate::finding::{Finding, did_you_mean};
use crate::inventory::Lookup;
use crate::inventory::section::Answer;
use crate::names::{self, Ref};
use crate::place::Place;
use crate::rules::Rule;

impl Resolve<'_> {
    pub(super) fn find_flows(&mut self, document: &Flow) -> Vec<Ref<names::Flow>> {
        let place = &document.flow.place;
        match self.inventory.flow_by(&self.flow_names, &document.flow.value) {
            Lookup::One(flows) => {
                if let (FlowName::Id { name: Some(name), .. }, [flow]) = (&document.flow.value, flows.as_slice()) {
                    self.check_name(place, name, &flow.name);
                }
                return flows;
            }
            Lookup::None => self.no_flow(&document.flow),
            Lookup::Many(candidates) => self.ambiguous(place, "flow", &candidates),
            Lookup::Unreadable(problem) => self.unread(place, "the flow", &problem),
        }
        Vec::new()
    }

    /// Says that Dataverse has no such flow.
    fn no_flow(&mut self, wanted: &Placed<FlowName>) {
        let environment = &self.desired.environment.name;
        let (message, hint) = match &wanted.value {
            FlowName::Name(name) => {
                let finding = self.no_flow_of_name(&wanted.place, name);
                return self.findings.push(finding);
            }
            FlowName::Id { id, name: _ } => (
                format!("there is no flow `{id}` in {environment}"),
                "take the id of the flow's row in Dataverse (`workflowid`), or write the flow's name",
            ),
            FlowName::InSolution { solution, name } => (
                format!("there is no flow `{name}` in solution `{solution}` of {environment}"),
                "write the solution's unique name, and add the flow to it",
            ),
            FlowName::AllOfSolution(solution) => (
                format!("there is no flow in a solution `{solution}` of {environment}"),
                "write the solution's unique name",
            ),
            FlowName::AllOfAgent(agent) => (
                format!("there is no flow of an agent `{agent}` in {environment}"),
                "write the agent's name or its schema name",
            ),
        };
        self.findings.push(Finding::error(Rule::UnknownFlow, &wanted.place, message).hint(hint));
    }

    /// What is known of a name that no flow in Dataverse has: the Flow service also has the flows that are in no solution.
    fn no_flow_of_name(&self, place: &Place, name: &str) -> Finding {
        let missing = format!("there is no flow `{name}` in {}", self.desired.environment.name);
        let finding = match self.inventory.outside_flows.get(&names::folded(name).into()) {
            Answer::Found(_) => {
                let message = format!("flow `{name}` exists only outside Dataverse, so it has no row to share");
                return Finding::error(Rule::FlowOutsideDataverse, place, message)
                    .hint("add it to a solution, then plan again");
            }
            Answer::Unreadable(problem) => {
                let message = format!("{missing}'s Dataverse; whether it exists outside could not be asked: {problem}");
                Finding::error(Rule::UnknownFlow, place, message).hint(problem.next)
            }
            Answer::Absent | Answer::NotAsked => Finding::error(Rule::UnknownFlow, place, missing),
        };
        match did_you_mean(name, self.inventory.flows.rows().map(|(_, flow)| &*flow.name)) {
            Some(meant) => finding.hint(format!("did you mean `{meant}`?")),
            None => {
                finding.hint("flows that are not in a solution have no row in Dataverse: add the flow to a solution")
            }
        }
    }
}
