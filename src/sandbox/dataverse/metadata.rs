//! Definitions of tables.

use serde_json::{Map, Value, json};

use super::Session;
use super::definition::{chosen_of, label, select};
use super::path::{Arguments, Segment};
use super::relations::{keys, lookups, lookups_to, many_to_many};
use super::request::Request;
use crate::sandbox::answer::Answer;
use crate::sandbox::fault::Fault;
use crate::sandbox::odata::{Dialect, Query, Row};
use crate::sandbox::organization::{Organization, derived, row_of};
use crate::sandbox::rights::Depth;
use crate::sandbox::roles::managed_property;
use crate::sandbox::schema::Table;

impl Session<'_> {
    /// Answers requests for table definitions.
    pub(super) fn metadata(&self, request: &Request<'_>, first: &Segment, rest: &[Segment]) -> Result<Answer, Fault> {
        if request.method != "GET" {
            return Err(super::route::not_allowed(request, "EntityDefinitions"));
        }
        // Everybody who may do anything may read definitions.
        self.authority()?.admit(self.organization)?;
        let query = Query::parse(request.query, Dialect::Metadata)?;
        if let (Some(arguments), [attributes, rest @ ..]) = (&first.arguments, rest)
            && attributes.name == "Attributes"
        {
            return super::attributes::answer(
                self.organization,
                request,
                self.defined(arguments)?,
                attributes,
                rest,
                &query,
            );
        }
        if rest.is_empty() {
            refuse_unknown(&query)?;
        }
        let context = |suffix: &str| format!("{}/$metadata#EntityDefinitions{suffix}", request.root);
        let chosen = query.select.as_ref().map(|names| format!("({})", names.join(","))).unwrap_or_default();
        let Some(arguments) = &first.arguments else {
            if let Some(segment) = rest.first() {
                return Err(Fault::unknown_segment(&segment.name));
            }
            let value: Vec<Value> = self
                .organization
                .tables()
                .map(|table| definition(self.organization, table))
                .filter(|row| query.matches(row))
                .map(|row| Value::Object(select(row, &query)))
                .collect();
            return Ok(Answer::json(200, json!({ "@odata.context": context(&chosen), "value": value })));
        };
        let table = self.defined(arguments)?;
        match rest {
            [] => {
                let mut body =
                    Map::from_iter([("@odata.context".to_owned(), json!(context(&format!("{chosen}/$entity"))))]);
                body.extend(select(definition(self.organization, table), &query));
                Ok(Answer::json(200, Value::Object(body)))
            }
            [segment] => {
                let value = match segment.name.as_str() {
                    "Privileges" => privileges(self.organization, table),
                    "ManyToOneRelationships" => chosen_of(lookups(table), &query),
                    "OneToManyRelationships" => chosen_of(lookups_to(table), &query),
                    "ManyToManyRelationships" => chosen_of(many_to_many(table), &query),
                    "Keys" => chosen_of(keys(self.organization, table), &query),
                    _ => return Err(Fault::unknown_segment(&segment.name)),
                };
                let context = context(&format!("('{}')/{}", table.logical_name, segment.name));
                Ok(Answer::json(200, json!({ "@odata.context": context, "value": value })))
            }
            [_, segment, ..] => Err(Fault::unknown_segment(&segment.name)),
        }
    }

    fn defined(&self, arguments: &Arguments) -> Result<&Table, Fault> {
        let found = match arguments {
            Arguments::Named(named) => named.get("LogicalName").and_then(|name| self.organization.table(name)),
            Arguments::Id(id) => {
                self.organization.tables().find(|table| metadata_id(self.organization, table) == json!(id))
            }
            Arguments::Empty => None,
        };
        found.ok_or_else(|| {
            let name = match arguments {
                Arguments::Named(named) => named.get("LogicalName").cloned().unwrap_or_default(),
                Arguments::Id(id) => id.to_string(),
                Arguments::Empty => String::new(),
            };
            Fault::new(404, "0x80060888", format!("Could not find an entity with name {name} and object type code 0."))
        })
    }
}

/// Properties that a publisher may have decided (Learn: `EntityMetadata`, all of the type `BooleanManagedProperty`).
const MANAGED: [&str; 11] = [
    "IsCustomizable",
    "IsMappable",
    "IsRenameable",
    "CanCreateAttributes",
    "CanCreateForms",
    "CanCreateViews",
    "CanCreateCharts",
    "CanChangeTrackingBeEnabled",
    "CanModifyAdditionalSettings",
    "CanChangeHierarchicalRelationship",
    "CanEnableSyncToExternalSearchIndex",
];

fn refuse_unknown(query: &Query) -> Result<(), Fault> {
    let known = [
        "LogicalName",
        "SchemaName",
        "EntitySetName",
        "LogicalCollectionName",
        "OwnershipType",
        "ObjectTypeCode",
        "PrimaryIdAttribute",
        "PrimaryNameAttribute",
        "PrimaryImageAttribute",
        "IsCustomEntity",
        "IsIntersect",
        "IsPrivate",
        "IsManaged",
        "IsActivity",
        "IsChildEntity",
        "IsOptimisticConcurrencyEnabled",
        "DisplayName",
        "DisplayCollectionName",
        "MetadataId",
        "Privileges",
        "IconVectorName",
        "DataProviderId",
        "IsLogicalEntity",
    ];
    let is_known = |name: &str| known.contains(&name) || MANAGED.contains(&name.strip_suffix("/Value").unwrap_or(name));
    if let Some(name) = query.properties().iter().find(|name| !is_known(name)) {
        return Err(Fault::unknown_property(name, "EntityMetadata"));
    }
    if let Some(expand) = query.expand.first() {
        return Err(Fault::malformed(format!(
            "Property '{}' on type 'Microsoft.Dynamics.CRM.EntityMetadata' is not a navigation property or complex property. Only \
             navigation properties can be expanded.",
            expand.property
        )));
    }
    // Labels are objects: they cannot be compared (recorded: display names cannot be filtered).
    let labels = query.filter.iter().flat_map(crate::sandbox::odata::Filter::properties);
    match labels
        .map(|path| path.to_string())
        .find(|path| path.starts_with("Display") || path == "Privileges" || MANAGED.contains(&path.as_str()))
    {
        Some(path) => Err(Fault::malformed(format!("The property '{path}' cannot be used in a filter."))),
        None => Ok(()),
    }
}

fn definition(organization: &Organization, table: &Table) -> Row {
    let managed =
        MANAGED.iter().map(|name| ((*name).to_owned(), managed_property(&name.to_lowercase(), table.is_custom)));
    let mut row = row_of(json!({
        "MetadataId": metadata_id(organization, table),
        "LogicalName": table.logical_name,
        "SchemaName": table.schema_name,
        "EntitySetName": table.entity_set,
        "LogicalCollectionName": table.entity_set,
        "OwnershipType": table.ownership.word(),
        "ObjectTypeCode": table.object_type_code,
        "PrimaryIdAttribute": table.primary_id,
        "PrimaryNameAttribute": table.primary_name,
        "PrimaryImageAttribute": null,
        "IsCustomEntity": table.is_custom,
        "IsIntersect": table.is_intersect,
        "IsPrivate": false,
        "IsManaged": !table.is_custom,
        "IsActivity": false,
        "IsChildEntity": table.logical_name == "environmentvariablevalue",
        "IsOptimisticConcurrencyEnabled": !table.is_intersect,
        "DisplayName": label(&table.display_name),
        "DisplayCollectionName": label(&table.display_collection_name),
        "Privileges": privileges(organization, table),
        "IconVectorName": null,
        "DataProviderId": null,
        "IsLogicalEntity": false,
    }));
    row.extend(managed);
    row
}

fn metadata_id(organization: &Organization, table: &Table) -> Value {
    json!(derived(organization.id, &format!("metadata:{}", table.logical_name)))
}

/// Lists privileges as metadata does (recorded: `EntityDefinitions(LogicalName='account')?$select=Privileges`).
fn privileges(organization: &Organization, table: &Table) -> Value {
    table
        .privileges
        .iter()
        .filter_map(|(verb, depths)| {
            let name = table.privilege(*verb)?;
            Some(json!({
                "CanBeBasic": depths.contains(&Depth::Basic), "CanBeLocal": depths.contains(&Depth::Local),
                "CanBeDeep": depths.contains(&Depth::Deep), "CanBeGlobal": depths.contains(&Depth::Global),
                "CanBeEntityReference": false, "CanBeParentEntityReference": false, "CanBeRecordFilter": false,
                "PrivilegeId": organization.privilege_id(&name), "Name": name, "PrivilegeType": verb.word(),
            }))
        })
        .collect()
}
