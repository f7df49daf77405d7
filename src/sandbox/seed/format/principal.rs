//! Who is meant, in a seed.

use serde::{Deserialize, Serialize};

/// A principal, named in one of these ways.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Principal {
    /// A user principal name.
    User(String),
    /// An Entra group; in Dataverse its group team of members and guests.
    Group(String),
    /// A service principal.
    Application(String),
    /// A Dataverse team.
    Team(String),
}

/// What is true where nothing else is said.
pub(super) const fn yes() -> bool {
    true
}
