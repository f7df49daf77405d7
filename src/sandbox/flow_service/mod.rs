//! The Flow service: environments, lists of flows, flows with their connections, and who may use them.

mod as_whom;
mod detail;
mod environments;
mod flow;
mod kept;
mod refusals;
pub mod row;
mod scope;
mod sharing;
mod state;

use serde_json::{Value, json};
use uuid::Uuid;

use super::answer::Answer;
use super::claims::Claims;
use super::fault::Fault;
use super::provider::{Request, invalid};
use super::tenant::Tenant;
use refusals::no_makers;
use row::FlowRow;
use scope::{Scope, Which};

/// How many flows a page has (reported by the Center of Excellence starter kit).
const PAGE: usize = 250;

/// Answers a request of the token's bearer.
pub(super) fn handle(tenant: &mut Tenant, request: Request<'_>, claims: &Claims) -> Answer {
    let segments = request.segments_below("Microsoft.ProcessSimple").unwrap_or_default();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let (scope, rest) = match segments.as_slice() {
        ["scopes", "admin", rest @ ..] => (Scope::Admin, rest),
        rest => (Scope::Maker, rest),
    };
    match (request.method, scope, rest) {
        ("GET", _, ["environments"]) => environments::all(tenant, request, claims, scope),
        ("GET", _, ["environments", environment]) => environments::one(tenant, request, claims, scope, environment),
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
        Scope::Admin => {
            // Both forms of asking for deleted flows too, of which there are none (Swagger of the connector; a public client).
            let known = ["expandSuspensionInfo", "includeSoftDeletedFlows", "include", "$top", "$skiptoken"];
            request.refuse_others(&known)?;
            if let Some(other) = request.parameters().get("include").filter(|include| *include != "softDeletedFlows") {
                return Err(invalid("include", other));
            }
            flow::all(tenant, environment)
        }
        Scope::Maker => {
            request.refuse_others(&["$filter", "include", "$top", "$skiptoken"])?;
            let parameters = request.parameters();
            let which = match parameters.get("$filter").map(String::as_str) {
                None => Which::Both,
                Some("search('personal')") => Which::Personal,
                Some("search('team')") => Which::Team,
                Some(other) => return Err(invalid("$filter", other)),
            };
            let with_solutions = match parameters.get("include").map(String::as_str) {
                None => false,
                Some("includeSolutionCloudFlows") => true,
                Some(other) => return Err(invalid("include", other)),
            };
            let mut flows = flow::own(tenant, environment, claims, which);
            flows.retain(|flow| with_solutions || flow.workflow.is_none());
            flows
        }
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
