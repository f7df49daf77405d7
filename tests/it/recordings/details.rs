//! Recorded details of flows in the Flow service, answered by the embedded tenant about flows with the same text.
use std::collections::BTreeMap;
use std::fmt::Write as _;

use powergrant::clientdata::facts;
use serde_json::{Map, Value, json};

use super::ask::{Asked, seed};
use super::cassettes::{DETAILS, assert_same, cassette, differences, of_test, replay};
use super::{corpus, count};

const FLOW: &str = "00000000-0000-0000-0000-000000001111";
/// The connector's whole description, which was cut from the recordings and is served nowhere here.
const NOT_SERVED: &str = "/swagger is missing";

/// What Dataverse keeps of a flow of which the service tells this.
fn clientdata(properties: &Value) -> String {
    let connections = properties["connectionReferences"].as_object().expect("connections by key");
    let references: Map<String, Value> = connections
        .iter()
        .map(|(key, told)| {
            let mut kept = json!({
                "runtimeSource": told["source"].as_str().expect("a source").to_lowercase(),
                "connection": {},
                "api": { "name": told["apiDefinition"]["name"] },
            });
            if let Some(name) = told.get("connectionReferenceLogicalName") {
                kept["connection"] = json!({ "connectionReferenceLogicalName": name });
            }
            if let Some(impersonation) = told.get("impersonation") {
                kept["impersonation"] = impersonation.clone();
            }
            (key.clone(), kept)
        })
        .collect();
    let properties = json!({ "connectionReferences": references, "definition": properties["definition"] });
    json!({ "properties": properties, "schemaVersion": "1.0.0.0" }).to_string()
}

/// The flow as a seed, with the connection references that it is bound to.
fn seed_of(properties: &Value) -> String {
    let mut text = "      connectionReferences:\n".to_owned();
    for told in properties["connectionReferences"].as_object().expect("connections by key").values() {
        let Some(name) = told.get("connectionReferenceLogicalName") else { continue };
        let connection = told.get("connectionName").map(|id| format!(", connection: {id}")).unwrap_or_default();
        let _ = writeln!(
            text,
            "        - {{ name: {name}, connector: {}, owner: mia@contoso.com{connection} }}",
            told["apiDefinition"]["name"]
        );
    }
    if text.ends_with("References:\n") {
        text.clear();
    }
    let _ = writeln!(
        text,
        "      flows:\n        - {{ name: Recorded, id: {FLOW}, owner: mia@contoso.com, trigger: Skills, managed: {}, text: {} }}",
        properties["isManaged"],
        json!(clientdata(properties))
    );
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn details_of_flows_are_as_recorded() {
    let Some(folder) = corpus(DETAILS) else { return };
    let mut found = BTreeMap::new();
    for name in of_test(DETAILS) {
        let recorded = cassette(&folder, name);
        let properties = &recorded.answer["properties"];
        let asked = Asked::start(&seed("orgmocktenant.crm.dynamics.com", &seed_of(properties))).await;
        if properties["creator"]["userType"] == "DataverseSystemUser" {
            asked.give_to_system("Recorded");
        }
        let answered = replay(&asked, &recorded, str::to_owned).await;
        let mut all = differences(&recorded, &answered);
        all.retain(|difference| !difference.ends_with(NOT_SERVED));
        let told = |answer: &Value| -> Vec<Value> {
            let connections = answer["properties"]["connectionReferences"].as_object().expect("connections by key");
            connections.values().map(|told| told["source"].clone()).collect()
        };
        if told(&answered.body) != told(&recorded.answer) {
            all.push("the sources of the connections are others".to_owned());
        }
        found.insert(name.to_owned(), all);
    }
    assert_same(&found);
}

#[test]
fn connections_of_recorded_flows_are_read_without_loss() {
    let Some(folder) = corpus("connections_of_recorded_flows_are_read_without_loss") else { return };
    let mut read = 0;
    for name in of_test(DETAILS) {
        let recorded = cassette(&folder, name);
        let properties = &recorded.answer["properties"];
        let facts = facts(&clientdata(properties)).unwrap_or_else(|malformed| panic!("{name}: {malformed}"));
        let told = properties["connectionReferences"].as_object().expect("connections by key");
        assert_eq!(told.len(), facts.connections.len(), "{name}");
        for (key, entry) in &facts.connections {
            let told = &told[key.as_str()];
            assert_eq!(told["apiDefinition"]["name"], entry.connector.to_string(), "{name}: {key}");
            let logical = entry.logical_name.as_ref().map(ToString::to_string);
            assert_eq!(told["connectionReferenceLogicalName"].as_str(), logical.as_deref(), "{name}: {key}");
            let by_run_only_user = told["source"] == "Invoker" || told["impersonation"]["source"] == "invoker";
            assert_eq!(
                format!("{:?}", entry.mode) == "ProvidedByRunOnlyUser",
                by_run_only_user,
                "{name}: {key}: {:?}",
                entry.mode
            );
            read += 1;
        }
    }
    count("connections of recorded flows read", &read.to_string());
}
