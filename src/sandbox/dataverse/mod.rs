//! The Dataverse Web API of one organisation.

mod access_functions;
mod associate;
mod attributes;
mod batch;
mod bodies;
mod create;
mod delete;
mod flows;
mod functions;
mod history;
mod many;
mod metadata;
mod path;
mod read;
mod role_actions;
mod route;
mod shape;
mod sharing;
mod sight;
mod team_actions;
mod update;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use uuid::Uuid;

use super::access::Authority;
use super::answer::Answer;
use super::directory::Directory;
use super::fault::Fault;
use super::faults::Faults;
use super::odata::{Dialect, Query};
use super::organization::{Lag, Organization};
use super::principals;
use super::token::Claims;
use super::variants::{StaleWay, Variants};
pub(super) use batch::refused;
use shape::Annotations;
use sight::Sight;

/// A request to the Web API.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request<'a> {
    /// The method.
    pub method: &'a str,
    /// The address of the service, `https://contoso.crm4.dynamics.com/api/data/v9.2`.
    pub root: &'a str,
    /// The path behind it, still encoded.
    pub path: &'a str,
    /// The query, still encoded.
    pub query: &'a str,
    /// Headers, names in lower case.
    pub headers: &'a BTreeMap<String, String>,
    /// The body.
    pub body: &'a str,
}

/// What requests of one caller work on.
pub(super) struct Session<'a> {
    /// The organisation.
    pub organization: &'a mut Organization,
    /// The directory of the tenant.
    pub directory: &'a Directory,
    /// Answers to open questions.
    pub variants: &'a Variants,
    /// What is scheduled to go wrong.
    pub faults: &'a mut Faults,
    /// Whether the managed environment forbids sharing flows.
    pub is_sharing_forbidden: bool,
    /// Who calls.
    pub identity: Identity,
    /// Tells this request's generated ids from others'.
    pub number: u64,
}

/// Who calls, and as whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity {
    /// The user of the token.
    pub user: Uuid,
    /// The user of `CallerObjectId` or `MSCRMCallerID`.
    pub acting_as: Option<Uuid>,
}

/// What `Prefer` asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Preferences {
    page_size: Option<usize>,
    annotations: Annotations,
    returns_row: bool,
    continues_on_error: bool,
    applied: Vec<String>,
}

impl Request<'_> {
    /// Returns a header.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// Returns the query, read by the rules for rows.
    pub(super) fn options(&self) -> Result<Query, Fault> {
        Query::parse(self.query, Dialect::Dataverse)
    }

    /// Returns the body as a JSON object.
    pub(super) fn object(&self) -> Result<serde_json::Map<String, Value>, Fault> {
        // Learn: compose HTTP requests; third-party live tests: a body without its type cannot be read.
        if !self.header("content-type").is_some_and(|kind| kind.contains("application/json")) {
            return Err(Fault::new(
                415,
                "0x80048d19",
                "The request content type is missing or is not 'application/json'.",
            ));
        }
        match serde_json::from_str(self.body) {
            Ok(Value::Object(object)) => Ok(object),
            Ok(_) | Err(_) => Err(Fault::new(
                400,
                "0x80048d19",
                "Error identified in Payload provided by the user: the body is not a JSON object.",
            )),
        }
    }

    /// Returns the address of a row.
    pub(super) fn address(&self, entity_set: &str, key: Uuid) -> String {
        format!("{}/{entity_set}({key})", self.root)
    }
}

impl Preferences {
    /// Reads the header; unknown preferences are ignored, as HTTP has it.
    fn of(request: &Request<'_>) -> Self {
        let mut preferences = Self {
            page_size: None,
            annotations: Annotations::None,
            returns_row: false,
            continues_on_error: false,
            applied: Vec::new(),
        };
        // Names of annotations may be a list in quotes, so that not every comma separates preferences.
        let mut is_quoted = false;
        let header = request.header("prefer").unwrap_or_default();
        let items = header.split(|character| {
            is_quoted ^= character == '"';
            character == ',' && !is_quoted
        });
        for item in items.map(str::trim) {
            let (name, value) = item.split_once('=').unwrap_or((item, ""));
            let value = value.trim_matches('"');
            match name.trim() {
                "odata.maxpagesize" => preferences.page_size = value.parse().ok(),
                "odata.include-annotations" if !value.is_empty() => {
                    preferences.annotations = Annotations::All;
                    preferences.applied.push(format!("odata.include-annotations=\"{value}\""));
                }
                "return" if value == "representation" => {
                    preferences.returns_row = true;
                    preferences.applied.push("return=representation".to_owned());
                }
                "odata.continue-on-error" => preferences.continues_on_error = true,
                _ => continue,
            }
            if name == "odata.maxpagesize" {
                preferences.applied.push(format!("odata.maxpagesize={value}"));
            }
        }
        preferences
    }

    /// Says in an answer what was done as preferred.
    fn applied(&self, answer: Answer) -> Answer {
        if self.applied.is_empty() {
            return answer;
        }
        answer.with_header("Preference-Applied", self.applied.join(","))
    }
}

/// Finds the user of a token. A person who signs in comes in with that, and into the teams of his groups
/// (Learn: manage group teams); an application has to be there.
pub(super) fn identify(
    organization: &mut Organization,
    directory: &Directory,
    claims: &Claims,
    headers: &BTreeMap<String, String>,
) -> Result<Identity, Fault> {
    let user = if let Some(application) = claims.appid {
        principals::application_user(organization, application).ok_or_else(|| principals::not_a_member(claims.oid))?
    } else {
        let user = principals::add_user(organization, directory, claims.oid)?;
        principals::access(organization, directory, claims.oid);
        user
    };
    let by_object = headers.get("callerobjectid").map(|text| {
        let object = Uuid::try_parse(text).map_err(|_| Fault::malformed("CallerObjectId is not a GUID."))?;
        principals::user_of(organization, object).ok_or_else(|| principals::not_a_member(object))
    });
    let by_user = headers.get("mscrmcallerid").map(|text| {
        let user = Uuid::try_parse(text).map_err(|_| Fault::malformed("MSCRMCallerID is not a GUID."))?;
        organization.row("systemuser", user).map(|_| user).ok_or_else(|| Fault::no_such_row("systemuser", user))
    });
    let acting_as = by_object.or(by_user).transpose()?;
    Ok(Identity { user, acting_as })
}

impl Session<'_> {
    /// Answers a request; a read may see what was there before the last writes, unless it asks for `Consistency: Strong`, and
    /// even then where one of two ways is stale.
    pub(super) fn handle_seen(&mut self, request: &Request<'_>) -> Answer {
        let is_strong = request.header("consistency").is_some_and(|value| value.eq_ignore_ascii_case("strong"));
        let addressed = (request.method == "GET").then(|| self.addressed(request)).flatten();
        let Some((table, way)) = addressed else { return self.handle(request) };
        let lag = if way == self.variants.stale_way {
            Lag::OneWay
        } else if is_strong {
            return self.handle(request);
        } else {
            Lag::Cached
        };
        self.organization.swap_stale(&table, lag);
        let answer = self.handle(request);
        self.organization.swap_stale(&table, lag);
        self.organization.count_stale(&table, lag);
        answer
    }

    /// Returns the table that a read is about, and the way that it goes.
    fn addressed(&self, request: &Request<'_>) -> Option<(String, StaleWay)> {
        let segments = path::parse(request.path).ok()?;
        match segments.first()?.name.as_str() {
            "RetrieveRolePrivilegesRole" => Some(("roleprivileges".to_owned(), StaleWay::Functions)),
            "RetrieveSharedPrincipalsAndAccess" => Some(("principalobjectaccess".to_owned(), StaleWay::Functions)),
            set => self.organization.table_of_set(set).map(|table| (table.logical_name.to_string(), StaleWay::Sets)),
        }
    }

    /// Answers a request; what a refused one had written already is taken back.
    pub(super) fn handle(&mut self, request: &Request<'_>) -> Answer {
        let mark = self.organization.mark();
        match self.route(request) {
            Ok(answer) => answer,
            Err(fault) => {
                self.organization.roll_back(mark);
                Answer::from(fault)
            }
        }
    }

    /// Works out what the caller holds at this moment.
    pub(super) fn authority(&self) -> Result<Authority, Fault> {
        let own = Authority::of(self.organization, self.identity.user);
        let Some(other) = self.identity.acting_as else { return Ok(own) };
        if !own.holds(self.organization, "prvActOnBehalfOfAnotherUser") {
            return Err(Fault::new(
                403,
                "0x80040220",
                format!(
                    "Principal user (Id={user}, type=8) is missing prvActOnBehalfOfAnotherUser privilege (Id={privilege}). \
                     context.Caller={user}.",
                    user = own.user,
                    privilege = self.organization.privilege_id("prvActOnBehalfOfAnotherUser"),
                ),
            ));
        }
        Ok(Authority::of(self.organization, other).limited_by(&own))
    }

    /// Returns the rows as somebody sees them.
    fn sight<'b>(&'b self, authority: &'b Authority) -> Sight<'b> {
        Sight::new(self.organization, authority, self.variants.share_rows)
    }

    /// Lists the keys of a table.
    pub(super) fn keys(&self, table: &str) -> Vec<Uuid> {
        self.organization.all(table).map(|(key, _)| key).collect()
    }

    /// Answers a write with the address of the row, or with the row where that is preferred.
    pub(super) fn written(&self, request: &Request<'_>, table: &str, key: Uuid, is_new: bool) -> Result<Answer, Fault> {
        let definition = self.table(table)?;
        let address = request.address(&definition.entity_set, key);
        let preferences = Preferences::of(request);
        if !preferences.returns_row {
            return Ok(Answer::empty(204)
                .with_header("OData-EntityId", address.clone())
                .with_header("Location", address));
        }
        let authority = self.authority()?;
        let sight = self.sight(&authority);
        let query = request.options()?;
        let answer = read::one(&sight, request, definition, key, &query, |_| Ok(()))?;
        let status = if is_new { 201 } else { 200 };
        Ok(Answer { status, ..answer }.with_header("OData-EntityId", address.clone()).with_header("Location", address))
    }

    fn table(&self, logical_name: &str) -> Result<&super::schema::Table, Fault> {
        self.organization.table(logical_name).ok_or_else(|| unknown_table(logical_name))
    }
}

/// Says that a table is not known (recorded: `… was not found in the MetadataCache`).
pub(super) fn unknown_table(name: &str) -> Fault {
    Fault::new(400, "0x80041102", format!("The entity with a name = '{name}' was not found in the MetadataCache."))
}

/// Names the type of a complex answer in `@odata.context`.
pub(super) fn complex(request: &Request<'_>, kind: &str, mut body: Value) -> Answer {
    body["@odata.context"] = json!(format!("{}/$metadata#Microsoft.Dynamics.CRM.{kind}", request.root));
    // Recorded: a function that was asked for annotations says so in its answer.
    Preferences::of(request).applied(Answer::json(200, body))
}
