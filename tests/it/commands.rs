//! The commands as a user runs them: the real binary, the embedded tenant, its state in a folder of the test's own.
use std::path::Path;

use crate::desk::{Desk, shown, text};

#[test]
fn the_forum_case_is_planned_applied_read_back_and_gone() {
    let desk = Desk::with("copilot-agent-flow");
    let before = desk.run(&["plan", "--sandbox", "--detailed-exitcode", "."]);
    assert_eq!(before.status.code(), Some(2), "{}", shown(&before));
    let applied = desk.run(&["apply", "--sandbox", "--yes", "."]);
    assert_eq!(applied.status.code(), Some(0), "{}", shown(&applied));
    assert!(text(&applied.stdout).contains("read back"), "{}", shown(&applied));
    let again = desk.run(&["apply", "--sandbox", "--yes", "."]);
    assert_eq!(again.status.code(), Some(0), "{}", shown(&again));
    assert!(text(&again.stdout).contains("Plan: nothing to do."), "{}", shown(&again));
    let after = desk.run(&["plan", "--sandbox", "--detailed-exitcode", "."]);
    assert_eq!(after.status.code(), Some(0), "{}", shown(&after));
    let drift = desk.run(&["drift", "--sandbox", "."]);
    assert_eq!(drift.status.code(), Some(0), "{}", shown(&drift));
}

#[test]
fn plan_and_drift_leave_the_tenant_as_it_was() {
    let desk = Desk::with("copilot-agent-flow");
    let state = |desk: &Desk| {
        let folder = desk.path(".powergrant/sandbox");
        let file =
            std::fs::read_dir(folder).expect("the tenant's state is kept").next().expect("one file").expect("a file");
        let text = std::fs::read_to_string(file.path()).expect("the state can be read");
        let state: serde_json::Value = serde_json::from_str(&text).expect("the state is JSON");
        state["tenant"].clone()
    };
    let first = desk.run(&["plan", "--sandbox", "."]);
    assert_eq!(first.status.code(), Some(0), "{}", shown(&first));
    let before = state(&desk);
    for command in ["plan", "drift"] {
        desk.run(&[command, "--sandbox", "."]);
        let after = state(&desk);
        for key in ["organizations", "directory", "environments"] {
            assert!(before.get(key).is_some(), "the state has {key}");
            assert_eq!(before.get(key), after.get(key), "{command} changed the tenant's {key}");
        }
    }
}

#[test]
fn a_plan_that_was_not_reviewed_is_refused_and_the_reviewed_one_is_applied() {
    let desk = Desk::with("copilot-agent-flow");
    let refused = desk.run(&["apply", "--sandbox", "--yes", "--expect", "sha256:0000", "."]);
    assert_eq!(refused.status.code(), Some(4), "{}", shown(&refused));
    let plan = desk.run(&["plan", "--sandbox", "."]);
    let plan = text(&plan.stdout);
    let digest = plan.lines().find_map(|line| line.strip_prefix("Digest ")).and_then(|line| line.split(';').next());
    let digest = digest.expect("a plan with changes has a digest");
    let applied = desk.run(&["apply", "--sandbox", "--yes", "--expect", digest, "."]);
    assert_eq!(applied.status.code(), Some(0), "{}", shown(&applied));
}

#[test]
fn a_mistyped_flag_is_an_error_and_not_a_difference() {
    let desk = Desk::with("copilot-agent-flow");
    assert_eq!(desk.run(&["plan", "--no-such-flag"]).status.code(), Some(1));
    assert_eq!(desk.run(&["plan", "--help"]).status.code(), Some(0));
}

#[test]
fn every_example_is_sound_and_does_what_it_says() {
    for example in ["copilot-agent-flow", "three-stages"] {
        let desk = Desk::with(example);
        let check = desk.run(&["check", "."]);
        assert_eq!(check.status.code(), Some(0), "{example}: {}", shown(&check));
        let apply = desk.run(&["apply", "--sandbox", "--yes", "."]);
        assert_eq!(apply.status.code(), Some(0), "{example}: {}", shown(&apply));
    }
    let minimal = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/minimal.yaml");
    let desk = Desk::with("copilot-agent-flow");
    let minimal = minimal.to_str().expect("a path of ASCII letters");
    for arguments in [["check", minimal].as_slice(), &["apply", "--sandbox", "--yes", minimal]] {
        let run = desk.run(arguments);
        assert_eq!(run.status.code(), Some(0), "{arguments:?}: {}", shown(&run));
    }
}

#[test]
fn bad_manifests_are_told_with_their_places_and_nothing_is_sent() {
    let desk = Desk::with("copilot-agent-flow");
    std::fs::write(desk.path("broken.yaml"), "apiVersion: powergrant.dev/v1alpha1\nkind: Flw\n")
        .expect("a file for the test");
    let applied = desk.run(&["apply", "--sandbox", "--yes", "."]);
    assert_eq!(applied.status.code(), Some(1), "{}", shown(&applied));
    assert!(text(&applied.stderr).contains("broken.yaml:2"), "{}", shown(&applied));
    assert!(!desk.path(".powergrant").exists(), "the tenant was touched");
}
