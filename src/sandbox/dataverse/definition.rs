//! What definitions of tables and of columns have in common.

use serde_json::{Value, json};

use crate::sandbox::odata::{Query, Row};
use crate::sandbox::organization::row_of;

/// Writes a name that people see, as definitions have it.
pub(super) fn label(text: &str) -> Value {
    let label = json!({ "Label": text, "LanguageCode": 1033, "IsManaged": true });
    json!({ "LocalizedLabels": [label], "UserLocalizedLabel": label })
}

/// Keeps of a definition what was selected.
pub(super) fn select(row: Row, query: &Query) -> Row {
    let Some(select) = &query.select else { return row };
    row.into_iter().filter(|(name, _)| name == "MetadataId" || select.contains(name)).collect()
}

/// Keeps of definitions what was selected.
pub(super) fn chosen_of(rows: Vec<Value>, query: &Query) -> Value {
    rows.into_iter().map(|row| Value::Object(select(row_of(row), query))).collect()
}
