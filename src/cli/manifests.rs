//! From paths to what manifests want, with everything that is wrong said at once.
use std::path::PathBuf;

use jiff::civil::Date;

use super::Global;
use super::files;
use super::output::Output;
use crate::compile::desired::Desired;
use crate::compile::{self, has_errors};
use crate::finding::Finding;
use crate::manifest::{self, Sources};

/// What manifests want, and their text for excerpts.
pub struct Loaded {
    /// What is wanted.
    pub desired: Desired,
    /// The text of the files.
    pub sources: Sources,
    /// Everything that is wrong, or worth knowing.
    pub findings: Vec<Finding>,
}

/// Loads and compiles manifests.
pub fn load(paths: &[PathBuf], global: &Global, today: Date) -> Loaded {
    let paths = if paths.is_empty() { vec![PathBuf::from(".")] } else { paths.to_vec() };
    let manifests = manifest::load(files::read(&paths));
    let (desired, compiled) = compile::compile(&manifests.documents, today, &global.environments);
    let mut findings = manifests.findings;
    findings.extend(compiled);
    findings.sort();
    findings.dedup();
    Loaded { desired, sources: manifests.sources, findings }
}

impl Loaded {
    /// Prints the findings; says whether one of them is an error.
    pub fn report(&self, output: &mut Output) -> bool {
        output.findings(&self.findings, &self.sources);
        has_errors(&self.findings)
    }
}
