//! A plan as a document: Terraform's shape for the tools that read it, and what it takes to apply exactly this later.
//!
//! The shape is that of `terraform show -json` (format version 1.2), so that policies and comment tools carry over; what is
//! ours stands under `powergrant`. It names people and roles and holds no secret.
use std::collections::BTreeMap;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::kinds::policy::risk::Grade;
use crate::ledger::Effect;
use crate::review::Direction;

mod check;
mod drift;
mod of;

pub use check::Unfit;
pub use drift::{Origin, SavedDrift};

/// The version of Terraform's plan document whose shape this is.
pub const FORMAT_VERSION: &str = "1.2";
/// The version of what is ours.
pub const FORMAT: &str = "powergrant.dev/plan/v1";

/// The plans of a run as one document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Plan")]
pub struct Saved {
    /// The version of Terraform's plan document whose shape this is.
    pub format_version: String,
    /// Whether there is something to apply and nothing that forbids it.
    pub applyable: bool,
    /// Whether everything that manifests speak of could be read.
    pub complete: bool,
    /// Whether something is wrong with what was asked.
    pub errored: bool,
    /// What moves, in the order in which it is printed.
    pub resource_changes: Vec<ResourceChange>,
    /// What is ours.
    pub powergrant: About,
}

/// One entry that moves, in Terraform's shape.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResourceChange {
    /// The entry's address, made of identities: the same in every plan.
    pub address: String,
    /// Always `managed`.
    pub mode: String,
    /// The kind of permission: `powergrant_flow_share`.
    pub r#type: String,
    /// The environment's name.
    pub name: String,
    /// Always `powergrant.dev/powergrant`.
    pub provider_name: String,
    /// The move.
    pub change: Move,
    /// What is ours.
    pub powergrant: Extra,
}

/// A move in Terraform's shape.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Move {
    /// `create`, `update` or `delete`, alone.
    pub actions: Vec<Action>,
    /// The permission as it stands; null when there is none.
    pub before: Option<Permission>,
    /// The permission as it shall stand; null when there shall be none.
    pub after: Option<Permission>,
    /// Always empty: everything is known.
    pub after_unknown: BTreeMap<String, Value>,
    /// Always false: no secret is in it.
    pub before_sensitive: bool,
    /// Always false: no secret is in it.
    pub after_sensitive: bool,
}

/// What happens to a permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// It is given.
    Create,
    /// Its level changes.
    Update,
    /// It is taken away.
    Delete,
}

/// One permission: what, for whom or what, how far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Permission {
    /// The environment's name.
    pub environment: String,
    /// What is spoken of: `flow Expense intake, shares`.
    pub subject: String,
    /// What it has: `group SG-Expense-Prod`.
    pub entry: String,
    /// The kind of the principal, where the entry is one: `user`, `group`, `application`, `team`, `everyone`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    /// How far, as a word: `organization`, `runOnly`, `held`.
    pub level: String,
    /// How far, in the portal's words.
    pub words: String,
}

/// What is ours about one entry that moves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Extra {
    /// The environment's id.
    pub environment: String,
    /// The ledger.
    pub ledger: String,
    /// The subject's id.
    pub subject: String,
    /// The entry's id.
    pub entry: String,
    /// Whether somebody can do more, less, or something else.
    pub effect: Effect,
    /// Whether the plan makes the subject.
    pub new: bool,
    /// The manifest's line that wants it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<SavedPlace>,
    /// What else a reader should know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What it waits for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<String>,
    /// The last day for which it is given, if a manifest names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<SavedExpiry>,
    /// How risky it is, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk: Option<SavedRisk>,
}

/// The last day for which something is given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SavedExpiry {
    /// The last day, as `2027-01-31`.
    pub on: String,
    /// How many days it was away when the plan was made.
    pub days: i32,
}

/// How risky one change is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SavedRisk {
    /// The grade.
    pub grade: Grade,
    /// The rules that hold for it, the gravest first; none for what is asked for every day.
    pub because: Vec<SavedReason>,
}

/// A rule of risk that holds for a change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SavedReason {
    /// The rule.
    pub rule: String,
    /// Why it grades the change so.
    pub reason: String,
}

/// A place in a manifest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SavedPlace {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
}

/// What is ours about a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// The version of what is ours.
    pub format: String,
    /// The version of powergrant that planned.
    pub version: String,
    /// The digest, for `apply --expect`.
    pub digest: String,
    /// How many changes there are of each sort.
    pub summary: Summary,
    /// How risky it is: the grade of the riskiest change; none without changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk: Option<Grade>,
    /// The addresses of the changes that are more than low, the riskiest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub riskiest: Vec<String>,
    /// The environments that were planned.
    pub environments: Vec<SavedEnvironment>,
    /// What is left as it is: blocked, not read, unmanaged, kept.
    pub left: Vec<Leaving>,
    /// What is wrong, or worth knowing.
    pub findings: Vec<SavedFinding>,
    /// Where differences come from; in documents of `drift` alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drift: Vec<SavedDrift>,
}

/// How many changes there are of each sort.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// Permissions that are given.
    pub add: usize,
    /// Permissions whose level changes.
    pub change: usize,
    /// Permissions that are taken away.
    pub remove: usize,
    /// Changes that let somebody do more.
    pub widen: usize,
    /// Changes that let somebody do less.
    pub narrow: usize,
    /// Differences that are not moved.
    pub blocked: usize,
    /// What could not be read.
    pub unread: usize,
    /// What is granted and named in no manifest.
    pub unmanaged: usize,
}

/// An environment that was planned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SavedEnvironment {
    /// Its name in the manifests.
    pub name: String,
    /// Its id.
    pub id: String,
    /// The tenant's id.
    pub tenant: String,
    /// Ledger, subject and extent of every subject that something moves in.
    pub extents: Vec<[String; 3]>,
    /// How risky its changes are: the grade of the riskiest; none without changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk: Option<Grade>,
    /// What changes for people, in sentences: gains first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub effective: Vec<SavedStatement>,
}

/// One thing that a plan means for people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SavedStatement {
    /// What it means for them.
    pub direction: Direction,
    /// The sentence.
    pub text: String,
    /// How many people it is about.
    pub people: usize,
}

/// An entry that a plan leaves as it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Leaving {
    /// Why, in one word.
    pub status: Status,
    /// The environment's name.
    pub environment: String,
    /// The ledger.
    pub ledger: String,
    /// What is spoken of.
    pub subject: String,
    /// What it has.
    pub entry: String,
    /// What is held, as a word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<String>,
    /// What is wanted, as a word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wanted: Option<String>,
    /// Why, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Why an entry is left as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It differs, and is not moved.
    Blocked,
    /// It could not be read or decided.
    Unread,
    /// No manifest names it.
    Unmanaged,
    /// The platform keeps it, or it satisfies what is wanted.
    Kept,
}

/// Something that is wrong, or worth knowing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SavedFinding {
    /// The rule.
    pub rule: String,
    /// `error`, `warning` or `note`.
    pub severity: String,
    /// What is wrong.
    pub message: String,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<SavedPlace>,
    /// What to do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<String>,
}

/// The JSON Schema (draft 2020-12) of the document.
pub fn schema() -> Value {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<Saved>().to_value();
    schema["title"] = Value::from("powergrant plan");
    schema
}
