//! How long tokens are kept, and that nothing shows them.
use super::*;

#[tokio::test]
async fn a_token_service_that_is_busy_is_waited_for_and_a_web_page_is_named() {
    let stage = Stage::start().await;
    let busy = Refusal { status: 429, code: None, message: None, retry_after: Some(7) };
    stage.change(|tenant| tenant.faults.schedule(Rule::on("oauth2/v2.0/token", Disturbance::Refuse(busy))));
    stage.whoever(secret("sandbox")).await.expect("signed in");
    assert_eq!(stage.clock.waits(), [Duration::from_secs(7)]);
    stage.change(|tenant| tenant.faults.schedule(Rule::on("oauth2/v2.0/token", Disturbance::Html(200)).from_nth(1, 1)));
    let problem = stage.whoever(secret("sandbox")).await.expect_err("a page");
    assert_eq!((problem.cause, problem.says.as_str()), (Cause::Malformed, "a web page instead of JSON"));
}

#[tokio::test]
async fn a_token_that_expires_between_two_requests_is_renewed_before_the_second() {
    use std::sync::atomic::{AtomicI64, Ordering};
    static CLOCK: AtomicI64 = AtomicI64::new(NOW);
    let stage = Stage::at(|| CLOCK.load(Ordering::Relaxed)).await;
    let client = stage.client(secret("sandbox"));
    who_am_i(&client).await.expect("signed in");
    for _ in 0..3 {
        stage.clock.wait(Duration::from_secs(3_600)).await;
        CLOCK.fetch_add(3_600, Ordering::Relaxed);
        who_am_i(&client).await.expect("signed in anew");
    }
    assert_eq!(stage.asked("oauth2/v2.0/token"), 4);
}

#[tokio::test]
async fn a_token_that_cannot_be_renewed_for_a_moment_serves_until_it_expires() {
    let stage = Stage::start().await;
    let client = stage.client(secret("sandbox"));
    who_am_i(&client).await.expect("signed in");
    let down = Refusal { status: 503, code: None, message: None, retry_after: None };
    stage.change(|tenant| {
        tenant.faults.schedule(Rule::on("oauth2/v2.0/token", Disturbance::Refuse(down)).from_nth(1, 0));
    });
    stage.clock.wait(Duration::from_secs(3_400)).await;
    who_am_i(&client).await.expect("the old token still holds");
    stage.clock.wait(Duration::from_secs(300)).await;
    let problem = who_am_i(&client).await.expect_err("it has expired");
    assert_eq!(problem.status, Some(503));
}

#[test]
fn a_panic_that_prints_credentials_shows_no_secret() {
    let keys = "/var/opt/azcmagent/tokens".into();
    let all = [
        secret("hunter2"),
        certificate(),
        federated(github("hunter2")),
        federated(pipelines("hunter2", Some(CONNECTION))),
        federated(Federation::File("/token".into())),
        managed(ManagedIdentity::Machine { host: None }),
        managed(app_service("hunter2")),
        managed(ManagedIdentity::Arc { endpoint: "http://127.0.0.1".to_owned(), keys }),
        Credentials::Sandbox {
            tenant: TENANT.to_owned(),
            client_id: APPLICATION.to_owned(),
            secret: Some(Secret::new("hunter2")),
        },
    ];
    let key: String = PEM.lines().skip(1).take(1).collect();
    for credentials in all {
        let panicked = std::panic::catch_unwind(|| panic!("{credentials:?} {credentials:#?}")).expect_err("a panic");
        let said = panicked.downcast_ref::<String>().expect("a text");
        assert!(!said.contains("hunter2") && !said.contains(&key), "{said}");
    }
}
