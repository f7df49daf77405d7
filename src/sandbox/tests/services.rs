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

#[test]
fn graph_counts_searches_and_knows_who_asks() {
    let client = sandbox();
    let headers = |client: &Client| {
        BTreeMap::from([
            ("authorization".to_owned(), format!("Bearer {}", client.token(GRAPH.1))),
            ("consistencylevel".to_owned(), "eventual".to_owned()),
        ])
    };
    let get = |client: &Client, path: &str| {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let headers = headers(client);
        let incoming =
            Incoming { method: "GET", scheme: "https", host: GRAPH.0, path, query, headers: &headers, body: "" };
        respond(&client.shared, &incoming).body.unwrap()
    };
    let group = "/v1.0/groups/22222222-2222-2222-2222-222222222222/transitiveMembers";
    assert_eq!(get(&client, &format!("{group}/$count")), json!(12));
    assert_eq!(get(&client, &format!("{group}/graph.user/$count")), json!(12));
    assert_eq!(get(&client, &format!("{group}/microsoft.graph.group/$count")), json!(0));
    let found = get(&client, "/v1.0/users?$search=%22displayName:love%22&$count=true&$select=displayName");
    assert_eq!((&found["@odata.count"], &found["value"][0]["displayName"]), (&json!(1), &json!("Ada Lovelace")));
    let unified = |sort: &str| {
        get(&client, &format!("/v1.0/groups?$filter=groupTypes/any(c:c%20eq%20'{sort}')"))["value"].clone()
    };
    assert_eq!(unified("Unified"), json!([]));
    let application = get(&client, "/v1.0/servicePrincipals(appId='33333333-3333-3333-3333-333333333333')");
    assert_eq!(application["displayName"], "powergrant");
    let ada = client.by("ada@contoso.com");
    assert_eq!(get(&ada, "/v1.0/me")["displayName"], "Ada Lovelace");
    assert_eq!(get(&ada, "/v1.0/me/memberOf")["value"][0]["displayName"], "SG-Expense-Prod");
}

#[test]
fn what_depends_on_a_request_that_failed_is_not_carried_out() {
    let request =
        |id: &str, url: &str, needed: &[&str]| json!({ "id": id, "method": "GET", "url": url, "dependsOn": needed });
    let body = json!({ "requests": [
        request("1", "nothing", &[]), request("2", "users?$top=1", &[]), request("3", "/users", &["1"]),
        request("4", "/users", &["2"]), request("5", "/users", &["3"]), request("6", "/users", &["9"]),
        { "id": 7, "method": "PATCH", "url": "/users/ada@contoso.com", "body": {}, "headers": { "content-type": "application/json" } },
    ] });
    let answer = ask(&sandbox(), "POST", GRAPH, "/v1.0/$batch", &body).body.unwrap();
    let mut found: Vec<(&str, u64)> = answer["responses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|response| (response["id"].as_str().unwrap(), response["status"].as_u64().unwrap()))
        .collect();
    found.sort_unstable();
    assert_eq!(found, [("1", 400), ("2", 200), ("3", 424), ("4", 200), ("5", 424), ("6", 424), ("7", 403)]);
    let second = answer["responses"].as_array().unwrap().iter().find(|response| response["id"] == "2").unwrap();
    assert!(second["body"]["@odata.nextLink"].as_str().unwrap().starts_with("https://graph.microsoft.com/v1.0/users?"));
}

#[test]
fn environments_come_in_pages_when_a_number_is_asked_for() {
    let client = sandbox();
    let mut path = format!("{BAP}?api-version=2021-04-01&$top=1");
    let mut found = Vec::new();
    loop {
        let body = ask(&client, "GET", ADMIN, &path, &Value::Null).body.unwrap();
        found.extend(body["value"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap().to_owned()));
        match body["nextLink"].as_str() {
            Some(next) => path = next.strip_prefix("https://api.bap.microsoft.com").unwrap().to_owned(),
            None => break,
        }
    }
    assert_eq!(found, [TRIAL, PROD]);
}
