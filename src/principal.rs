//! Whom a permission is given to.
use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::names::{Membership, Text, required};

/// Whom a permission is given to, by the identity that outlives names and environments.
///
/// The variants' first field is the name, so that lists come out as people read them; identity is the id alone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Principal {
    /// A person.
    User {
        /// The user principal name, or what comes nearest to it.
        name: Text,
        /// The Entra object id.
        id: Uuid,
    },
    /// An Entra group: in an environment, its group team of one membership type.
    Group {
        /// The group's display name.
        name: Text,
        /// The Entra object id.
        id: Uuid,
        /// Which of its members are meant.
        membership: Membership,
    },
    /// An application user.
    Application {
        /// The application's display name.
        name: Text,
        /// The application (client) id.
        id: Uuid,
    },
    /// An existing Dataverse team that is not an Entra group's.
    Team {
        /// The team's name.
        name: Text,
        /// The team's row (`teamid`).
        id: Uuid,
    },
    /// Everyone in the organisation or tenant.
    Everyone,
    /// A row that no manifest can name: SYSTEM, a support user, a deleted user.
    Unnamed {
        /// What is known of it.
        name: Text,
        /// The row's id.
        row: Uuid,
    },
}

impl Principal {
    /// The word before the name in plans.
    pub fn word(&self) -> &'static str {
        match self {
            Self::User { .. } => "user",
            Self::Group { .. } => "group",
            Self::Application { .. } => "application",
            Self::Team { .. } => "team",
            Self::Everyone => "everyone",
            Self::Unnamed { .. } => "unnamed",
        }
    }

    /// The name, empty for everyone.
    pub fn name(&self) -> &str {
        match self {
            Self::User { name, .. }
            | Self::Group { name, .. }
            | Self::Application { name, .. }
            | Self::Team { name, .. }
            | Self::Unnamed { name, .. } => name,
            Self::Everyone => "",
        }
    }

    /// The identity, as it stands in digests: kind, id, and for a group its membership type.
    pub fn identity(&self) -> String {
        match self {
            Self::User { id, .. } => format!("user:{id}"),
            Self::Group { id, membership, .. } => format!("group:{id}:{}", membership.key()),
            Self::Application { id, .. } => format!("application:{id}"),
            Self::Team { id, .. } => format!("team:{id}"),
            Self::Everyone => "everyone".to_owned(),
            Self::Unnamed { row, .. } => format!("row:{row}"),
        }
    }

    /// The same principal under another name.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        let name = Text::from(name);
        match self {
            Self::User { id, .. } => Self::User { name, id },
            Self::Group { id, membership, .. } => Self::Group { name, id, membership },
            Self::Application { id, .. } => Self::Application { name, id },
            Self::Team { id, .. } => Self::Team { name, id },
            Self::Everyone => Self::Everyone,
            Self::Unnamed { row, .. } => Self::Unnamed { name, row },
        }
    }
}

impl crate::names::Key for Principal {
    fn key(&self) -> String {
        self.identity()
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everyone => formatter.write_str("everyone"),
            Self::Group { name, membership, .. } if *membership != Membership::default() => {
                write!(formatter, "group {name} ({})", membership.key())
            }
            Self::User { .. }
            | Self::Group { .. }
            | Self::Application { .. }
            | Self::Team { .. }
            | Self::Unnamed { .. } => {
                write!(formatter, "{} {}", self.word(), self.name())
            }
        }
    }
}

/// How a document names a principal. An id decides; a name beside it is checked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub enum PrincipalName {
    /// A person.
    User {
        /// The user principal name.
        #[serde(deserialize_with = "required")]
        name: Option<String>,
        /// The Entra object id.
        #[serde(deserialize_with = "required")]
        id: Option<Uuid>,
    },
    /// An Entra group.
    Group {
        /// The display name.
        #[serde(deserialize_with = "required")]
        name: Option<String>,
        /// The Entra object id.
        #[serde(deserialize_with = "required")]
        id: Option<Uuid>,
        /// The membership type of its team.
        membership: Membership,
    },
    /// An application user.
    Application {
        /// The display name.
        #[serde(deserialize_with = "required")]
        name: Option<String>,
        /// The application (client) id.
        id: Uuid,
    },
    /// An existing Dataverse team.
    Team {
        /// The team's name.
        #[serde(deserialize_with = "required")]
        name: Option<String>,
        /// The team's row.
        #[serde(deserialize_with = "required")]
        id: Option<Uuid>,
        /// Its business unit, to tell teams of one name apart.
        #[serde(deserialize_with = "required")]
        business_unit: Option<String>,
    },
}
