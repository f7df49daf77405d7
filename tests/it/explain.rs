//! `explain`: the forum's user before and after, a fix that is written, and the data that two sides keep of the same thing.
use std::path::Path;

use crate::desk::{Desk, shown, text};

const ADA: [&str; 5] = ["explain", "--sandbox", "--user", "ada@contoso.com", "--flow"];

fn explain(desk: &Desk, more: &[&str]) -> std::process::Output {
    desk.run(&[&ADA[..], &["Expense intake"], more, &["."]].concat())
}

#[test]
fn the_forums_user_is_told_what_is_missing_and_nothing_is_missing_after_apply() {
    let desk = Desk::with("copilot-agent-flow");
    let before = explain(&desk, &[]);
    assert_eq!(before.status.code(), Some(2), "{}", shown(&before));
    let said = text(&before.stdout);
    assert!(said.starts_with("No: ada@contoso.com cannot run flow Expense intake"), "{said}");
    assert!(said.contains("1: Flow Expense intake is not shared with ada@contoso.com"), "{said}");
    assert!(said.contains("shared with user bob@contoso.com (run-only user)"), "{said}");
    assert!(said.contains("`powergrant apply` lets ada@contoso.com run the flow"), "{said}");
    let applied = desk.run(&["apply", "--sandbox", "--yes", "."]);
    assert_eq!(applied.status.code(), Some(0), "{}", shown(&applied));
    let after = explain(&desk, &[]);
    assert_eq!(after.status.code(), Some(0), "{}", shown(&after));
    let said = text(&after.stdout);
    assert!(said.contains("run-only user through group SG-Expense-Prod, from the next access on"), "{said}");
    assert!(said.contains("outside of Dataverse, where an unknown is never taken for fine"), "{said}");
}

#[test]
fn what_the_caller_needs_in_dataverse_is_named_table_by_table() {
    let desk = Desk::with("copilot-agent-flow");
    let role = desk.read("role.yaml");
    let without: Vec<&str> =
        role.lines().filter(|line| !line.contains("Expense:") && !line.contains("Cost Center:")).collect();
    desk.write("role.yaml", &without.join("\n"));
    let applied = desk.run(&["apply", "--sandbox", "--yes", "."]);
    assert_eq!(applied.status.code(), Some(0), "{}", shown(&applied));
    let output = explain(&desk, &["--format", "json"]);
    assert_eq!(output.status.code(), Some(2), "{}", shown(&output));
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(said["blockers"], serde_json::json!(["act.actions"]));
    let lines = said["requirements"].as_array().expect("a list");
    let line = lines.iter().find(|line| line["requirement"] == "act.actions").expect("it was asked");
    let evidence = line["evidence"].to_string();
    for missing in ["Create Expense: missing", "Read Expense: missing", "Read Cost Center: missing"] {
        assert!(evidence.contains(missing), "{evidence}");
    }
    assert_eq!(said["fix"]["kind"], "change", "{said:#}");
    let documents = said["fix"]["documents"].as_str().expect("a text");
    assert!(documents.contains("Cost Center: { Read: organization }"), "{documents}");
}

#[test]
fn a_fix_is_written_into_the_list_that_manages_the_flow_and_holds_when_it_is_applied() {
    let desk = Desk::with("copilot-agent-flow");
    let applied = desk.run(&["apply", "--sandbox", "--yes", "."]);
    assert_eq!(applied.status.code(), Some(0), "{}", shown(&applied));
    // Bob is in no group; he lost his share with that apply, and the flow now acts as its caller.
    let bob = ["explain", "--sandbox", "--user", "bob@contoso.com", "--flow", "Expense intake"];
    let fixed = desk.run(&[&bob[..], &["--fix", "."]].concat());
    assert_eq!(fixed.status.code(), Some(2), "{}", shown(&fixed));
    assert!(
        desk.read("flow.yaml").contains("members: [\"${runners}\", { user: bob@contoso.com }] }"),
        "{}",
        shown(&fixed)
    );
    assert!(desk.read("assignments.yaml").contains("members: [\"${runners}\", { user: bob@contoso.com }]"));
    assert!(!text(&fixed.stdout).contains("a document to add"), "{}", shown(&fixed));
    let applied = desk.run(&["apply", "--sandbox", "--yes", "."]);
    assert_eq!(applied.status.code(), Some(0), "{}", shown(&applied));
    let after = desk.run(&[&bob[..], &["."]].concat());
    assert_eq!(after.status.code(), Some(0), "{}", shown(&after));
    assert!(text(&after.stdout).starts_with("Yes, as far as is known: bob@contoso.com can run"), "{}", shown(&after));
}

#[test]
fn a_person_and_a_flow_that_are_not_there_are_told_and_not_explained() {
    let desk = Desk::with("copilot-agent-flow");
    let unknown = desk.run(&["explain", "--sandbox", "--user", "nobody@contoso.com", "--flow", "Expense intake", "."]);
    assert_eq!(unknown.status.code(), Some(1), "{}", shown(&unknown));
    assert!(text(&unknown.stderr).contains("there is no person `nobody@contoso.com`"), "{}", shown(&unknown));
    let unknown = desk.run(&[&ADA[..], &["No such flow", "."]].concat());
    assert_eq!(unknown.status.code(), Some(1), "{}", shown(&unknown));
    assert!(text(&unknown.stderr).contains("there is no flow `No such flow`"), "{}", shown(&unknown));
}

#[test]
fn a_pasted_message_is_told_from_what_nobody_knows() {
    let desk = Desk::with("copilot-agent-flow");
    let known = desk.run(&["explain", "--error", "insufficient permissions"]);
    assert_eq!(known.status.code(), Some(2), "{}", shown(&known));
    assert!(text(&known.stdout).contains("link.reference-read (reported)"), "{}", shown(&known));
    let unknown = desk.run(&["explain", "--error", "the printer is on fire"]);
    assert_eq!(unknown.status.code(), Some(1), "{}", shown(&unknown));
    assert!(text(&unknown.stdout).contains("hint: ask with `--user USER --flow FLOW`"), "{}", shown(&unknown));
    let group =
        ["explain", "--sandbox", "--group", "SG-Expense-Prod", "--flow", "Expense intake", "--error", "0x80042f09"];
    let of_group = desk.run(&[&group[..], &["."]].concat());
    assert!(text(&of_group.stdout).starts_with("The message means: no security role counts"), "{}", shown(&of_group));
    let nothing = explain(&desk, &["--fix"]);
    assert!(text(&nothing.stderr).contains("nothing was written: the manifests say so already"), "{}", shown(&nothing));
    let neither = desk.run(&["explain"]);
    assert_eq!(neither.status.code(), Some(1), "{}", shown(&neither));
}

/// Starts the embedded tenant of a desk's seed with a change, for the commands on that desk.
pub(crate) fn desk_with_seed(change: impl FnOnce(String) -> String) -> Desk {
    let desk = Desk::with("copilot-agent-flow");
    desk.write("sandbox.yaml", &change(powergrant::sandbox::seed::default_seed().to_owned()));
    desk
}

#[test]
fn an_agent_stands_for_its_flows_and_says_who_may_talk_to_it() {
    let desk = desk_with_seed(|seed| seed.replace("access: anyone", "access: readers"));
    let applied = desk.run(&["apply", "--sandbox", "--yes", "."]);
    assert_eq!(applied.status.code(), Some(0), "{}", shown(&applied));
    let ada = ["explain", "--sandbox", "--user", "ada@contoso.com", "--agent"];
    let closed = desk.run(&[&ada[..], &["Expense assistant", "--format", "json", "."]].concat());
    assert_eq!(closed.status.code(), Some(2), "{}", shown(&closed));
    let said: serde_json::Value = serde_json::from_slice(&closed.stdout).expect("JSON");
    assert_eq!(said["blockers"], serde_json::json!(["start.agent-shared"]), "{said:#}");
    assert_eq!(said["agents"][0]["name"], "Expense assistant", "{said:#}");
    // Without the agent nothing of it is asked.
    let alone = explain(&desk, &[]);
    assert_eq!(alone.status.code(), Some(0), "{}", shown(&alone));
    let other = desk.run(&[&ada[..], &["contoso_expenseAssistant", "--flow", "Approve expense", "."]].concat());
    assert_eq!(other.status.code(), Some(1), "{}", shown(&other));
    assert!(text(&other.stderr).contains("the agent does not call flow Approve expense"), "{}", shown(&other));
}

#[test]
fn the_people_of_a_group_are_sorted_by_what_keeps_them_from_it() {
    let desk = Desk::with("copilot-agent-flow");
    let group = ["explain", "--sandbox", "--group", "SG-Expense-Prod", "--flow", "Expense intake"];
    let before = desk.run(&[&group[..], &["--format", "json", "."]].concat());
    assert_eq!(before.status.code(), Some(2), "{}", shown(&before));
    let said: serde_json::Value = serde_json::from_slice(&before.stdout).expect("JSON");
    let people = said["people"].as_array().expect("a list");
    let count = |verdict: &str| -> usize {
        let of = people.iter().filter(|alike| alike["verdict"] == verdict);
        of.map(|alike| alike["people"].as_array().map_or(0, Vec::len)).sum()
    };
    // Mia owns the flow; three of the twelve have never been here, and hold no role.
    assert_eq!((count("can"), count("cannot")), (1, 11), "{said:#}");
    assert_eq!(said["fix"]["kind"], "apply", "{said:#}");
    let applied = desk.run(&["apply", "--sandbox", "--yes", "."]);
    assert_eq!(applied.status.code(), Some(0), "{}", shown(&applied));
    let after = desk.run(&[&group[..], &["."]].concat());
    assert_eq!(after.status.code(), Some(0), "{}", shown(&after));
    assert!(
        text(&after.stdout).contains("12 in group SG-Expense-Prod, flow Expense intake: 12 can"),
        "{}",
        shown(&after)
    );
}

/// Ada is the manager of Mia, who owns the flow: hierarchy security shows it to her, and powergrant does not read that.
#[test]
fn dataverse_itself_is_asked_at_most_ten_questions_and_its_word_counts() {
    let ada = "        - { user: ada@contoso.com, roles: [Basic User] }\n";
    let desk = desk_with_seed(|seed| {
        let seed =
            seed.replace(ada, "").replace("        # The maker may let", &format!("{ada}        # The maker may let"));
        let seed = seed.replace("Basic User, Delegate] }", "Basic User, Delegate], manager: ada@contoso.com }");
        let root = "      rootBusinessUnit: Contoso\n";
        seed.replace(root, &format!("{root}      hierarchySecurity: true\n"))
    });
    let output = explain(&desk, &["-v", "--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let disagreements = said["disagreements"].as_array().expect("a list");
    assert_eq!(disagreements.len(), 1, "{said:#}");
    assert_eq!(disagreements[0]["requirement"], "start.flow-shared", "{said:#}");
    let counted = text(&output.stderr);
    let own = counted.lines().find(|line| line.trim_start().starts_with("own answer")).expect("they are counted");
    let requests: usize = own.split_whitespace().find_map(|word| word.parse().ok()).expect("a number");
    assert!((1..=10).contains(&requests), "{own}");
    // Where nothing differs, nothing is told.
    let plain = explain(&Desk::with("copilot-agent-flow"), &["--format", "json"]);
    let said: serde_json::Value = serde_json::from_slice(&plain.stdout).expect("JSON");
    assert_eq!(said["disagreements"], serde_json::json!([]), "{said:#}");
    let seen = said["requirements"].to_string();
    assert!(seen.contains("Dataverse itself: may not be read now (RetrievePrincipalAccess)"), "{seen}");
}

#[test]
fn a_licence_is_read_and_what_cannot_be_verified_is_unknown() {
    let desk = Desk::with("copilot-agent-flow");
    let applied = desk.run(&["apply", "--sandbox", "--yes", "."]);
    assert_eq!(applied.status.code(), Some(0), "{}", shown(&applied));
    let found = |user: &str| -> Vec<(String, String)> {
        let asked = ["explain", "--sandbox", "--user", user, "--flow", "Expense intake", "--format", "json", "."];
        let said: serde_json::Value = serde_json::from_slice(&desk.run(&asked).stdout).expect("JSON");
        let word = |one: &serde_json::Value, key: &str| one[key].as_str().unwrap_or_default().to_owned();
        let list = said["outside"].as_array().expect("a list");
        list.iter().map(|one| (word(one, "asks"), word(one, "found"))).collect()
    };
    let ada = found("ada@contoso.com");
    assert!(ada.contains(&("a licence with Power Automate".into(), "holds".into())), "{ada:?}");
    assert!(ada.contains(&("a licence with SharePoint".into(), "holds".into())), "{ada:?}");
    let cleo = found("cleo@contoso.com");
    assert!(cleo.contains(&("a licence with SharePoint".into(), "missing".into())), "{cleo:?}");
    let mut places = ada.iter().filter(|(asks, _)| asks.contains("SharePoint site"));
    assert!(places.all(|(_, found)| found == "unknown"), "{ada:?}");
}

/// The embedded tenant judges, so it keeps a list of its own; both are to say the same, line by line.
#[test]
fn both_lists_of_requirements_say_the_same() {
    let lines = |path: &str| -> Vec<String> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        let text = std::fs::read_to_string(path).expect("the list is there");
        text.lines().filter(|line| line.starts_with('-')).map(str::to_owned).collect()
    };
    let (own, other) = (lines("src/explain/requirements.yaml"), lines("src/sandbox/run/requirements.yaml"));
    assert!(own.len() > 20);
    assert_eq!(own, other);
}

/// A seed in which Ada is in the group by way of two others.
pub(crate) fn nested(seed: &str) -> String {
    let group = "    - name: SG-Expense-Prod\n";
    let nested = "    - { name: SG-Finance, members: [SG-Bookkeeping] }\n    - { name: SG-Bookkeeping, members: [ada@contoso.com] }\n";
    let seed = seed.replacen(group, &format!("{nested}{group}"), 1);
    seed.replacen("        - ada@contoso.com\n", "        - SG-Finance\n", 1)
}

#[test]
fn the_groups_by_way_of_which_a_person_is_in_a_group_are_named() {
    let desk = desk_with_seed(|seed| nested(&seed));
    let applied = desk.run(&["apply", "--sandbox", "--yes", "."]);
    assert_eq!(applied.status.code(), Some(0), "{}", shown(&applied));
    let after = explain(&desk, &[]);
    assert_eq!(after.status.code(), Some(0), "{}", shown(&after));
    let said = text(&after.stdout);
    let way = "run-only user through group SG-Expense-Prod, by way of group SG-Bookkeeping in group SG-Finance, from the next access on";
    assert!(said.contains(way), "{said}");
    let role = "Flow Runner (through group SG-Expense-Prod, by way of group SG-Bookkeeping in group SG-Finance";
    assert!(said.contains(role), "{said}");
}
