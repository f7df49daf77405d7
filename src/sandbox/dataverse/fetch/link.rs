//! Reads joins.

use roxmltree::Node;

use super::parse::Reader;
use super::query::{Link, LinkType, Source};
use super::words::{invalid_node, needed, not_served, only, refused, wire_name};
use crate::sandbox::dataverse::unknown_table;
use crate::sandbox::fault::Fault;
use crate::sandbox::schema::{Kind, Table};

/// Reads a `link-entity` of an entity, of another one, or of a filter.
pub(super) fn link(
    reader: &mut Reader<'_, '_>,
    parent: usize,
    node: Node<'_, '_>,
    is_in_filter: bool,
) -> Result<Link, Fault> {
    only(node, &["name", "from", "to", "alias", "link-type", "intersect", "visible", "enableprefiltering"])?;
    let name = needed(node, "name")?;
    let table = reader.sight.organization.table(name).ok_or_else(|| unknown_table(name))?;
    let kind = LinkType::parse(node.attribute("link-type").unwrap_or(if is_in_filter { "any" } else { "inner" }))
        .filter(|kind| kind.is_condition() == is_in_filter)
        .ok_or_else(|| {
            refused("0x80041117", "The only valid values for link-type attribute are 'natural', 'inner', and 'outer'.")
        })?;
    let (from, to) = columns(reader.sources[parent].table, table, node)?;
    let source = reader.sources.len();
    // Without an alias the service makes one of the table's name and the join's number (Learn: join tables).
    let alias = node.attribute("alias").map_or_else(|| format!("{name}{source}"), str::to_owned);
    if reader.sources.iter().skip(1).any(|other| other.alias == alias) {
        return Err(refused("0x80041130", "FetchXML should have unique aliases."));
    }
    reader.sources.push(Source { table, alias });
    if kind == LinkType::First {
        let is_unnamed = |child: Node<'_, '_>| child.has_tag_name("attribute") && !child.has_attribute("alias");
        if node.children().any(|child| is_unnamed(child) || child.has_tag_name("all-attributes")) {
            return Err(not_served(
                "schema names, which columns of matchfirstrowusingcrossapply have without an alias,",
            ));
        }
    }
    let links = reader.inside(node, source, kind.has_columns())?;
    if kind.is_condition() && links.iter().any(|link| link.kind == LinkType::Outer) {
        return Err(invalid_node());
    }
    // `entityname` is for conditions that come after all joins.
    if node.descendants().any(|inner| inner.has_tag_name("condition") && inner.has_attribute("entityname")) {
        return Err(refused("0x80041114", "Fetch does not support where clause with conditions from linkentity."));
    }
    let filter = reader.conditions(node, source)?;
    Ok(Link { source, parent, from, to, kind, filter, links })
}

/// Reads the two columns, or finds them where the tables have only one lookup between them.
fn columns(parent: &Table, table: &Table, node: Node<'_, '_>) -> Result<(String, String), Fault> {
    match (node.attribute("from"), node.attribute("to")) {
        (Some(from), Some(to)) => Ok((wire_name(table, from)?, wire_name(parent, to)?)),
        (Some(_), None) | (None, Some(_)) => {
            Err(refused("0x80041111", "AttributeFrom and AttributeTo must be either both specified or both omitted."))
        }
        (None, None) => {
            let lookups = |from: &Table, to: &Table| -> Vec<String> {
                let leads = |kind: &Kind| match kind {
                    Kind::Lookup { targets, .. } => targets.contains(&to.logical_name),
                    Kind::Text | Kind::Id | Kind::Integer | Kind::Boolean | Kind::Moment | Kind::Managed => false,
                };
                let found = from.columns.iter().filter(|column| leads(&column.kind));
                found.map(|column| column.name.to_string()).collect()
            };
            let one = |name: String| (name, parent.primary_id.to_string());
            let many = |name: String| (table.primary_id.to_string(), name);
            let mut found =
                lookups(table, parent).into_iter().map(one).chain(lookups(parent, table).into_iter().map(many));
            match (found.next(), found.next()) {
                (Some(found), None) => Ok(found),
                (Some(_) | None, _) => {
                    Err(refused("0x800404ba", "Invalid link entity, link to attribute, or link from attribute."))
                }
            }
        }
    }
}
