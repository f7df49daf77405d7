//! Tables and privileges as this organisation has them.
use std::collections::BTreeMap;

use serde_json::Value;

use super::Row;
use crate::inventory::things::{Privilege, Relationship, Table};
use crate::names::{Depth, Operation, TableName, Text, folded};
use crate::problem::Problem;

/// The properties of a table's names.
pub(in crate::collect) const NAMES: &str = "LogicalName,EntitySetName,DisplayName";
/// The properties of a table with its privileges; `Privileges` is selected, never expanded (Learn: query table definitions).
pub(in crate::collect) const TABLE: &str = "LogicalName,EntitySetName,DisplayName,Privileges";
/// The columns of a privilege (Learn: privilege table reference).
pub(in crate::collect) const PRIVILEGE: &str = "privilegeid,name,canbebasic,canbelocal,canbedeep,canbeglobal";

/// Lookups of a table: the segment and its properties (Learn: `OneToManyRelationshipMetadata`).
pub(in crate::collect) const MANY_TO_ONE: (&str, &str) =
    ("ManyToOneRelationships", "ReferencedEntity,ReferencingEntityNavigationPropertyName");
/// Lookups to a table (Learn: `OneToManyRelationshipMetadata`).
pub(in crate::collect) const ONE_TO_MANY: (&str, &str) =
    ("OneToManyRelationships", "ReferencingEntity,ReferencedEntityNavigationPropertyName");
/// Relationships of many to many (Learn: `ManyToManyRelationshipMetadata`).
pub(in crate::collect) const MANY_TO_MANY: (&str, &str) = (
    "ManyToManyRelationships",
    "Entity1LogicalName,Entity1NavigationPropertyName,Entity2LogicalName,Entity2NavigationPropertyName",
);

/// Where the navigation properties of a table lead, of one kind.
pub(in crate::collect) fn relationships(
    answer: Row<'_>,
    table: &str,
    kind: &str,
) -> Result<Vec<(Text, Relationship)>, Problem> {
    let mut found = Vec::new();
    for value in answer.list("value")? {
        let row = answer.within(value);
        let (name, relationship) = if kind == MANY_TO_ONE.0 {
            let name = row.text_or_empty("ReferencingEntityNavigationPropertyName")?;
            (name, Relationship::ToOne(row.text("ReferencedEntity")?))
        } else if kind == ONE_TO_MANY.0 {
            let name = row.text_or_empty("ReferencedEntityNavigationPropertyName")?;
            (name, Relationship::ToMany(row.text("ReferencingEntity")?))
        } else {
            let is_first = row.text("Entity1LogicalName")?.as_str() == table;
            let (own, other) = if is_first { ("Entity1", "Entity2") } else { ("Entity2", "Entity1") };
            let name = row.text_or_empty(&format!("{own}NavigationPropertyName"))?;
            (name, Relationship::ManyToMany(row.text(&format!("{other}LogicalName"))?))
        };
        found.push((name, relationship));
    }
    Ok(found)
}

/// A table by its logical name, without its privileges.
pub(in crate::collect) fn names(row: Row<'_>) -> Result<(TableName, Table), Problem> {
    let logical_name = row.text("LogicalName")?;
    let table = Table {
        display_name: display_name(row)?.unwrap_or_else(|| logical_name.clone()),
        set: row.text_or_empty("EntitySetName")?,
        privileges: None,
    };
    Ok((logical_name, table))
}

/// A table by its logical name, with its privileges.
pub(in crate::collect) fn table(row: Row<'_>) -> Result<(TableName, Table), Problem> {
    let (logical_name, mut table) = names(row)?;
    let mut privileges = BTreeMap::new();
    for value in row.list("Privileges")? {
        let row = row.within(value);
        let word = row.text("PrivilegeType")?;
        // Learn, `PrivilegeType`: `None` is a privilege of no operation, such as prvPublish…
        let Some(operation) = Operation::ALL.into_iter().find(|operation| operation.word() == word.as_str()) else {
            continue;
        };
        let names = ["CanBeBasic", "CanBeLocal", "CanBeDeep", "CanBeGlobal"];
        let privilege = Privilege { name: row.text("Name")?, id: row.id("PrivilegeId")?, depths: depths(row, names)? };
        privileges.insert(operation, privilege);
    }
    table.privileges = Some(privileges);
    Ok((logical_name, table))
}

/// A privilege by its lower-cased name.
pub(in crate::collect) fn privilege(row: Row<'_>) -> Result<(Text, Privilege), Problem> {
    let name = row.text("name")?;
    let names = ["canbebasic", "canbelocal", "canbedeep", "canbeglobal"];
    let privilege = Privilege { id: row.id("privilegeid")?, depths: depths(row, names)?, name };
    Ok((folded(&privilege.name).into(), privilege))
}

/// The depths that a privilege allows.
fn depths(row: Row<'_>, names: [&str; 4]) -> Result<Vec<Depth>, Problem> {
    let mut depths = Vec::new();
    for (name, depth) in names.into_iter().zip(Depth::WRITABLE) {
        if row.flag(name)? {
            depths.push(depth);
        }
    }
    Ok(depths)
}

/// The label in the caller's language, or else the first there is; some tables have none (recorded table metadata).
fn display_name(row: Row<'_>) -> Result<Option<Text>, Problem> {
    let label = |value: &Value| value.get("Label").and_then(Value::as_str).map(Text::from);
    let Some(name) = row.optional_object("DisplayName") else { return Ok(None) };
    if let Some(own) = name.optional_object("UserLocalizedLabel") {
        return own.text("Label").map(Some);
    }
    Ok(name.list("LocalizedLabels")?.iter().find_map(label))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_relationship_is_told_from_the_tables_own_side() {
        let answer = |value: Value| json!({ "value": [value] });
        let of = |value: &Value, kind: &str| {
            relationships(Row::dataverse("EntityDefinitions", value), "team", kind).unwrap()
        };
        let lookup = answer(json!({
            "ReferencedEntity": "businessunit", "ReferencingEntityNavigationPropertyName": "businessunitid"
        }));
        assert_eq!(of(&lookup, MANY_TO_ONE.0), [("businessunitid".into(), Relationship::ToOne("businessunit".into()))]);
        let list = answer(json!({
            "ReferencingEntity": "workflow", "ReferencedEntityNavigationPropertyName": "team_workflow"
        }));
        assert_eq!(of(&list, ONE_TO_MANY.0), [("team_workflow".into(), Relationship::ToMany("workflow".into()))]);
        let sides = |first: &str, second: &str| {
            answer(json!({
                "Entity1LogicalName": first, "Entity1NavigationPropertyName": format!("of_{first}"),
                "Entity2LogicalName": second, "Entity2NavigationPropertyName": format!("of_{second}"),
            }))
        };
        let expected = [("of_team".into(), Relationship::ManyToMany("role".into()))];
        assert_eq!(of(&sides("team", "role"), MANY_TO_MANY.0), expected);
        assert_eq!(of(&sides("role", "team"), MANY_TO_MANY.0), expected);
    }

    fn process() -> Value {
        json!({
            "LogicalName": "workflow", "EntitySetName": "workflows",
            "DisplayName": {"LocalizedLabels": [{"Label": "Prozess"}], "UserLocalizedLabel": {"Label": "Process", "LanguageCode": 1033}},
            "Privileges": [
                {"CanBeBasic": true, "CanBeDeep": true, "CanBeGlobal": true, "CanBeLocal": false, "CanBeEntityReference": false,
                 "CanBeParentEntityReference": false, "CanBeRecordFilter": false, "Name": "prvReadWorkflow",
                 "PrivilegeId": "9d5e4741-3403-42d2-90b4-a561b3f94f52", "PrivilegeType": "Read"},
                {"Name": "prvPublishWorkflow", "PrivilegeType": "None"}
            ]
        })
    }

    #[test]
    fn a_table_has_its_privileges_by_operation() {
        let value = process();
        let (name, read) = table(Row::dataverse("EntityDefinitions", &value)).unwrap();
        assert_eq!((name.as_str(), read.display_name.as_str()), ("workflow", "Process"));
        let privileges = read.privileges.unwrap();
        assert_eq!(privileges.len(), 1);
        let expected = [Depth::User, Depth::ParentChildBusinessUnits, Depth::Organization];
        assert_eq!(privileges[&Operation::Read].depths, expected);
    }

    #[test]
    fn a_table_whose_access_follows_another_one_has_no_privileges() {
        let value = json!({
            "LogicalName": "environmentvariablevalue", "EntitySetName": "environmentvariablevalues",
            "DisplayName": {"LocalizedLabels": [], "UserLocalizedLabel": null}, "Privileges": []
        });
        let (_, read) = table(Row::dataverse("EntityDefinitions", &value)).unwrap();
        assert_eq!(read.display_name.as_str(), "environmentvariablevalue");
        assert_eq!(read.privileges, Some(BTreeMap::new()));
    }

    #[test]
    fn a_privilege_is_kept_under_its_lower_cased_name() {
        let value = json!({
            "privilegeid": Uuid::from_u128(3), "name": "prvFlow", "canbebasic": false, "canbelocal": false, "canbedeep": false, "canbeglobal": true
        });
        let (name, read) = privilege(Row::dataverse("privileges", &value)).unwrap();
        assert_eq!((name.as_str(), read.name.as_str()), ("prvflow", "prvFlow"));
        assert_eq!(read.depths, [Depth::Organization]);
    }
}
