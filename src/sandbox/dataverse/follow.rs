//! What stands behind a row: its properties one by one, and the rows that its navigation properties lead to.

use serde_json::{Value, json};
use uuid::Uuid;

use super::Session;
use super::path::{Arguments, Segment};
use super::read::{self, Set};
use super::request::Request;
use super::shape;
use crate::sandbox::answer::Answer;
use crate::sandbox::fault::Fault;
use crate::sandbox::rights::Verb;

/// What of related rows is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// The rows.
    Rows,
    /// Their number, `…/$count`.
    Count,
    /// Their addresses, `…/$ref`.
    References,
}

impl Session<'_> {
    /// Answers `GET set(id)/property` or `GET set(id)/navigation`, perhaps with the key of one of the rows.
    pub(super) fn follow(
        &self,
        request: &Request<'_>,
        table: &str,
        key: Uuid,
        navigation: &Segment,
        shown: Shown,
    ) -> Result<Answer, Fault> {
        let name = navigation.name.as_str();
        let authority = self.authority()?;
        let sight = self.sight(&authority);
        let definition = self.table(table)?;
        let Some(row) = self.organization.row(table, key) else { return Err(Fault::no_such_row(table, key)) };
        authority.require_on(self.organization, definition, Verb::Read, key)?;
        if shown == Shown::Rows && definition.has_property(name) {
            let value = row.get(name).cloned().unwrap_or_default();
            let context = format!("{}/$metadata#{}({key})/{name}", request.root, definition.entity_set);
            return Ok(Answer::json(200, json!({ "@odata.context": context, "value": value })));
        }
        let target = shape::target_of(&sight, definition, name).ok_or_else(|| Fault::unknown_segment(name))?;
        let mut related = shape::related(&sight, definition, key, row, name);
        let query = request.options()?;
        let one = match (&navigation.arguments, shape::is_collection(definition, name)) {
            (None, true) => None,
            (Some(Arguments::Id(wanted)), true) => {
                related.retain(|(_, key)| key == wanted);
                Some(related.first().cloned().ok_or_else(|| Fault::no_such_row(&target.logical_name, wanted))?)
            }
            (None, false) => match related.first().cloned() {
                Some(found) => Some(found),
                None => return Ok(Answer::empty(204)),
            },
            (Some(_), _) => return Err(Fault::unknown_segment(name)),
        };
        let visible = || {
            let rows =
                related.iter().filter_map(|(_, key)| Some((*key, self.organization.row(&target.logical_name, *key)?)));
            rows.filter(|(key, row)| sight.sees(target, *key, row)).map(|(key, _)| key)
        };
        match (shown, one) {
            (Shown::Rows, Some((name, key))) => {
                let target = self.table(&name)?;
                read::one(&sight, request, target, key, &query, |verb| {
                    authority.require_on(self.organization, target, verb, key)
                })
            }
            (Shown::References, Some((name, key))) => {
                let address = request.address(&self.table(&name)?.entity_set, key);
                let context = format!("{}/$metadata#$ref", request.root);
                Ok(Answer::json(200, json!({ "@odata.context": context, "@odata.id": address })))
            }
            (Shown::Count, Some(_)) => Err(Fault::unknown_segment("$count")),
            (Shown::Rows | Shown::Count, None) => {
                let keys = related.iter().map(|(_, key)| *key).collect();
                let set = Set { table: target, keys, context: target.entity_set.to_string() };
                if shown == Shown::Count {
                    read::count(&sight, &set, &query)
                } else {
                    read::list(&sight, request, &set, &query)
                }
            }
            // Learn: retrieve a row, navigation property values.
            (Shown::References, None) => {
                sight.require(target)?;
                let value: Vec<Value> =
                    visible().map(|key| json!({ "@odata.id": request.address(&target.entity_set, key) })).collect();
                let context = format!("{}/$metadata#Collection($ref)", request.root);
                Ok(Answer::json(200, json!({ "@odata.context": context, "value": value })))
            }
        }
    }

    /// Answers `GET set(id)/property/$value`: the value by itself, or nothing (OData 4.0, 11.2.3.1).
    pub(super) fn raw_value(&self, table: &str, key: Uuid, name: &str) -> Result<Answer, Fault> {
        let definition = self.table(table)?;
        if !definition.has_property(name) {
            return Err(Fault::unknown_segment(name));
        }
        let Some(row) = self.organization.row(table, key) else { return Err(Fault::no_such_row(table, key)) };
        self.authority()?.require_on(self.organization, definition, Verb::Read, key)?;
        let value =
            if *name == *definition.primary_id { json!(key) } else { row.get(name).cloned().unwrap_or_default() };
        if value.is_null() {
            return Ok(Answer::empty(204));
        }
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        Ok(Answer::json(200, Value::String(text)).with_header("Content-Type", "text/plain"))
    }

    /// Changes one property of a row: to the value that the body has, or to none (Learn: update and delete table rows).
    pub(super) fn property(
        &mut self,
        request: &Request<'_>,
        table: &str,
        key: Uuid,
        name: &str,
    ) -> Result<Answer, Fault> {
        let value = match request.method {
            "PUT" => request.object()?.remove("value").ok_or_else(|| Fault::malformed("The body has no 'value'."))?,
            _ => Value::Null,
        };
        if self.organization.row(table, key).is_none() {
            return Err(Fault::no_such_row(table, key));
        }
        let body = json!({ name: value }).to_string();
        let mut headers = request.headers.clone();
        headers.insert("content-type".to_owned(), "application/json".to_owned());
        self.update(&Request { method: "PATCH", headers: &headers, body: &body, ..*request }, table, key)
    }
}
