//! Lists of directory objects: which queries Graph takes, what it sends, and in which pages.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use uuid::Uuid;

use super::refusal::no_such_resource;
use super::request::Request;
use super::resource::row;
use super::search;
use crate::sandbox::answer::Answer;
use crate::sandbox::directory::Directory;
use crate::sandbox::fault::Fault;
use crate::sandbox::odata::{Comparison, Dialect, ELEMENT, Filter, Literal, Operand, Query, Row, TextFunction};
use crate::sandbox::schema::directory::Kind;

/// How many objects a page has when nothing is asked for, and at most (Learn: list users).
const PAGE: usize = 100;
const LARGEST_PAGE: usize = 999;
/// How many values `in` and how many clauses an `or` may have, and how long a value may be (Learn: advanced query
/// capabilities; Graph known issues).
const CLAUSES: usize = 15;
const VALUE: usize = 120;

/// The objects to choose from; without a kind they are of any.
pub(super) struct Page {
    pub(super) ids: BTreeSet<Uuid>,
    pub(super) kind: Option<Kind>,
}

/// Answers with the objects that the query asks for, page by page.
pub(super) fn list(directory: &Directory, request: Request<'_>, page: &Page) -> Result<Answer, Fault> {
    let query = read(request)?;
    check(&query, page.kind, request.consistency_level)?;
    let mut found = matching(directory, page, &query)?;
    found.sort_by(|(_, left), (_, right)| query.order(left, right));

    let start = match &query.skiptoken {
        None => 0,
        Some(token) => {
            token.parse().map_err(|_| Fault::new(400, "Directory_ExpiredPageToken", "Invalid page token."))?
        }
    };
    let size = query.top.unwrap_or(PAGE);
    let total = found.len();
    let rows: Vec<Value> = found
        .into_iter()
        .skip(start)
        .take(size)
        .map(|(kind, row)| shown(row, kind, &query, page.kind.is_none()))
        .collect();
    let set = page.kind.map_or("directoryObjects", Kind::set);
    let mut body = json!({ "@odata.context": format!("{}/$metadata#{set}", request.root) });
    if query.count {
        body["@odata.count"] = json!(total);
    }
    if start + rows.len() < total {
        body["@odata.nextLink"] = json!(next_link(request, start + rows.len()));
    }
    body["value"] = json!(rows);
    Ok(Answer::json(200, body))
}

/// Answers with the number of objects that the query asks for; only advanced queries count (Learn: advanced query capabilities).
pub(super) fn count(directory: &Directory, request: Request<'_>, page: &Page) -> Result<Answer, Fault> {
    let query = Query { count: true, ..read(request)? };
    check(&query, page.kind, request.consistency_level)?;
    let count = matching(directory, page, &query)?.len();
    Ok(Answer::json(200, json!(count)).with_header("Content-Type", "text/plain"))
}

fn matching(directory: &Directory, page: &Page, query: &Query) -> Result<Vec<(Kind, Row)>, Fault> {
    let objects =
        page.ids.iter().filter_map(|id| directory.object(*id).map(|found| (Kind::of(found), row(*id, found))));
    let filtered = objects.filter(|(_, row)| query.matches(row));
    match &query.search {
        Some(text) => {
            let sought = search::read(text)?;
            Ok(filtered.filter(|(_, row)| sought.is_in(row)).collect())
        }
        None => Ok(filtered.collect()),
    }
}

/// Answers with one object.
pub(super) fn one(directory: &Directory, request: Request<'_>, id: Uuid, kind: Option<Kind>) -> Result<Answer, Fault> {
    let query = read(request)?;
    check(&query, kind, request.consistency_level)?;
    let object = directory.object(id).ok_or_else(|| no_such_resource(id))?;
    let set = kind.map_or("directoryObjects", Kind::set);
    let mut body = shown(row(id, object), Kind::of(object), &query, kind.is_none());
    body["@odata.context"] = json!(format!("{}/$metadata#{set}/$entity", request.root));
    Ok(Answer::json(200, body))
}

/// Answers with these objects, in one page.
pub(super) fn some(directory: &Directory, request: Request<'_>, ids: &[Uuid]) -> Result<Answer, Fault> {
    let query = read(request)?;
    check(&query, None, request.consistency_level)?;
    let objects = ids.iter().filter_map(|id| directory.object(*id).map(|object| (*id, object)));
    let rows: Vec<Value> = objects.map(|(id, object)| shown(row(id, object), Kind::of(object), &query, true)).collect();
    Ok(Answer::json(
        200,
        json!({ "@odata.context": format!("{}/$metadata#directoryObjects", request.root), "value": rows }),
    ))
}

// The reader's faults carry the code of Dataverse.
fn read(request: Request<'_>) -> Result<Query, Fault> {
    Query::parse(request.query, Dialect::Graph).map_err(|fault| {
        let code = if fault.code.starts_with("0x") { "BadRequest".to_owned() } else { fault.code };
        Fault { code, message: format!("Invalid query: {}", fault.message), ..fault }
    })
}

fn shown(row: Row, kind: Kind, query: &Query, is_typed: bool) -> Value {
    let is_asked = |name: &str| match &query.select {
        Some(names) => names.iter().any(|asked| asked.eq_ignore_ascii_case(name) || asked == "*"),
        None => kind.default_properties().contains(&name),
    };
    let mut shown: Row = row.into_iter().filter(|(name, _)| is_asked(name)).collect();
    if is_typed {
        shown.insert("@odata.type".to_owned(), json!(format!("#microsoft.graph.{}", kind.name())));
    }
    Value::Object(shown)
}

fn next_link(request: Request<'_>, offset: usize) -> String {
    let kept = request
        .query
        .split('&')
        .filter(|pair| !pair.is_empty() && !pair.starts_with("$skiptoken=") && !pair.starts_with("%24skiptoken="));
    let token = format!("$skiptoken={offset}");
    let query: Vec<&str> = kept.chain([token.as_str()]).collect();
    format!("{}{}?{}", request.root, request.path, query.join("&"))
}

fn check(query: &Query, kind: Option<Kind>, consistency_level: Option<&str>) -> Result<(), Fault> {
    if query.top.is_some_and(|top| top == 0 || top > LARGEST_PAGE) {
        return Err(Fault::new(
            400,
            "Request_UnsupportedQuery",
            format!(
                "Invalid page size specified: '{}'. Must be between 1 and {LARGEST_PAGE} inclusive.",
                query.top.unwrap_or_default()
            ),
        ));
    }
    let is_eventual = consistency_level.is_some_and(|level| level.eq_ignore_ascii_case("eventual"));
    if query.count && !is_eventual {
        return Err(Fault::new(400, "Request_BadRequest", "$count is not currently supported."));
    }
    if query.search.is_some() && !is_eventual {
        // Text of the service as public clients report it.
        return Err(Fault::new(
            400,
            "Request_UnsupportedQuery",
            "Request with $search query parameter only works through MSGraph with a special request header: 'ConsistencyLevel: \
             eventual'",
        ));
    }
    if query.expand.is_empty() && query.filter.is_none() && query.select.is_none() && query.orderby.is_empty() {
        return Ok(());
    }
    if !query.expand.is_empty() {
        return Err(unsupported());
    }
    check_properties(query, kind)?;
    let Some(filter) = &query.filter else {
        return Ok(());
    };
    // Advanced queries need the header and the count (Learn: advanced query capabilities).
    let is_advanced = !query.orderby.is_empty() || is_advanced(filter)?;
    if is_advanced && !(is_eventual && query.count) { Err(unsupported()) } else { Ok(()) }
}

fn check_properties(query: &Query, kind: Option<Kind>) -> Result<(), Fault> {
    let kinds = match &kind {
        Some(kind) => std::slice::from_ref(kind),
        None => Kind::ALL.as_slice(),
    };
    for name in query.select.iter().flatten() {
        // In any case: a public client selects `Id` and reads `id`.
        let is_known =
            kinds.iter().any(|kind| kind.properties().iter().any(|(known, _)| known.eq_ignore_ascii_case(name)));
        if !is_known && name != "*" {
            let name_of_type = kind.map_or("directoryObject", Kind::name);
            return Err(Fault::new(
                400,
                "BadRequest",
                format!(
                    "Parsing OData Select and Expand failed: Could not find a property named '{name}' on type 'microsoft.graph.{name_of_type}'."
                ),
            ));
        }
    }
    for path in query.filter.iter().flat_map(Filter::properties) {
        let name = path.to_string();
        // The elements of a collection of texts stand for the collection.
        let name = name.strip_suffix(&format!("/{ELEMENT}")).unwrap_or(&name).to_owned();
        if !kinds.iter().any(|kind| kind.filterable().contains(&name.as_str())) {
            return Err(Fault::new(
                400,
                "Request_UnsupportedQuery",
                format!("Unsupported or invalid query filter clause specified for property '{name}'."),
            ));
        }
    }
    Ok(())
}

/// Says whether the filter needs the advanced queries; refuses what no query of directory objects may have.
fn is_advanced(filter: &Filter) -> Result<bool, Fault> {
    let (mut is_advanced, mut refused) = (false, None);
    filter.visit(&mut |condition| {
        let problem = match condition {
            Filter::Or(conditions) if conditions.len() > CLAUSES => Some(too_many(conditions.len())),
            Filter::Within(within) if within.values().len() > CLAUSES => Some(too_many(within.values().len())),
            Filter::Within(within) => within.values().iter().find_map(|value| too_long(value)),
            Filter::Not(_) | Filter::Text { function: TextFunction::EndsWith, .. } => {
                is_advanced = true;
                None
            }
            Filter::Compare { left, comparison, right } => {
                is_advanced |= *comparison == Comparison::NotEqual;
                [left, right].into_iter().find_map(|operand| match operand {
                    Operand::Literal(Literal::Text(text)) => too_long(text),
                    Operand::Lowered(_) => Some(unsupported()),
                    Operand::Literal(_) | Operand::Property(_) => None,
                })
            }
            // `contains` is not among the functions of directory objects.
            Filter::Text { function: TextFunction::Contains, .. } => Some(unsupported()),
            Filter::And(_)
            | Filter::Or(_)
            | Filter::Related { .. }
            | Filter::Text { function: TextFunction::StartsWith, .. } => None,
        };
        refused = refused.take().or(problem);
    });
    refused.map_or(Ok(is_advanced), Err)
}

fn too_many(count: usize) -> Fault {
    Fault::new(
        400,
        "Request_UnsupportedQuery",
        format!(
            "Too many child clauses specified in search filter expression containing 'OR' operators: {count}. Max allowed: {CLAUSES}."
        ),
    )
}

fn too_long(value: &str) -> Option<Fault> {
    (value.chars().count() > VALUE).then(|| {
        Fault::new(
            400,
            "Request_UnsupportedQuery",
            format!("A value of the query filter clause is longer than {VALUE} characters."),
        )
    })
}

fn unsupported() -> Fault {
    Fault::new(400, "Request_UnsupportedQuery", "Unsupported Query.")
}
