//! What a flow does in Dataverse as its caller, as privileges: which table, which operation, and what nobody can tell.
use std::collections::BTreeSet;

use crate::clientdata::{ConnectorOperation, Facts, Part};
use crate::derive::Table;
use crate::derive::acts::{Acts, acts, words};
use crate::inventory::Inventory;
use crate::names::{ConnectionMode, Operation, TableName, Text};

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
        let Acts { known, missing, open, elsewhere, outside: _ } = acts(inventory, Table::compiled_in(), operation);
        if elsewhere {
            self.elsewhere.insert(operation.name.clone());
        }
        self.known.extend(known.into_keys());
        self.missing.extend(missing);
        self.undecided.extend(open.into_iter().map(|what| Text::from(format!("{}: {what}", words(operation)))));
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
