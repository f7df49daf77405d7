//! The rows of an organisation; those of joining tables are found from one side without a walk over all of them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use super::row::id;
use crate::sandbox::odata::Row;

/// The joining tables and the columns by which their rows are asked for at every decision.
const SIDES: [(&str, &str); 5] = [
    ("roleprivileges", "roleid"),
    ("systemuserroles", "systemuserid"),
    ("teammembership", "systemuserid"),
    ("teammembership", "teamid"),
    ("teamroles", "teamid"),
];

/// Rows by logical name of the table and key. Written down, they are these alone.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Rows {
    tables: BTreeMap<String, BTreeMap<Uuid, Row>>,
    /// For each of the [`SIDES`], the keys of the rows that have an id in that column.
    sides: [BTreeMap<Uuid, BTreeSet<Uuid>>; SIDES.len()],
}

impl Rows {
    /// Returns the rows of a table.
    pub(super) fn of(&self, table: &str) -> Option<&BTreeMap<Uuid, Row>> {
        self.tables.get(table)
    }

    /// Lists all rows with their tables and keys.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, Uuid, &Row)> {
        self.tables.iter().flat_map(|(table, rows)| rows.iter().map(|(key, row)| (table.as_str(), *key, row)))
    }

    /// Writes a row under its key; returns the one that was there.
    pub(super) fn insert(&mut self, table: &str, key: Uuid, row: Row) -> Option<Row> {
        let before = self.remove(table, key);
        self.join(table, key, &row);
        if let Some(rows) = self.tables.get_mut(table) {
            rows.insert(key, row);
        } else {
            self.tables.insert(table.to_owned(), BTreeMap::from([(key, row)]));
        }
        before
    }

    /// Takes a row away; returns it.
    pub(super) fn remove(&mut self, table: &str, key: Uuid) -> Option<Row> {
        let row = self.tables.get_mut(table)?.remove(&key)?;
        for (position, near) in sides_of(table, &row) {
            if let Some(keys) = self.sides[position].get_mut(&near) {
                keys.remove(&key);
            }
        }
        Some(row)
    }

    /// Lists the rows of a joining table that have an id in a column, in the order of their keys; nothing for a column that is
    /// not asked for that often.
    pub(super) fn beside(&self, table: &str, column: &str, near: Uuid) -> Option<impl Iterator<Item = (Uuid, &Row)>> {
        let position = SIDES.iter().position(|side| *side == (table, column))?;
        let rows = self.tables.get(table);
        let keys = self.sides[position].get(&near).into_iter().flatten();
        Some(keys.filter_map(move |key| Some((*key, rows?.get(key)?))))
    }

    fn join(&mut self, table: &str, key: Uuid, row: &Row) {
        for (position, near) in sides_of(table, row) {
            self.sides[position].entry(near).or_default().insert(key);
        }
    }
}

/// The sides on which a row of a table is found, by position.
fn sides_of(table: &str, row: &Row) -> impl Iterator<Item = (usize, Uuid)> {
    let of_table = SIDES.iter().enumerate().filter(move |(_, (own, _))| *own == table);
    of_table.filter_map(|(position, (_, column))| Some((position, id(row, column)?)))
}

impl Serialize for Rows {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.tables.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Rows {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let tables = BTreeMap::<String, BTreeMap<Uuid, Row>>::deserialize(deserializer)?;
        let mut rows = Self::default();
        for (table, of_table) in &tables {
            for (key, row) in of_table {
                rows.join(table, *key, row);
            }
        }
        rows.tables = tables;
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::sandbox::organization::row_of;

    fn held(role: u128, privilege: u128) -> Row {
        row_of(json!({ "roleid": Uuid::from_u128(role), "privilegeid": Uuid::from_u128(privilege) }))
    }

    fn found(rows: &Rows, role: u128) -> Vec<u128> {
        let beside = rows.beside("roleprivileges", "roleid", Uuid::from_u128(role)).unwrap();
        beside.map(|(key, _)| key.as_u128()).collect()
    }

    #[test]
    fn rows_are_found_from_a_side_as_a_walk_over_all_would_find_them() {
        let mut rows = Rows::default();
        for (key, role) in [(3, 1), (1, 1), (2, 2)] {
            assert_eq!(rows.insert("roleprivileges", Uuid::from_u128(key), held(role, key)), None);
        }
        rows.insert("role", Uuid::from_u128(4), held(1, 1));
        assert_eq!((found(&rows, 1), found(&rows, 2), found(&rows, 7)), (vec![1, 3], vec![2], vec![]));
        // Written again for another role, and taken away.
        assert_eq!(rows.insert("roleprivileges", Uuid::from_u128(1), held(2, 1)), Some(held(1, 1)));
        assert_eq!((found(&rows, 1), found(&rows, 2)), (vec![3], vec![1, 2]));
        assert_eq!(rows.remove("roleprivileges", Uuid::from_u128(2)), Some(held(2, 2)));
        assert_eq!((found(&rows, 2), rows.remove("roleprivileges", Uuid::from_u128(2))), (vec![1], None));
        let read: Rows = serde_json::from_value(json!(rows)).unwrap();
        assert_eq!((found(&read, 1), found(&read, 2)), (vec![3], vec![1]));
        assert!(rows.beside("roleprivileges", "privilegeid", Uuid::from_u128(1)).is_none());
    }
}
