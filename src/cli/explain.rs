//! `powergrant explain`: why a person, or the people of a group, can or cannot run a flow.
mod answers;

use std::path::{Path, PathBuf};

use clap::builder::NonEmptyStringValueParser;

use super::Global;
use super::asked::{Asked, flow_name, group_name, person_name};
use super::exit::Exit;
use super::manifests;
use super::output::Output;
use super::reading::{Reading, Seen};
use super::snapshots;
use crate::compile::desired::{DesiredEnvironment, Environment};
use crate::explain::Bar;
use crate::explain::errors;
use crate::explain::patch::Manifests;
use crate::foreign::inert;
use crate::inventory::scope::Scope;
use crate::inventory::snapshot::Known;
use crate::names::FlowName;
use crate::render::{explanation, json};

/// Says why a person can or cannot run a flow: every requirement with what was seen, the first that is missing first.
///
/// Ask the caller two things: which account (--user, the address that they sign in with) and which flow (--flow), or which
/// agent they talk to (--agent). If they can paste a message, add it with --error.
///
/// Read the answer from the top: the numbered lines are what is missing, each with who may decide to change it. Suspects are
/// what people report and nobody has documented; they never count as missing. Nothing is changed unless --fix is given, and
/// that only writes your own files.
///
/// Exits with 0 when the person can as far as is known, 2 when something documented is missing, 1 when something could
/// not be read.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("who").args(["user", "group"]))]
pub struct Explain {
    /// The person, by the address that they sign in with (user principal name) or Entra object id.
    #[arg(long, value_name = "USER", value_parser = NonEmptyStringValueParser::new())]
    user: Option<String>,
    /// The people of an Entra group instead of one person, by its name or object id: who of them can, and what keeps the
    /// others from it.
    #[arg(long, value_name = "GROUP", value_parser = NonEmptyStringValueParser::new())]
    group: Option<String>,
    /// The flow, by name or id.
    #[arg(long, value_name = "FLOW", requires = "who", value_parser = NonEmptyStringValueParser::new())]
    flow: Option<String>,
    /// The Copilot Studio agent that calls the flow, by name or schema name; without a flow, every flow that it calls.
    #[arg(long, value_name = "AGENT", requires = "who", value_parser = NonEmptyStringValueParser::new())]
    agent: Option<String>,
    /// A message that somebody pasted, as text or JSON: says what it means; without a person and a flow, that alone.
    #[arg(long, value_name = "TEXT")]
    error: Option<String>,
    /// Files and folders with the Environment documents; `.` if none is given.
    paths: Vec<PathBuf>,
    /// Which requirements block, by how sure they are; `reported` and `assumed` include the surer ones.
    #[arg(long, value_enum, default_value_t = Certainty::Documented)]
    certainty: Certainty,
    /// Looks for a fix that removes the suspects too.
    #[arg(long)]
    include_suspects: bool,
    /// Writes the fix into the files that manage its subjects; what none of them does is printed as a document to add.
    #[arg(long, conflicts_with = "snapshot")]
    fix: bool,
    /// How the explanation is printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// A snapshot to read instead of the tenant.
    #[arg(long, value_name = "FILE")]
    snapshot: Option<PathBuf>,
}

/// How an explanation is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// Which requirements block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Certainty {
    /// What Microsoft documents, or an answer of a service has shown.
    Documented,
    /// What people report, too.
    Reported,
    /// What is only plausible, too.
    Assumed,
}

impl From<Certainty> for Bar {
    fn from(certainty: Certainty) -> Self {
        match certainty {
            Certainty::Documented => Self::Documented,
            Certainty::Reported => Self::Reported,
            Certainty::Assumed => Self::Assumed,
        }
    }
}

impl Explain {
    pub(super) async fn run(&self, global: &Global, output: &mut Output) -> Exit {
        let asked = match self.asked() {
            Ok(Some(asked)) => asked,
            Ok(None) => return self.message_alone(output),
            Err(message) => {
                output.error(&format!("error: {message}\n"));
                return Exit::Error;
            }
        };
        if let Some(snapshot) = &self.snapshot {
            return self.offline(snapshot, &asked, global, output).unwrap_or_else(|failed| failed);
        }
        let reading = match Reading::open(&self.paths, global, output).await {
            Ok(reading) => reading,
            Err(exit) => return exit,
        };
        let scope = |desired: &DesiredEnvironment| Scope::of_question(&asked.who, &asked.flow).and(Scope::of(desired));
        let loaded = &reading.loaded;
        let today = jiff::Zoned::now().date();
        let take = |seen: Seen, output: &mut Output| {
            let wanted = &loaded.desired.environments;
            let is_this = |environment: &Environment| {
                environment.name == seen.inventory.environment.name && !environment.is_of_address_alone()
            };
            let desired = wanted.iter().find(|desired| is_this(&desired.environment));
            let manifests = desired.map(|desired| Manifests { sources: &loaded.sources, desired, today });
            self.explain(&seen.inventory, &asked, manifests.as_ref(), output)
        };
        let exit = reading.each(scope, global, output, take).await;
        reading.close().await;
        exit
    }

    /// Answers from a snapshot; where paths are given, a fix is told as lines of the manifests there.
    fn offline(&self, snapshot: &Path, asked: &Asked, global: &Global, output: &mut Output) -> Result<Exit, Exit> {
        let today = jiff::Zoned::now().date();
        let mut known = Known::typed([&self.user, &self.group, &self.flow, &self.agent].into_iter().flatten());
        let loaded = (!self.paths.is_empty()).then(|| manifests::load(&self.paths, global, today));
        if let Some(loaded) = &loaded {
            if loaded.report(output) {
                return Err(Exit::Error);
            }
            for desired in &loaded.desired.environments {
                known.extend(desired.known());
            }
        }
        let mut exit = Exit::Success;
        snapshots::each(snapshot, known, global, output, |taken, output| {
            let mut inventory = taken.inventory;
            let desired = loaded.as_ref().and_then(|loaded| loaded.desired.named(&inventory.environment.name));
            if let Some(desired) = desired
                && let Err(message) = snapshots::document(&mut inventory, &desired.environment)
            {
                output.error(&format!("error: {}: {}\n", snapshot.display(), inert(&message)));
                exit = Exit::Error;
                return;
            }
            let sources = loaded.as_ref().map(|loaded| &loaded.sources);
            let manifests = desired.zip(sources).map(|(desired, sources)| Manifests { sources, desired, today });
            exit = exit.and(self.explain(&inventory, asked, manifests.as_ref(), output));
        })?;
        Ok(exit)
    }

    /// Who and what is asked about; nothing when only a message is to be explained.
    fn asked(&self) -> Result<Option<Asked>, &'static str> {
        let who = match (&self.user, &self.group) {
            (Some(user), _) => person_name(user),
            (None, Some(group)) => group_name(group),
            (None, None) if self.error.is_some() => return Ok(None),
            (None, None) => {
                return Err(
                    "nobody is named\nhint: give `--user USER` or `--group GROUP`, with `--flow FLOW` or `--agent AGENT`; or `--error TEXT` alone",
                );
            }
        };
        let flow = match (&self.flow, &self.agent) {
            (Some(flow), _) => flow_name(flow),
            (None, Some(agent)) => FlowName::AllOfAgent(agent.clone()),
            (None, None) => {
                return Err(
                    "no flow is named\nhint: give `--flow FLOW`, or `--agent AGENT` for every flow that it calls",
                );
            }
        };
        Ok(Some(Asked { who, flow }))
    }

    fn message_alone(&self, output: &mut Output) -> Exit {
        let meaning = self.error.as_deref().and_then(errors::meaning);
        match self.format {
            Format::Text => output.result(&explanation::meaning_alone(meaning.as_ref())),
            Format::Json => output.result(&json::pretty(&explanation::meaning_json(meaning.as_ref(), None))),
        }
        if meaning.is_some() { Exit::Differences } else { Exit::Error }
    }
}
