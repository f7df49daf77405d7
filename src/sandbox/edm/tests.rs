//! The models are held against published ones: every name in them stands there, with the same type, key and binding.
#![expect(clippy::print_stderr, reason = "a test that is passed over says so, and the others tell their counts")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use roxmltree::{Document, Node};
use serde_json::{Value, json};

use super::published::{TABLES, UNPUBLISHED};
use super::{arguments, body, dataverse, find, graph};
use crate::sandbox::schema::{Table, built_in};

/// One model, as far as it is compared: what a name stands for, and its type.
type Facts = BTreeMap<String, BTreeSet<String>>;

fn attribute<'a>(node: &Node<'a, '_>, name: &str) -> Option<&'a str> {
    node.attribute(name)
}

/// Says what a document says, one fact a name: `type.property` is of a type, `type` has a base and a key, an operation has a binding.
fn facts(xml: &str, facts: &mut Facts) {
    let document = Document::parse(xml).unwrap();
    let mut add = |name: String, fact: String| {
        facts.entry(name).or_default().insert(fact);
    };
    for node in document.descendants().filter(Node::is_element) {
        let name = attribute(&node, "Name").unwrap_or_default();
        match node.tag_name().name() {
            kind @ ("EntityType" | "ComplexType" | "EnumType") => {
                add(format!("{kind} {name}"), String::new());
                for part in node.children().filter(Node::is_element) {
                    let inner = attribute(&part, "Name").unwrap_or_default();
                    match part.tag_name().name() {
                        "Key" => {
                            let keys = part.children().filter_map(|key| attribute(&key, "Name"));
                            add(format!("key of {name}"), keys.collect::<Vec<_>>().join(","));
                        }
                        "Property" | "NavigationProperty" => {
                            let kind =
                                attribute(&part, "Type").or_else(|| attribute(&part, "WadlType")).unwrap_or_default();
                            add(format!("{name}.{inner}"), kind.to_owned());
                        }
                        "Member" => {
                            add(format!("{name}.{inner}"), attribute(&part, "Value").unwrap_or_default().to_owned());
                        }
                        _ => {}
                    }
                }
            }
            "Function" | "Action" => {
                let mut parts =
                    vec![node.tag_name().name().to_owned(), attribute(&node, "IsBound").unwrap_or_default().to_owned()];
                let spoken = node.children().filter(Node::is_element);
                let spoken = spoken.filter(|part| matches!(part.tag_name().name(), "Parameter" | "ReturnType"));
                parts.extend(spoken.map(|part| {
                    let [name, kind] = ["Name", "Type"].map(|name| attribute(&part, name).unwrap_or_default());
                    format!("{name}:{kind}")
                }));
                add(format!("operation {name}"), parts.join(" "));
            }
            _ => {}
        }
    }
}

/// The coarse types of one extract, in which an id is a text.
fn is_same(found: &str, published: &str) -> bool {
    found == published
        || matches!(
            (found, published),
            ("Edm.Guid" | "Edm.String" | "mscrm.PrivilegeDepth" | "mscrm.AccessRights", "string")
                | ("Edm.Int32" | "Edm.Int64", "integer")
                | ("Edm.Boolean", "boolean")
                // Written so by the tool that made the extract.
                | ("Edm.DateTimeOffset" , "dateTimeString")
        )
        || (found.starts_with("Collection(mscrm.") && published == "dateTimeString")
}

/// Compares; returns how many facts were proven, and the names of those that were not.
fn compare(xml: &str, published: &[&str]) -> (usize, BTreeSet<String>) {
    let (mut ours, mut theirs) = (Facts::new(), Facts::new());
    facts(xml, &mut ours);
    for xml in published {
        facts(xml, &mut theirs);
    }
    let (mut proven, mut unproven) = (0, BTreeSet::new());
    for (name, found) in &ours {
        // Some extracts have a complex type as an entity type, for want of a better place.
        let published = theirs.get(name).or_else(|| theirs.get(&name.replacen("ComplexType ", "EntityType ", 1)));
        for fact in found {
            if published.is_some_and(|published| published.iter().any(|published| is_same(fact, published))) {
                proven += 1;
            } else {
                unproven.insert(name.clone());
            }
        }
    }
    (proven, unproven)
}

/// Reads an extract of the corpus; nothing when there is no corpus.
fn extract(name: &str) -> Option<String> {
    let Some(folder) = std::env::var_os("POWERGRANT_CORPUS") else {
        eprintln!("passed over: POWERGRANT_CORPUS names no corpus of published models");
        return None;
    };
    Some(std::fs::read_to_string(PathBuf::from(folder).join(name)).unwrap())
}

/// Tells a figure, and holds the page of conformance to it.
fn counted(what: &str, figure: usize) {
    let row = format!("| {what} | {figure} |");
    eprintln!("{row}");
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/conformance/README.md")).unwrap();
    let is_there = page.lines().any(|line| line == row);
    assert!(is_there, "tests/conformance/README.md has another count; its table has to have the line `{row}`");
}

fn tables() -> Vec<&'static Table> {
    built_in().iter().collect()
}

fn web_api() -> String {
    dataverse(&tables()).into_xml()
}

#[test]
fn every_name_of_the_web_apis_metadata_is_published_with_the_same_type() {
    let (Some(verbatim), Some(cloud)) = (extract("csdl-extract.xml"), extract("csdl-extract-cloud.xml")) else {
        return;
    };
    let (proven, unproven) = compare(&web_api(), &[&verbatim, &cloud]);
    assert!(unproven.is_empty(), "{unproven:?}");
    counted("names of the Web API's `$metadata`, all of them published", proven);
    assert!(proven > 500, "{proven}");
}

#[test]
fn every_name_of_graphs_metadata_is_published_with_the_same_type() {
    let Some(published) = extract("graph-csdl-extract.xml") else { return };
    let (proven, unproven) = compare(&graph().into_xml(), &[&published]);
    assert!(unproven.is_empty(), "{unproven:?}");
    counted("names of Graph's `$metadata`, all of them published", proven);
    assert!(proven > 30, "{proven}");
}

#[test]
fn what_is_left_out_of_metadata_is_served_and_is_not_published() {
    let extracts = ["csdl-extract.xml", "csdl-extract-cloud.xml", "graph-csdl-extract.xml"].map(extract);
    let [Some(verbatim), Some(cloud), Some(of_graph)] = extracts else { return };
    let (_, mut unproven) = compare(&dataverse(&tables()).whole_xml(), &[&verbatim, &cloud]);
    unproven.extend(compare(&graph().whole_xml(), &[&of_graph]).1);
    // Of Graph's property the extract has the name, but not what it is made of.
    let excused = |name: &str| name.starts_with("set ") || name == "user.assignedPlans";
    let proven: Vec<_> = UNPUBLISHED.iter().filter(|name| !excused(name) && !unproven.contains(**name)).collect();
    assert!(proven.is_empty(), "these are published and need not be left out: {proven:?}");
    let proven: Vec<_> = TABLES.iter().filter(|name| !unproven.contains(&format!("EntityType {name}"))).collect();
    assert!(proven.is_empty(), "these are published and need not be left out: {proven:?}");
    counted(
        "names and tables that are served and in no published model, so that they stand not in `$metadata`",
        UNPUBLISHED.len() + TABLES.len(),
    );
}

#[test]
fn a_model_that_was_damaged_is_noticed() {
    let Some(verbatim) = extract("csdl-extract.xml") else { return };
    let cloud = extract("csdl-extract-cloud.xml").unwrap();
    let (_, honest) = compare(&web_api(), &[&verbatim, &cloud]);
    let damages = [
        ("Name=\"isinherited\"", "Name=\"isInherited\"", "role.isInherited"),
        ("Name=\"isinherited\" Type=\"Edm.Int32\"", "Name=\"isinherited\" Type=\"Edm.Boolean\"", "role.isinherited"),
        ("Name=\"Basic\"", "Name=\"basic\"", "PrivilegeDepth.basic"),
        ("Name=\"ShareAccess\" Value=\"262144\"", "Name=\"ShareAccess\" Value=\"262145\"", "AccessRights.ShareAccess"),
        ("PropertyRef Name=\"workflowid\"", "PropertyRef Name=\"name\"", "key of workflow"),
        ("Name=\"Revokee\"", "Name=\"Principal\"", "operation RevokeAccess"),
        (
            "Name=\"ReplacePrivilegesRole\" IsBound=\"true\"",
            "Name=\"ReplacePrivilegesRole\"",
            "operation ReplacePrivilegesRole",
        ),
    ];
    for (from, to, name) in damages {
        let damaged = web_api().replace(from, to);
        assert_ne!(damaged, web_api(), "{from} is not in the model");
        let (_, found) = compare(&damaged, &[&verbatim, &cloud]);
        assert!(found.difference(&honest).any(|found| found == name), "{from} → {to}");
    }
}

#[test]
fn calls_are_checked_against_the_model() {
    let operation = find("AddPrivilegesRole", Some("role")).unwrap();
    let privilege = "9d5e4741-3403-42d2-90b4-a561b3f94f52";
    let given = |value: Value| body(operation, value.as_object().unwrap()).map_err(|fault| fault.status);
    assert_eq!(given(json!({ "Privileges": [{ "PrivilegeId": privilege, "Depth": "Basic" }] })), Ok(()));
    assert_eq!(given(json!({ "Privileges": [{ "PrivilegeId": privilege, "Depth": "basic" }] })), Err(400));
    assert_eq!(given(json!({ "Privileges": [{ "PrivilegeId": 4, "Depth": "Basic" }] })), Err(400));
    assert_eq!(given(json!({ "Privileges": [{ "Privilege": privilege }] })), Err(400));
    assert_eq!(given(json!({ "Privileges": { "PrivilegeId": privilege } })), Err(400));
    assert_eq!(given(json!({ "privileges": [] })), Err(400));
    assert_eq!(find("AddPrivilegesRole", Some("team")), None);
    assert_eq!(find("AddPrivilegesRole", None), None);
    let operation = find("RetrieveRolePrivilegesRole", None).unwrap();
    let given = |name: &str, value: &str| {
        arguments(operation, &BTreeMap::from([(name.to_owned(), value.to_owned())])).map_err(|fault| fault.status)
    };
    assert_eq!(given("RoleId", privilege), Ok(()));
    assert_eq!(given("RoleId", "Flow Runner"), Err(400));
    assert_eq!(given("Role", privilege), Err(400));
}
