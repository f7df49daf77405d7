//! Security roles: exported with solutions, and dumped from an environment.
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use powergrant::sandbox::schema::built_in;
use serde_json::json;

use super::{HEADER, TENANT, environment, rows, run};
use crate::desk::Desk;
use crate::recordings::{corpus, count, files, read};

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

/// The tables that the roles speak of and the embedded tenant does not know.
fn other_tables(roles: &[RealRole]) -> Vec<&str> {
    let known: BTreeSet<&str> = built_in().iter().map(|table| table.logical_name.as_ref()).collect();
    let spoken: BTreeSet<&str> = roles.iter().flat_map(|role| role.tables.keys()).map(String::as_str).collect();
    spoken.into_iter().filter(|name| !known.contains(*name)).collect()
}

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

#[test]
fn real_roles_are_planned_applied_and_read_back() {
    let Some(folder) = corpus("real_roles_are_planned_applied_and_read_back") else { return };
    let mut roles = exported(&folder.join("roles/solution-xml"));
    roles.extend(dumped(&folder.join("roles/out-of-box/all-102-roles-selected-tables.json")));
    assert_eq!(roles.len(), 57 + 102);
    let other_tables = other_tables(&roles);
    let known: BTreeSet<&String> = roles.iter().flat_map(|role| role.privileges.keys()).collect();
    let mut seed = format!("{TENANT}      customTables:\n");
    for name in &other_tables {
        seed += &format!("        - {{ logicalName: {name}, displayName: Real {name} }}\n");
    }
    seed += "      privileges:\n";
    // A name differs from another by more than its case.
    let of_other_tables = |name: &str| {
        let operations = ["create", "read", "write", "delete", "append", "appendto", "assign", "share"];
        other_tables
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
    let mut privileges = 0;
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
            privileges += 1;
        }
        let of_tables: usize = role.tables.values().map(BTreeMap::len).sum();
        let others = OF_EVERY_ROLE.iter().filter(|name| !role.privileges.contains_key(**name)).count();
        let all = held.keys().filter(|(holder, _)| holder == id).count();
        assert_eq!(all, role.privileges.len() + of_tables + others, "{}", role.name);
        privileges += of_tables;
    }
    let figure = format!("{}, with {privileges} privileges", roles.len());
    count("real roles planned, applied and read back", &figure);
}
