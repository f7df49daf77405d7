//! Documents and the day they are read on become `Desired`.
use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::compile::desired::{Desired, DesiredEnvironment, Environment};
use crate::finding::{Finding, Severity, did_you_mean};
use crate::manifest::Document;
use crate::manifest::document::Addressed;
use crate::manifest::envelope::Kind;
use crate::names::{Text, folded};
use crate::place::Place;
use crate::rules::Rule;

mod contradictions;
pub mod desired;
mod environment;
mod known;
mod specs;

#[cfg(test)]
mod tests;

/// Makes of documents what they want of each environment on a day, and says everything that is wrong with them.
///
/// `only` says which environments are asked for, by name or by the organisation's address; empty means all. What is returned is complete only if no finding
/// is an error.
pub fn compile(documents: &[Document], today: Date, only: &[String]) -> (Desired, Vec<Finding>) {
    let mut findings = Vec::new();
    report_duplicates(documents, &mut findings);
    let environments = environments(documents, &mut findings);
    let names: BTreeSet<_> = documents
        .iter()
        .filter(|document| document.kind == Kind::Environment)
        .map(|document| document.name.value.as_str())
        .collect();
    report_unknown(only, &names, &environments, &mut findings);
    report_addresses(documents, &names, &mut findings);
    let mut desired = Desired::default();
    for (document, environment) in environments {
        if !only.is_empty() && !only.iter().any(|asked| is_asked(asked, &environment)) {
            continue;
        }
        let mut wanted = DesiredEnvironment::nothing_of(environment, today);
        for addressed in documents.iter().filter(|addressed| is_for(addressed, document)) {
            if addressed.is_sound {
                specs::add(addressed, document.variables(), today, &mut wanted, &mut findings);
            } else {
                findings.append(&mut addressed.undefined(document.variables()));
            }
        }
        contradictions::report(&wanted, &mut findings);
        desired.environments.push(wanted);
    }
    desired.environments.sort_by(|left, right| left.environment.name.cmp(&right.environment.name));
    // One mistake of a document that many environments share is one finding.
    findings.sort();
    findings.dedup();
    (desired, findings)
}

/// The organisations' addresses among `only` that no Environment document has.
pub fn addresses_alone<'only>(documents: &[Document], only: &'only [String]) -> Vec<&'only str> {
    let environments = environments(documents, &mut Vec::new());
    let is_known = |asked: &str| environments.iter().any(|(_, environment)| is_asked(asked, environment));
    only.iter().map(String::as_str).filter(|asked| asked.contains("://") && !is_known(asked)).collect()
}

impl Desired {
    /// What is wanted of the environment of this name.
    pub fn named(&self, name: &str) -> Option<&DesiredEnvironment> {
        self.environments.iter().find(|desired| desired.environment.name.as_str() == name)
    }

    /// Whether nothing is wanted of any environment.
    pub fn is_empty(&self) -> bool {
        self.environments.iter().all(|wanted| {
            let DesiredEnvironment {
                today: _,
                environment: _,
                roles,
                assignments,
                environment_roles,
                flows,
                policies: _,
            } = wanted;
            roles.is_empty() && assignments.is_empty() && environment_roles.is_empty() && flows.is_empty()
        })
    }
}

/// Whether any finding is an error, so that nothing may be written.
pub fn has_errors(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.severity == Severity::Error)
}

/// Reads every Environment document, once each.
fn environments<'run>(documents: &'run [Document], findings: &mut Vec<Finding>) -> Vec<(&'run Document, Environment)> {
    let mut environments = Vec::new();
    let mut names = BTreeSet::new();
    let mut addresses = BTreeMap::new();
    for document in documents.iter().filter(|document| document.kind == Kind::Environment && document.is_sound) {
        if let Some(environment) = environment::read(document, findings)
            && names.insert(&document.name.value)
        {
            report_same(&environment, &mut addresses, findings);
            environments.push((document, environment));
        }
    }
    environments
}

/// Two Environment documents that are one environment would both be planned, each without the other.
fn report_same(
    environment: &Environment,
    addresses: &mut BTreeMap<String, (Text, Place)>,
    findings: &mut Vec<Finding>,
) {
    for address in environment.url.iter().chain(&environment.environment_id) {
        let own = (environment.name.clone(), address.place.clone());
        if let Some((other, first)) = addresses.get(&folded(&address.value)) {
            let message = format!("{other} and {} are one environment, `{}`", environment.name, address.value);
            findings.push(
                Finding::error(Rule::DuplicateEnvironment, &address.place, message)
                    .also(first, "first here")
                    .hint("keep one of the two documents"),
            );
        } else {
            addresses.insert(folded(&address.value), own);
        }
    }
}

fn report_duplicates(documents: &[Document], findings: &mut Vec<Finding>) {
    let mut seen: BTreeMap<(Kind, &str), &Document> = BTreeMap::new();
    for document in documents.iter().filter(|document| !document.name.value.is_empty()) {
        let first = *seen.entry((document.kind, &document.name.value)).or_insert(document);
        if !std::ptr::eq(first, document) {
            let message = format!("there are two {} documents named `{}`", document.kind, document.name.value);
            findings.push(
                Finding::error(Rule::DuplicateDocument, &document.name.place, message)
                    .also(&first.name.place, "first here")
                    .hint("give one of them another name"),
            );
        }
    }
}

/// Whether an environment is meant: by the name of its document, or by its organisation's address.
fn is_asked(asked: &str, environment: &Environment) -> bool {
    let address = asked.trim_end_matches('/');
    let has_address = environment.url.as_ref().is_some_and(|url| folded(&url.value) == folded(address));
    *asked == *environment.name || has_address
}

fn report_unknown(
    only: &[String],
    names: &BTreeSet<&str>,
    environments: &[(&Document, Environment)],
    findings: &mut Vec<Finding>,
) {
    for asked in only.iter().filter(|asked| !names.contains(asked.as_str())) {
        if environments.iter().any(|(_, environment)| is_asked(asked, environment)) {
            continue;
        }
        let finding = |message| Finding::new(Severity::Error, Rule::UnknownEnvironment, None, message);
        findings.push(if asked.contains("://") {
            let addresses: Vec<&str> = environments
                .iter()
                .filter_map(|(_, environment)| Some(environment.url.as_ref()?.value.as_str()))
                .collect();
            let known = if addresses.is_empty() { "there is none".to_owned() } else { addresses.join(", ") };
            finding(format!("no Environment document has the address `{asked}`")).hint(format!("addresses: {known}"))
        } else {
            suggest(finding(format!("no Environment document is named `{asked}`")), asked, names)
        });
    }
}

fn report_addresses(documents: &[Document], names: &BTreeSet<&str>, findings: &mut Vec<Finding>) {
    for document in documents {
        match &document.environments {
            Some(Addressed::Names(wanted)) => {
                if wanted.is_empty() && document.is_sound {
                    let message = format!("`{}` is for no environment", document.name.value);
                    findings.push(Finding::error(Rule::UnknownEnvironment, &document.place, message).hint(ADDRESS));
                }
                for name in wanted.iter().filter(|name| !names.contains(name.value.as_str())) {
                    let message = format!("no Environment document is named `{}`", name.value);
                    let finding = Finding::error(Rule::UnknownEnvironment, &name.place, message);
                    findings.push(suggest(finding, &name.value, names));
                }
            }
            Some(Addressed::Selector { labels, place }) => {
                let written: Vec<_> = labels.iter().map(|(key, value)| format!("{key}: {value}")).collect();
                if labels.is_empty() {
                    let message = "a selector without labels would select every environment".to_owned();
                    findings.push(Finding::error(Rule::UnknownEnvironment, place, message).hint(ADDRESS));
                } else if !documents.iter().any(|environment| is_for(document, environment)) {
                    let message = format!("no Environment document has the labels `{}`", written.join(", "));
                    findings.push(Finding::error(Rule::UnknownEnvironment, place, message));
                }
            }
            None => {}
        }
    }
}

const ADDRESS: &str = "name environments, or select labels: `environments: { selector: { stage: prod } }`";

fn suggest(finding: Finding, written: &str, names: &BTreeSet<&str>) -> Finding {
    match did_you_mean(written, names.iter().copied()) {
        Some(meant) => finding.hint(format!("did you mean `{meant}`?")),
        None if names.is_empty() => finding.hint("there is no Environment document in these paths"),
        None => finding.hint(format!("there are {}", names.iter().copied().collect::<Vec<_>>().join(", "))),
    }
}

/// Whether a document is for the environment of another one.
fn is_for(document: &Document, environment: &Document) -> bool {
    environment.kind == Kind::Environment
        && match &document.environments {
            Some(Addressed::Names(names)) => names.iter().any(|name| name.value == environment.name.value),
            Some(Addressed::Selector { labels, place: _ }) => {
                !labels.is_empty() && labels.iter().all(|(key, value)| environment.labels.get(key) == Some(value))
            }
            None => false,
        }
}
