//! Writes, each of which can be taken back.

use serde_json::{Value, json};
use uuid::Uuid;

use super::Organization;
use super::memory::Undo;
use crate::sandbox::odata::Row;

// All rows of a seed were made then; nothing in the sandbox depends on the clock.
const CREATED: &str = "2026-01-05T08:00:00Z";

impl Organization {
    /// Writes a row under its key with a new version; the journal remembers what was there.
    pub fn put(&mut self, table: &str, id: Uuid, mut row: Row) {
        let version = self.version;
        self.version += 1;
        row.insert("versionnumber".into(), json!(self.version));
        if let Some(definition) = self.table(table) {
            let key = definition.primary_id.to_string();
            let is_dated = definition.column("createdon").is_some();
            row.insert(key, json!(id));
            if is_dated {
                row.entry("createdon").or_insert_with(|| json!(CREATED));
                row.entry("modifiedon").or_insert_with(|| json!(CREATED));
            }
        }
        let before = self.rows.entry(table.to_owned()).or_default().insert(id, row);
        self.journal.push(Undo { table: table.to_owned(), id, before, version });
    }

    /// Changes columns of a row that exists; says whether it did.
    pub fn change(&mut self, table: &str, id: Uuid, columns: impl IntoIterator<Item = (String, Value)>) -> bool {
        let Some(mut row) = self.row(table, id).cloned() else { return false };
        row.extend(columns);
        self.put(table, id, row);
        true
    }

    /// Removes a row; says whether it was there.
    pub fn remove(&mut self, table: &str, id: Uuid) -> bool {
        let Some(before) = self.rows.get_mut(table).and_then(|rows| rows.remove(&id)) else { return false };
        let version = self.version;
        self.version += 1;
        self.journal.push(Undo { table: table.to_owned(), id, before: Some(before), version });
        true
    }

    /// Returns a mark in the journal, to come back to.
    pub(in crate::sandbox) fn mark(&self) -> usize {
        self.journal.len()
    }

    /// Takes back every write since the mark.
    pub(in crate::sandbox) fn roll_back(&mut self, mark: usize) {
        while self.journal.len() > mark
            && let Some(undo) = self.journal.pop()
        {
            self.version = undo.version;
            let rows = self.rows.entry(undo.table).or_default();
            match undo.before {
                Some(row) => rows.insert(undo.id, row),
                None => rows.remove(&undo.id),
            };
        }
    }
}
