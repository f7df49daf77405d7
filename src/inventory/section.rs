//! The four answers of a read: found, absent, unreadable, not asked.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::inventory::rows;
use crate::names::required;
use crate::problem::{Cause, Problem};

/// What a lookup by key answers.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer<T> {
    /// It is there.
    Found(T),
    /// It is not there: the set was read whole.
    Absent,
    /// Nobody knows.
    Unreadable(Problem),
    /// The run did not ask.
    NotAsked,
}

/// Which keys a section was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "K: Ord + Deserialize<'de>"))]
pub enum Asked<K: Ord> {
    /// All there are.
    All,
    /// These alone.
    Only(BTreeSet<K>),
}

/// One set of rows as it was read.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
#[serde(
    deny_unknown_fields,
    rename_all = "camelCase",
    bound(serialize = "K: Serialize, R: Serialize", deserialize = "K: Ord + Deserialize<'de>, R: Deserialize<'de>")
)]
pub enum Section<K: Ord, R> {
    /// The run did not ask for it.
    #[default]
    NotAsked,
    /// It could not be read to its last page.
    Unreadable(Problem),
    /// It was read to its last page.
    Read {
        /// Which keys were asked for.
        asked: Asked<K>,
        /// Why a row that is not in it may be there all the same: rows that the caller may not read are left out.
        #[serde(deserialize_with = "required")]
        gap: Option<Problem>,
        /// The rows.
        #[serde(with = "rows")]
        rows: Arc<BTreeMap<K, R>>,
    },
}

impl<K: Ord + Clone, R: Clone> Section<K, R> {
    /// Makes a section of which every row was asked for and may be read.
    pub fn whole(rows: BTreeMap<K, R>) -> Self {
        Self::Read { asked: Asked::All, gap: None, rows: Arc::new(rows) }
    }

    /// Makes a section that was asked for some keys.
    pub fn only(asked: BTreeSet<K>, rows: BTreeMap<K, R>) -> Self {
        Self::Read { asked: Asked::Only(asked), gap: None, rows: Arc::new(rows) }
    }

    /// The same section with a reason why rows may be missing from it.
    #[must_use]
    pub fn with_gap(self, reason: Option<Problem>) -> Self {
        match self {
            Self::Read { asked, gap, rows } => Self::Read { asked, gap: gap.or(reason), rows },
            Self::NotAsked | Self::Unreadable(_) => self,
        }
    }

    /// Takes over what was read again: for the keys that were asked for now, the new rows stand in for the old ones.
    ///
    /// What could not be read again leaves the whole section unreadable, because the old rows are not true any more.
    pub fn refresh(&mut self, newer: Self) {
        let (keys, reason, fresh) = match newer {
            Self::NotAsked => return,
            Self::Read { asked: Asked::Only(keys), gap, rows } => (keys, gap, rows),
            whole @ (Self::Unreadable(_) | Self::Read { asked: Asked::All, .. }) => {
                *self = whole;
                return;
            }
        };
        match self {
            Self::NotAsked => *self = Self::Read { asked: Asked::Only(keys), gap: reason, rows: fresh },
            Self::Unreadable(_) => {}
            Self::Read { asked, gap, rows } => {
                let rows = Arc::make_mut(rows);
                for key in &keys {
                    rows.remove(key);
                }
                rows.extend(Arc::unwrap_or_clone(fresh));
                if let Asked::Only(asked) = asked {
                    asked.extend(keys);
                }
                *gap = gap.take().or(reason);
            }
        }
    }

    /// Answers for one key.
    pub fn get(&self, key: &K) -> Answer<&R> {
        match self {
            Self::NotAsked => Answer::NotAsked,
            Self::Unreadable(problem) => Answer::Unreadable(problem.clone()),
            Self::Read { asked, gap, rows } => match (rows.get(key), asked, gap) {
                (Some(row), _, _) => Answer::Found(row),
                (None, Asked::Only(keys), _) if !keys.contains(key) => Answer::NotAsked,
                (None, _, Some(problem)) => Answer::Unreadable(problem.clone()),
                (None, _, None) => Answer::Absent,
            },
        }
    }

    /// The row of a key, if it was read.
    pub fn row(&self, key: &K) -> Option<&R> {
        match self {
            Self::Read { rows, .. } => rows.get(key),
            Self::NotAsked | Self::Unreadable(_) => None,
        }
    }

    /// Every row that was read.
    pub fn rows(&self) -> impl Iterator<Item = (&K, &R)> {
        match self {
            Self::Read { rows, .. } => Some(rows.iter()),
            Self::NotAsked | Self::Unreadable(_) => None,
        }
        .into_iter()
        .flatten()
    }

    /// Why a row that was not read may be there all the same; none when the section is whole.
    pub fn doubt(&self) -> Option<Problem> {
        match self {
            Self::NotAsked => Some(not_asked()),
            Self::Unreadable(problem) => Some(problem.clone()),
            Self::Read { gap, .. } => gap.clone(),
        }
    }

    /// The rows, to change them; what was not read before keeps its doubt.
    pub fn rows_mut(&mut self) -> &mut BTreeMap<K, R> {
        if !matches!(self, Self::Read { .. }) {
            *self = Self::Read { asked: Asked::All, gap: self.doubt(), rows: Arc::default() };
        }
        match self {
            Self::Read { rows, .. } => Arc::make_mut(rows),
            Self::NotAsked | Self::Unreadable(_) => unreachable!("the section was made readable above"),
        }
    }
}

/// One fact as it was read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Reading<T> {
    /// The run did not ask for it.
    #[default]
    NotAsked,
    /// It could not be read.
    Unreadable(Problem),
    /// It was read.
    Read(T),
}

impl<T> Reading<T> {
    /// The fact, or why it is not known.
    pub fn known(&self) -> Result<&T, Problem> {
        match self {
            Self::NotAsked => Err(not_asked()),
            Self::Unreadable(problem) => Err(problem.clone()),
            Self::Read(value) => Ok(value),
        }
    }

    /// The fact, if it was read.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Read(value) => Some(value),
            Self::NotAsked | Self::Unreadable(_) => None,
        }
    }
}

/// The problem of something that the run did not ask for.
pub fn not_asked() -> Problem {
    Problem::without_request(Cause::NotAsked, "powergrant", "not read in this run", "name it in a manifest")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trimmed() -> Problem {
        Problem::without_request(Cause::Trimmed, "Dataverse", "Read on Process is User, not Organization", "")
    }

    #[test]
    fn only_a_whole_section_says_absent() {
        let whole = Section::whole(BTreeMap::from([(1, 'a')]));
        assert_eq!(whole.get(&1), Answer::Found(&'a'));
        assert_eq!(whole.get(&2), Answer::Absent);
        let trimmed_section = whole.clone().with_gap(Some(trimmed()));
        assert_eq!(trimmed_section.get(&1), Answer::Found(&'a'));
        assert_eq!(trimmed_section.get(&2), Answer::Unreadable(trimmed()));
        let asked = Section::only(BTreeSet::from([1, 3]), BTreeMap::from([(1, 'a')]));
        assert_eq!(asked.get(&2), Answer::NotAsked);
        assert_eq!(asked.get(&3), Answer::Absent);
    }

    #[test]
    fn what_is_read_again_stands_in_for_what_was_read_before() {
        let mut section = Section::whole(BTreeMap::from([(1, 'a'), (2, 'b'), (3, 'c')]));
        section.refresh(Section::only(BTreeSet::from([1, 2]), BTreeMap::from([(1, 'z')])));
        assert_eq!(section.get(&1), Answer::Found(&'z'));
        assert_eq!(section.get(&2), Answer::Absent);
        assert_eq!(section.get(&3), Answer::Found(&'c'));
        section.refresh(Section::NotAsked);
        assert_eq!(section.get(&3), Answer::Found(&'c'));
        section.refresh(Section::Unreadable(trimmed()));
        assert_eq!(section.get(&3), Answer::Unreadable(trimmed()));
    }
}
