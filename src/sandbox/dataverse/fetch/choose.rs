//! Reads which columns are chosen, grouped by and worked out, and the order.

use std::collections::BTreeSet;

use roxmltree::Node;

use super::parse::Reader;
use super::query::{Chosen, Column, Order, OrderBy};
use super::words::{flag, needed, not_served, only, refused};
use crate::sandbox::dataverse::aggregate::{self, Function, Group, Measure, Part};
use crate::sandbox::fault::Fault;

impl Reader<'_, '_> {
    pub(super) fn choose_all(&mut self, source: usize, prefix: &str) {
        let table = self.sources[source].table;
        let key = (source > 0).then(|| (table.primary_id.to_string(), table.primary_id.to_string()));
        let of_columns = table.columns.iter().map(|column| {
            let written = if source == 0 { column.name.as_ref() } else { column.logical_name() };
            (written.to_owned(), column.name.to_string())
        });
        self.columns.extend(key.into_iter().chain(of_columns).map(|(written, name)| Chosen {
            name: if prefix.is_empty() { written } else { format!("{prefix}.{written}") },
            column: Column { source, name },
        }));
    }

    pub(super) fn attribute(&mut self, node: Node<'_, '_>, source: usize) -> Result<(), Fault> {
        only(
            node,
            &["name", "alias", "aggregate", "groupby", "dategrouping", "distinct", "usertimezone", "rowaggregate"],
        )?;
        let written = needed(node, "name")?;
        let column = self.column(source, written)?;
        let alias = node.attribute("alias");
        if node.has_attribute("rowaggregate") {
            return Err(not_served("row aggregates"));
        }
        let (function, is_group) = (node.attribute("aggregate"), flag(node, "groupby")?);
        if !self.is_aggregate {
            if function.is_some() || is_group {
                return Err(refused("0x8004111a", "An error occurred while processing Aggregates in Query"));
            }
            let name = match alias {
                Some(alias) => alias.to_owned(),
                None if source == 0 => column.name.clone(),
                None => format!("{}.{written}", self.sources[source].alias),
            };
            self.columns.push(Chosen { name, column });
            return Ok(());
        }
        let table = self.sources[source].table;
        let name = |alias: Option<&str>| {
            // Recorded text (strings of Microsoft's query builder); the code is that of aliases of aggregates.
            let text = || {
                format!(
                    "An alias must be specified for every attribute in an aggregate query. NodeXml: {}",
                    self.source(node)
                )
            };
            alias.map(str::to_owned).ok_or_else(|| refused("0x80041109", text()))
        };
        match (function, is_group) {
            (Some(_), true) => {
                Err(refused("0x80041137", "An attribute can either be an aggregate or a Group By but not both"))
            }
            // Recorded text (issue of a public client).
            (None, false) => Err(refused(
                "0x80041107",
                format!(
                    "An attribute can not be requested when an aggregate operation has been specified and its neither groupby nor \
                     aggregate.  NodeXml : {}",
                    self.source(node)
                ),
            )),
            (None, true) => {
                let part = node.attribute("dategrouping").map(part).transpose()?;
                aggregate::check_group(table, &column.name, part)?;
                let name = name(alias)?;
                self.groups.push(Group { name, column, part });
                Ok(())
            }
            (Some(text), false) => {
                let function = Function::of_fetch(text, flag(node, "distinct")?)
                    .ok_or_else(|| refused("0x8004111a", "An error occurred while processing Aggregates in Query"))?;
                aggregate::check_measure(table, &column.name, function)?;
                let name = name(alias)?;
                self.measures.push(Measure { name, column, function });
                Ok(())
            }
        }
    }

    pub(super) fn order(&mut self, node: Node<'_, '_>, source: usize) -> Result<(), Fault> {
        only(node, &["attribute", "alias", "entityname", "descending"])?;
        let by = match (self.is_aggregate, node.attribute("attribute"), node.attribute("alias")) {
            (true, None, Some(alias)) => OrderBy::Alias(alias.to_owned()),
            (true, Some(_), _) => {
                let text = "An attribute cannot be specified for an order clause for an aggregate Query. Use an alias.";
                return Err(refused("0x80041131", text));
            }
            (true, None, None) => {
                return Err(refused("0x80041134", "An alias is required for an order clause for an aggregate Query."));
            }
            (false, _, Some(_)) => {
                let text =
                    "An alias cannot be specified for an order clause for a non-aggregate Query. Use an attribute.";
                return Err(refused("0x80041132", text));
            }
            (false, None, None) => {
                let text = "An attribute is required for an order clause for a non-aggregate Query.";
                return Err(refused("0x80041133", text));
            }
            (false, Some(name), None) => {
                let source = node.attribute("entityname").map_or(Ok(source), |alias| self.named(alias))?;
                OrderBy::Column(self.column(source, name)?)
            }
        };
        let order = Order { by, is_descending: flag(node, "descending")? };
        self.orders[usize::from(source > 0)].push(order);
        Ok(())
    }

    /// Refuses two columns of one name, and an order by a name that is none.
    pub(super) fn check_aliases(&self) -> Result<(), Fault> {
        let mut seen = BTreeSet::new();
        let names = self.columns.iter().map(|chosen| &chosen.name);
        let mut names =
            names.chain(self.groups.iter().map(|group| &group.name)).chain(self.measures.iter().map(|one| &one.name));
        if !names.all(|name| seen.insert(name)) {
            return Err(refused("0x80041130", "FetchXML should have unique aliases."));
        }
        let is_known = |order: &Order| match &order.by {
            OrderBy::Column(_) => true,
            OrderBy::Alias(alias) => seen.contains(alias),
        };
        if self.orders.iter().flatten().all(is_known) {
            return Ok(());
        }
        Err(refused("0x80041109", "Invalid alias for aggregate operation."))
    }

    fn source(&self, node: Node<'_, '_>) -> &str {
        self.xml.get(node.range()).unwrap_or_default()
    }
}

fn part(text: &str) -> Result<Part, Fault> {
    match text {
        "day" => Ok(Part::Day),
        "week" => Ok(Part::Week),
        "month" => Ok(Part::Month),
        "quarter" => Ok(Part::Quarter),
        "year" => Ok(Part::Year),
        "fiscal-period" | "fiscal-year" => Err(not_served("fiscal years")),
        _ => Err(refused("0x80041135", "An invalid value was specified for dategrouping.")),
    }
}
