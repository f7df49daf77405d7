//! How clients sign in that nobody here wrote: an older address, a secret in a header; and what a wrong token is told.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::services::{ADMIN, FLOW, GRAPH};
use super::*;

const TENANT: &str = "11111111-1111-1111-1111-111111111111";
const LOGIN: &str = "login.microsoftonline.com";

fn ask(client: &Client, method: &str, host: &str, path: &str, authorization: Option<&str>, body: &str) -> Answer {
    let headers: BTreeMap<String, String> =
        authorization.map(|value| ("authorization".to_owned(), value.to_owned())).into_iter().collect();
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let incoming = Incoming { method, scheme: "https", host, path, query, headers: &headers, body };
    respond(&client.shared, &incoming)
}

#[test]
fn the_older_address_takes_a_resource_and_answers_with_texts() {
    let client = sandbox();
    let form =
        |rest: &str| format!("grant_type=client_credentials&client_id={}&client_secret=sandbox{rest}", client.login);
    let path = format!("/{TENANT}/oauth2/token");
    let answer = ask(&client, "POST", LOGIN, &path, None, &form(&format!("&resource=https://{HOST}/")));
    let body = answer.body.unwrap();
    assert_eq!((answer.status, &body["expires_in"]), (200, &json!("3599")));
    assert_eq!(body["expires_on"], (NOW + 3599).to_string());
    assert_eq!((&body["not_before"], &body["resource"]), (&json!(NOW.to_string()), &json!(format!("https://{HOST}/"))));
    let bearer = format!("Bearer {}", body["access_token"].as_str().unwrap());
    assert_eq!(ask(&client, "GET", HOST, "/api/data/v9.2/WhoAmI", Some(&bearer), "").status, 200);
    for rest in ["", "&resource=", &format!("&scope=https://{HOST}/.default")] {
        let refused = ask(&client, "POST", LOGIN, &path, None, &form(rest)).body.unwrap();
        assert_eq!(refused["error_codes"], json!([900_144]), "{rest}");
        assert!(refused["error_description"].as_str().unwrap().contains("'resource'"));
    }
    let wrong = ask(&client, "POST", LOGIN, &path, None, &form("x&resource=https://x"));
    assert_eq!((wrong.status, wrong.body.unwrap()["error"].clone()), (401, json!("invalid_client")));
    let document = ask(&client, "GET", LOGIN, &format!("/{TENANT}/.well-known/openid-configuration"), None, "");
    let document = document.body.unwrap();
    assert_eq!(document["token_endpoint"], format!("https://{LOGIN}/{TENANT}/oauth2/token"));
    assert_eq!(document["issuer"], format!("https://sts.windows.net/{TENANT}/"));
}

#[test]
fn a_secret_in_the_header_signs_in() {
    let client = sandbox();
    let ask = |secret: &str| {
        let basic = format!("Basic {}", STANDARD.encode(format!("{}:{secret}", client.login)));
        let form = format!("grant_type=client_credentials&scope=https://{HOST}/.default");
        ask(&client, "POST", LOGIN, &format!("/{TENANT}/oauth2/v2.0/token"), Some(&basic), &form)
    };
    assert_eq!(ask("sandbox").status, 200);
    assert_eq!(ask("wrong").body.unwrap()["error_codes"], json!([7_000_215]));
}

#[test]
fn a_wrong_token_is_told_so_in_the_words_of_each_service() {
    let client = sandbox();
    let good = client.token(&format!("https://{HOST}"));
    let claims = good.split('.').nth(1).unwrap();
    let unsigned = format!("eyJhbGciOiJub25lIn0.{claims}.");
    let cases = [None, Some("x.y.z"), Some(unsigned.as_str())];
    let services = [
        (HOST, "/api/data/v9.2/WhoAmI", "AuthenticationFailed", "resource_id="),
        (GRAPH.0, "/v1.0/users", "InvalidAuthenticationToken", "realm=\"\""),
        (
            ADMIN.0,
            "/providers/Microsoft.BusinessAppPlatform/environments?api-version=2021-04-01",
            "AuthenticationFailed",
            "resource_id=",
        ),
        (
            FLOW.0,
            "/providers/Microsoft.ProcessSimple/environments?api-version=2016-11-01",
            "AuthenticationFailed",
            "resource_id=",
        ),
    ];
    for (host, path, code, challenge) in services {
        let elsewhere = (host != HOST).then_some(good.as_str());
        for token in cases.into_iter().chain([elsewhere]) {
            let bearer = token.map(|token| format!("Bearer {token}"));
            let answer = ask(&client, "GET", host, path, bearer.as_deref(), "");
            assert_eq!(status_and_code(&answer), (401, code.to_owned()), "{host} {token:?}");
            assert!(answer.headers["WWW-Authenticate"].contains(challenge), "{host}");
        }
    }
    let empty = ask(&client, "GET", GRAPH.0, "/v1.0/users", None, "").body.unwrap();
    assert_eq!(empty["error"]["message"], "Access token is empty.");
    assert!(empty["error"]["innerError"]["request-id"].is_string());
}
