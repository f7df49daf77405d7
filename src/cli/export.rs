//! `powergrant export`: an environment as manifests, with the proof that planning them changes nothing.
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use super::Global;
use super::exit::Exit;
use super::output::Output;
use super::reading::{Accepted, Reading, Seen, report_doubts};
use crate::compile::desired::{DesiredEnvironment, Environment};
use crate::export::{Document, Proof, Selection, export, prove, yaml};
use crate::foreign::{clip, inert};
use crate::inventory::scope::Scope;
use crate::kinds::document::LeftOut;
use crate::manifest::envelope::Kind;

/// How many examples of what is left out are printed for one reason, unless `-v` asks for all.
const EXAMPLES: usize = 3;

/// Writes what is held in the environments as manifests, so that planning them changes nothing, and proves it.
///
/// The Environment documents in PATH say what to read. Everything is exported unless `--role`, `--flow` or `--solution`
/// picks. Lists are `named`, so nothing that is not written is ever touched; what manifests cannot say is told.
#[derive(Debug, clap::Args)]
pub struct Export {
    /// Files and folders with the Environment documents; `.` if none is given.
    paths: Vec<PathBuf>,
    /// A folder to write to, one below it for each environment; standard output if it is not given.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Only this security role and who holds it; may be given several times.
    #[arg(long = "role", value_name = "ROLE")]
    roles: Vec<String>,
    /// Only this flow; may be given several times.
    #[arg(long = "flow", value_name = "FLOW")]
    flows: Vec<String>,
    /// Only the flows of this solution, by its unique name; may be given several times.
    #[arg(long = "solution", value_name = "SOLUTION")]
    solutions: Vec<String>,
    /// Does not fail because something could not be read.
    #[arg(long)]
    allow_incomplete: bool,
}

impl Export {
    pub(super) async fn run(&self, global: &Global, output: &mut Output) -> Exit {
        let reading = match Reading::open(&self.paths, global, output).await {
            Ok(reading) => reading,
            Err(exit) => return exit,
        };
        let selection = Selection {
            roles: self.roles.iter().cloned().collect(),
            flows: self.flows.iter().cloned().collect(),
            solutions: self.solutions.iter().cloned().collect(),
        };
        let scope = |_: &DesiredEnvironment| Scope::everything();
        let exit =
            reading.each(scope, global, output, |seen, output| self.one(&seen, &selection, global, output)).await;
        reading.close().await;
        exit
    }

    /// Exports one environment.
    fn one(&self, seen: &Seen, selection: &Selection, global: &Global, output: &mut Output) -> Exit {
        let environment = &seen.desired.environment;
        let shown = inert(&environment.name);
        let mut exit = report_doubts(&seen.inventory, Accepted::of_flag(self.allow_incomplete), output);
        let exported = export(&seen.inventory, selection);
        for name in &exported.unknown {
            output.error(&format!("error: there is no {} in {shown}, or several\n", inert(name)));
            exit = exit.and(Exit::Error);
        }
        for (heading, says) in &exported.unread {
            let (heading, says) = (inert(heading), inert(says));
            output.error(&format!("warning: {shown}: {heading} was not read whole: {says}\n"));
            if !self.allow_incomplete {
                exit = exit.and(Exit::Error);
            }
        }
        let text = match yaml(&exported.documents, &environment.name) {
            Ok(text) => text,
            Err(message) => {
                output.error(&format!("error: {}\n", inert(&message)));
                return Exit::Error;
            }
        };
        if let Err(message) = self.put(&exported.documents, &text, environment, output) {
            output.error(&format!("error: {}\n", inert(&message)));
            return Exit::Error;
        }
        output.remark(&left_out(&environment.name, &exported.left_out, global.verbose > 0));
        match prove(environment, &text, &seen.inventory, jiff::Zoned::now().date()) {
            Proof::Holds => {
                let count = exported.documents.len();
                output.remark(&format!("{shown}: {count} documents; planning them changes nothing\n"));
                exit
            }
            Proof::Fails(lines) => {
                output.error(&format!("error: {shown}: planning the export would not be empty:\n"));
                for line in lines {
                    output.error(&format!("  {}\n", clip(&line)));
                }
                Exit::Error
            }
        }
    }

    /// Puts documents where they are wanted; `Err` says what is in the way.
    fn put(
        &self,
        documents: &[Document],
        text: &str,
        environment: &Environment,
        output: &mut Output,
    ) -> Result<(), String> {
        // Where there is a document of the environment already, there must not be a second one.
        let own = environment.is_of_address_alone().then(|| environment.document());
        let Some(folder) = &self.out else {
            if let Some(own) = own {
                output.result(&format!("---\n{own}"));
            }
            if !text.is_empty() {
                output.result(&format!("---\n{text}"));
            }
            return Ok(());
        };
        let folder = folder.join(plain(&environment.name));
        let mut files: BTreeMap<&str, Vec<&Document>> = BTreeMap::new();
        for document in documents {
            let Some(file) = file_of(document.kind) else { continue };
            files.entry(file).or_default().push(document);
        }
        fs::create_dir_all(&folder).map_err(|error| format!("{} cannot be made: {error}", folder.display()))?;
        if let Some(own) = own {
            write(&folder.join("environment.yaml"), &own)?;
        }
        for (name, documents) in files {
            write(&folder.join(name), &yaml(documents, &environment.name)?)?;
        }
        Ok(())
    }
}

/// The file that documents of a kind are written to.
fn file_of(kind: Kind) -> Option<&'static str> {
    [
        (Kind::SecurityRole, "security-roles.yaml"),
        (Kind::RoleAssignment, "role-assignments.yaml"),
        (Kind::Flow, "flows.yaml"),
    ]
    .into_iter()
    .find_map(|(of, file)| (of == kind).then_some(file))
}

/// An environment's name as the name of a folder: nothing in it leads elsewhere.
fn plain(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|letter| if letter.is_alphanumeric() || "-_ ".contains(letter) { letter } else { '-' })
        .collect();
    if plain.trim().is_empty() { "environment".to_owned() } else { plain }
}

/// Writes a file that is not there yet.
fn write(path: &Path, text: &str) -> Result<(), String> {
    use std::io::Write as _;
    let file = fs::OpenOptions::new().write(true).create_new(true).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| format!("{} cannot be written: {error}; name a folder without it", path.display()))
}

/// What manifests cannot say, reason by reason.
fn left_out(environment: &str, left: &[(String, LeftOut)], all: bool) -> String {
    let mut reasons: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (heading, one) in left {
        reasons.entry(&one.why).or_default().push(format!("{heading}: {}", one.entry));
    }
    let mut text = String::new();
    if !left.is_empty() {
        let _ = writeln!(text, "{}: {} left out", inert(environment), left.len());
    }
    for (why, entries) in reasons {
        let _ = writeln!(text, "  {} because: {}", entries.len(), clip(why));
        let shown = if all { entries.len() } else { EXAMPLES };
        for entry in entries.iter().take(shown) {
            let _ = writeln!(text, "    {}", clip(entry));
        }
        if entries.len() > shown {
            let _ = writeln!(text, "    and {} more; `-v` lists them", entries.len() - shown);
        }
    }
    text
}
