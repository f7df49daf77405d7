//! `powergrant check`: manifests without a tenant.
use std::path::PathBuf;

use super::exit::Exit;
use super::output::Output;
use super::{Global, manifests};
use crate::compile::has_errors;
use crate::finding::Finding;
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
    /// How findings are printed; in JSON and SARIF they are the result, on standard output.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Fails if anybody could gain anything that the baseline does not give.
    #[arg(long, requires = "baseline")]
    no_new_access: bool,
}

/// How findings are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people, with the lines.
    Text,
    /// For programs: a list of findings.
    Json,
    /// For code scanning (SARIF 2.1.0).
    Sarif,
}

impl Check {
    pub(super) fn run(&self, global: &Global, output: &mut Output) -> Exit {
        let loaded = manifests::load(&self.paths, global, jiff::Zoned::now().date());
        if loaded.report(output) {
            self.show(&loaded.findings, output);
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
        output.findings(&found, &loaded.sources);
        self.show(&[loaded.findings.as_slice(), &found].concat(), output);
        if has_errors(&found) {
            return Exit::Error;
        }
        let count = loaded.desired.environments.len();
        let what = if count == 1 { "environment" } else { "environments" };
        output.remark(&format!("ok: {count} {what}, nothing wrong\n"));
        Exit::Success
    }

    /// Prints all findings as a result, where that was asked for; an empty list says that nothing is wrong.
    fn show(&self, findings: &[Finding], output: &mut Output) {
        match self.format {
            Format::Text => {}
            Format::Json => output.result(&render::json::pretty(&render::findings::json(findings))),
            Format::Sarif => output.result(&render::sarif::log(&findings.iter().collect::<Vec<_>>())),
        }
    }
}
