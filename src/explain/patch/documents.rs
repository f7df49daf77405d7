//! Grants as documents of their own.
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::explain::Question;
use crate::explain::fix::Grant;
use crate::foreign::is_hidden;
use crate::inventory::{Inventory, Lookup};
use crate::manifest::yaml::quoted;
use crate::names::{BuiltInRole, FlowName, Ref, Role, RoleName, folded};
use crate::principal::Principal;

/// The principal of a grant as a member of a list.
pub(super) fn member(grant: &Grant) -> String {
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
        && !text.chars().any(is_hidden)
        && text.trim() == text
        && !["true", "false", "null", "yes", "no", "on", "off"].contains(&folded(text).as_str());
    if is_plain { text.to_owned() } else { quoted(text) }
}

/// Documents that say what grants are.
pub(super) fn documents(inventory: &Inventory, environment: &str, question: &Question, grants: &[Grant]) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_mean_something_to_yaml_are_quoted() {
        assert_eq!(scalar("Flow Runner"), "Flow Runner");
        for odd in ["yes", "a: b", "- x", "7", "#1", " x", "a, b"] {
            assert_eq!(scalar(odd), json!(odd).to_string());
        }
        // A letter that nobody sees, and what would act on whoever prints it.
        for (odd, written) in [("a\u{3164}", "\"a\\U00003164\""), ("a::b\u{202e}", "\"a:\\U0000003ab\\U0000202e\"")] {
            assert_eq!(scalar(odd), written);
            assert_eq!(serde_yaml::from_str::<String>(written).unwrap(), odd);
        }
    }
}
