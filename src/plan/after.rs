//! The inventory as it will be read when a plan holds.
use std::collections::BTreeMap;

use crate::inventory::Inventory;
use crate::kinds::{Ledgers, Reconcile, Seen, Verdicts, Visit};
use crate::ledger::Verdict;

/// Makes every change of a plan in a copy of the inventory, ledger by ledger in grant order.
pub fn after(inventory: &Inventory, verdicts: &Ledgers<Verdicts>) -> Inventory {
    let mut enact = Enact { inventory: inventory.clone() };
    verdicts.walk::<Seen>(&mut enact);
    enact.inventory
}

struct Enact {
    inventory: Inventory,
}

impl Visit<Verdicts, Seen> for Enact {
    fn visit<L: Reconcile>(&mut self, verdicts: &BTreeMap<L::Subject, Verdict<L>>) {
        for (subject, verdict) in verdicts {
            if let Verdict::Compared { changes, .. } = verdict {
                for change in changes {
                    L::enact(&mut self.inventory, subject, change);
                }
            }
        }
    }
}
