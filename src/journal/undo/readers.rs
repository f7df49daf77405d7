//! Readers turned around: a manifest names them with a flow, for all of its connection references or for some.
use std::collections::{BTreeMap, BTreeSet};

use super::back::Back;
use super::words::{principal, stated, usable};
use crate::journal::Change;

impl Back<'_> {
    /// Notes that a principal read a connection reference, or did not.
    pub(super) fn reader(&mut self, change: &Change) {
        let key = (change.goal.entry.clone(), change.before.is_some());
        let heading = change.heading.strip_prefix("connection reference ").unwrap_or_default();
        let name = heading.strip_suffix(", readers").unwrap_or(heading).to_owned();
        let (_, references) = self.read.entry(key).or_insert_with(|| (change.name.clone(), BTreeMap::new()));
        references.insert(change.goal.subject.clone(), name);
    }

    /// Writes what was noted with flows that use those references: with all of a flow's, and what is left by name.
    pub(super) fn name_readers(&mut self) {
        for ((entry, held), (words, changed)) in std::mem::take(&mut self.read) {
            let member = match principal(&entry, &words) {
                Ok(principal) => stated(principal, held),
                Err(why) => {
                    self.cannot.push(format!("{}, readers, {words}: {why}", self.target.name));
                    continue;
                }
            };
            let mut left: BTreeMap<&String, &String> = changed.iter().collect();
            for (flow, references) in &self.target.references {
                if references.iter().all(|reference| changed.contains_key(reference)) {
                    let readers = self.readers.entry((flow.to_string(), BTreeSet::new())).or_default();
                    readers.members.push(member.clone());
                    left.retain(|reference, _| !references.contains(*reference));
                }
            }
            let mut by_flow: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
            for (reference, name) in left {
                let flow = self.target.references.iter().find(|(_, references)| references.contains(reference));
                match (flow, usable(name)) {
                    (Some((flow, _)), Some(name)) => _ = by_flow.entry(flow.to_string()).or_default().insert(name),
                    (None, _) | (_, None) => self.cannot.push(format!(
                        "{}, connection reference {name}, readers, {words}: the journal knows no flow by which a manifest could name it",
                        self.target.name
                    )),
                }
            }
            for (flow, names) in by_flow {
                let readers = self.readers.entry((flow, names.clone())).or_default();
                readers.references = names.into_iter().collect();
                readers.members.push(member.clone());
            }
        }
    }
}
