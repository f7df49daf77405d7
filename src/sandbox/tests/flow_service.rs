//! The Flow service: who may ask what, flows with their connections, and their sharing, which is that of the row.

use serde_json::json;

use super::services::{FLOW, PROD, ask};
use super::*;

const RUNNERS: &str = "22222222-2222-2222-2222-222222222222";
const VERSION: &str = "api-version=2016-11-01";

fn admin(rest: &str) -> String {
    format!("/providers/Microsoft.ProcessSimple/scopes/admin/environments/{PROD}/{rest}?{VERSION}")
}

fn maker(rest: &str) -> String {
    format!("/providers/Microsoft.ProcessSimple/environments/{PROD}/{rest}?{VERSION}")
}

fn get(client: &Client, path: &str) -> Answer {
    ask(client, "GET", FLOW, path, &Value::Null)
}

fn code(answer: &Answer) -> (u16, &str) {
    let code = answer.body.as_ref().and_then(|body| body["error"]["code"].as_str());
    (answer.status, code.unwrap_or_default())
}

/// Who is in a list, by role and object id.
fn list(client: &Client, path: &str) -> Vec<(String, String)> {
    let answer = get(client, path);
    assert_eq!(answer.status, 200, "{path}: {:?}", answer.body);
    let entry = |entry: &Value| {
        let word = |value: &Value| value.as_str().unwrap().to_owned();
        (word(&entry["properties"]["roleName"]), word(&entry["properties"]["principal"]["id"]))
    };
    answer.body.unwrap()["value"].as_array().unwrap().iter().map(entry).collect()
}

#[test]
fn a_flow_is_shown_with_the_modes_of_its_connections() {
    let client = sandbox();
    let flow = client.flow("Expense intake");
    let body = get(&client, &admin(&format!("flows/{flow}"))).body.unwrap();
    let references = &body["properties"]["connectionReferences"];
    assert_eq!(references["shared_sharepointonline"]["source"], "Embedded");
    assert_eq!(references["shared_sharepointonline"]["connectionReferenceLogicalName"], "contoso_sharepoint");
    assert_eq!(references["shared_sharepointonline"]["connectionName"], "shared-sharepointonl-6d1f0c52");
    assert_eq!(body["properties"]["sharingType"], "CommonDataService");
    assert_eq!(body["properties"]["workflowEntityId"], json!(flow));
    assert!(body["properties"]["definition"]["triggers"].is_object());
}

#[test]
fn who_owns_and_who_runs_a_flow_is_read_from_the_shares_of_its_row() {
    let client = sandbox();
    let flow = client.flow("Expense intake");
    let (mia, bob) = (client.object("mia@contoso.com").to_string(), client.object("bob@contoso.com").to_string());
    let by_mia = client.by("mia@contoso.com");
    assert_eq!(list(&client, &admin(&format!("flows/{flow}/owners"))), [("Owner".to_owned(), mia.clone())]);
    assert_eq!(list(&by_mia, &maker(&format!("flows/{flow}/users"))), [("CanView".to_owned(), bob.clone())]);
    let both = [("Owner".to_owned(), mia), ("CanView".to_owned(), bob)];
    assert_eq!(list(&client, &admin(&format!("flows/{flow}/permissions"))), both);
}

#[test]
fn a_maker_changes_run_only_users_and_the_row_is_shared() {
    let client = sandbox();
    let flow = client.flow("Expense intake");
    let by_mia = client.by("mia@contoso.com");
    let bob = client.object("bob@contoso.com");
    let principal = |id: &str, kind: &str| json!({ "properties": { "principal": { "id": id, "type": kind } } });
    let body = json!({ "put": [principal(RUNNERS, "Group")], "delete": [principal(&bob.to_string(), "User")] });
    let path = maker(&format!("flows/{flow}/modifyUsers"));
    assert_eq!(ask(&by_mia, "POST", FLOW, &path, &body).status, 200);
    let users = list(&by_mia, &maker(&format!("flows/{flow}/users")));
    assert_eq!(users, [("CanView".to_owned(), RUNNERS.to_owned())]);
    let shares = client.rows(&format!("principalobjectaccessset?$filter=objectid%20eq%20{flow}"));
    assert_eq!((shares.len(), &shares[0]["accessrightsmask"]), (1, &json!(1)));
    // Nothing but people and groups, and only such as there are.
    for (body, expected) in [
        (json!({ "put": [principal(RUNNERS, "group")] }), (400, "InvalidRequestParameter")),
        (json!({ "put": [principal(RUNNERS, "ServicePrincipal")] }), (400, "InvalidRequestParameter")),
        (json!({ "put": [principal(RUNNERS, "User")] }), (400, "PrincipalNotFound")),
        (json!({ "add": [] }), (400, "InvalidRequestContent")),
    ] {
        assert_eq!(code(&ask(&by_mia, "POST", FLOW, &path, &body)), expected, "{body}");
    }
}

#[test]
fn permissions_take_roles_and_are_removed_by_either_form_of_the_id() {
    let client = sandbox();
    let flow = client.flow("Expense intake");
    let bob = client.object("bob@contoso.com").to_string();
    let path = admin(&format!("flows/{flow}/modifyPermissions"));
    let put = |role: &str| json!({ "put": [{ "properties": { "roleName": role, "principal": { "id": bob, "type": "User" } } }] });
    let whole = format!("/providers/Microsoft.ProcessSimple/environments/{PROD}/flows/{flow}/permissions/{bob}");
    for id in [bob.clone(), whole] {
        assert_eq!(ask(&client, "POST", FLOW, &path, &put("CanEdit")).status, 200);
        let owners = list(&client, &admin(&format!("flows/{flow}/owners")));
        assert!(owners.contains(&("CanEdit".to_owned(), bob.clone())), "{owners:?}");
        assert_eq!(ask(&client, "POST", FLOW, &path, &json!({ "delete": [{ "id": id }] })).status, 200);
        assert_eq!(list(&client, &admin(&format!("flows/{flow}/permissions"))).len(), 1);
    }
    assert_eq!(code(&ask(&client, "POST", FLOW, &path, &put("Owner"))), (400, "InvalidRequestParameter"));
}

#[test]
fn a_share_through_the_service_stands_in_the_audit_log_of_dataverse() {
    let client = sandbox();
    let flow = client.flow("Expense intake");
    let (ada, mia) = (client.object("ada@contoso.com").to_string(), client.user("mia@contoso.com"));
    let written = || {
        let rows = client.rows("audits?$filter=objecttypecode%20eq%20'workflow'&$orderby=createdon%20asc");
        let row = |row: &Value| {
            (row["action"].as_i64().unwrap(), row["_objectid_value"].clone(), row["_userid_value"].clone())
        };
        rows.iter().map(row).collect::<Vec<_>>()
    };
    assert_eq!(written(), []);
    let principal = json!({ "properties": { "principal": { "id": ada, "type": "User" } } });
    let users = maker(&format!("flows/{flow}/modifyUsers"));
    assert_eq!(ask(&client.by("mia@contoso.com"), "POST", FLOW, &users, &json!({ "put": [principal] })).status, 200);
    let permissions = admin(&format!("flows/{flow}/modifyPermissions"));
    assert_eq!(ask(&client, "POST", FLOW, &permissions, &json!({ "delete": [{ "id": ada }] })).status, 200);
    // The maker who asked; for an administrator the flow's owner.
    assert_eq!(written(), [(14, json!(flow), json!(mia)), (49, json!(flow), json!(mia))]);
    let refused =
        json!({ "put": [{ "properties": { "roleName": "Owner", "principal": { "id": ada, "type": "User" } } }] });
    assert_eq!(ask(&client, "POST", FLOW, &permissions, &refused).status, 400);
    assert_eq!(written().len(), 2, "what is refused leaves no trace");
}

#[test]
fn a_flow_outside_of_dataverse_is_shared_in_the_service() {
    let client = sandbox();
    let by_ada = client.by("ada@contoso.com");
    let flows = get(&by_ada, &maker("flows")).body.unwrap();
    let flows = flows["value"].as_array().unwrap();
    assert_eq!(flows.len(), 1, "{flows:?}");
    let name = flows[0]["name"].as_str().unwrap();
    assert_eq!(flows[0]["properties"].get("workflowEntityId"), None);
    let body = json!({ "put": [{ "properties": { "principal": { "id": RUNNERS, "type": "Group" } } }] });
    let before = client.fingerprint();
    assert_eq!(ask(&by_ada, "POST", FLOW, &maker(&format!("flows/{name}/modifyOwners")), &body).status, 200);
    assert_ne!(client.fingerprint(), before);
    // Who is in the group owns it too.
    let by_cleo = client.by("cleo@contoso.com");
    assert_eq!(list(&by_cleo, &maker(&format!("flows/{name}/owners"))).len(), 2);
}

#[test]
fn administrators_applications_and_makers_have_paths_of_their_own() {
    let client = sandbox();
    let flow = client.flow("Expense intake");
    let (by_mia, by_bob) = (client.by("mia@contoso.com"), client.by("bob@contoso.com"));
    // An application has the administrators' paths only.
    for path in ["flows".to_owned(), format!("flows/{flow}"), format!("flows/{flow}/users")] {
        let answer = get(&client, &maker(&path));
        assert!(answer.body.as_ref().unwrap().to_string().contains("x-ms-client-scope"), "{path}: {answer:?}");
    }
    // Run-only users have no administrators' path, whoever asks.
    let answer = get(&client, &admin(&format!("flows/{flow}/users")));
    assert_eq!((answer.status, answer.body), (404, None));
    // A run-only user is no maker of it; a flow that is not there is answered alike.
    let unknown = maker(&format!("flows/{}", Uuid::nil()));
    for path in [maker(&format!("flows/{flow}")), unknown] {
        assert_eq!(code(&get(&by_bob, &path)), (403, "ConnectionAuthorizationFailed"));
    }
    let answer = get(&client, &admin(&format!("flows/{}", Uuid::nil())));
    assert_eq!(code(&answer), (404, "FlowNotFound"));
    // What may not be seen and what is not there are denied alike.
    assert_eq!(code(&get(&by_mia, &admin("v2/flows"))), (403, "EnvironmentAccessDenied"));
    assert_eq!(code(&get(&client, &admin("v2/flows").replace(PROD, "none"))), (403, "EnvironmentAccessDenied"));
    assert_eq!(code(&get(&client, &admin("v2/flows").replace(VERSION, ""))), (400, "MissingApiVersionParameter"));
    // A maker's list has what he owns; the administrators' has everything.
    assert_eq!(get(&by_bob, &maker("flows")).body.unwrap()["value"], json!([]));
    // Flows with a row are listed for makers who ask for them; `search` tells her own from those of others.
    let count = |more: &str| {
        get(&by_mia, &format!("{}{more}", maker("flows"))).body.unwrap()["value"].as_array().unwrap().len()
    };
    assert_eq!(count(""), 0);
    let all = "&include=includeSolutionCloudFlows";
    assert_eq!(count(all), 4);
    let search = |word: &str| count(&format!("{all}&$filter=search('{word}')"));
    assert_eq!((search("personal"), search("team")), (4, 0));
    assert_eq!(code(&get(&by_mia, &format!("{}&$filter=search('mine')", maker("flows")))).0, 400);
    let environments = "/providers/Microsoft.ProcessSimple/environments?api-version=2016-11-01";
    assert_eq!(get(&by_mia, environments).body.unwrap()["value"].as_array().unwrap().len(), 2);
    assert_eq!(get(&client, "/providers/Microsoft.PowerApps/x").body, None);
}
