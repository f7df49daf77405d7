//! How documents name security roles and flows.
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{folded, required};

/// A role that Microsoft delivers, known by an id that is the same everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum BuiltInRole {
    /// Basic User, formerly Common Data Service User; what people call "Environment User".
    BasicUser,
    /// System Administrator.
    SystemAdministrator,
    /// System Customizer.
    SystemCustomizer,
    /// Environment Maker.
    EnvironmentMaker,
    /// App Opener.
    AppOpener,
    /// Delegate, which holds the act-on-behalf privilege.
    Delegate,
    /// Support User.
    SupportUser,
    /// Power Automate Operator.
    PowerAutomateOperator,
}

impl BuiltInRole {
    /// Every role of the table.
    pub const ALL: [Self; 8] = [
        Self::BasicUser,
        Self::SystemAdministrator,
        Self::SystemCustomizer,
        Self::EnvironmentMaker,
        Self::AppOpener,
        Self::Delegate,
        Self::SupportUser,
        Self::PowerAutomateOperator,
    ];

    /// The names by which people know it; the first is today's.
    pub fn names(self) -> &'static [&'static str] {
        match self {
            // "Environment User" is what forum answers say when they mean Basic User (Learn: configure user security).
            Self::BasicUser => &["Basic User", "Common Data Service User", "Environment User"],
            Self::SystemAdministrator => &["System Administrator"],
            Self::SystemCustomizer => &["System Customizer"],
            Self::EnvironmentMaker => &["Environment Maker"],
            Self::AppOpener => &["App Opener"],
            Self::Delegate => &["Delegate"],
            Self::SupportUser => &["Support User"],
            Self::PowerAutomateOperator => &["Power Automate Operator"],
        }
    }

    /// The id that is the same in every environment, and whether it is a `roletemplateid` (else the root role's own id).
    /// Equal in two unrelated recorded organisations (role lists of March 2024 and December 2025).
    pub fn fixed_id(self) -> (Uuid, bool) {
        match self {
            Self::BasicUser => (Uuid::from_u128(0x236750cd_45ae_4939_ab12_b24b920ced93), true),
            Self::SystemAdministrator => (Uuid::from_u128(0x627090ff_40a3_4053_8790_584edc5be201), true),
            Self::SystemCustomizer => (Uuid::from_u128(0x119f245c_3cc8_4b62_b31c_d1a046ced15d), true),
            Self::Delegate => (Uuid::from_u128(0xd892cc0b_28c7_4e88_bd92_72f2c366baed), true),
            Self::SupportUser => (Uuid::from_u128(0x2d101bb3_5ced_4122_83f1_94d5efde4e3b), true),
            Self::EnvironmentMaker => (Uuid::from_u128(0xd58407f2_48d5_e711_a82c_000d3a37c848), false),
            Self::AppOpener => (Uuid::from_u128(0x979144c2_989b_41a5_a146_6b3ea4130e8c), false),
            Self::PowerAutomateOperator => (Uuid::from_u128(0x5575634d_da16_4a50_90a8_cde589bccb32), false),
        }
    }

    /// Whether a root role with this id is one of the table that have no template.
    pub fn has_root(id: Uuid) -> bool {
        Self::ALL.into_iter().any(|role| role.fixed_id() == (id, false))
    }

    /// Finds the role that a name means, without regard to case.
    pub fn named(name: &str) -> Option<Self> {
        let wanted = folded(name);
        Self::ALL.into_iter().find(|role| role.names().iter().any(|known| folded(known) == wanted))
    }
}

/// How a document names a security role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub enum RoleName {
    /// By its name.
    Name(String),
    /// One that Microsoft delivers.
    BuiltIn(BuiltInRole),
    /// By the root role's id; a name beside it is checked.
    Id {
        /// The id, which decides.
        id: Uuid,
        /// The name, which is checked.
        #[serde(deserialize_with = "required")]
        name: Option<String>,
    },
}

/// How a document names a flow, or several.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub enum FlowName {
    /// By its name.
    Name(String),
    /// By its `workflowid`; a name beside it is checked.
    Id {
        /// The id, which decides.
        id: Uuid,
        /// The name, which is checked.
        #[serde(deserialize_with = "required")]
        name: Option<String>,
    },
    /// By its name within a solution, given by the solution's unique name.
    InSolution {
        /// The solution's unique name.
        solution: String,
        /// The flow's name.
        name: String,
    },
    /// Every flow of a solution.
    AllOfSolution(String),
    /// Every flow that an agent's components call.
    AllOfAgent(String),
}
