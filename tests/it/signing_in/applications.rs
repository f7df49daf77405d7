//! Applications sign in with a secret or a certificate.
use super::*;

#[tokio::test]
async fn a_secret_signs_in_and_a_wrong_one_says_so() {
    let stage = Stage::start().await;
    stage.whoever(secret("sandbox")).await.expect("signed in");
    let problem = stage.whoever(secret("wrong")).await.expect_err("refused");
    assert_eq!(problem.code.as_deref(), Some("AADSTS7000215"));
    assert!(problem.next.contains("secret's value"), "{}", problem.next);
}

#[tokio::test]
async fn a_certificate_signs_in() {
    let stage = Stage::start().await;
    stage.whoever(certificate()).await.expect("signed in");
}

#[tokio::test]
async fn a_certificate_that_is_unknown_or_expired_says_which_it_is() {
    let unknown = Stage::start().await;
    unknown.change(|tenant| tenant.identities.certificates.clear());
    let problem = unknown.whoever(certificate()).await.expect_err("refused");
    assert_eq!(problem.code.as_deref(), Some("AADSTS700027"));
    assert!(problem.says.contains("The key was not found"), "{problem}");
    // The certificate is valid until 2126.
    let late = Stage::at(|| 5_000_000_000).await;
    let problem = late.whoever(certificate()).await.expect_err("refused");
    assert!(problem.says.contains("The key used is expired"), "{problem}");
    assert!(problem.next.contains("certificate"), "{}", problem.next);
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_named_as_the_cause() {
    let mut stage = Stage::start().await;
    stage.clock = JumpingClock::at(moment(NOW + 3_600));
    let problem = stage.whoever(certificate()).await.expect_err("refused");
    assert_eq!(problem.code.as_deref(), Some("AADSTS700024"));
    assert!(problem.next.contains("clock"), "{}", problem.next);
    stage.clock = JumpingClock::at(moment(NOW - 3_600));
    let problem = stage.whoever(secret("sandbox")).await.expect_err("refused");
    assert!(problem.says.contains("the token holds from 2027-01-15T08:00:00Z on"), "{problem}");
    assert!(problem.next.contains("clock"), "{}", problem.next);
}
