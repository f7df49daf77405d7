//! Manifests that cannot be meant: `apply` tells all of them with their places and does not even start the tenant.
use std::fmt::Write as _;

use super::lacks;
use crate::desk::{Desk, shown, text};

/// A document of the example's environment.
fn document(kind: &str, name: &str, spec: &str) -> String {
    format!(
        "apiVersion: powergrant.dev/v1alpha1\nkind: {kind}\nmetadata: {{ name: {name} }}\nenvironments: [contoso-prod]\nspec:\n  {spec}\n"
    )
}

fn flow(spec: &str) -> String {
    document("Flow", "case", spec)
}

/// Nine levels of nine aliases each.
fn bomb() -> String {
    let mut text = String::from("a: &a [x,x,x,x,x,x,x,x,x]\n");
    for (name, before) in ('b'..='i').zip('a'..) {
        let nine = vec![format!("*{before}"); 9].join(",");
        writeln!(text, "{name}: &{name} [{nine}]").expect("a text takes all");
    }
    text
}

/// A file, the rule it breaks, where, and words of what is said.
fn cases() -> Vec<(Vec<u8>, &'static str, &'static str, &'static str)> {
    let text = |text: String, rule, place, words| (text.into_bytes(), rule, place, words);
    let role = |name: &str, depth: &str| {
        document("SecurityRole", name, &format!("role: Case\n  privileges: {{ Process: {{ Read: {depth} }} }}"))
    };
    let members =
        |members: &str| document("RoleAssignment", "case", &format!("role: Flow Runner\n  members: {members}"));
    vec![
        text(flow("flow: Intake\n  runOnlyUser: {}"), "shape", "case.yaml:7:3", "did you mean `runOnlyUsers`"),
        text(flow("flow: Intake\n  owners: { members: nobody }"), "shape", "case.yaml:7:22", "a list"),
        text(flow("flow: Intake\n  flow: Other"), "syntax", "case.yaml:7:3", "`flow` stands twice"),
        text(flow("flow: One") + "---\n" + &flow("flow: Two"), "duplicate-document", "case.yaml:10:19", "first here"),
        text(flow("flow: Intake\n\towners: {}"), "syntax", "case.yaml:7:1", "a tab indents this line"),
        (b"kind: Flow\nname: \xE9\n".to_vec(), "unreadable", "case.yaml:2:7", "is not UTF-8: byte 0xE9"),
        text(bomb(), "syntax", "case.yaml:6:8", "aliases that stand for too much"),
        text(
            flow("flow: Intake").replace("[contoso-prod]", "[contoso-prd]"),
            "unknown-environment",
            "case.yaml:4:16",
            "did you mean `contoso-prod`",
        ),
        text(
            flow("flow: Intake").replace("environments: [contoso-prod]\n", ""),
            "shape",
            "case.yaml:1:1",
            "environments",
        ),
        text(
            flow("flow: Intake").replace("[contoso-prod]", "[]"),
            "unknown-environment",
            "case.yaml:1:1",
            "is for no environment",
        ),
        text(role("one", "user") + "---\n" + &role("two", "organization"), "contradiction", "case.yaml:15:28", "user"),
        text(
            flow("flow: Intake\n  runOnlyUsers: { extent: exact, members: [] }"),
            "empty-exact",
            "case.yaml:7:34",
            "allowEmpty: true",
        ),
        text(members("[\"${nobody}\"]"), "undefined-variable", "case.yaml:7:13", "nobody"),
        text(members("[{ user: ada@contoso.com, expires: soon }]"), "invalid-value", "case.yaml:7:47", "soon"),
        text(
            flow("flow: Intake").replace("kind: Flow", "kind: Flwo"),
            "unknown-kind",
            "case.yaml:2:7",
            "did you mean `Flow`?",
        ),
        text(
            flow("flow: Intake").replace("kind: Flow", "kind: Team"),
            "unknown-kind",
            "case.yaml:2:7",
            "there are Environment, SecurityRole",
        ),
    ]
}

#[test]
fn every_bad_manifest_is_told_with_its_place_and_the_tenant_is_not_asked() {
    let mut wrong = Vec::new();
    for (bytes, rule, place, words) in cases() {
        let desk = Desk::with("copilot-agent-flow");
        std::fs::write(desk.path("case.yaml"), &bytes).expect("a file for the test");
        let apply = desk.run(&["apply", "--sandbox", "--yes", "."]);
        assert_eq!(apply.status.code(), Some(1), "{rule}: {}", shown(&apply));
        wrong.extend(lacks(&apply.stderr, rule, place, words));
        assert!(apply.stdout.is_empty(), "{rule}: {}", shown(&apply));
        assert!(!desk.path(".powergrant").exists(), "{rule}: the tenant was started");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn all_of_them_at_once_are_all_told() {
    let desk = Desk::with("copilot-agent-flow");
    // Each in a file and under a name of its own, so that none is hidden by another of the same name.
    for (number, (bytes, ..)) in cases().into_iter().enumerate() {
        let bytes = match String::from_utf8(bytes) {
            Ok(text) => text.replace("name: case }", &format!("name: case{number} }}")).into_bytes(),
            Err(not_text) => not_text.into_bytes(),
        };
        std::fs::write(desk.path(&format!("case{number}.yaml")), &bytes).expect("a file for the test");
    }
    let apply = desk.run(&["apply", "--sandbox", "--yes", "."]);
    assert_eq!(apply.status.code(), Some(1), "{}", shown(&apply));
    let wrong: Vec<String> = cases()
        .into_iter()
        .enumerate()
        .filter_map(|(number, (_, rule, place, words))| {
            let place = place.replace("case.yaml", &format!("case{number}.yaml"));
            lacks(&apply.stderr, rule, &place, words)
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(!desk.path(".powergrant").exists(), "the tenant was started");
}

#[test]
fn a_path_that_holds_no_manifest_is_told() {
    let desk = Desk::with("copilot-agent-flow");
    std::fs::create_dir(desk.path("empty.yaml")).expect("a folder for the test");
    let huge = std::fs::File::create(desk.path("huge.txt")).expect("a file for the test");
    huge.set_len(100 * 1024 * 1024).expect("a file for the test");
    for (path, rule, words) in [
        ("empty.yaml", "no-documents", "no manifest in `empty.yaml`"),
        ("gone.yaml", "unreadable", "`gone.yaml` does not exist"),
        ("huge.txt", "unreadable", "`huge.txt` is larger than 10 MB"),
        ("README.md", "shape", ""),
    ] {
        let apply = desk.run(&["apply", "--sandbox", "--yes", path]);
        assert_eq!(apply.status.code(), Some(1), "{path}: {}", shown(&apply));
        let said = text(&apply.stderr);
        assert!(said.contains(words) && said.contains("\nhint: "), "{path} {rule}:\n{said}");
        assert!(!desk.path(".powergrant").exists(), "{path}: the tenant was started");
    }
}
