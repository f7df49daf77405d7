//! Disturbances, stale reads and the control address.

use serde_json::json;

use super::*;
use crate::sandbox::faults::{Disturbance, Replacement, Rule};

fn schedule(client: &Client, rule: Rule) {
    client.tenant(|tenant| tenant.faults.schedule(rule));
}

#[test]
fn a_refusal_is_sent_once_and_carries_retry_after() {
    let client = sandbox();
    schedule(&client, Rule::on("workflows", Disturbance::throttle(3)));
    let answer = client.get("workflows");
    expect(&answer, 429, "0x80072322");
    assert_eq!(answer.headers["Retry-After"], "3");
    assert_eq!(client.get("workflows").status, 200);
}

#[test]
fn a_lost_answer_was_committed_and_a_refusal_before_was_not() {
    let client = sandbox();
    let body = json!({ "name": "A", "businessunitid@odata.bind": format!("businessunits({})", client.unit()) });
    schedule(&client, Rule::on("roles", Disturbance::refuse(503)).method("POST").after_commit());
    assert_eq!(client.post("roles", &body).status, 503);
    expect(&client.post("roles", &body), 400, "0x80041403");
    let other = json!({ "name": "B", "businessunitid@odata.bind": format!("businessunits({})", client.unit()) });
    schedule(&client, Rule::on("roles", Disturbance::refuse(503)).method("POST"));
    assert_eq!(client.post("roles", &other).status, 503);
    assert_eq!(client.post("roles", &other).status, 204);
}

#[test]
fn a_write_is_undone_although_it_was_answered_with_success() {
    let client = sandbox();
    let role = client.new_role("Flow Runner");
    schedule(&client, Rule::on("systemuserroles_association", Disturbance::Reverted).method("POST"));
    assert_eq!(client.assign("ada@contoso.com", role).status, 204);
    assert_eq!(client.rows(&format!("systemuserrolescollection?$filter=roleid%20eq%20{role}")).len(), 0);
}

#[test]
fn bodies_are_broken_in_three_ways() {
    let client = sandbox();
    schedule(&client, Rule::on("workflows", Disturbance::Html(502)));
    let answer = client.get("workflows");
    assert_eq!((answer.status, answer.headers["Content-Type"].as_str()), (502, "text/html; charset=utf-8"));
    schedule(&client, Rule::on("workflows", Disturbance::Truncated));
    let answer = client.get("workflows").body.unwrap();
    assert!(serde_json::from_str::<Value>(answer.as_str().unwrap()).is_err());
    schedule(&client, Rule::on("workflows", Disturbance::ForeignNextLink("evil.example".to_owned())));
    assert_eq!(client.get("workflows").body.unwrap()["@odata.nextLink"], "https://evil.example/next");
}

#[test]
fn true_answers_are_falsified_for_judges_to_notice() {
    let client = sandbox();
    schedule(&client, Rule::on("roles", Disturbance::Status(202)));
    assert_eq!(client.get("roles").status, 202);
    let replacement = Replacement { from: "roleid".to_owned(), to: "roleId".to_owned() };
    schedule(&client, Rule::on("roles", Disturbance::Rewritten(replacement)));
    let body = client.get("roles?$select=name").body.unwrap();
    let body: Value = serde_json::from_str(body.as_str().unwrap()).unwrap();
    assert!(body["value"][0]["roleId"].is_string() && body["value"][0]["roleid"].is_null());
    assert!(client.get("roles?$select=name").body.unwrap()["value"][0]["roleid"].is_string());
}

#[test]
fn reads_lag_behind_writes_unless_they_are_strong() {
    let client = changed(|variants| variants.stale_reads = 2);
    let role = client.new_role("Flow Runner");
    let path = format!("roles?$filter=roleid%20eq%20{role}");
    let strong = client.ask("GET", &path, &[("Consistency", "Strong")], "").body.unwrap();
    assert_eq!(strong["value"].as_array().unwrap().len(), 1);
    let seen: Vec<usize> = (0..3).map(|_| client.rows(&path).len()).collect();
    assert_eq!(seen, [0, 0, 1]);
}

#[test]
fn the_control_address_tells_and_changes() {
    let client = sandbox();
    client.get("WhoAmI");
    let log = client.get("/_sandbox/requests").body.unwrap();
    assert_eq!(
        log["requests"],
        json!([{ "method": "GET", "host": HOST, "path": "/api/data/v9.2/WhoAmI", "status": 200 }])
    );
    assert_eq!(client.post("/_sandbox/variants", &json!({ "staleReads": 4 })).status, 204);
    assert_eq!(client.get("/_sandbox/variants").body.unwrap()["staleReads"], 4);
    assert_eq!(client.post("/_sandbox/variants", &json!({ "stale": 4 })).status, 400);
    let rule = json!({ "path": "WhoAmI", "answer": { "refuse": { "status": 500 } } });
    assert_eq!(client.post("/_sandbox/faults", &rule).status, 204);
    assert_eq!(client.get("WhoAmI").status, 500);
    let before = client.fingerprint();
    client.new_role("Flow Runner");
    assert_eq!(client.post("/_sandbox/reset", &json!({})).status, 204);
    client.post("/_sandbox/variants", &json!({ "staleReads": 4 }));
    assert_eq!(client.fingerprint(), before);
}

#[test]
fn a_host_that_is_not_ours_is_misdirected() {
    let client = sandbox();
    let incoming = Incoming {
        method: "GET",
        scheme: "https",
        host: "www.example.com",
        path: "/",
        query: "",
        headers: &BTreeMap::new(),
        body: "",
    };
    assert_eq!(respond(&client.shared, &incoming).status, 421);
}
