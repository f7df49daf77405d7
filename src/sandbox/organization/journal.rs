//! Writes, each of which can be taken back.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use uuid::Uuid;

use super::Organization;
use super::memory::{Changed, Undo};
use crate::sandbox::odata::Row;
use crate::sandbox::store::Written;

// All rows of a seed were made then; nothing in the sandbox depends on the clock.
pub(in crate::sandbox) const CREATED: &str = "2026-01-05T08:00:00Z";

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
        let before = self.rows.insert(table, id, row);
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
        let Some(before) = self.rows.remove(table, id) else { return false };
        let version = self.version;
        self.version += 1;
        self.journal.push(Undo { table: table.to_owned(), id, before: Some(before), version });
        true
    }

    /// Returns a mark in the journal, to come back to.
    pub(in crate::sandbox) fn mark(&self) -> usize {
        self.journal.len()
    }

    /// Lists the rows that were written since the mark, as they were then and as they are.
    pub(in crate::sandbox) fn changed_since(&self, mark: usize) -> Vec<Changed> {
        let mut seen: BTreeSet<(&str, Uuid)> = BTreeSet::new();
        let mut changed = Vec::new();
        for undo in self.journal.get(mark..).unwrap_or_default() {
            if seen.insert((&undo.table, undo.id)) {
                changed.push(Changed {
                    table: undo.table.clone(),
                    id: undo.id,
                    before: undo.before.clone(),
                    after: self.row(&undo.table, undo.id).cloned(),
                });
            }
        }
        changed
    }

    /// Keeps a row that nobody wrote: without a version, and not to be taken back.
    pub(in crate::sandbox) fn keep(&mut self, table: &str, id: Uuid, row: Row) {
        self.rows.insert(table, id, row);
        self.noted.push((table.to_owned(), id));
    }

    /// Lists what was written since the last commit, as it is now; nothing when nothing was.
    pub(in crate::sandbox) fn written(&self) -> Option<Written> {
        let noted = self.noted.iter().map(|(table, id)| (table.as_str(), *id));
        let written = self.journal.iter().map(|undo| (undo.table.as_str(), undo.id));
        let keys: BTreeSet<(&str, Uuid)> = written.chain(noted).collect();
        let row = |(table, id): (&str, Uuid)| (table.to_owned(), id, self.row(table, id).cloned());
        (!keys.is_empty()).then(|| Written { version: self.version, rows: keys.into_iter().map(row).collect() })
    }

    /// Puts rows in their place as they were written once: nothing of it can be taken back.
    pub(in crate::sandbox) fn restore(&mut self, written: Written) {
        self.version = written.version;
        for (table, id, row) in written.rows {
            match row {
                Some(row) => self.rows.insert(&table, id, row),
                None => self.rows.remove(&table, id),
            };
        }
    }

    /// Takes back every write since the mark.
    pub(in crate::sandbox) fn roll_back(&mut self, mark: usize) {
        while self.journal.len() > mark
            && let Some(undo) = self.journal.pop()
        {
            self.version = undo.version;
            match undo.before {
                Some(row) => self.rows.insert(&undo.table, undo.id, row),
                None => self.rows.remove(&undo.table, undo.id),
            };
        }
    }
}
