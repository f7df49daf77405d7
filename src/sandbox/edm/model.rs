//! What a model is made of: types with their properties, sets, operations.

use std::borrow::Cow;

use super::operations::Operation;

/// A name or a type in the model, `Collection(mscrm.role)`.
pub(super) type Name = Cow<'static, str>;

/// The model of one service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::sandbox) struct Model {
    /// The namespace, `Microsoft.Dynamics.CRM`.
    pub(super) namespace: &'static str,
    /// Its short form in types, `mscrm`.
    pub(super) alias: &'static str,
    /// The name of the container of sets.
    pub(super) container: &'static str,
    /// What the parameter is called that stands for what an operation is called on.
    pub(super) binding: &'static str,
    pub(super) enums: Vec<Enum>,
    pub(super) complexes: Vec<Structure>,
    pub(super) entities: Vec<Structure>,
    pub(super) operations: Vec<Operation>,
    /// Entity sets, each with its type.
    pub(super) sets: Vec<(Name, Name)>,
}

/// A type with named values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Enum {
    pub(super) name: &'static str,
    pub(super) kind: EnumKind,
    pub(super) members: Vec<(Name, u32)>,
}

/// Whether values of a type can be combined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EnumKind {
    Single,
    Flags,
}

/// An entity type or a complex type.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Structure {
    pub(super) name: Name,
    pub(super) base: Option<Name>,
    pub(super) is_abstract: bool,
    pub(super) key: Option<Name>,
    pub(super) properties: Vec<Property>,
    pub(super) navigations: Vec<Navigation>,
}

/// A property that holds a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Property {
    pub(super) name: Name,
    pub(super) kind: Name,
}

/// A property that leads to entities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Navigation {
    pub(super) name: Name,
    pub(super) kind: Name,
    /// The property that holds the key of the other side, and the property there.
    pub(super) constraint: Option<(Name, Name)>,
}

impl Structure {
    pub(super) fn named(name: impl Into<Name>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    pub(super) fn based(mut self, base: impl Into<Name>) -> Self {
        self.base = Some(base.into());
        self
    }

    pub(super) fn keyed(mut self, key: impl Into<Name>) -> Self {
        self.key = Some(key.into());
        self
    }

    pub(super) fn with(mut self, name: impl Into<Name>, kind: impl Into<Name>) -> Self {
        self.properties.push(Property { name: name.into(), kind: kind.into() });
        self
    }

    pub(super) fn leading(mut self, name: impl Into<Name>, kind: impl Into<Name>) -> Self {
        self.navigations.push(Navigation { name: name.into(), kind: kind.into(), constraint: None });
        self
    }
}
