//! Who gets a token, who does not, and which tokens are let in.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use uuid::Uuid;

use super::grant::LIFETIME;
use super::*;
use crate::sandbox::answer::Answer;
use crate::sandbox::directory::{Directory, Person, ServicePrincipal};
use crate::sandbox::identity::Identities;

const TENANT: &str = "00000000-0000-0000-0000-00000000000a";
const FLOW: &str = "https://service.flow.microsoft.com/";
const NOW: i64 = 1_800_000_000;

fn issuer() -> Issuer {
    Issuer {
        tenant: TENANT.parse().unwrap(),
        domains: BTreeSet::from(["contoso.onmicrosoft.com".to_owned()]),
        key: "k".to_owned(),
    }
}

fn directory() -> Directory {
    let person = |upn: &str, enabled| Person {
        upn: upn.to_owned(),
        display_name: "Ada".to_owned(),
        mail: None,
        enabled,
        guest: false,
        plans: BTreeSet::new(),
    };
    Directory {
        users: BTreeMap::from([
            (Uuid::from_u128(1), person("ada@contoso.com", true)),
            (Uuid::from_u128(2), person("bob@contoso.com", false)),
        ]),
        service_principals: BTreeMap::from([(
            Uuid::from_u128(3),
            ServicePrincipal {
                app_id: Uuid::from_u128(4),
                display_name: "pipeline".to_owned(),
                secret: "right".to_owned(),
            },
        )]),
        ..Directory::default()
    }
}

fn issue(changes: &[(&str, Option<&str>)]) -> Answer {
    let app = Uuid::from_u128(4).to_string();
    let mut form = BTreeMap::from([
        ("grant_type", "client_credentials"),
        ("client_id", app.as_str()),
        ("client_secret", "right"),
        ("scope", "https://service.flow.microsoft.com//.default"),
    ]);
    for (name, value) in changes {
        match value {
            Some(value) => form.insert(name, value),
            None => form.remove(name),
        };
    }
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    issuer().issue(&directory(), TENANT, &body, NOW)
}

fn token(answer: &Answer) -> String {
    answer.body.as_ref().unwrap()["access_token"].as_str().unwrap().to_owned()
}

fn number(answer: &Answer) -> (u16, i64) {
    (answer.status, answer.body.as_ref().unwrap()["error_codes"][0].as_i64().unwrap())
}

#[test]
fn an_application_signs_in_with_its_secret() {
    let answer = issue(&[]);
    let claims = issuer().check(Some(&token(&answer)), "https://service.flow.microsoft.com", NOW).unwrap();
    assert_eq!(claims.aud, FLOW);
    assert_eq!((claims.oid, claims.appid), (Uuid::from_u128(3), Some(Uuid::from_u128(4))));
    assert_eq!(claims.idtyp, "app");
}

#[test]
fn a_test_signs_in_as_any_enabled_user() {
    let answer = issue(&[("client_id", Some("user:Ada@contoso.com")), ("client_secret", None)]);
    let claims = issuer().check(Some(&token(&answer)), FLOW, NOW).unwrap();
    assert_eq!((claims.oid, claims.upn.as_deref()), (Uuid::from_u128(1), Some("ada@contoso.com")));
    assert_eq!(number(&issue(&[("client_id", Some("user:bob@contoso.com"))])), (400, 50057));
    assert_eq!(number(&issue(&[("client_id", Some("user:eve@contoso.com"))])), (400, 50034));
}

#[test]
fn refusals_carry_the_numbers_of_the_service() {
    assert_eq!(number(&issue(&[("client_secret", Some("wrong"))])), (401, 7_000_215));
    assert_eq!(number(&issue(&[("client_secret", None)])), (401, 7_000_218));
    assert_eq!(number(&issue(&[("client_id", Some("app"))])), (400, 700_016));
    assert_eq!(number(&issue(&[("grant_type", Some("password"))])), (400, 70003));
    assert_eq!(number(&issue(&[("scope", Some("https://graph.microsoft.com/User.Read"))])), (400, 1_002_012));
    assert_eq!(number(&issue(&[("scope", None)])), (400, 900_144));
    assert_eq!(number(&issuer().issue(&directory(), "fabrikam.com", "", NOW)), (400, 90002));
    assert_eq!(number(&issuer().issue(&directory(), "Contoso.onmicrosoft.com", "", NOW)), (400, 900_144));
}

#[test]
fn a_token_is_refused_elsewhere_later_and_when_altered() {
    let token = token(&issue(&[]));
    let check = |token: Option<&str>, audience, now| issuer().check(token, audience, now).unwrap_err();
    let elsewhere = check(Some(&token), "https://graph.microsoft.com", NOW);
    assert_eq!(elsewhere.status, 401);
    assert_eq!(
        elsewhere.headers["WWW-Authenticate"],
        format!(
            "Bearer authorization_uri=https://login.microsoftonline.com/{TENANT}, resource_id=https://graph.microsoft.com"
        )
    );
    assert!(check(Some(&token), FLOW, NOW + LIFETIME).message.contains("expired"));
    assert!(check(None, FLOW, NOW).message.contains("missing"));
    let (head, _) = token.rsplit_once('.').unwrap();
    assert!(check(Some(&format!("{head}.AAAA")), FLOW, NOW).message.contains("signature"));
    assert_eq!(check(Some("nonsense"), FLOW, NOW).status, 401);
    let other = Issuer { key: "other".to_owned(), ..issuer() };
    assert!(other.check(Some(&token), FLOW, NOW).is_err());
}

#[test]
fn discovery_points_at_the_token_endpoint() {
    let body = issuer().discovery(TENANT, "https://127.0.0.1:4443", NOW).body.unwrap();
    assert_eq!(body["token_endpoint"], format!("https://127.0.0.1:4443/{TENANT}/oauth2/v2.0/token"));
    assert_eq!(body["issuer"], format!("https://login.microsoftonline.com/{TENANT}/v2.0"));
    assert_eq!(number(&issuer().discovery("fabrikam.com", "https://127.0.0.1:4443", NOW)), (400, 90002));
}

#[test]
fn a_person_gets_who_she_is_and_a_token_for_more_whichever_tenant_she_names() {
    let mut identities =
        Identities { person: Some(directory().user_by_upn("ada@contoso.com").unwrap().0), ..Identities::default() };
    let scope = "openid offline_access https://service.flow.microsoft.com//.default";
    let form =
        |pairs: &[(&str, &str)]| url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let begun = issuer().begin(&mut identities, "organizations", &form(&[("client_id", "cli"), ("scope", scope)]), NOW);
    let device = begun.body.unwrap()["device_code"].as_str().unwrap().to_owned();
    let kind = "urn:ietf:params:oauth:grant-type:device_code";
    let poll = form(&[("client_id", "cli"), ("grant_type", kind), ("device_code", &device), ("client_info", "1")]);
    let asked = Asked { endpoint: "", tenant: "common", form: &poll, now: NOW };
    assert_eq!(issuer().grant(&directory(), &mut identities, &asked).body.unwrap()["error"], "authorization_pending");
    let body = issuer().grant(&directory(), &mut identities, &asked).body.unwrap();
    assert_eq!(
        body["scope"],
        "https://service.flow.microsoft.com//user_impersonation https://service.flow.microsoft.com//.default"
    );
    let part = |text: &str| -> Value { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap() };
    let identity = part(body["id_token"].as_str().unwrap().split('.').nth(1).unwrap());
    assert_eq!((&identity["preferred_username"], &identity["aud"]), (&json!("ada@contoso.com"), &json!("cli")));
    assert_eq!(part(body["client_info"].as_str().unwrap()), json!({ "uid": identity["oid"], "utid": TENANT }));
    let refresh = body["refresh_token"].as_str().unwrap();
    let more = form(&[
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh),
        ("scope", "https://graph.microsoft.com/.default"),
    ]);
    let more = issuer().grant(&directory(), &mut identities, &Asked { form: &more, ..asked }).body.unwrap();
    assert!(issuer().check(more["access_token"].as_str(), "https://graph.microsoft.com", NOW).is_ok());
    assert_eq!((more.get("id_token"), more.get("client_info")), (None, None));
    // An application has to say whose it is.
    let own = form(&[("grant_type", "client_credentials"), ("client_id", "x")]);
    assert_eq!(number(&issuer().issue(&directory(), "organizations", &own, NOW)), (400, 90002));
}
