//! Reads sets and rows: filters, pages, counts, annotations.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::apply;
use super::request::{Annotations, Preferences, Request};
use super::shape;
use super::sight::Sight;
use crate::sandbox::answer::Answer;
use crate::sandbox::fault::Fault;
use crate::sandbox::odata::{Filter, Path, Query, Row};
use crate::sandbox::organization::text;
use crate::sandbox::rights::Verb;
use crate::sandbox::schema::Table;

/// The largest page and the largest count (Learn: page results; third-party live tests: counts stop there).
pub(super) const PAGE: usize = 5000;
/// How much text of flows one page may carry before the service gives up (inferred; a public connector keeps pages small for it).
const LARGEST_PAGE: usize = 32 * 1024 * 1024;

/// Where a set comes from.
pub(super) struct Set<'a> {
    /// The table of its rows.
    pub table: &'a Table,
    /// The keys of its rows, before filter and sight.
    pub keys: Vec<Uuid>,
    /// How `@odata.context` names it.
    pub context: String,
}

/// Answers a GET of a set.
pub(super) fn list(sight: &Sight<'_>, request: &Request<'_>, set: &Set<'_>, query: &Query) -> Result<Answer, Fault> {
    let table = set.table;
    refuse_unknown_options(query)?;
    sight.require(table)?;
    if query.apply.is_some() && !query.orderby.is_empty() {
        // Learn: aggregate data using OData.
        return Err(Fault::malformed("The query node SingleValueOpenPropertyAccess is not supported."));
    }
    shape::check(sight, table, query)?;
    let mut rows = matching(sight, set, query);
    if let Some(text) = &query.apply {
        return apply::answer(sight, request, set, text, rows, &query.aliases);
    }
    let paths: Vec<Path> = query.orderby.iter().map(|criterion| criterion.property.clone()).collect();
    let sorted = |key: Uuid, row: &Row| shape::with_related(sight, table, key, row, &paths);
    if paths.iter().any(|path| path.0.len() > 1) {
        let mut keyed: Vec<_> = rows.into_iter().map(|(key, row)| (sorted(key, row), key, row)).collect();
        keyed.sort_by(|left, right| query.order(&left.0, &right.0).then(left.1.cmp(&right.1)));
        rows = keyed.into_iter().map(|(_, key, row)| (key, row)).collect();
    } else {
        rows.sort_by(|left, right| query.order(left.1, right.1).then(left.0.cmp(&right.0)));
    }
    let preferences = Preferences::of(request);
    let total = rows.len();
    let start = query.skiptoken.as_deref().map_or(Ok(0), read_token)?;
    // A limit is not a page: what is beyond it has no next link (Learn: page results).
    let end = query.top.map_or(total, |top| total.min(top.min(PAGE)));
    let size = if query.top.is_some() { PAGE } else { preferences.page_size.unwrap_or(PAGE).clamp(1, PAGE) };
    let page_end = end.min(start + size);
    let page = rows.get(start..page_end).unwrap_or_default();
    refuse_large_page(table, query, page)?;
    let values: Vec<Value> = page
        .iter()
        .map(|(key, row)| Value::Object(shape::render(sight, table, *key, row, query, preferences.annotations)))
        .collect();
    let mut body = Map::new();
    body.insert("@odata.context".into(), json!(context(request, &set.context, query, "")));
    if preferences.annotations == Annotations::All {
        // Recorded: list of connection references.
        body.insert("@Microsoft.Dynamics.CRM.totalrecordcount".into(), json!(-1));
        body.insert("@Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded".into(), json!(false));
        body.insert(
            "@Microsoft.Dynamics.CRM.globalmetadataversion".into(),
            json!(sight.organization.version.to_string()),
        );
    }
    if query.count {
        body.insert("@odata.count".into(), json!(total.min(PAGE)));
    }
    body.insert("value".into(), Value::Array(values));
    if page_end < end {
        body.insert("@odata.nextLink".into(), json!(next_link(request, page_end)));
    }
    Ok(preferences.applied(Answer::json(200, Value::Object(body))))
}

/// Answers a GET of `set/$count`: text, not JSON.
pub(super) fn count(sight: &Sight<'_>, set: &Set<'_>, query: &Query) -> Result<Answer, Fault> {
    sight.require(set.table)?;
    shape::check(sight, set.table, query)?;
    let count = matching(sight, set, query).len().min(PAGE);
    Ok(Answer::json(200, json!(count)).with_header("Content-Type", "text/plain"))
}

/// Answers a GET of one row.
pub(super) fn one(
    sight: &Sight<'_>,
    request: &Request<'_>,
    table: &Table,
    key: Uuid,
    query: &Query,
    may: impl FnOnce(Verb) -> Result<(), Fault>,
) -> Result<Answer, Fault> {
    refuse_unknown_options(query)?;
    shape::check(sight, table, query)?;
    sight.require(table)?;
    let Some(row) = sight.organization.row(&table.logical_name, key) else {
        return Err(Fault::no_such_row(&table.logical_name, key));
    };
    if table.stem.is_some() {
        may(Verb::Read)?;
    } else if !sight.sees(table, key, row) {
        return Err(Fault::no_such_row(&table.logical_name, key));
    }
    let etag = format!("W/\"{}\"", row.get("versionnumber").cloned().unwrap_or_default());
    if request.header("if-none-match") == Some(etag.as_str()) {
        return Ok(Answer::empty(304));
    }
    let preferences = Preferences::of(request);
    let mut body = Map::new();
    body.insert("@odata.context".into(), json!(context(request, &table.entity_set, query, "/$entity")));
    body.extend(shape::render(sight, table, key, row, query, preferences.annotations));
    Ok(preferences.applied(Answer::json(200, Value::Object(body)).with_header("ETag", etag)))
}

fn matching<'a>(sight: &Sight<'a>, set: &Set<'_>, query: &Query) -> Vec<(Uuid, &'a Row)> {
    let paths: Vec<Path> = query.filter.iter().flat_map(Filter::properties).collect();
    let needs_related =
        paths.iter().any(|path| path.0.len() > 1 || !path.0.iter().all(|name| set.table.has_property(name)));
    let rows = set.keys.iter().filter_map(|key| Some((*key, sight.organization.row(&set.table.logical_name, *key)?)));
    rows.filter(|(key, row)| {
        if needs_related {
            query.matches(&shape::with_related(sight, set.table, *key, row, &paths))
        } else {
            query.matches(row)
        }
    })
    .filter(|(key, row)| sight.sees(set.table, *key, row))
    .collect()
}

fn refuse_unknown_options(query: &Query) -> Result<(), Fault> {
    // A public client sends the version of its own API along.
    match query.other.keys().find(|name| *name != "api-version") {
        Some(name) => Err(Fault::malformed(format!("The query parameter {name} is not supported."))),
        None => Ok(()),
    }
}

fn refuse_large_page(table: &Table, query: &Query, page: &[(Uuid, &Row)]) -> Result<(), Fault> {
    let is_wanted = query.select.as_ref().is_none_or(|select| select.iter().any(|name| name == "clientdata"));
    if table.logical_name != "workflow" || !is_wanted {
        return Ok(());
    }
    let size: usize = page.iter().map(|(_, row)| text(row, "clientdata").map_or(0, str::len)).sum();
    if size > LARGEST_PAGE {
        return Err(Fault::new(500, "0x80040216", "An unexpected error occurred."));
    }
    Ok(())
}

/// Writes `@odata.context`: the set, and in parentheses what was chosen of it.
fn context(request: &Request<'_>, set: &str, query: &Query, suffix: &str) -> String {
    let chosen = projection(query);
    let chosen = if chosen.is_empty() { String::new() } else { format!("({chosen})") };
    format!("{}/$metadata#{set}{chosen}{suffix}", request.root)
}

fn projection(query: &Query) -> String {
    let selected = query.select.iter().flatten().cloned();
    let expanded = query.expand.iter().map(|expand| format!("{}({})", expand.property, projection(&expand.query)));
    selected.chain(expanded).collect::<Vec<_>>().join(",")
}

fn next_link(request: &Request<'_>, next: usize) -> String {
    let kept = request.query.split('&').filter(|pair| {
        !pair.is_empty() && !pair.starts_with("$skiptoken") && !pair.to_ascii_lowercase().starts_with("%24skiptoken")
    });
    let token = URL_SAFE_NO_PAD.encode(format!("<cookie next=\"{next}\" />"));
    let pairs: Vec<&str> = kept.collect();
    let separator = if pairs.is_empty() { "" } else { "&" };
    format!(
        "{}/{}?{}{separator}$skiptoken={token}",
        request.root,
        request.path.trim_start_matches('/'),
        pairs.join("&")
    )
}

fn read_token(token: &str) -> Result<usize, Fault> {
    let cookie = URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    cookie
        .as_deref()
        .and_then(|cookie| cookie.strip_prefix("<cookie next=\"")?.strip_suffix("\" />")?.parse().ok())
        .ok_or_else(|| Fault::malformed("Malformed XML in the Paging Cookie"))
}
