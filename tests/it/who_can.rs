//! `who-can` and `can`: tables, CSV and JSON, of the tenant and of a snapshot of it.
use crate::desk::{Desk, shown, text};

/// The example after it was applied.
fn applied() -> Desk {
    let desk = Desk::with("copilot-agent-flow");
    let applied = desk.run(&["apply", "--sandbox", "--yes", "."]);
    assert_eq!(applied.status.code(), Some(0), "{}", shown(&applied));
    desk
}

#[test]
fn whoever_can_run_a_flow_is_listed_with_the_way_and_others_with_what_they_lack() {
    let desk = applied();
    let listed = desk.run(&["who-can", "--sandbox", "--flow", "Expense intake", "."]);
    assert_eq!(listed.status.code(), Some(0), "{}", shown(&listed));
    let said = text(&listed.stdout);
    assert!(said.contains("ada@contoso.com") && said.contains("through group SG-Expense-Prod"), "{said}");
    // Jon is in the group and has never been here; Bob lost his share.
    assert!(said.contains("jon@contoso.com") && !said.contains("bob@contoso.com"), "{said}");
    let all = desk.run(&["who-can", "--sandbox", "--flow", "Expense intake", "--all", "--format", "csv", "."]);
    let bob = text(&all.stdout).lines().find(|line| line.contains("bob@contoso.com")).map(str::to_owned);
    assert!(
        bob.as_deref().is_some_and(|line| line.contains("the flow is not shared with them (start.flow-shared)")),
        "{}",
        shown(&all)
    );
}

#[test]
fn a_privilege_is_listed_from_the_depth_that_is_asked_for() {
    let desk = applied();
    let holders = |depth: &str| {
        let asked =
            ["who-can", "--sandbox", "--privilege", "prvReadWorkflow", "--depth", depth, "--format", "json", "."];
        let output = desk.run(&asked);
        assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
        text(&output.stdout)
    };
    let (user, organization) = (holders("user"), holders("organization"));
    assert!(user.contains("ada@contoso.com") && user.contains("admin@contoso.com"), "{user}");
    assert!(!organization.contains("ada@contoso.com") && organization.contains("admin@contoso.com"), "{organization}");
    let unknown = desk.run(&["who-can", "--sandbox", "--privilege", "prvNothing", "."]);
    assert_eq!(unknown.status.code(), Some(1), "{}", shown(&unknown));
    assert!(text(&unknown.stderr).contains("there is no privilege `prvNothing`"), "{}", shown(&unknown));
}

#[test]
fn a_snapshot_answers_as_the_tenant_does() {
    let desk = applied();
    let taken = desk.run(&["snapshot", "--sandbox", "--with-names", ".", "--out", "taken.jsonl"]);
    assert_eq!(taken.status.code(), Some(0), "{}", shown(&taken));
    let online = desk.run(&["who-can", "--sandbox", "-e", "contoso-prod", "--format", "csv", "."]);
    let offline = desk.run(&["who-can", "--snapshot", "taken.jsonl", "--format", "csv"]);
    assert_eq!(offline.status.code(), Some(0), "{}", shown(&offline));
    assert_eq!(text(&online.stdout), text(&offline.stdout));
    let ada = ["--user", "ada@contoso.com"];
    let can = desk.run(&[&["can", "--snapshot", "taken.jsonl"][..], &ada].concat());
    assert_eq!(can.status.code(), Some(0), "{}", shown(&can));
    assert!(text(&can.stdout).contains("Expense intake"), "{}", shown(&can));
    let why = desk.run(&[&["explain", "--snapshot", "taken.jsonl", "--flow", "Expense intake"][..], &ada].concat());
    assert_eq!(why.status.code(), Some(0), "{}", shown(&why));
}

#[test]
fn a_person_whom_nobody_knows_is_no_table() {
    let desk = Desk::with("copilot-agent-flow");
    let nobody = desk.run(&["can", "--sandbox", "--user", "nobody@contoso.com", "."]);
    assert_eq!(nobody.status.code(), Some(1), "{}", shown(&nobody));
    assert!(text(&nobody.stderr).contains("there is no person `nobody@contoso.com`"), "{}", shown(&nobody));
}

#[test]
fn everybody_against_every_flow_is_a_table_for_people_spreadsheets_and_programs() {
    let desk = applied();
    let matrix = |format: &str| {
        let output = desk.run(&["who-can", "--sandbox", "--format", format, "."]);
        assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
        text(&output.stdout)
    };
    let plain = matrix("text");
    assert!(plain.contains("    3  Expense intake\n"), "{plain}");
    assert!(
        plain.lines().any(|line| line.split_whitespace().eq(["user", "ada@contoso.com", ".", ".", "x", ".", "."])),
        "{plain}"
    );
    let csv = matrix("csv");
    let mut lines = csv.split("\r\n");
    let header = "principal,Approve expense,Archive receipt,Expense intake,Expense reminder,Payroll export";
    assert_eq!(lines.next(), Some(header));
    assert!(lines.any(|line| line == "user ada@contoso.com,cannot,cannot,can,cannot,cannot"), "{csv}");
    let json: serde_json::Value = serde_json::from_str(&matrix("json")).expect("JSON");
    let identity = |name: &str| {
        let people = json["people"].as_array().expect("a list");
        people.iter().find(|person| person["name"] == name).map(|person| person["identity"].clone()).expect("known")
    };
    let flows = json["flows"].as_array().expect("a list");
    let intake = flows.iter().find(|flow| flow["flow"]["name"] == "Expense intake").expect("the flow");
    let can = intake["can"].as_array().expect("a list");
    assert!(
        can.contains(&identity("user ada@contoso.com")) && !can.contains(&identity("user bob@contoso.com")),
        "{json:#}"
    );
    assert_eq!(intake["unknown"], serde_json::json!([]));
}

#[test]
fn what_a_person_can_run_is_told_with_the_way_and_what_is_missing_of_the_rest() {
    let desk = applied();
    let can = |more: &[&str]| {
        let output = desk.run(&[&["can", "--sandbox", "--user", "ada@contoso.com"][..], more, &["."]].concat());
        assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
        text(&output.stdout)
    };
    let csv = can(&["--format", "csv"]);
    let lines: Vec<&str> = csv.split("\r\n").collect();
    assert_eq!((lines.len(), lines[0]), (3, "principal,identity,what,answer,through"), "{csv}");
    assert!(lines[1].contains(",Expense intake,can,\"run-only user through group SG-Expense-Prod, from"), "{csv}");
    let json: serde_json::Value = serde_json::from_str(&can(&["--format", "json", "--all"])).expect("JSON");
    let rows = json["rows"].as_array().expect("a list");
    assert_eq!(rows.len(), 5, "{json:#}");
    let reminder = rows.iter().find(|row| row["what"] == "Expense reminder").expect("every flow is listed");
    assert_eq!(reminder["answer"], "cannot");
    assert!(reminder["through"].to_string().contains("nobody starts the flow by hand (start.instant)"), "{reminder}");
    let nearly = desk.run(&["who-can", "--sandbox", "--flow", "Expence intake", "."]);
    assert_eq!(nearly.status.code(), Some(1), "{}", shown(&nearly));
    assert!(text(&nearly.stderr).contains("did you mean `Expense intake`?"), "{}", shown(&nearly));
    let privilege = desk.run(&["who-can", "--sandbox", "--privilege", "prvReadWorkflw", "."]);
    assert!(text(&privilege.stderr).contains("did you mean `prvReadWorkflow`?"), "{}", shown(&privilege));
}
