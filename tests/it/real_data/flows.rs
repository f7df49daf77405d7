//! Cloud flows: exported with solutions and in packages.
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use powergrant::clientdata::{edit, facts};
use powergrant::request::{Edit, ModeEdit, ModeTarget};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{HEADER, TENANT, environment, rows, run};
use crate::desk::Desk;
use crate::recordings::{corpus, count, files};

/// What the names of flows that were exported in packages end with.
const PACKAGED: &str = "-definition.json";

/// A flow as it was exported.
struct RealFlow {
    name: String,
    text: String,
    /// Its entries of `connectionReferences`: key, logical name, connector.
    entries: Vec<(String, Option<String>, String)>,
    is_interactive: bool,
    children: BTreeSet<Uuid>,
}

fn flows(folder: &Path) -> Vec<RealFlow> {
    let names = files(folder, ".json").into_iter().filter(|name| name != "INDEX.json");
    names
        .map(|name| {
            let text = std::fs::read_to_string(folder.join(&name)).expect("a file of the folder");
            let facts = facts(&text).unwrap_or_else(|malformed| panic!("{name}: {malformed}"));
            let value: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).expect("a flow in JSON");
            let entries = value["properties"]["connectionReferences"].as_object().cloned().unwrap_or_default();
            // Every entry is classified: none is lost, and each has a mode.
            assert_eq!(entries.len(), facts.connections.len(), "{name}");
            let entries = facts
                .connections
                .iter()
                .map(|(key, entry)| {
                    (key.to_string(), entry.logical_name.as_ref().map(ToString::to_string), entry.connector.to_string())
                })
                .collect();
            RealFlow { name, text, entries, is_interactive: facts.trigger.is_interactive(), children: facts.children }
        })
        .collect()
}

/// A flow as an environment keeps it: exports of packages have a format of their own, which an import turns into that of rows.
fn imported(flow: RealFlow) -> RealFlow {
    if !flow.name.ends_with(PACKAGED) {
        return flow;
    }
    let value: Value = serde_json::from_str(flow.text.trim_start_matches('\u{feff}')).expect("a flow in JSON");
    let properties = &value["properties"];
    let references = properties["connectionReferences"].as_object().cloned().unwrap_or_default();
    let kept: Map<String, Value> = references
        .into_iter()
        .map(|(key, exported)| {
            let connector = exported["id"].as_str().and_then(|id| id.rsplit('/').next());
            let source = exported["source"].as_str().unwrap_or("Embedded").to_lowercase();
            let kept = json!({
                "runtimeSource": source, "connection": { "name": exported["connectionName"] }, "api": { "name": connector },
            });
            (key, kept)
        })
        .collect();
    let properties = json!({ "connectionReferences": kept, "definition": properties["definition"] });
    let text = json!({ "properties": properties, "schemaVersion": "1.0.0.0" }).to_string();
    RealFlow { text, ..flow }
}

/// The id that the file's name ends with; what was exported in a package has none there.
fn id_of(name: &str) -> Uuid {
    let stem = name.strip_suffix(".json").unwrap_or(name);
    let end = stem.len().checked_sub(36).and_then(|start| stem.get(start..));
    end.and_then(|end| Uuid::try_parse(end).ok()).unwrap_or_else(|| Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()))
}

/// Where the value of a key begins and ends in a text, after `from`.
fn value_of(text: &str, key: &str, from: usize) -> Option<(usize, usize)> {
    let found = from + text[from..].find(&json!(key).to_string())?;
    let start = found + text[found..].find('{')?;
    let (mut depth, mut is_quoted, mut is_escaped) = (0_usize, false, false);
    for (at, letter) in text[start..].char_indices() {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            '{' if !is_quoted => depth += 1,
            '}' if !is_quoted => {
                depth -= 1;
                if depth == 0 {
                    return Some((start, start + at + 1));
                }
            }
            _ => {}
        }
    }
    None
}

#[test]
fn a_mode_changes_two_fields_and_no_other_byte_of_any_real_flow() {
    let Some(folder) = corpus("a_mode_changes_two_fields_and_no_other_byte_of_any_real_flow") else { return };
    let (mut entries, mut changed) = (0, 0);
    let flows = flows(&folder.join("flows"));
    for flow in &flows {
        entries += flow.entries.len();
        for (key, ..) in flow.entries.iter().filter(|_| flow.is_interactive) {
            for by_run_only_user in [true, false] {
                let target = ModeTarget::Key(key.clone());
                let modes = vec![ModeEdit { target, by_run_only_user }];
                let Some(after) = edit(&flow.text, &Edit { flow: Uuid::nil(), modes, act_as: None }).expect("an edit")
                else {
                    continue;
                };
                let place = format!("{}: {key}", flow.name);
                let same = flow.text.bytes().zip(after.bytes()).take_while(|(before, after)| before == after).count();
                let rest = flow.text.len().min(after.len()) - same;
                let end = flow
                    .text
                    .bytes()
                    .rev()
                    .zip(after.bytes().rev())
                    .take(rest)
                    .take_while(|(one, other)| one == other)
                    .count();
                let all = flow.text.find("\"connectionReferences\"").expect("the references");
                let (start, stop) = value_of(&flow.text, key, all).expect("the entry");
                assert!(start < same && flow.text.len() - end <= stop, "{place}: bytes outside of the entry");
                let strip = |text: &str| {
                    let (start, stop) = value_of(text, key, all).expect("the entry");
                    let mut entry: Value = serde_json::from_str(&text[start..stop]).expect("an entry");
                    for field in ["runtimeSource", "impersonation", "source"] {
                        entry.as_object_mut().expect("an object").remove(field);
                    }
                    entry
                };
                assert_eq!(strip(&flow.text), strip(&after), "{place}");
                changed += 1;
            }
        }
    }
    assert!(changed > 0);
    count("connections of real flows classified", &format!("{entries}, in {} flows", flows.len()));
    count("modes of real flows changed, byte by byte", &changed.to_string());
}

#[test]
fn real_flows_are_planned_applied_and_read_back() {
    let Some(folder) = corpus("real_flows_are_planned_applied_and_read_back") else { return };
    let flows: Vec<RealFlow> = flows(&folder.join("flows")).into_iter().map(imported).collect();
    let mut seed = format!("{TENANT}      connectionReferences:\n");
    let mut seen = BTreeSet::new();
    for (_, name, connector) in flows.iter().flat_map(|flow| &flow.entries) {
        if let Some(name) = name.as_ref().filter(|name| seen.insert(name.to_lowercase())) {
            seed += &format!(
                "        - {{ name: {name}, connector: {connector}, connection: c, owner: mia@contoso.com }}\n"
            );
        }
    }
    seed += "      flows:\n";
    for flow in &flows {
        let id = id_of(&flow.name);
        seed += &format!(
            "        - {{ name: {}, id: {id}, owner: mia@contoso.com, trigger: Button, text: {} }}\n",
            json!(flow.name),
            json!(flow.text.trim_start_matches('\u{feff}'))
        );
    }
    let children: BTreeSet<Uuid> = flows.iter().flat_map(|flow| flow.children.iter().copied()).collect();
    // Child flows keep their own connections, and only flows that people start have modes.
    let managed: Vec<&RealFlow> = flows
        .iter()
        .filter(|flow| flow.is_interactive && !flow.entries.is_empty())
        .filter(|flow| !children.contains(&id_of(&flow.name)))
        .collect();
    let desk = Desk::empty();
    desk.write("sandbox.yaml", &seed);
    let mut texts: BTreeMap<String, String> =
        flows.iter().map(|flow| (flow.name.clone(), flow.text.trim_start_matches('\u{feff}').to_owned())).collect();
    for mode in ["providedByRunOnlyUser", "useThisConnection"] {
        let mut documents = environment();
        for (number, flow) in managed.iter().enumerate() {
            documents += &format!(
                "---\n{HEADER}kind: Flow\nmetadata: {{ name: flow-{number} }}\nenvironments: [contoso-prod]\nspec:\n  flow: {}\n  connections: {{ \"*\": {mode} }}\n",
                json!(flow.name)
            );
        }
        desk.write("flows.yaml", &documents);
        run(&desk, &["apply", "--sandbox", "--yes", "flows.yaml"], 0);
        run(&desk, &["plan", "--sandbox", "--detailed-exitcode", "flows.yaml"], 0);
        for row in rows(&desk, "workflow").values() {
            let name = row["name"].as_str().expect("a name").to_owned();
            let now = row["clientdata"].as_str().expect("a text").to_owned();
            let flow = flows.iter().find(|flow| flow.name == name).expect("a flow of the seed");
            if managed.iter().any(|managed| managed.name == name) {
                let facts = facts(&now).expect("a flow");
                assert!(
                    facts.connections.values().all(|entry| format!("{:?}", entry.mode).eq_ignore_ascii_case(mode)),
                    "{name}"
                );
                assert_eq!(without_modes(&now, flow), without_modes(&texts[&name], flow), "{name}");
            } else {
                assert_eq!(now, texts[&name], "{name} was not to be touched");
            }
            texts.insert(name, now);
        }
    }
    let figure = format!("{} of {}; the others stay as they are", managed.len(), flows.len());
    count("real flows planned, applied and read back, both ways", &figure);
}

/// The bytes of a text without its entries, and the entries without the two fields.
fn without_modes(text: &str, flow: &RealFlow) -> (String, Vec<Value>) {
    let all = text.find("\"connectionReferences\"").expect("the references");
    let mut spans: Vec<(usize, usize)> =
        flow.entries.iter().map(|(key, ..)| value_of(text, key, all).expect("the entry")).collect();
    spans.sort_unstable();
    let mut entries = Vec::new();
    let (mut rest, mut at) = (String::new(), 0);
    for (start, stop) in spans {
        rest += &text[at..start];
        let mut entry: Value = serde_json::from_str(&text[start..stop]).expect("an entry");
        for field in ["runtimeSource", "impersonation"] {
            entry.as_object_mut().expect("an object").remove(field);
        }
        entries.push(entry);
        at = stop;
    }
    rest += &text[at..];
    (rest, entries)
}
