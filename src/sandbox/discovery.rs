//! The global discovery service: which organisations a person can use (Learn: discover user organizations).

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::access::Authority;
use super::answer::Answer;
use super::claims::Claims;
use super::fault::Fault;
use super::incoming::Incoming;
use super::odata::{Comparison, Dialect, Filter, Literal, Operand, Query, Row, TextFunction};
use super::organization::{Organization, is_set};
use super::percent;
use super::principals;
use super::tenant::Tenant;

/// Where the service begins on each of its hosts.
pub(super) const PATH: &str = "/api/discovery/";

/// What an instance has, in the order of the page.
const PROPERTIES: [&str; 20] = [
    "ApiUrl",
    "DatacenterId",
    "DatacenterName",
    "EnvironmentId",
    "FriendlyName",
    "Id",
    "IsUserSysAdmin",
    "LastUpdated",
    "OrganizationType",
    "Purpose",
    "Region",
    "SchemaType",
    "State",
    "StatusMessage",
    "TenantId",
    "TrialExpirationDate",
    "UniqueName",
    "UrlName",
    "Version",
    "Url",
];

/// Answers a request of the token's bearer.
pub(super) fn respond(tenant: &Tenant, incoming: &Incoming<'_>, root: &str, claims: &Claims) -> Result<Answer, Fault> {
    let rest =
        incoming.path.strip_prefix(PATH).and_then(|rest| rest.strip_prefix("v2.0")).map(|rest| rest.trim_matches('/'));
    let path = rest.and_then(percent::decode).ok_or_else(|| Fault::unknown_segment(incoming.path))?;
    if incoming.method != "GET" {
        return Err(Fault::new(
            405,
            "",
            format!("The requested resource does not support http method '{}'.", incoming.method),
        ));
    }
    if claims.appid.is_some() {
        // Only people have organisations to discover (documentation of a public client; code and text are inferred).
        return Err(Fault::new(403, "", "The discovery service answers users only."));
    }
    let context = format!("{root}{PATH}v2.0/$metadata");
    if path.is_empty() {
        let sets = json!([{ "name": "Instances", "kind": "EntitySet", "url": "Instances" }]);
        return Ok(Answer::json(200, json!({ "@odata.context": context, "value": sets })));
    }
    let key = match path.strip_prefix("Instances") {
        Some("") => None,
        Some(key) => Some(
            key.strip_prefix('(').and_then(|key| key.strip_suffix(')')).ok_or_else(|| Fault::unknown_segment(&path))?,
        ),
        None => return Err(Fault::unknown_segment(&path)),
    };
    let query = Query::parse(incoming.query, Dialect::Graph)?;
    check(&query)?;
    let mut value = Vec::new();
    for (name, organization) in &tenant.organizations {
        let Some(row) = instance(tenant, name, organization, claims) else { continue };
        let is_meant = key.map_or(Ok(true), |key| has_key(&row, key))?;
        if is_meant && query.filter.as_ref().map_or(Ok(true), |filter| holds(filter, &row))? {
            value.push(Value::Object(selected(row, &query)));
        }
    }
    let chosen = query.select.as_ref().map(|names| format!("({})", names.join(","))).unwrap_or_default();
    let body = json!({ "@odata.context": format!("{context}#Instances{chosen}"), "value": value });
    Ok(Answer::json(200, body).with_header("OData-Version", "4.0"))
}

/// An organisation as an instance, if the person is in it, is not disabled and is let in by its security group.
fn instance(tenant: &Tenant, name: &str, organization: &Organization, claims: &Claims) -> Option<Row> {
    let user = principals::user_of(organization, claims.oid)?;
    let is_disabled = organization.row("systemuser", user).is_some_and(|row| is_set(row, "isdisabled"));
    if is_disabled || !principals::is_admitted(organization, &tenant.directory, claims.oid) {
        return None;
    }
    let host = &organization.host;
    let row = json!({
        "ApiUrl": format!("https://{}", host.replacen(".crm", ".api.crm", 1)),
        "DatacenterId": null, "DatacenterName": null, "EnvironmentId": organization.environment, "FriendlyName": name,
        "Id": organization.id, "IsUserSysAdmin": Authority::of(organization, user).is_administrator,
        "LastUpdated": "2026-01-05T08:00:00Z", "OrganizationType": 0, "Purpose": "", "Region": "EMEA", "SchemaType": "Full",
        "State": 0, "StatusMessage": 0, "TenantId": tenant.issuer.tenant, "TrialExpirationDate": null,
        "UniqueName": organization.unique_name, "UrlName": host.split('.').next(), "Version": "9.2.26041.179",
        "Url": format!("https://{host}"),
    });
    if let Value::Object(row) = row { Some(row) } else { None }
}

/// A key narrows the list; the answer is a list all the same (Learn).
fn has_key(row: &Row, key: &str) -> Result<bool, Fault> {
    if let Ok(id) = Uuid::try_parse(key) {
        return Ok(row.get("Id") == Some(&json!(id)));
    }
    let (name, text) = key.split_once('=').ok_or_else(|| Fault::malformed(format!("The key '{key}' is not valid.")))?;
    if !["Id", "UniqueName", "Region", "State", "Version"].contains(&name) {
        return Err(Fault::malformed(format!("The key '{name}' is not one of an Instance.")));
    }
    let text = text.trim_matches('\'');
    Ok(row.get(name).is_some_and(|value| {
        value
            .as_str()
            .map_or_else(|| serde_json::from_str::<Value>(text).is_ok_and(|text| text == *value), |own| own == text)
    }))
}

fn check(query: &Query) -> Result<(), Fault> {
    let names = query.properties();
    if let Some(name) = names.iter().find(|name| !PROPERTIES.contains(&name.as_str())) {
        return Err(Fault::new(
            400,
            "",
            format!("Could not find a property named '{name}' on type 'Microsoft.Dynamics.CRM.Instance'."),
        ));
    }
    let is_more = !query.expand.is_empty() || !query.orderby.is_empty() || query.top.is_some() || query.count;
    if is_more || query.skiptoken.is_some() || query.search.is_some() || !query.other.is_empty() {
        // Only these two are options of the service (Learn).
        Err(Fault::malformed("Only the query options $select and $filter are supported."))
    } else {
        Ok(())
    }
}

fn selected(row: Row, query: &Query) -> Map<String, Value> {
    let Some(select) = &query.select else { return row };
    row.into_iter().filter(|(name, _)| select.contains(name)).collect()
}

/// Decides a condition with regard to case, which this service has and Dataverse has not (Learn).
fn holds(filter: &Filter, row: &Row) -> Result<bool, Fault> {
    match filter {
        Filter::And(all) => all.iter().try_fold(true, |holding, one| Ok(holding && holds(one, row)?)),
        Filter::Or(any) => any.iter().try_fold(false, |holding, one| Ok(holding || holds(one, row)?)),
        Filter::Not(inner) => Ok(!holds(inner, row)?),
        Filter::Text {
            function,
            subject: Operand::Property(path),
            sought: Operand::Literal(Literal::Text(sought)),
        } => {
            let subject = path.value(row).and_then(Value::as_str).unwrap_or_default();
            Ok(match function {
                TextFunction::Contains => subject.contains(sought),
                TextFunction::StartsWith => subject.starts_with(sought),
                TextFunction::EndsWith => subject.ends_with(sought),
            })
        }
        Filter::Compare { left: Operand::Property(path), comparison, right: Operand::Literal(Literal::Text(text)) } => {
            let value = path.value(row).and_then(Value::as_str);
            Ok(match comparison {
                Comparison::Equal => value == Some(text),
                Comparison::NotEqual => value != Some(text),
                Comparison::Greater => value > Some(text),
                Comparison::GreaterOrEqual => value >= Some(text),
                Comparison::Less => value.is_some_and(|value| value < text.as_str()),
                Comparison::LessOrEqual => value.is_some_and(|value| value <= text.as_str()),
            })
        }
        Filter::Compare { .. } => Ok(filter.matches(row)),
        Filter::Text { .. } | Filter::Within(_) | Filter::Related { .. } => {
            Err(Fault::malformed("The condition of $filter is not supported."))
        }
    }
}
