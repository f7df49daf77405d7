//! A fix as manifests: documents to add, or lines in the documents that manage the subject already.
mod documents;
mod list;

use std::sync::Arc;

use jiff::civil::Date;

use crate::compile::desired::DesiredEnvironment;
use crate::compile::{compile, has_errors};
use crate::explain::fix::{self, Grant};
use crate::explain::{Question, Verdict, answer};
use crate::inventory::Inventory;
use crate::kinds::Reconcile;
use crate::kinds::flow::shares::FlowShares;
use crate::ledger::Key;
use crate::manifest::{self, Sources};
use crate::names::{Ref, Role};
use crate::plan::plan;

use documents::{documents, member};
use list::{insert, list_of};

/// What manifests have to say so that a fix holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patch {
    /// Lines in files that are there.
    pub edits: Vec<Edit>,
    /// Documents to add; empty when lines are enough.
    pub documents: String,
}

/// One line of a file, as it is and as it has to be; `after` may be two lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The file.
    pub file: Arc<str>,
    /// The number of the line.
    pub line: usize,
    /// The line as it is.
    pub before: String,
    /// What stands there afterwards.
    pub after: String,
}

/// What lets the person run the flow.
#[derive(Clone, Debug, PartialEq)]
pub enum Remedy {
    /// The manifests want it already.
    Apply,
    /// Manifests have to say more.
    Change {
        /// What is granted.
        grants: Vec<Grant>,
        /// How manifests say it.
        patch: Patch,
    },
    /// Something is missing that manifests cannot give.
    Beyond,
}

/// Finds what lets the person run the flow.
pub fn remedy(inventory: &Inventory, question: &Question, manifests: Option<&Manifests<'_>>) -> Remedy {
    if manifests.is_some_and(|manifests| is_wanted_already(inventory, question, manifests.desired)) {
        return Remedy::Apply;
    }
    let known = manifests.map(|manifests| assigned_roles(inventory, manifests.desired)).unwrap_or_default();
    match fix::find(inventory, question, &known) {
        Some(grants) => Remedy::Change { patch: patch(inventory, question, &grants, manifests), grants },
        None => Remedy::Beyond,
    }
}

/// The manifests of a run, to try a patch on.
pub struct Manifests<'a> {
    /// The text of each file.
    pub sources: &'a Sources,
    /// What they want of the environment.
    pub desired: &'a DesiredEnvironment,
    /// The day.
    pub today: Date,
}

/// Whether the person can run the flow once the manifests are applied as they are.
pub fn is_wanted_already(inventory: &Inventory, question: &Question, desired: &DesiredEnvironment) -> bool {
    let after = plan(desired, inventory).after;
    answer(&after, question, crate::access::Moment::NextAccess) == Verdict::Can
}

/// Writes a fix into manifests: into the lists that speak of the subject where that is proven to work, else as documents.
pub fn patch(inventory: &Inventory, question: &Question, grants: &[Grant], manifests: Option<&Manifests<'_>>) -> Patch {
    let environment = &inventory.environment.name;
    let whole = Patch { edits: Vec::new(), documents: documents(inventory, environment, question, grants) };
    let Some(manifests) = manifests else { return whole };
    let mut edits: Vec<Edit> = Vec::new();
    let mut rest = Vec::new();
    for grant in grants {
        let edit = list_of(inventory, manifests.desired, grant)
            .and_then(|list| insert(manifests.sources, list, &member(grant)));
        match edit {
            // Two edits of one line would each be made of the line as it was.
            Some(edit) if edits.iter().all(|other| (&other.file, other.line) != (&edit.file, edit.line)) => {
                edits.push(edit);
            }
            Some(_) if edits.iter().any(|other| other.after.contains(&member(grant))) => {}
            Some(_) | None => rest.push(grant.clone()),
        }
    }
    let patch = Patch { edits, documents: documents(inventory, environment, question, &rest) };
    if !patch.edits.is_empty() && holds(inventory, question, manifests, &patch) { patch } else { whole }
}

/// Whether manifests with a patch let the person run the flow when they are applied: they are read and planned again.
fn holds(inventory: &Inventory, question: &Question, manifests: &Manifests<'_>, patch: &Patch) -> bool {
    let mut files: Vec<(String, String)> =
        manifests.sources.files().map(|(file, text)| (file.to_string(), patched(file, text, &patch.edits))).collect();
    if !patch.documents.is_empty() {
        files.push(("fix.yaml".to_owned(), patch.documents.clone()));
    }
    let loaded = manifest::load(files.into_iter().map(|(file, text)| (file, Ok(text))));
    let only = [inventory.environment.name.to_string()];
    let (desired, findings) = compile(&loaded.documents, manifests.today, &only);
    if has_errors(&findings) || has_errors(&loaded.findings) {
        return false;
    }
    desired.environments.first().is_some_and(|desired| is_wanted_already(inventory, question, desired))
}

/// A file with its edits.
pub fn patched(file: &str, text: &str, edits: &[Edit]) -> String {
    let mut out = String::new();
    for (at, line) in text.split_inclusive('\n').enumerate() {
        match edits.iter().find(|edit| &*edit.file == file && edit.line == at + 1) {
            Some(edit) => {
                let end = &line[line.trim_end_matches(['\n', '\r']).len()..];
                out.push_str(&edit.after);
                out.push_str(if end.is_empty() { "\n" } else { end });
            }
            None => out.push_str(line),
        }
    }
    out
}

/// The grants in words, one a line.
pub fn words(grants: &[Grant]) -> Vec<String> {
    let said = grants.iter().map(|grant| match grant {
        Grant::NewRole(role) => format!("make the security role {role}"),
        Grant::Assign { role, to } => format!("assign {role} to {to}"),
        Grant::Privilege { role, privilege, depth } => {
            let entry = crate::kinds::security_role::entry::Entry::Privilege(privilege.clone());
            let entry = entry.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
            format!("give {role} {entry} at {depth}")
        }
        Grant::Share { flow, with } => {
            format!("share {} with {with} as run-only user", FlowShares::heading(flow).replace(", shares", ""))
        }
        Grant::Reader { reference, with, .. } => format!("share connection reference {reference} with {with} to read"),
    });
    said.collect()
}

/// The roles that manifests assign, which a fix may assign too.
pub fn assigned_roles(inventory: &Inventory, desired: &DesiredEnvironment) -> Vec<Ref<Role>> {
    let named = desired.assignments.iter().filter(|document| document.business_unit.is_none());
    let found = named.filter_map(|document| inventory.role(&document.role.value).one());
    let mut roles: Vec<Ref<Role>> = found.collect();
    roles.sort_by_key(Key::key);
    roles.dedup();
    roles
}
