//! What holds for every text and every edit: over made-up texts, and over recorded flows where a folder of them is named.
//!
//! Blind spots of the generator: one spacing per entry, no action at all, and names without control characters.
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::{env, fs};

use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Conflict, Facts, edit, facts};
use crate::names::{ConnectionMode, Text};
use crate::request::{Edit, ModeEdit, ModeTarget};

const DATAVERSE: &str = "shared_commondataserviceforapps";

/// One entry of `connectionReferences` as text: only `middle` may change when its mode is edited.
#[derive(Clone, Debug)]
struct Entry {
    key: String,
    logical_name: Option<String>,
    head: String,
    middle: String,
    tail: String,
}

/// A whole flow's text around its entries.
#[derive(Clone, Debug)]
struct Flow {
    before: &'static str,
    entries: Vec<Entry>,
    after: &'static str,
}

impl Flow {
    fn text(&self) -> String {
        let entries: Vec<_> =
            self.entries.iter().map(|Entry { head, middle, tail, .. }| format!("{head}{middle}{tail}")).collect();
        format!("{}{}{}", self.before, entries.join(","), self.after)
    }
}

fn entry(number: usize) -> impl Strategy<Value = Entry> {
    let connector =
        prop::sample::select(vec![DATAVERSE, "shared_teams", "shared_commondataservice", "shared_contoso-5f\\u0031"]);
    let mode = prop::sample::select(vec![
        "",
        "\"runtimeSource\"=\"embedded\"",
        "\"runtimeSource\"=\"invoker\"",
        "\"runtimeSource\"=\"Invoker\"+\"impersonation\"={}",
        "\"runtimeSource\"=\"embedded\"+\"impersonation\"={ }",
        "\"impersonation\"=null+\"runtimeSource\"=\"embedded\"",
        "\"runtimeSource\"=\"embedded\"+\"impersonation\"={\"source\"=\"invoker\"}",
        "\"impersonation\"={\"objectId\"=\"o\"+\"source\"=\"Invoker\"}+\"runtime\\u0053ource\"=\"embedded\"",
        "\"impersonation\"={\"source\"=\"invoker\"+\"objectId\"=\"o\"}",
        "\"source\"=\"Invoker\"",
        "\"source\"=\"Embedded\"",
    ]);
    let name = prop::option::of(prop::sample::select(vec!["new_a", "new_b", "contoso_ü"]));
    let spacing = prop::sample::select(vec!["", " ", "\r\n\t", "\n        "]);
    (connector, mode, name, spacing).prop_map(move |(connector, mode, name, spacing)| {
        let key = format!("{}_{number}", connector.split('-').next().unwrap());
        let connection =
            name.map_or("{}".to_owned(), |name| format!("{{\"connectionReferenceLogicalName\":\"{name}\"}}"));
        let mode = mode.replace('=', &format!("{spacing}: ")).replace('+', &format!(",{spacing}"));
        let comma = if mode.is_empty() { "" } else { "," };
        Entry {
            head: format!("\"{key}\"{spacing}:{{{spacing}"),
            middle: format!("{mode}{comma}{spacing}\"connection\" :{connection}"),
            tail: format!(",\"api\":{{\"name\":\"{connector}\"}},{spacing}\"number\":{number}.0e1}}"),
            key,
            logical_name: name.map(str::to_owned),
        }
    })
}

fn flow() -> impl Strategy<Value = Flow> {
    let entries = (1..6_usize).prop_flat_map(|count| (0..count).map(entry).collect::<Vec<_>>());
    let before = prop::sample::select(vec![
        "{\"properties\":{\"connectionReferences\":{",
        "\u{feff}\r\n{ \"runtimeSource\":\"embedded\",\"x\":1,\"x\":1.0,\n\"properties\" : { \"connection\\u0052eferences\"\t:{ ",
    ]);
    let after = prop::sample::select(vec![
        "},\"definition\":{\"triggers\":{\"manual\":{\"type\":\"Request\",\"kind\":\"PowerAppV2\"}}}}}",
        " } , \"definition\" :{\"triggers\":{\"m\":{\"kind\":\"Skills\",\"type\":\"Request\",\"n\":1E-7,\"n\":\"\\/\"}}}}\r\n}\r\n",
    ]);
    (before, entries, after).prop_map(|(before, entries, after)| Flow { before, entries, after })
}

fn edit_of(modes: Vec<ModeEdit>) -> Edit {
    Edit { flow: Uuid::nil(), modes, act_as: None }
}

fn mode(by_run_only_user: bool) -> ConnectionMode {
    if by_run_only_user { ConnectionMode::ProvidedByRunOnlyUser } else { ConnectionMode::UseThisConnection }
}

/// An edit that sets the keys to what the facts say.
fn restoring<'a>(facts: &Facts, keys: impl Iterator<Item = &'a str>) -> Edit {
    let modes = keys.map(|key| ModeEdit {
        target: ModeTarget::Key(key.to_owned()),
        by_run_only_user: facts.connections[&Text::from(key)].mode == ConnectionMode::ProvidedByRunOnlyUser,
    });
    edit_of(modes.collect())
}

proptest! {
    #[test]
    fn an_edit_writes_its_modes_and_nothing_else(flow in flow(), wanted in prop::collection::vec(any::<Option<bool>>(), 6)) {
        let text = flow.text();
        let before = facts(&text).unwrap();
        // A wish per logical name, or per key for entries that have none.
        let mut wishes = BTreeMap::new();
        for (entry, wish) in flow.entries.iter().zip(&wanted) {
            let target = entry.logical_name.clone().ok_or_else(|| entry.key.clone());
            if let Some(wish) = wish {
                wishes.insert(target, *wish);
            }
        }
        let wish = |entry: &Entry| wishes.get(&entry.logical_name.clone().ok_or_else(|| entry.key.clone())).copied();
        let modes = wishes.iter().map(|(target, wish)| ModeEdit {
            target: target.clone().map_or_else(ModeTarget::Key, ModeTarget::LogicalName),
            by_run_only_user: *wish,
        });
        let there = edit_of(modes.collect());
        let edited = edit(&text, &there).unwrap();
        let after_text = edited.clone().unwrap_or_else(|| text.clone());

        // The facts are the old ones with the modes that were wished for.
        let mut expected = before.clone();
        for entry in &flow.entries {
            if let Some(wish) = wish(entry) {
                expected.connections.get_mut(&Text::from(entry.key.as_str())).unwrap().mode = mode(wish);
            }
        }
        prop_assert_eq!(&facts(&after_text).unwrap(), &expected);
        prop_assert!(edited.is_some() || before == expected);

        // Bytes outside the middles of the entries that are meant stand where they stood.
        let mut rest = after_text.strip_prefix(flow.before).unwrap();
        for entry in &flow.entries {
            let (middle, behind) = rest.strip_prefix(&entry.head).unwrap().split_once(&entry.tail).unwrap();
            prop_assert!(middle == entry.middle || wish(entry).is_some());
            let connection = entry.middle.find("\"connection\"").unwrap();
            prop_assert!(middle.contains(&entry.middle[connection..]));
            rest = behind.strip_prefix(',').unwrap_or(behind);
        }
        prop_assert_eq!(rest, flow.after.strip_prefix(',').unwrap_or(flow.after));

        // Once is enough, and the way back leads where it began.
        prop_assert_eq!(edit(&after_text, &there).unwrap(), None);
        let back = restoring(&before, flow.entries.iter().map(|entry| entry.key.as_str()));
        let back_text = edit(&after_text, &back).unwrap().unwrap_or(after_text);
        prop_assert_eq!(facts(&back_text).unwrap(), before);
    }

    #[test]
    fn no_text_brings_a_reader_down(text in "[\\[\\]{}\":,\\\\u0a ]{0,40}") {
        let _ = facts(&text);
    }

    #[test]
    fn a_text_cut_anywhere_is_refused(flow in flow(), cut in any::<prop::sample::Index>()) {
        let text = flow.text();
        let whole = text.trim_end();
        let end = whole.floor_char_boundary(cut.index(whole.len()));
        prop_assert!(facts(&whole[..end]).is_err());
    }
}

/// The flow texts of a corpus folder, or none where `POWERGRANT_CORPUS` names no folder.
fn corpus() -> Vec<(PathBuf, String)> {
    let Some(folder) = env::var_os("POWERGRANT_CORPUS") else { return Vec::new() };
    let files = fs::read_dir(PathBuf::from(folder).join("flows")).unwrap().map(|file| file.unwrap().path());
    let flows = files.filter(|path| path.extension().is_some_and(|end| end == "json") && !path.ends_with("INDEX.json"));
    flows.map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap()
}

/// The documented shape of an entry in a mode, starting from the entry as it is.
fn documented(entry: &Value, connector: &str, by_run_only_user: bool) -> Value {
    let mut entry = entry.clone();
    if connector == DATAVERSE {
        entry["impersonation"] = if by_run_only_user { json!({ "source": "invoker" }) } else { json!({}) };
    } else if entry.get("runtimeSource").is_some() {
        entry["runtimeSource"] = json!(if by_run_only_user { "invoker" } else { "embedded" });
    } else {
        entry["source"] = json!(if by_run_only_user { "Invoker" } else { "Embedded" });
    }
    entry
}

/// A text's value in which `impersonation: {}` is left out, which means the same.
fn without_empty(mut flow: Value) -> Value {
    for entry in flow["properties"]["connectionReferences"].as_object_mut().unwrap().values_mut() {
        let entry = entry.as_object_mut().unwrap();
        if entry.get("impersonation") == Some(&json!({})) {
            entry.remove("impersonation");
        }
    }
    flow
}

#[test]
fn recorded_flows_are_read_whole_and_flipped_there_and_back() {
    for (path, text) in corpus() {
        let path = path.display();
        let facts = facts(&text).unwrap_or_else(|malformed| panic!("{path}: {malformed}"));
        let before = parsed(&text);
        let entries = before["properties"]["connectionReferences"].as_object().unwrap();
        assert_eq!(facts.connections.len(), entries.len(), "{path}");
        for (key, entry) in entries {
            let connection = &facts.connections[&Text::from(key.as_str())];
            let invoker = entry.to_string().to_lowercase().contains(r#"source":"invoker""#);
            assert_eq!(connection.mode, mode(invoker), "{path} {key}");
            let flip =
                |by_run_only_user| edit_of(vec![ModeEdit { target: ModeTarget::Key(key.clone()), by_run_only_user }]);
            if !facts.trigger.is_interactive() {
                assert!(matches!(edit(&text, &flip(!invoker)), Err(Conflict::NotInteractive { .. })), "{path}");
                continue;
            }
            assert_eq!(edit(&text, &flip(invoker)).unwrap(), None, "{path} {key}");
            let flipped = edit(&text, &flip(!invoker)).unwrap().unwrap();
            let mut expected = before.clone();
            expected["properties"]["connectionReferences"][key] = documented(entry, &connection.connector, !invoker);
            assert_eq!(parsed(&flipped), expected, "{path} {key}");
            let back = edit(&flipped, &flip(invoker)).unwrap().unwrap();
            assert_eq!(without_empty(parsed(&back)), without_empty(before.clone()), "{path} {key}");
        }
    }
}
