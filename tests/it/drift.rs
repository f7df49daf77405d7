//! Where a difference comes from: the tenant was changed outside Git, or the manifests were not applied yet.
use crate::desk::{Desk, shown, text};

/// A flow's manifest that somebody else applies, past the journal: in a hidden folder, which is passed over.
const OUTSIDE: &str = "apiVersion: powergrant.dev/v1alpha1\nkind: Flow\nmetadata: { name: outside }\nenvironments: [contoso-prod]\n\
spec: { flow: Expense intake, runOnlyUsers: { members: [{ user: bob@contoso.com }] } }\n";

fn applied(desk: &Desk, arguments: &[&str]) {
    let rails = ["apply", "--sandbox", "--yes", "--allow", "shared-connection", "--allow", "max-removals"];
    let applied = desk.run(&[rails.as_slice(), arguments].concat());
    assert_eq!(applied.status.code(), Some(0), "{}", shown(&applied));
}

fn changed_outside() -> Desk {
    let desk = Desk::with("copilot-agent-flow");
    applied(&desk, &["."]);
    std::fs::create_dir(desk.path(".outside")).expect("a folder");
    desk.write(".outside/flow.yaml", OUTSIDE);
    applied(&desk, &["--journal", ".outside/journal.jsonl", "environment.yaml", ".outside/flow.yaml"]);
    desk
}

#[test]
fn without_a_journal_nobody_knows_where_a_difference_comes_from() {
    let drift = Desk::with("copilot-agent-flow").run(&["drift", "--sandbox", "."]);
    assert_eq!(drift.status.code(), Some(2), "{}", shown(&drift));
    let said = text(&drift.stdout);
    assert!(said.contains("  of unknown origin: the journal has no run of this environment"), "{said}");
    assert!(said.contains("\nDrift: 19 differences; 19 of unknown origin.\n"), "{said}");
    assert!(text(&drift.stderr).contains("there is no journal .powergrant/journal.jsonl"), "{}", shown(&drift));
}

#[test]
fn what_somebody_clicked_is_told_from_what_was_not_applied_yet() {
    let desk = changed_outside();
    // And somebody writes a manifest that nobody applies.
    let role = desk.read("role.yaml");
    let newer = role.replace("Process: { Read: user }", "Process: { Read: organization }");
    assert_ne!(newer, role);
    desk.write("role.yaml", &newer);
    let drift = desk.run(&["drift", "--sandbox", "."]);
    assert_eq!(drift.status.code(), Some(2), "{}", shown(&drift));
    insta::assert_snapshot!(text(&drift.stdout), @"
    contoso-prod

      changed outside Git: `apply` brings the manifests' state back; or write the change into them
        flow Expense intake, shares
          - user bob@contoso.com                     run-only; by application powergrant at 2026-01-05 08:12 (UTC)

      not yet applied: `apply` has not brought the manifests about
        security role Flow Runner
          ~ Read     Process                         User → Organization; the manifest is newer than the last run

    Drift: 2 differences; 1 changed outside Git, 1 not yet applied.
    ");
}

#[test]
fn a_rule_leaves_drift_out_until_its_last_day() {
    let desk = changed_outside();
    let rule = |until: &str| {
        let rule = format!(
            "- subject: flow Expense intake, shares\n  entry: user bob@contoso.com\n  reason: he closes the books\n  until: {until}\n"
        );
        desk.write(".outside/rules.yaml", &rule);
        desk.run(&["drift", "--sandbox", "--ignore", ".outside/rules.yaml", "."])
    };
    let left_out = rule("9999-12-31");
    assert_eq!(left_out.status.code(), Some(0), "{}", shown(&left_out));
    assert!(text(&left_out.stdout).contains("he closes the books, until 9999-12-31 ("), "{}", shown(&left_out));
    let over = rule("2020-01-31");
    assert_eq!(over.status.code(), Some(2), "{}", shown(&over));
    assert!(text(&over.stderr).contains("ended on 2020-01-31: he closes the books"), "{}", shown(&over));
    desk.write(".outside/rules.yaml", "- subject: flow Expense intake, shares\n  until: 9999-12-31\n");
    let without_reason = desk.run(&["drift", "--sandbox", "--ignore", ".outside/rules.yaml", "."]);
    assert_eq!(without_reason.status.code(), Some(1), "{}", shown(&without_reason));
    assert!(text(&without_reason.stderr).contains("missing field `reason`"), "{}", shown(&without_reason));
}

#[test]
fn the_body_of_the_issue_says_it_in_markdown_and_is_empty_without_drift() {
    let desk = changed_outside();
    let issue = desk.run(&["drift", "--sandbox", "--format", "markdown", "."]);
    assert_eq!(issue.status.code(), Some(2), "{}", shown(&issue));
    let body = text(&issue.stdout);
    assert!(body.starts_with("<!-- powergrant:drift -->\n**1 changed outside Git**\n"), "{body}");
    assert!(body.contains("#### changed outside Git: 1 in `contoso-prod`\n"), "{body}");
    applied(&desk, &["."]);
    let none = desk.run(&["drift", "--sandbox", "--format", "markdown", "."]);
    assert_eq!((none.status.code(), text(&none.stdout).as_str()), (Some(0), ""), "{}", shown(&none));
}
