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

/// A member who leaves again.
const UNTIL: &str = "apiVersion: powergrant.dev/v1alpha1\nkind: RoleAssignment\nmetadata: { name: until }\nenvironments: [contoso-prod]\n\
spec: { role: Flow Runner, members: [{ user: ada@contoso.com, expires: 9999-12-31 }] }\n";

#[test]
fn what_is_given_for_a_while_says_so_ahead_of_time() {
    let desk = Desk::with("copilot-agent-flow");
    desk.write("until.yaml", UNTIL);
    let plan = |format: &str| text(&desk.run(&["plan", "--sandbox", "--format", format, "."]).stdout);
    for format in ["text", "markdown"] {
        let said = plan(format);
        let line = said.lines().find(|line| line.contains("+ user ada@contoso.com")).unwrap_or_default();
        assert!(line.contains("expires on 9999-12-31, in ") && line.contains(" days"), "{format}: {said}");
    }
    let document = json(plan("json").as_bytes());
    let changes = document["resource_changes"].as_array().expect("changes");
    let ends: Vec<&Value> = changes.iter().map(|change| &change["powergrant"]["expires"]).collect();
    let named: Vec<&&Value> = ends.iter().filter(|expires| !expires.is_null()).collect();
    assert_eq!(named.len(), 1, "only what a manifest ends has an end: {named:?}");
    assert_eq!(named[0]["on"], "9999-12-31");
    assert!(named[0]["days"].as_i64().is_some_and(|days| days > 1_000_000), "{named:?}");
}

#[test]
fn risk_and_its_reason_are_in_events_code_scanning_and_outputs() {
    let desk = Desk::with("copilot-agent-flow");
    let document = json(&desk.run(&["plan", "--sandbox", "--format", "json", "."]).stdout);
    let changes = document["resource_changes"].as_array().expect("changes");
    let risky = changes.iter().filter(|change| change["powergrant"]["risk"]["grade"] == "medium").count();
    assert!(risky > 0, "the example has risky changes");

    let events = desk.run(&["plan", "--sandbox", "--format", "events", "."]);
    let events: Vec<Value> = text(&events.stdout).lines().map(|line| json(line.as_bytes())).collect();
    let of_events: Vec<&Value> =
        events.iter().filter(|event| event["powergrant"]["risk"]["grade"] == "medium").collect();
    assert_eq!(of_events.len(), risky);
    assert!(of_events.iter().all(|event| event["powergrant"]["risk"]["because"][0]["reason"].is_string()));
    assert_eq!(events.last().expect("events")["powergrant"]["risk"], "medium");

    let log = json(&desk.run(&["plan", "--sandbox", "--format", "sarif", "."]).stdout);
    let run = &log["runs"][0];
    let results = run["results"].as_array().expect("results");
    let results: Vec<&Value> = results.iter().filter(|result| result["ruleId"] == "medium-risk").collect();
    assert_eq!(results.len(), risky);
    for result in results {
        assert_eq!(result["level"], "note", "a risk is nothing wrong: {result}");
        assert!(result["properties"]["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{result}");
        assert!(result["locations"][0]["physicalLocation"]["region"]["startLine"].is_u64(), "{result}");
        let index = usize::try_from(result["ruleIndex"].as_u64().expect("an index")).expect("a small number");
        assert_eq!(run["tool"]["driver"]["rules"][index]["id"], "medium-risk");
    }

    let outputs = desk.path("outputs");
    desk.command(&["plan", "--sandbox", "--ci", "github", "."])
        .env("GITHUB_OUTPUT", &outputs)
        .output()
        .expect("it runs");
    let outputs = std::fs::read_to_string(outputs).expect("outputs");
    assert!(outputs.lines().any(|line| line == "risk=medium"), "{outputs}");
    let reason = outputs.lines().find_map(|line| line.strip_prefix("risk_reason=")).unwrap_or_default();
    assert!(!reason.is_empty(), "{outputs}");
}

#[test]
fn a_check_prints_its_findings_for_programs_too() {
    let desk = Desk::with("copilot-agent-flow");
    let none = desk.run(&["check", "--format", "json", "."]);
    let errors = |output: &std::process::Output| -> Vec<Value> {
        let findings = json(&output.stdout);
        let findings = findings.as_array().expect("a list").clone();
        findings.into_iter().filter(|finding| finding["severity"] == "error").collect()
    };
    assert_eq!((none.status.code(), errors(&none)), (Some(0), Vec::new()), "{}", shown(&none));
    desk.write("broken.yaml", "apiVersion: powergrant.dev/v1alpha1\nkind: Flw\n");
    let broken = desk.run(&["check", "--format", "json", "."]);
    assert_eq!(broken.status.code(), Some(1), "{}", shown(&broken));
    assert_eq!(errors(&broken)[0]["rule"], "unknown-kind");
    let log = desk.run(&["check", "--format", "sarif", "."]);
    assert_eq!(log.status.code(), Some(1), "{}", shown(&log));
    assert_eq!(json(&log.stdout)["runs"][0]["results"][0]["ruleId"], "unknown-kind");
    // Rules of policies are findings like others.
    std::fs::remove_file(desk.path("broken.yaml")).expect("the file");
    desk.write("until.yaml", UNTIL);
    let policy = desk.run(&["check", "--policy", "--format", "sarif", "."]);
    assert_eq!(policy.status.code(), Some(1), "{}", shown(&policy));
    let results = json(&policy.stdout)["runs"][0]["results"].clone();
    assert!(results.as_array().expect("results").iter().any(|result| result["ruleId"] == "groups-only"), "{results}");
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

#[test]
fn what_happens_while_a_plan_is_applied_is_told_as_events() {
    let schema = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/events.schema.json"))
        .expect("the schema is shipped");
    let schema: Value = serde_json::from_str(&schema).expect("the schema is JSON");
    let desk = Desk::with("copilot-agent-flow");
    let printed = desk.run(&["schema", "events"]);
    assert_eq!(json(&printed.stdout), schema, "regenerate it: powergrant schema events > schemas/events.schema.json");
    let validator = jsonschema::validator_for(&schema).expect("the schema is a schema");
    let drift = desk.run(&["drift", "--sandbox", "--format", "events", "."]);
    let applied = desk.run(&["apply", "--sandbox", "--yes", "--format", "events", "."]);
    assert_eq!(applied.status.code(), Some(0), "{}", shown(&applied));
    let events = |output: &std::process::Output| -> Vec<Value> {
        let lines = text(&output.stdout);
        lines.lines().map(|line| json(line.as_bytes())).collect()
    };
    for event in events(&drift).iter().chain(&events(&applied)) {
        let errors: Vec<String> = validator.iter_errors(event).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{event}: {errors:?}");
    }
    let events = events(&applied);
    let of = |kind: &str| -> Vec<&Value> { events.iter().filter(|event| event["type"] == kind).collect() };
    let planned: Vec<&Value> = of("planned_change").iter().map(|event| &event["change"]["resource"]["addr"]).collect();
    assert_eq!(planned.len(), 19);
    // Every change is started, answered and complete, in this order.
    for address in planned {
        let kinds: Vec<&str> = events
            .iter()
            .filter(|event| event["hook"]["resource"]["addr"] == *address)
            .filter_map(|event| event["type"].as_str())
            .collect();
        assert_eq!(kinds, ["apply_start", "apply_progress", "apply_complete"], "{address}");
    }
    for answered in of("apply_progress") {
        assert_eq!(answered["powergrant"]["answer"], "accepted", "{answered}");
        assert!(answered["powergrant"]["requests"].as_array().is_some_and(|ids| !ids.is_empty()), "{answered}");
    }
    let last = events.last().expect("events");
    assert_eq!((&last["type"], &last["changes"]["operation"]), (&"change_summary".into(), &"apply".into()));
    assert_eq!((&last["changes"]["add"], &last["powergrant"]["held"]), (&16.into(), &19.into()));
    assert!(!text(&applied.stdout).contains("Digest"), "nothing but events is on standard output");
}
