//! What the directory's answers make of an inventory.
use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::{Answer, Entries, Question};
use crate::inventory::people::{DirectoryEntry, DirectoryKind};
use crate::inventory::section::Section;
use crate::names::Text;
use crate::problem::{Cause, Problem};

/// What answers make of an inventory.
pub(in crate::collect) struct Sections {
    /// Entries by object id.
    pub(in crate::collect) entries: Section<Uuid, DirectoryEntry>,
    /// The people of each group that was asked for.
    pub(in crate::collect) members: Section<Uuid, BTreeSet<Uuid>>,
    /// The groups of each person who was asked for.
    pub(in crate::collect) groups: Section<Uuid, BTreeSet<Uuid>>,
    /// The groups that each person and each group is in directly that was asked for.
    pub(in crate::collect) nesting: Section<Uuid, BTreeMap<Uuid, Text>>,
}

/// Puts answers into sections.
pub(in crate::collect) fn sections(answers: &BTreeMap<Question, Answer>) -> Sections {
    let mut entries = Gathered::<DirectoryEntry>::default();
    let (mut members, mut groups) = (Gathered::<BTreeSet<Uuid>>::default(), Gathered::<BTreeSet<Uuid>>::default());
    let mut nesting = Gathered::<BTreeMap<Uuid, Text>>::default();
    let names = names_of_groups(answers);
    for (question, answer) in answers {
        match question {
            Question::Members(group) => {
                if let Some(found) = members.around(*group, answer) {
                    let people = || found.iter().filter(|(_, entry)| entry.kind == DirectoryKind::User);
                    members.rows.insert(*group, people().map(|(id, _)| *id).collect());
                    entries.rows.extend(people().map(|(id, entry)| (*id, entry.clone())));
                }
            }
            Question::GroupsOf(person) => {
                if let Some(found) = groups.around(*person, answer) {
                    groups.rows.insert(*person, found.keys().copied().collect());
                }
            }
            Question::OwnGroups(member) | Question::GroupsOfGroup(member) => {
                if let Some(found) = nesting.around(*member, answer) {
                    let named = found.iter().map(|(id, entry)| (*id, entry.name.clone()));
                    nesting.rows.entry(*member).or_default().extend(named);
                }
            }
            Question::OwnMembers(group) => {
                let name = names.get(group).cloned().unwrap_or_else(|| group.to_string().into());
                for member in nesting.there(answer).into_iter().flat_map(|found| found.keys()) {
                    nesting.asked.insert(*member);
                    nesting.rows.entry(*member).or_default().insert(*group, name.clone());
                }
            }
            Question::User(id) | Question::Group(id) => {
                entries.asked.insert(*id);
                let found = entries.known(answer).into_iter().flat_map(|found| found.iter());
                entries.rows.extend(found.map(|(id, entry)| (*id, entry.clone())));
            }
            Question::UserName(_) | Question::GroupName(_) | Question::Application(_) => {
                entries.is_asked = true;
                let found = entries.known(answer).into_iter().flat_map(|found| found.iter());
                entries.rows.extend(found.map(|(id, entry)| (*id, entry.clone())));
            }
        }
    }
    entries.asked.extend(entries.rows.keys());
    Sections {
        entries: entries.section(),
        members: members.section(),
        groups: groups.section(),
        nesting: nesting.section(),
    }
}

/// The groups in which other groups are, and those: how people are in them is told by the direct members of each.
pub(in crate::collect) fn nested_groups(answers: &BTreeMap<Question, Answer>) -> BTreeSet<Uuid> {
    let mut nested = BTreeSet::new();
    for (question, answer) in answers {
        let (Question::Members(group), Ok(found)) = (question, answer) else { continue };
        let groups = found.iter().filter(|(_, entry)| entry.kind == DirectoryKind::Group).map(|(id, _)| *id);
        let before = nested.len();
        nested.extend(groups);
        if nested.len() > before {
            nested.insert(*group);
        }
    }
    nested
}

/// The names of groups that were met, by object id.
fn names_of_groups(answers: &BTreeMap<Question, Answer>) -> BTreeMap<Uuid, Text> {
    let entries = answers.values().filter_map(|answer| answer.as_ref().ok()).flat_map(|found| found.iter());
    let groups = entries.filter(|(_, entry)| entry.kind == DirectoryKind::Group);
    groups.map(|(id, entry)| (*id, entry.name.clone())).collect()
}

/// A section while answers are gathered for it.
struct Gathered<R> {
    asked: BTreeSet<Uuid>,
    is_asked: bool,
    rows: BTreeMap<Uuid, R>,
    gap: Option<Problem>,
}

impl<R> Default for Gathered<R> {
    fn default() -> Self {
        Self { asked: BTreeSet::new(), is_asked: false, rows: BTreeMap::new(), gap: None }
    }
}

impl<R: Clone> Gathered<R> {
    /// What was found around one object, which is asked for by its key; nothing where it is gone, or nobody knows.
    fn around<'a>(&mut self, key: Uuid, answer: &'a Answer) -> Option<&'a Entries> {
        self.asked.insert(key);
        self.there(answer)
    }

    /// What was found around an object; whoever is gone is in nothing and has nobody.
    fn there<'a>(&mut self, answer: &'a Answer) -> Option<&'a Entries> {
        match answer {
            Err(problem) if problem.cause == Cause::Gone => None,
            Ok(_) | Err(_) => self.known(answer),
        }
    }

    /// What was found; why nobody knows is kept as the section's gap.
    fn known<'a>(&mut self, answer: &'a Answer) -> Option<&'a Entries> {
        match answer {
            Ok(found) => Some(found),
            Err(problem) => {
                self.gap = self.gap.take().or_else(|| Some(problem.clone()));
                None
            }
        }
    }

    fn section(self) -> Section<Uuid, R> {
        let Self { asked, is_asked, rows, gap } = self;
        if asked.is_empty() && rows.is_empty() && !is_asked && gap.is_none() {
            return Section::NotAsked;
        }
        Section::only(asked, rows).with_gap(gap)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn entry(kind: DirectoryKind, name: &str) -> DirectoryEntry {
        DirectoryEntry { kind, name: name.into(), mail: "".into(), application: None, enabled: true }
    }

    fn found(entries: &[(u128, DirectoryKind, &str)]) -> Arc<Entries> {
        Arc::new(entries.iter().map(|(id, kind, name)| (Uuid::from_u128(*id), entry(*kind, name))).collect())
    }

    #[test]
    fn groups_in_a_group_are_nobody_who_is_in_it_and_say_how_others_are() {
        let (user, group) = (DirectoryKind::User, DirectoryKind::Group);
        let id = Uuid::from_u128;
        let mut answers = BTreeMap::from([
            (Question::Members(id(10)), Ok(found(&[(1, user, "ada@contoso.com"), (11, group, "Bookkeeping")]))),
            (Question::Members(id(20)), Ok(found(&[(2, user, "bob@contoso.com")]))),
        ]);
        assert_eq!(nested_groups(&answers), [id(10), id(11)].into());
        let before = sections(&answers);
        assert_eq!(before.members.row(&id(10)), Some(&[id(1)].into()));
        assert_eq!(before.entries.rows().count(), 2);
        assert_eq!(before.nesting, Section::NotAsked);
        answers.insert(Question::OwnMembers(id(10)), Ok(found(&[(11, group, "Bookkeeping")])));
        answers.insert(Question::OwnMembers(id(11)), Ok(found(&[(1, user, "ada@contoso.com")])));
        let nesting = sections(&answers).nesting;
        assert_eq!(nesting.row(&id(1)), Some(&[(id(11), Text::from("Bookkeeping"))].into()));
        assert_eq!(nesting.row(&id(11)).map(BTreeMap::len), Some(1));
        assert_eq!(nesting.row(&id(2)), None);
        let refused = Problem::without_request(Cause::Forbidden, "Microsoft Graph", "no", "");
        answers.insert(Question::OwnMembers(id(11)), Err(refused.clone()));
        assert_eq!(sections(&answers).nesting.doubt(), Some(refused));
    }
}
