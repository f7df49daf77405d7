//! Reads the XML into a query.

use roxmltree::{Document, Node};

use super::condition::filter;
use super::link::link;
use super::query::{Chosen, Column, Fetch, Link, Order, Output, Page, Source, Where};
use super::words::{Caller, flag, invalid_node, invalid_xml, needed, not_served, only, refused, wire_name};
use crate::sandbox::dataverse::aggregate::{self, Group, Measure};
use crate::sandbox::dataverse::read::PAGE;
use crate::sandbox::dataverse::sight::Sight;
use crate::sandbox::dataverse::unknown_table;
use crate::sandbox::fault::Fault;
use crate::sandbox::odata::{CONDITIONS, too_many_conditions};
use crate::sandbox::schema::Table;

/// How many joins a query may have (Learn: join tables, limitations).
const LINKS: usize = 15;

/// What is being read, and what was read of it.
pub(super) struct Reader<'a, 'x> {
    pub(super) sight: &'x Sight<'a>,
    pub(super) caller: &'x Caller,
    pub(super) xml: &'x str,
    pub(super) is_aggregate: bool,
    pub(super) sources: Vec<Source<'a>>,
    pub(super) columns: Vec<Chosen>,
    pub(super) groups: Vec<Group<Column>>,
    pub(super) measures: Vec<Measure<Column>>,
    /// Orders of the table itself, and of those that are joined, which come after them (Learn: order rows).
    pub(super) orders: [Vec<Order>; 2],
}

/// Reads a request for rows of a table.
pub(super) fn parse<'a>(sight: &Sight<'a>, table: &Table, xml: &str, caller: &Caller) -> Result<Fetch<'a>, Fault> {
    let document = Document::parse(xml).map_err(|_| invalid_xml())?;
    let root = document.root_element();
    if !root.has_tag_name("fetch") {
        return Err(invalid_xml());
    }
    check_size(root)?;
    let is_aggregate = check_root(root)?;
    let mut elements = root.children().filter(Node::is_element);
    let Some(entity) = elements.next() else {
        return Err(refused("0x80041123", "A required element was not specified."));
    };
    if !entity.has_tag_name("entity") || elements.next().is_some() {
        return Err(invalid_node());
    }
    only(entity, &["name", "enableprefiltering", "prefilterparametername"])?;
    let name = needed(entity, "name")?;
    let definition = sight.organization.table(name).ok_or_else(|| unknown_table(name))?;
    if definition.logical_name != table.logical_name {
        return Err(refused(
            "0x80041128",
            "The entity name specified in fetchxml does not match the entity name specified in the Entity or Query Expression.",
        ));
    }
    let mut reader = Reader {
        sight,
        caller,
        xml,
        is_aggregate,
        sources: vec![Source { table: definition, alias: String::new() }],
        columns: Vec::new(),
        groups: Vec::new(),
        measures: Vec::new(),
        orders: [Vec::new(), Vec::new()],
    };
    let links = reader.inside(entity, 0, true)?;
    // Conditions may name a table that is joined further down.
    let filter = reader.conditions(entity, 0)?;
    if !is_aggregate && !reader.columns.iter().any(|chosen| chosen.column.source == 0) {
        // Without any column all are sent (Learn: select columns).
        reader.choose_all(0, "");
    }
    reader.check_aliases()?;
    let output = if is_aggregate {
        let limit = positive(root, "aggregatelimit", "0x80041139")?.unwrap_or(aggregate::LIMIT);
        Output::Aggregates { groups: reader.groups, measures: reader.measures, limit: limit.min(aggregate::LIMIT) }
    } else {
        Output::Rows(reader.columns)
    };
    let [own, linked] = reader.orders;
    Ok(Fetch {
        sources: reader.sources,
        links,
        filter,
        orders: own.into_iter().chain(linked).collect(),
        output,
        page: page(root)?,
        is_distinct: flag(root, "distinct")?,
        counts: flag(root, "returntotalrecordcount")?,
    })
}

/// Refuses more than the service takes (Learn: filter rows, condition limits; join tables, limitations).
fn check_size(root: Node<'_, '_>) -> Result<(), Fault> {
    let links = root.descendants().filter(|node| node.has_tag_name("link-entity")).count();
    let conditions = root.descendants().filter(|node| node.has_tag_name("condition")).count();
    if links + conditions > CONDITIONS {
        return Err(too_many_conditions());
    }
    if links > LINKS {
        return Err(refused("0x8004430d", "Number of link entities in query exceeded maximum limit."));
    }
    Ok(())
}

/// Checks the attributes of the first element; says whether aggregates are asked for.
fn check_root(root: Node<'_, '_>) -> Result<bool, Fault> {
    let harmless = ["version", "output-format", "latematerialize", "paging-cookie", "options", "utc-offset"];
    let read = ["mapping", "no-lock", "top", "count", "page", "distinct", "returntotalrecordcount", "useraworderby"];
    only(root, &[&harmless[..], &read, &["aggregate", "aggregatelimit", "datasource"]].concat())?;
    if !matches!(root.attribute("mapping"), None | Some("logical" | "internal")) {
        return Err(refused(
            "0x80041116",
            "The only valid values for mapping are 'logical' or 'internal' which is deprecated.",
        ));
    }
    if root.has_attribute("datasource") {
        return Err(not_served("retained data"));
    }
    flag(root, "no-lock")?;
    let paging = ["page", "count", "returntotalrecordcount"].into_iter().find(|name| root.has_attribute(*name));
    if let (true, Some(name)) = (root.has_attribute("top"), paging) {
        // Recorded text (issues of public clients); the code is inferred.
        return Err(refused(
            "0x80040203",
            format!("The top attribute can't be specified with paging attribute {name}"),
        ));
    }
    flag(root, "aggregate")
}

fn page(root: Node<'_, '_>) -> Result<Page, Fault> {
    let top = positive(root, "top", "0x80041139")?;
    if top.is_some_and(|top| top > PAGE) {
        // Learn: fetch element, `top` can't exceed 5,000; the code is inferred.
        return Err(refused("0x80044305", "Paging limit over maximum configured value."));
    }
    Ok(Page {
        top,
        count: positive(root, "count", "0x800404c1")?,
        number: positive(root, "page", "0x800404c2")?.unwrap_or(1),
        has_cookie: cookie(root)?,
        is_raw: flag(root, "useraworderby")?,
    })
}

fn positive(node: Node<'_, '_>, name: &str, code: &str) -> Result<Option<usize>, Fault> {
    let Some(text) = node.attribute(name) else { return Ok(None) };
    let number = text.parse::<usize>().ok().filter(|number| *number > 0);
    number.map(Some).ok_or_else(|| refused(code, format!("The {name} value is invalid or missing.")))
}

/// Says whether there is a cookie, which has to be one (`QueryBuilderInvalidPagingCookie`).
fn cookie(root: Node<'_, '_>) -> Result<bool, Fault> {
    let Some(text) = root.attribute("paging-cookie").filter(|text| !text.is_empty()) else { return Ok(false) };
    let read = Document::parse(text).ok().and_then(|cookie| {
        let number = cookie.root_element().attribute("page")?.parse::<usize>().ok();
        number.filter(|number| *number > 0)
    });
    read.map(|_| true).ok_or_else(|| refused("0x8004112a", "Invalid page number in paging cookie."))
}

impl Reader<'_, '_> {
    /// Reads what stands in an `entity` or `link-entity`, but its conditions; returns the joins.
    pub(super) fn inside(&mut self, node: Node<'_, '_>, source: usize, has_columns: bool) -> Result<Vec<Link>, Fault> {
        let mut links = Vec::new();
        for child in node.children().filter(Node::is_element) {
            match child.tag_name().name() {
                "attribute" | "all-attributes" if !has_columns => {
                    // Learn: these types of joins return no columns.
                    return Err(invalid_node());
                }
                "attribute" => self.attribute(child, source)?,
                "all-attributes" if self.is_aggregate => {
                    return Err(refused(
                        "0x80041107",
                        "Attributes can not be returned when aggregate operation is specified.",
                    ));
                }
                "all-attributes" => {
                    let prefix = self.sources[source].alias.clone();
                    self.choose_all(source, &prefix);
                }
                "no-attrs" => {
                    let name = self.sources[source].table.primary_id.to_string();
                    self.columns.push(Chosen { name: name.clone(), column: Column { source, name } });
                }
                "order" => self.order(child, source)?,
                "filter" => {}
                "link-entity" => links.push(link(self, source, child, false)?),
                _ => return Err(invalid_node()),
            }
        }
        Ok(links)
    }

    /// Reads the conditions of an `entity` or `link-entity`.
    pub(super) fn conditions(&mut self, node: Node<'_, '_>, source: usize) -> Result<Option<Where>, Fault> {
        let mut all = Vec::new();
        for child in node.children().filter(|child| child.has_tag_name("filter")) {
            all.extend(filter(self, source, child)?);
        }
        Ok(if all.is_empty() { None } else { Some(Where::All(all)) })
    }

    pub(super) fn column(&self, source: usize, name: &str) -> Result<Column, Fault> {
        Ok(Column { source, name: wire_name(self.sources[source].table, name)? })
    }

    /// Finds a table by the alias that stands in a condition or order.
    pub(super) fn named(&self, alias: &str) -> Result<usize, Fault> {
        self.sources.iter().skip(1).position(|source| source.alias == alias).map(|place| place + 1).ok_or_else(|| {
            refused("0x8004110a", "The specified alias for the given entity in the condition does not exist.")
        })
    }
}
