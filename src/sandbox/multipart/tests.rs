//! What batches mean, which are refused, and how answers look.

use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::sandbox::answer::Answer;

const TYPE: &str = "multipart/mixed; boundary=\"b\"";

fn lines(lines: &[&str]) -> String {
    lines.join("\r\n") + "\r\n"
}

fn operation(boundary: &str, content_id: Option<&str>, request: &[&str]) -> String {
    let head = format!("--{boundary}\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n");
    let id = content_id.map(|id| format!("Content-ID: {id}\r\n")).unwrap_or_default();
    head + &id + "\r\n" + &lines(request)
}

fn change_set(operations: &[String]) -> String {
    format!("--b\r\nContent-Type: multipart/mixed;boundary=c\r\n\r\n{}--c--\r\n\r\n--b--\r\n", operations.concat())
}

fn only(body: &str) -> BatchRequest {
    match parse(TYPE, body).unwrap().as_slice() {
        [Part::Request(request)] => request.clone(),
        parts => panic!("{parts:?}"),
    }
}

fn refuse(body: &str) -> String {
    parse(TYPE, body).unwrap_err().message
}

#[test]
fn requests_and_change_sets_are_read_in_order() {
    let body = "\r\n".to_owned()
        + &operation(
            "b",
            None,
            &["GET https://h/api/data/v9.2/workflows?$select=name HTTP/1.1", "Accept: application/json", ""],
        )
        + &change_set(&[
            operation(
                "c",
                Some("1"),
                &[
                    "POST /api/data/v9.2/roles HTTP/1.1",
                    "Content-Type: application/json; type=entry",
                    "",
                    "{\"name\":\"z\"}",
                ],
            ),
            operation("c", Some("2"), &["DELETE $1 HTTP/1.1", "If-Match: *", ""]),
        ]);
    let parts = parse(TYPE, &body).unwrap();
    let [Part::Request(first), Part::ChangeSet(requests)] = parts.as_slice() else { panic!("{parts:?}") };
    assert_eq!((first.method.as_str(), first.headers["accept"].as_str()), ("GET", "application/json"));
    assert_eq!(first.target("H", "/api/data/v9.2").unwrap(), "/api/data/v9.2/workflows?$select=name");
    assert_eq!(requests[0].body.trim_end(), "{\"name\":\"z\"}");
    assert_eq!(requests[0].content_id.as_deref(), Some("1"));
    assert_eq!((requests[1].url.as_str(), requests[1].body.as_str()), ("$1", ""));
}

#[test]
fn a_request_without_the_closing_empty_line_is_read() {
    // A public client ends the last header and goes straight on to the delimiter.
    let body = operation("b", None, &["GET workflows HTTP/1.1", "Accept: application/json"]) + "\r\n--b--\r\n";
    let request = only(&body);
    assert_eq!(request.headers["accept"], "application/json");
}

#[test]
fn the_boundary_inside_a_line_is_content() {
    let json = "{\"name\":\"--b\",\"description\":\"x --b-- y\"}";
    let body = operation("b", None, &["POST roles HTTP/1.1", "Content-Type: application/json", "", json]) + "--b--\r\n";
    let request = only(&body);
    assert_eq!(request.body, json);
    let longer = operation("b", None, &["POST roles HTTP/1.1", "", "x", "--b2", "y"]) + "--b--\r\n";
    let request = only(&longer);
    assert_eq!(request.body, "x\r\n--b2\r\ny");
}

#[test]
fn addresses_may_be_absolute_or_relative_but_not_elsewhere() {
    let request = |url: &str| BatchRequest {
        method: "GET".into(),
        url: url.into(),
        headers: BTreeMap::new(),
        body: String::new(),
        content_id: None,
    };
    let target = |url: &str| request(url).target("org.crm4.dynamics.com", "/api/data/v9.2");
    for url in
        ["https://ORG.crm4.dynamics.com/api/data/v9.2/roles?$top=1", "/api/data/v9.2/roles?$top=1", "roles?$top=1"]
    {
        assert_eq!(target(url).unwrap(), "/api/data/v9.2/roles?$top=1");
    }
    assert_eq!(target("https://evil.example/roles").unwrap_err().status, 400);
    assert_eq!(
        target("$1/Microsoft.Dynamics.CRM.AddPrivilegesRole").unwrap(),
        "$1/Microsoft.Dynamics.CRM.AddPrivilegesRole"
    );
}

#[test]
fn line_feeds_alone_are_refused() {
    let body = operation("b", None, &["GET roles HTTP/1.1", ""]) + "--b--\r\n";
    assert!(parse(TYPE, &body).is_ok());
    assert!(refuse(&body.replace("\r\n", "\n")).contains("CRLF"));
    assert!(refuse(&body.replace("binary\r\n", "binary\n")).contains("is not 'name: value'"));
}

#[test]
fn a_truncated_batch_is_refused() {
    let body = operation("b", None, &["GET roles HTTP/1.1", ""]);
    assert!(refuse(&body).contains("--b--"));
    let short = operation("b", None, &["POST roles HTTP/1.1", "Content-Length: 99", "", "{}"]) + "--b--\r\n";
    assert!(refuse(&short).contains("Content-Length"));
}

#[test]
fn a_change_set_has_no_reads_and_every_request_has_its_own_id() {
    let post = |id| operation("c", id, &["POST roles HTTP/1.1", "", "{}"]);
    assert!(refuse(&change_set(&[operation("c", Some("1"), &["GET roles HTTP/1.1", ""])])).contains("'GET'"));
    assert!(refuse(&change_set(&[post(None)])).contains("Content-ID"));
    assert!(refuse(&change_set(&[post(Some("1")), post(Some("1"))])).contains("more than once"));
    assert!(parse(TYPE, &change_set(&[post(Some("1")), post(Some("2"))])).is_ok());
}

#[test]
fn a_thousand_operations_are_the_limit() {
    let batch = |count| operation("b", None, &["GET roles HTTP/1.1", ""]).repeat(count) + "--b--\r\n";
    assert_eq!(parse(TYPE, &batch(1000)).unwrap().len(), 1000);
    assert!(refuse(&batch(1001)).contains("'1000'"));
}

#[test]
fn parts_that_are_not_requests_are_refused() {
    let part = |headers: &str| format!("--b\r\n{headers}\r\n\r\nGET roles HTTP/1.1\r\n\r\n--b--\r\n");
    assert!(refuse(&part("Content-Type: application/json")).contains("Content-Type"));
    assert!(refuse(&part("Content-Type: application/http")).contains("Content-Transfer-Encoding"));
    assert!(refuse(&(operation("b", None, &["GET roles", ""]) + "--b--\r\n")).contains("request line"));
    assert!(refuse(&(operation("b", None, &["POST $batch HTTP/1.1", ""]) + "--b--\r\n")).contains("another batch"));
    assert_eq!(parse("application/json", "{}").unwrap_err().status, 400);
}

#[test]
fn answers_are_written_with_their_ids() {
    let id = Uuid::from_u128(7);
    let made = Answer::empty(204).with_header("OData-EntityId", "https://h/roles(1)");
    let (content_type, body) = render(
        &[
            Reply::One { content_id: None, answer: Answer::json(200, json!({ "value": [] })) },
            Reply::ChangeSet(vec![("1".into(), made)]),
        ],
        id,
    );
    assert_eq!(content_type, format!("multipart/mixed; boundary=batchresponse_{id}"));
    let inner = Uuid::new_v5(&id, b"1");
    let expected = lines(&[
        &format!("--batchresponse_{id}"),
        "Content-Type: application/http",
        "Content-Transfer-Encoding: binary",
        "",
        "HTTP/1.1 200 OK",
        "Content-Type: application/json; odata.metadata=minimal",
        "OData-Version: 4.0",
        "",
        "{\"value\":[]}",
        &format!("--batchresponse_{id}"),
        &format!("Content-Type: multipart/mixed; boundary=changesetresponse_{inner}"),
        "",
        &format!("--changesetresponse_{inner}"),
        "Content-Type: application/http",
        "Content-Transfer-Encoding: binary",
        "Content-ID: 1",
        "",
        "HTTP/1.1 204 No Content",
        "OData-Version: 4.0",
        "OData-EntityId: https://h/roles(1)",
        "",
        "",
        &format!("--changesetresponse_{inner}--"),
        &format!("--batchresponse_{id}--"),
    ]);
    assert_eq!(body, expected);
}
