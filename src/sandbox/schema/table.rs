//! What a table is: its names, columns, ownership and privileges.

use serde::{Deserialize, Serialize};

use super::columns::{self, Column, Valid};
use super::name::Name;
use crate::sandbox::rights::{Depth, Verb};

/// A table of Dataverse.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// The logical name, `connectionreference`.
    pub logical_name: Name,
    /// The entity set, `connectionreferences`.
    pub entity_set: Name,
    /// The schema name, `EnvironmentVariableDefinition`.
    pub schema_name: Name,
    /// The name that people see, `Connection Reference`.
    pub display_name: Name,
    /// The plural of that name.
    pub display_collection_name: Name,
    /// The primary key, also its column.
    pub primary_id: Name,
    /// The column with the row's name.
    pub primary_name: Name,
    /// The number of the table; not stable between organisations for most tables.
    pub object_type_code: u32,
    /// Who owns rows.
    pub ownership: Ownership,
    /// What follows `prvRead` in the names of its privileges; nothing when it has none.
    pub stem: Option<Name>,
    /// The operations that have a privilege, each with the depths at which it can be granted.
    pub privileges: Vec<(Verb, Vec<Depth>)>,
    /// The columns besides the primary key.
    pub columns: Vec<Column>,
    /// Whether a solution of the customer brought it.
    pub is_custom: bool,
    /// Whether it only joins two others and cannot be written as a set.
    pub is_intersect: bool,
}

/// Who owns the rows of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ownership {
    /// A user or a team.
    User,
    /// A business unit.
    Business,
    /// The organisation.
    Organization,
    /// Nobody: access follows another table.
    None,
}

impl Ownership {
    /// Returns the word of table metadata.
    pub const fn word(self) -> &'static str {
        match self {
            Self::User => "UserOwned",
            Self::Business => "BusinessOwned",
            Self::Organization => "OrganizationOwned",
            Self::None => "None",
        }
    }
}

impl Table {
    /// Returns the name of the privilege for an operation, when there is one.
    pub fn privilege(&self, verb: Verb) -> Option<String> {
        let stem = self.stem.as_ref()?;
        self.privileges.iter().any(|(known, _)| *known == verb).then(|| format!("prv{}{stem}", verb.word()))
    }

    /// Says whether the privilege of that name is for an operation on it.
    pub fn has_privilege(&self, name: &str) -> bool {
        let stem = self.stem.as_ref().map_or("", |stem| stem.as_ref());
        let word = name.strip_prefix("prv").and_then(|name| name.strip_suffix(stem));
        !stem.is_empty() && word.is_some_and(|word| self.privileges.iter().any(|(verb, _)| verb.word() == word))
    }

    /// Returns the column of that wire name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Returns the lookup behind a single-valued navigation property.
    pub fn lookup(&self, navigation: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.navigation() == Some(navigation))
    }

    /// Says whether rows have the property: a column or the key.
    pub fn has_property(&self, name: &str) -> bool {
        self.primary_id == name || self.column(name).is_some()
    }

    /// Makes a table as a customer's solution brings it: a name, amounts of text, an owner.
    pub fn custom(logical_name: &str, display_name: &str, ownership: Ownership, object_type_code: u32) -> Self {
        let depths = match ownership {
            Ownership::User => Depth::ALL.to_vec(),
            Ownership::Business => Depth::ALL[1..].to_vec(),
            Ownership::Organization | Ownership::None => vec![Depth::Global],
        };
        let prefix = logical_name.split_once('_').map_or("", |(prefix, _)| prefix);
        let mut columns = vec![
            Column::text(&format!("{prefix}_name"), Valid::CreateUpdate),
            Column::text(&format!("{prefix}_description"), Valid::CreateUpdate),
        ];
        columns.extend(columns::common());
        if ownership == Ownership::User {
            columns.extend(columns::owner());
        }
        Self {
            logical_name: logical_name.to_owned().into(),
            entity_set: format!("{logical_name}s").into(),
            schema_name: logical_name.to_owned().into(),
            display_name: display_name.to_owned().into(),
            display_collection_name: format!("{display_name}s").into(),
            primary_id: format!("{logical_name}id").into(),
            primary_name: format!("{prefix}_name").into(),
            object_type_code,
            ownership,
            stem: Some(logical_name.to_owned().into()),
            privileges: Verb::ALL
                .into_iter()
                // Only rows of a user or team can be given away or shared (recorded: privileges of the solution table).
                .filter(|verb| ownership == Ownership::User || !matches!(verb, Verb::Assign | Verb::Share))
                .map(|verb| (verb, depths.clone()))
                .collect(),
            columns,
            is_custom: true,
            is_intersect: false,
        }
    }
}
