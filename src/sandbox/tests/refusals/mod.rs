//! Requests that the model of a service does not have, each refused with the status and code that were recorded or documented.

mod reads;
mod table;
mod writes;

use serde_json::json;

use super::services::{ADMIN, FLOW, GRAPH, PROD, ask};
use super::*;
use reads::READS;
use writes::WRITES;

#[test]
fn what_the_model_does_not_have_is_refused_with_the_services_status_and_code() {
    let client = sandbox();
    let role = client.new_role("Runner");
    let ids = [
        ("{role}", role.to_string()),
        ("{user}", client.user("ada@contoso.com").to_string()),
        ("{workflow}", client.flow("Expense intake").to_string()),
        ("{unit}", client.unit().to_string()),
        ("{read}", client.privilege("prvReadWorkflow").to_string()),
        ("{flow}", client.privilege("prvFlow").to_string()),
        ("{none}", Uuid::from_u128(0xDEAD).to_string()),
        ("{nil}", Uuid::nil().to_string()),
        ("{bad}", "%7B%22id%22%3A1%7D".to_owned()),
    ];
    let filled = |text: &str| ids.iter().fold(text.to_owned(), |text, (name, id)| text.replace(name, id));
    let before = client.fingerprint();
    let mut wrong = Vec::new();
    for (method, path, body, (status, code), part) in READS.iter().chain(WRITES) {
        let (path, body) = (filled(path).replace(' ', "%20"), filled(body));
        let headers: &[(&str, &str)] = if *method == "PATCH" { &[("If-Match", "*")] } else { &[] };
        let answer = client.ask(method, &path, headers, &body);
        let text = answer.body.as_ref().and_then(|body| body["error"]["message"].as_str()).unwrap_or_default();
        if status_and_code(&answer) != (*status, (*code).to_owned()) || !text.contains(part) {
            wrong.push(format!(
                "{method} {path} {body}\n  wanted {status} {code} …{part}…\n  got {:?} {text}",
                status_and_code(&answer)
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), READS.len() + WRITES.len(), wrong.join("\n"));
    assert_eq!(client.fingerprint(), before, "a refusal changes nothing");
}

#[test]
fn a_body_needs_its_type_and_a_version_has_to_be_the_rows() {
    let client = sandbox();
    let role = client.new_role("Runner");
    let body = r#"{"description":"x"}"#;
    for kind in ["text/plain", "", "application/xml"] {
        expect(&client.ask("PATCH", &format!("roles({role})"), &[("Content-Type", kind)], body), 415, "0x80048d19");
    }
    for (version, status, code) in [("W/\"1\"", 412, "0x80060882"), ("*", 204, "")] {
        expect(&client.ask("PATCH", &format!("roles({role})"), &[("If-Match", version)], body), status, code);
    }
    expect(&client.ask("PATCH", &format!("roles({role})"), &[("If-None-Match", "*")], body), 412, "0x80060892");
}

#[test]
fn the_other_services_refuse_what_they_do_not_have() {
    let client = sandbox();
    let flow = client.flow("Expense intake");
    let bap = "/providers/Microsoft.BusinessAppPlatform/scopes/admin/environments";
    let flows = format!("/providers/Microsoft.ProcessSimple/scopes/admin/environments/{PROD}/flows");
    let version = "api-version=2016-11-01";
    let cases: [(_, &str, String, u16, &str); 33] = [
        (GRAPH, "GET", "/v1.0/nothing".to_owned(), 400, "BadRequest"),
        (GRAPH, "GET", "/v1.0/users?$select=nothing".to_owned(), 400, "BadRequest"),
        (GRAPH, "GET", "/v1.0/users?$filter=nothing%20eq%20'x'".to_owned(), 400, "Request_UnsupportedQuery"),
        (GRAPH, "GET", "/v1.0/users?$skip=1".to_owned(), 400, "Request_UnsupportedQuery"),
        (GRAPH, "GET", "/v1.0/users?$top=1000".to_owned(), 400, "Request_UnsupportedQuery"),
        (GRAPH, "GET", "/v1.0/users?$count=true".to_owned(), 400, "Request_BadRequest"),
        (
            GRAPH,
            "GET",
            "/v1.0/users?$filter=startswith(displayName,'A')&$orderby=displayName".to_owned(),
            400,
            "Request_UnsupportedQuery",
        ),
        (GRAPH, "GET", "/v1.0/users/nobody@contoso.com".to_owned(), 404, "Request_ResourceNotFound"),
        (GRAPH, "GET", "/v1.0/groups/x".to_owned(), 400, "Request_BadRequest"),
        (GRAPH, "DELETE", "/v1.0/users/ada@contoso.com".to_owned(), 403, "Authorization_RequestDenied"),
        (GRAPH, "GET", "/v1.0/users/ada@contoso.com/shoes".to_owned(), 400, "BadRequest"),
        (GRAPH, "GET", "/v1.0/users/ada@contoso.com/$count".to_owned(), 400, "BadRequest"),
        (GRAPH, "GET", "/v1.0/users/$count".to_owned(), 400, "Request_BadRequest"),
        (GRAPH, "GET", "/v1.0/users?$search=%22displayName:a%22".to_owned(), 400, "Request_UnsupportedQuery"),
        (GRAPH, "GET", "/v1.0/me".to_owned(), 400, "BadRequest"),
        (GRAPH, "GET", "/v1.0/servicePrincipals(displayName='x')".to_owned(), 400, "BadRequest"),
        (GRAPH, "GET", format!("/v1.0/servicePrincipals(appId='{}')", Uuid::nil()), 404, "Request_ResourceNotFound"),
        (GRAPH, "GET", "/beta/users".to_owned(), 400, "BadRequest"),
        (GRAPH, "GET", "/v1.0users".to_owned(), 400, "BadRequest"),
        (ADMIN, "GET", bap.to_owned(), 400, "MissingApiVersionParameter"),
        (ADMIN, "GET", format!("{bap}?api-version=1"), 400, "InvalidApiVersionParameter"),
        (ADMIN, "GET", format!("{bap}?$filter=x&api-version=2021-04-01"), 400, "InvalidRequestParameter"),
        (ADMIN, "GET", format!("{bap}?$top=0&api-version=2021-04-01"), 400, "InvalidRequestParameter"),
        (FLOW, "GET", format!("{flows}?$orderby=name&{version}"), 400, "InvalidRequestParameter"),
        (ADMIN, "GET", format!("{bap}/nothing?api-version=2021-04-01"), 404, "EnvironmentNotFound"),
        (ADMIN, "GET", format!("{bap}/{PROD}/nothing?api-version=2021-04-01"), 404, "ResourceNotFound"),
        (ADMIN, "POST", format!("{bap}/{PROD}?api-version=2021-04-01"), 404, "ResourceNotFound"),
        (ADMIN, "POST", format!("{bap}/{PROD}/addUser?api-version=2021-04-01"), 400, "InvalidRequestContent"),
        (FLOW, "GET", format!("{flows}/{flow}"), 400, "MissingApiVersionParameter"),
        (FLOW, "GET", format!("{flows}?api-version=1"), 400, "InvalidApiVersionParameter"),
        (FLOW, "GET", format!("{flows}/nothing?{version}"), 404, "FlowNotFound"),
        (FLOW, "GET", format!("{flows}?$top=x&{version}"), 400, "InvalidRequestParameter"),
        (
            FLOW,
            "GET",
            format!("/providers/Microsoft.ProcessSimple/scopes/admin/environments/none/flows?{version}"),
            403,
            "EnvironmentAccessDenied",
        ),
    ];
    let before = client.fingerprint();
    for (service, method, path, status, code) in &cases {
        let answer = ask(&client, method, *service, path, &json!(null));
        assert_eq!(status_and_code(&answer), (*status, (*code).to_owned()), "{method} {path}: {:?}", answer.body);
    }
    assert_eq!(client.fingerprint(), before);
}
