//! `powergrant plan`: what would be done, in plain words.
use std::path::PathBuf;

use super::Global;
use super::exit::Exit;
use super::online;
use super::output::Output;
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
}
