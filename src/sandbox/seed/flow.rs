//! Writes the text of a flow as Power Automate stores it (Learn: work with cloud flows using code; shapes of exported flows).

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::format::{ConnectionMode, FlowSeed};

/// The Dataverse connector, whose connections are stored in a form of their own.
pub(super) const DATAVERSE: &str = "shared_commondataserviceforapps";

/// A connection of a flow with its connector.
pub(super) struct Connection<'a> {
    pub(super) key: &'a str,
    pub(super) connector: String,
    pub(super) reference: Option<&'a str>,
    pub(super) mode: ConnectionMode,
}

/// Writes the text of a flow; `children` are the ids of the flows that it calls.
pub(super) fn clientdata(flow: &FlowSeed, connections: &[Connection<'_>], children: &BTreeMap<&str, Uuid>) -> String {
    let references: Map<String, Value> =
        connections.iter().map(|connection| (connection.key.to_owned(), reference(connection))).collect();
    let mut actions = Map::new();
    let mut previous: Option<String> = None;
    let mut add = |name: String, mut action: Value| {
        let after: Map<String, Value> =
            previous.iter().map(|previous| (previous.clone(), json!(["Succeeded"]))).collect();
        action["runAfter"] = Value::Object(after);
        actions.insert(name.clone(), action);
        previous = Some(name);
    };
    // A connection that no action of the seed uses does what flows with it usually do.
    let is_idle = |connection: &&Connection<'_>| !flow.actions.iter().any(|action| action.connection == connection.key);
    for connection in connections.iter().filter(is_idle) {
        let (operation, parameters) = usual_operation(&connection.connector);
        add(format!("{operation}_{}", connection.key), call(connection, operation, &parameters));
    }
    for (number, action) in flow.actions.iter().enumerate() {
        if let Some(connection) = connections.iter().find(|connection| connection.key == action.connection) {
            let parameters = json!(action.parameters);
            add(format!("{}_{number}", action.operation), call(connection, &action.operation, &parameters));
        }
    }
    for (name, id) in children {
        let action = json!({ "type": "Workflow", "inputs": { "host": { "workflowReferenceName": id } } });
        add(format!("Run_{}", name.replace(' ', "_")), action);
    }
    if flow.trigger == "Skills" {
        let response = json!({ "type": "Response", "kind": "Skills", "inputs": { "statusCode": 200, "body": {} } });
        add("Respond_to_the_agent".to_owned(), response);
    }
    if flow.padding > 0 {
        add("Notes".to_owned(), json!({ "type": "Compose", "inputs": "x".repeat(flow.padding) }));
    }
    let (trigger_name, trigger) = trigger(&flow.trigger, connections);
    json!({
        "properties": {
            "connectionReferences": references,
            "definition": {
                "$schema": "https://schema.management.azure.com/providers/Microsoft.Logic/schemas/2016-06-01/workflowdefinition.json#",
                "contentVersion": "1.0.0.0",
                "parameters": parameters(flow),
                "triggers": { trigger_name: trigger },
                "actions": actions,
            },
            "templateName": null,
        },
        "schemaVersion": "1.0.0.0",
    })
    .to_string()
}

/// What a flow's definition declares: its connections, and each environment variable that an action names
/// (exported flows: `@parameters('Site address (contoso_SiteAddress)')` with the schema name in its metadata).
fn parameters(flow: &FlowSeed) -> Value {
    let mut declared = json!({
        "$connections": { "defaultValue": {}, "type": "Object" },
        "$authentication": { "defaultValue": {}, "type": "SecureObject" },
    });
    for value in flow.actions.iter().flat_map(|action| action.parameters.values()) {
        let named = value.strip_prefix("@parameters('").and_then(|text| text.strip_suffix("')"));
        let schema_name = named.and_then(|name| name.strip_suffix(')')?.rsplit_once('(')).map(|(_, name)| name);
        if let (Some(name), Some(schema_name)) = (named, schema_name) {
            declared[name] = json!({ "type": "String", "metadata": { "schemaName": schema_name } });
        }
    }
    declared
}

fn reference(connection: &Connection<'_>) -> Value {
    let mut value = json!({
        "runtimeSource": if connection.mode == ConnectionMode::Invoker { "invoker" } else { "embedded" },
        "connection": connection
            .reference
            .map_or_else(|| json!({}), |name| json!({ "connectionReferenceLogicalName": name })),
        "api": { "name": connection.connector },
    });
    match connection.mode {
        ConnectionMode::Embedded | ConnectionMode::Invoker => {}
        ConnectionMode::EmbeddedEmpty => value["impersonation"] = json!({}),
        ConnectionMode::Impersonated => value["impersonation"] = json!({ "source": "invoker" }),
    }
    value
}

fn usual_operation(connector: &str) -> (&'static str, Value) {
    match connector {
        DATAVERSE => ("ListRecords", json!({ "entityName": "contacts", "$select": "fullname" })),
        "shared_sharepointonline" => {
            ("PostItem", json!({ "dataset": "https://contoso.sharepoint.com/sites/expenses", "table": "Expenses" }))
        }
        "shared_office365" => {
            ("SendEmailV2", json!({ "emailMessage/To": "finance@contoso.com", "emailMessage/Subject": "Expense" }))
        }
        _ => ("Invoke", json!({})),
    }
}

fn call(connection: &Connection<'_>, operation: &str, parameters: &Value) -> Value {
    json!({
        "type": "OpenApiConnection",
        "inputs": {
            "host": {
                "apiId": format!("/providers/Microsoft.PowerApps/apis/{}", connection.connector),
                "connectionName": connection.key,
                "operationId": operation,
            },
            "parameters": parameters,
            "authentication": "@parameters('$authentication')",
        },
    })
}

fn trigger(kind: &str, connections: &[Connection<'_>]) -> (&'static str, Value) {
    match kind {
        "Recurrence" => {
            ("Recurrence", json!({ "type": "Recurrence", "recurrence": { "frequency": "Day", "interval": 1 } }))
        }
        "Dataverse" => {
            let key = connections
                .iter()
                .find(|connection| connection.connector == DATAVERSE)
                .map_or(DATAVERSE, |connection| connection.key);
            let trigger = json!({
                "type": "OpenApiConnectionWebhook",
                "inputs": {
                    "host": {
                        "apiId": format!("/providers/Microsoft.PowerApps/apis/{DATAVERSE}"),
                        "connectionName": key,
                        "operationId": "SubscribeWebhookTrigger",
                    },
                    "parameters": {
                        "subscriptionRequest/message": 1,
                        "subscriptionRequest/entityname": "account",
                        "subscriptionRequest/scope": 4,
                    },
                    "authentication": "@parameters('$authentication')",
                },
            });
            ("When_a_row_is_added", trigger)
        }
        _ => {
            let schema = json!({ "type": "object", "properties": {}, "required": [] });
            ("manual", json!({ "type": "Request", "kind": kind, "inputs": { "schema": schema } }))
        }
    }
}
