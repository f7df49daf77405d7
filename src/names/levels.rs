//! What is held and how far it reaches, in the portal's words.
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a privilege lets its holder do with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Operation {
    /// Make a new row.
    Create,
    /// See a row.
    Read,
    /// Change a row.
    Write,
    /// Remove a row.
    Delete,
    /// Attach the row to another one.
    Append,
    /// Let other rows be attached to the row.
    AppendTo,
    /// Give the row to another owner.
    Assign,
    /// Share the row.
    Share,
}

impl Operation {
    /// Every operation, in the portal's order.
    pub const ALL: [Self; 8] =
        [Self::Create, Self::Read, Self::Write, Self::Delete, Self::Append, Self::AppendTo, Self::Assign, Self::Share];

    /// The word the portal uses, which is also the `PrivilegeType` on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Self::Create => "Create",
            Self::Read => "Read",
            Self::Write => "Write",
            Self::Delete => "Delete",
            Self::Append => "Append",
            Self::AppendTo => "AppendTo",
            Self::Assign => "Assign",
            Self::Share => "Share",
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.word())
    }
}

/// How far a privilege reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Depth {
    /// Rows that the user owns or that are shared with the user.
    User,
    /// Rows of the user's business unit.
    BusinessUnit,
    /// Rows of the user's business unit and the units below it.
    ParentChildBusinessUnits,
    /// Every row of the organisation.
    Organization,
    /// Rows that a record filter selects; read and shown, never written, and no word of the manifests' schema.
    #[schemars(skip)]
    RecordFilter,
}

impl Depth {
    /// The depths that a manifest can name.
    pub const WRITABLE: [Self; 4] =
        [Self::User, Self::BusinessUnit, Self::ParentChildBusinessUnits, Self::Organization];

    /// The portal's words.
    pub fn words(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::BusinessUnit => "Business Unit",
            Self::ParentChildBusinessUnits => "Parent: Child Business Units",
            Self::Organization => "Organization",
            Self::RecordFilter => "Record filter",
        }
    }

    /// The manifest's word.
    pub fn key(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::BusinessUnit => "businessUnit",
            Self::ParentChildBusinessUnits => "parentChildBusinessUnits",
            Self::Organization => "organization",
            Self::RecordFilter => "recordFilter",
        }
    }
}

impl fmt::Display for Depth {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.words())
    }
}

/// How far an action of a flow reaches for its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ConnectionMode {
    /// The action runs with the connection of the person who runs the flow.
    ProvidedByRunOnlyUser,
    /// The action runs with the flow's own connection, whoever runs the flow.
    UseThisConnection,
    /// Several keys carry one reference and disagree; read and shown, never written.
    #[serde(skip_deserializing)]
    #[schemars(skip)]
    Mixed,
}

impl ConnectionMode {
    /// The portal's words.
    pub fn words(self) -> &'static str {
        match self {
            Self::ProvidedByRunOnlyUser => "provided by run-only user",
            Self::UseThisConnection => "use this connection",
            Self::Mixed => "mixed",
        }
    }

    /// The manifest's word.
    pub fn key(self) -> &'static str {
        match self {
            Self::ProvidedByRunOnlyUser => "providedByRunOnlyUser",
            Self::UseThisConnection => "useThisConnection",
            Self::Mixed => "mixed",
        }
    }
}

impl fmt::Display for ConnectionMode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.words())
    }
}

/// Which members of an Entra group a group team has (`membershiptype`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Membership {
    /// Members and guests.
    #[default]
    MembersAndGuests,
    /// Members without guests.
    Members,
    /// Owners of the group.
    Owners,
    /// Guests alone.
    Guests,
}

impl Membership {
    /// The manifest's word.
    pub fn key(self) -> &'static str {
        match self {
            Self::MembersAndGuests => "membersAndGuests",
            Self::Members => "members",
            Self::Owners => "owners",
            Self::Guests => "guests",
        }
    }
}

/// An administrative role in an environment without Dataverse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum EnvironmentRole {
    /// Environment Admin.
    Admin,
    /// Environment Maker.
    Maker,
}

impl EnvironmentRole {
    /// The portal's words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Admin => "Environment Admin",
            Self::Maker => "Environment Maker",
        }
    }

    /// The manifest's word.
    pub fn key(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Maker => "maker",
        }
    }
}

impl fmt::Display for EnvironmentRole {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.words())
    }
}
