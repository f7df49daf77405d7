//! Which rights a caller has, and which are missing for what.
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
    /// The environment has no such service.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    RIGHTS.iter().map(|right| Judged { right: *right, held: held(identity, right.needs) }).collect()
}

fn held(identity: &Identity, needs: Needs) -> Held {
    match needs {
        Needs::Table { privilege, .. } => match &identity.dataverse {
            None => Held::NotApplicable,
            Some(Err(problem)) => Held::Unknown(problem.clone()),
            Some(Ok(member)) => of_member(member, privilege),
        },
        Needs::Graph(permission) => match identity.graph.iter().find(|(known, _)| *known == permission) {
            Some((_, Ok(()))) => Held::Yes,
            Some((_, Err(problem))) => refused(problem),
            None => Held::NotApplicable,
        },
        Needs::Management => match &identity.admin {
            None => Held::NotApplicable,
            Some(Ok(())) => Held::Yes,
            Some(Err(problem)) => refused(problem),
        },
    }
}

fn of_member(member: &Member, privilege: &str) -> Held {
    match member.caller.privileges.get(&Text::from(privilege.to_lowercase())).copied() {
        Some(depth) if depth == Needs::DEPTH => Held::Yes,
        held => match &member.doubt {
            Some(problem) => Held::Unknown(problem.clone()),
            None => Held::No(held),
        },
    }
}

/// A service that refuses says that the right is missing; one that does not answer says nothing.
fn refused(problem: &Problem) -> Held {
    if problem.cause == Cause::Forbidden { Held::No(None) } else { Held::Unknown(problem.clone()) }
}

/// Whether a task can be done with a part; to apply one must be able to plan, and every part needs what all need.
pub fn ability(judged: &[Judged], part: Part, task: Task) -> Ability {
    let counts = |judged: &&Judged| {
        let Right { part: of, task: at, .. } = judged.right;
        at <= task && (of == part || (of == Part::Environment && part != Part::EnvironmentRoles))
    };
    let of_part: Vec<&Judged> = judged.iter().filter(counts).collect();
    let is = |weight: Weight, held: fn(&Held) -> bool| {
        of_part.iter().any(|judged| judged.right.weight == weight && held(&judged.held))
    };
    if is(Weight::Required, |held| matches!(held, Held::NotApplicable)) {
        Ability::NotApplicable
    } else if is(Weight::Required, |held| matches!(held, Held::No(_))) {
        Ability::None
    } else if is(Weight::Required, |held| matches!(held, Held::Unknown(_))) {
        Ability::Unknown
    } else if is(Weight::Optional, |held| matches!(held, Held::No(_) | Held::Unknown(_))) {
        Ability::Part
    } else {
        Ability::Whole
    }
}
