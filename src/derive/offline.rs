//! A flow's definition without a tenant: an inventory that holds the definition and nothing that only an organisation knows.
use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::clientdata::{Facts, Said};
use crate::inventory::people::PrincipalRow;
use crate::inventory::section::Section;
use crate::inventory::things::{Flow as Row, FlowState, Privilege, Table};
use crate::inventory::{EnvironmentFacts, Inventory};
use crate::names::{Depth, Flow, Operation, Ref, TableName, Text};

/// The tables that starting any flow is about, by logical name, name and set (recorded table metadata).
const EVERYDAY: [(&str, &str, &str); 3] = [
    ("workflow", "Process", "workflows"),
    ("connectionreference", "Connection Reference", "connectionreferences"),
    ("environmentvariabledefinition", "Environment Variable Definition", "environmentvariabledefinitions"),
];

/// Puts a definition beside what was read, as a flow that the organisation does not have yet.
pub fn with_definition(inventory: &mut Inventory, flow: &Ref<Flow>, facts: &Facts) {
    let row = Row {
        name: flow.name.clone(),
        state: FlowState::Activated,
        managed: false,
        customizable: true,
        owner: PrincipalRow::User(Uuid::nil()),
    };
    inventory.flows.rows_mut().insert(flow.id, row);
    inventory.definitions.rows_mut().insert(flow.id, facts.clone());
}

/// A definition alone. Its tables stand under the names that it uses, which are those of their sets, and every depth seems
/// possible: which it is, and what a table is called, stands in an organisation's metadata.
pub fn alone(flow: &Ref<Flow>, facts: &Facts) -> Inventory {
    let mut inventory = Inventory::empty(EnvironmentFacts::default());
    let mut tables: BTreeMap<TableName, Table> = EVERYDAY
        .into_iter()
        .map(|(logical, display, set)| (Text::from(logical), table(logical, display, set)))
        .collect();
    let sets: BTreeSet<&str> = tables.values().map(|table| table.set.as_str()).collect();
    let made: Vec<Text> = named(facts).into_iter().filter(|name| !sets.contains(name.as_str())).collect();
    tables.extend(made.into_iter().map(|name| (name.clone(), table(&name, &name, &name))));
    inventory.tables = Section::whole(tables);
    with_definition(&mut inventory, flow, facts);
    inventory
}

fn named(facts: &Facts) -> BTreeSet<Text> {
    let literal = |said: &Said| match said {
        Said::Literal(name) => Some(name.clone()),
        Said::Variable(_) | Said::Expression => None,
    };
    let said = facts.operations.iter().flat_map(|operation| {
        let tables = operation.table.iter().chain(operation.lookups.values());
        tables.chain(&operation.links).chain(&operation.target)
    });
    said.filter_map(literal).collect()
}

fn table(logical: &str, display: &str, set: &str) -> Table {
    let privilege = |operation: Operation| Privilege {
        name: Text::default(),
        id: Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{operation} {logical}").as_bytes()),
        depths: Depth::WRITABLE.to_vec(),
    };
    let privileges = Operation::ALL.into_iter().map(|operation| (operation, privilege(operation))).collect();
    Table { display_name: display.into(), set: set.into(), privileges: Some(privileges) }
}
