//! Which rights a caller has, and what it can do with them.
use super::identity::{Identity, Member};
use super::{Needs, Part, RIGHTS, Right, Task, Weight};
use crate::names::{Depth, Text};
use crate::problem::{Cause, Problem};

/// Whether a right is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    /// It is.
    Yes,
    /// It is not; a privilege may be held less far.
    No(Option<Depth>),
    /// Nobody knows.
    Unknown(Problem),
    /// It means nothing in this environment.
    NotApplicable,
}

/// One right and whether it is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The right.
    pub right: Right,
    /// Whether it is held.
    pub held: Held,
}

/// Whether a caller can do something with a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ability {
    /// All of it.
    Whole,
    /// All but what optional rights are for.
    Part,
    /// Nothing of it.
    None,
    /// It is not known.
    Unknown,
    /// There is no such part here.
    NotApplicable,
}

/// Judges every right of the table.
pub fn judge(identity: &Identity) -> Vec<Judged> {
    RIGHTS.iter().map(|right| Judged { right: *right, held: held(identity, right) }).collect()
}

fn held(identity: &Identity, right: &Right) -> Held {
    // With Dataverse the service refuses environment roles (Learn: environment role assignments).
    if right.part == Part::EnvironmentRoles && identity.dataverse.is_some() {
        return Held::NotApplicable;
    }
    match right.needs {
        Needs::Table { privilege, .. } | Needs::Miscellaneous(privilege) => match &identity.dataverse {
            None => Held::NotApplicable,
            // Who is not in the environment has no right there.
            Some(Err(problem)) if problem.cause == Cause::Forbidden => Held::No(None),
            Some(Err(problem)) => Held::Unknown(problem.clone()),
            Some(Ok(member)) => of_member(member, privilege),
        },
        Needs::Graph(permission) => match identity.graph.iter().find(|(known, _)| *known == permission) {
            Some((_, answer)) => of_answer(answer),
            None => Held::NotApplicable,
        },
        Needs::Management => identity.admin.as_ref().map_or(Held::NotApplicable, of_answer),
    }
}

fn of_member(member: &Member, privilege: &str) -> Held {
    match member.caller.privileges.get(&Text::from(privilege.to_lowercase())).copied() {
        Some(depth) if depth == Needs::DEPTH => Held::Yes,
        depth => member.doubt.clone().map_or(Held::No(depth), Held::Unknown),
    }
}

/// A service that refuses says that the right is missing; one that does not answer says nothing.
fn of_answer(answer: &Result<(), Problem>) -> Held {
    match answer {
        Ok(()) => Held::Yes,
        Err(problem) if problem.cause == Cause::Forbidden => Held::No(None),
        Err(problem) => Held::Unknown(problem.clone()),
    }
}

/// Whether a task can be done with a part: whoever applies has to plan first, and every part of Dataverse needs what all need.
pub fn ability(judged: &[Judged], part: Part, task: Task) -> Ability {
    let counts = |judged: &&Judged| {
        let right = judged.right;
        // What is optional for an environment is for nothing of its parts.
        let is_of_all =
            right.part == Part::Environment && right.weight == Weight::Required && part != Part::EnvironmentRoles;
        right.task <= task && (right.part == part || is_of_all)
    };
    let of_part: Vec<&Judged> = judged.iter().filter(counts).collect();
    let any = |weight: Weight, is: fn(&Held) -> bool| {
        of_part.iter().any(|judged| judged.right.weight == weight && is(&judged.held))
    };
    if any(Weight::Required, |held| matches!(held, Held::NotApplicable)) {
        Ability::NotApplicable
    } else if any(Weight::Required, |held| matches!(held, Held::No(_))) {
        Ability::None
    } else if any(Weight::Required, |held| matches!(held, Held::Unknown(_))) {
        Ability::Unknown
    } else if any(Weight::Optional, |held| matches!(held, Held::No(_) | Held::Unknown(_))) {
        Ability::Part
    } else {
        Ability::Whole
    }
}
