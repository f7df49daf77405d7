//! Groups rows and counts, sums and compares their values (Learn: aggregate data using `FetchXML`; using `OData`).

#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use crate::sandbox::fault::Fault;
use crate::sandbox::odata::moment;
use crate::sandbox::schema::choices::choices;
use crate::sandbox::schema::{Kind, Table};

/// How many rows an aggregate may go over (Learn: both pages, limitations).
pub(super) const LIMIT: usize = 50_000;

/// A column that rows are grouped by.
pub(super) struct Group<C> {
    /// How the answer names it.
    pub(super) name: String,
    pub(super) column: C,
    pub(super) part: Option<Part>,
}

/// A part of a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

/// What is worked out for each group.
pub(super) struct Measure<C> {
    /// How the answer names it.
    pub(super) name: String,
    pub(super) column: C,
    pub(super) function: Function,
}

/// How values become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    /// The number of rows.
    Count,
    /// The number of rows with a value, or of different values.
    CountColumn {
        is_distinct: bool,
    },
    Sum,
    Average,
    Minimum,
    Maximum,
}

/// One group of rows.
pub(super) struct Summary {
    /// Where its first row stands, for what is said about a group's value.
    pub(super) first: Option<usize>,
    /// Values by name; those that are null too.
    pub(super) values: Map<String, Value>,
}

impl Function {
    /// Reads the attribute of `FetchXML`.
    pub(super) fn of_fetch(text: &str, is_distinct: bool) -> Option<Self> {
        Some(match text {
            "count" => Self::Count,
            "countcolumn" => Self::CountColumn { is_distinct },
            "sum" => Self::Sum,
            "avg" => Self::Average,
            "min" => Self::Minimum,
            "max" => Self::Maximum,
            _ => return None,
        })
    }

    /// Reads the method of `$apply`; distinct numbers are not among them (Learn: `OData` aggregation limitations).
    pub(super) fn of_odata(text: &str) -> Option<Self> {
        Some(match text {
            "sum" => Self::Sum,
            "average" => Self::Average,
            "min" => Self::Minimum,
            "max" => Self::Maximum,
            _ => return None,
        })
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::CountColumn { .. } => "countcolumn",
            Self::Sum => "sum",
            Self::Average => "avg",
            Self::Minimum => "min",
            Self::Maximum => "max",
        }
    }

    fn of(self, values: &[Value], rows: usize) -> Value {
        let there = || values.iter().filter(|value| !value.is_null());
        let numbers = || there().filter_map(Value::as_i64);
        match self {
            Self::Count => json!(rows),
            Self::CountColumn { is_distinct: false } => json!(there().count()),
            Self::CountColumn { is_distinct: true } => {
                json!(there().map(folded).collect::<BTreeSet<_>>().len())
            }
            // The sum of nothing is 0 (Learn: the group without a city); what else is made of nothing is nothing.
            Self::Sum => json!(numbers().sum::<i64>()),
            Self::Average => {
                let count = i64::try_from(numbers().count()).unwrap_or(i64::MAX);
                // Of whole numbers it is one too (Learn: 35,200 over 9 is 3,911).
                numbers().sum::<i64>().checked_div(count).map_or(Value::Null, |average| json!(average))
            }
            Self::Minimum => there().min_by(|left, right| compared(left, right)).cloned().unwrap_or_default(),
            Self::Maximum => there().max_by(|left, right| compared(left, right)).cloned().unwrap_or_default(),
        }
    }
}

/// Refuses a function that a column's type does not have (`QueryBuilderInvalidAggregateAttribute`; which types have which is
/// inferred from what they hold).
pub(super) fn check_measure(table: &Table, column: &str, function: Function) -> Result<(), Fault> {
    let kind = table.column(column).map(|column| &column.kind);
    let is_choice = choices(&table.logical_name, column).is_some();
    let may = match (function, kind) {
        (Function::Count, _) => true,
        (_, Some(Kind::Managed)) => false,
        (Function::CountColumn { .. }, _) => true,
        (Function::Sum | Function::Average, Some(Kind::Integer)) => !is_choice,
        (Function::Minimum | Function::Maximum, Some(Kind::Integer | Kind::Moment)) => !is_choice,
        (Function::Sum | Function::Average | Function::Minimum | Function::Maximum, _) => false,
    };
    if may {
        return Ok(());
    }
    let kind = match kind {
        None | Some(Kind::Id) => "uniqueidentifier",
        Some(Kind::Text) => "string",
        Some(Kind::Integer) if is_choice => "picklist",
        Some(Kind::Integer) => "int",
        Some(Kind::Boolean) => "bit",
        Some(Kind::Moment) => "datetime",
        Some(Kind::Managed) => "managedproperty",
        Some(Kind::Lookup { .. }) => "lookup",
    };
    let text = format!("Aggregate {} is not supported for attribute of type {kind}.", function.word());
    Err(Fault::new(400, "0x8004112f", text))
}

/// Refuses a column that rows cannot be grouped by (`InvalidGroupByColumn`, `QueryBuilderInvalidDateGrouping`).
pub(super) fn check_group(table: &Table, column: &str, part: Option<Part>) -> Result<(), Fault> {
    match table.column(column).map(|column| &column.kind) {
        Some(Kind::Managed) => Err(Fault::new(400, "0x8004e01d", "Group by not allowed on the attribute.")),
        Some(Kind::Moment) => Ok(()),
        Some(Kind::Text | Kind::Id | Kind::Integer | Kind::Boolean | Kind::Lookup { .. }) | None if part.is_none() => {
            Ok(())
        }
        Some(Kind::Text | Kind::Id | Kind::Integer | Kind::Boolean | Kind::Lookup { .. }) | None => {
            Err(Fault::new(400, "0x80041135", "An invalid value was specified for dategrouping."))
        }
    }
}

/// Groups rows, in the order of the groups' values, and works out what is asked of each; without groups there is one.
pub(super) fn summarize<T, C>(
    rows: &[T],
    groups: &[Group<C>],
    measures: &[Measure<C>],
    limit: usize,
    value: impl Fn(&T, &C) -> Value,
) -> Result<Vec<Summary>, Fault> {
    if rows.len() > limit {
        // Learn: aggregate data, limitations.
        return Err(Fault::new(
            400,
            "0x8004e023",
            "AggregateQueryRecordLimit exceeded. Cannot perform this operation.",
        ));
    }
    let mut found: BTreeMap<Vec<String>, Vec<usize>> = BTreeMap::new();
    let value_of = |row: &T, group: &Group<C>| part_of(value(row, &group.column), group.part);
    for (place, row) in rows.iter().enumerate() {
        let key = groups.iter().map(|group| folded(&value_of(row, group))).collect();
        found.entry(key).or_default().push(place);
    }
    if groups.is_empty() && found.is_empty() {
        found.insert(Vec::new(), Vec::new());
    }
    let summary = |places: Vec<usize>| {
        let of_groups = groups
            .iter()
            .filter_map(|group| places.first().map(|place| (group.name.clone(), value_of(&rows[*place], group))));
        let of_measures = measures.iter().map(|measure| {
            let values: Vec<Value> = places.iter().map(|place| value(&rows[*place], &measure.column)).collect();
            (measure.name.clone(), measure.function.of(&values, places.len()))
        });
        Summary { first: places.first().copied(), values: of_groups.chain(of_measures).collect() }
    };
    Ok(found.into_values().map(summary).collect())
}

fn part_of(value: Value, part: Option<Part>) -> Value {
    let Some(part) = part else { return value };
    let Some(at) = value.as_str().and_then(moment) else { return Value::Null };
    let date = at.to_zoned(TimeZone::UTC).date();
    match part {
        Part::Day => json!(date.day()),
        // Weeks begin on Sunday, the first with the year (Learn: 27 August 2023 is in week 35).
        Part::Week => {
            let first = date.first_of_year().weekday().since(Weekday::Sunday);
            json!((i32::from(date.day_of_year()) - 1 + i32::from(first)) / 7 + 1)
        }
        Part::Month => json!(date.month()),
        Part::Quarter => json!((date.month() - 1) / 3 + 1),
        Part::Year => json!(date.year()),
    }
}

/// Orders two values of one column.
pub(super) fn compared(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.as_i64().cmp(&right.as_i64()),
        (Value::String(left), Value::String(right)) => left.to_lowercase().cmp(&right.to_lowercase()),
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        // No value comes before every value, as in the database below.
        (left, right) => right.is_null().cmp(&left.is_null()),
    }
}

/// Writes a value so that equal ones are equal and the order is theirs.
fn folded(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Number(number) => format!("{:+021}", number.as_i64().unwrap_or_default()),
        Value::String(text) => format!(" {}", text.to_lowercase()),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

/// Writes a number as people read it (Learn: formatted values of aggregates).
pub(super) fn formatted(value: &Value) -> Option<String> {
    let digits = value.as_i64()?.unsigned_abs().to_string();
    let mut written = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            written.push(',');
        }
        written.push(digit);
    }
    Some(if value.as_i64()? < 0 { format!("-{written}") } else { written })
}
