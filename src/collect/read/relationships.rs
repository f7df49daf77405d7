//! Where the navigation properties of tables lead, from the organisation's own metadata.
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::collect::decode::Row;
use crate::collect::decode::metadata::{MANY_TO_MANY, MANY_TO_ONE, ONE_TO_MANY, relationships as decoded};
use crate::collect::source::Source;
use crate::inventory::section::Section;
use crate::inventory::things::Relationship;
use crate::names::{TableName, Text};
use crate::problem::Problem;

/// The relationships of these tables: three questions a table, all of them in few batches.
pub(in crate::collect) async fn relationships(
    source: Source<'_>,
    tables: &BTreeSet<TableName>,
) -> Section<TableName, BTreeMap<Text, Relationship>> {
    let kinds = [MANY_TO_ONE, ONE_TO_MANY, MANY_TO_MANY];
    let asked: Vec<(&TableName, &str, &str)> =
        tables.iter().flat_map(|table| kinds.map(|(kind, select)| (table, kind, select))).collect();
    let path = |(table, kind, select): &(&TableName, &str, &str)| {
        format!("EntityDefinitions(LogicalName='{table}')/{kind}?$select={select}")
    };
    let answers = source.several(asked.iter().map(path).collect()).await;
    let mut rows: BTreeMap<TableName, BTreeMap<Text, Relationship>> = BTreeMap::new();
    let mut trouble: Option<Problem> = None;
    for ((table, kind, _), answer) in asked.into_iter().zip(answers) {
        match answer.and_then(|value: Value| decoded(Row::dataverse("EntityDefinitions", &value), table, kind)) {
            Ok(found) => rows.entry(table.clone()).or_default().extend(found),
            Err(problem) => trouble = trouble.or(Some(problem)),
        }
    }
    match trouble {
        Some(problem) => Section::Unreadable(problem),
        None => Section::only(tables.clone(), rows),
    }
}
