//! `powergrant explain`: why a person can or cannot run a flow.
use std::path::PathBuf;

use uuid::Uuid;

use super::Global;
use super::exit::Exit;
use super::output::Output;
use super::reading::Reading;
use super::snapshots;
use crate::compile::desired::DesiredEnvironment;
use crate::explain::errors;
use crate::explain::fix::with_suspects;
use crate::explain::patch::{self, Manifests, Patch, Remedy};
use crate::explain::{self, Bar, Explanation, Question, Verdict};
use crate::inventory::scope::Scope;
use crate::inventory::snapshot::Known;
use crate::inventory::{Inventory, Lookup};
use crate::names::FlowName;
use crate::principal::PrincipalName;
use crate::render::explanation;

/// Says why a person can or cannot run a flow: every requirement with what was seen, the first that is missing first.
///
/// Exits with 0 when the person can as far as is known, 2 when something documented is missing, 1 when something could
/// not be read. What people only report, or what is only plausible, is listed as a suspect and does not block.
#[derive(Debug, clap::Args)]
pub struct Explain {
    /// The person, by user principal name or Entra object id.
    #[arg(long, value_name = "USER", required_unless_present = "error")]
    user: Option<String>,
    /// The flow, by name or id.
    #[arg(long, value_name = "FLOW", required_unless_present = "error", requires = "user")]
    flow: Option<String>,
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
        let meaning = self.error.as_deref().map(errors::meaning);
        if let Some(meaning) = &meaning {
            output.result(&explanation::meaning(meaning.as_ref()));
        }
        let (Some(user), Some(flow)) = (&self.user, &self.flow) else {
            return if meaning.flatten().is_some() { Exit::Differences } else { Exit::Error };
        };
        let (person, flow) = (person_name(user), flow_name(flow));
        if let Some(snapshot) = &self.snapshot {
            let mut exit = Exit::Success;
            let names = self.user.iter().chain(&self.flow).cloned().collect();
            let known = Known { names, ..Known::default() };
            let read = snapshots::each(snapshot, known, output, |taken, output| {
                exit = exit.and(self.explain(&taken.inventory, (&person, &flow), None, output));
            });
            return read.map_or_else(|failed| failed, |()| exit);
        }
        let reading = match Reading::open(&self.paths, global, output).await {
            Ok(reading) => reading,
            Err(exit) => return exit,
        };
        let scope = |desired: &DesiredEnvironment| Scope::of_question(&person, &flow).and(Scope::of(desired));
        let loaded = &reading.loaded;
        let today = jiff::Zoned::now().date();
        let take = |seen: super::reading::Seen, output: &mut Output| {
            let wanted = &loaded.desired.environments;
            let desired = wanted.iter().find(|desired| desired.environment.name == seen.inventory.environment.name);
            let manifests = desired.map(|desired| Manifests { sources: &loaded.sources, desired, today });
            self.explain(&seen.inventory, (&person, &flow), manifests.as_ref(), output)
        };
        let exit = reading.each(scope, global, output, take).await;
        reading.close().await;
        exit
    }

    fn explain(
        &self,
        inventory: &Inventory,
        (person, flow): (&PrincipalName, &FlowName),
        manifests: Option<&Manifests<'_>>,
        output: &mut Output,
    ) -> Exit {
        let question = match question(inventory, person, flow, self.certainty.into()) {
            Ok(question) => question,
            Err(message) => {
                output.error(&format!("error: {}: {message}\n", inventory.environment.name));
                return Exit::Error;
            }
        };
        let Some(explanation) = explain::explain(inventory, &question) else {
            output.error(&format!(
                "error: {}: nobody knows {}: neither Dataverse nor the directory\n\
                 hint: name the person by user principal name or Entra object id\n",
                inventory.environment.name, question.person
            ));
            return Exit::Error;
        };
        let wanted = if self.include_suspects { with_suspects(&question) } else { question };
        let is_wanting =
            explanation.verdict != Verdict::Can || (self.include_suspects && !explanation.suspects().is_empty());
        let remedy = is_wanting.then(|| patch::remedy(inventory, &wanted, manifests));
        match self.format {
            Format::Text => {
                output.result(&explanation::text(&explanation));
                if let Some(remedy) = &remedy {
                    output.result(&explanation::fix(&explanation, remedy));
                }
            }
            Format::Json => {
                let mut value = explanation::json(&explanation);
                if let Some(remedy) = &remedy {
                    value["fix"] = explanation::fix_json(remedy);
                }
                output.result(&format!("{value:#}\n"));
            }
        }
        if let (true, Some(Remedy::Change { patch, .. }), Some(manifests)) = (self.fix, &remedy, manifests)
            && let Err(message) = write(patch, manifests, output)
        {
            output.error(&format!("error: {message}\n"));
            return Exit::Error;
        }
        exit(&explanation)
    }
}

/// Writes the edits of a patch into their files.
fn write(patch: &Patch, manifests: &Manifests<'_>, output: &mut Output) -> Result<(), String> {
    for (file, text) in manifests.sources.files() {
        if !patch.edits.iter().any(|edit| &*edit.file == file) {
            continue;
        }
        let path = std::path::Path::new(file);
        if !path.is_file() {
            return Err(format!("{file} is no file, so the fix was not written into it"));
        }
        std::fs::write(path, patch::patched(file, text, &patch.edits))
            .map_err(|error| format!("{file} cannot be written: {error}"))?;
        output.remark(&format!("written: {file}; `powergrant plan` shows what it does\n"));
    }
    if patch.edits.is_empty() {
        output.remark("nothing was written: no file manages this yet; add the document that is printed above\n");
    }
    Ok(())
}

/// How an explanation ends the process.
fn exit(explanation: &Explanation) -> Exit {
    match explanation.verdict {
        Verdict::Can => Exit::Success,
        Verdict::Cannot => Exit::Differences,
        Verdict::CannotTell => Exit::Error,
    }
}

/// A person as the command line names one.
pub(super) fn person_name(text: &str) -> PrincipalName {
    match Uuid::try_parse(text) {
        Ok(id) => PrincipalName::User { name: None, id: Some(id) },
        Err(_) => PrincipalName::User { name: Some(text.to_owned()), id: None },
    }
}

/// A flow as the command line names one.
pub(super) fn flow_name(text: &str) -> FlowName {
    match Uuid::try_parse(text) {
        Ok(id) => FlowName::Id { id, name: None },
        Err(_) => FlowName::Name(text.to_owned()),
    }
}

/// Finds the person and the flow; says what is wrong otherwise.
pub(super) fn question(
    inventory: &Inventory,
    person: &PrincipalName,
    flow: &FlowName,
    bar: Bar,
) -> Result<Question, String> {
    let person = one(inventory.principal(person), "person")?;
    let mut flows = one(inventory.flow(flow), "flow")?;
    match flows.pop() {
        Some(flow) if flows.is_empty() => Ok(Question { person, flow, bar }),
        Some(_) | None => Err("several flows are meant; name one by its id".to_owned()),
    }
}

/// The one thing that a name means, or what is wrong with it.
pub(super) fn one<T>(found: Lookup<T>, what: &str) -> Result<T, String> {
    match found {
        Lookup::One(thing) => Ok(thing),
        Lookup::None => Err(format!("there is no such {what}\nhint: check the name, or give the id")),
        Lookup::Many(candidates) => {
            let list: Vec<String> = candidates.iter().map(|(name, id)| format!("`{name}` ({id})")).collect();
            Err(format!("several {what}s have this name\nhint: give the id of one of {}", list.join(", ")))
        }
        Lookup::Unreadable(problem) => Err(format!("the {what} could not be read: {problem}\nhint: {}", problem.next)),
    }
}
