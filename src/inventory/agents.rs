//! Agents of Copilot Studio: who may talk to them, how those people are known to them, and what their tools run as.
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::inventory::people::PrincipalRow;
use crate::names::{Text, required};

/// A `bot` row, and what its components call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Agent {
    /// The name that people see.
    pub name: Text,
    /// The schema name.
    pub schema_name: Text,
    /// Its owner.
    pub owner: PrincipalRow,
    /// Who may talk to it.
    pub access: AgentAccess,
    /// The Entra groups whose members may, where its access is by groups.
    pub groups: BTreeSet<Uuid>,
    /// How whoever talks to it is known.
    pub authentication: Authentication,
    /// The flows that its topics and tools call.
    pub flows: BTreeSet<Uuid>,
    /// Its tools that call a flow or a connector with a connection mode of their own.
    pub tools: BTreeSet<Tool>,
}

/// Who may talk to an agent (Learn: bot table reference, `accesscontrolpolicy`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AgentAccess {
    /// Everybody (0).
    Anyone,
    /// Whoever may read its row (1).
    Readers,
    /// The members of its groups, and whoever may read its row (2).
    Groups,
    /// Everybody, of other tenants too (3).
    AnyTenant,
    /// A policy that was added since.
    Other(i64),
}

impl AgentAccess {
    /// The policy of a number.
    pub fn of(number: i64) -> Self {
        match number {
            0 => Self::Anyone,
            1 => Self::Readers,
            2 => Self::Groups,
            3 => Self::AnyTenant,
            other => Self::Other(other),
        }
    }

    /// The policy in words.
    pub fn words(self) -> String {
        match self {
            Self::Anyone => "open to everybody in the organisation".to_owned(),
            Self::Readers => "open to whoever may read the agent's row".to_owned(),
            Self::Groups => "open to the members of its groups".to_owned(),
            Self::AnyTenant => "open to everybody, of other tenants too".to_owned(),
            Self::Other(number) => format!("open by a policy that is not known here ({number})"),
        }
    }
}

/// How whoever talks to an agent is known (Learn: bot table reference, `authenticationmode`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Authentication {
    /// Nothing was chosen (0).
    Unspecified,
    /// Nobody signs in (1).
    None,
    /// With Microsoft (2).
    Integrated,
    /// With an Entra application of one's own (3).
    CustomEntra,
    /// With another provider (4).
    Other,
    /// A way that was added since.
    Unknown(i64),
}

impl Authentication {
    /// The way of a number.
    pub fn of(number: i64) -> Self {
        match number {
            0 => Self::Unspecified,
            1 => Self::None,
            2 => Self::Integrated,
            3 => Self::CustomEntra,
            4 => Self::Other,
            other => Self::Unknown(other),
        }
    }

    /// Whether the agent knows who talks to it, so that a flow can run for that person
    /// (Learn: bot table reference, 2 and 3; configure user authentication).
    pub fn knows_its_user(self) -> Option<bool> {
        match self {
            Self::Integrated | Self::CustomEntra => Some(true),
            Self::None | Self::Other => Some(false),
            Self::Unspecified | Self::Unknown(_) => None,
        }
    }

    /// The way in words.
    pub fn words(self) -> String {
        match self {
            Self::Unspecified => "authentication is not set".to_owned(),
            Self::None => "no authentication".to_owned(),
            Self::Integrated => "authenticated with Microsoft".to_owned(),
            Self::CustomEntra => "authenticated with an Entra application of its own".to_owned(),
            Self::Other => "authenticated with another provider than Entra".to_owned(),
            Self::Unknown(number) => format!("authenticated in a way that is not known here ({number})"),
        }
    }
}

/// A tool of an agent: what it calls, and with whose credentials.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Tool {
    /// The component's name.
    pub name: Text,
    /// The flow that it calls.
    #[serde(deserialize_with = "required")]
    pub flow: Option<Uuid>,
    /// The logical name of the connection reference that it uses.
    #[serde(deserialize_with = "required")]
    pub reference: Option<Text>,
    /// With whose credentials it runs, where its text says so.
    #[serde(deserialize_with = "required")]
    pub mode: Option<ToolMode>,
}

/// With whose credentials a tool runs (`connectionProperties.mode` in exported agents).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ToolMode {
    /// With those of whoever talks to the agent (`Invoker`).
    User,
    /// With those of its maker (`Maker`, `Embedded`).
    Maker,
}

impl ToolMode {
    /// The mode in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::User => "with the credentials of whoever talks to it",
            Self::Maker => "with the credentials of its maker",
        }
    }
}
