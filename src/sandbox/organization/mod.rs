//! One Dataverse organisation as a value: its rows, their versions, and a journal that takes writes back.

mod journal;
mod memory;
mod privileges;
mod row;
mod rows;
mod stale;
#[cfg(test)]
mod tests;
mod units;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::odata::Row;
use super::schema::{self, Table};
pub(super) use journal::CREATED;
pub(super) use memory::{Actor, Changed, Lag};
use memory::{Stale, Undo};
pub use row::derived;
pub(super) use row::{id, is_set, number, row_of, text};
use rows::Rows;

/// A Dataverse organisation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Organization {
    /// The `OrganizationId`.
    pub id: Uuid,
    /// The unique name.
    pub unique_name: String,
    /// The host of its address.
    pub host: String,
    /// The environment's name in the admin API (a GUID, or `Default-` and a GUID).
    pub environment: String,
    /// The Entra group that users have to be members of, if any.
    pub security_group: Option<Uuid>,
    /// Whether managers reach the rows of those who report to them.
    #[serde(default)]
    pub hierarchy_security: bool,
    /// The version of the row that was written last.
    pub version: u64,
    /// Tables that solutions of the customer brought.
    pub custom_tables: Vec<Table>,
    /// Rows by logical name of the table and key.
    rows: Rows,
    /// What the writes since the last commit replaced.
    #[serde(skip)]
    journal: Vec<Undo>,
    /// Rows since the last commit that nobody wrote.
    #[serde(skip)]
    noted: Vec<(String, Uuid)>,
    /// Who sent the request under way, and the mark in the journal at which it began.
    #[serde(skip)]
    pub(super) under_way: Option<(usize, Actor)>,
    /// What reads still answer instead of what was written.
    #[serde(skip)]
    stale: BTreeMap<(String, Lag), Stale>,
}

impl Organization {
    /// Makes an organisation without rows.
    pub fn new(id: Uuid, unique_name: &str, host: &str, environment: &str) -> Self {
        Self {
            id,
            unique_name: unique_name.to_owned(),
            host: host.to_owned(),
            environment: environment.to_owned(),
            security_group: None,
            hierarchy_security: false,
            version: 1_000_000,
            custom_tables: Vec::new(),
            rows: Rows::default(),
            journal: Vec::new(),
            noted: Vec::new(),
            under_way: None,
            stale: BTreeMap::new(),
        }
    }

    /// Lists the tables, Microsoft's first.
    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        schema::built_in().iter().chain(&self.custom_tables)
    }

    /// Finds a table by logical name.
    pub fn table(&self, logical_name: &str) -> Option<&Table> {
        self.tables().find(|table| table.logical_name == logical_name)
    }

    /// Finds a table by entity set.
    pub fn table_of_set(&self, entity_set: &str) -> Option<&Table> {
        self.tables().find(|table| table.entity_set == entity_set)
    }

    /// Returns a row.
    pub fn row(&self, table: &str, id: Uuid) -> Option<&Row> {
        self.rows.of(table)?.get(&id)
    }

    /// Lists the rows of a table with their keys.
    pub fn all(&self, table: &str) -> impl Iterator<Item = (Uuid, &Row)> {
        self.rows.of(table).into_iter().flatten().map(|(id, row)| (*id, row))
    }

    /// Lists all rows with their tables and keys.
    pub fn rows(&self) -> impl Iterator<Item = (&str, Uuid, &Row)> {
        self.rows.all()
    }

    /// Counts the rows of a table.
    pub fn count(&self, table: &str) -> usize {
        self.rows.of(table).map_or(0, BTreeMap::len)
    }

    /// Finds the rows of a joining table that have an id in a column.
    pub fn beside(&self, table: &str, column: &str, near: Uuid) -> impl Iterator<Item = (Uuid, &Row)> {
        let known = self.rows.beside(table, column, near);
        let walked = known.is_none().then(|| self.all(table).filter(move |(_, row)| id(row, column) == Some(near)));
        known.into_iter().flatten().chain(walked.into_iter().flatten())
    }

    /// Finds the rows of a table in which a column has the value, text without regard to case.
    pub fn find<'a>(&'a self, table: &str, column: &'a str, value: &'a Value) -> impl Iterator<Item = (Uuid, &'a Row)> {
        self.all(table).filter(move |(_, row)| match (row.get(column), value) {
            (Some(Value::String(left)), Value::String(right)) => left.eq_ignore_ascii_case(right),
            (Some(left), right) => left == right,
            (None, right) => right.is_null(),
        })
    }

    /// Finds the one row of a table with that name, without regard to case.
    pub fn named(&self, table: &str, name: &str) -> Option<Uuid> {
        let column = self.table(table)?.primary_name.clone();
        self.find(table, &column, &json!(name)).map(|(id, _)| id).next()
    }

    /// Returns the key that a row of a joining table has.
    pub fn joint_id(&self, table: &str, left: Uuid, right: Uuid) -> Uuid {
        derived(self.id, &format!("{table}:{left}:{right}"))
    }
}
