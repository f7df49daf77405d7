//! What definitions of tables and of columns have in common.

use serde_json::{Value, json};

use crate::sandbox::odata::{Query, Row};

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
