//! Least privilege from a flow's definition: what its caller needs in Dataverse, what its owner needs, and what nobody can tell.
pub(crate) mod acts;
mod documents;
mod needs;
pub mod offline;
mod table;
mod verify;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::names::{Depth, Operation, TableName, Text};

pub use documents::documents;
pub use needs::derive;
pub use table::{Certainty, Line, Start, Table};
pub use verify::{Comparison, verify};

/// What flows need.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Derived {
    /// What whoever runs them needs, besides the base.
    pub caller: Needs,
    /// What whoever runs them needs and holds through the base, Basic User.
    pub base: Needs,
    /// What the owners of flows that act on behalf of their callers must hold as well.
    pub owner: Needs,
    /// What nobody can tell from the definitions.
    pub unknown: BTreeSet<String>,
    /// Operations that Dataverse does not decide, with what does.
    pub outside: BTreeSet<String>,
    /// Operations that run with a connection of the flow's own, and so need nothing of the caller.
    pub own: BTreeSet<String>,
}

/// Privileges, each with how far it must reach and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// On tables, by logical name.
    pub tables: BTreeMap<(TableName, Operation), Need>,
    /// By their own names.
    pub named: BTreeMap<Text, Need>,
}

/// How far a privilege must reach, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// How far, at least.
    pub depth: Depth,
    /// What needs it.
    pub because: BTreeSet<String>,
}

impl Needs {
    /// Whether nothing is needed.
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty() && self.named.is_empty()
    }

    /// How many privileges are needed.
    pub fn len(&self) -> usize {
        self.tables.len() + self.named.len()
    }
}

impl Need {
    fn add<K: Ord>(needs: &mut BTreeMap<K, Self>, key: K, depth: Depth, because: &str) {
        let need = needs.entry(key).or_insert_with(|| Self { depth, because: BTreeSet::new() });
        need.depth = need.depth.max(depth);
        need.because.insert(because.to_owned());
    }
}
