//! The inventory as it will be read when a plan holds.
use std::collections::BTreeMap;

use crate::inventory::Inventory;
use crate::kinds::{Ledgers, Reconcile, Seen, Verdicts, Visit};
use crate::ledger::{Change, Key, Ledger, Verdict};
use crate::plan::line::Goal;

/// Makes every change of a plan in a copy of the inventory, ledger by ledger in grant order.
pub fn after(inventory: &Inventory, verdicts: &Ledgers<Verdicts>) -> Inventory {
    after_some(inventory, verdicts, &|_| true)
}

/// Makes some of a plan's changes.
pub fn after_some(inventory: &Inventory, verdicts: &Ledgers<Verdicts>, keep: &dyn Fn(&Goal) -> bool) -> Inventory {
    let mut enact = Enact { inventory: inventory.clone(), keep };
    verdicts.walk::<Seen>(&mut enact);
    enact.inventory
}

struct Enact<'keep> {
    inventory: Inventory,
    keep: &'keep dyn Fn(&Goal) -> bool,
}

impl Visit<Verdicts, Seen> for Enact<'_> {
    fn visit<L: Reconcile>(&mut self, verdicts: &BTreeMap<L::Subject, Verdict<L>>) {
        for (subject, verdict) in verdicts {
            if let Verdict::Compared { changes, .. } = verdict {
                let goal = |change: &Change<L>| Goal {
                    ledger: <L as Ledger>::NAME,
                    subject: subject.key(),
                    entry: change.entry.key(),
                };
                for change in changes.iter().filter(|change| (self.keep)(&goal(change))) {
                    L::enact(&mut self.inventory, subject, change);
                }
            }
        }
    }
}
