//! Joins: each row with the columns of those that are linked to it.

use serde_json::{Map, Value};

use super::parse::{Link, LinkType};
use crate::sandbox::dataverse::sight::Sight;
use crate::sandbox::fault::Fault;
use crate::sandbox::odata::Row;

/// The columns of linked rows, under their aliases.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Joined(pub(super) Map<String, Value>);

impl Link<'_> {
    /// Refuses a table of which the caller may not read a single row.
    pub(super) fn require(&self, sight: &Sight<'_>) -> Result<(), Fault> {
        sight.require(self.table)?;
        self.links.iter().try_for_each(|link| link.require(sight))
    }
}

/// Lists what a row becomes: nothing where an inner link finds no row, several rows where links find several.
pub(super) fn joined(sight: &Sight<'_>, links: &[Link<'_>], row: &Row) -> Vec<Joined> {
    let mut found = vec![Joined::default()];
    for link in links {
        let mut linked: Vec<Joined> = Vec::new();
        for (other_key, other) in sight.organization.all(&link.table.logical_name) {
            let is_linked =
                row.get(&link.to).is_some_and(|value| !value.is_null() && other.get(&link.from) == Some(value));
            let is_meant = is_linked && link.filter.as_ref().is_none_or(|filter| filter.matches(other));
            if !is_meant || !sight.sees(link.table, other_key, other) {
                continue;
            }
            for mut inner in joined(sight, &link.links, other) {
                inner.0.extend(
                    link.columns
                        .iter()
                        .map(|(name, column)| (name.clone(), other.get(column).cloned().unwrap_or(Value::Null))),
                );
                linked.push(inner);
            }
        }
        if linked.is_empty() && link.kind == LinkType::Outer {
            linked.push(Joined::default());
        }
        found = found
            .iter()
            .flat_map(|left| {
                linked.iter().map(|right| Joined(left.0.clone().into_iter().chain(right.0.clone()).collect()))
            })
            .collect();
    }
    found
}
