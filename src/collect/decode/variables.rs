//! Environment variables: what they hold, but for secrets.
use uuid::Uuid;

use super::Row;
use crate::names::{Text, folded};
use crate::problem::Problem;

/// The columns of a variable's definition (Learn: environment variable definition table reference).
pub(in crate::collect) const DEFINITION: &str = "environmentvariabledefinitionid,schemaname,type,defaultvalue";
/// The columns of a variable's value.
pub(in crate::collect) const VALUE: &str = "_environmentvariabledefinitionid_value,value";
/// The type of a variable that names a secret in a key vault (recorded table metadata).
const SECRET: i64 = 100_000_005;

/// A variable: its id, its name in lower case, and its default value; what names a secret is never kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::collect) struct Variable {
    /// The definition's id.
    pub(in crate::collect) id: Uuid,
    /// The schema name in lower case.
    pub(in crate::collect) name: Text,
    /// The default value.
    pub(in crate::collect) default: Option<Text>,
    /// Whether it names a secret.
    pub(in crate::collect) is_secret: bool,
}

/// A variable's definition.
pub(in crate::collect) fn definition(row: Row<'_>) -> Result<Variable, Problem> {
    let is_secret = row.optional_number("type")? == Some(SECRET);
    Ok(Variable {
        id: row.id("environmentvariabledefinitionid")?,
        name: folded(&row.text("schemaname")?).into(),
        default: row.optional_text("defaultvalue")?.filter(|_| !is_secret),
        is_secret,
    })
}

/// A variable's own value, by the definition's id.
pub(in crate::collect) fn value(row: Row<'_>) -> Result<(Uuid, Text), Problem> {
    Ok((row.id("_environmentvariabledefinitionid_value")?, row.text_or_empty("value")?))
}
