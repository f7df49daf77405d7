//! The table of operations: what each needs in Dataverse, as data with a source for every line.
use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::names::{Depth, Operation, folded};

/// The table as it is published.
const TEXT: &str = include_str!("operations.yaml");

/// What is known of operations, and of starting a flow.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// What starting a flow and linking one's connections needs.
    pub start: Vec<Start>,
    /// What operations need.
    pub operations: Vec<Line>,
}

/// One privilege that starting a flow needs: on a table, or by its own name.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// The table, by its logical name.
    pub table: Option<String>,
    /// What is done with its rows.
    pub operation: Option<Operation>,
    /// A privilege that no table has.
    pub privilege: Option<String>,
    /// How far.
    pub depth: Depth,
    /// How sure that is.
    pub certainty: Certainty,
    /// Where it is said.
    pub source: String,
}

/// One operation of a connector, or every other one of it (`*`).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// The connector.
    pub connector: String,
    /// The operation's id.
    pub operation: String,
    /// Privileges on the table that it names.
    pub needs: Option<Vec<Operation>>,
    /// Privileges on tables that it does not name, by logical name.
    #[serde(default)]
    pub also: BTreeMap<String, Vec<Operation>>,
    /// Whether it attaches rows to each other by a relationship.
    #[serde(default)]
    pub relates: bool,
    /// Privileges on the table of the row that an action is about, by the action's name.
    #[serde(default)]
    pub actions: BTreeMap<String, Vec<Operation>>,
    /// On what its privileges depend, where the text does not say it.
    pub depends: Option<String>,
    /// What decides instead of Dataverse.
    pub outside: Option<String>,
    /// How sure that is.
    pub certainty: Certainty,
    /// Where it is said.
    pub source: String,
}

/// How sure a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Certainty {
    /// Microsoft says so.
    Documented,
    /// A service's own answer or definition says so.
    Recorded,
    /// It follows from what is documented.
    Inferred,
    /// People say so.
    Reported,
}

impl Certainty {
    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Recorded => "recorded",
            Self::Inferred => "inferred",
            Self::Reported => "reported",
        }
    }
}

impl Start {
    /// What is needed, in words.
    pub fn words(&self) -> String {
        match (&self.table, self.operation, &self.privilege) {
            (Some(table), Some(operation), _) => format!("{operation} on `{table}`, {}", self.depth),
            (_, _, Some(privilege)) => format!("`{privilege}`, {}", self.depth),
            (_, _, None) => "nothing".to_owned(),
        }
    }
}

impl Line {
    /// What the operation needs, in words.
    pub fn words(&self) -> String {
        let list = |operations: &[Operation]| operations.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let mut words = Vec::new();
        words.extend(self.needs.as_ref().map(|needs| format!("{} on its table", list(needs))));
        words.extend(self.also.iter().map(|(table, needs)| format!("{} on `{table}`", list(needs))));
        if self.relates {
            words.push(
                "Append on the row that is attached, AppendTo on the other, Append on both where both are many"
                    .to_owned(),
            );
        }
        let of_row =
            |(action, needs): (&String, &Vec<Operation>)| format!("`{action}`: {} on the row's table", list(needs));
        words.extend(self.actions.iter().map(of_row));
        words.extend(self.depends.as_ref().map(|depends| format!("unknown: {depends}")));
        words.extend(self.outside.as_ref().map(|outside| format!("nothing in Dataverse; {outside}")));
        words.join("; ")
    }
}

impl Table {
    /// The published table.
    pub fn published() -> Self {
        serde_yaml::from_str(TEXT).expect("the published table is checked by a test")
    }

    /// The published table, read once.
    pub fn compiled_in() -> &'static Self {
        static TABLE: LazyLock<Table> = LazyLock::new(Table::published);
        &TABLE
    }

    /// The published table's text.
    pub fn text() -> &'static str {
        TEXT
    }

    /// The line of an operation: its own, or its connector's.
    pub fn line(&self, connector: &str, operation: &str) -> Option<&Line> {
        let connector = folded(connector);
        let of_connector = || self.operations.iter().filter(|line| folded(&line.connector) == connector);
        let own = of_connector().find(|line| line.operation == operation);
        own.or_else(|| of_connector().find(|line| line.operation == "*"))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_line_says_one_thing_and_where_it_is_said() {
        let table = Table::published();
        let mut seen = BTreeSet::new();
        for line in &table.operations {
            let says = [line.needs.is_some(), line.depends.is_some(), line.outside.is_some(), line.relates];
            assert_eq!(says.iter().filter(|says| **says).count(), 1, "{line:?}");
            assert!(line.source.len() > 5, "{line:?}");
            assert!(seen.insert((&line.connector, &line.operation)), "{line:?} is there twice");
        }
        for start in &table.start {
            assert_eq!(start.table.is_some(), start.operation.is_some(), "{start:?}");
            assert_ne!(start.table.is_some(), start.privilege.is_some(), "{start:?}");
            assert!(start.source.len() > 5, "{start:?}");
        }
        assert!(table.operations.len() > 30);
    }

    #[test]
    fn an_operation_has_its_own_line_before_its_connectors_and_none_is_guessed() {
        let table = Table::published();
        let needs = |operation: &str| table.line("shared_commondataserviceforapps", operation)?.needs.clone();
        assert_eq!(needs("UpdateRecord"), Some(vec![Operation::Create, Operation::Write, Operation::Read]));
        assert!(table.line("shared_commondataserviceforapps", "SomethingNew").is_none());
        assert!(table.line("shared_sharepointonline", "SomethingNew").is_some_and(|line| line.outside.is_some()));
        assert!(table.line("shared_contoso", "GetItem").is_none());
    }
}
