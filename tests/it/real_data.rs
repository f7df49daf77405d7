//! Roles and flows of real environments: seeded, planned, applied and read back, all of them at once.
//!
//! They are other people's and not in this repository: `POWERGRANT_CORPUS` names their folder, and without it these tests pass over.
#![expect(clippy::format_push_string, reason = "the seed and the documents read best line by line")]
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use powergrant::clientdata::{edit, facts};
use powergrant::request::{Edit, ModeEdit, ModeTarget};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::desk::{Desk, shown, text};
use crate::recordings::{corpus, files, read, tell};

const HEADER: &str = "apiVersion: powergrant.dev/v1alpha1\n";
const TENANT: &str = "tenant: { id: 11111111-1111-1111-1111-111111111111, domain: contoso.com }
caller: { application: powergrant }
directory:
  users: [{ name: Mia Maker, upn: mia@contoso.com }]
  servicePrincipals:
    - { name: powergrant, appId: 33333333-3333-3333-3333-333333333333 }
environments:
  - name: contoso-prod
    dataverse:
      url: https://contoso.crm4.dynamics.com
      users:
        - { application: powergrant, roles: [System Administrator] }
        - { user: mia@contoso.com, roles: [Environment Maker, Delegate] }
";

/// A role as it was exported or dumped: privileges by name with the word of their depth.
struct RealRole {
    name: String,
    is_inherited: bool,
    privileges: BTreeMap<String, String>,
    /// Depths by operation and logical name of the table, where the names of the privileges are not told.
    tables: BTreeMap<String, BTreeMap<String, String>>,
}

/// Solution files: `<Role name isinherited><RolePrivilege name level/>`.
fn exported(folder: &Path) -> Vec<RealRole> {
    let mut roles = Vec::new();
    let mut publishers = files(folder, "");
    publishers.sort();
    for publisher in publishers {
        for name in files(&folder.join(&publisher), ".xml") {
            let text = std::fs::read_to_string(folder.join(&publisher).join(&name)).expect("a file of the folder");
            let document = roxmltree::Document::parse(text.trim_start_matches('\u{feff}')).expect("a role in XML");
            let role = document.root_element();
            let privileges = document.descendants().filter(|node| node.has_tag_name("RolePrivilege")).map(|node| {
                let attribute = |name| node.attribute(name).expect("a privilege has a name and a level").to_owned();
                (attribute("name"), attribute("level"))
            });
            roles.push(RealRole {
                // Two solutions of a publisher may have a role of one name.
                name: format!("{} of {name}", role.attribute("name").expect("a role has a name")),
                is_inherited: role.attribute("isinherited") == Some("1"),
                privileges: privileges.collect(),
                tables: BTreeMap::new(),
            });
        }
    }
    roles
}

/// The roles of one environment: depths by table and operation.
fn dumped(file: &Path) -> Vec<RealRole> {
    let roles = read(file);
    let roles = roles["roles"].as_object().expect("roles by name").clone();
    roles
        .into_iter()
        .map(|(name, role)| RealRole {
            name: format!("Dumped {name}"),
            is_inherited: true,
            privileges: BTreeMap::new(),
            tables: serde_json::from_value(role["tables"].clone()).expect("depths by table and operation"),
        })
        .collect()
}

/// Tables of the dump that every environment has and the embedded tenant does not know.
const OTHER_TABLES: [&str; 6] =
    ["annotation", "connection", "connectioninstance", "flowevent", "flowsession", "workflowbinary"];

/// What a new role holds besides what it is given.
const OF_EVERY_ROLE: [&str; 9] = [
    "prvReadSharePointData",
    "prvWriteSharePointData",
    "prvCreateSharePointData",
    "prvReadSharePointDocument",
    "prvReadSdkMessage",
    "prvReadSdkMessageProcessingStep",
    "prvReadSdkMessageProcessingStepImage",
    "prvReadPluginAssembly",
    "prvReadPluginType",
];

fn depth(word: &str) -> &'static str {
    match word {
        "Basic" => "user",
        "Local" => "businessUnit",
        "Deep" => "parentChildBusinessUnits",
        "Global" => "organization",
        other => panic!("the depth `{other}`"),
    }
}

/// What the embedded tenant holds after the runs.
fn rows(desk: &Desk, table: &str) -> BTreeMap<String, Value> {
    let folder = desk.path(".powergrant/sandbox");
    let file =
        std::fs::read_dir(folder).expect("the tenant's state is kept").next().expect("one file").expect("a file");
    let state = read(&file.path());
    let rows =
        state["tenant"]["organizations"]["contoso-prod"]["rows"][table].as_object().expect("rows of the table").clone();
    rows.into_iter().collect()
}

fn run(desk: &Desk, arguments: &[&str], expected: i32) -> String {
    let output = desk.run(arguments);
    assert_eq!(output.status.code(), Some(expected), "{arguments:?}: {}", shown(&output));
    text(&output.stdout)
}

fn environment() -> String {
    format!(
        "{HEADER}kind: Environment\nmetadata: {{ name: contoso-prod }}\nspec:\n  url: https://contoso.crm4.dynamics.com\n  rails: {{ protected: [] }}\n"
    )
}

#[test]
fn real_roles_are_planned_applied_and_read_back() {
    let Some(folder) = corpus("real_roles_are_planned_applied_and_read_back") else { return };
    let mut roles = exported(&folder.join("roles/solution-xml"));
    roles.extend(dumped(&folder.join("roles/out-of-box/all-102-roles-selected-tables.json")));
    assert_eq!(roles.len(), 57 + 102);
    let known: BTreeSet<&String> = roles.iter().flat_map(|role| role.privileges.keys()).collect();
    let mut seed = format!("{TENANT}      customTables:\n");
    for name in OTHER_TABLES {
        seed += &format!("        - {{ logicalName: {name}, displayName: Real {name} }}\n");
    }
    seed += "      privileges:\n";
    // A name differs from another by more than its case.
    let of_other_tables = |name: &str| {
        let operations = ["create", "read", "write", "delete", "append", "appendto", "assign", "share"];
        OTHER_TABLES
            .iter()
            .any(|table| operations.iter().any(|operation| format!("prv{operation}{table}").eq_ignore_ascii_case(name)))
    };
    for name in known.iter().filter(|name| !of_other_tables(name)) {
        seed += &format!("        {name}: []\n");
    }
    let mut documents = environment();
    for (number, role) in roles.iter().enumerate() {
        let inheritance = if role.is_inherited { "direct" } else { "teamOnly" };
        documents += &format!(
            "---\n{HEADER}kind: SecurityRole\nmetadata: {{ name: role-{number} }}\nenvironments: [contoso-prod]\nspec:\n  role: {}\n  memberPrivilegeInheritance: {inheritance}\n",
            json!(role.name)
        );
        let lines: Vec<String> =
            role.privileges.iter().map(|(name, word)| format!("    {name}: {}\n", depth(word))).collect();
        if !lines.is_empty() {
            documents += &format!("  miscellaneous:\n{}", lines.concat());
        }
        if !role.tables.is_empty() {
            documents += "  privileges:\n";
        }
        for (table, operations) in &role.tables {
            let lines: Vec<String> =
                operations.iter().map(|(operation, word)| format!("{operation}: {}", depth(word))).collect();
            documents += &format!("    {table}: {{ {} }}\n", lines.join(", "));
        }
    }
    let desk = Desk::empty();
    desk.write("sandbox.yaml", &seed);
    desk.write("roles.yaml", &documents);
    // Real roles do hold what lets their holders give themselves every role.
    run(&desk, &["apply", "--sandbox", "--yes", "--allow", "privileged-grant", "roles.yaml"], 0);
    run(&desk, &["plan", "--sandbox", "--detailed-exitcode", "roles.yaml"], 0);
    let names: BTreeMap<String, String> = rows(&desk, "privilege")
        .into_iter()
        .map(|(id, row)| (id, row["name"].as_str().unwrap_or_default().to_lowercase()))
        .collect();
    let mut held: BTreeMap<(String, String), i64> = BTreeMap::new();
    for row in rows(&desk, "roleprivileges").values() {
        let role = row["roleid"].as_str().unwrap_or_default().to_owned();
        let privilege = names[row["privilegeid"].as_str().unwrap_or_default()].clone();
        held.insert((role, privilege), row["privilegedepthmask"].as_i64().unwrap_or_default());
    }
    let made = rows(&desk, "role");
    let mut count = 0;
    for role in &roles {
        let (id, row) = made.iter().find(|(_, row)| row["name"] == json!(role.name)).expect("the role was made");
        assert_eq!(row["isinherited"], json!(i64::from(role.is_inherited)), "{}", role.name);
        for (privilege, word) in &role.privileges {
            let mask = match word.as_str() {
                "Basic" => 1,
                "Local" => 2,
                "Deep" => 4,
                _ => 8,
            };
            assert_eq!(held.get(&(id.clone(), privilege.to_lowercase())), Some(&mask), "{}: {privilege}", role.name);
            count += 1;
        }
        let of_tables: usize = role.tables.values().map(BTreeMap::len).sum();
        let others = OF_EVERY_ROLE.iter().filter(|name| !role.privileges.contains_key(**name)).count();
        let all = held.keys().filter(|(holder, _)| holder == id).count();
        assert_eq!(all, role.privileges.len() + of_tables + others, "{}", role.name);
        count += of_tables;
    }
    tell(&format!("real roles: {} planned, applied and read back, {count} privileges", roles.len()));
}

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

/// The id that the file's name ends with.
fn id_of(name: &str) -> Option<Uuid> {
    let stem = name.strip_suffix(".json")?;
    Uuid::try_parse(stem.get(stem.len().checked_sub(36)?..)?).ok()
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
    tell(&format!(
        "real flows: {} read, {entries} connections classified, {changed} modes changed byte by byte",
        flows.len()
    ));
}

#[test]
fn real_flows_are_planned_applied_and_read_back() {
    let Some(folder) = corpus("real_flows_are_planned_applied_and_read_back") else { return };
    // Exports of packages have another format, which no row of an environment has.
    let mut flows = flows(&folder.join("flows"));
    flows.retain(|flow| !flow.name.ends_with("-definition.json"));
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
        let id = id_of(&flow.name).expect("the file's name ends with the flow's id");
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
        .filter(|flow| id_of(&flow.name).is_some_and(|id| !children.contains(&id)))
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
    tell(&format!("real flows: {} of {} changed over HTTP and read back, both ways", managed.len(), flows.len()));
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
