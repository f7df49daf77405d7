//! The entity data model of a service: what `$metadata` says, and what requests are checked against.

mod check;
mod complex;
mod dataverse;
mod graph;
mod operations;
#[cfg(test)]
mod tests;
mod write;

pub(super) use check::{arguments, body};
pub(super) use dataverse::dataverse;
pub(super) use graph::graph;
pub(super) use operations::{Call, Operation, find};

use std::borrow::Cow;

/// A name or a type in the model, `Collection(mscrm.role)`.
type Name = Cow<'static, str>;

/// The model of one service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Model {
    /// The namespace, `Microsoft.Dynamics.CRM`.
    namespace: &'static str,
    /// Its short form in types, `mscrm`.
    alias: &'static str,
    /// The name of the container of sets.
    container: &'static str,
    /// What the parameter is called that stands for what an operation is called on.
    binding: &'static str,
    enums: Vec<Enum>,
    complexes: Vec<Structure>,
    entities: Vec<Structure>,
    operations: Vec<Operation>,
    /// Entity sets, each with its type.
    sets: Vec<(Name, Name)>,
}

/// A type with named values.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Enum {
    name: &'static str,
    kind: EnumKind,
    members: Vec<(Name, u32)>,
}

/// Whether values of a type can be combined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum EnumKind {
    Single,
    Flags,
}

/// An entity type or a complex type.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Structure {
    name: Name,
    base: Option<Name>,
    is_abstract: bool,
    key: Option<Name>,
    properties: Vec<Property>,
    navigations: Vec<Navigation>,
}

/// A property that holds a value.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Property {
    name: Name,
    kind: Name,
}

/// A property that leads to entities.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Navigation {
    name: Name,
    kind: Name,
    /// The property that holds the key of the other side, and the property there.
    constraint: Option<(Name, Name)>,
}

impl Structure {
    fn named(name: impl Into<Name>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    fn based(mut self, base: impl Into<Name>) -> Self {
        self.base = Some(base.into());
        self
    }

    fn keyed(mut self, key: impl Into<Name>) -> Self {
        self.key = Some(key.into());
        self
    }

    fn with(mut self, name: impl Into<Name>, kind: impl Into<Name>) -> Self {
        self.properties.push(Property { name: name.into(), kind: kind.into() });
        self
    }

    fn leading(mut self, name: impl Into<Name>, kind: impl Into<Name>) -> Self {
        self.navigations.push(Navigation { name: name.into(), kind: kind.into(), constraint: None });
        self
    }
}
