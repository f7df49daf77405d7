//! Snapshots as a user takes and plans them, with the real binary.
use crate::desk::{Desk, shown, text};

const EXAMPLE: &str = "copilot-agent-flow";

/// Takes a snapshot on a desk and gives the desk back.
fn taken(arguments: &[&str]) -> Desk {
    let desk = Desk::with(EXAMPLE);
    let snapshot = desk.run(&[&["snapshot", "--sandbox", ".", "--out", "taken.jsonl"], arguments].concat());
    assert_eq!(snapshot.status.code(), Some(0), "{}", shown(&snapshot));
    desk
}

#[test]
fn a_plan_of_a_snapshot_with_names_is_the_plan_of_the_tenant() {
    let desk = taken(&["--with-names"]);
    let tenant = desk.run(&["plan", "--sandbox", "--detailed-exitcode", "."]);
    let snapshot = desk.run(&["plan", "--snapshot", "taken.jsonl", "--detailed-exitcode", "."]);
    assert_eq!(snapshot.status.code(), Some(2), "{}", shown(&snapshot));
    assert_eq!(text(&snapshot.stdout), text(&tenant.stdout));
    assert!(text(&snapshot.stdout).contains("Digest sha256:"), "{}", shown(&snapshot));
}

#[test]
fn a_pseudonymised_snapshot_plans_what_manifests_name_and_gives_nobody_else_away() {
    let desk = taken(&[]);
    let file = desk.read("taken.jsonl");
    for name in ["bob", "ada@", "Mia Maker", "SG-Expense", "Expense intake", "22222222-2222", "contoso.sharepoint.com"]
    {
        assert!(!file.contains(name), "{name} is in the snapshot");
    }
    let plan = desk.run(&["plan", "--snapshot", "taken.jsonl", "."]);
    assert_eq!(plan.status.code(), Some(0), "{}", shown(&plan));
    let plan = text(&plan.stdout);
    assert!(plan.contains("+ group SG-Expense-Prod"), "{plan}");
    assert!(plan.contains("- user p-"), "the leaver's name stands in no manifest: {plan}");
    assert!(plan.contains("16 to add, 2 to change, 1 to remove") && !plan.contains("sha256:"), "{plan}");
}

#[test]
fn a_snapshot_is_read_back_without_a_secret_or_a_flows_text() {
    let desk = taken(&["--with-names"]);
    let file = desk.read("taken.jsonl");
    assert!(file.contains("\"CreateRecord\"") && file.contains("contoso_expenses"), "facts of flows are kept");
    for text in ["triggerBody", "connectionReferences", "client_secret", "Bearer"] {
        assert!(!file.contains(text), "{text} is in the snapshot");
    }
}

#[test]
fn what_a_snapshot_lacks_is_told_as_that() {
    let desk = taken(&["--with-names"]);
    let role = "apiVersion: powergrant.dev/v1alpha1\nkind: RoleAssignment\nmetadata: { name: more }\n\
                environments: [contoso-prod]\nspec: { role: Flow Runner, members: [ { user: new@contoso.com } ] }\n";
    desk.write("more.yaml", role);
    let plan = desk.run(&["plan", "--snapshot", "taken.jsonl", "."]);
    assert_eq!(plan.status.code(), Some(1), "{}", shown(&plan));
    let says = text(&plan.stderr);
    assert!(says.contains("user `new@contoso.com` could not be read: not in this snapshot"), "{says}");
    assert!(says.contains("powergrant snapshot PATH --out FILE") && !says.contains("not read in this run"), "{says}");
}

#[test]
fn another_environment_of_the_same_name_and_one_that_is_missing_are_refused() {
    let desk = taken(&["--with-names"]);
    let environment = desk.read("environment.yaml");
    desk.write("environment.yaml", &environment.replace("contoso.crm4", "fabrikam.crm4"));
    let other = desk.run(&["plan", "--snapshot", "taken.jsonl", "."]);
    assert_eq!(other.status.code(), Some(1), "{}", shown(&other));
    assert!(text(&other.stderr).contains("https://contoso.crm4.dynamics.com there"), "{}", shown(&other));
    desk.write("environment.yaml", &environment.replace("contoso-prod", "contoso-test"));
    let missing = desk.run(&["plan", "--snapshot", "taken.jsonl", "."]);
    assert_eq!(missing.status.code(), Some(1), "{}", shown(&missing));
    assert!(text(&missing.stderr).contains("`contoso-test` is not in this snapshot"), "{}", shown(&missing));
}

#[test]
fn a_file_that_is_cut_off_is_refused_with_its_place_and_apply_takes_no_snapshot() {
    let desk = taken(&[]);
    let file = desk.read("taken.jsonl");
    desk.write("cut.jsonl", &file[..file.len() * 9 / 10]);
    let cut = desk.run(&["plan", "--snapshot", "cut.jsonl", "."]);
    assert_eq!(cut.status.code(), Some(1), "{}", shown(&cut));
    assert!(text(&cut.stderr).contains("error: cut.jsonl:2:"), "{}", shown(&cut));
    let apply = desk.run(&["apply", "--snapshot", "taken.jsonl", "--yes", "."]);
    assert_eq!(apply.status.code(), Some(1), "{}", shown(&apply));
    assert!(text(&apply.stderr).contains("unexpected argument '--snapshot'"), "{}", shown(&apply));
}

#[test]
fn without_rights_in_graph_a_snapshot_is_whole_unless_a_document_names_a_group() {
    let desk = Desk::with(EXAMPLE);
    let seed = powergrant::sandbox::seed::default_seed();
    let closed = seed.replacen("\ndirectory:\n", "\ndirectory:\n  graphReaders: []\n", 1);
    assert_ne!(closed, seed);
    // A team of a group, so that there are people whom only the directory knows.
    let team = "      teams:\n        - { group: SG-Expense-Prod, roles: [Basic User] }\n      solutions:\n";
    desk.write("sandbox.yaml", &closed.replacen("      solutions:\n", team, 1));
    let named = desk.run(&["snapshot", "--sandbox", ".", "--out", "taken.jsonl"]);
    assert_eq!(named.status.code(), Some(1), "{}", shown(&named));
    desk.write("only.yaml", &desk.read("environment.yaml"));
    let alone = desk.run(&["snapshot", "--sandbox", "only.yaml", "--out", "taken.jsonl"]);
    assert_eq!(alone.status.code(), Some(0), "{}", shown(&alone));
    assert!(text(&alone.stderr).contains("members of groups not read whole"), "{}", shown(&alone));
    let who = desk.run(&["who-can", "--snapshot", "taken.jsonl", "--flow", "Expense intake"]);
    assert_eq!(who.status.code(), Some(0), "{}", shown(&who));
}
