//! The shell parts of the pipelines, run against the embedded tenant; `gh` is a script that writes down what it is asked.
#![cfg(unix)]
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::desk::{Desk, shown, text};

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(".github/actions/powergrant").join(name)
}

/// A desk with a `gh` that writes its arguments, and the file that a body comes from, into `gh.log`, and prints `answer`.
fn desk(answer: &str) -> Desk {
    let desk = Desk::with("copilot-agent-flow");
    std::fs::create_dir(desk.path("bin")).expect("a folder");
    desk.write("answer", answer);
    desk.write(
        "bin/gh",
        "#!/usr/bin/env bash\nprintf '%s\\n' \"$*\" >>\"$DESK/gh.log\"\n\
         for word in \"$@\"; do case \"$word\" in body=@*) cat \"${word#body=@}\" >>\"$DESK/gh.log\" ;; esac; done\n\
         if [[ \"$*\" == *--jq* ]]; then cat \"$DESK/answer\"; fi\n",
    );
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(desk.path("bin/gh"), mode).expect("it can be made to run");
    desk
}

fn run(desk: &Desk, name: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let binary = Path::new(env!("CARGO_BIN_EXE_powergrant")).parent().expect("the binary has a folder").display();
    let path = format!("{}:{binary}:{}", desk.path("bin").display(), std::env::var("PATH").unwrap_or_default());
    Command::new("bash")
        .arg(script(name))
        .args(arguments)
        .current_dir(desk.path(""))
        .env("PATH", path)
        .env("DESK", desk.path(""))
        .env("RUNNER_TEMP", desk.path("temp"))
        .env("GITHUB_OUTPUT", desk.path("outputs"))
        .env("GITHUB_REPOSITORY", "contoso/permissions")
        .env_remove("GITHUB_STEP_SUMMARY")
        .envs(variables.iter().copied())
        .output()
        .expect("bash runs")
}

/// Runs the action's command against the embedded tenant, and returns an output.
fn action(desk: &Desk, command: &str, expect: &str) -> Output {
    let variables = [
        ("POWERGRANT_COMMAND", command),
        ("POWERGRANT_ARGUMENTS", "--sandbox"),
        ("POWERGRANT_PATHS", "environment.yaml\nrole.yaml\nassignments.yaml\nflow.yaml"),
        ("POWERGRANT_EXPECT", expect),
    ];
    run(desk, "run.sh", &[], &variables)
}

fn output(desk: &Desk, name: &str) -> String {
    let outputs = desk.read("outputs");
    let found = outputs.lines().rev().find_map(|line| line.strip_prefix(name)?.strip_prefix('=').map(str::to_owned));
    found.unwrap_or_else(|| panic!("no output {name} in {outputs}"))
}

#[test]
fn what_was_planned_and_commented_is_what_is_applied() {
    let desk = desk("");
    let planned = action(&desk, "plan", "");
    assert_eq!(planned.status.code(), Some(0), "{}", shown(&planned));
    let comment = output(&desk, "markdown");
    let commented = run(&desk, "comment.sh", &["7", &comment], &[]);
    assert_eq!(commented.status.code(), Some(0), "{}", shown(&commented));
    let asked = desk.read("gh.log");
    assert!(asked.contains("api --method POST repos/contoso/permissions/issues/7/comments -F body=@"), "{asked}");
    assert!(asked.contains("### powergrant: 16 to add, 2 to change, 1 to remove"), "{asked}");

    // The comment is found again by its marker, and edited.
    desk.write("answer", "4711\n");
    run(&desk, "comment.sh", &["7", &comment], &[]);
    assert!(
        desk.read("gh.log").contains("api --method PATCH repos/contoso/permissions/issues/comments/4711 -F body=@")
    );

    // After the merge its digest is what is applied.
    desk.write("answer", &std::fs::read_to_string(&comment).expect("the comment"));
    let reviewed = run(&desk, "reviewed.sh", &["0123456"], &[]);
    let digest = text(&reviewed.stdout).trim().to_owned();
    assert_eq!(digest, output(&desk, "digest"), "{}", shown(&reviewed));
    let unreviewed = action(&desk, "apply", "");
    assert_eq!(unreviewed.status.code(), Some(1), "{}", shown(&unreviewed));
    let other = action(&desk, "apply", "sha256:0000");
    assert_eq!(other.status.code(), Some(4), "{}", shown(&other));
    assert_eq!(output(&desk, "failure_reason"), "plan-changed");
    let applied = action(&desk, "apply", &digest);
    assert_eq!(applied.status.code(), Some(0), "{}", shown(&applied));
    assert_eq!(output(&desk, "failure_reason"), "");

    // Then there is nothing to say: the plan's file is empty, and the comment that is there says so.
    let nothing = action(&desk, "plan", "");
    assert_eq!(
        (nothing.status.code(), output(&desk, "has_changes").as_str()),
        (Some(0), "false"),
        "{}",
        shown(&nothing)
    );
    desk.write("answer", "4711\n");
    run(&desk, "comment.sh", &["7", &output(&desk, "markdown")], &[]);
    assert!(desk.read("gh.log").ends_with("### powergrant: nothing to do\n"), "{}", desk.read("gh.log"));
    let again = action(&desk, "apply", "");
    assert_eq!(again.status.code(), Some(0), "nothing to apply needs no review: {}", shown(&again));
}

#[test]
fn drift_opens_one_issue_and_closes_it() {
    let desk = desk("");
    let drifted = action(&desk, "drift", "");
    assert_eq!((drifted.status.code(), output(&desk, "has_drift").as_str()), (Some(0), "true"), "{}", shown(&drifted));
    let issue = output(&desk, "markdown");
    let title = "powergrant: the tenant is not as the manifests say";
    assert_eq!(output(&desk, "title"), title);
    run(&desk, "issue.sh", &[&issue], &[]);
    assert!(desk.read("gh.log").contains(&format!("issue create --title {title} --body-file {issue}")));
    desk.write("answer", "12\n");
    run(&desk, "issue.sh", &[&issue], &[]);
    assert!(desk.read("gh.log").contains(&format!("issue edit 12 --body-file {issue}")));

    let digest = {
        action(&desk, "plan", "");
        output(&desk, "digest")
    };
    let applied = action(&desk, "apply", &digest);
    assert_eq!(applied.status.code(), Some(0), "{}", shown(&applied));
    let none = action(&desk, "drift", "");
    assert_eq!((none.status.code(), output(&desk, "has_drift").as_str()), (Some(0), "false"), "{}", shown(&none));
    run(&desk, "issue.sh", &[&issue], &[]);
    assert!(desk.read("gh.log").contains("issue close 12"), "{}", desk.read("gh.log"));
}

#[test]
fn a_broken_manifest_fails_the_job() {
    let desk = desk("");
    desk.write("flow.yaml", "kind: Flw\n");
    for command in ["plan", "drift", "apply"] {
        let failed = action(&desk, command, "");
        assert_eq!(failed.status.code(), Some(1), "{command}: {}", shown(&failed));
    }
    assert_eq!(action(&desk, "destroy", "").status.code(), Some(1));
}
