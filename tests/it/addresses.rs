//! An organisation's address instead of an Environment document: enough to ask, and what to write is said where it is not.
use crate::desk::{Desk, shown, text};

const ADDRESS: &str = "https://contoso.crm4.dynamics.com";
const NAME: &str = "contoso.crm4.dynamics.com";

#[test]
fn a_question_needs_an_address_and_no_manifest() {
    let desk = Desk::empty();
    // Whatever else lies here is none of the question's.
    desk.write("compose.yaml", "services: { web: { image: nginx } }\n");
    let explain = ["explain", "--user", "ada@contoso.com", "--flow", "Expense intake"];
    for (arguments, code) in [
        (["whoami"].as_slice(), 0),
        (&explain, 2),
        (&["who-can", "--flow", "Expense intake"], 0),
        (&["can", "--user", "ada@contoso.com"], 0),
        (&["derive", "--flow", "Expense intake"], 0),
        (&["snapshot", "--out", "prod.jsonl"], 0),
    ] {
        let output = desk.run(&[arguments, &["--sandbox", "-e", ADDRESS]].concat());
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", shown(&output));
        assert!(!text(&output.stderr).contains("compose.yaml"), "{}", shown(&output));
    }
    let explained = desk.run(&[explain.as_slice(), &["--sandbox", "-e", ADDRESS]].concat());
    assert!(text(&explained.stdout).contains(NAME), "{}", shown(&explained));
}

#[test]
fn an_export_by_address_holds_its_environment_and_planning_it_changes_nothing() {
    let desk = Desk::empty();
    let export = desk.run(&["export", "--sandbox", "-e", ADDRESS, "--out", "tenant"]);
    assert_eq!(export.status.code(), Some(0), "{}", shown(&export));
    let environment = desk.read("tenant/contoso-crm4-dynamics-com/environment.yaml");
    assert!(environment.contains(ADDRESS), "{environment}");
    let plan = desk.run(&["plan", "--sandbox", "--detailed-exitcode", "tenant"]);
    assert_eq!(plan.status.code(), Some(0), "{}", shown(&plan));
    // Where a document has the address, it is that environment and no second one.
    let again = desk.run(&["export", "--sandbox", "-e", ADDRESS, "--out", "again", "tenant"]);
    assert_eq!(again.status.code(), Some(0), "{}", shown(&again));
    assert!(!desk.path("again/contoso-crm4-dynamics-com/environment.yaml").exists());
}

#[test]
fn a_plan_by_an_address_alone_says_which_document_to_write() {
    let desk = Desk::with("copilot-agent-flow");
    let other = "https://fabrikam.crm9.dynamics.com";
    for command in [["plan"].as_slice(), &["drift"], &["apply", "--yes"]] {
        let refused = desk.run(&[command, &["--sandbox", "-e", other, "."]].concat());
        assert_eq!(refused.status.code(), Some(1), "{}", shown(&refused));
        let said = text(&refused.stderr);
        assert!(
            said.contains("no Environment document has the address `https://fabrikam.crm9.dynamics.com`"),
            "{said}"
        );
        let (_, document) = said.split_once(":\n\n").expect("a document");
        assert!(document.contains("cloud: gcc"), "{document}");
        desk.write("fabrikam.yaml", document);
        let sound = desk.run(&["check", "-e", other, "."]);
        assert_eq!(sound.status.code(), Some(0), "{}", shown(&sound));
        std::fs::remove_file(desk.path("fabrikam.yaml")).expect("it was written");
    }
}
