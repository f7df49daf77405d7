//! Newtypes for what things are called, and `Ref`: a name and an id that belong together.
mod levels;
mod subjects;

use std::cmp::Ordering;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

pub use levels::{ConnectionMode, Depth, EnvironmentRole, Membership, Operation};
pub use subjects::{BuiltInRole, FlowName, RoleName};

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

/// Whether a name is another one that is already folded. Looking names up asks this of every row, so it makes no text.
pub fn is_named(name: &str, folded_name: &str) -> bool {
    let name = name.trim();
    if name.is_ascii() { name.eq_ignore_ascii_case(folded_name) } else { folded(name) == folded_name }
}

/// An identity with a name: printed by name, compared in digests by key.
pub trait Key: Ord + Clone + fmt::Debug + fmt::Display {
    /// The identity: an id, never a name that can change.
    fn key(&self) -> String;
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

impl<K> Key for Ref<K> {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{folded, is_named};

    proptest! {
        #[test]
        fn a_name_is_another_one_when_the_two_fold_alike(one in " ?[aAkKéÉſßİ\u{212a}]{0,3} ?", other in " ?[aAkKéÉſßİ\u{212a}]{0,3} ?") {
            prop_assert_eq!(is_named(&one, &folded(&other)), folded(&one) == folded(&other));
        }
    }
}
