//! Definitions of how tables are joined, and of their alternate keys.

use serde_json::{Value, json};

use super::definition::label;
use crate::sandbox::organization::{Organization, derived};
use crate::sandbox::schema::relationships::{MANY_TO_MANY, ManyToMany, ONE_TO_MANY, alternate_keys};
use crate::sandbox::schema::{Kind, Table, built_in};

/// Lists relationships of which the table is the one (Learn: `OneToManyRelationshipMetadata`).
pub(super) fn lookups_to(table: &Table) -> Vec<Value> {
    let known = ONE_TO_MANY.iter().filter(|known| known.one == table.logical_name).map(|known| {
        let many = built_in().iter().find(|table| table.logical_name == known.many);
        let lookup = many.and_then(|table| table.column(known.column)).and_then(|column| column.navigation());
        json!({
            "SchemaName": known.navigation, "RelationshipType": "OneToManyRelationship",
            "ReferencedEntity": known.one, "ReferencedAttribute": table.primary_id, "ReferencingEntity": known.many,
            "ReferencingAttribute": lookup,
            "ReferencedEntityNavigationPropertyName": known.navigation, "ReferencingEntityNavigationPropertyName": lookup,
        })
    });
    known.collect()
}

/// Lists relationships of many to many (Learn: `ManyToManyRelationshipMetadata`).
pub(super) fn many_to_many(table: &Table) -> Vec<Value> {
    let own = MANY_TO_MANY.iter().filter(|known| known.sides.iter().any(|(side, _)| *side == table.logical_name));
    let row = |known: &ManyToMany| {
        let [first, second] = known.sides;
        json!({
            "SchemaName": known.navigation, "RelationshipType": "ManyToManyRelationship",
            "Entity1LogicalName": first.0, "Entity1NavigationPropertyName": known.navigation,
            "Entity1IntersectAttribute": first.1,
            "Entity2LogicalName": second.0, "Entity2NavigationPropertyName": known.navigation,
            "Entity2IntersectAttribute": second.1,
            "IntersectEntityName": known.intersect,
        })
    };
    own.map(row).collect()
}

/// Lists relationships of which the table is the many: its lookups, one for each table that they lead to.
pub(super) fn lookups(table: &Table) -> Vec<Value> {
    table
        .columns
        .iter()
        .filter_map(|column| match &column.kind {
            Kind::Lookup { navigation, targets } => Some(targets.iter().map(move |target| {
                json!({
                    "RelationshipType": "OneToManyRelationship",
                    "ReferencingEntity": table.logical_name, "ReferencedEntity": target,
                    "ReferencingAttribute": column.logical_name().to_lowercase(),
                    "ReferencingEntityNavigationPropertyName": navigation,
                })
            })),
            Kind::Text | Kind::Id | Kind::Integer | Kind::Boolean | Kind::Moment | Kind::Managed => None,
        })
        .flatten()
        .collect()
}

/// Lists alternate keys (Learn: `EntityKeyMetadata`).
pub(super) fn keys(organization: &Organization, table: &Table) -> Vec<Value> {
    let known = alternate_keys(&table.logical_name).into_iter().map(|key| {
        json!({
            "MetadataId": derived(organization.id, &format!("metadata:key:{}", key.name)), "LogicalName": key.name,
            "SchemaName": key.name, "EntityLogicalName": table.logical_name, "KeyAttributes": key.columns,
            "DisplayName": label(key.name), "EntityKeyIndexStatus": "Active", "IsManaged": !table.is_custom,
        })
    });
    known.collect()
}
