//! Values out of rows, and ids out of names.

use serde_json::Value;
use uuid::Uuid;

use crate::sandbox::odata::Row;

/// Derives an id from a namespace and a name, the same in every run.
pub fn derived(namespace: Uuid, name: &str) -> Uuid {
    Uuid::new_v5(&namespace, name.as_bytes())
}

/// Takes the object out of a JSON value that was written as one.
pub(in crate::sandbox) fn row_of(value: Value) -> Row {
    match value {
        Value::Object(row) => row,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Row::new(),
    }
}

/// Returns an id out of a row.
pub(in crate::sandbox) fn id(row: &Row, column: &str) -> Option<Uuid> {
    Uuid::try_parse(row.get(column)?.as_str()?).ok()
}

/// Returns a text out of a row.
pub(in crate::sandbox) fn text<'a>(row: &'a Row, column: &str) -> Option<&'a str> {
    row.get(column)?.as_str()
}

/// Returns a whole number out of a row.
pub(in crate::sandbox) fn number(row: &Row, column: &str) -> Option<i64> {
    row.get(column)?.as_i64()
}

/// Says whether a column of a row is true.
pub(in crate::sandbox) fn is_set(row: &Row, column: &str) -> bool {
    row.get(column).and_then(Value::as_bool).unwrap_or(false)
}
