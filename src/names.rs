//! Newtypes for what things are called, and `Ref`: a name and an id that belong together.
use std::cmp::Ordering;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// A short text that is shared instead of copied.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(Arc<str>);

impl Text {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Text {
    fn default() -> Self {
        Self::from("")
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl std::ops::Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Text {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, formatter)
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

/// Reads what may be nothing and must be said all the same: files that powergrant wrote leave nothing out.
pub fn required<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    T::deserialize(deserializer)
}

/// Folds a name as Dataverse compares names: without regard to case (SQL collation; inferred).
pub fn folded(name: &str) -> String {
    name.trim().to_lowercase()
}

/// A name and an id that belong together. Only the inventory makes them from what it read, so one id has one name.
///
/// Ordered by name and then id, so that maps come out as people read them; compared in digests by id alone.
pub struct Ref<K> {
    /// The name as the service has it.
    pub name: Text,
    /// The id.
    pub id: Uuid,
    kind: PhantomData<fn() -> K>,
}

impl<K> Ref<K> {
    /// Puts a name and an id together.
    pub fn new(name: impl Into<Text>, id: Uuid) -> Self {
        Self { name: name.into(), id, kind: PhantomData }
    }
}

impl<K> Clone for Ref<K> {
    fn clone(&self) -> Self {
        Self { name: self.name.clone(), id: self.id, kind: PhantomData }
    }
}

impl<K> fmt::Debug for Ref<K> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({})", self.name, self.id)
    }
}

impl<K> fmt::Display for Ref<K> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)
    }
}

impl<K> PartialEq for Ref<K> {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id && self.name == other.name
    }
}

impl<K> Eq for Ref<K> {}

impl<K> PartialOrd for Ref<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<K> Ord for Ref<K> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.name.cmp(&other.name).then(self.id.cmp(&other.id))
    }
}

impl<K> std::hash::Hash for Ref<K> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.id.hash(state);
    }
}

impl<K> crate::ledger::Key for Ref<K> {
    fn key(&self) -> String {
        self.id.to_string()
    }
}

impl<K> Serialize for Ref<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (&self.name, self.id).serialize(serializer)
    }
}

impl<'de, K> Deserialize<'de> for Ref<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <(Text, Uuid)>::deserialize(deserializer).map(|(name, id)| Self::new(name, id))
    }
}

/// What a `Ref` to a security role is marked with; the id is that of the root role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {}
/// What a `Ref` to a cloud flow is marked with (`workflowid`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flow {}
/// What a `Ref` to a connection reference is marked with (`connectionreferenceid`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reference {}
/// What a `Ref` to a business unit is marked with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unit {}
/// What a `Ref` to an environment is marked with; the id is the organisation's, or the environment's own without Dataverse.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Environment {}

/// A table, by its logical name: `workflow`, `connectionreference`.
pub type TableName = Text;

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
