//! Where the changes of a plan stand in the audit log.
use std::collections::BTreeMap;

use super::{Goal, Plan};
use crate::inventory::Inventory;
use crate::inventory::audit::Trail;
use crate::kinds::{Reconcile, Seen, Verdicts, Visit};
use crate::ledger::{Key, Ledger, Verdict};

impl Plan {
    /// The trail of each change that has one; `inventory` is what the plan was made from.
    pub fn trails(&self, inventory: &Inventory) -> BTreeMap<Goal, Trail> {
        let mut trails = Trails { inventory, found: BTreeMap::new() };
        self.verdicts.walk::<Seen>(&mut trails);
        trails.found
    }
}

struct Trails<'inventory> {
    inventory: &'inventory Inventory,
    found: BTreeMap<Goal, Trail>,
}

impl Visit<Verdicts, Seen> for Trails<'_> {
    fn visit<L: Reconcile>(&mut self, verdicts: &BTreeMap<L::Subject, Verdict<L>>) {
        for (subject, verdict) in verdicts {
            let changes = match verdict {
                Verdict::Compared { new: _, changes, left: _, gap: _ } => changes,
                Verdict::Unknown(_) => continue,
            };
            for change in changes {
                if let Some(trail) = L::trail(self.inventory, subject, &change.entry) {
                    let goal = Goal { ledger: <L as Ledger>::NAME, subject: subject.key(), entry: change.entry.key() };
                    self.found.insert(goal, trail);
                }
            }
        }
    }
}
