//! Writes rows as the Web API does: chosen columns, versions, annotations, embedded rows.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::request::Annotations;
use super::sight::Sight;
use crate::sandbox::fault::Fault;
use crate::sandbox::odata::{Expand, Filter, Path, Query, Row};
use crate::sandbox::organization::{id, text};
use crate::sandbox::schema::choices::label;
use crate::sandbox::schema::relationships::{many_to_many, one_to_many};
use crate::sandbox::schema::{Kind, Table};

/// Refuses what a query names and the table does not have.
pub(super) fn check(sight: &Sight<'_>, table: &Table, query: &Query) -> Result<(), Fault> {
    for name in query.select.iter().flatten() {
        if !table.has_property(name) {
            return Err(Fault::unknown_property(name, &table.logical_name));
        }
    }
    for criterion in &query.orderby {
        check_path(sight, table, &criterion.property)?;
    }
    if let Some(filter) = &query.filter {
        for path in filter.properties() {
            check_path(sight, table, &path)?;
        }
        check_types(table, filter)?;
    }
    for expand in &query.expand {
        let target =
            target_of(sight, table, &expand.property).ok_or_else(|| not_a_navigation(&expand.property, table))?;
        check(sight, target, &expand.query)?;
    }
    Ok(())
}

pub(super) fn check_path(sight: &Sight<'_>, table: &Table, path: &Path) -> Result<(), Fault> {
    match path.0.as_slice() {
        [name] if table.has_property(name) || target_of(sight, table, name).is_some() => Ok(()),
        [first, rest @ ..] if !rest.is_empty() => {
            let target =
                target_of(sight, table, first).ok_or_else(|| Fault::unknown_property(first, &table.logical_name))?;
            check_path(sight, target, &Path(rest.to_vec()))
        }
        _ => Err(Fault::unknown_property(&path.to_string(), &table.logical_name)),
    }
}

fn check_types(table: &Table, filter: &Filter) -> Result<(), Fault> {
    use crate::sandbox::odata::Literal;
    for (path, literal) in filter.comparisons() {
        let [name] = path.0.as_slice() else { continue };
        let is_key = *name == table.primary_id;
        let Some(kind) = table.column(name).map(|column| &column.kind).or(is_key.then_some(&Kind::Id)) else {
            continue;
        };
        let (found, wanted) = match (kind, literal) {
            // An id in quotes is taken (public client of agents: `_parentbotid_value eq '…'`).
            (Kind::Id | Kind::Lookup { .. }, Literal::Text(text)) if Uuid::try_parse(text).is_ok() => continue,
            (Kind::Id | Kind::Lookup { .. }, Literal::Text(_)) => ("Edm.String", "Edm.Guid"),
            (Kind::Text, Literal::Guid(_)) => ("Edm.Guid", "Edm.String"),
            (Kind::Text, Literal::Integer(_)) => ("Edm.Int32", "Edm.String"),
            (Kind::Integer, Literal::Text(_)) => ("Edm.String", "Edm.Int32"),
            (Kind::Boolean, Literal::Integer(_)) => ("Edm.Int32", "Edm.Boolean"),
            _ => continue,
        };
        return Err(Fault::malformed(format!(
            "A binary operator with incompatible types was detected. Found operand types '{wanted}' and '{found}' for operator kind \
             'Equal'."
        )));
    }
    Ok(())
}

fn not_a_navigation(property: &str, table: &Table) -> Fault {
    if table.has_property(property) {
        return Fault::malformed(format!(
            "Property '{property}' on type 'Microsoft.Dynamics.CRM.{}' is not a navigation property or complex property. Only \
             navigation properties can be expanded.",
            table.logical_name
        ));
    }
    Fault::unknown_property(property, &table.logical_name)
}

/// Finds the table that a navigation property leads to; the first one where several are possible.
pub(super) fn target_of<'a>(sight: &Sight<'a>, table: &Table, navigation: &str) -> Option<&'a Table> {
    let name: &str = if let Some(relationship) = many_to_many(&table.logical_name, navigation) {
        relationship.seen_from(&table.logical_name)[1].0
    } else if let Some(relationship) = one_to_many(&table.logical_name, navigation) {
        relationship.many
    } else {
        match &table.lookup(navigation)?.kind {
            Kind::Lookup { targets, .. } => targets.first()?,
            Kind::Text | Kind::Id | Kind::Integer | Kind::Boolean | Kind::Moment | Kind::Managed => return None,
        }
    };
    sight.organization.table(name)
}

/// Says whether a navigation property leads to many rows.
pub(super) fn is_collection(table: &Table, navigation: &str) -> bool {
    many_to_many(&table.logical_name, navigation).is_some() || one_to_many(&table.logical_name, navigation).is_some()
}

/// Lists the rows behind a navigation property, whoever may see them.
pub(super) fn related(sight: &Sight<'_>, table: &Table, key: Uuid, row: &Row, navigation: &str) -> Vec<(String, Uuid)> {
    let organization = sight.organization;
    if let Some(relationship) = many_to_many(&table.logical_name, navigation) {
        let [(_, near), (far_table, far)] = relationship.seen_from(&table.logical_name);
        // Privileges are kept at the root of a role.
        let key = if relationship.intersect == "roleprivileges" && table.logical_name == "role" {
            id(row, "_parentrootroleid_value").unwrap_or(key)
        } else {
            key
        };
        return crate::sandbox::access::joined(organization, relationship.intersect, (near, key), far)
            .into_iter()
            .map(|found| (far_table.to_owned(), found))
            .collect();
    }
    if let Some(relationship) = one_to_many(&table.logical_name, navigation) {
        return organization
            .all(relationship.many)
            .filter(|(_, other)| id(other, relationship.column) == Some(key))
            .map(|(found, _)| (relationship.many.to_owned(), found))
            .collect();
    }
    let Some(column) = table.lookup(navigation) else { return Vec::new() };
    let Kind::Lookup { targets, .. } = &column.kind else { return Vec::new() };
    let Some(found) = id(row, &column.name) else { return Vec::new() };
    let target = targets.iter().find(|target| organization.row(target, found).is_some());
    target.map(|target| (target.to_string(), found)).into_iter().collect()
}

/// Adds to a row what a filter or order reads through navigation properties.
pub(super) fn with_related(sight: &Sight<'_>, table: &Table, key: Uuid, row: &Row, paths: &[Path]) -> Row {
    let mut row = row.clone();
    for path in paths {
        let Some(first) = path.0.first().filter(|first| !table.has_property(first)) else { continue };
        if path.0.len() == 1 && table.lookup(first).is_some() {
            // `parentbusinessunitid eq null` is how public clients find the root unit.
            let value = table.lookup(first).and_then(|column| row.get(column.name.as_ref())).cloned();
            row.insert(first.clone(), value.unwrap_or(Value::Null));
            continue;
        }
        let rest = if path.0.len() > 1 { vec![Path(path.0[1..].to_vec())] } else { Vec::new() };
        let found: Vec<Value> = related(sight, table, key, &row, first)
            .into_iter()
            .filter_map(|(name, key)| {
                let target = sight.organization.table(&name)?;
                let other = sight.organization.row(&name, key)?;
                Some(Value::Object(with_related(sight, target, key, other, &rest)))
            })
            .collect();
        let value = if is_collection(table, first) {
            Value::Array(found)
        } else {
            found.into_iter().next().unwrap_or(Value::Null)
        };
        row.insert(first.clone(), value);
    }
    row
}

/// Writes a row.
pub(super) fn render(
    sight: &Sight<'_>,
    table: &Table,
    key: Uuid,
    row: &Row,
    query: &Query,
    annotations: Annotations,
) -> Map<String, Value> {
    let mut written = Map::new();
    if let Some(version) = row.get("versionnumber") {
        written.insert("@odata.etag".into(), json!(format!("W/\"{version}\"")));
    }
    let is_wanted = |name: &str| query.select.as_ref().is_none_or(|select| select.iter().any(|wanted| wanted == name));
    for column in table.columns.iter().filter(|column| is_wanted(&column.name)) {
        let value = row.get(column.name.as_ref()).cloned().unwrap_or(Value::Null);
        if annotations == Annotations::All {
            let name = &column.name;
            let found = self::annotations(sight, table, name, row).into_iter();
            written.extend(found.map(|(kind, text)| (format!("{name}@{kind}"), text)));
        }
        written.insert(column.name.to_string(), value);
    }
    // The key is in every answer, whether it was asked for or not (recorded).
    written.insert(table.primary_id.to_string(), json!(key));
    for expand in &query.expand {
        written.insert(expand.property.clone(), embedded(sight, table, key, row, expand, annotations));
    }
    written
}

fn embedded(
    sight: &Sight<'_>,
    table: &Table,
    key: Uuid,
    row: &Row,
    expand: &Expand,
    annotations: Annotations,
) -> Value {
    let mut found: Vec<(Uuid, &Table, &Row)> = related(sight, table, key, row, &expand.property)
        .into_iter()
        .filter_map(|(name, key)| {
            let target = sight.organization.table(&name)?;
            let other = sight.organization.row(&name, key)?;
            (sight.sees(target, key, other) && expand.query.matches(other)).then_some((key, target, other))
        })
        .collect();
    found.sort_by(|left, right| expand.query.order(left.2, right.2).then(left.0.cmp(&right.0)));
    let mut written = found
        .into_iter()
        .take(expand.query.top.unwrap_or(usize::MAX))
        .map(|(key, target, other)| Value::Object(render(sight, target, key, other, &expand.query, annotations)));
    if is_collection(table, &expand.property) { written.collect() } else { written.next().unwrap_or(Value::Null) }
}

/// The annotation with the text that people see.
pub(super) const FORMATTED: &str = "OData.Community.Display.V1.FormattedValue";

/// Lists the annotations of a lookup or choice (recorded: `FormattedValue`; Learn: retrieve data about lookup properties).
pub(super) fn annotations(sight: &Sight<'_>, table: &Table, name: &str, row: &Row) -> Vec<(&'static str, Value)> {
    let Some(column) = table.column(name) else { return Vec::new() };
    if let (Kind::Lookup { navigation, .. }, Some(target)) = (&column.kind, id(row, name)) {
        let found = related(sight, table, target, row, navigation).into_iter().next();
        return found.map_or_else(Vec::new, |(logical_name, key)| {
            let label = sight
                .organization
                .table(&logical_name)
                .and_then(|target| text(sight.organization.row(&logical_name, key)?, &target.primary_name));
            vec![
                (FORMATTED, json!(label)),
                ("Microsoft.Dynamics.CRM.associatednavigationproperty", json!(navigation)),
                ("Microsoft.Dynamics.CRM.lookuplogicalname", json!(logical_name)),
            ]
        });
    }
    let label = row.get(name).and_then(Value::as_i64).and_then(|value| label(&table.logical_name, name, value));
    label.map(|label| (FORMATTED, json!(label))).into_iter().collect()
}
