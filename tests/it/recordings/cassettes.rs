//! Recorded exchanges of live tenants, replayed against the embedded one: the same request has the same status, the same headers of the
//! contract and the same JSON shape.
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

use super::ask::{Answered, Asked, seed};
use super::shape::Shape;
use super::{Exchange, corpus, count, files, read, tell};

const LIFECYCLE: &str = "the_life_of_a_flow_is_as_recorded";
const SETS: &str = "sets_of_dataverse_are_as_recorded";
const ADMIN: &str = "the_admin_api_answers_as_recorded";
const CONNECTIONS: &str = "connections_of_an_environment_are_as_recorded";
pub(super) const DETAILS: &str = "details_of_flows_are_as_recorded";
pub(super) const SIGN_IN: &str = "signing_in_is_as_recorded";

/// Every file of the folder, with the test that replays it.
const CASSETTES: &[(&str, &str)] = &[
    ("bap_admin_apiPolicies_empty.json", ADMIN),
    ("bap_admin_environment_get.json", ADMIN),
    ("bap_admin_environments_list.json", ADMIN),
    ("dataverse_RetrieveSharedPrincipalsAndAccess_bot.json", SETS),
    ("dataverse_connectionreferences_list.json", SETS),
    ("dataverse_connectionreferences_list_2.json", SETS),
    ("entra_openid_configuration.json", SIGN_IN),
    ("entra_token_refresh_flow_audience.json", SIGN_IN),
    ("entra_token_refresh_powerapps_audience.json", SIGN_IN),
    ("flow_admin_flow_detail_1.json", DETAILS),
    ("flow_admin_flow_detail_2.json", DETAILS),
    ("flow_admin_flow_detail_3.json", DETAILS),
    ("flow_admin_flow_detail_4.json", DETAILS),
    ("flow_admin_flow_detail_5.json", DETAILS),
    ("flow_admin_v2_flows_list.json", ADMIN),
    ("flow_lifecycle_01_GET_workflows.json", LIFECYCLE),
    ("flow_lifecycle_02_POST_workflows.json", LIFECYCLE),
    ("flow_lifecycle_03_PATCH_workflows_.json", LIFECYCLE),
    ("flow_lifecycle_10_GET_workflows.json", LIFECYCLE),
    ("flow_lifecycle_11_DELETE_workflows_.json", LIFECYCLE),
    ("flow_wrong_host_404.json", ADMIN),
    ("powerapps_admin_connections_list.json", CONNECTIONS),
];

/// Headers that the network, the date and the gateways make; everything else a recorded answer carries is the contract.
const NOT_OF_THE_CONTRACT: &[&str] = &[
    "content-length",
    "date",
    "expires",
    "pragma",
    "p3p",
    "server-timing",
    "set-cookie",
    "strict-transport-security",
    "transfer-encoding",
    "vary",
    "x-source",
    "x-xss-protection",
    "referrer-policy",
    "mise-correlation-id",
    "x-ms-activity-vector",
    "x-ms-armresiliency",
    "x-ms-correlation-id",
    "x-ms-flow-mobile-ios-version",
    "x-ms-igw-tracking-id",
    "x-ms-islandgateway",
    "x-ms-ests-server",
    "x-ms-srs",
    "x-ms-clientdata",
    "x-ms-clitelem",
    "client-request-id",
];

/// Headers whose value is the contract too, not only that they are there.
const WITH_THEIR_VALUE: &[&str] = &[
    "allow",
    "cache-control",
    "content-type",
    "odata-version",
    "preference-applied",
    "public",
    "x-content-type-options",
    "x-ms-dop-hint",
];

/// Lists how an answer differs from the recorded one.
pub(super) fn differences(recorded: &Exchange, answered: &Answered) -> Vec<String> {
    let mut found = Vec::new();
    if recorded.status != answered.status {
        found.push(format!("status {} instead of {}: {}", answered.status, recorded.status, answered.body));
    }
    for (name, value) in
        recorded.answer_headers.iter().filter(|(name, _)| !NOT_OF_THE_CONTRACT.contains(&name.as_str()))
    {
        match answered.headers.get(name) {
            None => found.push(format!("header {name} is missing")),
            Some(other) if WITH_THEIR_VALUE.contains(&name.as_str()) && other != value => {
                found.push(format!("header {name} is {other:?} instead of {value:?}"));
            }
            Some(_) => {}
        }
    }
    found.extend(Shape::differences(&recorded.answer, &answered.body));
    found
}

pub(super) fn cassette(folder: &Path, name: &str) -> Exchange {
    Exchange::of(&read(&folder.join("cassettes").join(name)))
}

/// Replays a recording; `change` writes the id of this tenant's row where the recording's is.
pub(super) async fn replay(asked: &Asked, recorded: &Exchange, change: impl Fn(&str) -> String) -> Answered {
    let target = change(&recorded.target);
    let mut headers = recorded.headers.clone();
    headers.remove("authorization");
    asked.ask((&recorded.method, &recorded.host, &target), &headers, recorded.body.clone()).await
}

/// Fails with every difference of every recording.
pub(super) fn assert_same(found: &BTreeMap<String, Vec<String>>) {
    let mut report = String::new();
    for (name, differences) in found.iter().filter(|(_, differences)| !differences.is_empty()) {
        let _ = writeln!(report, "{name}:\n  {}", differences.join("\n  "));
    }
    assert!(report.is_empty(), "answers differ from the recorded ones:\n{report}");
    for name in found.keys() {
        tell(&format!("as recorded: {name}"));
    }
}

/// The recordings that a test replays.
pub(super) fn of_test(test: &str) -> Vec<&'static str> {
    CASSETTES.iter().filter(|(_, name)| *name == test).map(|(name, _)| *name).collect()
}

#[test]
fn every_recording_is_replayed() {
    let Some(folder) = corpus("every_recording_is_replayed") else { return };
    let listed: Vec<&str> = CASSETTES.iter().map(|(name, _)| *name).collect();
    assert_eq!(files(&folder.join("cassettes"), ".json"), listed);
    count("recorded exchanges replayed", &format!("all {}", listed.len()));
}

#[tokio::test(flavor = "multi_thread")]
async fn sets_of_dataverse_are_as_recorded() {
    let Some(folder) = corpus(SETS) else { return };
    let mut found = BTreeMap::new();
    for name in of_test(SETS) {
        let recorded = cassette(&folder, name);
        let host = recorded.host.replace(".api.crm", ".crm");
        let asked = Asked::start(&seed(&host, &seed_of(&recorded.answer))).await;
        let bot = asked.bot("Expense assistant");
        let answered =
            replay(&asked, &recorded, |target| target.replace("00000000-0000-0000-0000-000000001111", &bot)).await;
        found.insert(name.to_owned(), differences(&recorded, &answered));
        if let Some(rows) = recorded.answer["value"].as_array() {
            assert_eq!(answered.body["value"].as_array().map(Vec::len), Some(rows.len()), "{name}");
        }
    }
    assert_same(&found);
}

/// The rows that a recorded answer shows, as a seed.
fn seed_of(answer: &Value) -> String {
    let mut text = String::new();
    for row in answer["value"].as_array().into_iter().flatten() {
        let connector = row["connectorid"].as_str().and_then(|id| id.rsplit('/').next()).expect("a connector");
        let connection = row["connectionid"].as_str().map(|id| format!(", connection: {id:?}")).unwrap_or_default();
        let _ = writeln!(
            text,
            "        - {{ name: {}, displayName: {}, connector: {connector}, owner: mia@contoso.com{connection} }}",
            row["connectionreferencelogicalname"], row["connectionreferencedisplayname"],
        );
    }
    if !text.is_empty() {
        text.insert_str(0, "      connectionReferences:\n");
    }
    text += "      teams: [{ name: Assistant owners, members: [ada@contoso.com] }]\n      agents:\n        - { name: Expense assistant, schemaName: contoso_expenseAssistant, owner: mia@contoso.com, shares: [";
    for access in answer["PrincipalAccesses"].as_array().into_iter().flatten() {
        let _ = write!(text, "{{ team: Assistant owners, rights: {} }}, ", access["AccessMask"]);
    }
    text + "] }\n"
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_of_an_environment_are_as_recorded() {
    let Some(folder) = corpus(CONNECTIONS) else { return };
    let mut found = BTreeMap::new();
    for name in of_test(CONNECTIONS) {
        let recorded = cassette(&folder, name);
        let mut rest = "      connectionReferences:\n".to_owned();
        // Names were replaced by few, so that they are told apart here.
        for (number, row) in recorded.answer["value"].as_array().into_iter().flatten().enumerate() {
            let connector =
                row["properties"]["apiId"].as_str().and_then(|id| id.rsplit('/').next()).expect("a connector");
            let _ = writeln!(
                rest,
                "        - {{ name: contoso_{number}, connector: {connector}, connection: c{number}, owner: mia@contoso.com }}"
            );
        }
        let asked = Asked::start(&seed("orgmocktenant.crm.dynamics.com", &rest)).await;
        let answered = replay(&asked, &recorded, str::to_owned).await;
        found.insert(name.to_owned(), differences(&recorded, &answered));
        let rows = |body: &Value| body["value"].as_array().map(Vec::len);
        assert_eq!(rows(&answered.body), rows(&recorded.answer), "{name}");
    }
    assert_same(&found);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_life_of_a_flow_is_as_recorded() {
    let Some(folder) = corpus(LIFECYCLE) else { return };
    let asked = Asked::start(&seed("orgmocktenant.crm.dynamics.com", "")).await;
    let mut found = BTreeMap::new();
    let mut flow = String::new();
    for name in of_test(LIFECYCLE) {
        let recorded = cassette(&folder, name);
        let answered =
            replay(&asked, &recorded, |target| target.replace("00000000-0000-0000-0000-000000001111", &flow)).await;
        if let Some(id) = answered.body["workflowid"].as_str() {
            id.clone_into(&mut flow);
        }
        found.insert(name.to_owned(), differences(&recorded, &answered));
    }
    assert_same(&found);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_admin_api_answers_as_recorded() {
    let Some(folder) = corpus(ADMIN) else { return };
    let rest = "      flows:\n        - { name: Expense intake, owner: mia@contoso.com, trigger: Skills }\n";
    let asked = Asked::start(&seed("orgmocktenant.crm.dynamics.com", rest)).await;
    let mut found = BTreeMap::new();
    for name in of_test(ADMIN) {
        let recorded = cassette(&folder, name);
        let answered = replay(&asked, &recorded, str::to_owned).await;
        found.insert(name.to_owned(), differences(&recorded, &answered));
    }
    assert_same(&found);
}
