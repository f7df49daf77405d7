//! Recorded sign-ins: the configuration that clients look up, and tokens that MSAL renewed for another service.
use std::collections::BTreeMap;

use serde_json::Value;

use super::ask::{Asked, seed};
use super::cassettes::{SIGN_IN, assert_same, cassette, differences, of_test};
use super::corpus;

const HOST: &str = "login.microsoftonline.com";
/// The application of the recorded client.
const CLIENT: &str = "00000000-0000-0000-0000-000000001111";

async fn form(asked: &Asked, path: &str, form: String) -> Value {
    let headers = BTreeMap::from([("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned())]);
    let target = format!("/organizations/oauth2/v2.0/{path}");
    asked.send(("POST", HOST, &target), &headers, Some(form)).await.body
}

/// Signs the person of the seed in with a code, as the recorded client must have done before.
async fn refresh_token(asked: &Asked) -> String {
    let scope = "openid+offline_access+https%3A%2F%2Fgraph.microsoft.com%2F.default";
    let begun = form(asked, "devicecode", format!("client_id={CLIENT}&scope={scope}")).await;
    let device = begun["device_code"].as_str().unwrap_or_else(|| panic!("{begun}"));
    let grant = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code";
    let poll = format!("client_id={CLIENT}&grant_type={grant}&device_code={device}");
    let pending = form(asked, "token", poll.clone()).await;
    assert_eq!(pending["error"], "authorization_pending", "{pending}");
    let done = form(asked, "token", poll).await;
    done["refresh_token"].as_str().unwrap_or_else(|| panic!("{done}")).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_is_as_recorded() {
    let Some(folder) = corpus(SIGN_IN) else { return };
    let asked = Asked::start(&seed("orgmocktenant.crm.dynamics.com", "")).await;
    let refresh = refresh_token(&asked).await;
    let mut found = BTreeMap::new();
    for name in of_test(SIGN_IN) {
        let recorded = cassette(&folder, name);
        let body = recorded
            .body
            .clone()
            .map(|body| body.replace("refresh_token=REDACTED", &format!("refresh_token={refresh}")));
        let answered = asked.send((&recorded.method, &recorded.host, &recorded.target), &recorded.headers, body).await;
        let mut all = differences(&recorded, &answered);
        // What was consented to is told in the same words.
        if recorded.answer.get("scope") != answered.body.get("scope") {
            all.push(format!("the scope is {}", answered.body["scope"]));
        }
        found.insert(name.to_owned(), all);
    }
    assert_same(&found);
}
