//! The Flow service: environments, lists of flows, flows with their connections, and who may use them.

mod detail;
mod flow;
mod sharing;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::answer::Answer;
use super::bap::BapEnvironment;
use super::fault::Fault;
use super::provider::Request;
use super::tenant::Tenant;
use super::token::Claims;
use flow::Scope;

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
    /// The row of the user in Dataverse who owns it; SYSTEM has this and no object id.
    #[serde(default)]
    pub system_user: Option<Uuid>,
    /// Who else may use it; of a flow in Dataverse the shares of its row say that.
    #[serde(default)]
    pub grants: Vec<Grant>,
    /// The row in Dataverse; a flow outside of solutions has none.
    #[serde(default)]
    pub workflow: Option<WorkflowIds>,
}

/// Somebody who may use a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// The object id in the directory.
    pub principal: Uuid,
    /// What it is the id of.
    pub kind: PrincipalKind,
    /// What it may do.
    pub role: GrantRole,
}

/// What the service takes as a principal of a flow (Swagger of the connector: these two).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PrincipalKind {
    /// A person.
    User,
    /// A group.
    Group,
}

/// What somebody may do with a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum GrantRole {
    /// Everything; there is one.
    Owner,
    /// Everything too: a co-owner.
    CanEdit,
    /// Run it; that this is the run-only user is said by users, not by Microsoft.
    CanView,
}

impl PrincipalKind {
    const fn word(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
        }
    }

    fn named(word: &str) -> Option<Self> {
        [Self::User, Self::Group].into_iter().find(|kind| kind.word() == word)
    }
}

impl GrantRole {
    const fn word(self) -> &'static str {
        match self {
            Self::Owner => "Owner",
            Self::CanEdit => "CanEdit",
            Self::CanView => "CanView",
        }
    }

    /// Reads a role that can be given; nobody is made an owner.
    fn given(word: &str) -> Option<Self> {
        [Self::CanEdit, Self::CanView].into_iter().find(|role| role.word() == word)
    }
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

/// Answers a request of the token's bearer.
pub(super) fn handle(tenant: &mut Tenant, request: Request<'_>, claims: &Claims) -> Answer {
    let segments = request.segments_below("Microsoft.ProcessSimple").unwrap_or_default();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let (scope, rest) = match segments.as_slice() {
        ["scopes", "admin", rest @ ..] => (Scope::Admin, rest),
        rest => (Scope::Maker, rest),
    };
    match (request.method, scope, rest) {
        ("GET", _, ["environments"]) => environments(tenant, request, claims, scope),
        ("GET", _, ["environments", environment]) => environment_of(tenant, request, claims, scope, environment),
        (
            "GET",
            Scope::Admin,
            ["environments", environment, "v2", "flows"] | ["environments", environment, "flows"],
        ) => list(tenant, request, environment, claims, scope),
        ("GET", Scope::Maker, ["environments", environment, "flows"]) => {
            list(tenant, request, environment, claims, scope)
        }
        (_, _, ["environments", environment, "flows", name, rest @ ..]) if rest.len() < 2 => {
            flow::one(tenant, request, claims, scope, (environment, name), rest)
        }
        (_, Scope::Maker, ["environments", ..]) if claims.appid.is_some() => Err(no_makers()),
        // Recorded of a path that no service has: no body.
        _ => Ok(Answer::empty(404).with_header("x-servicefabric", "ResourceNotFound")),
    }
    .into()
}

/// The versions of the public clients.
const VERSIONS: [&str; 1] = ["2016-11-01"];

fn environments(tenant: &Tenant, request: Request<'_>, claims: &Claims, scope: Scope) -> Result<Answer, Fault> {
    request.require_version(&VERSIONS)?;
    match scope {
        Scope::Maker if claims.appid.is_some() => return Err(no_makers()),
        Scope::Admin if !tenant.access.is_administrator(claims) => return Err(denied("*")),
        Scope::Maker | Scope::Admin => {}
    }
    let value: Vec<Value> = tenant.environments.values().map(environment).collect();
    Ok(Answer::json(200, json!({ "value": value })))
}

fn environment_of(
    tenant: &Tenant,
    request: Request<'_>,
    claims: &Claims,
    scope: Scope,
    name: &str,
) -> Result<Answer, Fault> {
    request.require_version(&VERSIONS)?;
    flow::admit(tenant, scope, name, claims)?;
    let found = tenant.environments.get(name).map(environment);
    found.map(|body| Answer::json(200, body)).ok_or_else(|| denied(name))
}

// Shape: what a public client reads of its list of environments.
fn environment(environment: &BapEnvironment) -> Value {
    json!({
        "name": environment.name,
        "id": format!("/providers/Microsoft.ProcessSimple/environments/{}", environment.name),
        "type": "Microsoft.ProcessSimple/environments",
        "properties": {
            "displayName": environment.display_name,
            "isDefault": environment.is_default,
            "environmentSku": environment.sku,
            "provisioningState": "Succeeded",
        },
    })
}

/// The same answer for one who may not see it and for one that is not there (recorded by public clients).
fn denied(environment: &str) -> Fault {
    Fault::new(403, "EnvironmentAccessDenied", format!("Access to the environment '{environment}' is denied."))
}

fn list(
    tenant: &Tenant,
    request: Request<'_>,
    environment: &str,
    claims: &Claims,
    scope: Scope,
) -> Result<Answer, Fault> {
    request.require_version(&VERSIONS)?;
    flow::admit(tenant, scope, environment, claims)?;
    let flows = match scope {
        Scope::Admin => flow::all(tenant, environment),
        Scope::Maker => flow::own(tenant, environment, claims, &request.parameters())?,
    };
    page(&flows, request, environment, claims.tid)
}

fn page(flows: &[FlowRow], request: Request<'_>, environment: &str, tid: Uuid) -> Result<Answer, Fault> {
    let parameters = request.parameters();
    let size = match parameters.get("$top") {
        None => PAGE,
        Some(top) => top.parse().ok().filter(|top| (1..=PAGE).contains(top)).ok_or_else(|| invalid("$top", top))?,
    };
    let start = match parameters.get("$skiptoken") {
        None => 0,
        Some(token) => token.parse().map_err(|_| invalid("$skiptoken", token))?,
    };
    let page: Vec<Value> = flows.iter().skip(start).take(size).map(|flow| flow.to_json(environment, tid)).collect();
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
                None => match self.system_user {
                    Some(row) => json!({ "tenantId": tenant, "objectId": row, "userId": row, "userType": "DataverseSystemUser" }),
                    None => json!({ "tenantId": tenant, "userType": "DataverseSystemUser" }),
                },
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
    use super::*;

    const ROOT: &str = "https://api.flow.microsoft.com";
    const PATH: &str = "/providers/Microsoft.ProcessSimple/scopes/admin/environments/prod/v2/flows";

    #[test]
    fn flows_come_in_pages_of_250_behind_next_links() {
        let flow = |number: u128| FlowRow {
            name: Uuid::from_u128(number).to_string(),
            display_name: format!("Flow {number}"),
            state: "Started".to_owned(),
            creator: None,
            system_user: None,
            grants: Vec::new(),
            workflow: None,
        };
        let flows: Vec<FlowRow> = (0..501).map(flow).collect();
        let mut query = "api-version=2016-11-01".to_owned();
        let mut sizes = Vec::new();
        loop {
            let request = Request { method: "GET", path: PATH, query: &query, body: None, root: ROOT };
            let body = page(&flows, request, "prod", Uuid::nil()).unwrap().body.unwrap();
            sizes.push(body["value"].as_array().unwrap().len());
            match body["nextLink"].as_str() {
                Some(next) => query = next.strip_prefix(&format!("{ROOT}{PATH}?")).unwrap().to_owned(),
                None => break,
            }
        }
        assert_eq!(sizes, [250, 250, 1]);
    }
}
