//! One file per area: each function reads one section of an inventory, whole or not at all.
pub(super) mod admin;
pub(super) mod agents;
pub(super) mod flows;
pub(super) mod organization;
pub(super) mod people;
pub(super) mod roles;
pub(super) mod shares;
pub(super) mod tables;

use std::collections::{BTreeMap, BTreeSet};

use crate::inventory::section::Section;
use crate::problem::Problem;

/// A section of every row there is.
pub(super) fn whole<K: Ord + Clone, R: Clone>(rows: Result<Vec<(K, R)>, Problem>) -> Section<K, R> {
    rows.map_or_else(Section::Unreadable, |rows| Section::whole(rows.into_iter().collect()))
}

/// A section of the rows that were asked for by key.
pub(super) fn only<K: Ord + Clone, R: Clone>(asked: BTreeSet<K>, rows: Result<Vec<(K, R)>, Problem>) -> Section<K, R> {
    rows.map_or_else(Section::Unreadable, |rows| Section::only(asked, rows.into_iter().collect()))
}

/// Rows of pairs, grouped: a key that was asked for and has no pairs has an empty group.
pub(super) fn grouped<K: Ord + Clone, R: Default + Extend<V>, V>(
    asked: &BTreeSet<K>,
    pairs: impl IntoIterator<Item = (K, V)>,
) -> BTreeMap<K, R> {
    let mut groups: BTreeMap<K, R> = asked.iter().map(|key| (key.clone(), R::default())).collect();
    for (key, value) in pairs {
        if let Some(group) = groups.get_mut(&key) {
            group.extend([value]);
        }
    }
    groups
}
