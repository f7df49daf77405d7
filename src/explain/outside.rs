//! What decides outside of Dataverse: licences, SharePoint sites and lists, mailboxes. What cannot be verified is said to be
//! unknown and is never taken for fine.
use std::collections::BTreeSet;

use uuid::Uuid;

use crate::clientdata::{ConnectorOperation, Facts, Part, Said};
use crate::inventory::Inventory;
use crate::inventory::section::Answer;
use crate::names::{ConnectionMode, Text};

/// One thing that decides outside of Dataverse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outside {
    /// What is asked.
    pub asks: String,
    /// How it stands.
    pub found: Found,
    /// What was seen, or why nobody knows.
    pub seen: String,
}

/// How a thing outside of Dataverse stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// It is there.
    Holds,
    /// It is not.
    Missing,
    /// Nothing that this identity may read can tell.
    Unknown,
}

/// A connector that a caller brings, the service of the plan behind it as Microsoft Graph names it, and the service for
/// people. `exchange` is Learn's example (assignedPlan resource); the other names are from public lists of plans.
const SERVICES: [(&str, &str, &str); 3] = [
    ("shared_sharepointonline", "sharepoint", "SharePoint"),
    ("shared_office365", "exchange", "Exchange"),
    ("shared_teams", "teamspaceapi", "Teams"),
];

/// Everything that decides outside of Dataverse whether a person can run a flow.
pub(super) fn of(inventory: &Inventory, object: Option<Uuid>, flow: Uuid) -> Vec<Outside> {
    let mut found = vec![plan(inventory, object, ("processsimple", "Power Automate"))];
    let Some(facts) = inventory.definitions.row(&flow) else { return found };
    for (connector, service, name) in SERVICES {
        if brings(facts, connector) {
            found.push(plan(inventory, object, (service, name)));
        }
    }
    found.extend(places(inventory, facts));
    found
}

/// Whether the caller brings a connection of a connector.
fn brings(facts: &Facts, connector: &str) -> bool {
    facts.connections.values().any(|connection| {
        connection.connector.as_str() == connector && connection.mode == ConnectionMode::ProvidedByRunOnlyUser
    })
}

fn plan(inventory: &Inventory, object: Option<Uuid>, (service, name): (&str, &str)) -> Outside {
    let asks = format!("a licence with {name}");
    let unknown = |seen: String| Outside { asks: asks.clone(), found: Found::Unknown, seen };
    let Some(object) = object else { return unknown("the account has no directory id here".to_owned()) };
    match inventory.plans.get(&object) {
        Answer::Found(services) if services.contains(&Text::from(service)) => {
            let seen = "one of the account's plans has it; whether it covers premium connectors is not told".to_owned();
            Outside { asks, found: Found::Holds, seen }
        }
        Answer::Found(_) | Answer::Absent => {
            let seen = "none of the account's plans has it; a licence of the environment or the flow may".to_owned();
            Outside { asks, found: Found::Missing, seen }
        }
        Answer::Unreadable(problem) => unknown(format!("the plans could not be read: {}", problem.says)),
        // They are asked of one person at a time, and are in no snapshot.
        Answer::NotAsked => unknown("no snapshot has the plans of accounts; ask without `--snapshot`".to_owned()),
    }
}

/// The sites, lists and mailboxes in which the flow acts as its caller.
fn places(inventory: &Inventory, facts: &Facts) -> Places {
    let as_caller = |operation: &&ConnectorOperation| {
        let connection = operation.connection.as_ref().and_then(|key| facts.connections.get(key));
        operation.part == Part::Action
            && connection.is_some_and(|connection| connection.mode == ConnectionMode::ProvidedByRunOnlyUser)
    };
    let mut places = Places::default();
    for operation in facts.operations.iter().filter(as_caller) {
        match operation.connector.as_str() {
            "shared_sharepointonline" => places.add_site(inventory, operation),
            "shared_office365" => places.add_mailbox(inventory, operation),
            _ => {}
        }
    }
    places
}

/// Places, each once.
#[derive(Default)]
struct Places {
    seen: BTreeSet<String>,
    places: Vec<Outside>,
}

impl Places {
    fn add_site(&mut self, inventory: &Inventory, operation: &ConnectorOperation) {
        let site = operation.site.as_ref().map_or_else(|| "a site".to_owned(), |site| inventory.resolved(site));
        let list = match &operation.table {
            Some(table @ (Said::Literal(_) | Said::Variable(_))) => format!(", list {}", inventory.resolved(table)),
            Some(Said::Expression) | None => String::new(),
        };
        // Learn, Microsoft Graph: permissions of a site list applications, not people.
        let why = "no service tells an application what a person may do there";
        self.add(format!("{}: SharePoint site {site}{list}", operation.name), why);
    }

    fn add_mailbox(&mut self, inventory: &Inventory, operation: &ConnectorOperation) {
        let mailbox = operation.mailbox.as_ref().map_or_else(
            || "the person's own mailbox".to_owned(),
            |mailbox| format!("mailbox {}", inventory.resolved(mailbox)),
        );
        self.add(format!("{}: {mailbox}", operation.name), "Exchange knows who has a mailbox and who may send as whom");
    }

    fn add(&mut self, asks: String, why: &str) {
        if self.seen.insert(asks.clone()) {
            self.places.push(Outside { asks, found: Found::Unknown, seen: why.to_owned() });
        }
    }
}

impl IntoIterator for Places {
    type Item = Outside;
    type IntoIter = std::vec::IntoIter<Outside>;

    fn into_iter(self) -> Self::IntoIter {
        self.places.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::clientdata::facts;
    use crate::inventory::EnvironmentFacts;
    use crate::inventory::section::Section;
    use crate::problem::{Cause, Problem};

    const FLOW: Uuid = Uuid::from_u128(5);
    const ADA: Uuid = Uuid::from_u128(6);

    /// A flow that adds an item to a list with its caller's connection, and knows site and list by variables.
    fn inventory() -> Inventory {
        let text = r#"{"properties":{"connectionReferences":{"site":{"runtimeSource":"invoker",
            "connection":{"connectionReferenceLogicalName":"contoso_site"},"api":{"name":"shared_sharepointonline"}}},
            "definition":{"triggers":{"manual":{"type":"Request","kind":"Skills"}},"actions":{"a":{"type":"OpenApiConnection",
            "inputs":{"host":{"apiId":"/providers/x/shared_sharepointonline","connectionName":"site","operationId":"PostItem"},
            "parameters":{"dataset":"@parameters('Site (contoso_Site)')","table":"@parameters('List (contoso_List)')"}}}}}}}"#;
        let mut inventory = Inventory::empty(EnvironmentFacts::default());
        inventory.definitions = Section::whole(BTreeMap::from([(FLOW, facts(text).unwrap())]));
        inventory
    }

    fn asks(inventory: &Inventory) -> String {
        let places = of(inventory, Some(ADA), FLOW).into_iter().filter(|one| one.asks.contains("SharePoint site"));
        places.map(|one| one.asks).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_variable_stands_with_what_it_holds_or_why_that_is_not_told() {
        let mut inventory = inventory();
        assert!(
            asks(&inventory).contains("environment variable contoso_Site, which was not read"),
            "{}",
            asks(&inventory)
        );
        let held = [("contoso_site".into(), Some("https://contoso.sharepoint.com/sites/expenses".into()))];
        inventory.variables = Section::whole(held.into());
        assert_eq!(
            asks(&inventory),
            "PostItem: SharePoint site https://contoso.sharepoint.com/sites/expenses, from environment variable contoso_Site, \
             list environment variable contoso_List, which is not there"
        );
        // What names a secret is never kept.
        inventory.variables = Section::whole([("contoso_site".into(), None), ("contoso_list".into(), None)].into());
        assert!(
            asks(&inventory).contains("contoso_List, which holds nothing that may be shown"),
            "{}",
            asks(&inventory)
        );
    }

    #[test]
    fn a_licence_is_there_or_not_and_unknown_where_nobody_may_read_it() {
        let licence = |inventory: &Inventory| {
            let found = of(inventory, Some(ADA), FLOW);
            let of =
                |name: &str| found.iter().find(|one| one.asks == format!("a licence with {name}")).map(|one| one.found);
            (of("Power Automate"), of("SharePoint"), of("Exchange"))
        };
        let mut inventory = inventory();
        let unknown = Some(Found::Unknown);
        assert_eq!(licence(&inventory), (unknown, unknown, None));
        inventory.plans = Section::whole(BTreeMap::from([(ADA, [Text::from("processsimple")].into())]));
        assert_eq!(licence(&inventory), (Some(Found::Holds), Some(Found::Missing), None));
        inventory.plans = Section::Unreadable(Problem::without_request(Cause::Forbidden, "Graph", "no", ""));
        assert_eq!(licence(&inventory), (unknown, unknown, None));
    }
}
