//! Who the caller is in each service, and what it is let in to.
use super::decode::Row;
use super::read::{admin, organization};
use super::source::{Freshness, Source};
use crate::compile::desired::Environment;
use crate::inventory::section::Reading;
use crate::names::Text;
use crate::problem::Problem;
use crate::request::{Read, Service};
use crate::rights::identity::{Bearer, Identity, Member};
use crate::tenant::Reader;

/// For each permission of Microsoft Graph that is of use, a read that needs it (Learn: permissions of each method).
const GRAPH: [(&str, &str); 3] = [
    ("User.ReadBasic.All", "users?$select=id&$top=1"),
    ("Application.Read.All", "servicePrincipals?$select=id&$top=1"),
    ("GroupMember.Read.All", "groups?$select=id&$top=1"),
];

/// Asks every service who the caller is. What a service does not tell is a part of the answer.
pub async fn identity(reader: &Reader, environment: &Environment, way: String) -> Identity {
    let source = Source::new(reader, Freshness::Cached);
    let dataverse = if environment.url.is_some() { Some(member(source).await) } else { None };
    let admin = match &environment.environment_id {
        Some(id) => Some(reader.is_let_in(&Read::get(Service::Admin, admin::address(&id.value))).await),
        None => None,
    };
    let flow = match &environment.environment_id {
        Some(id) => Some(reader.is_let_in(&Read::get(Service::Flow, admin::flows_address(&id.value))).await),
        None => None,
    };
    let mut graph = Vec::new();
    for (permission, path) in GRAPH {
        graph.push((permission, reader.is_let_in(&Read::get(Service::Graph, path)).await));
    }
    let mut bearers = Vec::new();
    for service in [Service::Dataverse, Service::Admin, Service::Flow, Service::Graph] {
        if service == Service::Dataverse && environment.url.is_none() {
            continue;
        }
        let claims = reader.signed_in(service).await.map(Option::unwrap_or_default);
        let bearer = claims.map(|claims| Bearer {
            object: claims.object,
            application: claims.application,
            user: claims.user,
            tenant: claims.tenant,
        });
        bearers.push((service, bearer));
    }
    Identity { environment: environment.name.clone(), way, bearers, dataverse, admin, flow, graph }
}

/// Who the caller is in the organisation.
async fn member(source: Source<'_>) -> Result<Member, Problem> {
    let (caller, doubt) = organization::caller(source).await;
    let caller = match caller {
        Reading::Read(caller) => caller,
        Reading::Unreadable(problem) => return Err(problem),
        Reading::NotAsked => return Err(crate::inventory::section::not_asked()),
    };
    let user = caller.user;
    let own = format!(
        "systemusers({user})?$select=fullname&$expand=businessunitid($select=name),systemuserroles_association($select=name),teammembership_association($select=name)"
    );
    let answer = source.one(&own).await;
    let row = answer.as_ref().map(|value| Row::dataverse("systemusers", value));
    let names = |list: &str| -> Result<Vec<Text>, Problem> {
        let row = row.as_ref().map_err(|problem| (*problem).clone())?;
        let names = row.list(list)?.iter().map(|one| row.within(one).text("name"));
        let mut names = names.collect::<Result<Vec<_>, _>>()?;
        names.sort();
        Ok(names)
    };
    let name = row.as_ref().ok().and_then(|row| row.optional_text("fullname").ok().flatten());
    let unit = row.as_ref().ok().and_then(|row| row.optional_object("businessunitid")?.text("name").ok());
    let (roles, teams) = (names("systemuserroles_association"), names("teammembership_association"));
    Ok(Member { caller, doubt, name, unit, roles, teams })
}
