//! The model of the Web API: one entity type per table, made from the columns that requests are checked against.

use super::complex::{complexes, enums};
use super::model::{Model, Name, Navigation, Structure};
use super::operations::OPERATIONS;
use crate::sandbox::schema::relationships::{MANY_TO_MANY, ONE_TO_MANY};
use crate::sandbox::schema::{Kind, Table};

/// The tables whose rows are principals: their types derive from `principal` and have its key (recorded: `$metadata`).
const PRINCIPALS: [&str; 2] = ["systemuser", "team"];

/// Makes the model of an organisation with these tables.
pub(in crate::sandbox) fn dataverse(tables: &[&Table]) -> Model {
    let base = Structure { is_abstract: true, ..Structure::named("crmbaseentity") };
    let principal =
        Structure::named("principal").based("mscrm.crmbaseentity").keyed("ownerid").with("ownerid", "Edm.Guid");
    let mut entities = vec![base, Structure { is_abstract: true, ..principal }];
    entities.extend(tables.iter().map(|table| entity(table, tables)));
    Model {
        namespace: "Microsoft.Dynamics.CRM",
        alias: "mscrm",
        container: "System",
        binding: "entity",
        enums: enums(),
        complexes: complexes(),
        entities,
        operations: OPERATIONS.to_vec(),
        sets: tables
            .iter()
            .map(|table| (table.entity_set.clone(), format!("mscrm.{}", table.logical_name).into()))
            .collect(),
    }
}

fn entity(table: &Table, tables: &[&Table]) -> Structure {
    let is_principal = PRINCIPALS.contains(&table.logical_name.as_ref());
    let base = if is_principal { "mscrm.principal" } else { "mscrm.crmbaseentity" };
    let mut structure = Structure::named(table.logical_name.clone()).based(base);
    if is_principal {
        structure = structure.keyed("ownerid");
    } else {
        structure = structure.keyed(table.primary_id.clone());
    }
    structure = structure.with(table.primary_id.clone(), "Edm.Guid");
    for column in &table.columns {
        // A principal has this one from its base.
        if is_principal && column.name == "ownerid" {
            continue;
        }
        structure = structure.with(column.name.clone(), kind(&column.name, &column.kind));
        if let Kind::Lookup { navigation, targets } = &column.kind {
            structure.navigations.extend(lookup(&column.name, navigation, targets, tables));
        }
    }
    let name = table.logical_name.as_ref();
    for relationship in
        MANY_TO_MANY.iter().filter(|relationship| relationship.sides.iter().any(|(side, _)| *side == name))
    {
        let [_, (far, _)] = relationship.seen_from(name);
        structure = structure.leading(relationship.navigation, format!("Collection(mscrm.{far})"));
    }
    for relationship in ONE_TO_MANY.iter().filter(|relationship| relationship.one == name) {
        structure = structure.leading(relationship.navigation, format!("Collection(mscrm.{})", relationship.many));
    }
    structure
}

fn kind(name: &str, kind: &Kind) -> Name {
    match kind {
        Kind::Text => "Edm.String",
        Kind::Id | Kind::Lookup { .. } => "Edm.Guid",
        // Versions are the one number that does not fit (recorded: `$metadata`).
        Kind::Integer if name == "versionnumber" => "Edm.Int64",
        Kind::Integer => "Edm.Int32",
        Kind::Boolean => "Edm.Boolean",
        Kind::Moment => "Edm.DateTimeOffset",
        Kind::Managed => "mscrm.BooleanManagedProperty",
    }
    .into()
}

/// The navigation properties of a lookup, to tables that are there: an owner leads to the base type of user and team; other lookups with several targets have one
/// property for each (Learn: multi-table lookups).
fn lookup(column: &Name, navigation: &Name, targets: &[Name], tables: &[&Table]) -> Vec<Navigation> {
    let to = |name: Name, target: &str| {
        let key = tables.iter().find(|table| table.logical_name == target)?.primary_id.clone();
        Some(Navigation { name, kind: format!("mscrm.{target}").into(), constraint: Some((column.clone(), key)) })
    };
    match targets {
        [only] => to(navigation.clone(), only).into_iter().collect(),
        [user, team] if user == "systemuser" && team == "team" => {
            vec![Navigation {
                name: navigation.clone(),
                kind: "mscrm.principal".into(),
                constraint: Some((column.clone(), "ownerid".into())),
            }]
        }
        several => several.iter().filter_map(|target| to(format!("{navigation}_{target}").into(), target)).collect(),
    }
}
