use std::sync::Arc;

use jiff::Timestamp;
use serde_json::json;

use super::server::{Reply, Server, organisation};
use crate::clock::{JumpingClock, Stop};
use crate::problem::Cause;
use crate::request::{Read, Request, Service};
use crate::tenant::{Cloud, Credentials, Organisation, Patience, Routing, Secret, Sent, Settings, Tenant, WritePermit};

fn role() -> Request {
    Request::post(Service::Dataverse, "roles", json!({ "name": "Flow Runner" }))
}

/// Sends one write to a server that always answers the same; what is known, and how often it was sent.
async fn sent(reply: Reply) -> (Sent, usize) {
    let server = Server::start(move |_, _| reply.clone()).await;
    let sent = server.writer().send(&role()).await;
    (sent, server.seen().len())
}

#[tokio::test]
async fn an_accepted_write_names_the_row_it_made() {
    let id = "https://contoso.crm4.dynamics.com/api/data/v9.2/roles(1)";
    let reply = Reply::text(204, "text/plain", "").header("OData-EntityId", id).header("x-ms-service-request-id", "r");
    let server = Server::start(move |_, _| reply.clone()).await;
    let request = role().header("MSCRM.SolutionUniqueName", "contoso");
    let accepted =
        Sent::Accepted { status: 204, entity_id: Some(id.to_owned()), body: None, correlation: Some("r".to_owned()) };
    assert_eq!(server.writer().send(&request).await, accepted);
    let seen = &server.seen()[0];
    assert_eq!((seen.method.as_str(), seen.target.as_str()), ("POST", "/api/data/v9.2/roles"));
    assert_eq!(seen.header("mscrm.solutionuniquename"), "contoso");
    assert_eq!(seen.header("content-type"), "application/json; charset=utf-8");
    assert_eq!(seen.body, "{\"name\":\"Flow Runner\"}");
    assert_eq!(server.tenant.counts().requests(), 1);
}

#[tokio::test]
async fn a_write_is_not_sent_again_when_it_may_have_been_done() {
    for reply in [
        Reply::error(500, "0x80040216"),
        Reply::error(503, "x").header("Retry-After", "1"),
        Reply::text(408, "text/plain", ""),
        Reply::text(200, "text/html", "<html></html>"),
        Reply::text(403, "text/html", "<html></html>"),
        Reply::text(302, "text/plain", "").header("location", "https://evil.example/"),
        Reply::text(200, "application/json", "{\"add\":[").breaking_off(),
        Reply::text(200, "application/json", "{\"add\":["),
    ] {
        let (sent, times) = sent(reply.clone()).await;
        assert!(matches!(sent, Sent::Unknown(_)), "{reply:?}: {sent:?}");
        assert_eq!(times, 1, "{reply:?}");
    }
}

#[tokio::test]
async fn a_no_is_a_no() {
    let (sent, times) = sent(Reply::error(403, "0x80040220")).await;
    let Sent::Refused(problem) = sent else { panic!("{sent:?}") };
    assert_eq!((problem.cause, problem.method.as_str(), times), (Cause::Forbidden, "POST", 1));
}

#[tokio::test]
async fn a_failed_precondition_proves_that_nothing_was_committed() {
    let (sent, times) = sent(Reply::error(412, "0x80060882")).await;
    assert!(matches!(sent, Sent::NotCommitted(ref problem) if problem.cause == Cause::Conflict), "{sent:?}");
    assert_eq!(times, 1);
}

#[tokio::test]
async fn a_throttled_write_is_sent_three_times_more() {
    let server = Server::start(|_, _| Reply::error(429, "0x80072322").header("Retry-After", "2")).await;
    let sent = server.writer().send(&role()).await;
    assert!(matches!(sent, Sent::NotCommitted(ref problem) if problem.cause == Cause::Throttled), "{sent:?}");
    assert_eq!((server.seen().len(), server.waits()), (4, vec![2, 2, 2]));
}

#[tokio::test]
async fn a_wait_that_a_service_asks_for_ends_when_the_run_is_to_stop() {
    // Ctrl-C comes while the answer is under way; without it the wait would end and the write would be sent again.
    let stop = Stop::default();
    let asker = stop.clone();
    let server = Server::start(move |_, _| {
        asker.ask();
        Reply::error(429, "0x80072322").header("Retry-After", "600")
    })
    .await;
    let writer = server.tenant.until(&stop).writer(Some(organisation()), WritePermit::for_an_approved_plan());
    let sent = writer.send(&role()).await;
    assert!(matches!(sent, Sent::NotCommitted(ref problem) if problem.cause == Cause::Throttled), "{sent:?}");
    assert_eq!(server.seen().len(), 1);
}

#[cfg(unix)]
#[tokio::test]
async fn a_write_that_never_arrived_was_not_committed() {
    // A port that is taken and that nobody listens on.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let nobody = format!("http://{}", socket.local_addr().unwrap());
    let settings = Settings {
        cloud: Cloud::Public,
        routing: Routing::Direct,
        // Prints a token for the scope that it is asked for.
        credentials: Credentials::Command { program: Secret::new("echo \"{\\\"token\\\":\\\"$SCOPE\\\"}\"") },
        tenant: None,
        patience: Patience::default(),
        clock: Arc::new(JumpingClock::at(Timestamp::UNIX_EPOCH)),
    };
    let organisation = Organisation::parse(&Cloud::Public.into(), &nobody).unwrap();
    let writer = Tenant::connect(settings).unwrap().writer(Some(organisation), WritePermit::for_an_approved_plan());
    let sent = writer.send(&role()).await;
    assert!(matches!(sent, Sent::NotCommitted(ref problem) if problem.cause == Cause::Unreachable), "{sent:?}");
}

#[tokio::test]
async fn a_rejected_token_is_renewed_for_a_write_too() {
    let server = Server::start(|_, number| match number {
        0 => Reply::text(401, "text/plain", ""),
        _ => Reply::text(204, "text/plain", ""),
    })
    .await;
    assert!(matches!(server.writer().send(&role()).await, Sent::Accepted { .. }));
    assert_eq!((server.sign_ins().len(), server.seen().len()), (2, 2));
}

fn change_set(parts: &[(usize, &str, &str)]) -> String {
    let part = |(id, status, body): &(usize, &str, &str)| {
        let head = format!("--c\r\nContent-Type: application/http\r\nContent-ID: {id}\r\n\r\n");
        format!("{head}HTTP/1.1 {status}\r\n\r\n{body}\r\n")
    };
    let parts: Vec<String> = parts.iter().map(part).collect();
    format!("--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n{}--c--\r\n--b--\r\n", parts.concat())
}

async fn together(status: u16, body: String) -> Sent {
    let server = Server::start(move |_, _| Reply::text(status, "multipart/mixed; boundary=b", body.clone())).await;
    let remove = Request::post(Service::Dataverse, "roles(1)/Microsoft.Dynamics.CRM.RemovePrivilegeRole", json!({}));
    let add = Request::post(Service::Dataverse, "roles(1)/Microsoft.Dynamics.CRM.AddPrivilegesRole", json!({}));
    let sent = server.writer().together(&[remove, add]).await;
    let seen = server.seen();
    assert_eq!((seen.len(), seen[0].target.as_str()), (1, "/api/data/v9.2/$batch"));
    assert!(seen[0].body.contains("Content-ID: 2\r\n"));
    assert_eq!(seen[0].header("prefer"), "");
    sent
}

#[tokio::test]
async fn a_change_set_is_all_or_nothing() {
    let done = together(200, change_set(&[(1, "204 No Content", ""), (2, "204 No Content", "")])).await;
    assert!(matches!(done, Sent::Accepted { status: 200, .. }), "{done:?}");

    let error = json!({ "error": { "code": "0x8004140b", "message": "depth" } }).to_string();
    let refused = together(400, change_set(&[(2, "400 Bad Request", &error)])).await;
    let Sent::Refused(problem) = refused else { panic!("{refused:?}") };
    assert_eq!(problem.code.as_deref(), Some("0x8004140b"));
    assert_eq!(problem.path, "roles(1)/Microsoft.Dynamics.CRM.AddPrivilegesRole");

    // The same with the error beside the change set instead of inside of it.
    let beside = format!(
        "--b\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 412 Precondition Failed\r\n\r\n{error}\r\n--b--\r\n"
    );
    assert!(matches!(together(412, beside).await, Sent::NotCommitted(_)));
}

#[tokio::test]
async fn a_change_set_with_half_an_answer_may_have_been_done() {
    let half = change_set(&[(1, "204 No Content", "")]);
    assert!(matches!(together(200, half).await, Sent::Unknown(problem) if problem.cause == Cause::Incomplete));
    let whole = change_set(&[(1, "204 No Content", ""), (2, "204 No Content", "")]);
    let cut = whole[..whole.len() - 8].to_owned();
    assert!(matches!(together(200, cut).await, Sent::Unknown(problem) if problem.cause == Cause::Incomplete));
}

#[tokio::test]
async fn a_change_set_is_of_dataverse_alone() {
    let server = Server::start(|_, _| Reply::rows(0)).await;
    let admin = Request::post(Service::Admin, "x", json!({}));
    assert!(matches!(server.writer().together(&[role(), admin]).await, Sent::Refused(_)));
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_row_is_read_with_its_version_before_it_is_rewritten() {
    let server = Server::start(|seen, _| {
        if seen.target.contains("workflows") {
            Reply::json(200, &json!({ "@odata.etag": "W/\"7\"", "clientdata": "{}" }))
        } else {
            Reply::json(200, &json!({ "clientdata": "{}" }))
        }
    })
    .await;
    let writer = server.tenant.writer(Some(organisation()), WritePermit::for_an_approved_plan());
    let flow = Read::get(Service::Dataverse, "workflows(1)?$select=clientdata");
    let (etag, row) = writer.read_row_with_etag(&flow).await.unwrap();
    assert_eq!((etag.as_str(), &row["clientdata"]), ("W/\"7\"", &json!("{}")));
    assert_eq!(server.seen()[0].header("consistency"), "Strong");
    let without = writer.read_row_with_etag(&Read::get(Service::Dataverse, "roles(1)")).await;
    assert_eq!(without.unwrap_err().cause, Cause::Malformed);
}
