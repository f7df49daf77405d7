//! Who can do what: tables for people, CSV for spreadsheets, JSON for programs.
use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::access::Ability;
use crate::explain::table::{Matrix, Row};
use crate::problem::clip;

/// The answer as a word.
pub fn word(ability: Ability) -> &'static str {
    match ability {
        Ability::Can => "can",
        Ability::Cannot => "cannot",
        Ability::Unknown => "unknown",
    }
}

/// What every line of a table says anew; the rest stands in its heading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Each {
    /// A person.
    Person,
    /// A thing.
    Thing,
}

/// Renders lines with their columns aligned, and what they add up to.
pub fn text(heading: &str, each: Each, rows: &[Row]) -> String {
    let mut out = format!("{}\n\n", clip(heading));
    let cells = rows.iter().map(|row| match each {
        Each::Person => clip(&row.person.to_string()),
        Each::Thing => clip(&row.what),
    });
    let cells: Vec<String> = cells.collect();
    let width = cells.iter().map(|cell| cell.chars().count()).max().unwrap_or_default();
    for (row, cell) in rows.iter().zip(&cells) {
        let line = format!("  {cell:<width$}  {:<7}  {}", word(row.ability), clip(&row.through.join("; ")));
        let _ = writeln!(out, "{}", line.trim_end());
    }
    let count = |ability| rows.iter().filter(|row| row.ability == ability).count();
    let [can, cannot, unknown] = [Ability::Can, Ability::Cannot, Ability::Unknown].map(count);
    let cannot = if cannot == 0 { String::new() } else { format!("{cannot} cannot, ") };
    let _ = match rows {
        [] => writeln!(out, "  none, as far as is known; `--all` lists what is missing of each"),
        _ => writeln!(out, "\n{can} can, {cannot}{unknown} unknown."),
    };
    out
}

/// Renders lines as CSV.
pub fn csv(rows: &[Row]) -> String {
    let mut out = String::from("principal,identity,what,answer,through\r\n");
    for row in rows {
        let cells = [
            row.person.to_string(),
            row.person.identity(),
            row.what.clone(),
            word(row.ability).to_owned(),
            row.through.join("; "),
        ];
        let cells: Vec<String> = cells.iter().map(|cell| quoted(cell)).collect();
        let _ = write!(out, "{}\r\n", cells.join(","));
    }
    out
}

/// A cell as RFC 4180 has it; what a spreadsheet would take for a formula is a text.
fn quoted(cell: &str) -> String {
    let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let cell = if is_formula { format!("'{cell}") } else { cell.to_owned() };
    if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
}

/// Renders lines for programs.
pub fn json(environment: &str, rows: &[Row]) -> Value {
    let row = |row: &Row| {
        json!({
            "principal": row.person.to_string(),
            "identity": row.person.identity(),
            "what": row.what,
            "answer": word(row.ability),
            "through": row.through,
        })
    };
    json!({ "environment": environment, "rows": rows.iter().map(row).collect::<Vec<_>>() })
}

/// Renders all against all as a table: `x` can, `.` cannot, `?` unknown.
pub fn matrix_text(heading: &str, matrix: &Matrix) -> String {
    let mut out = format!("{}\n\n", clip(heading));
    for (at, flow) in matrix.rows.iter().map(|(flow, _)| flow).enumerate() {
        let _ = writeln!(out, "  {:>4}  {}", at + 1, clip(&flow.name));
    }
    let width = matrix.people.iter().map(|person| clip(&person.to_string()).chars().count()).max().unwrap_or_default();
    let numbers: String = (1..=matrix.rows.len()).map(|number| format!("{number:>5}")).collect();
    let _ = writeln!(out, "\n  {:<width$}{numbers}", "");
    for (at, person) in matrix.people.iter().enumerate() {
        let marks = matrix.rows.iter().map(|(_, answers)| match answers[at] {
            Ability::Can => "    x",
            Ability::Cannot => "    .",
            Ability::Unknown => "    ?",
        });
        let _ = writeln!(out, "  {:<width$}{}", clip(&person.to_string()), marks.collect::<String>());
    }
    out.push_str("\n  x can, . cannot, ? unknown\n");
    out
}

/// Renders all against all as CSV: a line for each person, a column for each flow.
pub fn matrix_csv(matrix: &Matrix) -> String {
    let flows = matrix.rows.iter().map(|(flow, _)| quoted(&flow.name));
    let mut out = std::iter::once("principal".to_owned()).chain(flows).collect::<Vec<_>>().join(",");
    out.push_str("\r\n");
    for (at, person) in matrix.people.iter().enumerate() {
        let answers = matrix.rows.iter().map(|(_, answers)| word(answers[at]).to_owned());
        let line = std::iter::once(quoted(&person.to_string())).chain(answers).collect::<Vec<_>>().join(",");
        let _ = write!(out, "{line}\r\n");
    }
    out
}

/// Renders all against all for programs: for each flow who can, and of whom nobody knows.
pub fn matrix_json(environment: &str, matrix: &Matrix) -> Value {
    let of = |answers: &[Ability], wanted: Ability| {
        let people = matrix.people.iter().zip(answers).filter(|(_, ability)| **ability == wanted);
        people.map(|(person, _)| person.identity()).collect::<Vec<_>>()
    };
    let rows = matrix.rows.iter().map(|(flow, answers)| {
        json!({
            "flow": { "name": flow.name, "id": flow.id },
            "can": of(answers, Ability::Can),
            "unknown": of(answers, Ability::Unknown),
        })
    });
    let people =
        matrix.people.iter().map(|person| json!({ "name": person.to_string(), "identity": person.identity() }));
    json!({ "environment": environment, "people": people.collect::<Vec<_>>(), "flows": rows.collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::principal::Principal;

    #[test]
    fn cells_with_commas_and_formulas_stay_cells() {
        let person = Principal::User { name: "ada@contoso.com".into(), id: Uuid::from_u128(1) };
        let rows = [Row { person, what: "=1+1, \"x\"".into(), ability: Ability::Can, through: vec!["owner".into()] }];
        let csv = csv(&rows);
        assert!(csv.ends_with(",\"'=1+1, \"\"x\"\"\",can,owner\r\n"), "{csv}");
    }
}
