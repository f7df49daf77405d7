//! What a `SecurityRole` document says.
use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::civil::Date;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::kinds::principals::{State, date, guid};
use crate::ledger::Extent;
use crate::names::{BuiltInRole, Depth, Operation};

/// A security role: whether it exists, and which privileges it holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(rename = "SecurityRoleSpec")]
pub struct Spec {
    /// The role.
    pub role: RoleName,
    /// The role's description, if it is managed here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// "Member's privilege inheritance", if it is managed here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member_privilege_inheritance: Option<Inheritance>,
    /// The unique name of the unmanaged solution that the role is made in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub solution: Option<String>,
    /// Lets a managed role get an unmanaged layer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_unmanaged_layer: bool,
    /// What happens to privileges that are not named: `named` leaves them alone, `exact` removes them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extent: Option<Extent>,
    /// Lets an exact list name no privilege.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_empty: bool,
    /// Privileges on tables, by the table's display name or logical name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub privileges: BTreeMap<String, Operations>,
    /// Privileges that no table has, by their own names, such as `prvFlow`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub miscellaneous: BTreeMap<String, Grant>,
}

/// How a document names a security role.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum RoleName {
    /// The role's name.
    Name(String),
    /// A role that Microsoft delivers.
    BuiltIn(BuiltIn),
    /// By the root role's id; a name beside it is checked.
    Known(KnownRole),
}

/// A role that Microsoft delivers, whatever it is called in this environment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct BuiltIn {
    /// The role.
    pub built_in: BuiltInRole,
}

/// A role by the root role's id; a name beside it is checked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KnownRole {
    /// The root role's id.
    #[schemars(schema_with = "guid")]
    pub id: Uuid,
    /// The role's name, which is checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// "Member's privilege inheritance": whom a role of a team reaches (`isinherited`; Learn: Security roles and privileges).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Inheritance {
    /// Direct User (Basic) access level and Team privileges.
    Direct,
    /// Team privileges only.
    TeamOnly,
}

/// What may be done with the rows of one table, operation by operation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Operations(pub BTreeMap<Operation, Grant>);

impl JsonSchema for Operations {
    fn schema_name() -> Cow<'static, str> {
        "Operations".into()
    }

    // Written out, because a map with described enum keys comes out as a map with any keys.
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let grant = generator.subschema_for::<Grant>();
        let properties: BTreeMap<_, _> =
            Operation::ALL.into_iter().map(|operation| (operation.word(), grant.clone())).collect();
        json_schema!({
            "description": "What may be done with the rows of one table, operation by operation.",
            "type": "object",
            "properties": properties,
            "additionalProperties": false,
        })
    }
}

/// How far a privilege reaches, or that it shall not be held.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Grant {
    /// How far it reaches.
    Depth(Depth),
    /// How far it reaches, and until when.
    Until(Until),
    /// That it shall not be held.
    State(Stated),
}

/// How far a privilege reaches, and until when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Until {
    /// How far it reaches.
    pub depth: Depth,
    /// The last day on which it is wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "date")]
    pub expires: Option<Date>,
}

/// That a privilege shall not be held.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stated {
    /// `absent` removes it.
    pub state: Removed,
}

/// The one word for what shall not be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Removed {
    /// It shall not be there.
    Absent,
}

impl From<Removed> for State {
    fn from(Removed::Absent: Removed) -> Self {
        Self::Absent
    }
}
