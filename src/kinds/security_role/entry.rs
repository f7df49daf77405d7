//! What a security role has: its existence, its properties, and its privileges.
use std::cmp::Ordering;
use std::fmt;

use uuid::Uuid;

use crate::ledger::{Key, Level};
use crate::names::{Depth, Operation, Text};

/// What a security role has. Existence and properties are entries like others, so that changes to them are planned alike.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Entry {
    /// That it exists.
    Role,
    /// Whether its privileges reach the members of a team that holds it.
    Inheritance,
    /// Its description.
    Description,
    /// A privilege.
    Privilege(Privilege),
}

/// A privilege as an entry; ordered by table and operation, identified by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Privilege {
    /// The table's display name; none for a privilege that no table has.
    pub table: Option<Text>,
    /// What it lets do with the table's rows.
    pub operation: Option<Operation>,
    /// The organisation's own name for it.
    pub name: Text,
    /// Its id in this organisation.
    pub id: Uuid,
}

impl Key for Entry {
    fn key(&self) -> String {
        match self {
            Self::Role => "role".to_owned(),
            Self::Inheritance => "isinherited".to_owned(),
            Self::Description => "description".to_owned(),
            Self::Privilege(privilege) => privilege.name.to_lowercase(),
        }
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Role => formatter.write_str("the role itself"),
            Self::Inheritance => formatter.write_str("member's privilege inheritance"),
            Self::Description => formatter.write_str("description"),
            Self::Privilege(Privilege { table: Some(table), operation: Some(operation), .. }) => {
                write!(formatter, "{operation:<8} {table}")
            }
            Self::Privilege(privilege) => formatter.write_str(&privilege.name),
        }
    }
}

/// How far an entry of a security role reaches.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RoleLevel {
    /// It exists.
    Exists,
    /// Its privileges reach members of teams directly (`isinherited` 1), or teams alone (0).
    ReachesMembers(bool),
    /// A text.
    Text(Text),
    /// A depth.
    Depth(Depth),
}

impl Level for RoleLevel {
    fn reach(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Depth(Depth::RecordFilter), Self::Depth(other)) if *other != Depth::RecordFilter => None,
            (Self::Depth(own), Self::Depth(Depth::RecordFilter)) if *own != Depth::RecordFilter => None,
            (Self::Depth(own), Self::Depth(other)) => Some(own.cmp(other)),
            (Self::ReachesMembers(own), Self::ReachesMembers(other)) => Some(own.cmp(other)),
            (Self::Exists, Self::Exists) => Some(Ordering::Equal),
            (Self::Text(_) | Self::Exists | Self::Depth(_) | Self::ReachesMembers(_), _) => None,
        }
    }

    fn word(&self) -> String {
        match self {
            Self::Exists => "exists".to_owned(),
            Self::ReachesMembers(true) => "direct".to_owned(),
            Self::ReachesMembers(false) => "teamOnly".to_owned(),
            Self::Text(text) => format!("text:{text}"),
            Self::Depth(depth) => depth.key().to_owned(),
        }
    }
}

impl fmt::Display for RoleLevel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exists => formatter.write_str("exists"),
            // The portal's words for `isinherited` 1 and 0 (Learn: security roles and privileges).
            Self::ReachesMembers(true) => formatter.write_str("direct user and team privileges"),
            Self::ReachesMembers(false) => formatter.write_str("team privileges only"),
            Self::Text(text) => write!(formatter, "`{text}`"),
            Self::Depth(depth) => formatter.write_str(depth.words()),
        }
    }
}
