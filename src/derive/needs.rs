//! From facts of flows to the privileges that they need.
use super::table::{Line, Table};
use super::{Derived, Need, Needs};
use crate::clientdata::{Connection, ConnectorOperation, Facts, Part, Said};
use crate::inventory::section::Answer;
use crate::inventory::{Inventory, Lookup, things};
use crate::names::{BuiltInRole, ConnectionMode, Depth, Flow, Operation, Ref, RoleName, TableName, folded};

/// The current Dataverse connector: with the caller's connection the flow's owner acts on the caller's behalf, and both must
/// hold what is done (Learn: manage Dataverse connections; impersonate another user).
const DATAVERSE: &str = "shared_commondataserviceforapps";
/// The privilege that the owner needs for it, by a role of his own (Learn: impersonate another user).
pub(super) const ACT_ON_BEHALF: &str = "prvActOnBehalfOfAnotherUser";

/// Derives what flows need from their definitions, on top of what Basic User gives.
pub fn derive(inventory: &Inventory, flows: &[Ref<Flow>]) -> Derived {
    let mut deriving = Deriving { inventory, table: Table::published(), derived: Derived::default() };
    for flow in flows {
        match inventory.definitions.get(&flow.id) {
            Answer::Found(facts) => deriving.flow(flow, facts),
            Answer::Absent | Answer::NotAsked => deriving.unknown(flow, "its text was not read"),
            Answer::Unreadable(problem) => deriving.unknown(flow, &format!("its text was not read: {}", problem.says)),
        }
    }
    deriving.take_out_the_base();
    deriving.derived
}

struct Deriving<'inventory> {
    inventory: &'inventory Inventory,
    table: Table,
    derived: Derived,
}

/// Who must hold what an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bears {
    /// Whoever runs the flow.
    Caller,
    /// Whoever runs the flow, and its owner who acts on the caller's behalf.
    CallerAndOwner,
}

impl Deriving<'_> {
    fn flow(&mut self, flow: &Ref<Flow>, facts: &Facts) {
        let lends = |connection: &Connection| connection.mode == ConnectionMode::ProvidedByRunOnlyUser;
        self.start(flow, facts.connections.values().any(lends));
        for operation in &facts.operations {
            let connection = operation.connection.as_ref().and_then(|key| facts.connections.get(key));
            let words = words(operation);
            // A trigger is not run by anybody, and a child flow runs with its own connections.
            match connection {
                Some(connection) if lends(connection) && operation.part == Part::Action => {
                    let is_dataverse = connection.connector.eq_ignore_ascii_case(DATAVERSE);
                    let bears = if is_dataverse { Bears::CallerAndOwner } else { Bears::Caller };
                    self.operation(flow, operation, bears, &words);
                }
                Some(_) | None => {
                    let line = self.table.line(&operation.connector, &operation.name);
                    let known = if line.is_some() { "" } else { " (not in the table of operations)" };
                    self.derived.own.insert(format!("{flow}: {words}{known}"));
                }
            }
        }
        for child in &facts.children {
            let name =
                self.inventory.flows.row(child).map_or_else(|| child.to_string(), |child| child.name.to_string());
            self.derived.own.insert(format!("{flow}: child flow {name}, which runs with its own connections"));
        }
    }

    /// What starting a flow needs; linking connections is asked only of flows that use those of their callers.
    fn start(&mut self, flow: &Ref<Flow>, links: bool) {
        for start in self.table.start.clone() {
            let because = format!("{flow}: starting it ({})", start.certainty.word());
            match (start.table, start.operation, start.privilege) {
                (Some(table), Some(operation), _) if links || table == "workflow" => {
                    self.need(flow, &table.as_str().into(), operation, Some(start.depth), Bears::Caller, &because);
                }
                (_, _, Some(privilege)) => {
                    Need::add(&mut self.derived.caller.named, privilege.as_str().into(), start.depth, &because);
                }
                (_, _, None) => {}
            }
        }
    }

    fn operation(&mut self, flow: &Ref<Flow>, operation: &ConnectorOperation, bears: Bears, words: &str) {
        if operation.name.ends_with("WithOrganization") {
            return self.unknown(
                flow,
                &format!("{words}: it names another environment, where the caller's connection cannot be used"),
            );
        }
        let Some(line) = self.table.line(&operation.connector, &operation.name).cloned() else {
            return self.unknown(flow, &format!("{words}: not in the table of operations"));
        };
        let Line { needs, also, depends, outside, .. } = line;
        let because = format!("{flow}: {words}");
        if let Some(outside) = outside {
            let site = match &operation.site {
                Some(Said::Literal(site)) => format!(" ({site})"),
                Some(Said::Variable(name)) => format!(" (environment variable {name})"),
                Some(Said::Expression) => " (computed by the run)".to_owned(),
                None => String::new(),
            };
            self.derived.outside.insert(format!("{because}: {outside}{site}"));
        }
        if let Some(depends) = depends {
            let what = match &operation.action {
                Some(Said::Literal(action)) => format!("{words} {action}"),
                Some(Said::Variable(_) | Said::Expression) | None => words.to_owned(),
            };
            self.unknown(flow, &format!("{what}: {depends}"));
        }
        for (table, operations) in also {
            for needed in operations {
                self.need(flow, &table.as_str().into(), needed, None, bears, &because);
            }
        }
        let Some(needs) = needs else { return };
        let table = match &operation.table {
            Some(Said::Literal(name)) => name,
            Some(Said::Variable(_) | Said::Expression) => {
                return self.unknown(flow, &format!("{words}: the run computes which table it is"));
            }
            None => return self.unknown(flow, &format!("{words}: it names no table")),
        };
        let Some(table) = self.table_of(flow, table, words) else { return };
        for needed in needs {
            self.need(flow, &table, needed, None, bears, &because);
        }
        self.related(flow, operation, &table, bears, words);
    }

    /// What lookups, expansions and links add.
    fn related(
        &mut self,
        flow: &Ref<Flow>,
        operation: &ConnectorOperation,
        table: &TableName,
        bears: Bears,
        words: &str,
    ) {
        let because = format!("{flow}: {words}");
        for (property, target) in &operation.lookups {
            if property.as_str() == "ownerid" {
                self.need(flow, table, Operation::Assign, None, bears, &because);
                continue;
            }
            self.need(flow, table, Operation::Append, None, bears, &because);
            match target {
                Said::Literal(set) => {
                    if let Some(target) = self.table_of(flow, set, words) {
                        let because = format!("{because}, lookup {property}");
                        self.need(flow, &target, Operation::AppendTo, None, bears, &because);
                    }
                }
                Said::Variable(_) | Said::Expression => {
                    self.unknown(flow, &format!("{words}: AppendTo on the table that lookup {property} is set to"));
                }
            }
        }
        for property in &operation.expands {
            let property = said(property);
            self.unknown(flow, &format!("{words}: Read on the table behind {property}, which it expands"));
        }
        for link in &operation.links {
            match link {
                Said::Literal(name) => {
                    if let Some(linked) = self.table_of(flow, name, words) {
                        self.need(flow, &linked, Operation::Read, None, bears, &because);
                    }
                }
                Said::Variable(_) | Said::Expression => {
                    self.unknown(
                        flow,
                        &format!("{words}: Read on a table that its query links, which the run computes"),
                    );
                }
            }
        }
        let writes = ["CreateRecord", "UpdateRecord", "UpdateOnlyRecord", "PostItem_V2", "PatchItem_V2"];
        if operation.computes_row && writes.contains(&operation.name.as_str()) {
            self.unknown(flow, &format!("{words}: the run computes the whole row, so it may set any lookup"));
        }
    }

    /// The table behind a set's name or a logical name.
    fn table_of(&mut self, flow: &Ref<Flow>, name: &str, words: &str) -> Option<TableName> {
        let wanted = folded(name);
        let tables = &self.inventory.tables;
        let found = tables.rows().find(|(_, table)| folded(&table.set) == wanted).map(|(logical, _)| logical.clone());
        let found = found.or_else(|| {
            tables.rows().find(|(logical, _)| folded(logical) == wanted).map(|(logical, _)| logical.clone())
        });
        if found.is_none() {
            let why = match tables.doubt() {
                Some(_) => "nothing was read of it",
                None => "the environment has no such table",
            };
            self.unknown(flow, &format!("{words}: table {name}: {why}"));
        }
        found
    }

    /// Notes a privilege, at least as deep as said, or as little as the table allows.
    fn need(
        &mut self,
        flow: &Ref<Flow>,
        table: &TableName,
        operation: Operation,
        depth: Option<Depth>,
        bears: Bears,
        because: &str,
    ) {
        let row = self.inventory.tables.row(table);
        let Some(privilege) = row.and_then(|row| row.privileges.as_ref()?.get(&operation)) else {
            let name = row.map_or(table, |row: &things::Table| &row.display_name);
            return self
                .unknown(flow, &format!("{operation} on {name}: the table has no such privilege, or it was not read"));
        };
        let least = privilege.depths.iter().filter(|least| depth.is_none_or(|depth| **least >= depth)).min();
        let least = least.or_else(|| privilege.depths.iter().max()).copied().unwrap_or(Depth::Organization);
        let key = || (table.clone(), operation);
        Need::add(&mut self.derived.caller.tables, key(), least, because);
        if bears == Bears::CallerAndOwner {
            Need::add(&mut self.derived.owner.tables, key(), least, because);
            Need::add(&mut self.derived.owner.named, ACT_ON_BEHALF.into(), Depth::Organization, because);
        }
    }

    fn unknown(&mut self, flow: &Ref<Flow>, what: &str) {
        self.derived.unknown.insert(format!("{flow}: {what}"));
    }

    /// Puts aside what Basic User holds as deep already.
    fn take_out_the_base(&mut self) {
        let Lookup::One(base) = self.inventory.role(&RoleName::BuiltIn(BuiltInRole::BasicUser)) else {
            self.derived.unknown.insert("what Basic User gives was not read, so nothing is left out for it".to_owned());
            return;
        };
        let Answer::Found(held) = self.inventory.role_privileges.get(&base.id) else {
            self.derived.unknown.insert("what Basic User gives was not read, so nothing is left out for it".to_owned());
            return;
        };
        let reaches = |id: Option<uuid::Uuid>, need: &Need| {
            id.and_then(|id| held.get(&id)).is_some_and(|depth| *depth != Depth::RecordFilter && *depth >= need.depth)
        };
        let Needs { tables, named } = std::mem::take(&mut self.derived.caller);
        for ((table, operation), need) in tables {
            let id = self.inventory.privilege(&table, operation).map(|privilege| privilege.id);
            let to = if reaches(id, &need) { &mut self.derived.base } else { &mut self.derived.caller };
            to.tables.insert((table, operation), need);
        }
        for (name, need) in named {
            let id = self.inventory.privileges.row(&folded(&name).into()).map(|privilege| privilege.id);
            let to = if reaches(id, &need) { &mut self.derived.base } else { &mut self.derived.caller };
            to.named.insert(name, need);
        }
    }
}

/// An operation in words: its name, and the table that it names.
fn words(operation: &ConnectorOperation) -> String {
    let connector = &operation.connector;
    let name = &operation.name;
    match &operation.table {
        Some(table) => format!("{name} on {} ({connector})", said(table)),
        None => format!("{name} ({connector})"),
    }
}

fn said(said: &Said) -> &str {
    match said {
        Said::Literal(text) | Said::Variable(text) => text,
        Said::Expression => "what the run computes",
    }
}

/// Every operation of a flow's facts that neither has a line in the table nor is listed as unknown.
#[cfg(test)]
pub(super) fn unlisted(facts: &Facts, derived: &Derived) -> std::collections::BTreeSet<String> {
    let table = Table::published();
    let told =
        derived.unknown.iter().chain(&derived.own).filter(|what| what.contains("not in the table of operations"));
    let told: String = told.cloned().collect();
    let is_listed = |operation: &&ConnectorOperation| {
        table.line(&operation.connector, &operation.name).is_some() || told.contains(&words(operation))
    };
    facts.operations.iter().filter(|operation| !is_listed(operation)).map(words).collect()
}
