//! People sign in with a code on a page.
use super::*;

#[tokio::test]
async fn a_person_enters_one_code_for_all_services() {
    let stage = Stage::start().await;
    let client = stage.client(Credentials::DeviceCode { tenant: TENANT.to_owned(), client_id: CONNECTION.to_owned() });
    who_am_i(&client).await.expect("signed in");
    let reader = client.reader(None);
    reader.rows(&Read::get(Service::Graph, "users?$select=id")).await.expect("signed in there too");
    let claims = reader.signed_in(Service::Graph).await.expect("signed in").expect("claims");
    assert_eq!(claims.user.as_deref(), Some("admin@contoso.com"));
    assert_eq!(stage.asked("devicecode"), 1);
    // Two polls five seconds apart, the first of which was too early.
    assert_eq!(stage.clock.waits(), [Duration::from_secs(5); 2]);
}

#[tokio::test]
async fn a_person_who_declines_is_not_asked_again() {
    let stage = Stage::start().await;
    stage.change(|tenant| tenant.identities.person = None);
    let credentials = Credentials::DeviceCode { tenant: TENANT.to_owned(), client_id: CONNECTION.to_owned() };
    let problem = stage.whoever(credentials).await.expect_err("declined");
    assert_eq!((problem.cause, stage.asked("devicecode")), (Cause::SignedOut, 1));
    assert!(problem.says.contains("denied"), "{problem}");
}
