//! `FetchXML` in place of query options, as far as clients read sets with it (Learn: use `FetchXML` with the Web API).
//!
//! Columns, orders, filters, limits and joins are served; whatever else the language has is refused by name.

mod condition;
mod join;
mod parse;
mod words;

use serde_json::{Map, Value, json};

use super::read::Set;
use super::request::{Preferences, Request};
use super::shape::{self, View};
use super::sight::Sight;
use crate::sandbox::answer::Answer;
use crate::sandbox::fault::Fault;
use crate::sandbox::odata::Query;
use crate::sandbox::organization::id;
use join::Joined;
pub(super) use words::Caller;

/// Answers a GET of a set with `fetchXml=`.
pub(super) fn list(
    sight: &Sight<'_>,
    request: &Request<'_>,
    set: &Set<'_>,
    xml: &str,
    caller: &Caller,
) -> Result<Answer, Fault> {
    let fetch = parse::parse(sight, set.table, xml, caller)?;
    sight.require(set.table)?;
    shape::check(sight, set.table, &fetch.query)?;
    for link in &fetch.links {
        link.require(sight)?;
    }
    let mut rows = Vec::new();
    for key in &set.keys {
        let Some(row) = sight.organization.row(&set.table.logical_name, *key) else { continue };
        if fetch.query.matches(row) && sight.sees(set.table, *key, row) {
            rows.extend(join::joined(sight, &fetch.links, row).into_iter().map(|columns| (*key, row, columns)));
        }
    }
    rows.sort_by(|left, right| fetch.query.order(left.1, right.1).then(left.0.cmp(&right.0)));
    let preferences = Preferences::of(request);
    let view = View::of(request, &fetch.query, &preferences);
    let mut values: Vec<Value> = Vec::new();
    for (key, row, Joined(columns)) in rows {
        let mut written = shape::render(sight, set.table, key, row, &view);
        if fetch.is_distinct && !fetch.chooses(&set.table.primary_id) {
            // What makes every row another one is left out (Learn: return distinct results).
            written.remove(set.table.primary_id.as_ref());
            written.remove("@odata.etag");
        }
        written.extend(columns);
        let written = Value::Object(written);
        if !fetch.is_distinct || !values.contains(&written) {
            values.push(written);
        }
    }
    let total = values.len();
    let (start, size) = fetch.page();
    let page: Vec<Value> = values.into_iter().skip(start).take(size).collect();
    let is_more = fetch.query.top.is_none() && start + page.len() < total;
    let mut body = Map::from_iter([("@odata.context".to_owned(), json!(context(request, set, &fetch.query)))]);
    if is_more {
        // Learn: page results with `FetchXML`; the cookie carries the next page's number.
        body.insert("@Microsoft.Dynamics.CRM.morerecords".to_owned(), json!(true));
        body.insert(
            "@Microsoft.Dynamics.CRM.fetchxmlpagingcookie".to_owned(),
            json!(format!("<cookie pagenumber=\"{}\" />", fetch.number() + 1)),
        );
    }
    if fetch.counts {
        body.insert("@Microsoft.Dynamics.CRM.totalrecordcount".to_owned(), json!(total));
    }
    body.insert("value".to_owned(), Value::Array(page));
    Ok(preferences.applied(Answer::json(200, Value::Object(body))))
}

fn context(request: &Request<'_>, set: &Set<'_>, query: &Query) -> String {
    let chosen = query.select.as_ref().map(|names| format!("({})", names.join(","))).unwrap_or_default();
    format!("{}/$metadata#{}{chosen}", request.root, set.context)
}

/// Who asks, for the operators that mean him.
pub(super) fn caller_of(sight: &Sight<'_>, user: uuid::Uuid) -> Caller {
    let unit = sight.organization.row("systemuser", user).and_then(|row| id(row, "_businessunitid_value"));
    Caller { user, unit: unit.unwrap_or_default() }
}
