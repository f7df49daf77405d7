//! Where a page of a set begins: what `$skiptoken` says, as the service writes it into its next links.

use std::cmp::Ordering;

use roxmltree::Document;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::sandbox::fault::Fault;
use crate::sandbox::odata::{Query, Row};
use crate::sandbox::percent;
use crate::sandbox::schema::{Kind, Table};

/// A place in a set.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cursor {
    /// The number of the page, from 1.
    pub(super) page: usize,
    /// The row that it comes behind: what it is ordered by, and its key. Without one, pages are counted.
    after: Option<(Row, Uuid)>,
}

impl Cursor {
    /// Reads `<cookie pagenumber="2" pagingcookie="…" istracking="False" />`; clients may write one with the number alone.
    pub(super) fn read(token: &str, table: &Table, query: &Query) -> Result<Self, Fault> {
        Self::of(token, table, query).ok_or_else(|| Fault::malformed("Malformed XML in the Paging Cookie"))
    }

    fn of(token: &str, table: &Table, query: &Query) -> Option<Self> {
        let document = Document::parse(token).ok()?;
        let cookie = Some(document.root_element()).filter(|root| root.has_tag_name("cookie"))?;
        let page = cookie.attribute("pagenumber")?.parse().ok().filter(|page| *page > 0)?;
        let Some(inner) = cookie.attribute("pagingcookie").filter(|inner| !inner.is_empty()) else {
            return Some(Self { page, after: None });
        };
        let inner = percent::decode(inner)?;
        let document = Document::parse(&inner).ok()?;
        let (mut row, mut key) = (Row::new(), None);
        for node in document.root_element().children().filter(roxmltree::Node::is_element) {
            let (name, last) = (node.tag_name().name(), node.attribute("last"));
            if name == table.primary_id {
                key = Some(Uuid::try_parse(last?).ok()?);
            } else if query.orderby.iter().any(|criterion| criterion.property.to_string() == name) {
                row.insert(name.to_owned(), last.map_or(Some(Value::Null), |last| typed(table, name, last))?);
            }
        }
        Some(Self { page, after: Some((row, key?)) })
    }

    /// Finds where the page begins among rows in order: behind the last row of the page before, whatever has come or gone since.
    pub(super) fn start(&self, rows: &[(Uuid, &Row)], query: &Query, size: usize) -> usize {
        match &self.after {
            Some((row, key)) => {
                rows.partition_point(|(other, found)| query.order(found, row).then(other.cmp(key)) != Ordering::Greater)
            }
            None => (self.page - 1).saturating_mul(size).min(rows.len()),
        }
    }
}

fn typed(table: &Table, name: &str, text: &str) -> Option<Value> {
    match table.column(name)?.kind {
        Kind::Integer => text.parse::<i64>().ok().map(Value::from),
        Kind::Boolean => text.parse::<bool>().ok().map(Value::from),
        Kind::Text | Kind::Id | Kind::Moment | Kind::Lookup { .. } => Some(json!(text)),
        Kind::Managed => None,
    }
}

/// Writes the token of the page with that number, between the first and the last row of the one before (Learn: page results).
pub(super) fn token(number: usize, table: &Table, query: &Query, first: (Uuid, &Row), last: (Uuid, &Row)) -> String {
    let outer = match inner(number - 1, table, query, first, last) {
        Some(inner) => {
            let inner = percent::encode(&inner, "-_.~");
            format!("<cookie pagenumber=\"{number}\" pagingcookie=\"{inner}\" istracking=\"False\" />")
        }
        None => format!("<cookie pagenumber=\"{number}\" istracking=\"False\" />"),
    };
    percent::encode(&outer, "-_.~=")
}

/// Where the order is not one of the table's own columns there is no cookie (Learn: queries that don't support paging cookies).
fn inner(page: usize, table: &Table, query: &Query, first: (Uuid, &Row), last: (Uuid, &Row)) -> Option<String> {
    let mut columns = String::new();
    for criterion in &query.orderby {
        let name = criterion.property.to_string();
        if name == table.primary_id {
            continue;
        }
        if matches!(table.column(&name)?.kind, Kind::Managed) {
            return None;
        }
        let bound = |bound: &str, row: &Row| match row.get(&name) {
            None | Some(Value::Null) => format!(" {bound}null=\"1\""),
            Some(Value::String(text)) => format!(" {bound}=\"{}\"", escaped(text)),
            Some(value) => format!(" {bound}=\"{value}\""),
        };
        columns.extend(["<", &name, &bound("last", last.1), &bound("first", first.1), " />"]);
    }
    let id = |id: Uuid| id.to_string().to_uppercase();
    Some(format!(
        "<cookie page=\"{page}\">{columns}<{key} last=\"{{{}}}\" first=\"{{{}}}\" /></cookie>",
        id(last.0),
        id(first.0),
        key = table.primary_id
    ))
}

fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '"' => escaped.push_str("&quot;"),
            // White space of an attribute would be read as blanks.
            '\t' => escaped.push_str("&#9;"),
            '\n' => escaped.push_str("&#10;"),
            '\r' => escaped.push_str("&#13;"),
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::odata::Dialect;
    use crate::sandbox::organization::row_of;
    use crate::sandbox::schema::built_in;

    fn roles() -> &'static Table {
        built_in().iter().find(|table| table.logical_name == "role").unwrap()
    }

    fn query(text: &str) -> Query {
        Query::parse(text, Dialect::Dataverse).unwrap()
    }

    #[test]
    fn the_next_page_begins_behind_the_last_row_even_when_that_is_gone() {
        let query = query("$orderby=name desc,isinherited");
        let row = |name: Value, inherited: i64| row_of(json!({ "name": name, "isinherited": inherited }));
        let rows = [row(json!("b\"<&\n"), 1), row(json!("b\"<&\n"), 2), row(json!("a"), 1), row(Value::Null, 1)];
        let rows: Vec<(Uuid, &Row)> = rows.iter().zip(1..).map(|(row, id)| (Uuid::from_u128(id), row)).collect();
        for at in 0..rows.len() {
            let token = token(2, roles(), &query, rows[0], rows[at]);
            let token = percent::decode(&token).unwrap();
            let cursor = Cursor::read(&token, roles(), &query).unwrap();
            assert_eq!((cursor.page, cursor.start(&rows, &query, 2)), (2, at + 1), "{token}");
            let others: Vec<_> = rows.iter().copied().filter(|row| row.0 != rows[at].0).collect();
            assert_eq!(cursor.start(&others, &query, 2), at);
        }
    }

    #[test]
    fn a_number_alone_counts_pages() {
        let query = query("");
        let row = Row::new();
        let rows = [(Uuid::nil(), &row); 5];
        let cursor = Cursor::read("<cookie pagenumber=\"2\" istracking=\"False\" />", roles(), &query).unwrap();
        assert_eq!((cursor.start(&rows, &query, 2), cursor.start(&rows, &query, 9)), (2, 5));
        let related = token(3, roles(), &self::query("$orderby=businessunitid/name"), rows[0], rows[1]);
        assert_eq!(percent::decode(&related).unwrap(), "<cookie pagenumber=\"3\" istracking=\"False\" />");
    }

    #[test]
    fn what_is_no_cookie_is_refused() {
        for token in [
            "x",
            "<cookie />",
            "<cookie pagenumber=\"0\" />",
            "<biscuit pagenumber=\"1\" />",
            "<cookie pagenumber=\"2\" pagingcookie=\"x\" />",
            "<cookie pagenumber=\"2\" pagingcookie=\"%3cc%3e%3c%2fc%3e\" />",
        ] {
            assert_eq!(Cursor::read(token, roles(), &query("")).unwrap_err().code, "0x80060888", "{token}");
        }
    }
}
