//! What a table is: its names, columns, ownership, privileges and relationships.

mod built_in;
pub mod choices;
mod columns;
pub mod relationships;

use std::borrow::Cow;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use built_in::{MISCELLANEOUS, Miscellaneous};
pub use columns::{Column, Kind, Valid};

use super::rights::{Depth, Verb};

/// A name in the schema: compiled in for Microsoft's tables, owned for a seed's.
pub type Name = Cow<'static, str>;

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

/// Returns the tables that every organisation has.
pub fn built_in() -> &'static [Table] {
    static TABLES: LazyLock<Vec<Table>> = LazyLock::new(built_in::tables);
    &TABLES
}

/// Returns the id that a privilege has in every organisation, for those that have one
/// (recorded: metadata of the tables workflow, team and solution in unrelated organisations).
pub fn fixed_privilege_id(name: &str) -> Option<Uuid> {
    let known = [
        ("prvReadWorkflow", "9d5e4741-3403-42d2-90b4-a561b3f94f52"),
        ("prvCreateWorkflow", "356f7a5a-5f9b-4a55-8398-b5732f6a08e5"),
        ("prvWriteWorkflow", "5f19703e-0b4a-451e-91e8-968929927820"),
        ("prvDeleteWorkflow", "ed7e875d-9536-4d2c-a2f3-939a9d84f72c"),
        ("prvAssignWorkflow", "d0cd3ea7-83cd-4769-9ef7-35398d2e1243"),
        ("prvShareWorkflow", "501786bc-f127-4c56-a4dc-02cc0325117d"),
        ("prvAppendWorkflow", "71b53683-e781-471f-b9c4-cdcaf62a0cc5"),
        ("prvAppendToWorkflow", "6f54cea3-5b92-4507-952c-1e2430b7b1f9"),
        ("prvReadTeam", "663d1920-56e1-4166-89f0-47f3330923a8"),
        ("prvReadSolution", "b64e92c8-5d2a-4052-a026-1b73eff9cebf"),
    ];
    known
        .into_iter()
        .find(|(known, _)| *known == name)
        .map(|(_, id)| id.parse().expect("the ids in this table are written as ids"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(logical_name: &str) -> &'static Table {
        built_in().iter().find(|table| table.logical_name == logical_name).unwrap()
    }

    #[test]
    fn privilege_names_are_those_that_were_recorded() {
        let cases = [
            ("workflow", "prvReadWorkflow"),
            ("connectionreference", "prvReadconnectionreference"),
            ("environmentvariabledefinition", "prvReadEnvironmentVariableDefinition"),
            ("systemuser", "prvReadUser"),
            ("role", "prvReadRole"),
            ("businessunit", "prvReadBusinessUnit"),
        ];
        for (logical_name, name) in cases {
            assert_eq!(table(logical_name).privilege(Verb::Read).as_deref(), Some(name));
        }
    }

    #[test]
    fn environment_variable_values_have_no_privileges() {
        assert_eq!(table("environmentvariablevalue").privilege(Verb::Read), None);
    }

    #[test]
    fn an_organisation_owned_table_reaches_everything_or_nothing() {
        let table = Table::custom("contoso_costcenter", "Cost Center", Ownership::Organization, 10_500);
        assert!(table.privileges.iter().all(|(_, depths)| depths == &[Depth::Global]));
        assert_eq!(table.privilege(Verb::Share), None);
    }

    #[test]
    fn table_and_set_names_are_unique() {
        let mut names: Vec<&str> =
            built_in().iter().flat_map(|table| [table.logical_name.as_ref(), &table.entity_set]).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
