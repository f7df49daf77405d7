//! Many rows in one request: `CreateMultiple` and `UpdateMultiple`, all or none of them (Learn: bulk operation messages).

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::request::Request;
use super::{Session, complex};
use crate::sandbox::answer::Answer;
use crate::sandbox::fault::Fault;

impl Session<'_> {
    /// Answers an action that is bound to the rows of a table.
    pub(super) fn many(&mut self, request: &Request<'_>, table: &str, operation: &str) -> Result<Answer, Fault> {
        match (request.method, operation) {
            ("POST", "CreateMultiple") => self.create_multiple(request, table),
            ("POST", "UpdateMultiple") => self.update_multiple(request, table),
            _ => Err(Fault::unknown_segment(&format!("Microsoft.Dynamics.CRM.{operation}"))),
        }
    }

    fn create_multiple(&mut self, request: &Request<'_>, table: &str) -> Result<Answer, Fault> {
        let mut ids = Vec::new();
        for target in targets(request, table)? {
            let body = Value::Object(target).to_string();
            let answer = self.create(&alone(request, &body), table)?;
            let address = answer.headers.get("OData-EntityId").map(String::as_str).unwrap_or_default();
            ids.push(address.rsplit_once('(').map_or("", |(_, rest)| rest.trim_end_matches(')')).to_owned());
        }
        Ok(complex(request, "CreateMultipleResponse", json!({ "Ids": ids })))
    }

    fn update_multiple(&mut self, request: &Request<'_>, table: &str) -> Result<Answer, Fault> {
        let key_name = self.table(table)?.primary_id.to_string();
        for mut target in targets(request, table)? {
            let key = target.remove(&key_name);
            let key = key.as_ref().and_then(Value::as_str).and_then(|text| Uuid::try_parse(text).ok());
            let key = key.ok_or_else(|| Fault::malformed(format!("A target has no '{key_name}'.")))?;
            if self.organization.row(table, key).is_none() {
                return Err(Fault::no_such_row(table, key));
            }
            let body = Value::Object(target).to_string();
            self.update(&alone(request, &body), table, key)?;
        }
        Ok(Answer::empty(204))
    }
}

/// The same request for one row, without preferences or conditions.
fn alone<'a>(request: &Request<'a>, body: &'a str) -> Request<'a> {
    static HEADERS: std::sync::LazyLock<BTreeMap<String, String>> =
        std::sync::LazyLock::new(|| BTreeMap::from([("content-type".to_owned(), "application/json".to_owned())]));
    Request { method: "POST", headers: &HEADERS, query: "", body, ..*request }
}

/// Reads `Targets`; each has to say that it is a row of the table.
fn targets(request: &Request<'_>, table: &str) -> Result<Vec<Map<String, Value>>, Fault> {
    let mut body = request.object()?;
    let targets = body.remove("Targets");
    if let Some(other) = body.keys().find(|name| !name.contains('@')) {
        return Err(Fault::malformed(format!(
            "The parameter '{other}' in the request payload is not a valid parameter."
        )));
    }
    let list = match targets {
        Some(Value::Array(list)) if !list.is_empty() => list,
        _ => return Err(Fault::malformed("The parameter 'Targets' is missing or empty.")),
    };
    list.into_iter()
        .map(|target| {
            let Value::Object(mut target) = target else {
                return Err(Fault::malformed("A target is not an object."));
            };
            let kind = target.remove("@odata.type");
            let kind = kind.as_ref().and_then(Value::as_str).unwrap_or_default().trim_start_matches('#');
            if kind.strip_prefix("Microsoft.Dynamics.CRM.") == Some(table) {
                Ok(target)
            } else {
                Err(Fault::malformed(format!("A target of type '{kind}' is no 'Microsoft.Dynamics.CRM.{table}'.")))
            }
        })
        .collect()
}
