//! A fix as manifests: documents to add, or lines in the documents that manage the subject already.
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use jiff::civil::Date;
use serde_json::{Value, json};

use crate::compile::desired::{DesiredEnvironment, List};
use crate::compile::{compile, has_errors};
use crate::explain::fix::{self, Grant};
use crate::explain::{Question, Verdict, answer};
use crate::inventory::{Inventory, Lookup};
use crate::kinds::Reconcile;
use crate::kinds::flow::shares::FlowShares;
use crate::ledger::Key;
use crate::manifest::{self, Sources};
use crate::names::{BuiltInRole, FlowName, Ref, Role, RoleName, folded};
use crate::plan::plan;
use crate::principal::Principal;

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

/// The list of the manifests that speaks of a grant's subject already.
fn list_of<'a>(inventory: &Inventory, desired: &'a DesiredEnvironment, grant: &Grant) -> Option<&'a List> {
    let of_flow = |flow: &Ref<crate::names::Flow>| {
        let means = |name: &FlowName| match inventory.flow(name) {
            Lookup::One(flows) => flows.len() == 1 && flows[0].id == flow.id,
            Lookup::None | Lookup::Many(_) | Lookup::Unreadable(_) => false,
        };
        desired.flows.iter().filter(move |document| means(&document.flow.value)).collect::<Vec<_>>()
    };
    match grant {
        Grant::Assign { role, .. } => {
            let means = |name: &RoleName| inventory.role(name).one().is_some_and(|found| found.id == role.id);
            let mut documents = desired.assignments.iter().filter(|document| document.business_unit.is_none());
            documents.find(|document| means(&document.role.value)).map(|document| &document.members)
        }
        Grant::Share { flow, .. } => of_flow(flow).into_iter().find_map(|document| document.run_only_users.as_ref()),
        Grant::Reader { flow, .. } => {
            of_flow(flow).into_iter().find_map(|document| document.reference_readers.as_ref())
        }
        Grant::NewRole(_) | Grant::Privilege { .. } => None,
    }
}

/// Puts a member into a list, in the style that the list is written in.
fn insert(sources: &Sources, list: &List, member: &str) -> Option<Edit> {
    let file = &list.place.file;
    let lines: Vec<&str> = sources.text(file)?.lines().collect();
    let start = usize::try_from(list.place.line).ok()?.checked_sub(1)?;
    let from = usize::try_from(list.place.column).ok()?.saturating_sub(1);
    let opening = |at: usize, line: &str| {
        let begin = if at == start { line.char_indices().nth(from).map_or(line.len(), |(byte, _)| byte) } else { 0 };
        // The list itself may begin where it is said to stand, or after the word `members:`.
        if line[begin..].starts_with('[') {
            Some(begin)
        } else {
            line[begin..].find("members:").map(|found| begin + found + 8)
        }
    };
    let (at, after) =
        lines.iter().enumerate().skip(start).take(8).find_map(|(at, line)| Some((at, opening(at, line)?)))?;
    let line = lines[at];
    let edit = |line: usize, before: &str, after: String| {
        Some(Edit { file: file.clone(), line: line + 1, before: before.to_owned(), after })
    };
    if line[after..].trim_start().starts_with('[') {
        let close = closing(line, after)?;
        let open = after + line[after..].find('[')?;
        let separator = if line[open + 1..close].trim().is_empty() { "" } else { ", " };
        return edit(at, line, format!("{}{separator}{{ {member} }}{}", line[..close].trim_end(), &line[close..]));
    }
    let first = lines.get(at + 1)?;
    let indent = first.len() - first.trim_start().len();
    first.trim_start().starts_with('-').then_some(())?;
    edit(at + 1, first, format!("{}- {member}\n{first}", " ".repeat(indent)))
}

/// Where the bracket closes that opens behind a place, if it does so in the line.
fn closing(line: &str, from: usize) -> Option<usize> {
    let (mut depth, mut quote) = (0_i32, None);
    for (at, letter) in line.char_indices().filter(|(at, _)| *at >= from) {
        match (quote, letter) {
            (Some(open), _) if open == letter => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(letter),
            (None, '[' | '{') => depth += 1,
            (None, ']' | '}') => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            (None, _) => {}
        }
    }
    None
}

/// The principal of a grant as a member of a list.
fn member(grant: &Grant) -> String {
    let principal = match grant {
        Grant::Assign { to, .. } => to,
        Grant::Share { with, .. } | Grant::Reader { with, .. } => with,
        Grant::NewRole(_) | Grant::Privilege { .. } => return String::new(),
    };
    match principal {
        Principal::User { name, .. } if name.contains('@') => format!("user: {}", scalar(name)),
        Principal::User { name, id } => format!("user: {{ id: {id}, name: {} }}", scalar(name)),
        Principal::Group { name, id, membership } => {
            format!("group: {{ id: {id}, name: {}, membership: {} }}", scalar(name), membership.key())
        }
        Principal::Application { name, id } => format!("application: {{ appId: {id}, name: {} }}", scalar(name)),
        Principal::Team { id, .. } => format!("team: {{ id: {id} }}"),
        Principal::Everyone | Principal::Unnamed { .. } => String::new(),
    }
}

/// A word as YAML takes it: plain where nothing in it means anything, in quotes otherwise.
fn scalar(text: &str) -> String {
    let is_plain = text.chars().next().is_some_and(char::is_alphabetic)
        && text.chars().all(|letter| letter.is_alphanumeric() || "@._- ".contains(letter))
        && text.trim() == text
        && !["true", "false", "null", "yes", "no", "on", "off"].contains(&folded(text).as_str());
    if is_plain { text.to_owned() } else { json!(text).to_string() }
}

/// Documents that say what grants are.
fn documents(inventory: &Inventory, environment: &str, question: &Question, grants: &[Grant]) -> String {
    let mut roles: BTreeMap<Ref<Role>, Vec<&Grant>> = BTreeMap::new();
    let mut made: BTreeSet<&Ref<Role>> = BTreeSet::new();
    let mut assigned: BTreeMap<&Ref<Role>, Vec<String>> = BTreeMap::new();
    let (mut shares, mut readers) = (Vec::new(), BTreeSet::new());
    for grant in grants {
        match grant {
            Grant::NewRole(role) => _ = made.insert(role),
            Grant::Privilege { role, .. } => roles.entry(role.clone()).or_default().push(grant),
            Grant::Assign { role, .. } => assigned.entry(role).or_default().push(member(grant)),
            Grant::Share { .. } => shares.push(member(grant)),
            Grant::Reader { .. } => _ = readers.insert(member(grant)),
        }
    }
    let mut out = String::new();
    let slug = slug(&format!("{} {}", question.person.name(), question.flow.name));
    for role in made {
        begin(&mut out, "SecurityRole", &format!("explain-{slug}"), environment);
        let _ = writeln!(out, "  role: {}", scalar(&role.name));
        privileges(&mut out, roles.get(role).map(Vec::as_slice).unwrap_or_default());
    }
    for (at, (role, members)) in assigned.into_iter().enumerate() {
        begin(&mut out, "RoleAssignment", &format!("explain-{slug}-{}", at + 1), environment);
        let _ = writeln!(out, "  role: {}", role_spec(inventory, role));
        list(&mut out, "  ", &members);
    }
    if !shares.is_empty() || !readers.is_empty() {
        begin(&mut out, "Flow", &format!("explain-{slug}"), environment);
        let _ = writeln!(out, "  flow: {}", flow_spec(inventory, question));
        if !shares.is_empty() {
            out.push_str("  runOnlyUsers:\n");
            list(&mut out, "    ", &shares);
        }
        if !readers.is_empty() {
            out.push_str("  referenceReaders:\n");
            list(&mut out, "    ", &readers.into_iter().collect::<Vec<_>>());
        }
    }
    out
}

fn begin(out: &mut String, kind: &str, name: &str, environment: &str) {
    if !out.is_empty() {
        out.push_str("---\n");
    }
    let environment = scalar(environment);
    let _ = write!(
        out,
        "apiVersion: powergrant.dev/v1alpha1\nkind: {kind}\nmetadata: {{ name: {name} }}\nenvironments: [{environment}]\nspec:\n"
    );
}

fn list(out: &mut String, indent: &str, members: &[String]) {
    let _ = writeln!(out, "{indent}members:");
    for member in members {
        let _ = writeln!(out, "{indent}  - {member}");
    }
}

fn privileges(out: &mut String, grants: &[&Grant]) {
    let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut others = Vec::new();
    for grant in grants {
        let Grant::Privilege { privilege, depth, .. } = grant else { continue };
        match (&privilege.table, privilege.operation) {
            (Some(table), Some(operation)) => {
                tables.entry(scalar(table)).or_default().push(format!("{operation}: {}", depth.key()));
            }
            (None, _) | (_, None) => others.push(format!("{}: {}", privilege.name, depth.key())),
        }
    }
    if !tables.is_empty() {
        out.push_str("  privileges:\n");
        for (table, operations) in tables {
            let _ = writeln!(out, "    {table}: {{ {} }}", operations.join(", "));
        }
    }
    if !others.is_empty() {
        let _ = writeln!(out, "  miscellaneous: {{ {} }}", others.join(", "));
    }
}

fn role_spec(inventory: &Inventory, role: &Ref<Role>) -> String {
    let built_in = BuiltInRole::ALL
        .into_iter()
        .find(|built_in| inventory.role(&RoleName::BuiltIn(*built_in)).one().is_some_and(|found| found.id == role.id));
    if let Some(built_in) = built_in {
        let key: Value = json!(built_in);
        return format!("{{ builtIn: {} }}", key.as_str().unwrap_or_default());
    }
    match inventory.role(&RoleName::Name(role.name.to_string())) {
        Lookup::Many(_) => format!("{{ id: {}, name: {} }}", role.id, scalar(&role.name)),
        Lookup::One(_) | Lookup::None | Lookup::Unreadable(_) => scalar(&role.name),
    }
}

fn flow_spec(inventory: &Inventory, question: &Question) -> String {
    match inventory.flow(&FlowName::Name(question.flow.name.to_string())) {
        Lookup::One(_) => scalar(&question.flow.name),
        Lookup::Many(_) | Lookup::None | Lookup::Unreadable(_) => {
            format!("{{ id: {}, name: {} }}", question.flow.id, scalar(&question.flow.name))
        }
    }
}

fn slug(text: &str) -> String {
    let words: String = text
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' })
        .collect();
    words.split('-').filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-")
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::Place;

    fn inserted(text: &str, line: u32, column: u32) -> Option<String> {
        let mut sources = Sources::default();
        sources.add("a.yaml".into(), text.to_owned());
        let place = Place { file: "a.yaml".into(), line, column, length: 1 };
        let list = List { place, extent: None, allow_empty: false, members: Vec::new() };
        let edit = insert(&sources, &list, "user: ada@contoso.com")?;
        Some(patched("a.yaml", text, &[edit]))
    }

    #[test]
    fn a_member_is_written_in_the_style_of_its_list() {
        let flow = "spec:\n  runOnlyUsers: { extent: exact, members: [\"${x}\", { user: 'b]' }] } # who\n";
        let expected = flow.replace("{ user: 'b]' }]", "{ user: 'b]' }, { user: ada@contoso.com }]");
        assert_eq!(inserted(flow, 2, 17), Some(expected));
        let empty = "spec:\n  members: []\n";
        assert_eq!(inserted(empty, 2, 3), Some("spec:\n  members: [{ user: ada@contoso.com }]\n".to_owned()));
        let block = "spec:\n  runOnlyUsers:\n    members:\n      - user: bob@contoso.com\n      - ${x}\n";
        let expected = block.replace("      - user: bob", "      - user: ada@contoso.com\n      - user: bob");
        assert_eq!(inserted(block, 2, 3), Some(expected));
    }

    #[test]
    fn names_that_mean_something_to_yaml_are_quoted() {
        assert_eq!(scalar("Flow Runner"), "Flow Runner");
        for odd in ["yes", "a: b", "- x", "7", "#1", " x", "a, b"] {
            assert_eq!(scalar(odd), json!(odd).to_string());
        }
    }
}
