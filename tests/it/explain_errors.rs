//! Messages as services were recorded to give them, explained: by themselves, and where the very thing is missing.
use std::io::Write as _;
use std::path::Path;

use serde_json::Value;

use crate::desk::{Desk, shown};
use crate::explain::desk_with_seed;

/// The recorded errors; nothing where their folder is not there.
fn recorded() -> Option<Vec<Value>> {
    let Some(corpus) = std::env::var_os("POWERGRANT_CORPUS") else {
        let _ = writeln!(std::io::stderr(), "passed over: POWERGRANT_CORPUS names no folder of recordings");
        return None;
    };
    let text =
        std::fs::read_to_string(Path::new(&corpus).join("errors/recorded-errors.json")).expect("recorded errors");
    Some(serde_json::from_str(&text).expect("JSON"))
}

/// Errors as they were recorded lead to the requirement that they speak of.
#[test]
fn recorded_errors_lead_to_their_cause() {
    let Some(recorded) = recorded() else { return };
    let expected = [
        ("missing table privilege", Some("act.actions")),
        ("missing table privilege (older text)", Some("act.actions")),
        ("record-level access denied on a connection reference", Some("link.reference-read")),
        ("user without any role", Some("environment.role")),
        ("throttle: requests", None),
        ("flow service: caller not allowed on the flow", Some("start.flow-shared")),
        ("flow service: environment denied", Some("environment.member")),
        ("flow service: flow missing", Some("start.flow-shared")),
        ("child flow in run-only mode", Some("start.child-embedded")),
        ("connection not authorised on activation or save", None),
        ("role not inheritable for a group team", Some("environment.role")),
        ("the forum's user", Some("link.reference-read")),
    ];
    for entry in &recorded {
        let message = entry.to_string();
        assert!(powergrant::explain::errors::meaning(&message).is_some(), "nothing is said of {message}");
    }
    for (kind, requirement) in expected {
        let entry =
            recorded.iter().find(|entry| entry["kind"] == kind).unwrap_or_else(|| panic!("no record of {kind}"));
        let meaning = powergrant::explain::errors::meaning(&entry.to_string()).unwrap_or_else(|| panic!("{kind}"));
        assert_eq!(meaning.requirement.map(|found| found.id.as_str()), requirement, "{kind}");
    }
}

/// A tenant in which something is missing of somebody and a flow, and the messages that are given for that.
struct Situation {
    desk: Desk,
    user: &'static str,
    flow: &'static str,
    kinds: &'static [&'static str],
    cause: &'static str,
}

fn applied(desk: Desk) -> Desk {
    let applied = desk.run(&["apply", "--sandbox", "--yes", "."]);
    assert_eq!(applied.status.code(), Some(0), "{}", shown(&applied));
    desk
}

/// The example with a file of which lines are left out, applied.
fn applied_without(file: &str, words: &[&str]) -> Desk {
    let desk = Desk::with("copilot-agent-flow");
    let text = desk.read(file);
    let kept: Vec<&str> = text.lines().filter(|line| !words.iter().any(|word| line.contains(word))).collect();
    assert!(kept.len() < text.lines().count(), "{file} has {words:?}");
    desk.write(file, &kept.join("\n"));
    applied(desk)
}

fn situations() -> Vec<Situation> {
    let bob = "        - { user: bob@contoso.com, roles: [Basic User] }\n";
    let without_role = desk_with_seed(|seed| seed.replacen(bob, &bob.replace("Basic User", ""), 1));
    let outside = desk_with_seed(|seed| {
        let gate = "    - { name: SG-Gate, members: [SG-Expense-Prod, admin@contoso.com, breakglass@contoso.com] }\n  servicePrincipals:\n";
        let seed = seed.replacen("  servicePrincipals:\n", gate, 1);
        seed.replacen("    managed: true\n", "    managed: true\n    securityGroup: SG-Gate\n", 1)
            .replacen(bob, "", 1)
            .replacen(
                "            - { user: bob@contoso.com, rights: runOnly }\n",
                "            - { user: ada@contoso.com, rights: runOnly }\n",
                1,
            )
    });
    let environment = outside.read("environment.yaml");
    let with_id = "spec:\n  environmentId: 7f3c0a51-5e0f-4c0e-9d0a-2b6c8f1e4d10\n";
    outside.write("environment.yaml", &environment.replacen("spec:\n", with_id, 1));
    let child = desk_with_seed(|seed| {
        let reference =
            "            shared_sharepointonline: { reference: contoso_sharepoint }\n        - name: Approve expense\n";
        let invoker = reference.replace("contoso_sharepoint }", "contoso_sharepoint, mode: invoker }");
        assert!(seed.contains(reference));
        seed.replacen(reference, &invoker, 1)
    });
    let (ada, bob, intake) = ("ada@contoso.com", "bob@contoso.com", "Expense intake");
    vec![
        Situation {
            desk: applied_without("role.yaml", &["Expense:", "Cost Center:"]),
            user: ada,
            flow: intake,
            kinds: &["missing table privilege", "missing table privilege (older text)"],
            cause: "act.actions",
        },
        Situation {
            desk: applied_without("flow.yaml", &["referenceReaders"]),
            user: ada,
            flow: intake,
            kinds: &["record-level access denied on a connection reference", "the forum's user"],
            cause: "link.reference-read",
        },
        Situation {
            desk: without_role,
            user: bob,
            flow: intake,
            kinds: &["user without any role", "role not inheritable for a group team"],
            cause: "environment.role",
        },
        Situation {
            desk: outside,
            user: bob,
            flow: intake,
            kinds: &["flow service: environment denied"],
            cause: "environment.security-group",
        },
        Situation {
            desk: Desk::with("copilot-agent-flow"),
            user: ada,
            flow: intake,
            kinds: &["flow service: caller not allowed on the flow", "flow service: flow missing"],
            cause: "start.flow-shared",
        },
        Situation {
            desk: child,
            user: ada,
            flow: "Approve expense",
            kinds: &["child flow in run-only mode"],
            cause: "start.child-embedded",
        },
    ]
}

#[test]
fn a_recorded_message_names_what_the_explanation_finds_without_it() {
    let Some(recorded) = recorded() else { return };
    for Situation { desk, user, flow, kinds, cause } in situations() {
        let ask = |more: &[&str]| -> Value {
            let asked = ["explain", "--sandbox", "--user", user, "--flow", flow, "--format", "json"];
            let output = desk.run(&[&asked[..], more, &["."]].concat());
            serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{kinds:?}: {}", shown(&output)))
        };
        let plain = ask(&[]);
        let found = |said: &Value, list: &str| said[list].as_array().is_some_and(|ids| ids.contains(&cause.into()));
        assert!(found(&plain, "blockers") || found(&plain, "suspects"), "{kinds:?}: {plain:#}");
        for kind in kinds {
            let entry = recorded.iter().find(|entry| entry["kind"] == *kind).unwrap_or_else(|| panic!("no {kind}"));
            let said = ask(&["--error", &entry.to_string()]);
            let error = &said["error"];
            let named = if error["standing"] == "missing" { "requirement" } else { "missingAtTheSameStep" };
            assert_eq!(error[named], cause, "{kind}: {error:#}");
            assert_eq!(said["blockers"], plain["blockers"], "{kind}");
        }
    }
}
