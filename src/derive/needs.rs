//! From facts of flows to the privileges that they need.
use super::acts::{Acts, acts, words};
use super::table::Table;
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
        let Acts { known, missing, open, elsewhere, outside } = acts(self.inventory, &self.table, operation);
        let because = format!("{flow}: {words}");
        if elsewhere {
            self.unknown(
                flow,
                &format!("{words}: it names another environment, where the caller's connection cannot be used"),
            );
        }
        if let Some(outside) = outside {
            let place = self.place(operation);
            self.derived.outside.insert(format!("{because}: {outside}{place}"));
        }
        let words = match &operation.action {
            Some(Said::Literal(action)) => format!("{words} {action}"),
            Some(Said::Variable(_) | Said::Expression) | None => words.to_owned(),
        };
        for what in open {
            self.unknown(flow, &format!("{words}: {what}"));
        }
        for name in missing {
            self.unknown(flow, &format!("{words}: table {name}: the environment has no such table"));
        }
        for ((table, needed), lookup) in known {
            let because = match lookup.filter(|_| needed == Operation::AppendTo) {
                Some(property) => format!("{because}, lookup {property}"),
                None => because.clone(),
            };
            self.need(flow, &table, needed, None, bears, &because);
        }
    }

    /// The site, the list and the mailbox that an operation names, environment variables resolved.
    fn place(&self, operation: &ConnectorOperation) -> String {
        let named = [&operation.site, &operation.mailbox].into_iter().flatten();
        let words: Vec<String> = named.map(|said| self.inventory.resolved(said)).collect();
        if words.is_empty() { String::new() } else { format!(" ({})", words.join(", ")) }
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
