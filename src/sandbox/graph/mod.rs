//! Microsoft Graph, as far as users, groups and service principals go.

mod batch;
mod collection;
mod path;
mod refusal;
mod request;
mod resource;
mod search;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use uuid::Uuid;

use super::answer::Answer;
use super::claims::Claims;
use super::directory::Directory;
use super::fault::Fault;
use super::schema::directory::Kind;
use collection::{Page, count, list};
use path::{APP_ID, kind_of_cast};
use refusal::{no_such_resource, no_such_segment, refusal};
pub use refusal::{unauthenticated, unknown_version};
pub use request::Request;

/// How many ids `getByIds` takes (Learn: directoryObject getByIds).
const IDS: usize = 1000;
/// How many groups `checkMemberGroups` takes (Learn: directoryObject checkMemberGroups).
const CHECKED_GROUPS: usize = 20;

/// Answers a request of the token's bearer.
pub fn handle(directory: &Directory, request: Request<'_>, claims: &Claims) -> Answer {
    route(directory, request, claims).unwrap_or_else(|fault| refusal(&fault, request.now))
}

fn route(directory: &Directory, request: Request<'_>, claims: &Claims) -> Result<Answer, Fault> {
    let mut segments = path::segments(request.path, claims)?;
    if request.method == "POST" && segments == ["$batch"] {
        return batch::answer_all(directory, request, claims);
    }
    // Open to everybody: no permission stands on the page of the document (Learn: traverse Graph).
    if request.method == "GET" && segments == ["$metadata"] {
        let document = super::edm::graph().into_xml();
        return Ok(Answer::json(200, document.into()).with_header("Content-Type", "application/xml"));
    }
    // Recorded text of a caller without the permission.
    if directory.graph_readers.as_ref().is_some_and(|readers| !readers.contains(&claims.oid)) {
        return Err(refusal::denied());
    }
    let is_counted = segments.pop_if(|last| last == "$count").is_some();
    let graph = Graph { directory, request, claims, is_counted };
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    match (request.method, segments.as_slice()) {
        // Only collections are counted.
        _ if is_counted && !path::is_collection(&segments) => Err(no_such_segment("$count")),
        ("GET", [collection]) => graph.all(kind_of(collection)?),
        ("GET", ["users", user]) => graph.one(graph.user(user)?, Some(Kind::User)),
        ("GET", ["users", user, relation @ ("memberOf" | "transitiveMemberOf"), cast @ ..]) => {
            let user = graph.user(user)?;
            graph.related(graph.groups_of(user, relation), cast)
        }
        ("GET", ["users", user, "licenseDetails"]) => graph.licence_details(graph.user(user)?),
        ("POST", ["users", user, "checkMemberGroups"]) => graph.check_member_groups(graph.user(user)?),
        ("POST", ["users", user, "getMemberGroups"]) => graph.get_member_groups(graph.user(user)?),
        ("GET", ["groups", group, relation @ ("members" | "transitiveMembers" | "owners"), cast @ ..]) => {
            let group = graph.existing(group, Kind::Group)?;
            graph.related(graph.members_of(group, relation), cast)
        }
        ("GET", ["groups", group, relation @ ("memberOf" | "transitiveMemberOf"), cast @ ..]) => {
            let group = graph.existing(group, Kind::Group)?;
            graph.related(graph.groups_of(group, relation), cast)
        }
        ("GET", ["groups", group]) => graph.one(graph.existing(group, Kind::Group)?, Some(Kind::Group)),
        ("GET", ["servicePrincipals", id]) => {
            graph.one(graph.existing(id, Kind::ServicePrincipal)?, Some(Kind::ServicePrincipal))
        }
        ("GET", ["directoryObjects", id]) => {
            let id = identifier(id)?;
            graph.one(directory.object(id).map(|_| id).ok_or_else(|| no_such_resource(id))?, None)
        }
        ("POST", ["directoryObjects" | "users" | "groups", "getByIds"]) => graph.get_by_ids(),
        // Who may only read is refused every write of what is there (Learn: permissions reference).
        (method, [first, ..]) if method != "GET" && kind_of(first).is_ok() => Err(refusal::denied()),
        (_, [.., last]) => Err(no_such_segment(last)),
        (_, []) => Err(Fault::new(400, "BadRequest", "Invalid request.")),
    }
}

/// The directory with one request to it.
#[derive(Clone, Copy)]
struct Graph<'a> {
    directory: &'a Directory,
    request: Request<'a>,
    claims: &'a Claims,
    is_counted: bool,
}

impl Graph<'_> {
    fn all(self, kind: Kind) -> Result<Answer, Fault> {
        let ids = match kind {
            Kind::User => self.directory.users.keys().copied().collect(),
            Kind::Group => self.directory.groups.keys().copied().collect(),
            Kind::ServicePrincipal => self.directory.service_principals.keys().copied().collect(),
        };
        self.shown(&Page { ids, kind: Some(kind) })
    }

    fn shown(self, page: &Page) -> Result<Answer, Fault> {
        if self.is_counted {
            return count(self.directory, self.request, page);
        }
        list(self.directory, self.request, page)
    }

    fn one(self, id: Uuid, kind: Option<Kind>) -> Result<Answer, Fault> {
        collection::one(self.directory, self.request, id, kind)
    }

    fn related(self, ids: BTreeSet<Uuid>, cast: &[&str]) -> Result<Answer, Fault> {
        let kind = match cast {
            [] => None,
            [name] => Some(kind_of_cast(name).ok_or_else(|| no_such_segment(name))?),
            [_, other, ..] => return Err(no_such_segment(other)),
        };
        let is_wanted = |id: &Uuid| match (kind, self.directory.object(*id)) {
            (None, found) => found.is_some(),
            (Some(kind), Some(found)) => Kind::of(found) == kind,
            (Some(_), None) => false,
        };
        let mut ids = ids;
        ids.retain(is_wanted);
        self.shown(&Page { ids, kind })
    }

    fn user(self, key: &str) -> Result<Uuid, Fault> {
        let by_id = key.parse().ok().filter(|id| self.directory.users.contains_key(id));
        let by_name = || self.directory.user_by_upn(key).map(|(id, _)| id);
        by_id.or_else(by_name).ok_or_else(|| no_such_resource(key))
    }

    fn existing(self, key: &str, kind: Kind) -> Result<Uuid, Fault> {
        // Learn: get servicePrincipal, by `appId`.
        if let (Kind::ServicePrincipal, Some(application)) = (kind, key.strip_prefix(APP_ID)) {
            let found = self.directory.service_principal_by_app(identifier(application)?);
            return found.map(|(id, _)| id).ok_or_else(|| no_such_resource(application));
        }
        let id = identifier(key)?;
        let is_there = self.directory.object(id).is_some_and(|found| Kind::of(found) == kind);
        if is_there { Ok(id) } else { Err(no_such_resource(id)) }
    }

    fn groups_of(self, member: Uuid, relation: &str) -> BTreeSet<Uuid> {
        if relation == "transitiveMemberOf" {
            return self.directory.transitive_groups(member);
        }
        let direct = self.directory.groups.iter().filter(|(_, group)| group.members.contains(&member));
        direct.map(|(id, _)| *id).collect()
    }

    fn members_of(self, id: Uuid, relation: &str) -> BTreeSet<Uuid> {
        let group = self.directory.groups.get(&id);
        match relation {
            "transitiveMembers" => self.directory.transitive_members(id),
            "owners" => group.map(|group| group.owners.clone()).unwrap_or_default(),
            _ => group.map(|group| group.members.clone()).unwrap_or_default(),
        }
    }

    // Application permission is not supported here (Learn: user list licenseDetails).
    fn licence_details(self, user: Uuid) -> Result<Answer, Fault> {
        if self.claims.appid.is_some() {
            return Err(refusal::denied());
        }
        let plans = self.directory.users.get(&user).into_iter().flat_map(|person| &person.plans);
        let details = plans.map(|plan| {
            let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, plan.as_bytes());
            json!({
                "id": id, "skuId": id, "skuPartNumber": plan,
                "servicePlans": [{ "servicePlanId": id, "servicePlanName": plan, "provisioningStatus": "Success", "appliesTo": "User" }],
            })
        });
        Ok(Answer::json(200, json!({ "value": details.collect::<Vec<_>>() })))
    }

    fn check_member_groups(self, user: Uuid) -> Result<Answer, Fault> {
        let asked = self.ids_in_body("groupIds", CHECKED_GROUPS)?;
        let of_user = self.directory.transitive_groups(user);
        let found: Vec<Uuid> = asked.into_iter().filter(|id| of_user.contains(id)).collect();
        Ok(self.ids(&found))
    }

    fn get_member_groups(self, user: Uuid) -> Result<Answer, Fault> {
        let security_only = self.request.body.and_then(|body| body.get("securityEnabledOnly")).and_then(Value::as_bool);
        let security_only = security_only.ok_or_else(|| missing("securityEnabledOnly"))?;
        let is_wanted = |id: &Uuid| !security_only || self.directory.groups.get(id).is_some_and(|group| group.security);
        let found: Vec<Uuid> = self.directory.transitive_groups(user).into_iter().filter(is_wanted).collect();
        Ok(self.ids(&found))
    }

    fn get_by_ids(self) -> Result<Answer, Fault> {
        let asked = self.ids_in_body("ids", IDS)?;
        let types = self.request.body.and_then(|body| body.get("types")).and_then(Value::as_array);
        let is_wanted = |id: &Uuid| {
            self.directory.object(*id).is_some_and(|found| {
                types.is_none_or(|types| types.iter().any(|name| name.as_str() == Some(Kind::of(found).name())))
            })
        };
        // All of them in one answer, whatever the page size of lists.
        let found: Vec<Uuid> = asked.into_iter().filter(is_wanted).collect();
        collection::some(self.directory, self.request, &found)
    }

    fn ids(self, ids: &[Uuid]) -> Answer {
        Answer::json(
            200,
            json!({ "@odata.context": format!("{}/$metadata#Collection(Edm.String)", self.request.root), "value": ids }),
        )
    }

    fn ids_in_body(self, name: &str, limit: usize) -> Result<Vec<Uuid>, Fault> {
        let list = self.request.body.and_then(|body| body.get(name)).and_then(Value::as_array);
        let list = list.ok_or_else(|| missing(name))?;
        if list.len() > limit {
            return Err(Fault::new(
                400,
                "Request_BadRequest",
                format!("Invalid number of ids specified in '{name}': {}. Max allowed: {limit}.", list.len()),
            ));
        }
        list.iter().map(|id| identifier(id.as_str().unwrap_or_default())).collect()
    }
}

fn kind_of(collection: &str) -> Result<Kind, Fault> {
    match collection {
        "users" => Ok(Kind::User),
        "groups" => Ok(Kind::Group),
        "servicePrincipals" => Ok(Kind::ServicePrincipal),
        _ => Err(no_such_segment(collection)),
    }
}

fn identifier(text: &str) -> Result<Uuid, Fault> {
    text.parse().map_err(|_| Fault::new(400, "Request_BadRequest", format!("Invalid object identifier '{text}'.")))
}

fn missing(name: &str) -> Fault {
    Fault::new(400, "BadRequest", format!("The parameter '{name}' is missing or of the wrong type."))
}
