//! The Flow service, as far as the administrator's list of flows goes.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::answer::Answer;
use super::fault::Fault;
use super::provider::{Access, Request};
use super::token::Claims;

/// How many flows a page has (reported by the Center of Excellence starter kit).
const PAGE: usize = 250;

/// A flow in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlowRow {
    /// The service's own id of the flow.
    pub name: String,
    /// The name that people see.
    pub display_name: String,
    /// `Started`, `Stopped` or `Suspended`.
    pub state: String,
    /// Who made it, by object id.
    #[serde(default)]
    pub creator: Option<Uuid>,
    /// The row in Dataverse; a flow outside of solutions has none.
    #[serde(default)]
    pub workflow: Option<WorkflowIds>,
}

/// The row of a flow in Dataverse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkflowIds {
    /// `workflowid`.
    pub id: Uuid,
    /// `workflowidunique`.
    pub unique: Uuid,
    /// Whether a managed solution brought it.
    #[serde(default)]
    pub is_managed: bool,
}

/// Answers a request of the token's bearer; `flows_of` returns an environment's flows, or nothing if there is no such environment.
pub fn handle(
    request: Request<'_>,
    access: &Access,
    claims: &Claims,
    flows_of: impl FnOnce(&str) -> Option<Vec<FlowRow>>,
) -> Answer {
    let segments = request.segments_below("Microsoft.ProcessSimple").unwrap_or_default();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    match (request.method, segments.as_slice()) {
        ("GET", ["scopes", "admin", "environments", environment, "v2", "flows"]) => {
            list(request, environment, access, claims, flows_of).into()
        }
        (_, ["environments", ..]) if claims.appid.is_some() => Answer::from(no_makers()),
        // Recorded of a path that no service has: no body.
        _ => Answer::empty(404).with_header("x-servicefabric", "ResourceNotFound"),
    }
}

fn list(
    request: Request<'_>,
    environment: &str,
    access: &Access,
    claims: &Claims,
    flows_of: impl FnOnce(&str) -> Option<Vec<FlowRow>>,
) -> Result<Answer, Fault> {
    request.require_version(&["2016-11-01"])?;
    // The same answer for one who may not see it and for one that is not there (recorded by public clients).
    let denied =
        || Fault::new(403, "EnvironmentAccessDenied", format!("Access to the environment '{environment}' is denied."));
    if !access.is_administrator(claims) {
        return Err(denied());
    }
    let flows = flows_of(environment).ok_or_else(denied)?;
    let parameters = request.parameters();
    let size = match parameters.get("$top") {
        None => PAGE,
        Some(top) => top.parse().ok().filter(|top| (1..=PAGE).contains(top)).ok_or_else(|| invalid("$top", top))?,
    };
    let start = match parameters.get("$skiptoken") {
        None => 0,
        Some(token) => token.parse().map_err(|_| invalid("$skiptoken", token))?,
    };
    let page: Vec<Value> =
        flows.iter().skip(start).take(size).map(|flow| flow.to_json(environment, claims.tid)).collect();
    let mut body = json!({ "value": page });
    if start + size < flows.len() {
        let kept = request.query.split('&').filter(|pair| !pair.contains("skiptoken="));
        let query: Vec<&str> = kept.collect();
        let next = format!("{}{}?{}&%24skiptoken={}", request.root, request.path, query.join("&"), start + size);
        body["nextLink"] = json!(next);
    }
    Ok(Answer::json(200, body))
}

impl FlowRow {
    // Neither definition nor connection references here (recorded: administrator's list of flows, version 2).
    fn to_json(&self, environment: &str, tenant: Uuid) -> Value {
        let base = format!("/providers/Microsoft.ProcessSimple/environments/{environment}");
        let mut properties = json!({
            "apiId": "/providers/Microsoft.PowerApps/apis/shared_logicflows",
            "displayName": self.display_name,
            "state": self.state,
            "createdTime": "2026-01-05T08:00:00Z",
            "lastModifiedTime": "2026-01-05T08:00:00Z",
            "flowSuspensionReason": "None",
            "environment": { "name": environment, "type": "Microsoft.ProcessSimple/environments", "id": base },
            "creator": match self.creator {
                Some(id) => json!({ "tenantId": tenant, "objectId": id, "userId": id, "userType": "ActiveDirectory" }),
                None => json!({ "tenantId": tenant, "userType": "DataverseSystemUser" }),
            },
            "flowFailureAlertSubscribed": false,
        });
        // Absent of a flow outside of Dataverse (sample of a public client).
        if let Some(workflow) = self.workflow {
            properties["workflowEntityId"] = json!(workflow.id);
            properties["workflowUniqueId"] = json!(workflow.unique);
            properties["isManaged"] = json!(workflow.is_managed);
        }
        json!({
            "name": self.name,
            "id": format!("{base}/flows/{}", self.name),
            "type": "Microsoft.ProcessSimple/environments/flows",
            "properties": properties,
        })
    }
}

// Applications may use the administrator's paths only (text reported in an issue of a public client; code inferred).
fn no_makers() -> Fault {
    Fault::new(403, "ClientScopeAuthorizationFailed", "The x-ms-client-scope header must not be null or empty.")
}

fn invalid(name: &str, value: &str) -> Fault {
    Fault::new(400, "InvalidRequestParameter", format!("The value '{value}' of '{name}' is not valid."))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const ADMIN: Uuid = Uuid::from_u128(1);
    const ROOT: &str = "https://api.flow.microsoft.com";
    const PATH: &str = "/providers/Microsoft.ProcessSimple/scopes/admin/environments/prod/v2/flows";

    fn claims(oid: Uuid) -> Claims {
        Claims {
            aud: String::new(),
            iss: String::new(),
            iat: 0,
            nbf: 0,
            exp: 1,
            tid: Uuid::from_u128(9),
            oid,
            appid: Some(Uuid::from_u128(40)),
            upn: None,
            idtyp: "app".to_owned(),
            ver: "1.0".to_owned(),
        }
    }

    fn ask(oid: Uuid, path: &str, query: &str) -> Answer {
        let access = Access { administrators: BTreeSet::from([ADMIN]) };
        let request = Request { method: "GET", path, query, body: None, root: ROOT };
        handle(request, &access, &claims(oid), |environment| {
            let flow = |number: u128| FlowRow {
                name: Uuid::from_u128(number).to_string(),
                display_name: format!("Flow {number}"),
                state: "Started".to_owned(),
                creator: Some(ADMIN),
                workflow: number.is_multiple_of(2).then(|| WorkflowIds {
                    id: Uuid::from_u128(number),
                    unique: Uuid::from_u128(number + 1000),
                    is_managed: false,
                }),
            };
            (environment == "prod").then(|| (0..501).map(flow).collect())
        })
    }

    #[test]
    fn flows_come_in_pages_of_250_behind_next_links() {
        let mut query = "api-version=2016-11-01".to_owned();
        let mut sizes = Vec::new();
        loop {
            let body = ask(ADMIN, PATH, &query).body.unwrap();
            sizes.push(body["value"].as_array().unwrap().len());
            match body["nextLink"].as_str() {
                Some(next) => {
                    query = next.strip_prefix(&format!("{ROOT}{PATH}?")).unwrap().to_owned();
                }
                None => break,
            }
        }
        assert_eq!(sizes, [250, 250, 1]);
    }

    #[test]
    fn a_flow_outside_of_dataverse_has_no_row_there() {
        let body = ask(ADMIN, PATH, "api-version=2016-11-01").body.unwrap();
        assert_eq!(body["value"][0]["properties"]["workflowEntityId"], json!(Uuid::from_u128(0)));
        assert_eq!(body["value"][1]["properties"].get("workflowEntityId"), None);
        assert_eq!(body["value"][1]["properties"].get("connectionReferences"), None);
    }

    #[test]
    fn what_may_not_be_seen_and_what_is_not_there_are_denied_alike() {
        let code = |answer: Answer| (answer.status, answer.body.unwrap()["error"]["code"].as_str().unwrap().to_owned());
        let denied = (403, "EnvironmentAccessDenied".to_owned());
        assert_eq!(code(ask(Uuid::from_u128(2), PATH, "api-version=2016-11-01")), denied);
        assert_eq!(code(ask(ADMIN, &PATH.replace("prod", "none"), "api-version=2016-11-01")), denied);
        assert_eq!(code(ask(ADMIN, PATH, "")).1, "MissingApiVersionParameter");
    }

    #[test]
    fn applications_have_no_maker_paths_and_unknown_paths_have_no_body() {
        let maker = ask(ADMIN, "/providers/Microsoft.ProcessSimple/environments/prod/flows", "api-version=2016-11-01");
        assert!(maker.body.unwrap().to_string().contains("x-ms-client-scope"));
        assert_eq!(ask(ADMIN, "/providers/Microsoft.PowerApps/x", "").body, None);
    }
}
