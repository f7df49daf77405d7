//! Wants add up: documents about one subject are united, and contradictions name both places.
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::finding::Finding;
use crate::kinds::Reconcile;
use crate::ledger::{Reason, Want, Wanted};
use crate::place::Place;
use crate::rules::Rule;

/// Adding wants to a ledger's goals.
pub(super) trait Merge<L: Reconcile> {
    /// The subject's goals, made empty if there are none yet.
    fn subject(&mut self, subject: &L::Subject, place: &Place) -> &mut Wanted<L>;

    /// Adds one want; the same entry at two levels is a contradiction.
    #[expect(clippy::too_many_arguments, reason = "one want is these values")]
    fn want(
        &mut self,
        subject: &L::Subject,
        list: &Place,
        entry: L::Entry,
        level: Option<L::Level>,
        place: &Place,
        blocked: Option<Reason>,
        findings: &mut Vec<Finding>,
    );
}

impl<L: Reconcile> Merge<L> for BTreeMap<L::Subject, Wanted<L>> {
    fn subject(&mut self, subject: &L::Subject, place: &Place) -> &mut Wanted<L> {
        self.entry(subject.clone()).or_insert_with(|| Wanted {
            extent: L::Extent::default(),
            entries: BTreeMap::new(),
            place: place.clone(),
            unresolved: Vec::new(),
            layer: false,
        })
    }

    fn want(
        &mut self,
        subject: &L::Subject,
        list: &Place,
        entry: L::Entry,
        level: Option<L::Level>,
        place: &Place,
        blocked: Option<Reason>,
        findings: &mut Vec<Finding>,
    ) {
        let heading = L::heading(subject);
        match self.subject(subject, list).entries.entry(entry) {
            Entry::Vacant(vacant) => {
                vacant.insert(Want { level, place: place.clone(), blocked, at_most: false });
            }
            Entry::Occupied(occupied) if occupied.get().level == level => {}
            Entry::Occupied(occupied) => {
                let word = |level: Option<&L::Level>| level.map_or_else(|| "absent".to_owned(), ToString::to_string);
                let (first, second) = (word(occupied.get().level.as_ref()), word(level.as_ref()));
                // Names are padded to stand in columns.
                let entry: Vec<String> = occupied.key().to_string().split_whitespace().map(str::to_owned).collect();
                let message = format!("{heading}: {} is wanted as {second} and as {first}", entry.join(" "));
                let other = occupied.get().place.clone();
                let finding = Finding::error(Rule::Contradiction, place, message);
                findings.push(finding.also(&other, format!("{first} here")).hint("keep one of the two"));
            }
        }
    }
}
