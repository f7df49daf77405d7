//! Policies as a user meets them: the real binary, without a tenant.
use crate::desk::{Desk, shown, text};

#[test]
fn an_example_keeps_its_own_policy_and_a_change_against_it_is_told_with_its_place() {
    let desk = Desk::with("copilot-agent-flow");
    let sound = desk.run(&["check", "--policy", "."]);
    assert_eq!(sound.status.code(), Some(0), "{}", shown(&sound));
    let assignments =
        desk.read("assignments.yaml").replacen("[\"${runners}\"]", "[\"${runners}\", { user: bob@contoso.com }]", 1);
    desk.write("assignments.yaml", &assignments);
    let plain = desk.run(&["check", "."]);
    assert_eq!(plain.status.code(), Some(0), "{}", shown(&plain));
    let broken = desk.run(&["check", "--policy", "."]);
    assert_eq!(broken.status.code(), Some(1), "{}", shown(&broken));
    let told = text(&broken.stderr);
    assert!(told.contains("error[groups-only]: user bob@contoso.com"), "{told}");
    assert!(told.contains("--> assignments.yaml:9:27"), "{told}");
    assert!(!desk.path(".powergrant").exists(), "a tenant was touched");
}

#[test]
fn a_check_against_policies_that_are_not_there_is_no_success() {
    let desk = Desk::with("three-stages");
    let checked = desk.run(&["check", "--policy", "."]);
    assert_eq!(checked.status.code(), Some(1), "{}", shown(&checked));
    assert!(text(&checked.stderr).contains("error[no-policy]"), "{}", shown(&checked));
}

#[test]
fn a_pull_request_that_gives_somebody_something_is_told_apart_from_one_that_does_not() {
    let (base, desk) = (Desk::with("copilot-agent-flow"), Desk::with("copilot-agent-flow"));
    let baseline = base.path("").display().to_string();
    let compare = || desk.run(&["check", "--baseline", &baseline, "--no-new-access", "."]);
    let same = compare();
    assert_eq!(same.status.code(), Some(0), "{}", shown(&same));
    let assignments = desk.read("assignments.yaml");
    desk.write("assignments.yaml", &assignments.replacen("[\"${runners}\"]", "[]", 1));
    let less = compare();
    assert_eq!(less.status.code(), Some(0), "{}", shown(&less));
    desk.write(
        "assignments.yaml",
        &assignments.replacen("[\"${runners}\"]", "[\"${runners}\", { user: bob@contoso.com }]", 1),
    );
    let more = compare();
    assert_eq!(more.status.code(), Some(1), "{}", shown(&more));
    let told = text(&more.stderr);
    assert!(told.contains("error[new-access]") && told.contains("user bob@contoso.com is new"), "{told}");
    assert!(told.contains("--> assignments.yaml:9:27"), "{told}");
    let half = desk.run(&["check", "--no-new-access", "."]);
    assert_eq!(half.status.code(), Some(1), "{}", shown(&half));
}
