//! Who can do what: tables for people, CSV for spreadsheets, JSON for programs.
use std::fmt::Write as _;
use std::iter::once;

use serde_json::{Value, json};

use crate::access::Ability;
use crate::explain::table::{Matrix, Row};
use crate::foreign::inert;
use crate::problem::clip;
use crate::render::json;

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

/// A cell as RFC 4180 has it; what a spreadsheet would take for a formula is a text, and nothing in it steers who prints it.
fn quoted(cell: &str) -> String {
    let cell = inert(cell);
    let is_formula = cell.starts_with(['=', '+', '-', '@']);
    let cell = if is_formula { format!("'{cell}") } else { cell };
    if cell.contains([',', '"']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
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

/// Renders all against all as a table, line by line: `x` can, `.` cannot, `?` unknown.
pub fn matrix_text(heading: &str, matrix: &Matrix) -> impl Iterator<Item = String> {
    let mut head = format!("{}\n\n", clip(heading));
    for (at, flow) in matrix.flows().enumerate() {
        let _ = writeln!(head, "  {:>4}  {}", at + 1, clip(&flow.name));
    }
    let people = matrix.people();
    let width = people.iter().map(|person| clip(&person.to_string()).chars().count()).max().unwrap_or_default();
    let numbers: String = (1..=matrix.flows().len()).map(|number| format!("{number:>5}")).collect();
    let _ = writeln!(head, "\n  {:<width$}{numbers}", "");
    let lines = people.iter().enumerate().map(move |(at, person)| {
        let marks = matrix.of_person(at).map(|ability| match ability {
            Ability::Can => "    x",
            Ability::Cannot => "    .",
            Ability::Unknown => "    ?",
        });
        format!("  {:<width$}{}\n", clip(&person.to_string()), marks.collect::<String>())
    });
    once(head).chain(lines).chain(once("\n  x can, . cannot, ? unknown\n".to_owned()))
}

/// Renders all against all as CSV, line by line: one for each person, a column for each flow.
pub fn matrix_csv(matrix: &Matrix) -> impl Iterator<Item = String> {
    let flows = matrix.flows().map(|flow| quoted(&flow.name));
    let head = once("principal".to_owned()).chain(flows).collect::<Vec<_>>().join(",");
    let lines = matrix.people().iter().enumerate().map(|(at, person)| {
        let answers = matrix.of_person(at).map(|ability| word(ability).to_owned());
        once(quoted(&person.to_string())).chain(answers).collect::<Vec<_>>().join(",")
    });
    once(head).chain(lines).map(|line| line + "\r\n")
}

/// Renders all against all for programs, line by line: for each flow who can, and of whom nobody knows.
pub fn matrix_json(environment: &str, matrix: &Matrix) -> impl Iterator<Item = String> {
    let people = matrix.people();
    let named = people.iter().map(|person| json!({ "name": person.to_string(), "identity": person.identity() }));
    let flows = matrix.flows().enumerate().map(|(at, flow)| {
        let answers: Vec<Ability> = matrix.of_flow(at).collect();
        let of = |wanted: Ability| {
            let people = people.iter().zip(&answers).filter(|(_, ability)| **ability == wanted);
            people.map(|(person, _)| person.identity()).collect::<Vec<_>>()
        };
        json!({
            "flow": { "name": flow.name, "id": flow.id },
            "can": of(Ability::Can),
            "unknown": of(Ability::Unknown),
        })
    });
    let environment = json::line(&environment);
    once(format!("{{\n  \"environment\": {},\n  \"people\": [\n", environment.trim_end()))
        .chain(elements(named))
        .chain(once("  ],\n  \"flows\": [\n".to_owned()))
        .chain(elements(flows))
        .chain(once("  ]\n}\n".to_owned()))
}

/// The elements of a list, each on a line of its own.
fn elements(values: impl Iterator<Item = Value>) -> impl Iterator<Item = String> {
    let mut values = values.peekable();
    std::iter::from_fn(move || {
        let value = json::line(&values.next()?);
        let comma = if values.peek().is_some() { "," } else { "" };
        Some(format!("    {}{comma}\n", value.trim_end()))
    })
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
