//! The model of Microsoft Graph, as far as users, groups and service principals go.

use super::model::{Model, Structure};
use super::operations::{Binding, Call, Operation};
use crate::sandbox::schema::directory::Kind;

const OBJECT: Binding = Binding::Row("directoryObject");

/// What is called on directory objects (Learn: the pages of the three actions).
const OPERATIONS: [Operation; 3] = [
    Operation {
        name: "checkMemberGroups",
        call: Call::Action,
        binding: OBJECT,
        parameters: &[("groupIds", "Collection(Edm.String)")],
        answer: Some("Collection(Edm.String)"),
    },
    Operation {
        name: "getMemberGroups",
        call: Call::Action,
        binding: OBJECT,
        parameters: &[("securityEnabledOnly", "Edm.Boolean")],
        answer: Some("Collection(Edm.String)"),
    },
    Operation {
        name: "getByIds",
        call: Call::Action,
        binding: Binding::Rows("directoryObject"),
        parameters: &[("ids", "Collection(Edm.String)"), ("types", "Collection(Edm.String)")],
        answer: Some("Collection(graph.directoryObject)"),
    },
];

/// Makes the model, from the properties that requests are checked against.
pub(in crate::sandbox) fn graph() -> Model {
    let base = Structure::named("entity").keyed("id").with("id", "Edm.String");
    let mut entities =
        vec![Structure { is_abstract: true, ..base }, Structure::named("directoryObject").based("graph.entity")];
    let mut sets = vec![("directoryObjects".into(), "graph.directoryObject".into())];
    for kind in Kind::ALL {
        let mut structure = Structure::named(kind.name()).based("graph.directoryObject");
        for (name, of) in kind.properties().into_iter().filter(|(name, _)| *name != "id") {
            structure = structure.with(name, of);
        }
        for name in kind.relations() {
            structure = structure.leading(*name, "Collection(graph.directoryObject)");
        }
        entities.push(structure);
        sets.push((kind.set().into(), format!("graph.{}", kind.name()).into()));
    }
    Model {
        namespace: "microsoft.graph",
        alias: "graph",
        container: "GraphService",
        binding: "bindingParameter",
        // What a user's plan is made of stands in no published extract that this was held against, so that it has no properties here.
        complexes: vec![Structure::named("assignedPlan")],
        entities,
        operations: OPERATIONS.to_vec(),
        sets,
        ..Model::default()
    }
}
