//! What a column is: its wire name, its type, and when it may be written.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::name::Name;

/// A column of a table, under its wire name: `_ownerid_value` for the lookup `ownerid`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// The wire name.
    pub name: Name,
    /// What it holds.
    pub kind: Kind,
    /// When clients may write it.
    pub valid: Valid,
}

/// What a column holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Kind {
    /// Text.
    Text,
    /// An id.
    Id,
    /// A whole number, also a choice.
    Integer,
    /// Yes or no.
    Boolean,
    /// A point in time.
    Moment,
    /// A managed property: an object with `Value` and `CanBeChanged`.
    Managed,
    /// A reference to a row of one of the target tables.
    Lookup {
        /// The single-valued navigation property.
        navigation: Name,
        /// The logical names of the tables.
        targets: Vec<Name>,
    },
}

/// When clients may write a column (recorded: `IsValidForCreate` and `IsValidForUpdate` of table metadata).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Valid {
    /// Never.
    Never,
    /// When the row is made.
    Create,
    /// When the row exists.
    Update,
    /// Always.
    CreateUpdate,
}

impl Valid {
    /// Says whether a new row may carry the column.
    pub const fn on_create(self) -> bool {
        matches!(self, Self::Create | Self::CreateUpdate)
    }

    /// Says whether a change may carry the column.
    pub const fn on_update(self) -> bool {
        matches!(self, Self::Update | Self::CreateUpdate)
    }
}

impl Column {
    pub(super) fn new(name: &str, kind: Kind, valid: Valid) -> Self {
        Self { name: Cow::Owned(name.to_owned()), kind, valid }
    }

    pub(super) fn text(name: &str, valid: Valid) -> Self {
        Self::new(name, Kind::Text, valid)
    }

    pub(super) fn lookup(navigation: &str, targets: &[&str], valid: Valid) -> Self {
        let kind = Kind::Lookup {
            navigation: navigation.to_owned().into(),
            targets: targets.iter().map(|target| (*target).to_owned().into()).collect(),
        };
        Self::new(&format!("_{navigation}_value"), kind, valid)
    }

    /// Returns the navigation property of a lookup.
    pub fn navigation(&self) -> Option<&str> {
        match &self.kind {
            Kind::Lookup { navigation, .. } => Some(navigation),
            Kind::Text | Kind::Id | Kind::Integer | Kind::Boolean | Kind::Moment | Kind::Managed => None,
        }
    }

    /// Returns the logical name of the attribute, which is not the wire name for lookups.
    pub fn logical_name(&self) -> &str {
        self.navigation().unwrap_or(&self.name)
    }

    /// Says whether the column can hold the value.
    pub fn accepts(&self, value: &Value) -> bool {
        value.is_null()
            || match self.kind {
                Kind::Text | Kind::Moment => value.is_string(),
                Kind::Id | Kind::Lookup { .. } => value.as_str().is_some_and(|text| Uuid::try_parse(text).is_ok()),
                Kind::Integer => value.is_i64() || value.is_u64(),
                Kind::Boolean => value.is_boolean(),
                Kind::Managed => value.get("Value").is_some_and(Value::is_boolean),
            }
    }
}

/// The columns that every table has.
pub(super) fn common() -> Vec<Column> {
    let mut columns = vec![
        Column::new("createdon", Kind::Moment, Valid::Never),
        Column::new("modifiedon", Kind::Moment, Valid::Never),
        Column::new("versionnumber", Kind::Integer, Valid::Never),
    ];
    columns.push(Column::lookup("createdby", &["systemuser"], Valid::Never));
    columns.push(Column::lookup("modifiedby", &["systemuser"], Valid::Never));
    columns
}

/// The columns of tables whose rows a user or team owns.
pub(super) fn owner() -> Vec<Column> {
    vec![
        Column::lookup("ownerid", &["systemuser", "team"], Valid::CreateUpdate),
        Column::lookup("owninguser", &["systemuser"], Valid::Never),
        Column::lookup("owningteam", &["team"], Valid::Never),
        Column::lookup("owningbusinessunit", &["businessunit"], Valid::Never),
        Column::new("statecode", Kind::Integer, Valid::Update),
        Column::new("statuscode", Kind::Integer, Valid::CreateUpdate),
    ]
}

/// The columns of tables whose rows are parts of solutions.
pub(super) fn component() -> Vec<Column> {
    vec![
        Column::new("ismanaged", Kind::Boolean, Valid::Never),
        Column::new("iscustomizable", Kind::Managed, Valid::CreateUpdate),
        Column::new("componentstate", Kind::Integer, Valid::Never),
        Column::new("solutionid", Kind::Id, Valid::Never),
        Column::new("overwritetime", Kind::Moment, Valid::Never),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_lookup_has_a_wire_name_and_a_logical_name() {
        let column = Column::lookup("ownerid", &["systemuser", "team"], Valid::CreateUpdate);
        assert_eq!((column.name.as_ref(), column.logical_name()), ("_ownerid_value", "ownerid"));
    }

    #[test]
    fn values_of_another_type_are_not_accepted() {
        let column = Column::new("statecode", Kind::Integer, Valid::Update);
        assert!(column.accepts(&json!(1)) && column.accepts(&Value::Null));
        assert!(!column.accepts(&json!("1")));
    }
}
