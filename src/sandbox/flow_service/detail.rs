//! One flow in full: its definition, a summary of it, and its connections (recorded: details of five flows for administrators).

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::kept::{organization, rows};
use super::scope::Kept;
use crate::sandbox::flow_text::Text;
use crate::sandbox::odata::Row;
use crate::sandbox::organization::{Organization, is_set, text};
use crate::sandbox::tenant::Tenant;

/// When everything here was made and changed.
const MOMENT: &str = "2026-01-05T08:00:00.0000000Z";

/// Writes a flow with its definition and connections.
pub(super) fn detail(tenant: &Tenant, environment: &str, kept: Kept, tid: Uuid) -> Value {
    let (row, key) = match kept {
        Kept::Personal(index) => {
            (tenant.personal_flows.get(environment).and_then(|flows| flows.get(index)).cloned(), None)
        }
        Kept::Row(key) => {
            let found = organization(tenant, environment)
                .and_then(|organization| rows(organization).find(|row| row.workflow.is_some_and(|ids| ids.id == key)));
            (found, Some(key))
        }
    };
    let Some(row) = row else { return Value::Null };
    let mut written = row.to_json(environment, tid);
    let properties = &mut written["properties"];
    properties["userType"] = json!("Owner");
    properties["connectionReferences"] = json!({});
    // A public client reads it of every flow; the definition of one outside of Dataverse is not kept.
    properties["definitionSummary"] = json!({ "triggers": [], "actions": [] });
    let Some((organization, key)) = organization(tenant, environment).zip(key) else { return written };
    // It says where sharing lives, not that it is shared (recorded of five flows).
    properties["sharingType"] = json!("CommonDataService");
    // The row of the user: one without an object id is named by it alone (recorded; that it is the row's id is inferred).
    if let Some(user) = row.system_user {
        properties["owningUser"] = json!({ "id": user });
    }
    if let Some(object) = row.creator {
        properties["owningUser"]["azureActiveDirectoryObjectId"] = json!(object);
    }
    let flow = organization.row("workflow", key);
    component(properties, flow, key);
    let Some(text) = flow.and_then(|row| text(row, "clientdata")).and_then(|source| Text::parse(source).ok()) else {
        return written;
    };
    let definition = &text.0["properties"]["definition"];
    properties["definition"] = definition.clone();
    properties["definitionSummary"] = summary(definition);
    if let Some(schema) = trigger_schema(definition) {
        properties["triggerSchema"] = schema.clone();
    }
    let references: Map<String, Value> =
        text.references().map(|(name, reference)| (name.clone(), connection(organization, reference))).collect();
    properties["connectionReferences"] = Value::Object(references);
    written
}

/// What every component of a solution has here; two properties are missing of managed flows (recorded).
fn component(properties: &mut Value, flow: Option<&Row>, key: Uuid) {
    properties["referencedResources"] = json!([]);
    properties["componentState"] = json!("Published");
    properties["isCustomizable"] = json!({
        "value": flow.and_then(|flow| flow.get("iscustomizable")).is_some_and(|property| property["Value"] == true),
        "canBeChanged": true,
        "managedPropertyLogicalName": "iscustomizableanddeletable",
    });
    properties["machineDescriptionData"] = json!({});
    properties["flowOpenAiData"] = json!({ "isConsequential": false, "isConsequentialFlagOverwritten": false });
    if !flow.is_some_and(|flow| is_set(flow, "ismanaged")) {
        properties["provisioningMethod"] = json!("FromDefinition");
        properties["resourceId"] = json!(key);
    }
}

/// What the trigger of a flow that people or agents start takes.
fn trigger_schema(definition: &Value) -> Option<&Value> {
    let mut triggers = definition["triggers"].as_object()?.values();
    triggers.find(|trigger| trigger["type"] == "Request").map(|trigger| &trigger["inputs"]["schema"])
}

/// Lists triggers and actions, those inside of other actions too (recorded: as many as there are in all).
fn summary(definition: &Value) -> Value {
    let list = |name: &str| -> Vec<Value> {
        let mut found = Vec::new();
        gather(&definition[name], &mut found);
        found
    };
    let mut summary = json!({ "triggers": list("triggers"), "actions": list("actions") });
    if let Some(description) = definition["description"].as_str() {
        summary["description"] = json!(description);
    }
    summary
}

fn gather(steps: &Value, found: &mut Vec<Value>) {
    for step in steps.as_object().into_iter().flat_map(Map::values).filter(|step| step.is_object()) {
        let mut line = json!({ "type": step["type"] });
        for name in ["kind", "metadata"] {
            if let Some(value) = step.get(name) {
                line[name] = value.clone();
            }
        }
        let host = &step["inputs"]["host"];
        if let Some(operation) = host["operationId"].as_str() {
            line["swaggerOperationId"] = json!(operation);
        }
        if let Some(identifier) = host["apiId"].as_str() {
            let name = identifier.rsplit('/').next();
            line["api"] = json!({ "name": name, "id": identifier, "type": "/providers/Microsoft.PowerApps/apis" });
        }
        found.push(line);
        let cases = step["cases"].as_object().into_iter().flat_map(Map::values);
        let inner = [step, &step["else"], &step["default"]].into_iter().chain(cases);
        inner.for_each(|inner| gather(&inner["actions"], found));
    }
}

/// Writes a connection. `impersonation` is shown of the Dataverse connector alone, where it is the true mode (recorded).
fn connection(organization: &Organization, reference: &Value) -> Value {
    let api = reference["api"]["name"].as_str().unwrap_or_default();
    let identifier = format!("/providers/Microsoft.PowerApps/apis/{api}");
    let name = api.trim_start_matches("shared_");
    let source = if reference["runtimeSource"].as_str().is_some_and(|word| word.eq_ignore_ascii_case("invoker")) {
        "Invoker"
    } else {
        "Embedded"
    };
    let address = format!("https://{}.01.common.europe.azure-apihub.net/apim/{name}", Uuid::nil());
    let mut written = json!({
        "source": source, "id": identifier, "apiName": name, "displayName": api, "tier": "NotSpecified",
        "iconUri": format!("https://static.powerapps.com/resource/ppcr/releases/v1.0.1811/1.0.1811.4743/{name}/icon.png"),
        "brandColor": "#4f6bed",
        "isProcessSimpleApiReferenceConversionAlreadyDone": false,
        "apiDefinition": {
            "name": api, "id": identifier, "type": "/providers/Microsoft.PowerApps/apis",
            "properties": {
                "displayName": api, "tier": "NotSpecified", "isCustomApi": false, "capabilities": ["triggers", "actions"],
                "runtimeUrls": [address], "primaryRuntimeUrl": address, "createdTime": MOMENT, "changedTime": MOMENT,
            },
        },
    });
    if let Some(impersonation) = reference.get("impersonation") {
        written["impersonation"] = impersonation.clone();
    }
    // Both are missing of what is not bound (recorded).
    if let Some(name) = reference["connection"]["connectionReferenceLogicalName"].as_str() {
        written["connectionReferenceLogicalName"] = json!(name);
        let wanted = json!(name);
        let bound = organization.find("connectionreference", "connectionreferencelogicalname", &wanted).next();
        if let Some(connection) = bound.and_then(|(_, row)| text(row, "connectionid")) {
            written["connectionName"] = json!(connection);
        }
    } else if let Some(name) = reference["connection"]["name"].as_str() {
        written["connectionName"] = json!(name);
    }
    written
}
