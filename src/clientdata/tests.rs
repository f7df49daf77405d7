//! Flows as people make them: what is read from their texts, and what an edit leaves alone.
use std::collections::BTreeSet;

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Conflict, Facts, Malformed, Trigger, edit, facts};
use crate::names::ConnectionMode::{self, ProvidedByRunOnlyUser, UseThisConnection};
use crate::names::Text;
use crate::request::{Edit, ModeEdit, ModeTarget};

const DATAVERSE: &str = "shared_commondataserviceforapps";

/// The before and after of a mode change: an agent's flow with Teams, Outlook and Dataverse.
const BEFORE: &str = include_str!("tests/agent_flow_before.json");
const AFTER: &str = include_str!("tests/agent_flow_after.json");

fn name(logical_name: &str, by_run_only_user: bool) -> ModeEdit {
    ModeEdit { target: ModeTarget::LogicalName(logical_name.to_owned()), by_run_only_user }
}

fn key(key: &str, by_run_only_user: bool) -> ModeEdit {
    ModeEdit { target: ModeTarget::Key(key.to_owned()), by_run_only_user }
}

fn edited(text: &str, modes: impl IntoIterator<Item = ModeEdit>) -> Result<Option<String>, Conflict> {
    edit(text, &Edit { flow: Uuid::nil(), modes: modes.into_iter().collect(), act_as: None })
}

/// A button flow with these connection references, as one line.
fn flow(references: &str) -> String {
    let definition = json!({ "triggers": { "manual": { "type": "Request", "kind": "Button" } }, "actions": {} });
    format!(
        r#"{{"properties":{{"connectionReferences":{references},"definition":{definition}}},"schemaVersion":"1.0.0.0"}}"#
    )
}

/// A flow with one entry of a connector, under the key `it`.
fn one(connector: &str, members: &str) -> String {
    flow(&format!(r#"{{"it":{{{members}"connection":{{}},"api":{{"name":"{connector}"}}}}}}"#))
}

fn mode(text: &str) -> ConnectionMode {
    facts(text).unwrap().connections[&Text::from("it")].mode
}

fn facts_of(definition: &Value) -> Facts {
    let reference = json!({ "runtimeSource": "embedded", "connection": {}, "api": { "name": DATAVERSE } });
    let references = json!({ "modern": reference, "legacy": reference, "other": reference });
    let text = json!({ "properties": { "connectionReferences": references, "definition": definition } });
    facts(&text.to_string()).unwrap()
}

fn trigger(trigger: &Value) -> Trigger {
    facts_of(&json!({ "triggers": { "manual": trigger } })).trigger
}

#[test]
fn the_five_interactive_triggers_are_told_from_all_others() {
    let request = |kind: &str| trigger(&json!({ "kind": kind, "type": "Request" }));
    assert_eq!(request("Button"), Trigger::Button);
    assert_eq!(request("PowerApp"), Trigger::PowerApp);
    assert_eq!(request("powerappv2"), Trigger::PowerAppV2);
    assert_eq!(request("ApiConnection"), Trigger::SelectedRow);
    assert_eq!(request("Skills"), Trigger::Agent);
    assert_eq!(request("PowerPages"), Trigger::OtherRequest("PowerPages".into()));
    assert_eq!(trigger(&json!({ "type": "Request" })), Trigger::OtherRequest("unspecified".into()));
    assert_eq!(trigger(&json!({ "type": "Recurrence" })), Trigger::Automated("Recurrence".into()));
    let polling =
        json!({ "type": "OpenApiConnection", "kind": "Button", "inputs": { "host": { "operationId": "OnNewItems" } } });
    assert_eq!(trigger(&polling), Trigger::Automated("OnNewItems".into()));
    let older =
        json!({ "type": "ApiConnection", "metadata": { "flowSystemMetadata": { "swaggerOperationId": "OnNewFile" } } });
    assert_eq!(trigger(&older), Trigger::Automated("OnNewFile".into()));
    assert!(!facts_of(&json!({})).trigger.is_interactive());
}

#[test]
fn a_mode_is_read_from_the_member_that_carries_it() {
    let other = |members: &str| mode(&one("shared_teams", members));
    assert_eq!(other(r#""runtimeSource":"invoker","#), ProvidedByRunOnlyUser);
    assert_eq!(other(r#""runtimeSource":"embedded","#), UseThisConnection);
    assert_eq!(other(r#""runtimeSource":null,"#), UseThisConnection);
    assert_eq!(other(""), UseThisConnection);
    assert_eq!(other(r#""source":"Invoker","#), ProvidedByRunOnlyUser);
    assert_eq!(other(r#""impersonation":{"source":"invoker"},"#), UseThisConnection);
    let dataverse = |members: &str| mode(&one(DATAVERSE, members));
    assert_eq!(dataverse(r#""runtimeSource":"embedded","impersonation":{"source":"Invoker"},"#), ProvidedByRunOnlyUser);
    assert_eq!(dataverse(r#""runtimeSource":"invoker","#), ProvidedByRunOnlyUser);
    assert_eq!(dataverse(r#""runtimeSource":"embedded","impersonation":{},"#), UseThisConnection);
    assert_eq!(dataverse(r#""runtimeSource":"embedded","impersonation":null,"#), UseThisConnection);
    assert_eq!(mode(&one("shared_commondataservice", r#""runtimeSource":"invoker","#)), ProvidedByRunOnlyUser);
}

#[test]
fn a_connection_knows_its_connector_and_its_logical_name() {
    let text = flow(concat!(
        r#"{"shared_teams_1":{"connection":{"connectionReferenceLogicalName":"new_teams"},"api":{"name":"shared_teams"}},"#,
        r#""package":{"connectionName":"x","source":"Embedded","id":"/providers/Microsoft.PowerApps/apis/shared_office365"},"#,
        r#""unbound":{"connection":{},"api":{"id":"/providers/Microsoft.PowerApps/apis/shared_planner"}}}"#
    ));
    let connections = facts(&text).unwrap().connections;
    let seen: Vec<_> =
        connections.iter().map(|(key, it)| (&**key, &*it.connector, it.logical_name.as_deref())).collect();
    assert_eq!(
        seen,
        [
            ("package", "shared_office365", None),
            ("shared_teams_1", "shared_teams", Some("new_teams")),
            ("unbound", "shared_planner", None)
        ]
    );
}

#[test]
fn children_are_found_in_every_branch() {
    let child = |number: u128| json!({ "inputs": { "host": { "workflowReferenceName": Uuid::from_u128(number) } }, "type": "Workflow" });
    let facts = facts_of(&json!({ "actions": {
        "a": child(1),
        "scope": { "type": "Scope", "actions": { "loop": { "type": "Foreach", "actions": { "b": child(2) } } } },
        "if": { "type": "If", "actions": { "c": child(3) }, "else": { "actions": { "d": child(4) } } },
        "switch": {
            "type": "Switch",
            "cases": { "x": { "case": "x", "actions": { "e": child(5) } }, "y": { "actions": { "f": child(6) } } },
            "default": { "actions": { "g": child(7) } }
        },
        "compose": { "type": "Compose", "inputs": { "host": { "workflowReferenceName": Uuid::from_u128(8) } } },
        "expression": { "type": "Workflow", "inputs": "@parameters('x')" },
        "dynamic": { "type": "Workflow", "inputs": { "host": { "workflowReferenceName": "@parameters('flow')" } } }
    } }));
    assert_eq!(facts.children, (1..=7).map(Uuid::from_u128).collect::<BTreeSet<_>>());
}

#[test]
fn an_environment_of_ones_choice_marks_the_connection_that_the_action_uses() {
    let facts = facts_of(&json!({ "actions": { "scope": { "actions": {
        "modern": { "inputs": { "host": { "connectionName": "modern", "operationId": "ListRecordsWithOrganization" } } },
        "legacy": {
            "inputs": { "host": { "connection": { "name": "@parameters('$connections')['legacy']['connectionId']" } } },
            "metadata": { "flowSystemMetadata": { "swaggerOperationId": "GetItemWithOrganization" } }
        },
        "other": { "inputs": { "host": { "connectionName": "other", "operationId": "ListRecords" } } },
        "lost": { "inputs": { "host": { "connectionName": "nowhere", "operationId": "ListRecordsWithOrganization" } } }
    } } } }));
    let marked: Vec<_> = facts
        .connections
        .iter()
        .filter(|(_, connection)| connection.with_organization)
        .map(|(key, _)| &**key)
        .collect();
    assert_eq!(marked, ["legacy", "modern"]);
}

#[test]
fn what_is_no_flow_says_what_is_wrong_with_it() {
    let says = |text: &str| facts(text).unwrap_err().to_string();
    assert!(matches!(facts("{\"properties\":{"), Err(Malformed::NotJson(_))));
    assert_eq!(says("[]"), "`properties` is not an object in the flow's text");
    assert_eq!(says(r#"{"properties":{}}"#), "`properties.definition` is not an object in the flow's text");
    assert_eq!(says(&flow("7")), "`connectionReferences` is not an object in the flow's text");
    assert_eq!(says(&flow(r#"{"a":{"api":{}}}"#)), "connection reference `a` names no connector");
    assert_eq!(says(&flow(r#"{"\ud800":{}}"#)), "a key of `connectionReferences` is not a text");
    assert!(facts(&flow("null")).unwrap().connections.is_empty());
}

#[test]
fn the_mode_change_of_an_agents_flow_comes_out_byte_for_byte() {
    let there =
        [name("contoso_teams_4f0a1", true), name("contoso_outlook_77c3e", true), name("contoso_dataverse_0b9d2", true)];
    let after = edited(BEFORE, there).unwrap().unwrap();
    assert_eq!(after, AFTER);
    let back = [
        name("contoso_teams_4f0a1", false),
        name("contoso_outlook_77c3e", false),
        name("contoso_dataverse_0b9d2", false),
    ];
    assert_eq!(facts(&edited(&after, back).unwrap().unwrap()).unwrap(), facts(BEFORE).unwrap());
}

#[test]
fn everything_but_the_mode_keeps_its_bytes() {
    let before = concat!(
        "\u{feff}{ \"properties\" : {\r\n\t\"connectionReferences\":{ \"shared_sp_1\" :\r\n{\"api\":{\"name\":\"shared_sp\"} ,",
        " \"runtime\\u0053ource\" :\"embedded\" , \"connection\":{\"connectionReferenceLogicalName\":\"new_\\u00e4\"}}},",
        "\"definition\":{\"triggers\":{\"m\":{\"kind\":\"Button\",\"type\":\"Request\"}},\"actions\":{\"a\":{\"n\":1.50e+2,",
        "\"n\":-0,\"runtimeSource\":\"embedded\",\"s\":\"\\/ü\\\"{\"}}}}}\r\n "
    );
    let after = edited(before, [name("new_ä", true)]).unwrap().unwrap();
    assert_eq!(after, before.replacen(":\"embedded\" ,", ":\"invoker\" ,", 1));
    assert_eq!(edited(&after, [key("shared_sp_1", false)]).unwrap().unwrap(), before);
}

#[test]
fn each_connector_gets_the_shape_that_it_has_in_the_designer() {
    let written = |connector: &str, before: &str, by_run_only_user: bool, after: &str| {
        let edited = edited(&one(connector, before), [key("it", by_run_only_user)]).unwrap();
        assert_eq!(edited, Some(one(connector, after)), "{before} {by_run_only_user}");
    };
    written("shared_teams", r#""runtimeSource":"embedded","#, true, r#""runtimeSource":"invoker","#);
    written(
        "shared_teams",
        r#""runtimeSource":"Invoker","impersonation":{"source":"invoker"},"#,
        false,
        r#""runtimeSource":"embedded","impersonation":{"source":"invoker"},"#,
    );
    written("shared_teams", r#""tier":1,"#, true, r#""tier":1,"runtimeSource":"invoker","#);
    written("shared_teams", r#""source":"Embedded","#, true, r#""source":"Invoker","#);
    written(
        DATAVERSE,
        r#""runtimeSource":"embedded","#,
        true,
        r#""runtimeSource":"embedded","impersonation":{"source":"invoker"},"#,
    );
    written(DATAVERSE, r#""impersonation":{},"#, true, r#""impersonation":{"source":"invoker"},"#);
    written(DATAVERSE, r#""impersonation":null,"#, true, r#""impersonation":{"source":"invoker"},"#);
    written(DATAVERSE, r#""impersonation":{"source":"x"},"#, true, r#""impersonation":{"source":"invoker"},"#);
    written(DATAVERSE, r#""impersonation":{"source":"invoker"},"#, false, r#""impersonation":{},"#);
    written(
        DATAVERSE,
        r#""impersonation":{"source":"Invoker","objectId":"o"},"#,
        false,
        r#""impersonation":{"objectId":"o"},"#,
    );
    written(
        DATAVERSE,
        r#""runtimeSource":"invoker","#,
        true,
        r#""runtimeSource":"embedded","impersonation":{"source":"invoker"},"#,
    );
    written(DATAVERSE, r#""runtimeSource":"invoker","#, false, r#""runtimeSource":"embedded","#);
}

#[test]
fn a_mode_that_stands_already_needs_no_write() {
    for (connector, members, by_run_only_user) in [
        ("shared_teams", "", false),
        ("shared_teams", r#""runtimeSource":"INVOKER","#, true),
        (DATAVERSE, r#""runtimeSource":"embedded","impersonation":{},"#, false),
        (DATAVERSE, r#""runtimeSource":"embedded","impersonation":{"source":"Invoker"},"#, true),
    ] {
        assert_eq!(edited(&one(connector, members), [key("it", by_run_only_user)]).unwrap(), None, "{members}");
    }
}

#[test]
fn a_logical_name_reaches_every_key_that_carries_it() {
    let entry = |source: &str, name: &str| json!({ "runtimeSource": source, "connection": { "connectionReferenceLogicalName": name }, "api": { "name": "shared_x" } });
    let references =
        json!({ "a": entry("embedded", "n"), "b": entry("invoker", "n"), "c": entry("embedded", "other") });
    let after = edited(&flow(&references.to_string()), [name("n", true)]).unwrap().unwrap();
    let modes: Vec<_> = facts(&after).unwrap().connections.values().map(|connection| connection.mode).collect();
    assert_eq!(modes, [ProvidedByRunOnlyUser, ProvidedByRunOnlyUser, UseThisConnection]);
}

#[test]
fn an_edit_that_does_not_fit_the_text_is_a_conflict_that_names_the_trouble() {
    let says = |text: &str, modes: Vec<ModeEdit>| edited(text, modes).unwrap_err().to_string();
    let teams = one("shared_teams", "");
    assert_eq!(says(&teams, vec![name("new_x", true)]), "the flow has no connection reference `new_x`");
    assert_eq!(says(&teams, vec![key("x", true)]), "the flow has no connection reference under the key `x`");
    assert_eq!(
        says(&teams, vec![key("it", true), key("it", false)]),
        "connection reference `it` is given both modes at once"
    );
    let twice = one("shared_teams", r#""runtimeSource":"embedded","runtime\u0053ource":"invoker","#);
    assert_eq!(says(&twice, vec![key("it", true)]), "`runtimeSource` stands more than once in `it`");
    let inside = one(DATAVERSE, r#""impersonation":{"source":"a","source":"b"},"#);
    assert_eq!(says(&inside, vec![key("it", true)]), "`source` stands more than once in `it`");
    let entry = r#"{"api":{"name":"shared_x"}}"#;
    let keys = flow(&format!(r#"{{"it":{entry},"it":{entry},"x":{entry}}}"#));
    assert_eq!(says(&keys, vec![key("it", true)]), "`it` stands more than once in `connectionReferences`");
    assert!(edited(&keys, [key("x", true)]).unwrap().is_some());
    let odd = one(DATAVERSE, r#""impersonation":"invoker","#);
    assert_eq!(says(&odd, vec![key("it", true)]), "`impersonation` of connection reference `it` is not an object");
    let automated = teams.replace("Request", "Recurrence");
    assert_eq!(
        says(&automated, vec![key("it", true)]),
        "the flow is started by Recurrence, so it has no run-only users whose connections it could use"
    );
    let whole = teams.replacen('{', r#"{"properties":{},"#, 1);
    assert_eq!(says(&whole, vec![key("it", true)]), "`properties` stands more than once in `the flow's text`");
}
