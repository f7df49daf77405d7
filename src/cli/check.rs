//! `powergrant check`: manifests without a tenant.
use std::path::PathBuf;

use super::exit::Exit;
use super::output::Output;
use super::{Global, manifests};

/// Checks manifests without a tenant: syntax, shapes, names, contradictions. Reports everything at once.
#[derive(Debug, clap::Args)]
pub struct Check {
    /// Files and folders; `.` if none is given, `-` for standard input.
    paths: Vec<PathBuf>,
}

impl Check {
    pub(super) fn run(&self, global: &Global, output: &mut Output) -> Exit {
        let loaded = manifests::load(&self.paths, global, jiff::Zoned::now().date());
        if loaded.report(output) {
            return Exit::Error;
        }
        let count = loaded.desired.environments.len();
        let what = if count == 1 { "environment" } else { "environments" };
        output.remark(&format!("ok: {count} {what}, nothing wrong\n"));
        Exit::Success
    }
}
