//! What the services below `/providers/` have in common: requests, versions, who may call.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::answer::Answer;
use super::claims::Claims;
use super::fault::Fault;
use super::incoming::Incoming;
use super::organization::derived;
use super::percent;

/// A request to the Business App Platform or the Flow service.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The method.
    pub method: &'a str,
    /// The path with its `/providers/…`, still percent-encoded.
    pub path: &'a str,
    /// What stands behind the `?`, if anything.
    pub query: &'a str,
    /// The JSON body.
    pub body: Option<&'a Value>,
    /// Where links in answers point, `https://api.bap.microsoft.com`.
    pub root: &'a str,
}

/// Who may use the admin paths. A registered application is as good as a Power Platform administrator, for everything
/// (Learn: create a service principal application using the API).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Access {
    /// Object ids of tenant-wide administrators and of registered applications.
    pub administrators: BTreeSet<Uuid>,
}

/// Adds what every answer of these services carries (recorded headers; ids are counted, not random).
pub(super) fn dressed(answer: Answer, tenant: Uuid, number: u64) -> Answer {
    let id = |name: &str| derived(tenant, &format!("{name}:{number}")).to_string();
    let usual = [
        ("Cache-Control", "no-cache, no-store".to_owned()),
        ("X-Content-Type-Options", "nosniff".to_owned()),
        ("x-ms-correlation-request-id", id("correlation")),
        ("x-ms-request-id", id("request")),
        ("x-ms-service-request-id", id("service")),
    ];
    usual.into_iter().fold(answer, |answer, (name, value)| {
        let is_there = answer.headers.keys().any(|known| known.eq_ignore_ascii_case(name));
        if is_there { answer } else { answer.with_header(name, value) }
    })
}

impl Access {
    /// Says whether the bearer administers the whole tenant.
    pub fn is_administrator(&self, claims: &Claims) -> bool {
        self.administrators.contains(&claims.oid)
    }

    /// Refuses an application that is not registered (reported text; public clients look for `does not have permission to
    /// access the path`).
    pub fn admit_application(&self, request: Request<'_>, claims: &Claims) -> Result<(), Fault> {
        let Some(application) = claims.appid.filter(|_| !self.is_administrator(claims)) else {
            return Ok(());
        };
        Err(Fault::new(
            403,
            "Forbidden",
            format!(
                "The service principal with id '{}' for application '{application}' does not have permission to access the path \
                 '{}{}' in tenant '{}'.",
                claims.oid, request.root, request.path, claims.tid
            ),
        ))
    }
}

impl<'a> Request<'a> {
    /// Takes what these services look at out of a request; `root` is where links in the answer point.
    pub(super) fn of(incoming: &Incoming<'a>, root: &'a str, body: Option<&'a Value>) -> Self {
        Self { method: incoming.method, path: incoming.path, query: incoming.query, body, root }
    }

    /// Returns the path's segments behind `/providers/{provider}`, or nothing if the path is another.
    pub fn segments_below(&self, provider: &str) -> Option<Vec<String>> {
        let segments = percent::segments(self.path)?;
        match segments.as_slice() {
            [first, second, rest @ ..]
                if first.eq_ignore_ascii_case("providers") && second.eq_ignore_ascii_case(provider) =>
            {
                Some(rest.to_vec())
            }
            _ => None,
        }
    }

    /// Returns the query's parameters.
    pub fn parameters(&self) -> BTreeMap<String, String> {
        url::form_urlencoded::parse(self.query.as_bytes()).into_owned().collect()
    }

    /// Answers with a list: all of it, or pages of `$top` behind next links (public clients: `nextLink` at the top level).
    pub fn list(&self, value: Vec<Value>) -> Result<Answer, Fault> {
        let parameters = self.parameters();
        let number =
            |name: &str| parameters.get(name).map(|text| text.parse().map_err(|_| invalid(name, text))).transpose();
        let (top, start): (Option<usize>, Option<usize>) = (number("$top")?, number("$skiptoken")?);
        if top == Some(0) {
            return Err(invalid("$top", "0"));
        }
        let (total, start) = (value.len(), start.unwrap_or(0));
        let end = top.map_or(total, |top| total.min(start.saturating_add(top)));
        let page: Vec<Value> = value.into_iter().take(end).skip(start).collect();
        let mut body = json!({ "value": page });
        if end < total {
            let kept: Vec<&str> = self.query.split('&').filter(|pair| !pair.contains("skiptoken=")).collect();
            body["nextLink"] = json!(format!("{}{}?{}&%24skiptoken={end}", self.root, self.path, kept.join("&")));
        }
        Ok(Answer::json(200, body))
    }

    /// Refuses query options besides the version that are not known, so that no list is a wrong one.
    pub fn refuse_others(&self, known: &[&str]) -> Result<(), Fault> {
        let parameters = self.parameters();
        match parameters.keys().find(|name| *name != "api-version" && !known.contains(&name.as_str())) {
            Some(name) => Err(Fault::new(
                400,
                "InvalidRequestParameter",
                format!("The query option '{name}' is not served here."),
            )),
            None => Ok(()),
        }
    }

    /// Refuses a request without `api-version`, or with one that is not served (texts of Azure Resource Manager, inferred).
    pub fn require_version(&self, served: &[&str]) -> Result<(), Fault> {
        match self.parameters().get("api-version").map(String::as_str) {
            None | Some("") => Err(Fault::new(
                400,
                "MissingApiVersionParameter",
                "The api-version query parameter (?api-version=) is required for all requests.",
            )),
            Some(version) if served.contains(&version) => Ok(()),
            Some(version) => {
                Err(Fault::new(400, "InvalidApiVersionParameter", format!("The api-version '{version}' is invalid.")))
            }
        }
    }
}

/// Refuses a parameter whose value cannot be read.
pub(super) fn invalid(name: &str, value: &str) -> Fault {
    Fault::new(400, "InvalidRequestParameter", format!("The value '{value}' of '{name}' is not valid."))
}
