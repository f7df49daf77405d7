//! The people of an Entra group and one flow: who can, and what keeps which of the others from it.
use std::collections::BTreeMap;

use crate::access::{Ability, Access, Moment};
use crate::explain::judge::Judge;
use crate::explain::requirements::Requirement;
use crate::explain::{Question, Verdict};
use crate::inventory::Inventory;
use crate::inventory::section::Answer;
use crate::names::Text;
use crate::principal::Principal;

/// People of a group to whom the same answer is given for the same reasons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alike {
    /// The answer.
    pub verdict: Verdict,
    /// The requirements that are missing, or could not be read, in order.
    pub because: Vec<&'static Requirement>,
    /// The same in words.
    pub words: Vec<String>,
    /// The people.
    pub people: Vec<Principal>,
}

/// The access of those whom a question is about, with their positions: of the person alone, or of everybody with the people
/// of the group who may sign in. `None` when nobody knows them.
pub(super) fn access<'a>(
    inventory: &'a Inventory,
    moment: Moment,
    who: &Principal,
) -> Option<(Access<'a>, Vec<usize>)> {
    let Principal::Group { id, .. } = who else {
        return Some((Access::alone(inventory, moment, who)?, vec![super::ALONE]));
    };
    let Answer::Found(members) = inventory.group_members.get(id) else { return None };
    let access = Access::at(inventory, moment);
    let is_meant = |at: &usize| {
        let person = &access.people()[*at];
        !person.disabled && person.object.is_some_and(|object| members.contains(&object))
    };
    let people = (0..access.people().len()).filter(is_meant).collect();
    Some((access, people))
}

/// The people of the group of a question, sorted by answer and reasons, the most people first. `None` when nobody knows
/// who is in the group.
pub fn of_group(inventory: &Inventory, question: &Question) -> Option<Vec<Alike>> {
    let (access, members) = access(inventory, Moment::NextAccess, &question.person)?;
    let judge = Judge::new(&access, Moment::NextAccess);
    let judged = judge.judge_by(question.flow.id, question.agent);
    let order = |requirement: &Text| judged.iter().position(|judged| judged.requirement.id == *requirement);
    let named = |ids: &[Text]| -> Vec<&'static Requirement> {
        ids.iter().filter_map(|id| Some(judged[order(id)?].requirement)).collect()
    };
    let mut sorts: BTreeMap<(Vec<Text>, Vec<Text>), Vec<Principal>> = BTreeMap::new();
    for person in members {
        let of = |wanted: Ability| {
            let blocks = judged.iter().filter(|judged| question.bar.blocks(judged.requirement));
            let found = blocks.filter(|judged| judged.holds.ability(person) == wanted);
            found.map(|judged| judged.requirement.id.clone()).collect::<Vec<Text>>()
        };
        let key = (of(Ability::Cannot), of(Ability::Unknown));
        sorts.entry(key).or_default().push(access.people()[person].principal.clone());
    }
    let mut alike: Vec<Alike> = sorts
        .into_iter()
        .map(|((missing, unknown), mut people)| {
            let (verdict, because) = match (missing.is_empty(), unknown.is_empty()) {
                (false, _) => (Verdict::Cannot, missing),
                (true, false) => (Verdict::CannotTell, unknown),
                (true, true) => (Verdict::Can, Vec::new()),
            };
            let because = named(&because);
            let words = because.iter().map(|requirement| super::words::lacks(inventory, requirement)).collect();
            people.sort_by_key(|person| person.name().to_owned());
            Alike { verdict, because, words, people }
        })
        .collect();
    alike.sort_by(|left, right| right.people.len().cmp(&left.people.len()).then_with(|| left.words.cmp(&right.words)));
    Some(alike)
}
