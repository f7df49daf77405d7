//! `$apply`: groups and aggregates of a set (Learn: aggregate data using `OData`, which Dataverse has in part).

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::aggregate::{self, Function, Group, Measure, formatted};
use super::read::Set;
use super::request::{Annotations, Preferences, Request};
use super::shape;
use super::sight::Sight;
use crate::sandbox::answer::Answer;
use crate::sandbox::fault::Fault;
use crate::sandbox::odata::{Filter, Path, Row, filter_of};
use crate::sandbox::schema::{Kind, Table};
use uuid::Uuid;

/// What is asked: a condition, and what follows it.
struct Apply {
    filter: Option<Filter>,
    groups: Vec<Group<Path>>,
    measures: Vec<Measure<Path>>,
}

/// Answers with aggregates of rows that the caller sees and the other options leave.
pub(super) fn answer(
    sight: &Sight<'_>,
    request: &Request<'_>,
    set: &Set<'_>,
    text: &str,
    rows: Vec<(Uuid, &Row)>,
    aliases: &BTreeMap<String, String>,
) -> Result<Answer, Fault> {
    let mut apply = parse(text, aliases)?;
    let paths = apply.paths();
    for path in &paths {
        shape::check_path(sight, set.table, path)?;
    }
    apply.check(sight, set.table)?;
    let with_related = |(key, row): (Uuid, &Row)| (key, shape::with_related(sight, set.table, key, row, &paths));
    let mut rows: Vec<(Uuid, Row)> = rows.into_iter().map(with_related).collect();
    rows.retain(|(_, row)| apply.filter.as_ref().is_none_or(|filter| filter.matches(row)));
    let value = |(_, row): &(Uuid, Row), path: &Path| path.value(row).cloned().unwrap_or_default();
    let found = aggregate::summarize(&rows, &apply.groups, &apply.measures, aggregate::LIMIT, value)?;
    let preferences = Preferences::of(request);
    let values: Vec<Value> = found
        .into_iter()
        .map(|summary| {
            let mut written = Map::new();
            let first = summary.first.map(|place| &rows[place].1);
            for (name, value) in summary.values.into_iter().filter(|(_, value)| !value.is_null()) {
                // Nulls are left out (Learn: distinct column values, the sample answer).
                if preferences.annotations == Annotations::All {
                    let of_measure = apply.measures.iter().any(|measure| measure.name == name);
                    let label =
                        first.filter(|_| !of_measure).map(|row| shape::annotations(sight, set.table, &name, row));
                    let label = label.unwrap_or_else(|| {
                        vec![(shape::FORMATTED, formatted(&value).map_or(Value::Null, Value::String))]
                    });
                    let label = label.into_iter().filter(|(_, label)| !label.is_null());
                    written.extend(label.map(|(kind, label)| (format!("{name}@{kind}"), label)));
                }
                written.insert(name, value);
            }
            Value::Object(written)
        })
        .collect();
    let context = format!("{}/$metadata#{}", request.root, set.context);
    Ok(preferences.applied(Answer::json(200, serde_json::json!({ "@odata.context": context, "value": values }))))
}

impl Apply {
    fn paths(&self) -> Vec<Path> {
        let of_filter = self.filter.iter().flat_map(Filter::properties);
        let of_groups = self.groups.iter().map(|group| group.column.clone());
        let counted = self.measures.iter().filter(|measure| measure.function != Function::Count);
        of_filter.chain(of_groups).chain(counted.map(|measure| measure.column.clone())).collect()
    }

    /// Refuses what the types do not allow, and names groups of related columns as the service does.
    fn check(&mut self, sight: &Sight<'_>, table: &Table) -> Result<(), Fault> {
        for group in &mut self.groups {
            let (owner, column) = owner(sight, table, &group.column)?;
            if owner.column(&column).is_some_and(|column| column.kind == Kind::Moment) {
                return Err(Fault::malformed("Grouping by a date and time is not supported."));
            }
            aggregate::check_group(owner, &column, None)?;
            if group.column.0.len() > 1 {
                // Learn: `groupby((primarycontactid/fullname))` answers with `contact_fullname`.
                group.name = format!("{}_{column}", owner.logical_name);
            }
        }
        for measure in self.measures.iter().filter(|measure| measure.function != Function::Count) {
            let (owner, column) = owner(sight, table, &measure.column)?;
            aggregate::check_measure(owner, &column, measure.function)?;
        }
        Ok(())
    }
}

/// Finds the table and the column at the end of a path.
fn owner<'a>(sight: &Sight<'a>, table: &'a Table, path: &Path) -> Result<(&'a Table, String), Fault> {
    let (column, through) = path.0.split_last().ok_or_else(|| unsupported(""))?;
    let mut owner = table;
    for step in through {
        owner =
            shape::target_of(sight, owner, step).ok_or_else(|| Fault::unknown_property(step, &owner.logical_name))?;
    }
    Ok((owner, column.clone()))
}

fn unsupported(text: &str) -> Fault {
    Fault::malformed(format!("The $apply '{text}' is not supported."))
}

/// Reads `filter(…)/groupby((…),aggregate(…))` and its parts.
fn parse(text: &str, aliases: &BTreeMap<String, String>) -> Result<Apply, Fault> {
    let mut apply = Apply { filter: None, groups: Vec::new(), measures: Vec::new() };
    let mut rest = text.trim();
    if let Some((inner, behind)) = call(rest, "filter") {
        apply.filter = Some(filter_of(inner, aliases)?);
        rest = behind.strip_prefix('/').ok_or_else(|| unsupported(text))?;
    }
    if let Some((inner, "")) = call(rest, "groupby") {
        let (columns, behind) =
            inner.trim().strip_prefix('(').and_then(|inner| inner.split_once(')')).ok_or_else(|| unsupported(text))?;
        for column in columns.split(',').map(str::trim).filter(|column| !column.is_empty()) {
            let path = path(column);
            apply.groups.push(Group { name: column.to_owned(), column: path, part: None });
        }
        if apply.groups.is_empty() {
            return Err(unsupported(text));
        }
        rest = match behind.trim().strip_prefix(',') {
            Some(behind) => behind.trim(),
            None if behind.trim().is_empty() => return Ok(apply),
            None => return Err(unsupported(text)),
        };
    }
    let Some((inner, "")) = call(rest, "aggregate") else { return Err(unsupported(text)) };
    for item in inner.split(',') {
        let words: Vec<&str> = item.split_whitespace().collect();
        let (column, function, name) = match words.as_slice() {
            ["$count", "as", name] => ("", Function::Count, name),
            [column, "with", function, "as", name] => {
                (*column, Function::of_odata(function).ok_or_else(|| unsupported(text))?, name)
            }
            _ => return Err(unsupported(text)),
        };
        apply.measures.push(Measure { name: (*name).to_owned(), column: path(column), function });
    }
    let mut names = std::collections::BTreeSet::new();
    if apply.measures.iter().all(|measure| names.insert(&measure.name)) { Ok(apply) } else { Err(unsupported(text)) }
}

fn path(text: &str) -> Path {
    Path(text.split('/').map(str::to_owned).collect())
}

/// Splits `name(inner)rest` at the parenthesis that belongs to the first.
fn call<'a>(text: &'a str, name: &str) -> Option<(&'a str, &'a str)> {
    let inner = text.strip_prefix(name)?.trim_start().strip_prefix('(')?;
    let (mut depth, mut is_quoted) = (1, false);
    for (place, character) in inner.char_indices() {
        match character {
            '\'' => is_quoted = !is_quoted,
            '(' if !is_quoted => depth += 1,
            ')' if !is_quoted => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some((&inner[..place], &inner[place + 1..]));
        }
    }
    None
}
