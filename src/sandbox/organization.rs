//! One Dataverse organisation as a value: its rows, their versions, and a journal that takes writes back.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::audit::{Actor, Changed};
use super::odata::Row;
use super::rights::{Depth, Verb};
use super::schema::{self, MISCELLANEOUS, Table};

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
    pub rows: BTreeMap<String, BTreeMap<Uuid, Row>>,
    /// What the writes since the last commit replaced.
    #[serde(skip)]
    pub(super) journal: Vec<Undo>,
    /// Who sent the request under way, and the mark in the journal at which it began.
    #[serde(skip)]
    pub(super) under_way: Option<(usize, Actor)>,
    /// What reads still answer instead of what was written.
    #[serde(skip)]
    stale: BTreeMap<(String, Lag), Stale>,
}

/// What a table held before the last writes, and how many reads still see that.
#[derive(Debug, Clone, Default, PartialEq)]
struct Stale {
    reads: u32,
    before: BTreeMap<Uuid, Option<Row>>,
}

/// Which reads see what was there before a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lag {
    /// Those that do not ask for `Consistency: Strong`.
    Cached,
    /// Those that go one of the two ways to privileges and shares, whatever they ask for.
    OneWay,
}

/// Tables that can be read in two ways: as a set of rows, and by a function for one row.
const OF_TWO_WAYS: [&str; 2] = ["roleprivileges", "principalobjectaccess"];

/// How one write is taken back.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Undo {
    table: String,
    id: Uuid,
    before: Option<Row>,
    version: u64,
}

// All rows of a seed were made then; nothing in the sandbox depends on the clock.
pub(super) const CREATED: &str = "2026-01-05T08:00:00Z";

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
            rows: BTreeMap::new(),
            journal: Vec::new(),
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
        self.rows.get(table)?.get(&id)
    }

    /// Lists the rows of a table with their keys.
    pub fn all(&self, table: &str) -> impl Iterator<Item = (Uuid, &Row)> {
        self.rows.get(table).into_iter().flatten().map(|(id, row)| (*id, row))
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
    pub(super) fn mark(&self) -> usize {
        self.journal.len()
    }

    /// Lists the rows that were written since the mark, as they were then and as they are.
    pub(super) fn changed_since(&self, mark: usize) -> Vec<Changed> {
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
    pub(super) fn keep(&mut self, table: &str, id: Uuid, row: Row) {
        self.rows.entry(table.to_owned()).or_default().insert(id, row);
    }

    /// Takes back every write since the mark.
    pub(super) fn roll_back(&mut self, mark: usize) {
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

    /// Forgets the journal; says whether anything was written. What was there before is what the next reads still see.
    pub(super) fn settle(&mut self, stale_reads: u32, stale_one_way: u32) -> bool {
        let is_changed = !self.journal.is_empty();
        for undo in self.journal.drain(..) {
            let one_way = if OF_TWO_WAYS.contains(&undo.table.as_str()) { stale_one_way } else { 0 };
            for (lag, reads) in [(Lag::Cached, stale_reads), (Lag::OneWay, one_way)] {
                if reads > 0 {
                    let stale = self.stale.entry((undo.table.clone(), lag)).or_default();
                    stale.reads = reads;
                    stale.before.entry(undo.id).or_insert_with(|| undo.before.clone());
                }
            }
        }
        is_changed
    }

    /// Exchanges what a table holds with what reads see of it; doing it twice changes nothing.
    pub(super) fn swap_stale(&mut self, table: &str, lag: Lag) {
        let Some(stale) = self.stale.get_mut(&(table.to_owned(), lag)) else { return };
        let rows = self.rows.entry(table.to_owned()).or_default();
        for (id, before) in &mut stale.before {
            let now = rows.remove(id);
            if let Some(row) = std::mem::replace(before, now) {
                rows.insert(*id, row);
            }
        }
    }

    /// Counts a read of a table that saw what was there before; the last one ends it.
    pub(super) fn count_stale(&mut self, table: &str, lag: Lag) {
        let key = (table.to_owned(), lag);
        if let Some(stale) = self.stale.get_mut(&key) {
            stale.reads = stale.reads.saturating_sub(1);
            if stale.reads == 0 {
                self.stale.remove(&key);
            }
        }
    }

    /// Returns the key that a row of a joining table has.
    pub fn joint_id(&self, table: &str, left: Uuid, right: Uuid) -> Uuid {
        derived(self.id, &format!("{table}:{left}:{right}"))
    }

    /// Returns the id of a privilege by name, whether or not it exists here.
    pub fn privilege_id(&self, name: &str) -> Uuid {
        schema::fixed_privilege_id(name).unwrap_or_else(|| derived(self.id, &format!("privilege:{name}")))
    }

    /// Returns the id of a table's privilege for an operation, when it has one.
    pub fn privilege_of(&self, table: &Table, verb: Verb) -> Option<Uuid> {
        table.privilege(verb).map(|name| self.privilege_id(&name))
    }

    /// Writes the rows of the privilege table: one per table and operation, and the miscellaneous ones.
    pub(super) fn list_privileges(&mut self) {
        let mut privileges: Vec<(String, u32, Vec<Depth>)> = Vec::new();
        for table in self.tables() {
            for (verb, depths) in &table.privileges {
                privileges.extend(table.privilege(*verb).map(|name| (name, verb.bit(), depths.clone())));
            }
        }
        privileges.extend(
            MISCELLANEOUS
                .iter()
                .map(|privilege| (privilege.name.to_owned(), privilege.right, privilege.depths.to_vec())),
        );
        for (name, right, depths) in privileges {
            self.list_privilege(&name, right, &depths);
        }
    }

    /// Writes a row of the privilege table.
    pub(super) fn list_privilege(&mut self, name: &str, right: u32, depths: &[Depth]) {
        let id = self.privilege_id(name);
        let columns = json!({
            "name": name, "accessright": right, "componentstate": 0, "ismanaged": true,
            "canbebasic": depths.contains(&Depth::Basic), "canbelocal": depths.contains(&Depth::Local),
            "canbedeep": depths.contains(&Depth::Deep), "canbeglobal": depths.contains(&Depth::Global),
            "canbeentityreference": false, "canbeparententityreference": false,
            "introducedversion": "5.0.0.0", "solutionid": derived(self.id, "solution:System"),
        });
        self.put("privilege", id, row_of(columns));
    }

    /// Returns the business unit at the top.
    pub fn root_unit(&self) -> Uuid {
        self.find("businessunit", "_parentbusinessunitid_value", &Value::Null)
            .map(|(id, _)| id)
            .next()
            .unwrap_or_default()
    }

    /// Returns a business unit and all below it, parents before children.
    pub fn subtree(&self, unit: Uuid) -> Vec<Uuid> {
        let mut found = vec![unit];
        let mut seen = BTreeSet::from([unit]);
        let mut next = 0;
        while let Some(parent) = found.get(next).copied() {
            let children = self
                .find("businessunit", "_parentbusinessunitid_value", &json!(parent))
                .map(|(id, _)| id)
                .filter(|child| seen.insert(*child))
                .collect::<Vec<_>>();
            found.extend(children);
            next += 1;
        }
        found
    }

    /// Says whether an organisation setting is on (Learn: `orgdborgsettings`; a missing element is off).
    pub fn setting(&self, name: &str) -> bool {
        let Some(text) = self.row("organization", self.id).and_then(|row| text(row, "orgdborgsettings")) else {
            return false;
        };
        roxmltree::Document::parse(text).is_ok_and(|document| {
            document
                .descendants()
                .filter(|node| node.has_tag_name(name))
                .any(|node| matches!(node.text().map(str::trim), Some("true" | "1")))
        })
    }
}

/// Derives an id from a namespace and a name, the same in every run.
pub fn derived(namespace: Uuid, name: &str) -> Uuid {
    Uuid::new_v5(&namespace, name.as_bytes())
}

/// Takes the object out of a JSON value that was written as one.
pub(super) fn row_of(value: Value) -> Row {
    match value {
        Value::Object(row) => row,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Row::new(),
    }
}

/// Returns an id out of a row.
pub(super) fn id(row: &Row, column: &str) -> Option<Uuid> {
    Uuid::try_parse(row.get(column)?.as_str()?).ok()
}

/// Returns a text out of a row.
pub(super) fn text<'a>(row: &'a Row, column: &str) -> Option<&'a str> {
    row.get(column)?.as_str()
}

/// Returns a whole number out of a row.
pub(super) fn number(row: &Row, column: &str) -> Option<i64> {
    row.get(column)?.as_i64()
}

/// Says whether a column of a row is true.
pub(super) fn is_set(row: &Row, column: &str) -> bool {
    row.get(column).and_then(Value::as_bool).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn organization() -> Organization {
        Organization::new(derived(Uuid::nil(), "org"), "contoso", "contoso.crm4.dynamics.com", "environment")
    }

    #[test]
    fn what_was_written_since_a_mark_is_taken_back() {
        let mut organization = organization();
        let account = derived(Uuid::nil(), "account");
        organization.put("account", account, row_of(json!({ "name": "before" })));
        let kept = organization.rows.clone();
        let mark = organization.mark();
        organization.change("account", account, [("name".to_owned(), json!("after"))]);
        organization.put("account", derived(Uuid::nil(), "other"), Row::new());
        organization.remove("account", account);
        organization.roll_back(mark);
        assert_eq!(organization.rows, kept);
    }

    #[test]
    fn every_write_gives_the_row_a_new_version() {
        let mut organization = organization();
        let account = derived(Uuid::nil(), "account");
        organization.put("account", account, Row::new());
        let first = number(organization.row("account", account).unwrap(), "versionnumber");
        organization.change("account", account, [("name".to_owned(), json!("x"))]);
        assert!(number(organization.row("account", account).unwrap(), "versionnumber") > first);
    }

    #[test]
    fn a_setting_that_is_not_there_is_off() {
        let mut organization = organization();
        let xml =
            "<OrgSettings><EnableOwnershipAcrossBusinessUnits>true</EnableOwnershipAcrossBusinessUnits></OrgSettings>";
        assert!(!organization.setting("EnableOwnershipAcrossBusinessUnits"));
        let id = organization.id;
        organization.put("organization", id, row_of(json!({ "orgdborgsettings": xml })));
        assert!(organization.setting("EnableOwnershipAcrossBusinessUnits"));
        assert!(!organization.setting("AllowRoleAssignmentOnDisabledUsers"));
    }
}
