//! `powergrant whoami`: who the caller is in each service, and which rights are missing for what.
use std::path::PathBuf;

use super::Global;
use super::exit::Exit;
use super::output::Output;
use super::reading::Reading;
use crate::render::{whoami, whoami_json};
use crate::rights::Task;

/// Tells who the caller is in each service, what it may do, and what to ask for.
#[derive(Debug, clap::Args)]
pub struct Whoami {
    /// Files and folders with Environment documents; `.` if none is given, `-` for standard input.
    paths: Vec<PathBuf>,
    /// How it is printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// The command that has to be possible: what is missing, and whom to ask for it, is said for that.
    #[arg(long = "for", value_enum, value_name = "COMMAND", default_value_t = For::Apply)]
    task: For,
}

/// What has to be possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum For {
    /// Reading: `plan`, `drift`, `explain`, `export` and the like.
    Plan,
    /// Everything.
    Apply,
}

/// How it is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

impl Whoami {
    pub(super) async fn run(&self, global: &Global, output: &mut Output) -> Exit {
        let reading = match Reading::open(&self.paths, global, output).await {
            Ok(reading) => reading,
            Err(exit) => return exit,
        };
        let (identities, exit) = reading.identities(global, output).await;
        let task = match self.task {
            For::Plan => Task::Plan,
            For::Apply => Task::Apply,
        };
        output.result(&match self.format {
            Format::Text => whoami::text(&identities, task),
            Format::Json => whoami_json::text(&identities, task),
        });
        reading.close().await;
        // Whoever gets no token anywhere has not learnt who he is.
        let is_nobody = identities.iter().any(|identity| identity.bearers.iter().all(|(_, bearer)| bearer.is_err()));
        exit.and(if is_nobody { Exit::Error } else { Exit::Success })
    }
}
