//! The choices of a column, with their labels, and values as people read them.

use jiff::Timestamp;
use serde_json::Value;

use super::{Column, Kind, Table};

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
    let (_, options) = choices(table, column)?;
    options.iter().find(|(number, _)| *number == value).map(|(_, label)| *label)
}

/// Writes a value for people: labels of choices, numbers with separators, and moments as they are written in the United States, in
/// UTC (Learn: select columns, formatted values); nothing for texts and ids, which are what they are.
pub fn formatted(table: &Table, column: &Column, value: &Value) -> Option<String> {
    match (&column.kind, value) {
        (Kind::Integer, value) => {
            let number = value.as_i64()?;
            if choices(&table.logical_name, &column.name).is_some() {
                label(&table.logical_name, &column.name, number).map(str::to_owned)
            } else {
                Some(grouped(number))
            }
        }
        (Kind::Boolean, Value::Bool(value)) => Some(yes_or_no(&column.name, *value).to_owned()),
        (Kind::Moment, Value::String(text)) => {
            let moment: Timestamp = text.parse().ok()?;
            Some(moment.strftime("%-m/%-d/%Y %-I:%M %p").to_string())
        }
        _ => None,
    }
}

/// The two labels of a column; most have the plain ones (Learn: table pages).
fn yes_or_no(column: &str, value: bool) -> &'static str {
    let [yes, no] = match column {
        "isdisabled" => ["Disabled", "Enabled"],
        "ismanaged" => ["Managed", "Unmanaged"],
        _ => ["Yes", "No"],
    };
    if value { yes } else { no }
}

fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if number < 0 { format!("-{grouped}") } else { grouped }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::sandbox::schema::built_in;

    #[test]
    fn values_are_written_for_people() {
        let table = built_in().iter().find(|table| table.logical_name == "systemuser").unwrap();
        let shown = |column: &str, value: Value| formatted(table, table.column(column).unwrap(), &value);
        assert_eq!(shown("createdon", json!("2026-01-05T14:07:00Z")).as_deref(), Some("1/5/2026 2:07 PM"));
        assert_eq!(shown("isdisabled", json!(false)).as_deref(), Some("Enabled"));
        assert_eq!(shown("versionnumber", json!(-1_000_678)).as_deref(), Some("-1,000,678"));
        assert_eq!(shown("versionnumber", json!(12)).as_deref(), Some("12"));
        assert_eq!(shown("fullname", json!("Ada")), None);
        assert_eq!(shown("createdon", Value::Null), None);
    }
}
