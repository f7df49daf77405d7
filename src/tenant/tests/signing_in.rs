use std::time::Duration;

use futures_util::future::join_all;
use uuid::Uuid;

use super::server::{Reply, Server, granted};
use crate::clock::Clock as _;
use crate::problem::Cause;
use crate::request::{Read, Service};
use crate::tenant::Counted;

fn roles() -> Read {
    Read::get(Service::Dataverse, "roles")
}

#[tokio::test]
async fn a_token_is_fetched_once_however_many_wait_for_it() {
    let server = Server::start(|_, _| Reply::rows(1)).await;
    let reader = server.reader();
    let read = roles();
    let answers = join_all((0..20).map(|_| reader.rows(&read))).await;
    assert!(answers.iter().all(Result::is_ok));
    let sign_ins = server.sign_ins();
    assert_eq!(sign_ins.len(), 1);
    assert_eq!(sign_ins[0].header("host"), "login.microsoftonline.com");
    assert_eq!(
        sign_ins[0].body,
        "grant_type=client_credentials&client_id=pipeline&scope=https%3A%2F%2Fcontoso.crm4.dynamics.com%2F.default&client_secret=hunter2"
    );
    assert_eq!(server.tenant.counts().requests(), 20);
    assert_eq!(server.tenant.counts().all()[&(String::new(), Counted::SignIn)].requests, 1);
}

#[tokio::test]
async fn each_service_has_its_own_token() {
    let server = Server::start(|_, _| Reply::rows(1)).await;
    let reader = server.reader();
    for service in [Service::Dataverse, Service::Graph, Service::Admin, Service::Flow, Service::Graph] {
        reader.rows(&Read::get(service, "x")).await.unwrap();
    }
    assert_eq!(server.sign_ins().len(), 4);
    assert!(server.sign_ins()[3].body.contains("scope=https%3A%2F%2Fservice.flow.microsoft.com%2F%2F.default"));
    let claims = reader.signed_in(Service::Graph).await.unwrap().unwrap();
    assert_eq!((claims.audience.as_deref(), claims.is_application), (Some("https://graph.microsoft.com"), Some(true)));
}

#[tokio::test]
async fn a_token_is_renewed_five_minutes_before_it_expires() {
    let server = Server::start(|_, _| Reply::rows(1)).await;
    let reader = server.reader();
    for (wait, sign_ins) in [(0, 1), (3_200, 1), (200, 2)] {
        server.clock.wait(Duration::from_secs(wait)).await;
        reader.rows(&roles()).await.unwrap();
        assert_eq!(server.sign_ins().len(), sign_ins);
    }
}

#[tokio::test]
async fn a_rejected_token_is_renewed_once() {
    let server = Server::start(|_, number| match number {
        0 => Reply::text(401, "text/plain", ""),
        _ => Reply::rows(1),
    })
    .await;
    server.reader().rows(&roles()).await.unwrap();
    assert_eq!(server.sign_ins().len(), 2);
    let seen = server.seen();
    assert_ne!(seen[0].header("authorization"), seen[1].header("authorization"));

    let server = Server::start(|_, _| Reply::error(401, "AuthenticationFailed")).await;
    let problem = server.reader().rows(&roles()).await.unwrap_err();
    assert_eq!((problem.cause, server.seen().len()), (Cause::SignedOut, 2));
}

#[tokio::test]
async fn a_refused_sign_in_is_one_request_and_nothing_else_is_sent() {
    let body = serde_json::json!({ "error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret provided. Trace ID: 1" });
    let server = Server::start_bare(move |_, _| Reply::json(401, &body)).await;
    let reader = server.reader();
    let read = roles();
    for answer in join_all((0..5).map(|_| reader.rows(&read))).await {
        let problem = answer.unwrap_err();
        assert_eq!((problem.cause, problem.code.as_deref()), (Cause::SignedOut, Some("AADSTS7000215")));
        assert!(problem.next.contains("secret's value"));
    }
    assert_eq!((server.sign_ins().len(), server.seen().len()), (1, 0));
}

#[tokio::test]
async fn the_token_service_is_asked_again_when_it_fails() {
    let server = Server::start_bare(|seen, number| match (seen.target.contains("token"), number) {
        (true, 0) => Reply::text(503, "text/html", "<html></html>").header("Retry-After", "5"),
        (true, _) => granted(seen, number, super::server::TENANT),
        (false, _) => Reply::rows(1),
    })
    .await;
    server.reader().rows(&roles()).await.unwrap();
    assert_eq!(server.waits(), [5]);
}

#[tokio::test]
async fn a_token_of_another_tenant_is_never_sent() {
    let server = Server::start_bare(|seen, number| granted(seen, number, Uuid::from_u128(0xb))).await;
    let problem = server.reader().rows(&roles()).await.unwrap_err();
    assert_eq!(problem.cause, Cause::SignedOut);
    assert!(problem.says.contains("is of tenant 00000000-0000-0000-0000-00000000000b"), "{problem}");
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_claims_challenge_is_reported_and_not_tried_again() {
    let challenge = r#"Bearer error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnt9fQ==""#;
    let server = Server::start(move |_, _| {
        Reply::error(401, "InvalidAuthenticationToken").header("WWW-Authenticate", challenge)
    })
    .await;
    let problem = server.reader().rows(&roles()).await.unwrap_err();
    assert_eq!((server.sign_ins().len(), server.seen().len()), (1, 1));
    assert!(problem.next.contains("Conditional Access"), "{}", problem.next);
}
