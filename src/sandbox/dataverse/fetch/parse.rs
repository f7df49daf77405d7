//! Reads the XML into what a query and its joins are.

use roxmltree::{Document, Node};

use super::condition;
use super::words::{Caller, not_served, only, wire_name};
use crate::sandbox::dataverse::read::PAGE;
use crate::sandbox::dataverse::sight::Sight;
use crate::sandbox::dataverse::unknown_table;
use crate::sandbox::fault::Fault;
use crate::sandbox::odata::{Filter, OrderBy, Path, Query};
use crate::sandbox::schema::Table;

/// What is asked.
pub(super) struct Fetch<'a> {
    /// Columns, condition, order and limit of the table itself, under wire names.
    pub(super) query: Query,
    pub(super) links: Vec<Link<'a>>,
    pub(super) is_distinct: bool,
    /// Whether the number of all rows is asked for.
    pub(super) counts: bool,
    count: Option<usize>,
    page: Option<usize>,
}

/// A table that is joined.
pub(super) struct Link<'a> {
    pub(super) table: &'a Table,
    /// The column of the joined table, and that of the other; wire names.
    pub(super) from: String,
    pub(super) to: String,
    pub(super) kind: LinkType,
    /// Columns of the answer, each with the wire name that it is read by.
    pub(super) columns: Vec<(String, String)>,
    pub(super) filter: Option<Filter>,
    pub(super) links: Vec<Link<'a>>,
}

/// What becomes of a row without a counterpart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LinkType {
    Inner,
    Outer,
}

impl Fetch<'_> {
    /// Says whether a column is asked for.
    pub(super) fn chooses(&self, column: &str) -> bool {
        self.query.select.as_ref().is_none_or(|chosen| chosen.iter().any(|name| name == column))
    }

    /// The number of the page, from 1.
    pub(super) fn number(&self) -> usize {
        self.page.unwrap_or(1)
    }

    /// Where the page begins, and how many rows it has.
    pub(super) fn page(&self) -> (usize, usize) {
        let size = self.query.top.or(self.count).unwrap_or(PAGE).min(PAGE);
        ((self.number() - 1) * size, size)
    }
}

/// Reads a request for rows of a table.
pub(super) fn parse<'a>(sight: &Sight<'a>, table: &Table, xml: &str, caller: &Caller) -> Result<Fetch<'a>, Fault> {
    // Learn: web service error codes, `InvalidXml`.
    let document = Document::parse(xml).map_err(|_| Fault::new(400, "0x80040201", "Invalid XML."))?;
    let root = document.root_element();
    if !root.has_tag_name("fetch") {
        return Err(Fault::new(400, "0x80040201", "Invalid XML."));
    }
    let harmless = [
        "version",
        "mapping",
        "output-format",
        "no-lock",
        "latematerialize",
        "useraworderby",
        "paging-cookie",
        "options",
    ];
    only(root, &[&harmless[..], &["top", "count", "page", "distinct", "returntotalrecordcount"]].concat())?;
    let number = |name: &str| match root.attribute(name) {
        None => Ok(None),
        Some(text) => text.parse::<usize>().ok().filter(|number| *number > 0).map(Some).ok_or_else(|| {
            Fault::malformed(format!("The value '{text}' of '{name}' is not a number of rows or pages."))
        }),
    };
    let flag = |name: &str| matches!(root.attribute(name), Some("true" | "1"));
    let mut elements = root.children().filter(Node::is_element);
    let (Some(entity), None) = (elements.next().filter(|node| node.has_tag_name("entity")), elements.next()) else {
        return Err(Fault::new(400, "0x80040201", "Invalid XML."));
    };
    let name = entity.attribute("name").unwrap_or_default();
    if sight.organization.table(name).is_none() {
        return Err(unknown_table(name));
    }
    if name != table.logical_name {
        return Err(Fault::malformed(format!(
            "The entity '{name}' of the FetchXML is not that of the set '{}'.",
            table.entity_set
        )));
    }
    only(entity, &["name"])?;
    let mut fetch = Fetch {
        query: Query { top: number("top")?, ..Query::default() },
        links: Vec::new(),
        is_distinct: flag("distinct"),
        counts: flag("returntotalrecordcount"),
        count: number("count")?,
        page: number("page")?,
    };
    if fetch.query.top.is_some() && (fetch.count.is_some() || fetch.page.is_some()) {
        // Learn: limit the number of rows.
        return Err(Fault::malformed("The attribute 'top' cannot be used with 'count' or 'page'."));
    }
    let mut chosen = Some(Vec::new());
    for child in entity.children().filter(Node::is_element) {
        match child.tag_name().name() {
            "attribute" => {
                only(child, &["name"])?;
                let column = wire_name(table, child.attribute("name").unwrap_or_default())?;
                if let Some(chosen) = &mut chosen {
                    chosen.push(column);
                }
            }
            "all-attributes" => chosen = None,
            "order" => {
                only(child, &["attribute", "descending"])?;
                let property = Path(vec![wire_name(table, child.attribute("attribute").unwrap_or_default())?]);
                let is_descending = matches!(child.attribute("descending"), Some("true" | "1"));
                fetch.query.orderby.push(OrderBy { property, is_descending });
            }
            "filter" => {
                let found = condition::filter(table, child, caller)?;
                fetch.query.filter = both(fetch.query.filter.take(), found);
            }
            "link-entity" => fetch.links.push(link(sight, table, child, caller)?),
            other => return Err(not_served(&format!("the element '{other}'"))),
        }
    }
    // Without any column all are sent (Learn: select columns).
    fetch.query.select = chosen.filter(|chosen| !chosen.is_empty());
    Ok(fetch)
}

fn link<'a>(sight: &Sight<'a>, table: &Table, node: Node<'_, '_>, caller: &Caller) -> Result<Link<'a>, Fault> {
    only(node, &["name", "from", "to", "alias", "link-type", "intersect", "visible"])?;
    let name = node.attribute("name").unwrap_or_default();
    let other = sight.organization.table(name).ok_or_else(|| unknown_table(name))?;
    let (Some(from), Some(to)) = (node.attribute("from"), node.attribute("to")) else {
        return Err(not_served("a link-entity without 'from' and 'to'"));
    };
    let kind = match node.attribute("link-type").unwrap_or("inner") {
        "inner" => LinkType::Inner,
        "outer" => LinkType::Outer,
        other => return Err(not_served(&format!("the link-type '{other}'"))),
    };
    let alias = node.attribute("alias");
    let mut link = Link {
        table: other,
        from: wire_name(other, from)?,
        to: wire_name(table, to)?,
        kind,
        columns: Vec::new(),
        filter: None,
        links: Vec::new(),
    };
    for child in node.children().filter(Node::is_element) {
        match child.tag_name().name() {
            "attribute" => {
                only(child, &["name"])?;
                let written = child.attribute("name").unwrap_or_default();
                // Without an alias the service makes one up, which a client cannot know.
                let alias = alias.ok_or_else(|| not_served("columns of a link-entity without an alias"))?;
                link.columns.push((format!("{alias}.{written}"), wire_name(other, written)?));
            }
            "filter" => link.filter = both(link.filter.take(), condition::filter(other, child, caller)?),
            "link-entity" => link.links.push(self::link(sight, other, child, caller)?),
            other => return Err(not_served(&format!("the element '{other}' in a link-entity"))),
        }
    }
    Ok(link)
}

fn both(first: Option<Filter>, second: Option<Filter>) -> Option<Filter> {
    match (first, second) {
        (Some(first), Some(second)) => Some(Filter::And(vec![first, second])),
        (first, second) => first.or(second),
    }
}
