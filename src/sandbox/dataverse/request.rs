//! A request to the Web API, and what it prefers.

use std::collections::BTreeMap;

use serde_json::Value;
use uuid::Uuid;

use crate::sandbox::answer::Answer;
use crate::sandbox::fault::Fault;
use crate::sandbox::odata::{Caller, Dialect, Query};

/// A request to the Web API.
#[derive(Debug, Clone, Copy)]
pub(in crate::sandbox) struct Request<'a> {
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
    /// As whom it is asked.
    pub caller: Caller,
}

impl Request<'_> {
    /// Returns a header.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// Returns the query, read by the rules for rows.
    pub(super) fn options(&self) -> Result<Query, Fault> {
        Query::parse_for(self.query, Dialect::Dataverse, self.caller)
    }

    /// Returns the body as a JSON object.
    pub(super) fn object(&self) -> Result<serde_json::Map<String, Value>, Fault> {
        // Learn: compose HTTP requests; third-party live tests: a body without its type cannot be read.
        if !self.header("content-type").is_some_and(|kind| kind.to_ascii_lowercase().contains("application/json")) {
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

/// What `Prefer` asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Preferences {
    pub(super) page_size: Option<usize>,
    pub(super) annotations: Annotations,
    pub(super) returns_row: bool,
    pub(super) continues_on_error: bool,
    applied: Vec<String>,
}

impl Preferences {
    /// Reads the header; unknown preferences are ignored, as HTTP has it.
    pub(super) fn of(request: &Request<'_>) -> Self {
        let mut preferences = Self {
            page_size: None,
            annotations: Annotations::default(),
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
            // Names of preferences are any case's (RFC 7240).
            let name = name.trim().to_ascii_lowercase();
            match name.as_str() {
                "odata.maxpagesize" => {
                    // What is no size is no preference that could be applied.
                    let Some(size) = value.parse().ok().filter(|size| *size > 0) else { continue };
                    preferences.page_size = Some(size);
                    preferences.applied.push(format!("odata.maxpagesize={value}"));
                }
                "odata.include-annotations" if !value.is_empty() => {
                    preferences.annotations = Annotations::read(value);
                    preferences.applied.push(format!("odata.include-annotations=\"{value}\""));
                }
                "return" if value == "representation" => {
                    preferences.returns_row = true;
                    preferences.applied.push("return=representation".to_owned());
                }
                "odata.continue-on-error" => preferences.continues_on_error = true,
                _ => {}
            }
        }
        preferences
    }

    /// Says in an answer what was done as preferred.
    pub(super) fn applied(&self, answer: Answer) -> Answer {
        if self.applied.is_empty() {
            return answer;
        }
        answer.with_header("Preference-Applied", self.applied.join(","))
    }
}

/// Which annotations `Prefer: odata.include-annotations` asks for: names, or their beginnings before a `*` (Learn: compose HTTP
/// requests, request annotations).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Annotations(Vec<String>);

pub(super) const FORMATTED: &str = "OData.Community.Display.V1.FormattedValue";
pub(super) const NAVIGATION: &str = "Microsoft.Dynamics.CRM.associatednavigationproperty";
pub(super) const LOGICAL_NAME: &str = "Microsoft.Dynamics.CRM.lookuplogicalname";

impl Annotations {
    fn read(value: &str) -> Self {
        Self(value.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect())
    }

    /// Says whether any is asked for.
    pub(super) fn is_any(&self) -> bool {
        !self.0.is_empty()
    }

    /// Says whether the annotation of that name is asked for.
    pub(super) fn wants(&self, name: &str) -> bool {
        let meets = |asked: &String| asked.strip_suffix('*').map_or(asked == name, |start| name.starts_with(start));
        self.0.iter().any(meets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annotations_are_asked_for_by_name_or_by_its_beginning() {
        let asked = Annotations::read("Microsoft.Dynamics.CRM.*, OData.Community.Display.V1.FormattedValue");
        assert!(asked.wants(NAVIGATION) && asked.wants(FORMATTED) && Annotations::read("*").wants(LOGICAL_NAME));
        assert!(!Annotations::read(FORMATTED).wants(LOGICAL_NAME) && !Annotations::default().is_any());
    }
}
