//! Names that steer terminals, pipelines, pages and spreadsheets: none of them gets through any command in any format.
//!
//! The names are of the tenant: somebody who may name a flow or a group there must not command whoever looks at it.
use std::collections::BTreeSet;
use std::process::Output;

use powergrant::foreign::is_hidden;
use serde_json::Value;

use crate::desk::{Desk, shown, text};

/// What names are made of, each meant for another reader.
const PARTS: [&str; 8] = [
    "\u{1b}[31;5m",
    "\n::error file=a.yaml,line=1::owned",
    "\n##vso[task.setvariable variable=digest]owned",
    "##[error]owned",
    "\u{202e}\u{200b}\u{e0041}",
    "<img src=x onerror=alert(1)><!-- powergrant:plan -->",
    "`**[owned](https://evil.example)**| @everyone",
    "=HYPERLINK(\"https://evil.example\")\r\n```",
];

const FLOW: &str = "99999999-0000-4000-8000-000000000001";
const ROLE: &str = "99999999-0000-4000-8000-000000000002";

/// A name that begins with a letter or not, with parts in an order of its own.
fn name(start: &str, turn: usize) -> String {
    let parts = (0..PARTS.len()).map(|at| PARTS[(at * 3 + turn) % PARTS.len()]);
    parts.fold(start.to_owned(), |name, part| name + part)
}

fn quoted(name: &str) -> String {
    serde_json::to_string(name).expect("a text can be written")
}

/// A desk whose tenant has hostile names, and manifests that name things by id.
fn desk(turn: usize) -> Desk {
    let desk = Desk::with("copilot-agent-flow");
    let named = |start: &str, own: usize| quoted(&name(start, turn + own));
    let seed = powergrant::sandbox::seed::default_seed()
        .replace("name: Expense intake\n", &format!("name: {}\n          id: {FLOW}\n", named("Expense intake", 0)))
        .replace("flows: [Expense intake]", &format!("flows: [{}]", named("Expense intake", 0)))
        .replace("name: Bob Marsh", &format!("name: {}", named("Bob", 1)))
        .replace("name: SG-Expense-Prod", &format!("name: {}", named("SG", 2)))
        .replace("name: Expense assistant", &format!("name: {}", named("Assistant", 3)))
        .replace("displayName: Expense site\n", &format!("displayName: {}\n", named("Site", 4)))
        .replace("displayName: Contoso Expenses", &format!("displayName: {}", named("Expenses", 5)))
        .replace(
            "      solutions:\n",
            &format!(
                "      roles:\n        - {{ name: {role}, id: {ROLE}, description: {text}, privileges: {{ prvReadWorkflow: Basic }} }}\n      teams:\n        - {{ name: {team}, members: [bob@contoso.com], roles: [{role}] }}\n      solutions:\n",
                role = named("", 6),
                text = named("What", 7),
                team = named("=Team", 0),
            ),
        );
    desk.write("sandbox.yaml", &seed);
    desk.write(
        "flow.yaml",
        &desk.read("flow.yaml").replace("flow: Expense intake", &format!("flow: {{ id: {FLOW} }}")),
    );
    let more = format!(
        "apiVersion: powergrant.dev/v1alpha1\nkind: RoleAssignment\nmetadata: {{ name: hostile }}\nenvironments: [contoso-prod]\n\
         spec: {{ role: {{ id: {ROLE} }}, extent: exact, members: [{{ user: ada@contoso.com }}] }}\n---\n\
         apiVersion: powergrant.dev/v1alpha1\nkind: SecurityRole\nmetadata: {{ name: hostile-role }}\nenvironments: [contoso-prod]\n\
         spec: {{ role: {{ id: {ROLE} }}, description: ours, privileges: {{ Process: {{ Read: organization }} }} }}\n"
    );
    desk.write("hostile.yaml", &more);
    desk
}

/// Panics if something in an output is more than shown.
fn check(what: &str, output: &Output) {
    for (stream, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
        let said = String::from_utf8(bytes.clone()).unwrap_or_else(|_| panic!("{what}: {stream} is no text"));
        check_text(&format!("{what}: {stream}"), &said);
    }
}

fn check_text(what: &str, text: &str) {
    for line in text.replace("\r\n", "\n").split('\n') {
        for letter in line.chars() {
            assert!(!is_hidden(letter) || letter == '\t', "{what} has {letter:?} in {line:?}");
        }
        let commands = ["::", "##vso[", "##["];
        assert!(!commands.iter().any(|command| line.contains(command)), "{what} has a command in {line:?}");
    }
}

fn run(desk: &Desk, arguments: &[&str]) -> String {
    let output = desk.run(arguments);
    let what = arguments.join(" ");
    assert_ne!(output.status.code(), None, "{what}: {}", shown(&output));
    assert!(!output.stdout.is_empty(), "{what} says nothing: {}", shown(&output));
    check(&what, &output);
    text(&output.stdout)
}

#[test]
fn no_command_in_any_format_lets_a_name_do_anything() {
    for turn in 0..2 {
        let desk = desk(turn);
        for format in ["text", "markdown", "json", "events", "sarif"] {
            run(&desk, &["plan", "--sandbox", "--format", format, "."]);
            run(&desk, &["drift", "--sandbox", "--format", format, "."]);
        }
        run(&desk, &["plan", "--sandbox", "--show-requests", "."]);
        for format in ["text", "json"] {
            run(&desk, &["explain", "--sandbox", "--user", "bob@contoso.com", "--flow", FLOW, "--format", format, "."]);
            run(
                &desk,
                &[
                    "explain",
                    "--sandbox",
                    "--group",
                    "22222222-2222-2222-2222-222222222222",
                    "--flow",
                    FLOW,
                    "--format",
                    format,
                    ".",
                ],
            );
            run(&desk, &["whoami", "--sandbox", "--format", format, "."]);
        }
        for format in ["text", "csv", "json"] {
            run(&desk, &["who-can", "--sandbox", "--flow", FLOW, "--all", "--format", format, "."]);
            run(&desk, &["who-can", "--sandbox", "--format", format, "."]);
            run(&desk, &["who-can", "--sandbox", "--privilege", "prvReadWorkflow", "--format", format, "."]);
            run(&desk, &["can", "--sandbox", "--user", "bob@contoso.com", "--all", "--format", format, "."]);
        }
        run(&desk, &["derive", "--sandbox", "--flow", FLOW, "."]);
        run(&desk, &["export", "--sandbox", "."]);
        check("snapshot", &desk.run(&["snapshot", "--sandbox", "--with-names", "--out", "tenant.jsonl", "."]));
        run(&desk, &["plan", "--snapshot", "tenant.jsonl", "."]);
        run(&desk, &["who-can", "--snapshot", "tenant.jsonl", "--flow", FLOW, "--all", "."]);

        run(&desk, &["apply", "--sandbox", "--yes", "--allow", "max-removals", "."]);
        run(&desk, &["journal", "list"]);
        run(&desk, &["journal", "show"]);
        run(&desk, &["journal", "undo"]);
        desk.write("hostile.yaml", &desk.read("hostile.yaml").replace("description: ours", "description: theirs"));
        run(&desk, &["apply", "--sandbox", "--yes", "--format", "events", "."]);
        run(&desk, &["drift", "--sandbox", "."]);
    }
}

#[test]
fn a_cell_of_a_table_begins_no_formula() {
    let desk = desk(0);
    let table = run(&desk, &["who-can", "--sandbox", "--flow", FLOW, "--all", "--format", "csv", "."]);
    assert!(table.lines().count() > 10, "{table}");
    for cell in table.lines().flat_map(|line| line.split(',')) {
        assert!(!cell.trim_start_matches('"').starts_with(['=', '+', '-', '@']), "{cell}");
    }
}

/// Every text of some YAML documents, keys too.
fn texts(yaml: &str) -> BTreeSet<String> {
    fn gather(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::String(text) => _ = found.insert(text.clone()),
            Value::Array(items) => items.iter().for_each(|item| gather(item, found)),
            Value::Object(fields) => {
                found.extend(fields.keys().cloned());
                fields.values().for_each(|value| gather(value, found));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    let documents = format!("\n{yaml}");
    let documents = documents.split("\n---\n").filter(|document| !document.trim().is_empty());
    let documents: Vec<Value> = documents
        .map(|document| serde_yaml::from_str(document).unwrap_or_else(|error| panic!("{error}\n{yaml}")))
        .collect();
    let mut found = BTreeSet::new();
    for document in &documents {
        gather(document, &mut found);
    }
    found
}

/// What one command writes as YAML is inert, is read by another one, and has the names as they are.
#[test]
fn manifests_that_commands_write_give_the_names_back() {
    for turn in 0..2 {
        let desk = desk(turn);
        let (flow, role) = (name("Expense intake", turn), name("", turn + 6));
        let exported = run(&desk, &["export", "--sandbox", "-e", "contoso-prod", "."]);
        let derived = run(&desk, &["derive", "--sandbox", "--flow", FLOW, "."]);
        run(&desk, &["apply", "--sandbox", "--yes", "--allow", "max-removals", "."]);
        let undone = run(&desk, &["journal", "undo"]);
        check_text("journal", &desk.read(".powergrant/journal.jsonl"));
        for (what, yaml, expected) in
            [("export", &exported, vec![&flow, &role]), ("derive", &derived, vec![&flow]), ("undo", &undone, vec![])]
        {
            let found = texts(yaml);
            for name in expected {
                assert!(found.contains(name), "{what} does not say {name:?}:\n{yaml}");
            }
            let folder = Desk::empty();
            folder.write("written.yaml", yaml);
            if what != "undo" {
                folder.write("environment.yaml", &desk.read("environment.yaml"));
            }
            let checked = folder.run(&["check", "."]);
            assert_eq!(checked.status.code(), Some(0), "{what}: {}\n{yaml}", shown(&checked));
        }
    }
}

/// A person who lacks everything, a fix that is written into the manifests, and the agent by its own name.
#[test]
fn an_explanation_and_the_files_that_it_mends_let_no_name_do_anything() {
    for turn in 0..2 {
        let desk = desk(turn);
        let agent = name("Assistant", turn + 3);
        let of_agent = ["explain", "--sandbox", "--user", "cleo@contoso.com", "--agent", &agent];
        for more in [["--format", "text", "."], ["--format", "json", "."]] {
            run(&desk, &[of_agent.as_slice(), &more].concat());
        }
        let fixed = run(&desk, &[of_agent.as_slice(), &["--fix", "."]].concat());
        assert!(fixed.contains("Assistant"), "{fixed}");
        for file in ["flow.yaml", "hostile.yaml", "assignments.yaml", "role.yaml"] {
            check_text(file, &desk.read(file));
        }
        let checked = desk.run(&["check", "."]);
        assert_eq!(checked.status.code(), Some(0), "{}", shown(&checked));
    }
}

#[test]
fn files_that_are_kept_let_no_name_do_anything() {
    let desk = desk(0);
    run(&desk, &["plan", "--sandbox", "--out", "plan.json", "."]);
    check("snapshot", &desk.run(&["snapshot", "--sandbox", "--with-names", "--out", "tenant.jsonl", "."]));
    check("snapshot", &desk.run(&["snapshot", "--sandbox", "--out", "pseudonyms.jsonl", "."]));
    for file in ["plan.json", "tenant.jsonl", "pseudonyms.jsonl"] {
        check_text(file, &desk.read(file));
    }
    let summary = desk.path("summary.md");
    let outputs = desk.path("outputs");
    std::fs::write(&outputs, "").expect("a file");
    for command in ["plan", "drift"] {
        let mut command = desk.command(&[command, "--sandbox", "--ci", "github", "."]);
        let told = command.env("GITHUB_STEP_SUMMARY", &summary).env("GITHUB_OUTPUT", &outputs).output();
        assert!(told.expect("the command starts").status.code().is_some());
    }
    check_text("summary", &desk.read("summary.md"));
    for line in desk.read("outputs").lines() {
        let name = line.split(['=', '<']).next().unwrap_or_default();
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{line}");
    }
}
