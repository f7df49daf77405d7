//! What the services on the way to a token can answer, for every way.
use powergrant::sandbox::faults::{Disturbance, Refusal};
use serde_json::json;

use super::{Case, ENTRA, TOKEN, answer};
use crate::proxied::Stage;
use crate::ways::{self, Way};

/// An address at which nobody listens.
fn nobody() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    format!("http://{}", listener.local_addr().expect("an address"))
}

/// What every service on the way to a token can answer.
fn common(way: &Way, path: &'static str, place: &'static str) -> Vec<Case> {
    let busy = Refusal { status: 429, code: None, message: None, retry_after: Some(99_999) };
    let case = |about, says, next| Case::new(about, way.clone(), says, place, next);
    vec![
        case("429 with Retry-After", "429", "the service asks to wait 99999 seconds, longer than this run may last")
            .when(path, Disturbance::Refuse(busy)),
        case("a web page", "200 a web page instead of JSON", "").when(path, Disturbance::Html(200)),
        case("a web page of a gateway", "503 a web page instead of JSON", "")
            .when(path, Disturbance::Html(503))
            .at_once(),
        case("truncated JSON", "200 the answer broke off before its end", "")
            .when(path, Disturbance::Truncated)
            .at_once(),
        case("other JSON", "200 the answer has no `", "").when(path, answer(&json!({ "hello": "world" }))),
    ]
}

#[test]
fn what_services_on_the_way_to_a_token_answer_is_explained_for_every_way() {
    let stage = Stage::public();
    let (secret, certificate) = (ways::client_secret(&stage), ways::certificate(&stage));
    let (pod, pipelines) = (ways::workload_identity(&stage), ways::azure_pipelines(&stage));
    let (github, managed, machine, device) =
        (ways::github_oidc(&stage), ways::managed_identity(&stage), ways::machine(&stage), ways::device_code(&stage));
    let mut cases = Vec::new();
    for way in [&secret, &certificate, &pod, &pipelines, &github] {
        cases.extend(common(way, TOKEN, ENTRA));
        let refused = way.clone().with("POWERGRANT_PROD_LOGIN_URL", nobody());
        cases.push(
            Case::new("connection refused", refused, "Connection refused", "(sign-in POST 127.0.0.1:", "").at_once(),
        );
    }
    cases.extend(common(&device, "devicecode", "(sign-in POST login.microsoftonline.com/"));
    let refused = device.clone().with("POWERGRANT_PROD_LOGIN_URL", nobody());
    cases
        .push(Case::new("connection refused", refused, "Connection refused", "(sign-in POST 127.0.0.1:", "").at_once());
    for (way, path, place, variable) in [
        (&pipelines, "oidctoken", "(Azure Pipelines' token service POST 127.0.0.1:", "SYSTEM_OIDCREQUESTURI"),
        (&github, "_github", "(GitHub's token service GET 127.0.0.1:", "ACTIONS_ID_TOKEN_REQUEST_URL"),
        (&managed, "msi/token", "(managed identity GET 127.0.0.1:", "IDENTITY_ENDPOINT"),
        (&machine, "metadata/identity", "(managed identity GET 127.0.0.1:", "AZURE_POD_IDENTITY_AUTHORITY_HOST"),
    ] {
        cases.extend(common(way, path, place));
        let refused = way.clone().with(variable, format!("{}/x", nobody()));
        let place = place.split(" 127").next().unwrap_or_default();
        cases.push(Case::new("connection refused", refused, "Connection refused", place, "").at_once());
    }
    for case in cases {
        case.run(&stage);
    }
}
