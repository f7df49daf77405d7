//! Definitions of columns.

use serde_json::{Value, json};

use super::definition::{label, select};
use super::path::{Arguments, Segment};
use super::request::Request;
use crate::sandbox::answer::Answer;
use crate::sandbox::fault::Fault;
use crate::sandbox::odata::{Expand, Query, Row};
use crate::sandbox::organization::{Organization, derived, row_of};
use crate::sandbox::schema::choices::{ChoiceKind, choices};
use crate::sandbox::schema::{Column, Kind, Table};

/// What definitions of columns tell here.
const KNOWN: [&str; 9] = [
    "LogicalName",
    "AttributeType",
    "EntityLogicalName",
    "IsPrimaryId",
    "IsPrimaryName",
    "IsValidForCreate",
    "IsValidForRead",
    "IsValidForUpdate",
    "MetadataId",
];
/// The types with choices, behind `Microsoft.Dynamics.CRM.`; only they have `OptionSet`.
const WITH_CHOICES: [&str; 3] = ["PicklistAttributeMetadata", "StateAttributeMetadata", "StatusAttributeMetadata"];

/// Answers `EntityDefinitions(…)/Attributes`, one of them or all, as they are or as one type.
pub(super) fn answer(
    organization: &Organization,
    request: &Request<'_>,
    table: &Table,
    attributes: &Segment,
    rest: &[Segment],
    query: &Query,
) -> Result<Answer, Fault> {
    let cast = match rest {
        [] => None,
        [cast] => Some(cast.operation().ok_or_else(|| Fault::unknown_segment(&cast.name))?),
        [_, segment, ..] => return Err(Fault::unknown_segment(&segment.name)),
    };
    refuse_unknown(query, cast)?;
    let rows = definitions(organization, table).into_iter();
    let rows = rows
        .filter(|row| cast.is_none_or(|cast| row.get("@odata.type") == Some(&json!(format!("#{NAMESPACE}{cast}")))));
    let shown = |row: Row| {
        let kind = row.get("@odata.type").cloned();
        let options = option_set(table, &row);
        let mut shown = select(row, query);
        if let Some(kind) = kind.filter(|_| cast.is_none()) {
            shown.insert("@odata.type".to_owned(), kind);
        }
        if !query.expand.is_empty() {
            shown.insert("OptionSet".to_owned(), options);
        }
        Value::Object(shown)
    };
    let suffix = cast.map(|cast| format!("/{NAMESPACE}{cast}")).unwrap_or_default();
    let context = format!("{}/$metadata#EntityDefinitions('{}')/Attributes{suffix}", request.root, table.logical_name);
    match &attributes.arguments {
        None => {
            let value: Vec<Value> = rows.filter(|row| query.matches(row)).map(shown).collect();
            Ok(Answer::json(200, json!({ "@odata.context": context, "value": value })))
        }
        Some(arguments) => {
            let name = match arguments {
                Arguments::Named(named) => named.get("LogicalName").cloned().unwrap_or_default(),
                Arguments::Id(id) => id.to_string(),
                Arguments::Empty => String::new(),
            };
            let is_it =
                |row: &Row| row.get("LogicalName") == Some(&json!(name)) || row.get("MetadataId") == Some(&json!(name));
            let mut found = rows.filter(is_it).map(shown);
            let mut body = found.next().ok_or_else(|| {
                let table = &table.logical_name;
                // The code of a missing column in the SDK's table of codes; that it is this one here is inferred.
                Fault::new(404, "0x80041103", format!("Could not find attribute '{name}' of entity '{table}'."))
            })?;
            body["@odata.context"] = json!(format!("{context}/$entity"));
            Ok(Answer::json(200, body))
        }
    }
}

const NAMESPACE: &str = "Microsoft.Dynamics.CRM.";

fn refuse_unknown(query: &Query, cast: Option<&str>) -> Result<(), Fault> {
    let of = cast.unwrap_or("AttributeMetadata");
    if let Some(name) = query.properties().iter().find(|name| !KNOWN.contains(&name.as_str())) {
        return Err(Fault::malformed(format!("Could not find a property named '{name}' on type '{NAMESPACE}{of}'.")));
    }
    let refused = |Expand { property, .. }: &&Expand| property != "OptionSet" || !WITH_CHOICES.contains(&of);
    match query.expand.iter().find(refused) {
        Some(expand) => Err(Fault::malformed(format!(
            "Could not find a property named '{}' on type '{NAMESPACE}{of}'.",
            expand.property
        ))),
        None => Ok(()),
    }
}

fn definitions(organization: &Organization, table: &Table) -> Vec<Row> {
    let row = |name: &str, kind: &str, of: &str, on_create: bool, on_update: bool| {
        row_of(json!({
            "@odata.type": format!("#{NAMESPACE}{of}AttributeMetadata"),
            "LogicalName": name,
            "AttributeType": kind,
            "EntityLogicalName": table.logical_name,
            "IsPrimaryId": name == table.primary_id,
            "IsPrimaryName": name == table.primary_name,
            "IsValidForCreate": on_create,
            "IsValidForRead": true,
            "IsValidForUpdate": on_update,
            "MetadataId": derived(organization.id, &format!("metadata:{}.{name}", table.logical_name)),
        }))
    };
    let key = row(&table.primary_id, "Uniqueidentifier", "UniqueIdentifier", true, false);
    let columns = table.columns.iter().map(|column| {
        let name = column.logical_name().to_lowercase();
        let (kind, of) = words(table, column, &name);
        row(&name, kind, of, column.valid.on_create(), column.valid.on_update())
    });
    std::iter::once(key).chain(columns).collect()
}

/// The `AttributeType` of a column, and the name of its type (Learn: attribute type codes, attribute metadata).
fn words(table: &Table, column: &Column, name: &str) -> (&'static str, &'static str) {
    match (&column.kind, choices(&table.logical_name, name)) {
        (Kind::Integer, Some((ChoiceKind::Picklist, _))) => ("Picklist", "Picklist"),
        (Kind::Integer, Some((ChoiceKind::State, _))) => ("State", "State"),
        (Kind::Integer, Some((ChoiceKind::Status, _))) => ("Status", "Status"),
        (Kind::Integer, None) => ("Integer", "Integer"),
        (Kind::Text, _) => ("String", "String"),
        (Kind::Id, _) => ("Uniqueidentifier", "UniqueIdentifier"),
        (Kind::Boolean, _) => ("Boolean", "Boolean"),
        (Kind::Moment, _) => ("DateTime", "DateTime"),
        (Kind::Managed, _) => ("ManagedProperty", "ManagedProperty"),
        (Kind::Lookup { .. }, _) => ("Lookup", "Lookup"),
    }
}

fn option_set(table: &Table, row: &Row) -> Value {
    let name = row.get("LogicalName").and_then(Value::as_str).unwrap_or_default();
    let options = choices(&table.logical_name, name).map(|(_, options)| options).unwrap_or_default();
    let options: Vec<Value> =
        options.iter().map(|(value, text)| json!({ "Value": value, "Label": label(text) })).collect();
    json!({ "Options": options })
}
