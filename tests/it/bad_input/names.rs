//! Names that only the tenant can judge: each is told with its place, nothing is written, and the rest of the plan is shown.
use powergrant::sandbox::Options;
use powergrant::sandbox::seed::{Seed, default_seed};

use super::{calm, lacks, writes};
use crate::desk::{shown, text};
use crate::proxied::{PUBLIC, Stage};

/// The tenant with two flows of one name and with a person who has the same name as another.
fn seed() -> String {
    let twin = "        - { name: Twin, owner: mia@contoso.com, trigger: Button, connections: { shared_office365: { reference: contoso_outlook } } }\n";
    default_seed().replace(
        "      flows:\n        - name: Expense intake\n",
        &format!("      flows:\n{twin}{twin}        - name: Expense intake\n"),
    )
}

fn stage() -> Stage {
    Stage::at("public", PUBLIC, |options| Options { seed: Seed::parse(&seed()).expect("the seed is sound"), ..options })
}

fn document(kind: &str, spec: &str) -> String {
    format!(
        "apiVersion: powergrant.dev/v1alpha1\nkind: {kind}\nmetadata: {{ name: case }}\nenvironments: [contoso-prod]\nspec:\n  {spec}\n"
    )
}

/// A document, the rule it breaks, where, and words of what is said.
fn cases(flow: &str, role: &str) -> Vec<(String, &'static str, &'static str, String)> {
    let case = |kind: &str, spec: &str, rule, place, words: &str| (document(kind, spec), rule, place, words.to_owned());
    let privileges = |lines: &str| format!("role: Case\n  privileges: {{ {lines} }}");
    vec![
        case(
            "RoleAssignment",
            "role: Flow Runer\n  members: []",
            "unknown-role",
            "case.yaml:6:9",
            "did you mean `Flow Runner`",
        ),
        case(
            "SecurityRole",
            &privileges("Procces: { Read: user }"),
            "unknown-table",
            "case.yaml:7:17",
            "did you mean `Process`",
        ),
        case(
            "SecurityRole",
            &privileges("Cost Center: { Assign: organization }"),
            "unknown-privilege",
            "case.yaml:7:32",
            "Cost Center",
        ),
        case(
            "SecurityRole",
            "role: Case\n  miscellaneous: { prvFlw: organization }",
            "unknown-privilege",
            "case.yaml:7:20",
            "prvFlw",
        ),
        case(
            "SecurityRole",
            &privileges("Cost Center: { Read: user }"),
            "forbidden-depth",
            "case.yaml:7:32",
            "organization",
        ),
        case("Flow", "flow: Expense intak", "unknown-flow", "case.yaml:6:9", "did you mean `Expense intake`"),
        case("Flow", "flow: Save my attachments", "flow-outside-dataverse", "case.yaml:6:9", "add it to a solution"),
        case("Flow", "flow: Twin", "ambiguous", "case.yaml:6:9", "2 flows have this name"),
        case(
            "Flow",
            "flow: Expense intake\n  connections: { contoso_sharepoit: useThisConnection }",
            "unknown-connection-reference",
            "case.yaml:7:18",
            "did you mean `contoso_sharepoint`",
        ),
        case(
            "Flow",
            "flow: Expense intake\n  owners: { members: [{ user: adda@contoso.com }] }",
            "unknown-principal",
            "case.yaml:7:23",
            "did you mean `ada@contoso.com`",
        ),
        case(
            "Flow",
            "flow: Expense intake\n  owners: { members: [{ group: { name: SG-Nobody } }] }",
            "unknown-principal",
            "case.yaml:7:23",
            "SG-Nobody",
        ),
        case(
            "Flow",
            "flow: Expense reminder\n  connections: { contoso_outlook: providedByRunOnlyUser }",
            "not-interactive",
            "case.yaml:7:18",
            "so nobody can bring connections to it",
        ),
        case(
            "Flow",
            "flow: Expense reminder\n  runOnlyUsers: { members: [{ user: ada@contoso.com }] }",
            "not-interactive",
            "case.yaml:7:3",
            "run-only users",
        ),
        case(
            "Flow",
            &format!("flow: {{ id: {flow} }}\n  connections: {{ contoso_sharepoint: useThisConnection }}"),
            "contradiction",
            "flow.yaml:10:5",
            "case.yaml:7:18",
        ),
        case(
            "SecurityRole",
            &format!("role: {{ id: {role} }}\n  privileges: {{ Process: {{ Read: organization }} }}"),
            "contradiction",
            "role.yaml:12:16",
            "case.yaml:7:28",
        ),
    ]
}

#[test]
fn every_name_that_the_tenant_does_not_have_is_told_with_its_place_and_nothing_is_written() {
    let stage = stage();
    // The role is made first, so that it can be named by its id.
    let first = stage.run(&["apply", "--yes", "environment.yaml", "role.yaml"], &[]);
    assert_eq!(first.status.code(), Some(0), "{}", shown(&first));
    let (flow, role) = stage.with(|tenant| {
        let organization = tenant.organization("contoso-prod").expect("the example's environment");
        let role = organization.role("Flow Runner").expect("it was made");
        (organization.flow("Expense intake").expect("the example's flow").to_string(), role.to_string())
    });
    calm(&stage);
    let before = stage.with(|tenant| tenant.fingerprint());
    let mut wrong = Vec::new();
    for (document, rule, place, words) in cases(&flow, &role) {
        stage.desk.write("case.yaml", &document);
        let apply = stage.run(&["apply", "--yes", "."], &[]);
        assert_eq!(apply.status.code(), Some(1), "{rule}: {}", shown(&apply));
        wrong.extend(lacks(&apply.stderr, rule, place, &words));
        assert!(text(&apply.stdout).contains("+ group SG-Expense-Prod"), "{rule}: the rest of the plan is not shown");
        assert!(text(&apply.stderr).contains("nothing was written"), "{rule}: {}", shown(&apply));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert_eq!(writes(&stage), []);
    assert_eq!(stage.with(|tenant| tenant.fingerprint()), before);
}

#[test]
fn candidates_of_an_ambiguous_name_are_listed_with_their_ids() {
    let stage = stage();
    stage.desk.write("case.yaml", &document("Flow", "flow: Twin"));
    let plan = stage.run(&["plan", "."], &[]);
    assert_eq!(plan.status.code(), Some(1), "{}", shown(&plan));
    let said = super::findings(&text(&plan.stderr), "ambiguous").concat();
    let ids = said.matches("`Twin` (").count();
    assert_eq!(ids, 2, "{said}");
    assert!(said.contains("write `id:` with one of"), "{said}");
}
