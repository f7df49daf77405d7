//! From paths to what manifests want, with everything that is wrong said at once.
use std::path::PathBuf;

use jiff::civil::Date;

use super::Global;
use super::files;
use super::output::Output;
use super::sign_in;
use crate::compile::desired::{Desired, DesiredEnvironment, Environment};
use crate::compile::{self, has_errors};
use crate::finding::Finding;
use crate::foreign::inert;
use crate::manifest::{self, Manifests, Sources};

/// What manifests want, and their text for excerpts.
pub struct Loaded {
    /// What is wanted.
    pub desired: Desired,
    /// The text of the files.
    pub sources: Sources,
    /// Everything that is wrong, or worth knowing.
    pub findings: Vec<Finding>,
    /// Environments that were asked for by an address that no document has, and that nothing was wanted of.
    unknown: Vec<Environment>,
}

/// Loads and compiles manifests.
pub fn load(paths: &[PathBuf], global: &Global, today: Date) -> Loaded {
    let manifests = read(paths);
    let alone = compile::addresses_alone(&manifests.documents, &global.environments);
    let unknown = alone.into_iter().filter_map(|address| environment(address).ok()).collect();
    compiled(manifests, &global.environments, today, unknown)
}

/// Loads and compiles manifests for a question: an organisation's address that no document has is an environment by itself, of which
/// nothing is wanted. Where there are only such, and no path is given, whatever lies in this folder is none of the question's.
pub(super) fn load_for_question(paths: &[PathBuf], global: &Global, today: Date) -> Loaded {
    let mut manifests = read(paths);
    let asked = &global.environments;
    let alone = compile::addresses_alone(&manifests.documents, asked);
    if alone.is_empty() {
        return compiled(manifests, asked, today, Vec::new());
    }
    let others: Vec<String> = asked.iter().filter(|asked| !alone.contains(&asked.as_str())).cloned().collect();
    if paths.is_empty() && others.is_empty() {
        manifests = Manifests::default();
    }
    let mut loaded = compiled(manifests, &others, today, Vec::new());
    if others.is_empty() {
        loaded.desired.environments.clear();
    }
    for address in alone {
        match environment(address) {
            Ok(environment) => {
                loaded.desired.environments.push(DesiredEnvironment::nothing_of(environment, today));
            }
            Err(finding) => loaded.findings.push(finding),
        }
    }
    loaded.desired.environments.sort_by(|left, right| left.environment.name.cmp(&right.environment.name));
    loaded.desired.environments.dedup_by(|left, right| left.environment.name == right.environment.name);
    loaded
}

fn read(paths: &[PathBuf]) -> Manifests {
    let here = [PathBuf::from(".")];
    manifest::load(files::read(if paths.is_empty() { &here } else { paths }))
}

fn compiled(manifests: Manifests, only: &[String], today: Date, unknown: Vec<Environment>) -> Loaded {
    let (desired, compiled) = compile::compile(&manifests.documents, today, only);
    let mut findings = manifests.findings;
    findings.extend(compiled);
    findings.sort();
    findings.dedup();
    Loaded { desired, sources: manifests.sources, findings, unknown }
}

/// The environment of an organisation's address, in the cloud that its host is of.
fn environment(address: &str) -> Result<Environment, Finding> {
    let mut environment = Environment::from_url(address)?;
    environment.cloud = sign_in::cloud_of(&environment.name);
    Ok(environment)
}

impl Loaded {
    /// Prints the findings, and the document that an address lacks; says whether one of the findings is an error.
    pub fn report(&self, output: &mut Output) -> bool {
        output.findings(&self.findings, &self.sources);
        for environment in &self.unknown {
            let (name, document) = (inert(&environment.name), environment.document());
            output.error(&format!(
                "hint: put this beside the other documents, and name it in them with `environments: [{name}]`:\n\n{document}\n"
            ));
        }
        has_errors(&self.findings)
    }
}
