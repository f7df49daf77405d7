//! Formats of a plan as programs read them: the documents against their schemas, and what pipelines are told.
use serde_json::Value;

use crate::desk::{Desk, shown, text};

fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).expect("JSON on standard output")
}

#[test]
fn the_json_of_a_plan_is_what_its_schema_says() {
    let schema = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/plan.schema.json"))
        .expect("the schema is shipped");
    let schema: Value = serde_json::from_str(&schema).expect("the schema is JSON");
    let printed = Desk::with("copilot-agent-flow").run(&["schema", "plan"]);
    assert_eq!(json(&printed.stdout), schema, "regenerate it: powergrant schema plan > schemas/plan.schema.json");
    let validator = jsonschema::validator_for(&schema).expect("the schema is a schema");
    for example in ["copilot-agent-flow", "three-stages"] {
        let plan = Desk::with(example).run(&["plan", "--sandbox", "--format", "json", "."]);
        let document = json(&plan.stdout);
        let errors: Vec<String> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{example}: {errors:#?}");
        // The shape of Terraform's documents, on which policies of others rely.
        let changes = document["resource_changes"].as_array().expect("changes");
        assert!(!changes.is_empty(), "{example}");
        for change in changes {
            let action = change["change"]["actions"][0].as_str().expect("an action");
            let (before, after) = (change["change"]["before"].is_null(), change["change"]["after"].is_null());
            let wanted = match action {
                "create" => (true, false),
                "delete" => (false, true),
                "update" => (false, false),
                other => panic!("an action of no Terraform document: {other}"),
            };
            assert_eq!((before, after), wanted, "{change}");
        }
    }
}

#[test]
fn a_pipeline_is_told_figures_and_a_summary_and_the_plan_is_kept() {
    let desk = Desk::with("copilot-agent-flow");
    let (outputs, summary) = (desk.path("outputs"), desk.path("summary.md"));
    let plan = desk
        .command(&["plan", "--sandbox", "--ci", "auto", "--format", "markdown", "--out", "plan.json", "."])
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_OUTPUT", &outputs)
        .env("GITHUB_STEP_SUMMARY", &summary)
        .output()
        .expect("the command starts");
    assert_eq!(plan.status.code(), Some(0), "{}", shown(&plan));
    let comment = text(&plan.stdout);
    assert!(comment.starts_with("<!-- powergrant:plan -->\n### powergrant: 16 to add, 2 to change, 1 to remove\n"));
    assert!(text(&plan.stderr).contains("\n::notice file=flow.yaml,line="), "{}", shown(&plan));
    let kept = json(&std::fs::read(desk.path("plan.json")).expect("the plan is kept"));
    let digest = kept["powergrant"]["digest"].as_str().expect("a digest");
    let outputs = std::fs::read_to_string(outputs).expect("outputs");
    for line in
        ["has_changes=true", "add=16", "change=2", "remove=1", "plan_path=plan.json", &format!("digest={digest}")]
    {
        assert!(outputs.lines().any(|other| other == line), "no {line} in {outputs}");
    }
    let summary = std::fs::read_to_string(summary).expect("a summary");
    assert!(summary.contains("### powergrant: 16 to add") && summary.contains(digest), "{summary}");
}

#[test]
fn azure_pipelines_gets_logging_commands_and_no_other_output_changes() {
    let desk = Desk::with("copilot-agent-flow");
    let plain = desk.run(&["plan", "--sandbox", "."]);
    let plan = desk
        .command(&["plan", "--sandbox", "--ci", "auto", "."])
        .env("TF_BUILD", "True")
        .env_remove("GITHUB_ACTIONS")
        .env("AGENT_TEMPDIRECTORY", desk.path(""))
        .output()
        .expect("the command starts");
    assert_eq!(text(&plan.stdout), text(&plain.stdout));
    let said = text(&plan.stderr);
    assert!(said.contains("##vso[task.setvariable variable=has_changes;isOutput=true]true\n"), "{said}");
    let file = said.lines().find_map(|line| line.strip_prefix("##vso[task.uploadsummary]")).expect("a summary");
    assert!(std::fs::read_to_string(file).expect("the summary is there").contains("16 to add"));
}

#[test]
fn errors_of_manifests_are_annotated_and_are_results_of_code_scanning() {
    let desk = Desk::with("copilot-agent-flow");
    std::fs::write(desk.path("broken.yaml"), "apiVersion: powergrant.dev/v1alpha1\nkind: Flw\n").expect("a file");
    let check = desk.run(&["check", "--ci", "github", "."]);
    assert!(
        text(&check.stderr).contains("::error file=broken.yaml,line=2,col=7,title=unknown-kind::"),
        "{}",
        shown(&check)
    );
    let plan = desk.run(&["plan", "--sandbox", "--format", "sarif", "."]);
    assert_eq!(plan.status.code(), Some(1), "{}", shown(&plan));
    let log = json(&plan.stdout);
    assert_eq!(log["version"], "2.1.0");
    let result = &log["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "unknown-kind");
    assert_eq!(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "broken.yaml");
    assert_eq!(result["locations"][0]["physicalLocation"]["region"]["startLine"], 2);
}

#[test]
fn events_end_with_the_counts() {
    let plan = Desk::with("copilot-agent-flow").run(&["plan", "--sandbox", "--format", "events", "."]);
    let events: Vec<Value> = text(&plan.stdout).lines().map(|line| json(line.as_bytes())).collect();
    assert_eq!(events.first().map(|event| event["type"].clone()), Some("version".into()));
    let planned = events.iter().filter(|event| event["type"] == "planned_change").count();
    let last = events.last().expect("events");
    assert_eq!((planned, &last["type"], &last["changes"]["add"]), (19, &"change_summary".into(), &16.into()));
}
