//! Sends a request to what answers it.

use uuid::Uuid;

use super::Session;
use super::fetch;
use super::history;
use super::path::{Arguments, Segment, parse};
use super::read::{self, Set};
use super::request::Request;
use super::shape;
use crate::sandbox::answer::Answer;
use crate::sandbox::audit::AUDIT;
use crate::sandbox::edm;
use crate::sandbox::fault::Fault;
use crate::sandbox::odata::Query;
use crate::sandbox::organization::{id, number};
use crate::sandbox::principals;
use crate::sandbox::variants::UserById;

impl Session<'_> {
    pub(super) fn route(&mut self, request: &Request<'_>) -> Result<Answer, Fault> {
        let segments = parse(request.path)?;
        let Some((first, rest)) = segments.split_first() else {
            return self.document(request);
        };
        match (first.name.as_str(), rest) {
            ("$batch", []) if request.method == "POST" => return self.batch(request),
            ("$metadata", []) if request.method == "GET" => return self.model(),
            ("EntityDefinitions", rest) => return self.metadata(request, first, rest),
            (name, []) if self.organization.table_of_set(name).is_none() => {
                return self.unbound(request, first);
            }
            _ => {}
        }
        let Some(table) = self.organization.table_of_set(&first.name).map(|table| table.logical_name.to_string())
        else {
            return Err(Fault::unknown_segment(&first.name));
        };
        match (&first.arguments, rest) {
            (None, []) => match request.method {
                "GET" => self.list(request, &table),
                "POST" => self.create(request, &table),
                _ => Err(not_allowed(request, &first.name)),
            },
            (None, [count]) if count.name == "$count" && request.method == "GET" => {
                let query = request.options()?;
                let authority = self.authority()?;
                let sight = self.sight(&authority);
                read::count(&sight, &self.set(&table)?, &query)
            }
            (None, [operation]) if operation.operation().is_some() => {
                self.many(request, &table, operation.operation().unwrap_or_default())
            }
            (None | Some(Arguments::Empty), _) => Err(Fault::unknown_segment(&rest.first().unwrap_or(first).name)),
            (Some(arguments), rest) => self.row(request, &table, arguments, rest),
        }
    }

    fn row(
        &mut self,
        request: &Request<'_>,
        table: &str,
        arguments: &Arguments,
        rest: &[Segment],
    ) -> Result<Answer, Fault> {
        // Only these are upserts: the row need not be there.
        if let ("PATCH", [], Arguments::Id(key)) = (request.method, rest, arguments) {
            return self.update(request, table, *key);
        }
        let key = self.resolve(table, arguments)?;
        match (request.method, rest) {
            ("GET", []) => self.one(request, table, key),
            ("PATCH", []) => self.update(request, table, key),
            ("DELETE", []) => self.delete(request, table, key),
            (_, [operation]) if operation.operation().is_some() => self.bound(request, table, key, operation),
            (_, [navigation, reference]) if reference.name == "$ref" => self.reference(request, table, key, navigation),
            ("PUT" | "DELETE", [property]) if self.table(table)?.has_property(&property.name) => {
                self.property(request, table, key, &property.name)
            }
            ("GET", [navigation]) => self.follow(request, table, key, &navigation.name),
            (_, [navigation, ..]) => Err(Fault::unknown_segment(&navigation.name)),
            (_, []) => Err(not_allowed(request, table)),
        }
    }

    /// Changes one property of a row: to the value that the body has, or to none (Learn: update and delete table rows).
    fn property(&mut self, request: &Request<'_>, table: &str, key: Uuid, name: &str) -> Result<Answer, Fault> {
        let value = match request.method {
            "PUT" => request.object()?.remove("value").ok_or_else(|| Fault::malformed("The body has no 'value'."))?,
            _ => serde_json::Value::Null,
        };
        if self.organization.row(table, key).is_none() {
            return Err(Fault::no_such_row(table, key));
        }
        let body = serde_json::json!({ name: value }).to_string();
        let mut headers = request.headers.clone();
        headers.insert("content-type".to_owned(), "application/json".to_owned());
        self.update(&Request { method: "PATCH", headers: &headers, body: &body, ..*request }, table, key)
    }

    /// Answers with the list of sets (OData JSON format, 5: service document).
    fn document(&self, request: &Request<'_>) -> Result<Answer, Fault> {
        if request.method != "GET" {
            return Err(not_allowed(request, ""));
        }
        self.authority()?.admit(self.organization)?;
        let set = |name: &str| serde_json::json!({ "name": name, "kind": "EntitySet", "url": name });
        let sets: Vec<_> = self.organization.tables().map(|table| set(&table.entity_set)).collect();
        let context = format!("{}/$metadata", request.root);
        Ok(Answer::json(200, serde_json::json!({ "@odata.context": context, "value": sets })))
    }

    /// Answers with the model of the organisation.
    fn model(&self) -> Result<Answer, Fault> {
        self.authority()?.admit(self.organization)?;
        let tables: Vec<_> = self.organization.tables().collect();
        let document = edm::dataverse(&tables).into_xml();
        Ok(Answer::json(200, document.into()).with_header("Content-Type", "application/xml"))
    }

    fn set<'a>(&'a self, table: &str) -> Result<Set<'a>, Fault> {
        let definition = self.table(table)?;
        Ok(Set { table: definition, keys: self.keys(table), context: definition.entity_set.to_string() })
    }

    fn list(&self, request: &Request<'_>, table: &str) -> Result<Answer, Fault> {
        let mut query = request.options()?;
        let authority = self.authority()?;
        if table == AUDIT {
            history::may_list(self.organization, &authority, request.query)?;
        }
        let sight = self.sight(&authority);
        let Some(xml) = query.other.remove("fetchXml") else {
            return read::list(&sight, request, &self.set(table)?, &query);
        };
        // Learn: count rows, the one option that goes with it; that others are refused is inferred.
        let counts = std::mem::take(&mut query.count);
        if query != Query::default() {
            return Err(Fault::malformed("The query option 'fetchXml' cannot be used with others."));
        }
        fetch::list(&sight, request, &self.set(table)?, (&xml, counts), &fetch::caller_of(&sight, &authority))
    }

    fn one(&self, request: &Request<'_>, table: &str, key: Uuid) -> Result<Answer, Fault> {
        let query = request.options()?;
        let authority = self.authority()?;
        self.may_ask_for_user(table, key)?;
        let definition = self.table(table)?;
        read::one(&self.sight(&authority), request, definition, key, &query, |verb| {
            authority.require_on(self.organization, definition, verb, key)
        })
    }

    /// Refuses an application that asks for somebody else by id, where that is so.
    fn may_ask_for_user(&self, table: &str, key: Uuid) -> Result<(), Fault> {
        let caller = self.identity.user;
        let of_application = self.organization.row("systemuser", caller).and_then(|row| id(row, "applicationid"));
        match (self.variants.user_by_id, of_application, self.organization.row(table, key)) {
            (UserById::NotAMember, Some(_), Some(row)) if table == "systemuser" && key != caller => {
                Err(principals::not_a_member(id(row, "azureactivedirectoryobjectid").unwrap_or(key)))
            }
            _ => Ok(()),
        }
    }

    fn follow(&self, request: &Request<'_>, table: &str, key: Uuid, navigation: &str) -> Result<Answer, Fault> {
        let authority = self.authority()?;
        let sight = self.sight(&authority);
        let definition = self.table(table)?;
        let Some(row) = self.organization.row(table, key) else { return Err(Fault::no_such_row(table, key)) };
        authority.require_on(self.organization, definition, crate::sandbox::rights::Verb::Read, key)?;
        if definition.has_property(navigation) {
            let value = row.get(navigation).cloned().unwrap_or_default();
            let context = format!("{}/$metadata#{}({key})/{navigation}", request.root, definition.entity_set);
            return Ok(Answer::json(200, serde_json::json!({ "@odata.context": context, "value": value })));
        }
        let target =
            shape::target_of(&sight, definition, navigation).ok_or_else(|| Fault::unknown_segment(navigation))?;
        let related = shape::related(&sight, definition, key, row, navigation);
        let query = request.options()?;
        if shape::is_collection(definition, navigation) {
            let keys = related.into_iter().map(|(_, key)| key).collect();
            let set = Set { table: target, keys, context: target.entity_set.to_string() };
            return read::list(&sight, request, &set, &query);
        }
        match related.first() {
            Some((name, key)) => {
                let target = self.table(name)?;
                read::one(&sight, request, target, *key, &query, |verb| {
                    authority.require_on(self.organization, target, verb, *key)
                })
            }
            None => Ok(Answer::empty(204)),
        }
    }

    /// Finds the row that a key stands for. By alternate key a user, or a group's team with a write, comes in with the question
    /// (Learn: group teams with the Web API).
    pub(super) fn resolve(&mut self, table: &str, arguments: &Arguments) -> Result<Uuid, Fault> {
        let named = match arguments {
            Arguments::Id(key) => return Ok(*key),
            Arguments::Empty => return Err(Fault::malformed("The key of the row is missing.")),
            Arguments::Named(named) => named,
        };
        let object = || {
            let text = named.get("azureactivedirectoryobjectid")?;
            Some(
                Uuid::try_parse(text)
                    .map_err(|_| Fault::malformed(format!("Error occurred while parsing Guid value '{text}'."))),
            )
        };
        match table {
            "systemuser" if named.len() == 1 => {
                if let Some(object) = object() {
                    return principals::add_user(self.organization, self.directory, object?);
                }
            }
            "team" if named.len() == 2 => {
                if let (Some(group), Some(membership)) = (object(), named.get("membershiptype")) {
                    let (group, membership) = (group?, parse_membership(membership)?);
                    return match principals::group_team(self.organization, group, membership) {
                        Some(team) => Ok(team),
                        None => principals::add_group_team(
                            self.organization,
                            self.directory,
                            group,
                            membership,
                            crate::sandbox::odata::Row::new(),
                        ),
                    };
                }
            }
            "connectionreference" | "environmentvariabledefinition" => {
                let column =
                    if table == "connectionreference" { "connectionreferencelogicalname" } else { "schemaname" };
                if let (Some(value), 1) = (named.get(column), named.len()) {
                    let wanted = serde_json::json!(value);
                    let found = self.organization.find(table, column, &wanted).map(|(key, _)| key).next();
                    return found.ok_or_else(|| no_such_key(table, column));
                }
            }
            _ => {}
        }
        let columns: Vec<&str> = named.keys().map(String::as_str).collect();
        let definition = self.table(table)?;
        // A row may also be named by its primary key's name.
        if let [column] = columns.as_slice()
            && *column == definition.primary_id
            && let Ok(key) = Uuid::try_parse(&named[*column])
        {
            return Ok(key);
        }
        Err(Fault::malformed(format!(
            "The key in the request URI is not valid for resource 'Microsoft.Dynamics.CRM.{table}'. Ensure that the names and number \
             of key properties match the specified keys: {}.",
            columns.join(", ")
        )))
    }

    /// Finds a row by reference, `roles(<id>)`, and refuses one that is not there.
    pub(super) fn referred(&mut self, text: &str) -> Result<(String, Uuid), Fault> {
        let (set, arguments) = super::path::reference(text)?;
        let Some(table) = self.organization.table_of_set(&set).map(|table| table.logical_name.to_string()) else {
            return Err(Fault::unknown_segment(&set));
        };
        let key = self.resolve(&table, &arguments)?;
        if self.organization.row(&table, key).is_none() {
            return Err(Fault::no_such_row(&table, key));
        }
        Ok((table, key))
    }

    /// Says whether a team is the team of an Entra group.
    pub(super) fn is_group_team(&self, team: Uuid) -> bool {
        self.organization
            .row("team", team)
            .and_then(|row| number(row, "teamtype"))
            .is_some_and(|kind| kind == 2 || kind == 3)
    }
}

fn parse_membership(text: &str) -> Result<i64, Fault> {
    text.parse().map_err(|_| Fault::malformed(format!("The value '{text}' is not a membership type.")))
}

fn no_such_key(table: &str, column: &str) -> Fault {
    Fault::new(
        404,
        "0x80060891",
        format!("A record with the specified key values does not exist in {table} entity ({column})."),
    )
}

/// Refuses a method.
pub(super) fn not_allowed(request: &Request<'_>, resource: &str) -> Fault {
    Fault::new(
        405,
        "0x80060888",
        format!("The requested resource '{resource}' does not support http method '{}'.", request.method),
    )
}
