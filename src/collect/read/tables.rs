//! Tables and privileges, from the organisation's own metadata.
use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::collect::decode::metadata;
use crate::collect::source::{Column, Set, Source};
use crate::inventory::section::Section;
use crate::inventory::things::{Privilege, Table};
use crate::names::{TableName, Text, folded};
use crate::problem::Problem;

const NAMES: Set<(TableName, Table)> =
    Set { name: "EntityDefinitions", select: metadata::NAMES, decode: metadata::names };
const TABLES: Set<(TableName, Table)> =
    Set { name: "EntityDefinitions", select: metadata::TABLE, decode: metadata::table };
const PRIVILEGES: Set<(Text, Privilege)> =
    Set { name: "privileges", select: metadata::PRIVILEGE, decode: metadata::privilege };

/// Tables whose display names need not be looked up (recorded table metadata).
const KNOWN: [(&str, &str); 4] = [
    ("process", "workflow"),
    ("connection reference", "connectionreference"),
    ("environment variable definition", "environmentvariabledefinition"),
    ("environment variable value", "environmentvariablevalue"),
];
/// Tables whose Read decides whether a share has any effect.
const SHARED: [&str; 2] = ["workflow", "connectionreference"];
/// From so many ids on, two pages of every privilege are fewer requests than chunks of ids: an organisation has some
/// 7,400 (reported).
const MANY_PRIVILEGES: usize = 1_500;

/// The tables that are named, by logical name, display name or set, with their privileges. When one is no logical name, the names of all tables are read,
/// because display names cannot be filtered (Learn: query table definitions).
pub(in crate::collect) async fn tables(source: Source<'_>, named: &BTreeSet<String>) -> Section<TableName, Table> {
    match read_tables(source, named).await {
        Ok(section) => section,
        Err(problem) => Section::Unreadable(problem),
    }
}

/// Every table with its privileges.
pub(in crate::collect) async fn all(source: Source<'_>) -> Section<TableName, Table> {
    // Metadata knows no pages of a size of one's own (Learn: query table definitions).
    let path = format!("{}?$select={}", TABLES.name, TABLES.select);
    super::whole(source.pages(TABLES, path, 0).await)
}

async fn read_tables(source: Source<'_>, named: &BTreeSet<String>) -> Result<Section<TableName, Table>, Problem> {
    let mut logical: BTreeSet<String> = SHARED.map(str::to_owned).into();
    logical.extend(named.iter().map(|name| logical_name(name)));
    let mut rows = with_privileges(source, logical.clone()).await?;
    let is_answered = |rows: &BTreeMap<TableName, Table>, name: &str| rows.contains_key(&Text::from(name));
    if logical.iter().all(|name| is_answered(&rows, name)) {
        return Ok(Section::only(logical.into_iter().map(Text::from).collect(), rows));
    }
    // A name that is no logical name is a display name, or a mistake that needs all names to be answered well.
    let mut all: BTreeMap<TableName, Table> = source.pages(NAMES, names_path(), 0).await?.into_iter().collect();
    let meant = |table: &Table| logical.contains(&folded(&table.display_name)) || logical.contains(&folded(&table.set));
    let missing = all.iter().filter(|(name, table)| meant(table) && !rows.contains_key(*name));
    let missing: BTreeSet<String> = missing.map(|(name, _)| name.to_string()).collect();
    rows.extend(with_privileges(source, missing).await?);
    all.extend(rows);
    Ok(Section::whole(all))
}

fn names_path() -> String {
    format!("{}?$select={}", NAMES.name, NAMES.select)
}

/// The logical name that a name stands for, as far as is known before anything is read.
fn logical_name(name: &str) -> String {
    let name = folded(name);
    KNOWN.iter().find(|(display, _)| *display == name).map_or(name, |(_, logical)| (*logical).to_owned())
}

async fn with_privileges(source: Source<'_>, logical: BTreeSet<String>) -> Result<BTreeMap<TableName, Table>, Problem> {
    let rows = source.by_keys(TABLES, Column::Metadata("LogicalName"), logical, "").await?;
    Ok(rows.into_iter().collect())
}

/// Privileges by their own names.
pub(in crate::collect) async fn privileges(source: Source<'_>, names: &BTreeSet<String>) -> Section<Text, Privilege> {
    let asked = names.iter().map(|name| folded(name).into()).collect();
    super::only(asked, source.by_keys(PRIVILEGES, Column::Attribute("name"), names, "").await)
}

/// Privileges by the ids that roles were seen to hold.
pub(in crate::collect) async fn privileges_met(
    source: Source<'_>,
    ids: &BTreeSet<Uuid>,
) -> Result<BTreeMap<Text, Privilege>, Problem> {
    let rows = if ids.len() > MANY_PRIVILEGES {
        source.all(PRIVILEGES, "").await?
    } else {
        source.by_keys(PRIVILEGES, Column::Attribute("privilegeid"), ids, "").await?
    };
    Ok(rows.into_iter().filter(|(_, privilege)| ids.contains(&privilege.id)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_of_every_day_are_known_by_their_display_names() {
        assert_eq!(logical_name("Process"), "workflow");
        assert_eq!(logical_name("Environment Variable Definition"), "environmentvariabledefinition");
        assert_eq!(logical_name("contoso_Invoice"), "contoso_invoice");
    }
}
