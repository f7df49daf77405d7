//! What the caller can do, in one line for each command.
use std::collections::BTreeSet;

use super::line;
use crate::rights::judge::{Ability, Held, Judged, ability};
use crate::rights::{Needs, Part, Task, Weight};

/// Writes whether the caller can plan, and apply where that is asked about.
pub(super) fn write(text: &mut String, judged: &[Judged], asked: Task) {
    for task in Task::ALL.into_iter().filter(|task| *task <= asked) {
        line(text, &format!("can {}", task.word()), &verdict(judged, task));
    }
}

fn verdict(judged: &[Judged], task: Task) -> String {
    let parts = Part::ALL.into_iter().filter(|part| *part != Part::Environment);
    let word = word(&parts.map(|part| ability(judged, part, task)).collect());
    let is_missing = |judged: &&Judged| {
        let right = judged.right;
        right.task <= task && right.weight == Weight::Required && matches!(judged.held, Held::No(_))
    };
    let missing: BTreeSet<Needs> = judged.iter().filter(is_missing).map(|judged| judged.right.needs).collect();
    match missing.len() {
        0 => word.to_owned(),
        1 => format!("{word}: 1 right is missing; whom to ask for it stands at the end"),
        number => format!("{word}: {number} rights are missing; whom to ask for them stands at the end"),
    }
}

/// One word for what can be done with the parts that there are.
fn word(abilities: &BTreeSet<Ability>) -> &'static str {
    let can = |ability: Ability| abilities.contains(&ability);
    match (can(Ability::Whole), can(Ability::Part), can(Ability::None), can(Ability::Unknown)) {
        (true, false, false, false) => "yes",
        (_, true, false, false) => "yes, but for what optional rights allow",
        (false, false, true, false) => "no",
        (_, _, false, true) => "not known",
        (_, _, true, _) => "in part",
        (false, false, false, false) => "there is nothing to do here",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Ability::{None, NotApplicable, Part, Unknown, Whole};

    #[test]
    fn the_least_that_is_known_decides_the_word() {
        let of = |abilities: &[Ability]| word(&abilities.iter().copied().collect());
        assert_eq!(of(&[Whole, NotApplicable]), "yes");
        assert_eq!(of(&[Whole, Part]), "yes, but for what optional rights allow");
        assert_eq!(of(&[None, NotApplicable]), "no");
        assert_eq!(of(&[Whole, None]), "in part");
        assert_eq!(of(&[None, Unknown]), "in part");
        assert_eq!(of(&[Whole, Unknown]), "not known");
        assert_eq!(of(&[NotApplicable]), "there is nothing to do here");
    }
}
