//! What was reviewed is applied and nothing else, and what was applied is written down and can be taken back.
use std::collections::BTreeSet;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::desk::{Desk, shown, text};

fn plan(desk: &Desk) -> Value {
    let plan = desk.run(&["plan", "--sandbox", "--format", "json", "."]);
    serde_json::from_slice(&plan.stdout).unwrap_or_else(|error| panic!("{error}: {}", shown(&plan)))
}

/// What a plan moves, but for who is in the environment: nobody is ever taken out of one.
fn moves(plan: &Value) -> BTreeSet<String> {
    let changes = plan["resource_changes"].as_array().expect("changes");
    let moves = changes.iter().filter(|change| change["powergrant"]["ledger"] != "environmentMembers");
    moves.map(|change| format!("{} {}", change["address"], change["change"]["actions"])).collect()
}

#[test]
fn the_plan_in_the_file_is_applied_and_no_other() {
    let desk = Desk::with("copilot-agent-flow");
    let planned = desk.run(&["plan", "--sandbox", "--out", "plan.json", "."]);
    assert_eq!(planned.status.code(), Some(0), "{}", shown(&planned));
    let flow = std::fs::read_to_string(desk.path("flow.yaml")).expect("the flow's manifest");

    let other = flow.replace("contoso_sharepoint: providedByRunOnlyUser", "contoso_sharepoint: useThisConnection");
    assert_ne!(other, flow);
    std::fs::write(desk.path("flow.yaml"), other).expect("a file");
    let refused = desk.run(&["apply", "--sandbox", "--yes", "--plan", "plan.json", "."]);
    assert_eq!(refused.status.code(), Some(4), "{}", shown(&refused));
    let said = text(&refused.stderr);
    let difference = "  contoso-prod: flow Expense intake, connections\n    contoso_sharepoint: reviewed ~ use this connection → provided by run-only user; now there is nothing to do\n";
    assert!(said.contains(difference), "{said}");
    assert!(!desk.path(".powergrant/journal.jsonl").exists(), "a refused plan is no run");

    std::fs::write(desk.path("flow.yaml"), flow).expect("a file");
    let applied = desk.run(&["apply", "--sandbox", "--yes", "--plan", "plan.json", "."]);
    assert_eq!(applied.status.code(), Some(0), "{}", shown(&applied));
    let again = desk.run(&["apply", "--sandbox", "--yes", "--plan", "plan.json", "."]);
    assert_eq!(again.status.code(), Some(4), "done already, so it is another plan: {}", shown(&again));
}

#[test]
fn a_plan_file_that_is_not_this_runs_is_refused_with_the_reason() {
    let desk = Desk::with("copilot-agent-flow");
    desk.run(&["plan", "--sandbox", "--out", "plan.json", "."]);
    let good = std::fs::read_to_string(desk.path("plan.json")).expect("the plan");
    let foreign = Desk::with("three-stages");
    foreign.run(&["plan", "--sandbox", "-e", "contoso-dev", "--out", "plan.json", "."]);
    let foreign = std::fs::read_to_string(foreign.path("plan.json")).expect("the other plan");
    let bad = [
        (good.replacen("\"level\": \"organization\"", "\"level\": \"user\"", 1), "it was changed after it was written"),
        (good.replace("powergrant.dev/plan/v1", "powergrant.dev/plan/v0"), "it is of format `powergrant.dev/plan/v0`"),
        (
            good.replacen("\"format_version\"", "\"format_versions\"", 1),
            "it is not a plan of powergrant's: unknown field",
        ),
        ("{}".to_owned(), "it says no `powergrant.format`"),
        (foreign, "it is a plan for contoso-dev ("),
    ];
    for (text_of_file, why) in bad {
        assert_ne!(text_of_file, good);
        std::fs::write(desk.path("plan.json"), text_of_file).expect("a file");
        let refused = desk.run(&["apply", "--sandbox", "--yes", "--plan", "plan.json", "."]);
        assert_eq!(refused.status.code(), Some(1), "{}", shown(&refused));
        assert!(text(&refused.stderr).contains(why), "{why}: {}", shown(&refused));
    }
}

/// Applies an example, undoes it, and compares what would have to be done with what had to be done before.
fn undone(example: &str) {
    let desk = Desk::with(example);
    let before = plan(&desk);
    assert!(moves(&before).len() > 3, "{example}");
    let applied = desk.run(&["apply", "--sandbox", "--yes", "--allow", "max-removals", "."]);
    assert_eq!(applied.status.code(), Some(0), "{}", shown(&applied));
    let undo = desk.run(&["journal", "undo"]);
    assert_eq!(undo.status.code(), Some(0), "{}", shown(&undo));
    for line in text(&undo.stderr).lines() {
        assert!(line.starts_with("not undone: ") && line.contains("nobody is taken out of an environment"), "{line}");
    }
    std::fs::write(desk.path("undo.yaml"), &undo.stdout).expect("a file");
    // What stood before lent a connection; a rail asks whether that is meant.
    let rails = ["--allow", "max-removals", "--allow", "shared-connection"];
    let restored = desk.run(&[["apply", "--sandbox", "--yes"].as_slice(), &rails, &["undo.yaml"]].concat());
    assert_eq!(restored.status.code(), Some(0), "{}{}", text(&undo.stdout), shown(&restored));
    std::fs::remove_file(desk.path("undo.yaml")).expect("the file");
    assert_eq!(moves(&plan(&desk)), moves(&before), "{example}");

    let list = desk.run(&["journal", "list"]);
    assert_eq!(text(&list.stdout).lines().count(), 2, "{}", shown(&list));
}

#[test]
fn where_nothing_was_applied_there_is_no_journal_and_that_is_said() {
    for command in ["list", "show", "undo"] {
        let none = Desk::empty().run(&["journal", command]);
        assert_eq!(none.status.code(), Some(1), "{}", shown(&none));
        let said = text(&none.stderr);
        assert!(
            said.contains("there is no journal .powergrant/journal.jsonl, so nothing was applied from here"),
            "{said}"
        );
        assert!(said.contains("hint: `apply` writes it"), "{said}");
    }
}

#[test]
fn undo_brings_back_what_stood_before_the_forum_case() {
    undone("copilot-agent-flow");
}

#[test]
fn undo_brings_back_what_stood_before_in_three_stages() {
    undone("three-stages");
}

#[test]
fn the_journal_says_who_what_and_the_services_ids_for_the_requests() {
    let desk = Desk::with("copilot-agent-flow");
    let applied = desk
        .command(&["apply", "--sandbox", "--yes", "--journal", "log/j.jsonl", "."])
        .env("GITHUB_ACTOR", "ada\u{1b}[31m")
        .env("GITHUB_SHA", "0123456789abcdef0123456789abcdef01234567")
        .output()
        .expect("the command starts");
    assert_eq!(applied.status.code(), Some(0), "{}", shown(&applied));
    let journal = std::fs::read_to_string(desk.path("log/j.jsonl")).expect("the journal");
    let records: Vec<Value> = journal.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let (begun, ended) = (&records[0], records.last().expect("records"));
    assert_eq!((&begun["record"], &ended["record"]), (&"begun".into(), &"ended".into()));
    assert_eq!(begun["who"], "ada\\u{1b}[31m");
    assert_eq!(begun["commit"], "0123456789abcdef0123456789abcdef01234567");
    let changes = begun["environments"][0]["changes"].as_array().expect("changes").len();
    assert_eq!(ended["outcomes"].as_array().map(Vec::len), Some(changes));
    assert!(ended["outcomes"].as_array().expect("outcomes").iter().all(|outcome| outcome["outcome"] == "held"));
    let answered = &records[1..records.len() - 1];
    assert!(answered.len() > 3 && answered.iter().all(|record| record["record"] == "answered"));
    let all: usize = answered.iter().map(|record| record["changes"].as_array().expect("changes").len()).sum();
    assert_eq!(all, changes, "every change has its answer");
    let without_id = answered.iter().filter(|record| record["requests"].as_array().is_none_or(Vec::is_empty)).count();
    assert_eq!(without_id, 0, "{answered:#?}");

    let show = desk.run(&["journal", "--journal", "log/j.jsonl", "show"]);
    let said = text(&show.stdout);
    assert!(said.contains("  commit    0123456789abcdef") && said.contains("nothing → runOnly; held ["), "{said}");
    let none = desk.run(&["journal", "--journal", "log/j.jsonl", "show", "ffff"]);
    assert_eq!(none.status.code(), Some(1), "{}", shown(&none));

    let nothing = desk.run(&["apply", "--sandbox", "--yes", "--journal", "log/j.jsonl", "."]);
    assert_eq!(nothing.status.code(), Some(0), "{}", shown(&nothing));
    let list = desk.run(&["journal", "list", "--journal", "log/j.jsonl"]);
    assert!(text(&list.stdout).trim_end().ends_with("contoso-prod: nothing to do"), "{}", shown(&list));
}

#[test]
fn nothing_is_written_where_the_journal_cannot_be_kept() {
    let desk = Desk::with("copilot-agent-flow");
    std::fs::write(desk.path("file"), "").expect("a file");
    let before = plan(&desk);
    let refused = desk.run(&["apply", "--sandbox", "--yes", "--journal", "file/journal.jsonl", "."]);
    assert_eq!(refused.status.code(), Some(1), "{}", shown(&refused));
    assert!(text(&refused.stderr).contains("nothing was written: the journal"), "{}", shown(&refused));
    assert_eq!(plan(&desk), before);
}

/// Starts applying and returns as soon as the first answer of a service is in the journal.
#[cfg(unix)]
fn under_way(desk: &Desk) -> Child {
    let mut child = Command::new(env!("CARGO_BIN_EXE_powergrant"))
        .current_dir(desk.path(""))
        .args(["apply", "--sandbox", "--sandbox-reset", "--yes", "."])
        .env("POWERGRANT_CI", "none")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    let journal = desk.path(".powergrant/journal.jsonl");
    while !std::fs::read_to_string(&journal).is_ok_and(|text| text.contains("\"record\":\"answered\"")) {
        assert!(child.try_wait().expect("the child can be asked").is_none(), "it ended before its first answer");
        std::thread::yield_now();
    }
    child
}

/// How often an interruption is tried until one comes before the run's end.
#[cfg(unix)]
const TRIES: usize = 5;

#[cfg(unix)]
#[test]
fn a_killed_run_leaves_a_journal_that_can_be_read_and_undone() {
    for _ in 0..TRIES {
        let desk = Desk::with("copilot-agent-flow");
        let before = plan(&desk);
        let mut child = under_way(&desk);
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
        let list = desk.run(&["journal", "list"]);
        assert_eq!(list.status.code(), Some(0), "{}", shown(&list));
        let undo = desk.run(&["journal", "undo"]);
        assert_eq!(undo.status.code(), Some(0), "{}", shown(&undo));
        if !text(&list.stdout).contains("and no end: killed") {
            continue;
        }
        std::fs::write(desk.path("undo.yaml"), &undo.stdout).expect("a file");
        let restored = desk.run(&["apply", "--sandbox", "--yes", "--allow", "shared-connection", "undo.yaml"]);
        assert_eq!(restored.status.code(), Some(0), "{}{}", text(&undo.stdout), shown(&restored));
        std::fs::remove_file(desk.path("undo.yaml")).expect("the file");
        assert_eq!(moves(&plan(&desk)), moves(&before));
        return;
    }
    panic!("no run was killed before its end in {TRIES} tries");
}
