//! One row of an answer, read strictly: a column that is missing or of another type is a problem, never a default.
use serde_json::Value;
use uuid::Uuid;

use crate::names::Text;
use crate::problem::{Cause, Problem, clip};
use crate::request::Service;

/// One JSON object of an answer, and where it came from.
#[derive(Clone, Copy, Debug)]
pub(in crate::collect) struct Row<'a> {
    service: Service,
    set: &'static str,
    value: &'a Value,
}

impl<'a> Row<'a> {
    /// A row of one of Dataverse's sets.
    pub(in crate::collect) fn dataverse(set: &'static str, value: &'a Value) -> Self {
        Self { service: Service::Dataverse, set, value }
    }

    /// A row of one of Microsoft Graph's sets.
    pub(in crate::collect) fn graph(set: &'static str, value: &'a Value) -> Self {
        Self { service: Service::Graph, set, value }
    }

    /// An object of the admin API.
    pub(in crate::collect) fn admin(set: &'static str, value: &'a Value) -> Self {
        Self { service: Service::Admin, set, value }
    }

    /// A problem with this row.
    pub(in crate::collect) fn malformed(&self, says: &str) -> Problem {
        Problem {
            method: "GET".to_owned(),
            path: self.set.to_owned(),
            ..Problem::without_request(
                Cause::Malformed,
                self.service.name(),
                clip(&format!("`{}` answered {says}", self.set)),
                "run again with `-v`; if it stays, the service has changed and powergrant must follow",
            )
        }
    }

    /// The column's value. Selected columns are always there, empty ones as `null`
    /// (recorded: roles, workflows and connectionreferences lists).
    fn column(&self, column: &str) -> Result<&'a Value, Problem> {
        self.value.get(column).ok_or_else(|| self.malformed(&format!("without the column `{column}`")))
    }

    fn is_empty(&self, column: &str) -> Result<bool, Problem> {
        self.column(column).map(Value::is_null)
    }

    fn not_a(&self, column: &str, kind: &str) -> Problem {
        self.malformed(&format!("a `{column}` that is not {kind}"))
    }

    /// A text.
    pub(in crate::collect) fn text(&self, column: &str) -> Result<Text, Problem> {
        self.column(column)?.as_str().map(Text::from).ok_or_else(|| self.not_a(column, "a text"))
    }

    /// A text, if the column is not empty.
    pub(in crate::collect) fn optional_text(&self, column: &str) -> Result<Option<Text>, Problem> {
        if self.is_empty(column)? {
            return Ok(None);
        }
        self.text(column).map(Some)
    }

    /// A text; empty for an empty column.
    pub(in crate::collect) fn text_or_empty(&self, column: &str) -> Result<Text, Problem> {
        Ok(self.optional_text(column)?.unwrap_or_default())
    }

    /// An id.
    pub(in crate::collect) fn id(&self, column: &str) -> Result<Uuid, Problem> {
        let id = self.column(column)?.as_str().and_then(|text| Uuid::try_parse(text).ok());
        id.ok_or_else(|| self.not_a(column, "an id"))
    }

    /// An id, if the column is not empty. The zero id is empty too (recorded: `RecordFilterId` of role privileges).
    pub(in crate::collect) fn optional_id(&self, column: &str) -> Result<Option<Uuid>, Problem> {
        if self.is_empty(column)? {
            return Ok(None);
        }
        Ok(Some(self.id(column)?).filter(|id| !id.is_nil()))
    }

    /// A whole number.
    pub(in crate::collect) fn number(&self, column: &str) -> Result<i64, Problem> {
        self.column(column)?.as_i64().ok_or_else(|| self.not_a(column, "a whole number"))
    }

    /// A whole number, if the column is not empty.
    pub(in crate::collect) fn optional_number(&self, column: &str) -> Result<Option<i64>, Problem> {
        if self.is_empty(column)? {
            return Ok(None);
        }
        self.number(column).map(Some)
    }

    /// Yes or no.
    pub(in crate::collect) fn flag(&self, column: &str) -> Result<bool, Problem> {
        self.column(column)?.as_bool().ok_or_else(|| self.not_a(column, "true or false"))
    }

    /// Yes or no, if the column is not empty.
    pub(in crate::collect) fn optional_flag(&self, column: &str) -> Result<Option<bool>, Problem> {
        if self.is_empty(column)? {
            return Ok(None);
        }
        self.flag(column).map(Some)
    }

    /// A managed property's value: `{"Value":true,"CanBeChanged":true,…}` (recorded: `iscustomizable` of roles and workflows).
    pub(in crate::collect) fn managed_flag(&self, column: &str) -> Result<bool, Problem> {
        let value = self.column(column)?.get("Value").and_then(Value::as_bool);
        value.ok_or_else(|| self.not_a(column, "a managed property"))
    }

    /// A list.
    pub(in crate::collect) fn list(&self, column: &str) -> Result<&'a [Value], Problem> {
        self.column(column)?.as_array().map(Vec::as_slice).ok_or_else(|| self.not_a(column, "a list"))
    }

    /// An object in a column, as a row of its own.
    pub(in crate::collect) fn object(&self, column: &str) -> Result<Self, Problem> {
        let value = self.column(column)?;
        if value.is_object() { Ok(Self { value, ..*self }) } else { Err(self.not_a(column, "an object")) }
    }

    /// An object that the service may leave out.
    pub(in crate::collect) fn optional_object(&self, column: &str) -> Option<Self> {
        let value = self.value.get(column).filter(|value| value.is_object())?;
        Some(Self { value, ..*self })
    }

    /// A text that the service may leave out.
    pub(in crate::collect) fn loose_text(&self, column: &str) -> Option<&'a str> {
        self.value.get(column)?.as_str()
    }

    /// A list that the service may leave out.
    pub(in crate::collect) fn optional_list(&self, column: &str) -> Option<&'a [Value]> {
        self.value.get(column)?.as_array().map(Vec::as_slice)
    }

    /// The names of what the row has.
    pub(in crate::collect) fn names(&self) -> impl Iterator<Item = &'a str> {
        self.value.as_object().into_iter().flatten().map(|(name, _)| name.as_str())
    }

    /// A row of a list in this row.
    pub(in crate::collect) fn within(&self, value: &'a Value) -> Self {
        Self { value, ..*self }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_empty_column_is_empty_and_a_missing_one_is_a_problem() {
        let value = json!({"name": null, "isdisabled": "no"});
        let row = Row::dataverse("systemusers", &value);
        assert_eq!(row.optional_text("name"), Ok(None));
        let problem = row.text("fullname").unwrap_err();
        assert_eq!(problem.cause, Cause::Malformed);
        assert_eq!(problem.says, "`systemusers` answered without the column `fullname`");
        assert_eq!(
            row.flag("isdisabled").unwrap_err().says,
            "`systemusers` answered a `isdisabled` that is not true or false"
        );
    }

    #[test]
    fn the_zero_id_is_no_id() {
        let value = json!({"a": "00000000-0000-0000-0000-000000000000", "b": "3f2504e0-4f89-11d3-9a0c-0305e82c3301"});
        let row = Row::dataverse("roles", &value);
        assert_eq!(row.optional_id("a"), Ok(None));
        assert!(row.optional_id("b").unwrap().is_some());
    }
}
