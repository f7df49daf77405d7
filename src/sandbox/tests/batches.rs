//! Batches and change sets.

use serde_json::json;

use super::*;

fn part(method: &str, path: &str, body: &str, content_id: Option<u32>) -> String {
    let id = content_id.map(|id| format!("Content-ID: {id}\r\n")).unwrap_or_default();
    format!(
        "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n{id}\r\n{method} \
         https://{HOST}/api/data/v9.2/{path} HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}\r\n",
        body.len()
    )
}

fn batch(client: &Client, parts: &[String], headers: &[(&str, &str)]) -> (u16, String) {
    let mut body = String::new();
    for part in parts {
        body.push_str("--b\r\n");
        body.push_str(part);
    }
    body.push_str("--b--\r\n");
    let mut all = vec![("content-type", "multipart/mixed;boundary=b")];
    all.extend(headers);
    let answer = client.ask("POST", "$batch", &all, &body);
    assert!(answer.headers.keys().any(|name| name.eq_ignore_ascii_case("content-type")));
    (answer.status, answer.body.unwrap().as_str().unwrap_or_default().to_owned())
}

fn change_set(parts: &[String]) -> String {
    let mut text = "Content-Type: multipart/mixed;boundary=c\r\n\r\n".to_owned();
    for part in parts {
        text.push_str("--c\r\n");
        text.push_str(part);
    }
    text.push_str("--c--\r\n");
    text
}

#[test]
fn a_batch_reads_in_order() {
    let client = sandbox();
    let (status, body) =
        batch(&client, &[part("GET", "WhoAmI", "", None), part("GET", "workflows?$select=name&$top=1", "", None)], &[]);
    assert_eq!(status, 200);
    assert_eq!(body.matches("HTTP/1.1 200 OK").count(), 2);
    assert!(body.find("UserId") < body.find("workflowid"));
}

#[test]
fn a_batch_stops_at_the_first_failure_unless_told_to_go_on() {
    let client = sandbox();
    let parts = [part("GET", "nothing", "", None), part("GET", "WhoAmI", "", None)];
    let (status, body) = batch(&client, &parts, &[]);
    assert_eq!((status, body.contains("UserId")), (404, false));
    let (status, body) = batch(&client, &parts, &[("Prefer", "odata.continue-on-error")]);
    assert_eq!((status, body.contains("UserId")), (200, true));
}

#[test]
fn a_change_set_is_all_or_nothing() {
    let client = sandbox();
    let role = client.new_role("Flow Runner");
    let privilege = client.privilege("prvFlow");
    let add = part(
        "POST",
        &format!("roles({role})/Microsoft.Dynamics.CRM.AddPrivilegesRole"),
        &json!({ "Privileges": [{ "PrivilegeId": privilege, "Depth": "Global" }] }).to_string(),
        Some(1),
    );
    let wrong = part("PATCH", &format!("roles({role})"), r#"{"nothing":1}"#, Some(2));
    let held = |client: &Client| client.rows(&format!("roleprivilegescollection?$filter=roleid%20eq%20{role}")).len();
    let (status, body) = batch(&client, &[change_set(&[add.clone(), wrong])], &[]);
    assert_eq!((status, held(&client)), (400, 9), "{body}");
    let right = part("PATCH", &format!("roles({role})"), r#"{"description":"d"}"#, Some(2));
    let (status, body) = batch(&client, &[change_set(&[add, right])], &[]);
    assert_eq!((status, held(&client)), (200, 10), "{body}");
    assert_eq!(body.matches("HTTP/1.1 204 No Content").count(), 2);
}

#[test]
fn a_change_set_reads_nothing() {
    let (status, body) = batch(&sandbox(), &[change_set(&[part("GET", "WhoAmI", "", Some(1))])], &[]);
    assert_eq!(status, 400, "{body}");
}

#[test]
fn a_later_request_of_a_change_set_may_call_what_an_earlier_one_made() {
    let client = sandbox();
    let make = part(
        "POST",
        "roles",
        &json!({ "name": "Flow Runner", "businessunitid@odata.bind": format!("businessunits({})", client.unit()) })
            .to_string(),
        Some(1),
    );
    let change =
        part("PATCH", "x", r#"{"description":"d"}"#, Some(2)).replace(&format!("https://{HOST}/api/data/v9.2/x"), "$1");
    let (status, body) = batch(&client, &[change_set(&[make, change])], &[]);
    assert_eq!(status, 200, "{body}");
    let role = client.role("Flow Runner");
    assert_eq!(client.get(&format!("roles({role})")).body.unwrap()["description"], "d");
}

#[test]
fn addresses_in_bodies_may_call_what_earlier_requests_made() {
    let client = sandbox();
    let user = client.user("ada@contoso.com");
    let make = |name: &str| {
        let unit = format!("businessunits({})", client.unit());
        part("POST", "roles", &json!({ "name": name, "businessunitid@odata.bind": unit }).to_string(), Some(1))
    };
    let join = |reference: &str| {
        let path = format!("systemusers({user})/systemuserroles_association/$ref");
        part("POST", &path, &json!({ "@odata.id": reference }).to_string(), Some(2))
    };
    let (status, body) = batch(&client, &[change_set(&[make("Flow Runner"), join("$1")])], &[]);
    assert_eq!(status, 200, "{body}");
    let roles = client.rows(&format!("systemusers({user})/systemuserroles_association?$select=name"));
    assert!(roles.iter().any(|role| role["name"] == "Flow Runner"));
    let (status, body) = batch(&client, &[change_set(&[make("Other"), join("$7")])], &[]);
    assert!(
        status == 400 && body.contains("Content-ID Reference: '$7' does not exist in the batch context."),
        "{body}"
    );
    assert!(client.rows("roles?$filter=name%20eq%20'Other'").is_empty());
}

#[test]
fn a_row_that_is_sent_back_has_no_address_and_may_be_called_all_the_same() {
    let client = sandbox();
    let unit = format!("businessunits({})", client.unit());
    let body = json!({ "name": "Flow Runner", "businessunitid@odata.bind": unit }).to_string();
    let make = part("POST", "roles", &body, Some(1))
        .replace("\r\nContent-Length", "\r\nPrefer: return=representation\r\nContent-Length");
    let change = part("PUT", "x", r#"{"value":"d"}"#, Some(2))
        .replace(&format!("https://{HOST}/api/data/v9.2/x"), "$1/description");
    let (status, body) = batch(&client, &[change_set(&[make, change])], &[]);
    assert_eq!((status, body.matches("OData-EntityId").count()), (200, 1), "{body}");
    let role = client.role("Flow Runner");
    assert_eq!(client.get(&format!("roles({role})")).body.unwrap()["description"], "d");
}
