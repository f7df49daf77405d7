//! Who the caller is in each service, and what it is let in to.
use super::decode::Row;
use super::read::{admin, organization};
use super::source::{Freshness, Set, Source};
use crate::compile::desired::Environment;
use crate::inventory::section::Reading;
use crate::names::Text;
use crate::problem::Problem;
use crate::request::{Read, Service};
use crate::rights::identity::{self, Bearer, Identity, Member, Team};
use crate::tenant::Reader;
use futures_util::future::join3;

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
    let (name, url) = (environment.name.clone(), environment.url.as_ref().map(|url| url.value.as_str().into()));
    Identity { environment: name, url, way, bearers, dataverse, admin, flow, graph }
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
    // One read for each relationship: Learn (join tables with OData) has no expand that combines N:1 with N:N.
    let own = format!("systemusers({user})?$select=fullname&$expand=businessunitid($select=name)");
    let direct = format!("systemusers({user})/systemuserroles_association?$select=name,roleid");
    let of_teams = format!(
        "systemusers({user})/teammembership_association?$select=name,teamid&$expand=teamroles_association($select=name,roleid)"
    );
    let asked = join3(source.one(&own), source.pages(ROLES, direct, 0), source.pages(TEAMS, of_teams, 0));
    let (answer, roles, teams) = asked.await;
    let row = answer.as_ref().map(|value| Row::dataverse("systemusers", value));
    let roles = roles.map(|mut roles| {
        roles.sort();
        roles
    });
    // Dataverse makes an application's full name of its name and `#` as the first name (seen in the portal).
    let name = row.as_ref().ok().and_then(|row| row.optional_text("fullname").ok().flatten());
    let name = name.map(|name| name.strip_prefix("# ").map_or_else(|| name.clone(), Text::from));
    let unit = row.as_ref().ok().and_then(|row| row.optional_object("businessunitid")?.text("name").ok());
    let teams = teams.map(|mut teams| {
        teams.sort();
        teams
    });
    Ok(Member { caller, doubt, name, unit, roles, teams })
}

/// The roles that a user has without a team.
const ROLES: Set<identity::Row> = Set { name: "roles", select: "name,roleid", decode: |row| role(&row) };

/// The teams that a user is in, with their roles.
const TEAMS: Set<Team> = Set {
    name: "teams",
    select: "name,teamid",
    decode: |row| {
        let team = identity::Row { name: row.text("name")?, id: row.id("teamid")? };
        Ok(Team { row: team, roles: roles(&row, "teamroles_association")? })
    },
};

/// The roles in a list of a row.
fn roles(row: &Row<'_>, list: &str) -> Result<Vec<identity::Row>, Problem> {
    let roles = row.list(list)?.iter().map(|each| role(&row.within(each)));
    let mut roles = roles.collect::<Result<Vec<_>, Problem>>()?;
    roles.sort();
    Ok(roles)
}

/// A role's name and id.
fn role(row: &Row<'_>) -> Result<identity::Row, Problem> {
    Ok(identity::Row { name: row.text("name")?, id: row.id("roleid")? })
}
