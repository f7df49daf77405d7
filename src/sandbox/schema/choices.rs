//! The choices of a column, with their labels.

/// Which kind of column has choices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChoiceKind {
    /// An ordinary one.
    Picklist,
    /// The state of a row.
    State,
    /// The reason of a state.
    Status,
}

/// A column with choices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choices {
    /// The logical name of the table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    /// What kind of column it is.
    pub kind: ChoiceKind,
    /// Numbers with labels.
    pub options: &'static [(i64, &'static str)],
}

const fn picklist(table: &'static str, column: &'static str, options: &'static [(i64, &'static str)]) -> Choices {
    Choices { table, column, kind: ChoiceKind::Picklist, options }
}

/// Those that are known (recorded: metadata of workflow, team and connection reference; Learn: their table pages).
const KNOWN: &[Choices] = &[
    picklist("workflow", "category", &[(5, "Modern Flow"), (6, "Desktop Flow"), (7, "AI Flow")]),
    picklist(
        "workflow",
        "modernflowtype",
        &[(0, "PowerAutomateFlow"), (1, "CopilotStudioFlow"), (2, "M365CopilotAgentFlow")],
    ),
    Choices {
        table: "workflow",
        column: "statecode",
        kind: ChoiceKind::State,
        options: &[(0, "Draft"), (1, "Activated"), (2, "Suspended")],
    },
    Choices {
        table: "workflow",
        column: "statuscode",
        kind: ChoiceKind::Status,
        options: &[(1, "Draft"), (2, "Activated"), (3, "CompanyDLPViolation")],
    },
    picklist("team", "teamtype", &[(0, "Owner"), (1, "Access"), (2, "AAD Security Group"), (3, "AAD Office Group")]),
    picklist("team", "membershiptype", &[(0, "Members and guests"), (1, "Members"), (2, "Owners"), (3, "Guests")]),
];

const STATES: &[(i64, &str)] = &[(0, "Active"), (1, "Inactive")];
// Of most tables (Learn: their pages); numbers of other tables are not known here.
const STATUSES: &[(i64, &str)] = &[(1, "Active"), (2, "Inactive")];

/// Returns the choices of a column, if they are known.
pub fn choices(table: &str, column: &str) -> Option<(ChoiceKind, &'static [(i64, &'static str)])> {
    let known = KNOWN.iter().find(|known| known.table == table && known.column == column);
    known.map(|known| (known.kind, known.options)).or(match column {
        "statecode" => Some((ChoiceKind::State, STATES)),
        "statuscode" => Some((ChoiceKind::Status, STATUSES)),
        _ => None,
    })
}

/// Returns the label of a choice.
pub fn label(table: &str, column: &str, value: i64) -> Option<&'static str> {
    choices(table, column)?.1.iter().find(|(number, _)| *number == value).map(|(_, label)| *label)
}
