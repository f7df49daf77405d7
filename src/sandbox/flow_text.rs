//! What the text of a flow says: its connections and whose they are, its triggers, its actions, the flows that it calls.

use serde_json::{Value, json};
use uuid::Uuid;

use super::fault::Fault;
use super::odata::Row;
use super::organization::{derived, row_of, text};
use super::roles::managed_property;

/// Where a flow's row keeps the text that it still runs with, while another one was written.
pub(super) const RUNNING_TEXT: &str = "sandbox:runningtext";

/// The Dataverse connector of today.
pub(super) const DATAVERSE: &str = "shared_commondataserviceforapps";

/// What the columns of a new flow hold unless something else is written (recorded: a flow that was created and returned whole).
pub(super) fn usual_columns(key: Uuid) -> Row {
    row_of(json!({
        "category": 5, "type": 1, "modernflowtype": 0, "scope": 4, "runas": 1, "mode": 0, "primaryentity": "none", "ondemand": false,
        "subprocess": false, "introducedversion": "1.0", "workflowidunique": derived(key, "unique"), "businessprocesstype": 0,
        "iscrmuiworkflow": false, "istransacted": true, "trustedaccess": false, "clientdataiscompressed": false,
        "asyncautodelete": false, "triggeroncreate": false, "triggerondelete": false, "syncworkflowlogonfailure": false,
        "planverified": false, "overwritetime": "1900-01-01T00:00:00Z",
        "iscustomprocessingstepallowedforotherpublishers": managed_property("canbedeleted", true),
    }))
}

/// The text of a flow, read.
pub(super) struct Text(pub(super) Value);

impl Text {
    /// Reads a text, which has at least a definition and connections.
    pub(super) fn parse(clientdata: &str) -> Result<Self, Fault> {
        let value: Value = serde_json::from_str(clientdata).map_err(|_| invalid_format())?;
        let properties = &value["properties"];
        if !properties["definition"].is_object() || !properties["connectionReferences"].is_object() {
            return Err(invalid_format());
        }
        Ok(Self(value))
    }

    /// Lists its connections by key.
    pub(super) fn references(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.0["properties"]["connectionReferences"].as_object().into_iter().flatten()
    }

    /// Says whether a connection is the caller's, in either of its two shapes (measured on published flows).
    pub(super) fn is_callers(reference: &Value) -> bool {
        let word = |value: &Value| value.as_str().map(str::to_ascii_lowercase);
        word(&reference["runtimeSource"]).as_deref() == Some("invoker")
            || word(&reference["impersonation"]["source"]).as_deref() == Some("invoker")
    }

    /// Says whether a connection is the caller's.
    pub(super) fn has_callers_connection(&self) -> bool {
        self.references().any(|(_, reference)| Self::is_callers(reference))
    }

    /// Lists the keys of Dataverse connections that act for the caller.
    pub(super) fn impersonating(&self) -> Vec<&String> {
        self.references()
            .filter(|(_, reference)| {
                reference["api"]["name"] == DATAVERSE
                    && reference["impersonation"]["source"].as_str() == Some("invoker")
            })
            .map(|(key, _)| key)
            .collect()
    }

    /// Lists the kinds of its triggers.
    pub(super) fn trigger_kinds(&self) -> Vec<&str> {
        let triggers = self.0["properties"]["definition"]["triggers"].as_object();
        triggers.into_iter().flatten().filter_map(|(_, trigger)| trigger["kind"].as_str()).collect()
    }

    /// Says whether somebody can call it: a `Request` trigger, whatever its kind.
    pub(super) fn has_request_trigger(&self) -> bool {
        let triggers = self.0["properties"]["definition"]["triggers"].as_object();
        triggers.into_iter().flatten().any(|(_, trigger)| trigger["type"] == "Request")
    }

    /// Lists all actions, also those inside of scopes, loops, conditions and cases.
    pub(super) fn actions(&self) -> Vec<&Value> {
        let mut found = Vec::new();
        let mut open = vec![&self.0["properties"]["definition"]];
        while let Some(scope) = open.pop() {
            for (_, action) in scope["actions"].as_object().into_iter().flatten() {
                found.push(action);
                open.push(action);
                open.extend([&action["else"], &action["default"]]);
                open.extend(action["cases"].as_object().into_iter().flatten().map(|(_, case)| case));
            }
        }
        found
    }

    /// Lists the flows that it calls.
    pub(super) fn children(&self) -> Vec<Uuid> {
        self.actions()
            .into_iter()
            .filter(|action| action["type"] == "Workflow")
            .filter_map(|action| Uuid::try_parse(action["inputs"]["host"]["workflowReferenceName"].as_str()?).ok())
            .collect()
    }
}

fn invalid_format() -> Fault {
    Fault::new(400, "0x80060468", "Flow clientdata is in invalid format.")
}

/// Says that a flow cannot be called by another (recorded in issues of a public kit).
pub(super) fn child_with_callers_connection(key: Uuid, row: &Row) -> Fault {
    let text = format!(
        "The workflow with id '{key}', name {} cannot be used as a child workflow because child workflows only support embedded \
         connections.",
        text(row, "name").unwrap_or_default()
    );
    flow_error(400, "ChildFlowUnsupportedForInvokerConnections", &text)
}

/// Wraps a refusal of the Flow service as Dataverse does: the outer sentence is recorded, the inner object is the service's.
pub(super) fn flow_error(status: u16, code: &str, message: &str) -> Fault {
    let inner = json!({ "error": { "code": code, "message": message } });
    Fault::new(
        status,
        "0x80060467",
        format!("Flow client error returned with status code \"BadRequest\" and details \"{inner}\"."),
    )
}
