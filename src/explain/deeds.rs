//! What a flow does in Dataverse as its caller, as privileges: which table, which operation, and what nobody can tell.
use std::collections::BTreeSet;

use crate::clientdata::{ConnectorOperation, Facts, Part, Said};
use crate::inventory::Inventory;
use crate::names::{ConnectionMode, Operation, TableName, Text, folded};

/// The connectors of Dataverse, today's and the older one.
const DATAVERSE: [&str; 2] = ["shared_commondataserviceforapps", "shared_commondataservice"];

/// What a flow does as its caller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deeds {
    /// Operations on tables, by logical name.
    pub known: BTreeSet<(TableName, Operation)>,
    /// Tables that this organisation does not have, as the flow names them.
    pub missing: BTreeSet<Text>,
    /// What cannot be told from the flow: custom actions, expressions, rows read along.
    pub undecided: BTreeSet<Text>,
    /// Operations on rows of another environment.
    pub elsewhere: BTreeSet<Text>,
}

impl Deeds {
    /// Works out what a flow does as its caller.
    pub fn of(inventory: &Inventory, facts: &Facts) -> Self {
        let mut deeds = Self::default();
        for operation in facts.operations.iter().filter(|operation| runs_as_caller(facts, operation)) {
            deeds.add(inventory, operation);
        }
        deeds
    }

    fn add(&mut self, inventory: &Inventory, operation: &ConnectorOperation) {
        if operation.name.ends_with("WithOrganization") {
            self.elsewhere.insert(operation.name.clone());
            return;
        }
        // The operations of the recorded connector definition; what is returned to the flow is read as well.
        let operations: &[Operation] = match operation.name.as_str() {
            "ListRecords" | "GetItem" | "GetItems_V2" | "GetItem_V2" | "GetEntityFileImageFieldContent" => {
                &[Operation::Read]
            }
            "CreateRecord" => &[Operation::Create, Operation::Read],
            // An upsert: the row need not be there.
            "UpdateRecord" => &[Operation::Create, Operation::Write, Operation::Read],
            "UpdateOnlyRecord" => &[Operation::Write, Operation::Read],
            "DeleteRecord" | "DeleteItem" => &[Operation::Delete],
            "PostItem_V2" => &[Operation::Create],
            "PatchItem_V2" | "UpdateEntityFileImageFieldContent" => &[Operation::Write],
            other => {
                self.undecided.insert(format!("what `{other}` needs").into());
                return;
            }
        };
        let Some(table) = self.table(inventory, operation.table.as_ref(), &operation.name) else { return };
        self.known.extend(operations.iter().map(|needed| (table.clone(), *needed)));
        for (property, target) in &operation.lookups {
            // Who gets a row is set by giving it away.
            if property.eq_ignore_ascii_case("ownerid") {
                self.known.insert((table.clone(), Operation::Assign));
                continue;
            }
            self.known.insert((table.clone(), Operation::Append));
            if let Some(target) = self.table(inventory, Some(target), property) {
                self.known.insert((target, Operation::AppendTo));
            }
        }
        for link in &operation.links {
            if let Some(linked) = self.table(inventory, Some(link), &operation.name) {
                self.known.insert((linked, Operation::Read));
            }
        }
        // Which table a navigation property leads to is in metadata that is not read.
        self.undecided.extend(operation.expands.iter().map(|expanded| match expanded {
            Said::Literal(name) => Text::from(format!("the table that `{name}` leads to")),
            Said::Variable(_) | Said::Expression => Text::from("a table that is read along"),
        }));
        if operation.computes_row {
            self.undecided.insert(format!("which columns `{}` sets", operation.name).into());
        }
    }

    fn table(&mut self, inventory: &Inventory, said: Option<&Said>, what: &str) -> Option<TableName> {
        let Some(Said::Literal(name)) = said else {
            self.undecided.insert(format!("the table of `{what}`").into());
            return None;
        };
        let wanted = folded(name);
        let mut tables = inventory.tables.rows();
        let found = tables.find(|(logical, table)| folded(&table.set) == wanted || folded(logical) == wanted);
        match (found, inventory.tables.doubt()) {
            (Some((logical, _)), _) => return Some(logical.clone()),
            (None, None) => _ = self.missing.insert(name.clone()),
            (None, Some(_)) => _ = self.undecided.insert(format!("the table `{name}`").into()),
        }
        None
    }
}

/// Whether a step of a flow acts in Dataverse with the caller's connection.
fn runs_as_caller(facts: &Facts, operation: &ConnectorOperation) -> bool {
    let connection = operation.connection.as_ref().and_then(|key| facts.connections.get(key));
    operation.part == Part::Action
        && connection.is_some_and(|connection| {
            connection.mode == ConnectionMode::ProvidedByRunOnlyUser && is_dataverse(&connection.connector)
        })
}

/// Whether a connector is one of Dataverse's.
pub(super) fn is_dataverse(connector: &str) -> bool {
    DATAVERSE.contains(&connector)
}

/// Whether the flow's owner acts for the caller, which only today's Dataverse connector does.
pub(super) fn impersonates(facts: &Facts) -> bool {
    facts.connections.values().any(|connection| {
        connection.mode == ConnectionMode::ProvidedByRunOnlyUser && connection.connector.as_str() == DATAVERSE[0]
    })
}

/// Whether the caller brings connections.
pub(super) fn has_callers_connection(facts: &Facts) -> bool {
    facts.connections.values().any(|connection| connection.mode == ConnectionMode::ProvidedByRunOnlyUser)
}
