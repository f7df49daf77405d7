//! One request, spelled as different clients spell it: versions, function calls, spaces, ways to take a role away, preferences.

use serde_json::json;

use super::services::{ADMIN, GRAPH, ask};
use super::*;

/// The form of a query string, in which a space is `+`; `%20` is the other.
fn both(text: &str) -> [String; 2] {
    let plus: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
    [plus.clone(), plus.replace('+', "%20")]
}

#[test]
fn every_version_of_a_service_answers_alike() {
    let client = sandbox();
    let role = client.role("Basic User");
    for version in ["v9.0", "v9.1", "v9.2", "V9.2"] {
        let body = client.get(&format!("/api/data/{version}/roles({role})?$select=name")).body.unwrap();
        assert_eq!(body["name"], "Basic User", "{version}");
    }
    for version in ["v8.2", "v9.3", "v9"] {
        expect(&client.get(&format!("/api/data/{version}/roles({role})")), 404, "0x80060888");
    }
    let list = "/providers/Microsoft.BusinessAppPlatform/scopes/admin/environments";
    for version in
        ["2016-11-01", "2018-10-01", "2019-05-01", "2020-06-01", "2020-08-01", "2020-10-01", "2021-04-01", "2023-06-01"]
    {
        let answer = ask(&client, "GET", ADMIN, &format!("{list}?api-version={version}"), &Value::Null);
        assert_eq!(answer.status, 200, "{version}: {:?}", answer.body);
    }
}

#[test]
fn a_function_is_called_inline_or_with_aliases_and_spaces_are_written_in_two_ways() {
    let client = sandbox();
    let (role, flow) = (client.role("Basic User"), client.flow("Expense intake"));
    let named = client.get(&format!("RetrieveRolePrivilegesRole(RoleId=@r)?@r={role}")).body.unwrap();
    for path in
        [format!("RetrieveRolePrivilegesRole(RoleId={role})"), format!("RetrieveRolePrivilegesRole(RoleId=%20{role})")]
    {
        assert_eq!(client.get(&path).body.unwrap()["RolePrivileges"], named["RolePrivileges"], "{path}");
    }
    let target = format!("{{\"@odata.id\": \"workflows({flow})\"}}");
    let mut answers = Vec::new();
    for spelled in both(&target) {
        let body = client.get(&format!("RetrieveSharedPrincipalsAndAccess(Target=@t)?@t={spelled}")).body.unwrap();
        answers.push(body["PrincipalAccesses"].clone());
    }
    assert!(answers[0].as_array().is_some_and(|list| !list.is_empty()));
    assert_eq!(answers[0], answers[1]);
    for spelled in both("name eq 'Basic User' and _parentroleid_value eq null") {
        assert_eq!(client.rows(&format!("roles?$select=name&$filter={spelled}")).len(), 1, "{spelled}");
    }
}

#[test]
fn a_role_is_taken_by_its_key_or_by_its_address() {
    let client = sandbox();
    let (ada, role) = (client.user("ada@contoso.com"), client.role("Basic User"));
    let path = format!("systemusers({ada})/systemuserroles_association");
    let addresses = [
        format!("roles({role})"),
        format!("https://{HOST}/api/data/v9.2/roles({role})"),
        format!("https://{HOST}:443/api/data/v9.0/roles({role})"),
        format!("https://{HOST}:8443/api/data/v9.2/roles({role})"),
    ];
    let by_address =
        addresses.iter().flat_map(|address| both(address)).map(|address| format!("{path}/$ref?$id={address}"));
    let by_encoded_name = format!("{path}/$ref?%24id={}", both(&addresses[1])[0]);
    for (number, path) in by_address.chain([by_encoded_name, format!("{path}({role})/$ref")]).enumerate() {
        assert_eq!(client.ask("DELETE", &path, &[], "").status, 204, "{path}");
        assert!(!client.with(|organization| organization.holds_role(ada, role)), "{path}");
        let reference = json!({ "@odata.id": addresses[number % addresses.len()] });
        let back = client.post(&format!("systemusers({ada})/systemuserroles_association/$ref"), &reference);
        assert_eq!(back.status, 204, "{reference}");
    }
}

#[test]
fn preferences_stand_side_by_side_and_each_that_was_followed_is_told() {
    let client = sandbox();
    let all = "odata.maxpagesize=2, odata.include-annotations=\"OData.Community.Display.V1.FormattedValue\",return=representation,unknown=x";
    let answer = client.ask("GET", "workflows?$select=name,statecode", &[("Prefer", all)], "");
    let applied = &answer.headers["Preference-Applied"];
    assert!(applied.contains("odata.maxpagesize=2") && applied.contains("odata.include-annotations="), "{applied}");
    assert!(!applied.contains("unknown"), "{applied}");
    let body = answer.body.unwrap();
    assert_eq!(body["value"].as_array().unwrap().len(), 2);
    assert!(body["value"][0]["statecode@OData.Community.Display.V1.FormattedValue"].is_string());
    let role = client.new_role("Runner");
    let written = client.ask(
        "PATCH",
        &format!("roles({role})?$select=name"),
        &[("Prefer", all), ("If-Match", "*")],
        "{\"description\":\"x\"}",
    );
    assert_eq!((written.status, &written.body.as_ref().unwrap()["name"]), (200, &json!("Runner")));
    assert!(written.headers["Preference-Applied"].contains("return=representation"));
    // A count is a number without a body around it, whatever else is preferred.
    let count = client.ask("GET", "workflows/$count?$filter=statecode%20eq%201", &[("Prefer", all)], "");
    assert_eq!((count.status, count.body), (200, Some(json!(5))));
}

#[test]
fn asking_for_the_headers_alone_changes_nothing() {
    let client = sandbox();
    let before = client.fingerprint();
    for path in ["roles", "WhoAmI", &format!("roles({})", client.role("Basic User"))] {
        assert_eq!(client.ask("HEAD", path, &[], "").status, 405, "{path}");
    }
    assert_eq!(client.fingerprint(), before);
}

#[test]
fn what_somebody_is_a_member_of_is_told_directly_and_through_groups() {
    let client = sandbox();
    let ada = client.object("ada@contoso.com");
    let names = |path: &str| -> Vec<String> {
        let rows = values(ask(&client, "GET", GRAPH, path, &Value::Null));
        rows.iter().map(|row| row["displayName"].as_str().unwrap().to_owned()).collect()
    };
    let direct = names(&format!("/v1.0/users/{ada}/memberOf"));
    let through = names(&format!("/v1.0/users/{ada}/transitiveMemberOf"));
    assert!(direct.iter().all(|name| through.contains(name)), "{direct:?} {through:?}");
    assert_eq!(names(&format!("/v1.0/users/{ada}/memberOf/microsoft.graph.group")), direct);
    assert_eq!(
        names(&format!("/v1.0/users/{ada}/transitiveMemberOf/microsoft.graph.group?$select=displayName")),
        through
    );
    let nobody = format!("/v1.0/users/{}/memberOf", Uuid::from_u128(3));
    expect(&ask(&client, "GET", GRAPH, &nobody, &Value::Null), 404, "Request_ResourceNotFound");
    // Words in names are looked for only with the header that says that the answer may be late.
    let sought = ask(&client, "GET", GRAPH, "/v1.0/groups?$search=%22displayName:SG%22", &Value::Null);
    assert_eq!(sought.status, 400, "{:?}", sought.body);
}
