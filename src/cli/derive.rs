//! `powergrant derive`: the least that whoever runs a flow needs, as documents.
use std::fmt::Write as _;
use std::path::PathBuf;

use super::Global;
use super::asked;
use super::definition::{self, Definition};
use super::exit::Exit;
use super::output::Output;
use super::reading::{Accepted, Reading, report_doubts};
use super::snapshots;
use crate::compile::desired::DesiredEnvironment;
use crate::derive::{Derived, Table, derive, documents, offline, verify};
use crate::foreign::{clip, inert};
use crate::inventory::Inventory;
use crate::inventory::scope::Scope;
use crate::inventory::snapshot::Known;
use crate::names::{Flow, FlowName, Ref};

/// Derives from a flow's definition what whoever runs it needs in Dataverse, and writes it as documents on top of Basic User.
///
/// Only what runs with the caller's own connections counts. What a definition does not say is listed as unknown and never
/// guessed: the lines stand as comments above the documents. Depths are the least that each table allows.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["flow", "solution", "agent", "definition", "operations"]))]
pub struct Derive {
    /// Files and folders with the Environment documents; `.` if none is given.
    paths: Vec<PathBuf>,
    /// The flow, by its name or id.
    #[arg(long, value_name = "FLOW")]
    flow: Option<String>,
    /// Every flow of this solution, by its unique name.
    #[arg(long, value_name = "SOLUTION")]
    solution: Option<String>,
    /// Every flow that this agent calls.
    #[arg(long, value_name = "AGENT")]
    agent: Option<String>,
    /// The definition of a flow as a solution or an exported package holds it, which no tenant is asked about. Alone, its tables
    /// stand under the names of their sets, and nothing is written down as documents; `--snapshot` gives names, levels, documents.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["sandbox", "paths"])]
    definition: Option<PathBuf>,
    /// What the role is called in the documents; named after the flow, solution or agent if it is not given.
    #[arg(long, value_name = "ROLE", conflicts_with = "verify")]
    name: Option<String>,
    /// Compares this role with what is needed instead: what it lacks, and what it has too much. Exits with 2 if it lacks something.
    #[arg(long, value_name = "ROLE")]
    verify: Option<String>,
    /// Asks a snapshot instead of the tenant.
    #[arg(long, value_name = "FILE", conflicts_with = "sandbox")]
    snapshot: Option<PathBuf>,
    /// Prints the table of operations with its sources, and asks nothing.
    #[arg(long)]
    operations: bool,
    /// Does not fail because something could not be read.
    #[arg(long)]
    allow_incomplete: bool,
}

impl Derive {
    pub(super) async fn run(&self, global: &Global, output: &mut Output) -> Exit {
        if self.operations {
            output.result(Table::text());
            return Exit::Success;
        }
        let definition = match self.definition.as_deref().map(definition::read).transpose() {
            Ok(definition) => definition,
            Err(message) => {
                output.error(&format!("error: {message}\n"));
                return Exit::Error;
            }
        };
        if let (Some(definition), None) = (&definition, &self.snapshot) {
            return self.alone(definition, output);
        }
        if let Some(file) = &self.snapshot {
            let mut known = Known::default();
            known.add_flow(&self.flow_name());
            known.names.extend(self.verify.clone());
            let mut exit = Exit::Success;
            let read = snapshots::each(file, known, global, output, |taken, output| {
                let mut inventory = taken.inventory;
                if let Some(Definition { flow, facts }) = &definition {
                    offline::with_definition(&mut inventory, flow, facts);
                }
                exit = exit.and(self.one(&inventory, definition.as_ref(), output));
            });
            return read.map_or_else(|failed| failed, |()| exit);
        }
        let reading = match Reading::open(&self.paths, global, output).await {
            Ok(reading) => reading,
            Err(exit) => return exit,
        };
        let scope = |_: &DesiredEnvironment| Scope::everything();
        let exit = reading
            .each(scope, global, output, |seen, output| {
                let exit = report_doubts(&seen.inventory, Accepted::of_flag(self.allow_incomplete), output);
                exit.and(self.one(&seen.inventory, None, output))
            })
            .await;
        reading.close().await;
        exit
    }

    /// How the flows are named.
    fn flow_name(&self) -> FlowName {
        match (&self.flow, &self.solution, &self.agent) {
            (Some(flow), _, _) => asked::flow_name(flow),
            (None, Some(solution), _) => FlowName::AllOfSolution(solution.clone()),
            (None, None, agent) => FlowName::AllOfAgent(agent.clone().unwrap_or_default()),
        }
    }

    /// Derives in one environment.
    fn one(&self, inventory: &Inventory, definition: Option<&Definition>, output: &mut Output) -> Exit {
        let named = match definition {
            Some(definition) => Ok(vec![definition.flow.clone()]),
            None => asked::flows(inventory, &self.flow_name()),
        };
        let flows = match named {
            Ok(flows) => flows,
            Err(message) => {
                output.error(&format!("error: {}: {message}\n", inert(&inventory.environment.name)));
                return Exit::Error;
            }
        };
        let derived = derive(inventory, &flows);
        match &self.verify {
            Some(role) => compare(inventory, role, &derived, &flows, output),
            None => self.write(inventory, &derived, &flows, definition, output),
        }
    }

    /// What a definition says without any organisation.
    fn alone(&self, definition: &Definition, output: &mut Output) -> Exit {
        if self.verify.is_some() {
            output.error("error: nothing says what the role holds\nhint: name a snapshot of its environment: `--snapshot FILE`\n");
            return Exit::Error;
        }
        let flows = std::slice::from_ref(&definition.flow);
        let inventory = offline::alone(&definition.flow, &definition.facts);
        let lines = derive(&inventory, flows).explained(&inventory, flows);
        let text: String = lines.iter().map(|line| format!("{}\n", clip(line))).collect();
        output.result(&text);
        output.remark(
            "no organisation was asked: tables stand under the names of their sets, and levels are not known\n\
             hint: `--snapshot FILE` gives both, and documents to apply\n",
        );
        Exit::Success
    }

    fn write(
        &self,
        inventory: &Inventory,
        derived: &Derived,
        flows: &[Ref<Flow>],
        definition: Option<&Definition>,
        output: &mut Output,
    ) -> Exit {
        let subject = self.solution.clone().or_else(|| self.agent.clone());
        let subject = subject.or_else(|| flows.first().map(|flow| flow.name.to_string())).unwrap_or_default();
        let role = self.name.clone().unwrap_or_else(|| format!("{subject} Runner"));
        // A flow that the organisation does not have yet has no id to be written down by.
        let there = if definition.is_some() { &[] } else { flows };
        let text = match documents(inventory, there, derived, &role) {
            Ok(text) => text,
            Err(message) => {
                output.error(&format!("error: {}\n", inert(&message)));
                return Exit::Error;
            }
        };
        let lines = derived.explained(inventory, flows);
        let comments: String = lines.iter().map(|line| format!("# {}\n", clip(line))).collect();
        output.result(&format!("{comments}---\n{text}"));
        if text.contains("${runners}") {
            output.remark("nobody runs these flows yet: define `runners` under `vars:` of the Environment document\n");
        }
        Exit::Success
    }
}

/// Prints what a role lacks and what it has too much.
fn compare(inventory: &Inventory, role: &str, derived: &Derived, flows: &[Ref<Flow>], output: &mut Output) -> Exit {
    let role = match asked::role(inventory, role) {
        Ok(role) => role,
        Err(message) => {
            output.error(&format!("error: {}: {message}\n", inert(&inventory.environment.name)));
            return Exit::Error;
        }
    };
    let comparison = match verify(inventory, &role, derived) {
        Ok(comparison) => comparison,
        Err(problem) => {
            let (role, says) = (inert(&role.to_string()), inert(&problem.to_string()));
            output.error(&format!("error: what {role} holds could not be read: {says}\n"));
            return Exit::Error;
        }
    };
    let names: Vec<String> = flows.iter().map(|flow| clip(&flow.to_string())).collect();
    let (environment, role) = (inert(&inventory.environment.name), clip(&role.to_string()));
    let mut text = format!("{environment}: security role {role} for {}\n", names.join(", "));
    let groups = [("missing", &comparison.missing), ("excess", &comparison.excess)];
    for (title, lines) in groups {
        let count = if lines.is_empty() { "nothing".to_owned() } else { lines.len().to_string() };
        let _ = writeln!(text, "  {title}: {count}");
        text.extend(lines.iter().map(|line| format!("    {}\n", clip(line))));
    }
    if !derived.unknown.is_empty() {
        let _ = writeln!(text, "  unknown: {}", derived.unknown.len());
        text.extend(derived.unknown.iter().map(|line| format!("    {}\n", clip(line))));
    }
    output.result(&text);
    if comparison.missing.is_empty() { Exit::Success } else { Exit::Differences }
}
