//! Writes of flows.

use serde_json::json;

use super::*;
use crate::sandbox::variants::{EmbeddedUnderAppTrigger, ModeEffect, PatchOfActiveFlow};

const DATAVERSE: &str = "shared_commondataserviceforapps";

fn text_of(client: &Client, flow: Uuid) -> Value {
    let body = client.get(&format!("workflows({flow})?$select=clientdata")).body.unwrap();
    serde_json::from_str(body["clientdata"].as_str().unwrap()).unwrap()
}

fn state_of(client: &Client, flow: Uuid) -> i64 {
    client.get(&format!("workflows({flow})?$select=statecode")).body.unwrap()["statecode"].as_i64().unwrap()
}

fn edit(client: &Client, flow: Uuid, change: impl FnOnce(&mut Value)) -> Answer {
    let mut text = text_of(client, flow);
    change(&mut text["properties"]["connectionReferences"]);
    client.patch(&format!("workflows({flow})"), &json!({ "clientdata": text.to_string() }))
}

fn to_invoker(key: &'static str) -> impl FnOnce(&mut Value) {
    move |references| references[key]["runtimeSource"] = json!("invoker")
}

#[test]
fn a_mode_is_written_and_read_back() {
    let client = sandbox();
    let flow = client.flow("Expense intake");
    assert_eq!(edit(&client, flow, to_invoker("shared_sharepointonline")).status, 204);
    let references = &text_of(&client, flow)["properties"]["connectionReferences"];
    assert_eq!(references["shared_sharepointonline"]["runtimeSource"], "invoker");
    assert_eq!(state_of(&client, flow), 1);
}

#[test]
fn a_mode_may_take_effect_only_after_a_restart() {
    let client = changed(|variants| variants.mode_effect = ModeEffect::AfterRestart);
    let flow = client.flow("Expense intake");
    let links = |client: &Client| {
        let question = json!({ "organization": ENVIRONMENT, "user": client.object("bob@contoso.com"), "flow": flow });
        client.tenant(|tenant| {
            let answer = crate::sandbox::run::run(tenant, &serde_json::from_value(question).unwrap()).unwrap();
            json!(answer)["step"] == "link"
        })
    };
    assert_eq!(edit(&client, flow, to_invoker("shared_sharepointonline")).status, 204);
    assert_eq!(
        text_of(&client, flow)["properties"]["connectionReferences"]["shared_sharepointonline"]["runtimeSource"],
        "invoker"
    );
    assert!(!links(&client), "the flow still runs with the connection of its maker");
    for state in [0, 1] {
        assert_eq!(client.patch(&format!("workflows({flow})"), &json!({ "statecode": state })).status, 204);
    }
    assert!(links(&client));
}

#[test]
fn a_text_that_is_no_flow_is_refused() {
    let client = sandbox();
    let path = format!("workflows({})", client.flow("Expense intake"));
    expect(&client.patch(&path, &json!({ "clientdata": "{\"properties\":" })), 400, "0x80060468");
    expect(&client.patch(&path, &json!({ "clientdata": "{}" })), 400, "0x80060468");
    expect(&client.ask("PATCH", &path, &[("If-Match", "W/\"1\"")], r#"{"clientdata":"{}"}"#), 412, "0x80060882");
}

#[test]
fn a_child_flow_takes_no_connections_of_its_caller() {
    let client = sandbox();
    let child = client.flow("Archive receipt");
    let answer = edit(&client, child, to_invoker("shared_sharepointonline"));
    expect(&answer, 400, "0x80060467");
    assert!(answer.body.unwrap().to_string().contains("ChildFlowUnsupportedForInvokerConnections"));
    // Behind the service's back it breaks the parent when that is saved.
    client.with(|organization| {
        let text = organization.row("workflow", child).unwrap()["clientdata"].as_str().unwrap().to_owned();
        let text = text.replace(r#""runtimeSource":"embedded""#, r#""runtimeSource":"invoker""#);
        organization.change("workflow", child, [("clientdata".to_owned(), json!(text))]);
    });
    expect(&edit(&client, client.flow("Approve expense"), to_invoker("shared_office365")), 400, "0x80060467");
}

#[test]
fn dataverse_for_the_caller_needs_an_owner_who_may_act_for_others() {
    let client = sandbox();
    let flow = client.flow("Expense intake");
    let impersonate = |references: &mut Value| references[DATAVERSE]["impersonation"] = json!({ "source": "invoker" });
    assert_eq!(edit(&client, flow, impersonate).status, 204);
    edit(&client, flow, |references| references[DATAVERSE]["impersonation"] = json!({}));
    let path = format!(
        "systemusers({})/systemuserroles_association({})/$ref",
        client.user("mia@contoso.com"),
        client.role("Delegate")
    );
    assert_eq!(client.ask("DELETE", &path, &[], "").status, 204);
    expect(&edit(&client, flow, impersonate), 403, "0x80040220");
}

#[test]
fn an_active_flow_is_written_as_the_variant_has_it() {
    let cases = [
        (PatchOfActiveFlow::Accepted, 204, "invoker", 1),
        (PatchOfActiveFlow::Refused, 403, "embedded", 1),
        (PatchOfActiveFlow::TurnsOff, 204, "invoker", 0),
        (PatchOfActiveFlow::Reverted, 204, "embedded", 1),
    ];
    for (variant, status, source, state) in cases {
        let client = changed(|variants| variants.patch_of_active_flow = variant);
        let flow = client.flow("Expense intake");
        assert_eq!(edit(&client, flow, to_invoker("shared_office365")).status, status, "{variant:?}");
        let references = &text_of(&client, flow)["properties"]["connectionReferences"];
        assert_eq!(references["shared_office365"]["runtimeSource"], source, "{variant:?}");
        assert_eq!(state_of(&client, flow), state, "{variant:?}");
    }
}

#[test]
fn the_owner_of_the_connections_may_do_what_others_may_not() {
    let client = changed(|variants| variants.patch_of_active_flow = PatchOfActiveFlow::Refused);
    let flow = client.flow("Expense intake");
    let mut text = text_of(&client, flow);
    text["properties"]["connectionReferences"]["shared_office365"]["runtimeSource"] = json!("invoker");
    let body = json!({ "clientdata": text.to_string() }).to_string();
    let mia = client.object("mia@contoso.com").to_string();
    let headers = [("If-Match", "*"), ("CallerObjectId", mia.as_str())];
    assert_eq!(client.ask("PATCH", &format!("workflows({flow})"), &headers, &body).status, 204);
}

#[test]
fn a_flow_is_turned_off_and_on() {
    let client = sandbox();
    let flow = client.flow("Expense intake");
    for state in [0, 1] {
        assert_eq!(client.patch(&format!("workflows({flow})"), &json!({ "statecode": state })).status, 204);
        let row = client.get(&format!("workflows({flow})?$select=statecode,statuscode")).body.unwrap();
        assert_eq!((row["statecode"].as_i64(), row["statuscode"].as_i64()), (Some(state), Some(state + 1)));
    }
}

#[test]
fn a_managed_flow_is_not_edited_but_shared() {
    let client = sandbox();
    let flow = client.flow("Payroll export");
    expect(&edit(&client, flow, to_invoker("shared_sharepointonline")), 400, "0x8004f026");
    expect(&client.ask("DELETE", &format!("workflows({flow})"), &[], ""), 400, "0x80040228");
    let body = json!({ "Target": { "@odata.id": format!("workflows({flow})") },
        "PrincipalAccess": { "AccessMask": "ReadAccess", "Principal": {
            "@odata.type": "Microsoft.Dynamics.CRM.systemuser", "systemuserid": client.user("ada@contoso.com") } } });
    assert_eq!(client.post("GrantAccess", &body).status, 204);
}

#[test]
fn a_flow_is_made_off_and_only_with_references_that_its_maker_reads() {
    let client = sandbox();
    let text = text_of(&client, client.flow("Expense intake")).to_string();
    let body =
        json!({ "category": 5, "name": "Copy", "type": 1, "primaryentity": "none", "clientdata": text }).to_string();
    let prefer = [("Prefer", "return=representation")];
    let answer = client.ask("POST", "workflows", &prefer, &body);
    assert_eq!(answer.status, 201);
    let row = answer.body.unwrap();
    assert_eq!((row["statecode"].as_i64(), row["statuscode"].as_i64()), (Some(0), Some(1)));
    expect(&client.by("bob@contoso.com").ask("POST", "workflows", &prefer, &body), 403, "0x80040220");
}

#[test]
fn an_app_trigger_may_set_a_connection_back() {
    let client = changed(|variants| variants.embedded_under_app_trigger = EmbeddedUnderAppTrigger::SetBack);
    let flow = client.flow("Approve expense");
    edit(&client, flow, to_invoker("shared_office365"));
    assert_eq!(
        edit(&client, flow, |references| references["shared_office365"]["runtimeSource"] = json!("embedded")).status,
        204
    );
    let references = &text_of(&client, flow)["properties"]["connectionReferences"];
    assert_eq!(references["shared_office365"]["runtimeSource"], "invoker");
}
