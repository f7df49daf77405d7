//! `powergrant plan`: what would be done, in plain words.
use std::path::{Path, PathBuf};

use super::Global;
use super::exit::Exit;
use super::output::Output;
use super::{online, snapshots};
use crate::render;

/// Shows what has to be done, and changes nothing.
#[derive(Debug, clap::Args)]
pub struct Plan {
    /// Files and folders; `.` if none is given, `-` for standard input.
    paths: Vec<PathBuf>,
    /// How the plan is printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Exits with 2 when there are differences.
    #[arg(long)]
    detailed_exitcode: bool,
    /// Prints the requests that would be sent.
    #[arg(long)]
    show_requests: bool,
    /// Plans against a snapshot instead of the tenant; `apply` never takes one.
    #[arg(long, value_name = "FILE", conflicts_with = "sandbox")]
    snapshot: Option<PathBuf>,
    /// Does not fail because something could not be read.
    #[arg(long)]
    allow_incomplete: bool,
}

/// How a plan is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

impl Plan {
    pub(super) async fn run(&self, global: &Global, output: &mut Output) -> Exit {
        if let Some(file) = &self.snapshot {
            return self.run_on(file, global, output);
        }
        let online = match online::open(&self.paths, global, output).await {
            Ok(online) => online,
            Err(exit) => return exit,
        };
        let plans = online.plans();
        match self.format {
            Format::Text => output.result(&(render::plan::text(&plans) + &render::review::text(&online.reviews()))),
            Format::Json => output.result(&render::json::plans(&plans)),
        }
        if self.show_requests {
            output.result(&render::requests::text(&plans));
        }
        let mut exit = online.reading(self.allow_incomplete);
        if self.detailed_exitcode && online.has_differences() {
            exit = exit.and(Exit::Differences);
        }
        online.close().await;
        exit
    }
    fn run_on(&self, snapshot: &Path, global: &Global, output: &mut Output) -> Exit {
        let offline = match snapshots::plan(&self.paths, snapshot, global, output) {
            Ok(offline) => offline,
            Err(exit) => return exit,
        };
        let plans: Vec<_> = offline.plans.iter().collect();
        match self.format {
            Format::Text => output.result(&render::plan::text(&plans)),
            Format::Json => output.result(&render::json::plans(&plans)),
        }
        if self.show_requests {
            output.result(&render::requests::text(&plans));
        }
        let mut exit = offline.reading(self.allow_incomplete);
        if self.detailed_exitcode && plans.iter().any(|plan| plan.has_differences()) {
            exit = exit.and(Exit::Differences);
        }
        exit
    }
}
