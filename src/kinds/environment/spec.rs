//! What an Environment document says.
use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::kinds::principals::{Principal, guid};
use crate::kinds::security_role::spec::RoleName;
use crate::names::Membership;

/// One Power Platform environment, how it is reached, and what differs in it from others.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
#[schemars(rename = "EnvironmentSpec")]
pub struct Spec {
    /// The organisation's address, such as `https://contoso.crm4.dynamics.com`; enough for everything in Dataverse.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "uri"))]
    pub url: Option<String>,
    /// The environment's id; only for environment roles, `addUsers: bap` and sharing limits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment_id: Option<String>,
    /// The Entra tenant's id, which the token must be for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "guid")]
    pub tenant: Option<Uuid>,
    /// Microsoft's cloud.
    #[serde(skip_serializing_if = "is_default")]
    pub cloud: Cloud,
    /// Prefix of the names of the variables that hold this environment's credentials; never a value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credentials: Option<String>,
    /// How users come in who are not in the environment yet.
    #[serde(skip_serializing_if = "is_default")]
    pub add_users: AddUsers,
    /// As whom flows are edited.
    #[serde(skip_serializing_if = "is_default")]
    pub act_as: ActAs,
    /// What powergrant makes group teams as.
    #[serde(skip_serializing_if = "is_default")]
    pub group_teams: GroupTeams,
    /// Variables that documents may use as `${name}` in this environment.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub vars: BTreeMap<String, Variable>,
    /// Limits of one run.
    #[serde(skip_serializing_if = "is_default")]
    pub rails: Rails,
}

/// One of Microsoft's clouds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Cloud {
    /// The public cloud.
    #[default]
    Public,
    /// US Government Community Cloud.
    Gcc,
    /// US Government Community Cloud High.
    GccHigh,
    /// US Department of Defense.
    Dod,
    /// China, operated by 21Vianet.
    China,
}

/// How a user who has no row comes into the environment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum AddUsers {
    /// With the first role assignment, through the alternate key: Dataverse alone.
    #[default]
    Dataverse,
    /// By the admin API's `addUser`, which needs a registered management application.
    Bap,
}

/// As whom a flow's text is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ActAs {
    /// As powergrant's own identity.
    #[default]
    Caller,
    /// As the flow's owner; needs the act-on-behalf privilege.
    Owner,
}

/// What powergrant makes group teams as.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct GroupTeams {
    /// The membership type where a member does not name one.
    #[serde(skip_serializing_if = "is_default")]
    pub membership: Membership,
    /// The business unit by name, or `root`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub business_unit: Option<String>,
}

/// A variable: a text, a principal, or a list of principals.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Variable {
    /// A text.
    Text(String),
    /// A list of principals, which `- ${name}` spreads.
    List(Vec<Principal>),
    /// A principal.
    Principal(Principal),
}

/// Limits of one run in this environment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Rails {
    /// How many removals are allowed.
    #[serde(skip_serializing_if = "is_default")]
    pub max_removals: MaxRemovals,
    /// How many enabled human administrators must be left; 2 unless said otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_admins: Option<u32>,
    /// Who must stay an administrator.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub required_admins: Vec<Principal>,
    /// How many people may be able to run a flow that lends a connection, once somebody gains it; 200 unless said otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_audience: Option<u32>,
    /// Whose permissions, and which security roles, are never taken away.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub protected: Vec<Protected>,
    /// Who may gain an administrator's role.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub privileged_grant: Vec<Principal>,
    /// Whether documents that say `allowUnmanagedLayer: true` may put a layer over a managed object here.
    #[serde(skip_serializing_if = "is_default")]
    pub unmanaged_layer: UnmanagedLayer,
}

/// A principal or a security role that is protected: exactly one of `user`, `group`, `application`, `team` and `role`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Protected {
    /// A security role.
    Role(ProtectedRole),
    /// A principal.
    Principal(Principal),
}

/// A security role that is protected: nobody loses it, and it loses nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProtectedRole {
    /// The role.
    pub role: RoleName,
}

/// Whether managed objects may get a layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum UnmanagedLayer {
    /// They may not, whatever a document says.
    #[default]
    Refused,
    /// They may where a document says so.
    Allowed,
}

/// How many removals one run may make.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MaxRemovals {
    /// At most so many; 20 unless said otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub absolute: Option<u32>,
    /// At most this share of the entries of a list, 0 to 1; 0.25 unless said otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub share: Option<f64>,
    /// So many are always allowed; 10 unless said otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub floor: Option<u32>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
