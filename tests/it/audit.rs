//! Who changed something outside Git, and when: the audit log of the tenant, as `drift` reads it.
use std::process::Output;

use serde_json::Value;

use crate::desk::{Desk, shown, text};
use crate::whoami::{APPLIER, PLANNER, run_as, with_identities};

/// One change in every ledger that the audit log knows, which somebody else makes past the journal.
const OUTSIDE: &str = "apiVersion: powergrant.dev/v1alpha1
kind: SecurityRole
metadata: { name: outside-role }
environments: [contoso-prod]
spec: { role: Flow Runner, description: Somebody else's., privileges: { Process: { Read: organization } } }
---
apiVersion: powergrant.dev/v1alpha1
kind: RoleAssignment
metadata: { name: outside-assignment }
environments: [contoso-prod]
spec: { role: Flow Runner, members: [{ group: { name: SG-Expense-Prod }, state: absent }] }
---
apiVersion: powergrant.dev/v1alpha1
kind: Flow
metadata: { name: outside-flow }
environments: [contoso-prod]
spec:
  flow: Expense intake
  connections: { contoso_sharepoint: useThisConnection }
  runOnlyUsers: { members: [{ user: bob@contoso.com }] }
  referenceReaders: { members: [{ group: { name: SG-Expense-Prod }, state: absent }] }
";

const RAILS: [&str; 7] = ["apply", "--sandbox", "--yes", "--allow", "shared-connection", "--allow", "max-removals"];

fn applied(output: &Output) {
    assert_eq!(output.status.code(), Some(0), "{}", shown(output));
}

/// The manifests are applied, and then somebody changes what they say.
fn change_outside(desk: &Desk, outside: impl Fn(&[&str]) -> Output) {
    applied(&desk.run(&[RAILS.as_slice(), &["."]].concat()));
    std::fs::create_dir(desk.path(".outside")).expect("a folder");
    desk.write(".outside/all.yaml", OUTSIDE);
    let past_the_journal = ["--journal", ".outside/journal.jsonl", "environment.yaml", ".outside/all.yaml"];
    applied(&outside(&[RAILS.as_slice(), &past_the_journal].concat()));
}

/// A desk whose tenant gives other answers to open questions, changed outside Git.
fn under(variants: &str) -> Desk {
    let desk = Desk::with("copilot-agent-flow");
    let seed = powergrant::sandbox::seed::default_seed();
    desk.write("sandbox.yaml", &format!("{seed}\nvariants: {variants}\n"));
    change_outside(&desk, |arguments| desk.run(arguments));
    desk
}

/// Writes that are under way together are recorded in any order, so minutes are not compared.
fn without_minutes(text: &str) -> String {
    let (start, mut parts) = ("2026-01-05 08:", text.split("2026-01-05 08:"));
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out += start;
        out += "MM";
        out += &part[2..];
    }
    out
}

#[test]
fn drift_says_who_changed_what_and_when_in_every_ledger_that_is_audited() {
    let desk = with_identities();
    let (application, secret) = APPLIER;
    change_outside(&desk, |arguments| {
        run_as(&desk, application, secret, &[arguments, &["--auth", "client-secret"]].concat())
    });
    let (application, secret) = PLANNER;
    let drift = |format: &str| {
        run_as(&desk, application, secret, &["drift", "--sandbox", "--auth", "client-secret", "--format", format, "."])
    };
    let told = drift("text");
    assert_eq!(told.status.code(), Some(2), "{}", shown(&told));
    insta::assert_snapshot!(without_minutes(&text(&told.stdout)), @"
    contoso-prod

      changed outside Git: `apply` brings the manifests' state back; or write the change into them
        security role Flow Runner
          ~ description                              `Somebody else's.` → `Runs the cloud flows that are shared with the holder.`; by application powergrant-apply at 2026-01-05 08:MM (UTC)
          ~ Read     Process                         Organization → User; after security role Flow Runner has description, role assignment Flow Runner has group SG-Expense-Prod; by application powergrant-apply at 2026-01-05 08:MM (UTC)
        role assignment Flow Runner
          + group SG-Expense-Prod                    12 members, 9 present; 3 appear at first access; by application powergrant-apply at 2026-01-05 08:MM (UTC)
        flow Expense intake, connections
          ~ contoso_sharepoint                       use this connection → provided by run-only user; by application powergrant-apply at 2026-01-05 08:MM (UTC)
        connection reference contoso_dataverse, readers
          + group SG-Expense-Prod                    read; after group SG-Expense-Prod holds Read on Connection Reference; by application powergrant-apply at 2026-01-05 08:MM (UTC)
        connection reference contoso_outlook, readers
          + group SG-Expense-Prod                    read; after group SG-Expense-Prod holds Read on Connection Reference; by application powergrant-apply at 2026-01-05 08:MM (UTC)
        connection reference contoso_sharepoint, readers
          + group SG-Expense-Prod                    read; after group SG-Expense-Prod holds Read on Connection Reference; by application powergrant-apply at 2026-01-05 08:MM (UTC)
        flow Expense intake, shares
          - user bob@contoso.com                     run-only; by application powergrant-apply at 2026-01-05 08:MM (UTC)

    Drift: 8 differences; 8 changed outside Git.
");
    let issue = text(&drift("markdown").stdout);
    assert!(issue.contains("run-only; by application powergrant-apply at 2026-01-05 "), "{issue}");
    let document: Value = serde_json::from_slice(&drift("json").stdout).expect("JSON");
    let lines = document["powergrant"]["drift"].as_array().expect("where differences come from");
    assert!(lines.len() > 4, "{lines:#?}");
    for line in lines {
        assert_eq!((&line["origin"], &line["by"]), (&"changedOutside".into(), &"application powergrant-apply".into()));
        assert!(line["at"].as_str().is_some_and(|at| at.starts_with("2026-01-05T")), "{line}");
    }
    let events: Vec<Value> =
        text(&drift("events").stdout).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let told: Vec<&Value> = events.iter().filter(|event| event["type"] == "resource_drift").collect();
    assert_eq!(told.iter().map(|event| event["powergrant"]["subject"].clone()).collect::<Vec<_>>(), subjects(lines));
    for event in &told {
        assert_eq!(event["powergrant"]["by"], "application powergrant-apply", "{event}");
        assert!(event["powergrant"]["at"].as_str().is_some_and(|at| at.starts_with("2026-01-05T")), "{event}");
        assert!(event["@message"].as_str().is_some_and(|said| said.contains("; by application ")), "{event}");
    }
    // What powergrant would give was taken outside Git, and what it would take was given there.
    let done = |entry: &str| {
        &told.iter().find(|event| event["powergrant"]["entry"] == entry).expect("told")["change"]["action"]
    };
    assert_eq!((done("user bob@contoso.com"), done("group SG-Expense-Prod")), (&"create".into(), &"delete".into()));
    let last = events.last().expect("events");
    assert_eq!((&last["type"], &last["powergrant"]["changedOutside"]), (&"drift_summary".into(), &lines.len().into()));
}

fn subjects(lines: &[Value]) -> Vec<Value> {
    lines.iter().map(|line| line["subject"].clone()).collect()
}

#[test]
fn an_audit_log_that_leaves_out_who_and_when_is_asked_for_its_records() {
    let usual = under("{}").run(&["drift", "--sandbox", "."]);
    assert!(text(&usual.stdout).contains("; by application powergrant at 2026-01-05 "), "{}", shown(&usual));
    for variants in ["{ auditHistory: withoutRecords }", "{ assignmentAudit: ofRoles }"] {
        let drift = under(variants).run(&["drift", "--sandbox", "."]);
        assert_eq!(without_minutes(&text(&drift.stdout)), without_minutes(&text(&usual.stdout)), "{variants}");
    }
}

#[test]
fn where_nothing_is_audited_drift_is_told_all_the_same() {
    let drift = under("{ auditHistory: off }").run(&["drift", "--sandbox", "."]);
    assert_eq!(drift.status.code(), Some(2), "{}", shown(&drift));
    let said = text(&drift.stdout);
    assert!(said.contains("run-only; the audit log does not say by whom\n"), "{said}");
}

#[test]
fn a_role_that_is_only_wanted_has_no_history_and_nothing_is_called_unreadable() {
    let desk = Desk::with("copilot-agent-flow");
    applied(&desk.run(&["apply", "--sandbox", "--yes", "."]));
    // The journal knows of the role, and the tenant has lost it.
    let drift = desk.run(&["drift", "--sandbox", "--sandbox-reset", "."]);
    assert_eq!(drift.status.code(), Some(2), "{}", shown(&drift));
    let said = text(&drift.stdout);
    assert!(said.contains("+ the role itself; the audit log does not say by whom\n"), "{said}");
    assert!(!said.contains("could not be read"), "{said}");
}

#[test]
fn who_may_not_read_the_audit_log_is_told_once_and_drift_is_no_error() {
    let desk = with_identities();
    change_outside(&desk, |arguments| desk.run(arguments));
    std::fs::create_dir(desk.path(".identities")).expect("a folder");
    let without = "apiVersion: powergrant.dev/v1alpha1\nkind: SecurityRole\nmetadata: { name: plan }\nenvironments: [contoso-prod]\n\
        spec: { role: powergrant plan, miscellaneous: { prvReadAuditSummary: { state: absent } } }\n";
    desk.write(".identities/role.yaml", without);
    applied(&desk.run(&[
        "apply",
        "--sandbox",
        "--yes",
        "--journal",
        ".identities/j",
        "environment.yaml",
        ".identities/role.yaml",
    ]));
    let (application, secret) = PLANNER;
    let drift = run_as(&desk, application, secret, &["drift", "--sandbox", "--auth", "client-secret", "."]);
    assert_eq!(drift.status.code(), Some(2), "{}", shown(&drift));
    let said = text(&drift.stdout);
    assert!(said.contains("run-only; by whom could not be read\n"), "{said}");
    assert_eq!(said.matches("  the audit log could not be read: 403 0x80040220 ").count(), 1, "{said}");
    assert!(said.contains("is missing prvReadAuditSummary privilege"), "{said}");
}

#[test]
fn all_histories_come_in_one_batch() {
    let desk = under("{}");
    let drift = desk.run(&["drift", "--sandbox", "-vv", "."]);
    let said = text(&drift.stderr);
    let line = said.lines().find(|line| line.trim_start().starts_with("audit log")).expect("a count of the audit log");
    assert!(line.contains(" 1 requests,"), "{said}");
}
