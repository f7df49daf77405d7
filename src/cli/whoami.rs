//! `powergrant whoami`: who the caller is in each service, and which rights are missing for what.
use std::path::PathBuf;

use super::Global;
use super::exit::Exit;
use super::output::Output;
use super::reading::Reading;
use crate::render::{whoami, whoami_json};

/// Tells who the caller is in each service, what it may do, and what to ask for.
#[derive(Debug, clap::Args)]
pub struct Whoami {
    /// Files and folders with Environment documents; `.` if none is given, `-` for standard input.
    paths: Vec<PathBuf>,
    /// How it is printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
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
        output.result(&match self.format {
            Format::Text => whoami::text(&identities),
            Format::Json => whoami_json::text(&identities),
        });
        reading.close().await;
        // Whoever gets no token anywhere has not learnt who he is.
        let is_nobody = identities.iter().any(|identity| identity.bearers.iter().all(|(_, bearer)| bearer.is_err()));
        exit.and(if is_nobody { Exit::Error } else { Exit::Success })
    }
}
