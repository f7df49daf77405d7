//! `powergrant journal`: what was applied, by whom, and how to take it back.
use std::fmt::Write as _;
use std::path::PathBuf;

use super::chronicle::JOURNAL;
use super::exit::Exit;
use super::output::Output;
use crate::foreign::clip;
use crate::journal::history::{History, Run};
use crate::journal::undo;
use crate::render;

/// Lists runs of `apply`, shows one, or prints the manifest that takes one back.
#[derive(Debug, clap::Args)]
pub struct Journal {
    #[command(subcommand)]
    command: Command,
    /// The journal.
    #[arg(long, value_name = "FILE", default_value = JOURNAL, global = true)]
    journal: PathBuf,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Lists the runs, the latest last.
    List,
    /// Shows every change of a run, before and after.
    Show {
        /// The beginning of the run's id; the latest run if none is given.
        run: Option<String>,
    },
    /// Prints the manifest that restores what stood before a run, and says what cannot be undone.
    Undo {
        /// The beginning of the run's id; the latest run if none is given.
        run: Option<String>,
    },
}

impl Journal {
    pub(super) fn run(&self, output: &mut Output) -> Exit {
        let text = match std::fs::read_to_string(&self.journal) {
            Ok(text) => text,
            Err(error) => {
                let journal = self.journal.display();
                output.error(&if error.kind() == std::io::ErrorKind::NotFound {
                    format!("error: there is no journal {journal}, so nothing was applied from here\nhint: `apply` writes it; name another one with `--journal`\n")
                } else {
                    format!("error: {journal} cannot be read: {error}\n")
                });
                return Exit::Error;
            }
        };
        let history = History::read(&text);
        for line in &history.unreadable {
            output.error(&format!("warning: line {line} of {} cannot be read\n", self.journal.display()));
        }
        match &self.command {
            Command::List => {
                output.result(&history.runs.iter().map(listed).collect::<String>());
                Exit::Success
            }
            Command::Show { run } => with(&history, run.as_deref(), output, |run, output| {
                output.result(&render::journal::run(run));
                Exit::Success
            }),
            Command::Undo { run } => with(&history, run.as_deref(), output, undone),
        }
    }
}

fn with(history: &History, id: Option<&str>, output: &mut Output, act: impl FnOnce(&Run, &mut Output) -> Exit) -> Exit {
    match history.run(id) {
        Ok(run) => act(run, output),
        Err(why) => {
            output.error(&format!("error: {}\nhint: `powergrant journal list` lists the runs\n", clip(&why)));
            Exit::Error
        }
    }
}

fn listed(run: &Run) -> String {
    let mut line = String::new();
    let environments: Vec<_> = run.begun.environments.iter().map(|target| clip(&target.name)).collect();
    let who = run.begun.who.as_deref().unwrap_or("somebody");
    let commit = run.begun.commit.as_deref().map_or("no commit", |commit| commit.get(..12).unwrap_or(commit));
    let id = &run.begun.run.simple().to_string()[..8];
    let _ = writeln!(
        line,
        "{id}  {}  {}  {commit}  {}: {}",
        run.begun.at.strftime("%Y-%m-%d %H:%M:%S"),
        clip(who),
        environments.join(", "),
        run.words()
    );
    line
}

fn undone(run: &Run, output: &mut Output) -> Exit {
    let undo = match undo::undo(run) {
        Ok(undo) => undo,
        Err(why) => {
            output.error(&format!("error: {}\n", clip(&why)));
            return Exit::Error;
        }
    };
    if undo.manifest.is_empty() {
        output.remark("there is nothing that a manifest could restore\n");
    } else {
        output.result(&undo.manifest);
    }
    for cannot in &undo.cannot {
        output.error(&format!("not undone: {}\n", clip(cannot)));
    }
    Exit::Success
}
