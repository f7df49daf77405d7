//! Writes what was found: columns, annotations, order and pages.

use serde_json::{Map, Value, json};

use super::join::value;
use super::query::{Chosen, Column, Fetch, Order, OrderBy, Output, Tuple};
use super::words::refused;
use crate::sandbox::answer::Answer;
use crate::sandbox::dataverse::aggregate::{Group, Measure, Summary, compared, formatted};
use crate::sandbox::dataverse::read::{PAGE, Set};
use crate::sandbox::dataverse::request::{Annotations, Preferences, Request};
use crate::sandbox::dataverse::shape;
use crate::sandbox::dataverse::sight::Sight;
use crate::sandbox::fault::Fault;
use crate::sandbox::odata::Row;
use crate::sandbox::schema::Kind;

/// How many rows can be paged through without a cookie (Learn: page results).
const WITHOUT_COOKIE: usize = 50_000;

/// Writes rows and pages of one request.
pub(super) struct Written<'a, 'x> {
    sight: &'x Sight<'a>,
    request: &'x Request<'x>,
    fetch: &'x Fetch<'a>,
    preferences: Preferences,
}

impl<'a, 'x> Written<'a, 'x> {
    pub(super) fn new(sight: &'x Sight<'a>, request: &'x Request<'x>, fetch: &'x Fetch<'a>) -> Self {
        Self { sight, request, fetch, preferences: Preferences::of(request) }
    }

    /// Writes a row. Columns without a value are left out (Learn: page results, the sample answers).
    pub(super) fn row(&self, columns: &[Chosen], tuple: &Tuple<'_>) -> Value {
        let mut written = Map::new();
        let table = self.fetch.sources[0].table;
        let is_whole = !self.fetch.is_distinct || columns.iter().any(|chosen| chosen.name == *table.primary_id);
        if let (true, Some((key, row))) = (is_whole, tuple[0]) {
            // What makes every row another one is left out of distinct ones (Learn: return distinct results).
            if let Some(version) = row.get("versionnumber") {
                written.insert("@odata.etag".to_owned(), json!(format!("W/\"{version}\"")));
            }
            written.insert(table.primary_id.to_string(), json!(key));
        }
        for Chosen { name, column } in columns {
            self.put(&mut written, name, column, tuple, value(tuple, column));
        }
        Value::Object(written)
    }

    /// Writes a group.
    pub(super) fn group(
        &self,
        (groups, measures): (&[Group<Column>], &[Measure<Column>]),
        summary: &Summary,
        tuples: &[Tuple<'_>],
    ) -> Value {
        let mut written = Map::new();
        for group in groups {
            let found = summary.values.get(&group.name).cloned().unwrap_or_default();
            match (summary.first, group.part) {
                (Some(first), None) => self.put(&mut written, &group.name, &group.column, &tuples[first], found),
                (None, _) | (_, Some(_)) => self.put_number(&mut written, &group.name, found),
            }
        }
        for measure in measures {
            self.put_number(
                &mut written,
                &measure.name,
                summary.values.get(&measure.name).cloned().unwrap_or_default(),
            );
        }
        Value::Object(written)
    }

    fn put(&self, written: &mut Map<String, Value>, name: &str, column: &Column, tuple: &Tuple<'_>, value: Value) {
        if value.is_null() {
            return;
        }
        if let (Annotations::All, Some((_, row))) = (self.preferences.annotations, tuple[column.source]) {
            let table = self.fetch.sources[column.source].table;
            let annotations = shape::annotations(self.sight, table, &column.name, row).into_iter();
            written.extend(annotations.map(|(kind, text)| (format!("{name}@{kind}"), text)));
        }
        written.insert(name.to_owned(), value);
    }

    fn put_number(&self, written: &mut Map<String, Value>, name: &str, value: Value) {
        if value.is_null() {
            return;
        }
        if let (Annotations::All, Some(text)) = (self.preferences.annotations, formatted(&value)) {
            written.insert(format!("{name}@{}", shape::FORMATTED), json!(text));
        }
        written.insert(name.to_owned(), value);
    }

    /// Answers with one page.
    pub(super) fn page(&self, set: &Set<'_>, values: Vec<Value>) -> Result<Answer, Fault> {
        let page = &self.fetch.page;
        let preferred = self.preferences.page_size.unwrap_or(PAGE);
        let size = page.top.or(page.count).unwrap_or(preferred).clamp(1, PAGE);
        let start = (page.number - 1).saturating_mul(size);
        if start.saturating_add(size) > WITHOUT_COOKIE && !page.has_cookie {
            let text = "Over upper limit of records that can be requested without a paging cookie. A paging cookie is required \
                        when retrieving a high page number.";
            return Err(refused("0x8004430a", text));
        }
        let total = values.len();
        let shown: Vec<Value> = values.into_iter().skip(start).take(size).collect();
        let is_more = page.top.is_none() && start + shown.len() < total;
        let mut body = Map::from_iter([("@odata.context".to_owned(), json!(self.context(set)))]);
        // Learn: count rows, page results; these have to be asked for.
        if self.preferences.annotations == Annotations::All {
            let counted = if self.fetch.counts { json!(total.min(PAGE)) } else { json!(-1) };
            body.insert("@Microsoft.Dynamics.CRM.totalrecordcount".to_owned(), counted);
            let is_over = self.fetch.counts && total > PAGE;
            body.insert("@Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded".to_owned(), json!(is_over));
            body.insert("@Microsoft.Dynamics.CRM.morerecords".to_owned(), json!(is_more));
            if is_more {
                body.insert("@Microsoft.Dynamics.CRM.fetchxmlpagingcookie".to_owned(), json!(self.cookie(set, &shown)));
            }
        }
        if self.fetch.counts {
            body.insert("@odata.count".to_owned(), json!(total.min(PAGE)));
        }
        body.insert("value".to_owned(), Value::Array(shown));
        Ok(self.preferences.applied(Answer::json(200, Value::Object(body))))
    }

    /// Writes the cookie of the next page: encoded twice inside of an element (Learn: page results).
    fn cookie(&self, set: &Set<'_>, shown: &[Value]) -> String {
        let key = set.table.primary_id.as_ref();
        let side = |row: Option<&Value>| row.and_then(|row| row[key].as_str()).unwrap_or_default().to_uppercase();
        let inner = format!(
            "<cookie page=\"{}\"><{key} last=\"{{{}}}\" first=\"{{{}}}\" /></cookie>",
            self.fetch.page.number,
            side(shown.last()),
            side(shown.first()),
        );
        let encoded =
            |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20");
        format!(
            "<cookie pagenumber=\"{}\" pagingcookie=\"{}\" istracking=\"False\" />",
            self.fetch.page.number + 1,
            encoded(&encoded(&inner))
        )
    }

    fn context(&self, set: &Set<'_>) -> String {
        let all = self.fetch.sources[0].table.columns.len();
        let chosen = match &self.fetch.output {
            Output::Rows(columns) => {
                let own = columns.iter().filter(|chosen| chosen.column.source == 0);
                let names: Vec<&str> = own.map(|chosen| chosen.column.name.as_str()).collect();
                if names.len() >= all { String::new() } else { format!("({})", names.join(",")) }
            }
            // As those of `$apply` (inferred).
            Output::Aggregates { .. } => String::new(),
        };
        format!("{}/$metadata#{}{chosen}", self.request.root, set.context)
    }
}

/// Puts rows in order.
pub(super) struct Sorter<'a, 'x> {
    sight: &'x Sight<'a>,
    fetch: &'x Fetch<'a>,
}

impl<'a, 'x> Sorter<'a, 'x> {
    pub(super) const fn new(sight: &'x Sight<'a>, fetch: &'x Fetch<'a>) -> Self {
        Self { sight, fetch }
    }

    /// Sorts by the orders, then by the key of the table itself.
    pub(super) fn sort(&self, tuples: &mut Vec<Tuple<'_>>) {
        let keys =
            |tuple: &Tuple<'_>| self.fetch.orders.iter().map(|order| self.key(order, tuple)).collect::<Vec<Value>>();
        let mut keyed: Vec<(Vec<Value>, Tuple<'_>)> = tuples.drain(..).map(|tuple| (keys(&tuple), tuple)).collect();
        keyed.sort_by(|left, right| {
            let by_key = || left.1[0].map(|(key, _)| key).cmp(&right.1[0].map(|(key, _)| key));
            ordered(&self.fetch.orders, &left.0, &right.0).then_with(by_key)
        });
        tuples.extend(keyed.into_iter().map(|(_, tuple)| tuple));
    }

    /// Returns what a row is ordered by: the name behind a lookup, the label of a choice (Learn: order rows).
    fn key(&self, order: &Order, tuple: &Tuple<'_>) -> Value {
        let OrderBy::Column(column) = &order.by else { return Value::Null };
        let found = value(tuple, column);
        let table = self.fetch.sources[column.source].table;
        let is_lookup = table.column(&column.name).is_some_and(|column| matches!(column.kind, Kind::Lookup { .. }));
        if !is_lookup && self.fetch.page.is_raw {
            return found;
        }
        let label = |row: &Row| {
            let annotations = shape::annotations(self.sight, table, &column.name, row);
            annotations.into_iter().find(|(kind, _)| *kind == shape::FORMATTED).map(|(_, label)| label)
        };
        tuple[column.source].and_then(|(_, row)| label(row)).unwrap_or(found)
    }
}

/// Sorts groups by the orders, which name columns of the answer.
pub(super) fn sort_groups(fetch: &Fetch<'_>, found: &mut [Summary]) {
    let keys = |summary: &Summary| -> Vec<Value> {
        let key = |order: &Order| match &order.by {
            OrderBy::Alias(alias) => summary.values.get(alias).cloned().unwrap_or_default(),
            OrderBy::Column(_) => Value::Null,
        };
        fetch.orders.iter().map(key).collect()
    };
    found.sort_by(|left, right| ordered(&fetch.orders, &keys(left), &keys(right)));
}

fn ordered(orders: &[Order], left: &[Value], right: &[Value]) -> std::cmp::Ordering {
    let each = orders.iter().zip(left.iter().zip(right));
    each.map(|(order, (left, right))| if order.is_descending { compared(right, left) } else { compared(left, right) })
        .find(|order| order.is_ne())
        .unwrap_or(std::cmp::Ordering::Equal)
}
