//! The effective change: who can do more or less afterwards, through whatever, in plain words.
use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::moves::Move;
use crate::access::{Ability, Access, Crowd, Set};
use crate::inventory::Inventory;

mod flows;
#[cfg(test)]
pub(in crate::review) mod laws;
mod roles;
mod words;

/// What a statement says of the people that it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Direction {
    /// They can do more.
    Gains,
    /// Nobody knows whether they can do more.
    MayGain,
    /// They can do less.
    Loses,
    /// Something is taken from them, and they can do what they could.
    Keeps,
    /// Nothing changes for anybody.
    Nobody,
}

/// One thing that a plan means for people.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Statement {
    /// What it means for them.
    pub direction: Direction,
    /// The sentence.
    pub text: String,
    /// How many people it is about.
    pub people: usize,
}

/// Says what changes for people between two inventories of one environment.
pub fn effective(before: &Inventory, after: &Inventory, moves: &[Move<'_>]) -> Vec<Statement> {
    if moves.is_empty() {
        return Vec::new();
    }
    let sides = Sides::of(before, after);
    let mut statements = BTreeSet::new();
    sides.roles(moves, &mut statements);
    sides.privileges(moves, &mut statements);
    Sides::environment_roles(moves, &mut statements);
    sides.flows(moves, &mut statements);
    sides.readers(moves, &mut statements);
    if !statements.iter().any(|one| matches!(one.direction, Direction::Gains | Direction::MayGain)) {
        let text = "nobody gains anything".to_owned();
        statements.insert(Statement { direction: Direction::Nobody, text, people: 0 });
    }
    statements.into_iter().collect()
}

/// Everybody's access before and after.
struct Sides<'run> {
    before: Access<'run>,
    after: Access<'run>,
    /// For each person afterwards the position before, if there was one.
    earlier: Vec<Option<usize>>,
}

/// People by their positions afterwards, as a change finds them.
#[derive(Default)]
struct Change {
    gain: Set,
    may_gain: Set,
    lose: Set,
}

impl<'run> Sides<'run> {
    fn of(before: &'run Inventory, after: &'run Inventory) -> Self {
        let (before, after) = (Access::of(before), Access::of(after));
        let by_object: BTreeMap<Uuid, usize> =
            before.people().iter().enumerate().filter_map(|(at, person)| Some((person.object?, at))).collect();
        let by_row: BTreeMap<Uuid, usize> =
            before.people().iter().enumerate().filter_map(|(at, person)| Some((person.row?, at))).collect();
        let earlier = after.people().iter().map(|person| {
            let row = person.row.and_then(|row| by_row.get(&row));
            row.or_else(|| by_object.get(&person.object?)).copied()
        });
        let earlier = earlier.collect();
        Self { before, after, earlier }
    }

    fn change(&self, before: &Crowd, after: &Crowd) -> Change {
        let mut change = Change::default();
        for person in 0..self.earlier.len() {
            let was = self.earlier[person].map_or(Ability::Cannot, |earlier| before.ability(earlier));
            match (was, after.ability(person)) {
                (Ability::Cannot, Ability::Can) => change.gain.insert(person),
                (Ability::Unknown, Ability::Can) | (Ability::Cannot, Ability::Unknown) => {
                    change.may_gain.insert(person);
                }
                (Ability::Can | Ability::Unknown, Ability::Cannot) => change.lose.insert(person),
                (Ability::Can, Ability::Can | Ability::Unknown)
                | (Ability::Unknown, Ability::Unknown)
                | (Ability::Cannot, Ability::Cannot) => {}
            }
        }
        change
    }

    fn who(&self, person: usize) -> String {
        self.after.people()[person].principal.to_string()
    }

    /// People in words: by name if there are at most two, else how many.
    fn words(&self, people: &Set) -> String {
        let names: Vec<String> = people.iter().take(2).map(|person| self.who(person)).collect();
        match people.len() {
            1 | 2 => names.join(" and "),
            count => format!("{count} people"),
        }
    }
}
