//! The Power Apps service, as far as clients list environments and connections with it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use uuid::Uuid;

use super::answer::Answer;
use super::bap::BapEnvironment;
use super::claims::Claims;
use super::fault::Fault;
use super::organization::{Organization, id, text};
use super::provider::{Request, invalid};
use super::tenant::Tenant;

/// The versions of the public clients.
const VERSIONS: [&str; 4] = ["2016-11-01", "2017-06-01", "2017-08-01", "2020-07-01"];

/// A connection: what stands behind connection references.
struct Connection {
    name: String,
    connector: String,
    owner: Option<Uuid>,
}

/// Answers a request of the token's bearer.
pub(super) fn handle(tenant: &Tenant, request: Request<'_>, claims: &Claims) -> Answer {
    let Some(segments) = request.segments_below("Microsoft.PowerApps") else {
        return nothing_there();
    };
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    answer(tenant, request, claims, &segments).into()
}

fn answer(tenant: &Tenant, request: Request<'_>, claims: &Claims, segments: &[&str]) -> Result<Answer, Fault> {
    request.require_version(&VERSIONS)?;
    match (request.method, segments) {
        ("GET", ["environments"]) => {
            let own = tenant.environments.values().filter(|environment| is_in(tenant, environment, claims));
            list(request, own.map(environment).collect(), &[])
        }
        ("GET", ["environments", name]) => {
            let found = tenant.environments.values().filter(|environment| is_in(tenant, environment, claims));
            let mut found = found
                .filter(|environment| environment.name == *name || (*name == "~default" && environment.is_default));
            Ok(Answer::json(200, environment(found.next().ok_or_else(|| denied(name))?)))
        }
        // A tenant without apps; none can be made here.
        ("GET", ["apps"]) => list(request, Vec::new(), &["$filter", "$expand", "$top", "$skiptoken"]),
        ("GET", ["scopes", "admin", "environments", name, "apps"]) => {
            administers(tenant, request, claims)?;
            tenant.environments.get(*name).ok_or_else(|| denied(name))?;
            list(request, Vec::new(), &["$filter", "$expand", "$top", "$skiptoken"])
        }
        ("GET", ["scopes", "admin", "environments", name, "connections"]) => {
            administers(tenant, request, claims)?;
            let environment = tenant.environments.get(*name).ok_or_else(|| denied(name))?;
            let all = connections(tenant, environment).into_iter();
            let value = all.map(|connection| shown(tenant, environment, &connection, "/scopes/admin")).collect();
            // Recorded with this header, whatever it tells the gateway.
            Ok(list(request, value, &["$top", "$skiptoken"])?.with_header("x-servicefabric", "NoRetry"))
        }
        ("GET", ["connections"] | ["apis", _, "connections"]) => {
            let connector = if let ["apis", connector, ..] = segments { Some(*connector) } else { None };
            let name = environment_of(request)?;
            let environment = tenant.environments.get(&name).filter(|environment| is_in(tenant, environment, claims));
            let environment = environment.ok_or_else(|| denied(&name))?;
            // Those of the bearer: what others share is not kept here.
            let own =
                connections(tenant, environment).into_iter().filter(|connection| connection.owner == Some(claims.oid));
            let own = own.filter(|connection| connector.is_none_or(|connector| connection.connector == connector));
            let value = own.map(|connection| shown(tenant, environment, &connection, "")).collect();
            list(request, value, &["$filter", "$expand", "$top", "$skiptoken"])
        }
        _ => Ok(nothing_there()),
    }
}

// Recorded: a path of the Flow service at this host is answered without a body.
fn nothing_there() -> Answer {
    Answer::empty(404).with_header("x-servicefabric", "ResourceNotFound")
}

/// Answers with a list; query options that it does not know would make it a wrong one.
fn list(request: Request<'_>, value: Vec<Value>, known: &[&str]) -> Result<Answer, Fault> {
    request.refuse_others(known)?;
    request.list(value)
}

/// Reads the environment out of `$filter=environment eq '…'`, which clients always send (public clients).
fn environment_of(request: Request<'_>) -> Result<String, Fault> {
    let filter = request.parameters().remove("$filter").unwrap_or_default();
    let words: Vec<&str> = filter.split_whitespace().collect();
    match words.as_slice() {
        [name, "eq", value] if name.eq_ignore_ascii_case("environment") => Ok(value.trim_matches('\'').to_owned()),
        [] => Err(Fault::new(400, "EnvironmentRequired", "The environment has to be named in '$filter'.")),
        _ => Err(invalid("$filter", &filter)),
    }
}

fn organization<'a>(tenant: &'a Tenant, environment: &BapEnvironment) -> Option<&'a Organization> {
    tenant.organizations.values().find(|organization| organization.environment == environment.name)
}

/// Says whether the bearer sees an environment: administrators all, others those that they are in.
fn is_in(tenant: &Tenant, environment: &BapEnvironment, claims: &Claims) -> bool {
    let holds_role = || {
        environment.role_assignments.values().any(|assignment| {
            assignment.principal == claims.oid
                || tenant.directory.transitive_groups(claims.oid).contains(&assignment.principal)
        })
    };
    tenant.access.is_administrator(claims)
        || environment.administrators.contains(&claims.oid)
        || environment.is_default
        || holds_role()
        || organization(tenant, environment)
            .is_some_and(|found| super::principals::user_of(found, claims.oid).is_some())
}

fn administers(tenant: &Tenant, request: Request<'_>, claims: &Claims) -> Result<(), Fault> {
    tenant.access.admit_application(request, claims)?;
    if tenant.access.is_administrator(claims) {
        return Ok(());
    }
    Err(Fault::new(403, "Forbidden", "The caller is not an administrator of the tenant."))
}

/// The same for one that is not there (documentation of a public client).
fn denied(name: &str) -> Fault {
    Fault::new(403, "EnvironmentAccessDenied", format!("Access to the environment '{name}' is denied."))
}

// Shape: sample answers of a public client.
fn environment(environment: &BapEnvironment) -> Value {
    let id = format!("/providers/Microsoft.PowerApps/environments/{}", environment.name);
    json!({
        "name": environment.name, "id": id, "type": "Microsoft.PowerApps/environments", "location": "europe",
        "properties": {
            "displayName": environment.display_name, "isDefault": environment.is_default, "environmentSku": environment.sku,
            "provisioningState": "Succeeded", "azureRegionHint": "westeurope",
        },
    })
}

fn connections(tenant: &Tenant, environment: &BapEnvironment) -> Vec<Connection> {
    let mut found = BTreeMap::new();
    let Some(organization) = organization(tenant, environment) else { return Vec::new() };
    for (_, row) in organization.all("connectionreference") {
        let Some((name, connector)) = text(row, "connectionid").zip(text(row, "connectorid")) else { continue };
        let owner = id(row, "_ownerid_value").and_then(|owner| organization.row("systemuser", owner));
        let owner = owner.and_then(|row| id(row, "azureactivedirectoryobjectid"));
        let connector = connector.rsplit('/').next().unwrap_or_default().to_owned();
        found.entry(name.to_owned()).or_insert(Connection { name: name.to_owned(), connector, owner });
    }
    found.into_values().collect()
}

// Shape: recorded list of connections for administrators.
fn shown(tenant: &Tenant, environment: &BapEnvironment, connection: &Connection, scope: &str) -> Value {
    let Connection { name, connector, owner } = connection;
    let prefix = if scope.is_empty() {
        "/providers/Microsoft.PowerApps".to_owned()
    } else {
        format!("/providers/Microsoft.PowerApps{scope}/environments/{}", environment.name)
    };
    let person = owner.and_then(|owner| Some((owner, tenant.directory.users.get(&owner)?)));
    let created_by = person.map(|(id, person)| json!({
        "id": id, "displayName": person.display_name, "email": person.mail, "type": "User", "tenantId": tenant.issuer.tenant,
        "userPrincipalName": person.upn,
    }));
    json!({
        "name": name,
        "id": format!("{prefix}/apis/{connector}/connections/{name}"),
        "type": if scope.is_empty() { "Microsoft.PowerApps/apis/connections" } else { "Microsoft.PowerApps/scopes/apis/connections" },
        "properties": {
            "apiId": format!("{prefix}/apis/{connector}"),
            "displayName": name, "statuses": [{ "status": "Connected" }], "createdBy": created_by,
            "iconUri": format!("https://conn-afd-prod-endpoint-bmc9bqahasf3grgk.b01.azurefd.net/{connector}/icon.png"),
            "keywordsRemaining": 78, "isSsoConnection": false,
            "createdTime": "2026-01-05T08:00:00Z", "lastModifiedTime": "2026-01-05T08:00:00Z",
            "environment": { "id": format!("/providers/Microsoft.PowerApps/environments/{}", environment.name), "name": environment.name },
            "allowSharing": false,
        },
    })
}
