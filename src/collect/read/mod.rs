//! One file per area: each function reads one section of an inventory, whole or not at all.
pub(super) mod admin;
pub(super) mod agents;
pub(super) mod flows;
pub(super) mod organization;
pub(super) mod people;
pub(super) mod relationships;
pub(super) mod roles;
pub(super) mod shares;
pub(super) mod tables;
pub(super) mod variables;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;

use uuid::Uuid;

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

/// Reads what is needed; what is not needed is not asked.
pub(in crate::collect) async fn when<T: Default>(is_needed: bool, read: impl Future<Output = T>) -> T {
    if is_needed { read.await } else { T::default() }
}

/// A section of what was found and of what was asked for by its own key.
pub(in crate::collect) fn with_found<R: Clone>(
    rows: Result<BTreeMap<Uuid, R>, Problem>,
    mut asked: BTreeSet<Uuid>,
) -> Section<Uuid, R> {
    match rows {
        Ok(rows) => {
            asked.extend(rows.keys());
            Section::only(asked, rows)
        }
        Err(problem) => Section::Unreadable(problem),
    }
}

/// Two sections in one. One that is unreadable leaves the other's rows, and a reason to doubt what is not in them.
pub(in crate::collect) fn side_by_side<K: Ord + Clone, R: Clone>(
    (mut keys, first): (BTreeSet<K>, Section<K, R>),
    (more, second): (BTreeSet<K>, Section<K, R>),
) -> Section<K, R> {
    if matches!(first, Section::NotAsked) {
        return second;
    }
    if matches!(second, Section::NotAsked) {
        return first;
    }
    if let (Section::Unreadable(_), Section::Unreadable(_)) = (&first, &second) {
        return first;
    }
    let gap = first.doubt().or_else(|| second.doubt());
    let rows =
        first.rows().chain(second.rows()).map(|(key, row)| (key.clone(), row.clone())).collect::<BTreeMap<_, _>>();
    keys.extend(more);
    keys.extend(rows.keys().cloned());
    Section::only(keys, rows).with_gap(gap)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::section::Answer;
    use crate::problem::Cause;

    fn section(keys: [u8; 2], row: char) -> (BTreeSet<u8>, Section<u8, char>) {
        (BTreeSet::from(keys), Section::only(BTreeSet::from(keys), BTreeMap::from([(keys[0], row)])))
    }

    #[test]
    fn a_key_without_pairs_has_an_empty_group() {
        let groups: BTreeMap<u8, BTreeSet<char>> = grouped(&BTreeSet::from([1, 2]), [(1, 'a'), (1, 'b'), (9, 'z')]);
        assert_eq!(groups, BTreeMap::from([(1, BTreeSet::from(['a', 'b'])), (2, BTreeSet::new())]));
    }

    #[test]
    fn one_half_that_cannot_be_read_leaves_the_other_half_and_a_doubt() {
        let forbidden = Problem::without_request(Cause::Forbidden, "Dataverse", "no", "");
        let both = side_by_side(section([1, 2], 'a'), (BTreeSet::from([3]), Section::Unreadable(forbidden.clone())));
        assert_eq!(both.get(&1), Answer::Found(&'a'));
        assert_eq!(both.get(&3), Answer::Unreadable(forbidden));
        let both = side_by_side(section([1, 2], 'a'), section([3, 4], 'b'));
        assert_eq!((both.get(&2), both.get(&3), both.get(&5)), (Answer::Absent, Answer::Found(&'b'), Answer::NotAsked));
    }
}
