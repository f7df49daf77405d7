//! `powergrant check`: manifests without a tenant.
use std::path::PathBuf;

use super::exit::Exit;
use super::output::Output;
use super::{Global, manifests};
use crate::compile::has_errors;
use crate::render;
use crate::review::{baseline, policy};

/// Checks manifests without a tenant: syntax, shapes, names, contradictions. Reports everything at once.
#[derive(Debug, clap::Args)]
pub struct Check {
    /// Files and folders; `.` if none is given, `-` for standard input.
    paths: Vec<PathBuf>,
    /// Checks the rules of Policy documents too.
    #[arg(long)]
    policy: bool,
    /// Other manifests, such as those of the main branch, with which these are compared.
    #[arg(long, value_name = "PATH", requires = "no_new_access")]
    baseline: Vec<PathBuf>,
    /// Fails if anybody could gain anything that the baseline does not give.
    #[arg(long, requires = "baseline")]
    no_new_access: bool,
}

impl Check {
    pub(super) fn run(&self, global: &Global, output: &mut Output) -> Exit {
        let loaded = manifests::load(&self.paths, global, jiff::Zoned::now().date());
        if loaded.report(output) {
            return Exit::Error;
        }
        let mut found = Vec::new();
        if self.policy {
            found.extend(loaded.desired.environments.iter().flat_map(policy::check));
            found.sort();
            found.dedup();
        }
        if self.no_new_access {
            let baseline = manifests::load(&self.baseline, global, jiff::Zoned::now().date());
            if has_errors(&baseline.findings) {
                output.error("error: the baseline is not sound, so nothing can be compared with it\n");
                baseline.report(output);
                return Exit::Error;
            }
            found.extend(baseline::no_longer_exact(&baseline.desired, &loaded.desired));
            found.extend(baseline::new_access(&baseline.desired, &loaded.desired));
        }
        if !found.is_empty() {
            output.error(&render::findings::text(&found, &loaded.sources));
        }
        if has_errors(&found) {
            return Exit::Error;
        }
        let count = loaded.desired.environments.len();
        let what = if count == 1 { "environment" } else { "environments" };
        output.remark(&format!("ok: {count} {what}, nothing wrong\n"));
        Exit::Success
    }
}
