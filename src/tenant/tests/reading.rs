use futures_util::future::join_all;
use serde_json::json;

use super::server::{ORGANISATION, Reply, Server};
use crate::problem::Cause;
use crate::request::{Read, Service};
use crate::tenant::{Count, Counted, Patience};

fn roles() -> Read {
    Read::get(Service::Dataverse, "roles?$select=name")
}

#[tokio::test]
async fn a_set_is_read_to_its_last_page() {
    let server = Server::start(|_, number| {
        let next = format!("{ORGANISATION}/api/data/v9.2/roles?$skiptoken=%3Ccookie%20a='1'%3E{number}");
        match number {
            0 | 1 => Reply::json(200, &json!({ "value": [{ "name": number }], "@odata.nextLink": next })),
            _ => Reply::rows(1),
        }
    })
    .await;
    let rows = server.reader().rows(&roles().page(500).strong()).await.unwrap();
    assert_eq!(rows.len(), 3);
    let seen = server.seen();
    let targets: Vec<&str> = seen.iter().map(|seen| seen.target.as_str()).collect();
    assert_eq!(
        targets,
        [
            "/api/data/v9.2/roles?$select=name",
            "/api/data/v9.2/roles?$skiptoken=%3Ccookie%20a=%271%27%3E0",
            "/api/data/v9.2/roles?$skiptoken=%3Ccookie%20a=%271%27%3E1",
        ]
    );
    for seen in seen {
        assert_eq!(seen.header("host"), "contoso.crm4.dynamics.com");
        assert_eq!(seen.header("x-forwarded-proto"), "https");
        assert_eq!(seen.header("prefer"), "odata.maxpagesize=500");
        assert_eq!(seen.header("consistency"), "Strong");
        assert_eq!(seen.header("odata-version"), "4.0");
        assert!(seen.header("user-agent").starts_with("powergrant/"));
        assert!(seen.header("authorization").starts_with("Bearer "));
    }
}

#[tokio::test]
async fn a_link_to_another_host_is_not_followed() {
    let server = Server::start(|_, _| {
        Reply::json(200, &json!({ "value": [], "@odata.nextLink": "https://evil.example/api/data/v9.2/roles" }))
    })
    .await;
    let problem = server.reader().rows(&roles()).await.unwrap_err();
    assert_eq!(problem.cause, Cause::Malformed);
    assert!(problem.says.contains("leads away from `contoso.crm4.dynamics.com`"), "{problem}");
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn pages_in_a_circle_are_noticed() {
    let server = Server::start(|_, _| Reply::json(200, &json!({ "value": [], "nextLink": "/api/data/v9.2/a" }))).await;
    let problem = server.reader().rows(&roles()).await.unwrap_err();
    assert_eq!(problem.cause, Cause::Malformed);
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn a_body_that_breaks_off_is_read_again() {
    let server = Server::start(|_, number| match number {
        0 => Reply::text(200, "application/json", "{\"value\":[{\"a\"").breaking_off(),
        1 => Reply::text(200, "application/json", "{\"value\":[{\"a\""),
        _ => Reply::rows(2),
    })
    .await;
    assert_eq!(server.reader().rows(&roles()).await.unwrap().len(), 2);
    assert_eq!(server.waits(), [1, 2]);
}

#[tokio::test]
async fn a_page_that_never_arrives_whole_is_incomplete_and_never_empty() {
    let server = Server::start(|_, _| Reply::text(200, "application/json", "{\"value\":[").breaking_off()).await;
    assert_eq!(server.reader().rows(&roles()).await.unwrap_err().cause, Cause::Incomplete);
    assert_eq!(server.seen().len(), 5);
}

#[tokio::test]
async fn what_does_not_pass_is_not_asked_again() {
    let server = Server::start(|seen, _| match seen.target.rsplit('/').next() {
        Some("page") => Reply::text(200, "text/html", "<html>sign in</html>"),
        Some("forbidden") => Reply::error(403, "0x80040220"),
        Some("away") => Reply::text(302, "text/plain", "").header("location", "https://evil.example/"),
        _ => Reply::json(200, &json!({ "rows": [] })),
    })
    .await;
    for (path, cause) in [
        ("page", Cause::Malformed),
        ("forbidden", Cause::Forbidden),
        ("away", Cause::Malformed),
        ("x", Cause::Malformed),
    ] {
        let problem = server.reader().rows(&Read::get(Service::Dataverse, path)).await.unwrap_err();
        assert_eq!((problem.cause, problem.path.as_str()), (cause, path));
    }
    assert_eq!((server.seen().len(), server.waits().len()), (4, 0));
}

#[tokio::test]
async fn a_throttled_read_waits_as_long_as_it_is_told() {
    let server = Server::start(|_, number| match number {
        0 => Reply::error(429, "0x80072322").header("Retry-After", "7"),
        1 => Reply::error(429, "0x80072326").header("Retry-After", "Thu, 01 Jan 1970 00:00:20 GMT"),
        2 => Reply::error(503, "x").header("Retry-After", "3"),
        _ => Reply::rows(1),
    })
    .await;
    server.reader().rows(&roles()).await.unwrap();
    assert_eq!(server.waits(), [7, 13, 3]);
}

#[tokio::test]
async fn nobody_waits_past_the_end_of_the_run() {
    let server = Server::start(|_, _| Reply::error(429, "0x80072321").header("Retry-After", "86400")).await;
    let problem = server.reader().rows(&roles()).await.unwrap_err();
    assert_eq!(problem.cause, Cause::Throttled);
    assert!(problem.next.contains("86400 seconds"), "{}", problem.next);
    assert!(server.waits().is_empty());
}

#[tokio::test]
async fn repetitions_are_bounded_for_the_run_as_a_whole() {
    let patience = Patience { repetitions: 3, ..Patience::default() };
    let server = Server::start(|_, _| Reply::error(503, "x")).await.impatient(patience);
    let reader = server.reader();
    for _ in 0..4 {
        assert_eq!(reader.rows(&roles()).await.unwrap_err().cause, Cause::Failed);
    }
    assert_eq!(server.seen().len(), 4 + 3);
    assert!(server.tenant.another_run().reader(None).rows(&Read::get(Service::Graph, "users")).await.is_err());
    assert_eq!(server.seen().len(), 7 + 4);
}

fn part(status: &str, headers: &str, body: &str) -> String {
    format!("--r\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 {status}\r\n{headers}\r\n{body}\r\n")
}

fn batch(parts: &[String]) -> Reply {
    Reply::text(200, "multipart/mixed; boundary=r", format!("{}--r--\r\n", parts.concat()))
}

#[tokio::test]
async fn each_read_of_a_batch_has_its_own_answer() {
    let server = Server::start(|seen, number| {
        let next = format!("{ORGANISATION}/api/data/v9.2/more");
        match number {
            0 => batch(&[
                part("200 OK", "OData-Version: 4.0\r\n", &json!({ "name": "Basic User" }).to_string()),
                part(
                    "404 Not Found",
                    "REQ_ID: q\r\n",
                    &json!({ "error": { "code": "0x80040217", "message": "no" } }).to_string(),
                ),
                part("429 Too Many Requests", "Retry-After: 4\r\n", "{}"),
                part("200 OK", "", &json!({ "value": [1], "@odata.nextLink": next }).to_string()),
                // The fifth is missing.
            ]),
            1 if seen.target.ends_with("more") => Reply::rows(2),
            _ => batch(&[part("200 OK", "", "{\"late\":1}"), part("200 OK", "", "{\"late\":2}")]),
        }
    })
    .await;
    let reads = ["a", "b", "c", "d", "e"].map(|path| Read::get(Service::Dataverse, path).strong());
    let answers = server.reader().many(reads.to_vec()).await;
    assert_eq!(answers[0].as_ref().unwrap()["name"], "Basic User");
    let gone = answers[1].as_ref().unwrap_err();
    assert_eq!((gone.cause, gone.path.as_str(), gone.correlation.as_deref()), (Cause::Gone, "b", Some("q")));
    assert_eq!(answers[2].as_ref().unwrap()["late"], 1);
    assert_eq!(answers[3].as_ref().unwrap()["value"].as_array().unwrap().len(), 3);
    assert_eq!(answers[4].as_ref().unwrap()["late"], 2);
    assert_eq!(server.waits(), [4]);
    let seen = server.seen();
    assert_eq!((seen[0].method.as_str(), seen[0].header("prefer")), ("POST", "odata.continue-on-error"));
    assert!(seen[0].body.contains("\r\n\r\nGET https://contoso.crm4.dynamics.com/api/data/v9.2/a HTTP/1.1\r\n"));
    assert!(seen[0].body.contains("\r\nConsistency: Strong\r\n"));
    assert_eq!(seen[2].body.matches("GET ").count(), 2);
}

#[tokio::test]
async fn a_batch_holds_a_hundred_reads_and_counts_once() {
    let server = Server::start(|seen, _| {
        let parts: Vec<String> = (0..seen.body.matches("HTTP/1.1").count()).map(|_| part("200 OK", "", "{}")).collect();
        batch(&parts)
    })
    .await;
    let reads = (0..250).map(|number| Read::get(Service::Dataverse, format!("roles({number})"))).collect();
    let answers = server.reader().with_label("wave 2").many(reads).await;
    assert!(answers.len() == 250 && answers.iter().all(Result::is_ok));
    let counts = server.tenant.counts();
    assert_eq!(counts.requests(), 3);
    let Count { requests, parts, bytes } = counts.all()[&("wave 2".to_owned(), Counted::Service(Service::Dataverse))];
    assert_eq!((requests, parts), (3, 250));
    assert!(bytes > 0);
}

#[tokio::test]
async fn the_answers_of_graph_come_in_any_order() {
    let server = Server::start(|_, number| {
        let answer = |id: &str, status: u16, headers, body| json!({ "id": id, "status": status, "headers": headers, "body": body });
        let responses = if number == 0 {
            json!([
                answer("1", 429, json!({ "Retry-After": "2" }), json!({ "error": { "code": "TooManyRequests", "message": "m" } })),
                answer("0", 200, json!({}), json!({ "value": [{ "id": "first" }] })),
            ])
        } else {
            json!([answer("0", 200, json!({}), json!({ "value": [] }))])
        };
        Reply::json(200, &json!({ "responses": responses }))
    })
    .await;
    let reads = ["users?$filter=a", "groups"].map(|path| Read::get(Service::Graph, path));
    let answers = server.tenant.reader(None).many(reads.to_vec()).await;
    assert_eq!(answers[0].as_ref().unwrap()["value"][0]["id"], "first");
    assert_eq!(answers[1].as_ref().unwrap()["value"], json!([]));
    assert_eq!(server.waits(), [2]);
    let seen = server.seen();
    assert_eq!((seen[0].target.as_str(), seen[0].header("host")), ("/v1.0/$batch", "graph.microsoft.com"));
    let sent: serde_json::Value = serde_json::from_str(&seen[0].body).unwrap();
    assert_eq!(sent["requests"][0]["url"], "/users?$filter=a");
}

#[tokio::test]
async fn a_batch_that_fails_as_a_whole_is_a_problem_of_each_of_its_reads() {
    let server = Server::start(|_, _| Reply::error(403, "0x80072560")).await;
    let reads = vec![roles(), Read::get(Service::Dataverse, "teams")];
    let answers = server.reader().many(reads).await;
    assert!(answers.iter().all(|answer| answer.as_ref().unwrap_err().cause == Cause::Forbidden));
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn other_services_take_the_size_of_a_page_in_the_query() {
    let server = Server::start(|_, _| Reply::rows(0)).await;
    let reader = server.tenant.reader(None);
    let path = "providers/Microsoft.BusinessAppPlatform/scopes/admin/environments?api-version=2021-04-01";
    reader.rows(&Read::get(Service::Admin, path).page(50)).await.unwrap();
    reader.rows(&Read::get(Service::Graph, "users").page(999)).await.unwrap();
    let targets: Vec<String> = server.seen().into_iter().map(|seen| seen.target).collect();
    assert_eq!(targets, [format!("/{path}&$top=50"), "/v1.0/users?$top=999".to_owned()]);
    let missing = reader.rows(&roles()).await.unwrap_err();
    assert_eq!(missing.cause, Cause::NotAsked);
}

#[tokio::test]
async fn a_429_is_one_silence_for_all_requests_to_the_host() {
    let server = Server::start(|_, number| match number {
        0..8 => Reply::error(429, "0x80072326").header("Retry-After", "9"),
        _ => Reply::rows(1),
    })
    .await;
    let reader = server.reader();
    let read = roles();
    let answers = join_all((0..20).map(|_| reader.rows(&read))).await;
    assert!(answers.iter().all(Result::is_ok));
    // Whoever was refused later than the first jump of the clock waits once more.
    assert!(!server.waits().is_empty() && server.waits().iter().all(|wait| *wait == 9), "{:?}", server.waits());
}
