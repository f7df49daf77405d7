//! What Graph answers, and what it refuses.

use std::collections::BTreeMap;

use super::*;
use crate::sandbox::directory::{Group, Person, ServicePrincipal};

const ROOT: &str = "https://graph.microsoft.com/v1.0";
const OUTER: Uuid = Uuid::from_u128(1000);
const INNER: Uuid = Uuid::from_u128(1001);
const APP: Uuid = Uuid::from_u128(2000);

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn directory() -> Directory {
    let person = |upn: String, guest| Person {
        display_name: upn.clone(),
        upn,
        mail: None,
        enabled: true,
        guest,
        plans: BTreeSet::from(["FLOW_P2".to_owned()]),
    };
    let group = |name: &str, members: &[Uuid]| Group {
        display_name: name.to_owned(),
        mail: None,
        security: true,
        members: members.iter().copied().collect(),
        owners: BTreeSet::from([id(1)]),
    };
    let mut users: BTreeMap<Uuid, Person> =
        (1..=250).map(|number| (id(number), person(format!("user{number}@contoso.com"), false))).collect();
    users.insert(id(300), person("o'neil_fabrikam.com#EXT#@contoso.com".to_owned(), true));
    Directory {
        users,
        groups: BTreeMap::from([
            (OUTER, group("SG-Expense-Prod", &[id(1), INNER])),
            (INNER, group("SG-Nested", &[id(2), APP])),
        ]),
        service_principals: BTreeMap::from([(
            APP,
            ServicePrincipal { app_id: id(2001), display_name: "pipeline".to_owned(), secret: "s".to_owned() },
        )]),
        graph_readers: None,
    }
}

fn claims() -> Claims {
    Claims {
        aud: "https://graph.microsoft.com".to_owned(),
        iss: String::new(),
        iat: 0,
        nbf: 0,
        exp: 1,
        tid: id(9),
        oid: APP,
        appid: Some(id(2001)),
        app_displayname: None,
        upn: None,
        idtyp: "app".to_owned(),
        ver: "1.0".to_owned(),
    }
}

fn request<'a>(method: &'a str, address: &'a str, body: Option<&'a Value>) -> Request<'a> {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    Request { method, path, query, consistency_level: None, body, root: ROOT, now: 0 }
}

fn get(address: &str) -> Value {
    let answer = handle(&directory(), request("GET", address, None), &claims());
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body.unwrap()
}

fn post(address: &str, body: &Value) -> Answer {
    handle(&directory(), request("POST", address, Some(body)), &claims())
}

fn refuse(address: &str) -> (u16, String) {
    refusal_of(&handle(&directory(), request("GET", address, None), &claims()))
}

fn refusal_of(answer: &Answer) -> (u16, String) {
    (answer.status, answer.body.as_ref().unwrap()["error"]["code"].as_str().unwrap().to_owned())
}

fn ids(body: &Value) -> Vec<Uuid> {
    body["value"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().parse().unwrap()).collect()
}

#[test]
fn a_user_is_found_by_id_and_by_name() {
    let by_id = get(&format!("/users/{}", id(1)));
    assert_eq!(by_id["userPrincipalName"], "user1@contoso.com");
    assert_eq!(by_id.get("accountEnabled"), None);
    let by_name = get("/users/USER1@contoso.com?$select=id,accountEnabled,userType");
    assert_eq!(by_name["accountEnabled"], true);
    assert_eq!(by_name.get("displayName"), None);
    let guest = get("/users/o'neil_fabrikam.com%23EXT%23@contoso.com?$select=userType");
    assert_eq!(guest["userType"], "Guest");
    let guests = get("/users?$filter=userPrincipalName%20eq%20%27o%27%27neil_fabrikam.com%23EXT%23@contoso.com%27");
    assert_eq!(ids(&guests), [id(300)]);
}

#[test]
fn words_of_addresses_and_selected_properties_are_taken_in_any_case() {
    let user = get(&format!("/Users/{}?$select=Id,DISPLAYNAME", id(1)));
    let keys: Vec<&String> = user.as_object().unwrap().keys().filter(|key| !key.starts_with('@')).collect();
    assert_eq!(keys, ["displayName", "id"]);
    assert_eq!(
        get(&format!("/users/{}/MemberOf", id(1)))["value"],
        get(&format!("/users/{}/memberOf", id(1)))["value"]
    );
}

#[test]
fn what_is_not_there_is_told_in_the_words_of_the_service() {
    let answer = handle(&directory(), request("GET", "/users/eve@contoso.com", None), &claims());
    let error = &answer.body.as_ref().unwrap()["error"];
    assert_eq!(answer.status, 404);
    assert_eq!(error["code"], "Request_ResourceNotFound");
    assert_eq!(
        error["message"],
        "Resource 'eve@contoso.com' does not exist or one of its queried reference-property objects are not present."
    );
    assert_eq!(error["innerError"]["date"], "1970-01-01T00:00:00");
    assert_eq!(refuse(&format!("/groups/{}", id(1))).0, 404);
    assert_eq!(refuse("/groups/abc"), (400, "Request_BadRequest".to_owned()));
}

#[test]
fn lists_come_in_pages() {
    let mut address = "/users?$select=id&$top=100".to_owned();
    let mut found = Vec::new();
    let mut pages = 0;
    loop {
        let body = get(&address);
        found.extend(ids(&body));
        pages += 1;
        match body["@odata.nextLink"].as_str() {
            Some(next) => address = next.strip_prefix(ROOT).unwrap().to_owned(),
            None => break,
        }
    }
    assert_eq!((pages, found.len()), (3, 251));
    assert_eq!(refuse("/users?$top=1000").0, 400);
}

#[test]
fn members_are_typed_and_transitive_ones_include_the_groups_between() {
    let members = get(&format!("/groups/{OUTER}/members"));
    assert_eq!(ids(&members), [id(1), INNER]);
    assert_eq!(members["value"][1]["@odata.type"], "#microsoft.graph.group");
    assert_eq!(ids(&get(&format!("/groups/{OUTER}/transitiveMembers"))), [id(1), id(2), INNER, APP]);
    assert_eq!(
        ids(&get(&format!("/groups/{OUTER}/transitiveMembers/microsoft.graph.user?$select=id"))),
        [id(1), id(2)]
    );
    assert_eq!(
        ids(&get(&format!("/users/{}/transitiveMemberOf/microsoft.graph.group?$select=id", id(2)))),
        [OUTER, INNER]
    );
    assert_eq!(ids(&get(&format!("/users/{}/memberOf", id(2)))), [INNER]);
}

#[test]
fn membership_is_checked_against_known_groups() {
    let address = format!("/users/{}/checkMemberGroups", id(2));
    let answer = post(&address, &json!({ "groupIds": [OUTER, id(77)] }));
    assert_eq!(answer.body.unwrap()["value"], json!([OUTER]));
    assert_eq!(post(&address, &json!({ "groupIds": vec![OUTER; 21] })).status, 400);
    assert_eq!(post(&address, &json!({ "groupIds": [OUTER, "x"] })).status, 400);
    let all = post(&format!("/users/{}/getMemberGroups", id(2)), &json!({ "securityEnabledOnly": true }));
    assert_eq!(all.body.unwrap()["value"], json!([OUTER, INNER]));
}

#[test]
fn objects_are_fetched_by_their_ids_a_thousand_at_most() {
    let asked: Vec<Uuid> = (1..=250).map(id).chain([OUTER, APP, id(9999)]).collect();
    let answer = post("/directoryObjects/getByIds", &json!({ "ids": asked, "types": ["user", "group"] }));
    assert_eq!(ids(&answer.body.unwrap()).len(), 251);
    assert_eq!(post("/directoryObjects/getByIds", &json!({ "ids": vec![OUTER; 1001] })).status, 400);
}

#[test]
fn service_principals_are_found_by_application() {
    let found = get(&format!("/servicePrincipals?$filter=appId%20eq%20'{}'&$select=id,appId", id(2001)));
    assert_eq!(ids(&found), [APP]);
}

#[test]
fn filters_are_limited_as_the_service_limits_them() {
    let names = |count: usize| (0..count).map(|number| format!("'user{number}@contoso.com'")).collect::<Vec<_>>();
    let within = |count| format!("/users?$filter=userPrincipalName+in+({})", names(count).join(","));
    assert_eq!(ids(&get(&within(15))).len(), 14);
    let unsupported = (400, "Request_UnsupportedQuery".to_owned());
    assert_eq!(refuse(&within(16)), unsupported);
    let or = names(16).iter().map(|name| format!("displayName eq {name}")).collect::<Vec<_>>().join(" or ");
    assert_eq!(refuse(&format!("/groups?$filter={or}")), unsupported);
    assert_eq!(refuse(&format!("/groups?$filter=displayName eq '{}'", "x".repeat(121))), unsupported);
    assert_eq!(refuse("/groups?$filter=contains(displayName,'SG')"), unsupported);
    assert_eq!(refuse("/users?$filter=jobTitle eq 'x'"), unsupported);
    assert_eq!(refuse("/users?$select=shoeSize").0, 400);
    assert_eq!(refuse("/users?$skip=1"), unsupported);
    assert_eq!(refuse("/users?$filter=oops").1, "BadRequest");
}

#[test]
fn advanced_queries_need_the_header_and_the_count() {
    let address = "/groups?$filter=displayName ne 'SG-Nested'&$count=true";
    assert_eq!(refuse(address).0, 400);
    let eventual = Request { consistency_level: Some("eventual"), ..request("GET", address, None) };
    let body = handle(&directory(), eventual, &claims()).body.unwrap();
    assert_eq!((&body["@odata.count"], ids(&body)), (&json!(1), vec![OUTER]));
    assert_eq!(refuse("/groups?$filter=displayName ne 'SG-Nested'").0, 400);
    assert_eq!(ids(&get("/groups?$filter=startswith(displayName,'sg-')&$top=5")), [OUTER, INNER]);
}

#[test]
fn a_batch_answers_each_request_in_any_order() {
    let steps = json!({ "requests": [
        { "id": "1", "method": "GET", "url": "/users/user1@contoso.com?$select=id" },
        { "id": "2", "method": "GET", "url": "/users/eve@contoso.com" },
        { "id": "3", "method": "POST", "url": "/directoryObjects/getByIds", "body": { "ids": [OUTER] },
          "headers": { "Content-Type": "application/json" } },
        { "id": "4", "method": "GET", "url": "/groups?$filter=displayName ne 'a'&$count=true", "headers": { "ConsistencyLevel": "eventual" } },
    ] });
    let body = post("/$batch", &steps).body.unwrap();
    let statuses: Vec<_> = body["responses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| (step["id"].as_str().unwrap(), step["status"].as_u64().unwrap()))
        .collect();
    assert_eq!(statuses, [("4", 200), ("3", 200), ("2", 404), ("1", 200)]);
    let many: Vec<Value> =
        (0..21).map(|number| json!({ "id": number.to_string(), "method": "GET", "url": "/users" })).collect();
    assert_eq!(post("/$batch", &json!({ "requests": many })).status, 400);
    let untyped =
        json!({ "requests": [{ "id": "1", "method": "POST", "url": "/directoryObjects/getByIds", "body": {} }] });
    assert_eq!(post("/$batch", &untyped).status, 400);
}

#[test]
fn only_readers_may_read() {
    let closed = Directory { graph_readers: Some(BTreeSet::from([id(1)])), ..directory() };
    let ask = |oid| handle(&closed, request("GET", "/users", None), &Claims { oid, ..claims() });
    assert_eq!(ask(id(1)).status, 200);
    assert_eq!(refusal_of(&ask(APP)), (403, "Authorization_RequestDenied".to_owned()));
}

#[test]
fn licence_details_are_for_users_only() {
    let address = format!("/users/{}/licenseDetails", id(1));
    assert_eq!(refuse(&address).0, 403);
    let user = Claims { appid: None, oid: id(1), ..claims() };
    let body = handle(&directory(), request("GET", &address, None), &user).body.unwrap();
    assert_eq!(body["value"][0]["servicePlans"][0]["servicePlanName"], "FLOW_P2");
}
