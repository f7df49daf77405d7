//! What one operation of a connector needs in Dataverse, by the table of operations: the one reading of it for `derive` and
//! `explain`.
use std::collections::{BTreeMap, BTreeSet};

use super::table::{Line, Table};
use crate::clientdata::{ConnectorOperation, Said};
use crate::inventory::Inventory;
use crate::inventory::things::Relationship;
use crate::names::{Operation, TableName, Text};

/// Operations that write columns, so that a row which a run computes may set any lookup.
const WRITES: [&str; 5] = ["CreateRecord", "UpdateRecord", "UpdateOnlyRecord", "PostItem_V2", "PatchItem_V2"];

/// What one operation needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Acts {
    /// Operations on tables, by logical name, each with the lookup that asks for it.
    pub(crate) known: BTreeMap<(TableName, Operation), Option<Text>>,
    /// Tables that this organisation does not have, as the flow names them.
    pub(crate) missing: BTreeSet<Text>,
    /// What nobody can tell from the flow's text.
    pub(crate) open: BTreeSet<String>,
    /// Whether it works on rows of another environment.
    pub(crate) elsewhere: bool,
    /// What decides instead of Dataverse.
    pub(crate) outside: Option<String>,
}

/// Works out what an operation needs.
pub(crate) fn acts(inventory: &Inventory, table: &Table, operation: &ConnectorOperation) -> Acts {
    let mut acts = Acts::default();
    if operation.name.ends_with("WithOrganization") {
        acts.elsewhere = true;
        return acts;
    }
    match table.line(&operation.connector, &operation.name) {
        Some(line) => Acting { inventory, operation, acts: &mut acts }.by(line),
        None => _ = acts.open.insert("not in the table of operations".to_owned()),
    }
    acts
}

struct Acting<'a> {
    inventory: &'a Inventory,
    operation: &'a ConnectorOperation,
    acts: &'a mut Acts,
}

impl Acting<'_> {
    fn by(&mut self, line: &Line) {
        self.acts.outside.clone_from(&line.outside);
        for (table, operations) in &line.also {
            for needed in operations {
                self.need(&table.as_str().into(), *needed, None);
            }
        }
        match (&self.operation.action, &self.operation.target, &line.depends) {
            (Some(Said::Literal(action)), Some(Said::Literal(target)), _)
                if line.actions.contains_key(action.as_str()) =>
            {
                if let Some(table) = self.table(target) {
                    for needed in &line.actions[action.as_str()] {
                        self.need(&table, *needed, None);
                    }
                }
            }
            (_, _, Some(depends)) => _ = self.acts.open.insert(depends.clone()),
            (_, _, None) => {}
        }
        if line.needs.is_none() && !line.relates {
            return;
        }
        let table = match &self.operation.table {
            Some(Said::Literal(name)) => name,
            Some(Said::Variable(_) | Said::Expression) => return self.open("the run computes which table it is"),
            None => return self.open("it names no table"),
        };
        let Some(table) = self.table(table) else { return };
        for needed in line.needs.iter().flatten() {
            self.need(&table, *needed, None);
        }
        if line.relates {
            self.relates(&table);
        }
        self.lookups(&table);
        self.read_along(&table);
        if self.operation.computes_row && WRITES.contains(&self.operation.name.as_str()) {
            self.open("the run computes the whole row, so it may set any lookup");
        }
    }

    /// A lookup that is set attaches the row to another; an owner that is set gives the row away.
    fn lookups(&mut self, table: &TableName) {
        for (property, target) in &self.operation.lookups {
            if property.as_str() == "ownerid" {
                self.need(table, Operation::Assign, Some(property));
                continue;
            }
            self.need(table, Operation::Append, Some(property));
            let end = match target {
                Said::Literal(set) => self.table(set),
                Said::Variable(_) | Said::Expression => {
                    let end = self.property(table, property);
                    if end.is_none() {
                        self.open(&format!("AppendTo on the table that lookup {property} is set to"));
                    }
                    end
                }
            };
            if let Some(end) = end {
                self.need(&end, Operation::AppendTo, Some(property));
            }
        }
    }

    /// Rows that come along are read too.
    fn read_along(&mut self, table: &TableName) {
        for property in &self.operation.expands {
            let end = match property {
                Said::Literal(property) => self.property(table, property),
                Said::Variable(_) | Said::Expression => None,
            };
            match end {
                Some(end) => self.need(&end, Operation::Read, None),
                None => self.open(&format!("Read on the table behind {}, which it expands", said(property))),
            }
        }
        for link in &self.operation.links {
            match link {
                Said::Literal(name) => {
                    if let Some(linked) = self.table(name) {
                        self.need(&linked, Operation::Read, None);
                    }
                }
                Said::Variable(_) | Said::Expression => {
                    self.open("Read on a table that its query links, which the run computes");
                }
            }
        }
    }

    /// Attaching rows through a relationship: Append on the row that is attached, `AppendTo` on the other, Append on both where
    /// both sides are many (Learn: security roles and privileges).
    fn relates(&mut self, table: &TableName) {
        let named = match &self.operation.relationship {
            Some(Said::Literal(name)) => self.inventory.relationships.row(table).and_then(|found| found.get(name)),
            Some(Said::Variable(_) | Said::Expression) | None => None,
        };
        let Some(found) = named.cloned() else {
            return self.open("Append and AppendTo, to which tables the relationship decides");
        };
        let end = found.table().clone();
        let (near, far) = match found {
            Relationship::ToOne(_) => (Operation::Append, Operation::AppendTo),
            Relationship::ToMany(_) => (Operation::AppendTo, Operation::Append),
            Relationship::ManyToMany(_) => (Operation::Append, Operation::Append),
        };
        self.need(table, near, None);
        self.need(&end, far, None);
    }

    fn property(&self, table: &TableName, property: &str) -> Option<TableName> {
        Some(self.inventory.relationships.row(table)?.get(&Text::from(property))?.table().clone())
    }

    fn need(&mut self, table: &TableName, operation: Operation, lookup: Option<&Text>) {
        self.acts.known.entry((table.clone(), operation)).or_insert_with(|| lookup.cloned());
    }

    fn open(&mut self, what: &str) {
        self.acts.open.insert(what.to_owned());
    }

    fn table(&mut self, name: &str) -> Option<TableName> {
        let found = self.inventory.table_of_set(name).map(|(logical, _)| logical.clone());
        if found.is_none() {
            match self.inventory.tables.doubt() {
                None => _ = self.acts.missing.insert(name.into()),
                Some(_) => self.open(&format!("table {name}: nothing was read of it")),
            }
        }
        found
    }
}

/// An operation in words: its name, and the table that it names.
pub(crate) fn words(operation: &ConnectorOperation) -> String {
    let connector = &operation.connector;
    let name = &operation.name;
    match &operation.table {
        Some(table) => format!("{name} on {} ({connector})", said(table)),
        None => format!("{name} ({connector})"),
    }
}

/// What a parameter says, in words.
pub(crate) fn said(said: &Said) -> &str {
    match said {
        Said::Literal(text) | Said::Variable(text) => text,
        Said::Expression => "what the run computes",
    }
}
