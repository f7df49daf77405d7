//! Learn's example, and what is at its edges.

use serde_json::{Value, json};

use super::*;

/// The rows of Learn's example: employees, city, day.
fn rows() -> Vec<[Value; 3]> {
    let row = |employees: Value, city: Value, day: &str| [employees, city, json!(format!("{day}T17:42:47Z"))];
    let of = |employees: i64, city: &str| row(json!(employees), json!(city), "2023-03-25");
    vec![
        row(json!(null), json!(null), "2023-08-27"),
        of(1500, "Redmond"),
        of(2700, "Lynnwood"),
        of(2900, "Los Angeles"),
        of(2900, "Redmond"),
        of(3900, "Phoenix"),
        of(4300, "Santa Cruz"),
        of(4800, "Missoula"),
        of(6000, "Dallas"),
        of(6200, "Redmond"),
    ]
}

fn measure(name: &str, function: Function) -> Measure<usize> {
    Measure { name: name.to_owned(), column: 0, function }
}

fn asked(groups: &[Group<usize>], measures: &[Measure<usize>]) -> Vec<Value> {
    let found = summarize(&rows(), groups, measures, LIMIT, |row, column| row[*column].clone()).unwrap();
    found.into_iter().map(|summary| Value::Object(summary.values)).collect()
}

#[test]
fn the_pages_example_has_the_pages_answers() {
    let functions = [
        measure("Average", Function::Average),
        measure("Count", Function::Count),
        measure("ColumnCount", Function::CountColumn { is_distinct: false }),
        measure("Distinct", Function::CountColumn { is_distinct: true }),
        measure("Maximum", Function::Maximum),
        measure("Minimum", Function::Minimum),
        measure("Sum", Function::Sum),
    ];
    let expected = json!({ "Average": 3911, "Count": 10, "ColumnCount": 9, "Distinct": 8, "Maximum": 6200,
        "Minimum": 1500, "Sum": 35_200 });
    assert_eq!(asked(&[], &functions), [expected]);
    let city = Group { name: "City".to_owned(), column: 1, part: None };
    let by_city = asked(&[city], &[measure("Total", Function::Sum), measure("Count", Function::Count)]);
    assert_eq!(by_city[0], json!({ "Total": 0, "Count": 1, "City": null }));
    assert_eq!(by_city[6], json!({ "Total": 10_600, "Count": 3, "City": "Redmond" }));
    assert_eq!(by_city.len(), 8);
    let parts = [
        ("Day", Part::Day),
        ("Week", Part::Week),
        ("Month", Part::Month),
        ("Quarter", Part::Quarter),
        ("Year", Part::Year),
    ];
    let parts = parts.map(|(name, part)| Group { name: name.to_owned(), column: 2, part: Some(part) });
    assert_eq!(
        asked(&parts, &[measure("Total", Function::Sum)]),
        [
            json!({ "Total": 35_200, "Day": 25, "Week": 12, "Month": 3, "Quarter": 1, "Year": 2023 }),
            json!({ "Total": 0, "Day": 27, "Week": 35, "Month": 8, "Quarter": 3, "Year": 2023 }),
        ]
    );
}

#[test]
fn nothing_is_counted_as_nothing() {
    let none: [[Value; 3]; 0] = [];
    let functions =
        [measure("n", Function::Count), measure("max", Function::Maximum), measure("avg", Function::Average)];
    let found = summarize(&none, &[], &functions, LIMIT, |row, column: &usize| row[*column].clone()).unwrap();
    assert_eq!(Value::Object(found[0].values.clone()), json!({ "n": 0, "max": null, "avg": null }));
    assert_eq!(
        summarize(&rows(), &[], &functions, 9, |row, column| row[*column].clone()).err().unwrap().code,
        "0x8004e023"
    );
}

#[test]
fn numbers_are_written_with_thousands() {
    for (number, expected) in [(0, "0"), (999, "999"), (1500, "1,500"), (-35_200, "-35,200"), (1_000_000, "1,000,000")]
    {
        assert_eq!(formatted(&json!(number)).unwrap(), expected);
    }
}
