//! The Dataverse Web API of one organisation.

mod access_functions;
mod aggregate;
mod apply;
mod associate;
mod attributes;
mod batch;
mod bodies;
mod caller;
mod create;
mod definition;
mod delete;
mod fetch;
mod flows;
mod functions;
mod history;
mod many;
mod metadata;
mod path;
mod read;
mod request;
mod role_actions;
mod route;
mod shape;
mod sharing;
mod sight;
mod team_actions;
mod update;

use serde_json::{Value, json};
use uuid::Uuid;

use super::access::Authority;
use super::answer::Answer;
use super::directory::Directory;
use super::fault::Fault;
use super::faults::Faults;
use super::organization::{Lag, Organization};
use super::variants::{StaleWay, Variants};
pub(super) use caller::{Identity, identify};
use request::Preferences;
pub(super) use request::Request;
use sight::Sight;

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
