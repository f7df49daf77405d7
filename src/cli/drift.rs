//! `powergrant drift`: whether the tenant still says what Git says.
use std::path::PathBuf;

use super::Global;
use super::exit::Exit;
use super::online;
use super::output::Output;
use super::plan::Format;
use crate::plan::LineKind;
use crate::render;

/// Tells what differs from the manifests, and what is granted without any; changes nothing. Exits with 2 on drift.
#[derive(Debug, clap::Args)]
pub struct Drift {
    /// Files and folders; `.` if none is given, `-` for standard input.
    paths: Vec<PathBuf>,
    /// How the drift is printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Does not count what is not writable here.
    #[arg(long)]
    ignore_blocked: bool,
    /// Does not fail because something could not be read.
    #[arg(long)]
    allow_incomplete: bool,
}

impl Drift {
    pub(super) async fn run(&self, global: &Global, output: &mut Output) -> Exit {
        let online = match online::open(&self.paths, global, output).await {
            Ok(online) => online,
            Err(exit) => return exit,
        };
        let plans = online.plans();
        match self.format {
            Format::Text => output.result(&render::plan::drift(&plans)),
            Format::Json | Format::Markdown | Format::Events | Format::Sarif => {
                output.result(&render::json::plans(&online.shown()));
            }
        }
        let drifted = plans.iter().flat_map(|plan| &plan.lines).any(|line| match line.kind {
            LineKind::Change { .. } => true,
            LineKind::Blocked { .. } => !self.ignore_blocked,
            LineKind::Unread { .. } | LineKind::Unmanaged { .. } | LineKind::Kept { .. } => false,
        });
        let mut exit = online.reading(self.allow_incomplete);
        if drifted {
            exit = exit.and(Exit::Differences);
        }
        online.close().await;
        exit
    }
}
