//! Flows by name, for whoever looks up thousands of them among thousands.
use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::Inventory;
use crate::names::folded;

/// The flows of an inventory by folded name.
#[derive(Clone, Debug, Default)]
pub struct FlowNames(BTreeMap<String, BTreeSet<Uuid>>);

impl FlowNames {
    /// Sorts the flows that were read.
    pub fn of(inventory: &Inventory) -> Self {
        let mut names: BTreeMap<String, BTreeSet<Uuid>> = BTreeMap::new();
        for (id, flow) in inventory.flows.rows() {
            names.entry(folded(&flow.name)).or_default().insert(*id);
        }
        Self(names)
    }

    /// The ids of all flows of a name, however it is written.
    pub fn ids(&self, name: &str) -> impl Iterator<Item = Uuid> {
        self.0.get(&folded(name)).into_iter().flatten().copied()
    }
}
