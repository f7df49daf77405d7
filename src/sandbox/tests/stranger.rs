//! Requests that are odd and legal: other clients write them so, and the answer is that of the plain form.

use serde_json::json;

use super::*;

#[test]
fn the_same_request_may_be_spelled_in_many_ways() {
    let client = sandbox();
    let role = client.new_role("Runner (a,b/c) 'd' é");
    let upper = role.to_string().to_uppercase();
    let plain = client.get(&format!("roles({role})?$select=name")).body.unwrap();
    for path in [
        format!("roles({upper})?$select=name"),
        format!("roles%28{role}%29?%24select=name"),
        format!("roles(%20{role}%20)?$select=name"),
        format!("roles(roleid={role})?$select=name"),
        format!("roles/({role})?$select=name").replace("/(", "("),
        format!("roles({role})/?$select=name"),
        format!("/API/DATA/V9.2/roles({role})?$select=name"),
        format!("roles({role})?&$select=name&"),
        format!("roles({role})?$select=+name"),
    ] {
        let answer = client.get(&path);
        assert_eq!(
            (answer.status, answer.body.as_ref().map(|body| &body["name"])),
            (200, Some(&plain["name"])),
            "{path}"
        );
    }
    for filter in [
        "name%20eq%20'Runner%20(a,b/c)%20''d''%20%C3%A9'",
        "name+eq+'Runner+(a,b/c)+''d''+%c3%a9'",
        "((((name%20eq%20'runner%20(A,B/C)%20''D''%20%C3%A9'))))",
        "not(not(startswith(name,'Runner%20(')))%20and%20endswith(name,'%C3%A9')",
        "roleid%20eq%20@r&@r=ROLE",
        "roleid%20eq%20'ROLE'",
        "_parentrootroleid_value%20eq%20'ROLE'",
        "@n%20eq%20name&@n='Runner%20(a,b/c)%20''d''%20%C3%A9'",
    ] {
        let found = client.rows(&format!("roles?$select=name&$filter={}", filter.replace("ROLE", &upper)));
        assert_eq!(found.len(), 1, "{filter}");
    }
}

#[test]
fn headers_are_read_whatever_their_case_and_number() {
    let client = sandbox();
    let role = client.new_role("Runner");
    let path = format!("roles({role})");
    let etag = client.get(&path).headers["ETag"].clone();
    let token = client.token(&format!("https://{HOST}"));
    let body = r#"{"description":"x"}"#;
    for (name, value) in [
        ("Content-Type", "APPLICATION/JSON; Charset=UTF-8"),
        ("Content-Type", "application/json;odata.metadata=minimal;IEEE754Compatible=true"),
        ("Authorization", &format!("bearer {token}")),
        ("If-None-Match", "null"),
    ] {
        assert_eq!(client.ask("PATCH", &path, &[(name, value)], body).status, 204, "{name}: {value}");
    }
    let now = client.get(&path).headers["ETag"].clone();
    assert_ne!(now, etag);
    assert_eq!(client.ask("PATCH", &path, &[("If-Match", &etag)], body).status, 412);
    assert_eq!(client.ask("PATCH", &path, &[("If-Match", &format!("{etag}, {now}"))], body).status, 204);
    let now = client.get(&path).headers["ETag"].clone();
    assert_eq!(client.ask("GET", &path, &[("If-None-Match", &now)], "").status, 304);
    let preferences = [
        "odata.maxpagesize=2,odata.include-annotations=\"*\"",
        "Odata.MaxPageSize=2, odata.include-annotations=\"OData.Community.Display.V1.FormattedValue,x\"",
        "respond-async, odata.include-annotations=*, odata.maxpagesize=2; foo",
    ];
    for preference in preferences.iter().take(2) {
        let answer = client.ask("GET", "systemusers?$select=fullname", &[("Prefer", preference)], "");
        let body = answer.body.unwrap();
        assert_eq!(body["value"].as_array().unwrap().len(), 2, "{preference}");
        let is_counted = body.get("@Microsoft.Dynamics.CRM.totalrecordcount").is_some();
        assert_eq!((body.get("@odata.nextLink").is_some(), is_counted), (true, preference.contains('*')));
    }
    for size in ["0", "100000", "-1", "x"] {
        let answer =
            client.ask("GET", "systemusers?$select=fullname", &[("Prefer", &format!("odata.maxpagesize={size}"))], "");
        assert_eq!(answer.status, 200, "{size}");
    }
}

#[test]
fn a_body_where_none_is_needed_and_none_where_none_is_needed() {
    let client = sandbox();
    let made = client.post(
        "teams",
        &json!({ "azureactivedirectoryobjectid": "22222222-2222-2222-2222-222222222222", "membershiptype": 0 }),
    );
    let team = made.headers["OData-EntityId"].rsplit_once("/teams(").unwrap().1.trim_end_matches(')').to_owned();
    let sync = format!("teams({team})/Microsoft.Dynamics.CRM.SyncGroupMembersToTeam");
    for (headers, body) in [(vec![("Content-Type", "")], ""), (vec![], ""), (vec![], "{}")] {
        assert_eq!(client.ask("POST", &sync, &headers, body).status, 204, "{body}");
    }
    assert_eq!(client.ask("GET", "WhoAmI", &[], r#"{"ignored":1}"#).status, 200);
    assert_eq!(client.ask("GET", "WhoAmI()", &[], "").status, 200);
    assert_eq!(client.ask("DELETE", &format!("teams({team})"), &[("If-Match", "*")], "{}").status, 204);
}

#[test]
fn the_service_document_lists_the_sets() {
    let client = sandbox();
    for path in ["/api/data/v9.2", "/api/data/v9.2/", "/api/data/v9.0"] {
        let body = client.get(path).body.unwrap();
        let sets = body["value"].as_array().unwrap();
        assert!(sets.contains(&json!({ "name": "roles", "kind": "EntitySet", "url": "roles" })), "{path}");
        assert!(body["@odata.context"].as_str().unwrap().ends_with("/$metadata"));
    }
    expect(&client.ask("POST", "/api/data/v9.2", &[], "{}"), 405, "0x80060888");
    expect(&client.get("/api/data/v8.2/roles"), 404, "0x80060888");
}

#[test]
fn references_are_absolute_or_relative_whatever_host_and_version_they_name() {
    let client = sandbox();
    let ada = client.user("ada@contoso.com");
    for (number, reference) in [
        "roles(ROLE)",
        "/roles(ROLE)",
        "https://contoso.crm4.dynamics.com/api/data/v9.2/roles(ROLE)",
        "https://contoso.api.crm4.dynamics.com/api/data/v9.0/roles(ROLE)",
        "http://127.0.0.1:5000/api/data/v9.2/roles(ROLE)",
    ]
    .into_iter()
    .enumerate()
    {
        let role = client.new_role(&format!("Runner {number}"));
        let reference = reference.replace("ROLE", &role.to_string());
        let path = format!("systemusers({ada})/systemuserroles_association/$ref");
        assert_eq!(client.post(&path, &json!({ "@odata.id": reference })).status, 204, "{reference}");
        let encoded: String = url::form_urlencoded::byte_serialize(reference.as_bytes()).collect();
        assert_eq!(client.ask("DELETE", &format!("{path}?$id={encoded}"), &[], "").status, 204, "{reference}");
    }
}

#[test]
fn a_batch_may_quote_its_boundary_and_write_headers_in_any_case() {
    let client = sandbox();
    let body = "preamble\r\n--b 1\r\ncontent-type: application/http\r\nCONTENT-TRANSFER-ENCODING: binary\r\n\r\nGET roles?$top=1&$select=name HTTP/1.1\r\naccept: application/json\r\n\r\n\r\n--b 1--\r\nepilogue";
    let headers = [("Content-Type", "Multipart/Mixed; charset=utf-8; Boundary=\"b 1\"")];
    let answer = client.ask("POST", "$batch", &headers, body);
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    assert!(answer.body.unwrap().as_str().unwrap().contains("HTTP/1.1 200"));
}

#[test]
fn many_at_once_are_each_answered_as_if_alone() {
    let client = sandbox();
    std::thread::scope(|scope| {
        for worker in 0..8 {
            let client = Client { shared: Arc::clone(&client.shared), login: client.login.clone() };
            scope.spawn(move || {
                for number in 0..5 {
                    let role = client.new_role(&format!("Runner {worker}.{number}"));
                    assert_eq!(client.assign("ada@contoso.com", role).status, 204);
                    assert_eq!(client.get(&format!("roles({role})?$select=name")).status, 200);
                }
            });
        }
    });
    assert_eq!(
        client
            .rows("roles?$select=name&$filter=startswith(name,'Runner')%20and%20_parentroleid_value%20eq%20null")
            .len(),
        40
    );
    let ada = client.user("ada@contoso.com");
    assert_eq!(client.rows(&format!("systemuserrolescollection?$filter=systemuserid%20eq%20{ada}")).len(), 41);
}
