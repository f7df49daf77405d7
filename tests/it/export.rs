//! Exports as a user makes them, with the real binary.
use crate::desk::{Desk, shown, text};

#[test]
fn an_applied_example_is_exported_and_planning_the_export_has_nothing_to_do() {
    let desk = Desk::with("copilot-agent-flow");
    let applied = desk.run(&["apply", "--sandbox", "--yes", "."]);
    assert_eq!(applied.status.code(), Some(0), "{}", shown(&applied));
    let export = desk.run(&["export", "--sandbox", "environment.yaml", "--out", "exported"]);
    assert_eq!(export.status.code(), Some(0), "{}", shown(&export));
    assert!(text(&export.stderr).contains("planning them changes nothing"), "{}", shown(&export));
    let flows = desk.read("exported/contoso-prod/flows.yaml");
    for line in ["name: Expense intake", "contoso_dataverse: providedByRunOnlyUser", "name: SG-Expense-Prod"] {
        assert!(flows.contains(line), "{line}\n{flows}");
    }
    let roles = desk.read("exported/contoso-prod/security-roles.yaml");
    assert!(roles.contains("name: Flow Runner") && roles.contains("prvFlow: organization"), "{roles}");
    assert!(!roles.contains("System Administrator"), "{roles}");
    let assignments = desk.read("exported/contoso-prod/role-assignments.yaml");
    assert!(assignments.contains("builtIn: systemAdministrator"), "{assignments}");
    let plan = desk.run(&["plan", "--sandbox", "--detailed-exitcode", "environment.yaml", "exported"]);
    assert_eq!(plan.status.code(), Some(0), "{}", shown(&plan));
    let check = desk.run(&["check", "environment.yaml", "exported"]);
    assert_eq!(check.status.code(), Some(0), "{}", shown(&check));
    let again = desk.run(&["export", "--sandbox", "environment.yaml", "--out", "exported"]);
    assert_eq!(again.status.code(), Some(1), "what is there is not written over: {}", shown(&again));
    assert_eq!(desk.read("exported/contoso-prod/flows.yaml"), flows);
}

#[test]
fn an_export_of_one_solution_is_its_flows_alone_and_a_name_that_means_nothing_is_told() {
    let desk = Desk::with("copilot-agent-flow");
    let export = desk.run(&["export", "--sandbox", ".", "--solution", "ContosoPayroll"]);
    assert_eq!(export.status.code(), Some(0), "{}", shown(&export));
    let one = desk.run(&["export", "--sandbox", ".", "--flow", "Expense intake"]);
    assert_eq!(one.status.code(), Some(0), "{}", shown(&one));
    let documents = text(&one.stdout);
    assert_eq!(documents.matches("kind: ").count(), 1, "{documents}");
    assert!(documents.contains("runOnlyUsers:") && documents.contains("bob@contoso.com"), "{documents}");
    let role = desk.run(&["export", "--sandbox", ".", "--role", "Basic User"]);
    assert!(text(&role.stdout).contains("builtIn: basicUser"), "{}", shown(&role));
    let unknown = desk.run(&["export", "--sandbox", ".", "--flow", "Expanse intake"]);
    assert_eq!(unknown.status.code(), Some(1), "{}", shown(&unknown));
    assert!(text(&unknown.stderr).contains("no flow `Expanse intake`"), "{}", shown(&unknown));
}

#[test]
fn what_an_export_cannot_say_is_told() {
    let desk = Desk::with("three-stages");
    let export = desk.run(&["export", "--sandbox", "."]);
    assert_eq!(export.status.code(), Some(0), "{}", shown(&export));
    let says = text(&export.stderr);
    assert!(says.contains("owns the flow, which manifests do not decide"), "{says}");
}
