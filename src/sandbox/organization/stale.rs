//! Reads that answer for a while what was there before a write.

use super::Organization;
use super::memory::Lag;

/// Tables that can be read in two ways: as a set of rows, and by a function for one row.
const OF_TWO_WAYS: [&str; 2] = ["roleprivileges", "principalobjectaccess"];

impl Organization {
    /// Forgets the journal. What was there before is what the next reads still see.
    pub(in crate::sandbox) fn settle(&mut self, stale_reads: u32, stale_one_way: u32) {
        self.noted.clear();
        for undo in self.journal.drain(..) {
            let one_way = if OF_TWO_WAYS.contains(&undo.table.as_str()) { stale_one_way } else { 0 };
            for (lag, reads) in [(Lag::Cached, stale_reads), (Lag::OneWay, one_way)] {
                if reads > 0 {
                    let stale = self.stale.entry((undo.table.clone(), lag)).or_default();
                    stale.reads = reads;
                    stale.before.entry(undo.id).or_insert_with(|| undo.before.clone());
                }
            }
        }
    }

    /// Exchanges what a table holds with what reads see of it; doing it twice changes nothing.
    pub(in crate::sandbox) fn swap_stale(&mut self, table: &str, lag: Lag) {
        let Some(stale) = self.stale.get_mut(&(table.to_owned(), lag)) else { return };
        for (id, before) in &mut stale.before {
            let now = self.rows.remove(table, *id);
            if let Some(row) = std::mem::replace(before, now) {
                self.rows.insert(table, *id, row);
            }
        }
    }

    /// Counts a read of a table that saw what was there before; the last one ends it.
    pub(in crate::sandbox) fn count_stale(&mut self, table: &str, lag: Lag) {
        let key = (table.to_owned(), lag);
        if let Some(stale) = self.stale.get_mut(&key) {
            stale.reads = stale.reads.saturating_sub(1);
            if stale.reads == 0 {
                self.stale.remove(&key);
            }
        }
    }
}
