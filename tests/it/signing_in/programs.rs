//! A program prints the token.
use super::*;

#[tokio::test]
async fn a_command_signs_in_and_each_of_its_failures_is_explained() {
    let stage = Stage::start().await;
    let with = |line: String| Credentials::Command { program: Secret::new(line) };
    let good = token(&stage, "https://contoso.crm4.dynamics.com", NOW);
    let print = |token: &str| format!("printf '{{\"token\":\"{token}\"}}'");
    stage.whoever(with(print(&good))).await.expect("signed in");
    // Its scope stands in a variable.
    let scope = format!("test \"$SCOPE\" = https://contoso.crm4.dynamics.com/.default && {}", print(&good));
    stage.whoever(with(scope)).await.expect("signed in");
    let sent = stage.asked("WhoAmI");

    let foreign = Uuid::from_u128(0xb);
    let mut elsewhere = String::new();
    stage.change(|tenant| {
        let claims =
            serde_json::json!({ "aud": "https://contoso.crm4.dynamics.com", "tid": foreign, "exp": NOW + 3_600 });
        elsewhere = tenant.issuer.sign_value(&claims);
    });
    for (line, says) in [
        ("/nowhere/az account".to_owned(), "the token command failed"),
        ("echo \"Please run 'az login'\" >&2; exit 1".to_owned(), "Please run 'az login'"),
        ("echo '<!DOCTYPE html><html></html>'".to_owned(), "did not print `{\"token\", \"expiresOn\"}`"),
        ("echo garbage".to_owned(), "did not print"),
        ("true".to_owned(), "did not print"),
        (print(&token(&stage, "https://contoso.crm4.dynamics.com", NOW - 7_200)), "the token has expired at"),
        (print(&token(&stage, "https://graph.microsoft.com", NOW)), "the token is for `https://graph.microsoft.com`"),
        (print(&elsewhere), "the token is of tenant 00000000-0000-0000-0000-00000000000b"),
    ] {
        let problem = stage.whoever(with(line.clone())).await.expect_err("refused");
        assert_eq!(problem.cause, Cause::SignedOut, "{line}");
        assert!(problem.says.contains(says), "{line}: {problem}");
        assert!(!problem.next.is_empty() && !problem.to_string().contains("eyJ"), "{line}: {problem}");
    }
    assert_eq!(stage.asked("WhoAmI"), sent, "a token that does not fit was sent");
}
