//! The other services behind the same listener.

use serde_json::json;

use super::*;

const BAP: &str = "/providers/Microsoft.BusinessAppPlatform/scopes/admin/environments";
pub(super) const PROD: &str = "7f3c0a51-5e0f-4c0e-9d0a-2b6c8f1e4d10";
const TRIAL: &str = "0c6a2f9e-1b7d-4a3e-8a55-9f0d3f7b6e21";

pub(super) fn ask(client: &Client, method: &str, (host, resource): (&str, &str), path: &str, body: &Value) -> Answer {
    let headers = BTreeMap::from([
        ("authorization".to_owned(), format!("Bearer {}", client.token(resource))),
        ("content-type".to_owned(), "application/json".to_owned()),
    ]);
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let body = body.to_string();
    let incoming = Incoming { method, scheme: "https", host, path, query, headers: &headers, body: &body };
    respond(&client.shared, &incoming)
}

pub(super) const GRAPH: (&str, &str) = ("graph.microsoft.com", "https://graph.microsoft.com");
pub(super) const ADMIN: (&str, &str) = ("api.bap.microsoft.com", "https://service.powerapps.com/");
pub(super) const FLOW: (&str, &str) = ("api.flow.microsoft.com", "https://service.flow.microsoft.com/");

#[test]
fn graph_finds_a_group_by_name() {
    let path = "/v1.0/groups?$filter=displayName%20eq%20'SG-Expense-Prod'&$select=id";
    let body = ask(&sandbox(), "GET", GRAPH, path, &Value::Null).body.unwrap();
    assert_eq!(body["value"][0]["id"], "22222222-2222-2222-2222-222222222222");
}

#[test]
fn a_token_of_one_service_is_no_use_at_another() {
    let wrong = (ADMIN.0, GRAPH.1);
    let path = format!("{BAP}?api-version=2021-04-01");
    assert_eq!(ask(&sandbox(), "GET", wrong, &path, &Value::Null).status, 401);
}

#[test]
fn adding_a_user_to_an_environment_makes_the_row() {
    let client = sandbox();
    let path = format!("{BAP}/{PROD}/addUser?api-version=2023-06-01");
    let body = json!({ "objectId": client.object("kira@contoso.com") });
    assert_eq!(ask(&client, "POST", ADMIN, &path, &body).status, 200);
    assert_eq!(client.rows("systemusers?$filter=domainname%20eq%20'kira@contoso.com'").len(), 1);
}

#[test]
fn environment_roles_exist_where_there_is_no_dataverse() {
    let client = sandbox();
    let path = |environment: &str| format!("{BAP}/{environment}/roleAssignments?api-version=2021-04-01");
    let body = ask(&client, "GET", ADMIN, &path(TRIAL), &Value::Null).body.unwrap();
    assert_eq!(body["value"].as_array().unwrap().len(), 2);
    assert_eq!(ask(&client, "GET", ADMIN, &path(PROD), &Value::Null).status, 403);
}

#[test]
fn governance_says_whether_flows_may_be_shared() {
    let client = sandbox_of(&default_seed().replace("flowSharing: true", "flowSharing: false"));
    let path = format!("{BAP}/{PROD}?api-version=2021-04-01");
    let text = ask(&client, "GET", ADMIN, &path, &Value::Null).body.unwrap().to_string();
    assert!(text.contains(r#""solutionCloudFlows-limitSharingMode":"disableSharing""#), "{text}");
}

#[test]
fn flows_outside_of_dataverse_are_in_the_list_of_the_flow_service() {
    let path =
        format!("/providers/Microsoft.ProcessSimple/scopes/admin/environments/{PROD}/v2/flows?api-version=2016-11-01");
    let body = ask(&sandbox(), "GET", FLOW, &path, &Value::Null).body.unwrap();
    let flows = body["value"].as_array().unwrap();
    assert_eq!(flows.len(), 6);
    let outside: Vec<&Value> = flows.iter().filter(|flow| flow["properties"]["workflowEntityId"].is_null()).collect();
    assert_eq!(outside[0]["properties"]["displayName"], "Save my attachments");
}
