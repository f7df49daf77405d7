//! Why somebody can or cannot run a flow: the walk over environment, flow, own connections and data.
//!
//! What running a flow requires is data ([`requirements`]); [`judge`] judges every line of it for everybody at once, and
//! [`explain`] reads one person's column of that with the evidence for each line. [`fix`] finds the least change of
//! manifests that removes what blocks, by trying it on the inventory.
mod deeds;
pub mod errors;
mod evidence;
pub mod fix;
pub mod judge;
pub mod patch;
pub mod requirements;
pub mod table;
#[cfg(test)]
mod tests;

use uuid::Uuid;

use crate::access::{Ability, Access, Lent, Moment, Way};
use crate::inventory::Inventory;
use crate::names::{Flow, Ref, Text};
use crate::principal::Principal;

pub use deeds::Deeds;
pub use judge::{Bar, Judge, Judged};
pub use requirements::{Certainty, Requirement, Step};

/// Who asks about which flow.
#[derive(Clone, Debug)]
pub struct Question {
    /// The person.
    pub person: Principal,
    /// The flow.
    pub flow: Ref<Flow>,
    /// Which requirements block.
    pub bar: Bar,
}

/// What is known of one person and one flow.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The environment's name in the manifests.
    pub environment: Text,
    /// The person.
    pub person: Principal,
    /// The flow.
    pub flow: Ref<Flow>,
    /// The answer.
    pub verdict: Verdict,
    /// Every requirement that was asked, in order.
    pub lines: Vec<Line>,
    /// Whether the answer is only true once the person has opened the environment: rows of users and of group members
    /// appear then.
    pub from_next_access: bool,
    /// Through what the person may run the flow.
    pub ways: Vec<Way>,
    /// The connections that the flow lends.
    pub lent: Vec<Lent>,
    /// What the flow does with the person's rights and nobody can tell from its definition.
    pub undecided: Vec<Text>,
    /// What no service tells, so that it stays open.
    pub beyond: Vec<String>,
}

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing that is known to be needed is missing.
    Can,
    /// Something documented or recorded is missing.
    Cannot,
    /// Something documented or recorded could not be read.
    CannotTell,
}

/// One requirement as it stands for the person.
#[derive(Clone, Debug)]
pub struct Line {
    /// The requirement.
    pub requirement: &'static Requirement,
    /// How it stands.
    pub standing: Standing,
    /// Whether it blocks when it is missing; what does not is a suspect.
    pub blocks: bool,
    /// What is asked, in a few words.
    pub asks: String,
    /// What it means when it does not hold, as a sentence.
    pub fails: String,
    /// Whether it is about something that the flow does not have, so that it holds and says nothing.
    pub moot: bool,
    /// What was seen.
    pub evidence: Vec<String>,
    /// Who may decide to change it.
    pub decides: &'static str,
}

/// How a requirement stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// It holds.
    Holds,
    /// It does not.
    Missing,
    /// It could not be read.
    Unknown,
    /// Nothing that was read can verify it, and nothing speaks against it.
    Unverified,
}

/// Explains whether a person can run a flow; `None` when the inventory does not know the person.
pub fn explain(inventory: &Inventory, question: &Question) -> Option<Explanation> {
    let access = Access::of(inventory);
    let person = access.person(&question.person)?;
    let judge = Judge::new(&access, Moment::NextAccess);
    let judged = judge.judge(question.flow.id);
    let lines: Vec<Line> = judged.iter().map(|judged| line(&access, &judge, judged, person, question)).collect();
    let verdict = verdict(&lines);
    let undecided = judge.deeds(question.flow.id).undecided.into_iter().collect();
    let (ways, _) = access.ways(person, question.flow.id);
    Some(Explanation {
        environment: inventory.environment.name.clone(),
        person: access.people()[person].principal.clone(),
        flow: question.flow.clone(),
        verdict,
        from_next_access: verdict == Verdict::Can && verdict_now(inventory, question) != Verdict::Can,
        lines,
        ways,
        lent: access.lent(question.flow.id).unwrap_or_default(),
        undecided,
        beyond: evidence::beyond(inventory, question.flow.id),
    })
}

/// The answer for one person and one flow alone, now or from the next access on.
pub fn answer(inventory: &Inventory, person: &Principal, flow: Uuid, bar: Bar, moment: Moment) -> Verdict {
    let access = Access::at(inventory, moment);
    let Some(person) = access.person(person) else { return Verdict::CannotTell };
    match Judge::new(&access, moment).runners(flow, bar).ability(person) {
        Ability::Can => Verdict::Can,
        Ability::Cannot => Verdict::Cannot,
        Ability::Unknown => Verdict::CannotTell,
    }
}

fn verdict_now(inventory: &Inventory, question: &Question) -> Verdict {
    answer(inventory, &question.person, question.flow.id, question.bar, Moment::Now)
}

fn line(access: &Access<'_>, judge: &Judge<'_>, judged: &Judged, person: usize, question: &Question) -> Line {
    let standing = match (judged.holds.ability(person), judged.unverified) {
        (Ability::Can, Some(_)) => Standing::Unverified,
        (Ability::Can, None) => Standing::Holds,
        (Ability::Cannot, _) => Standing::Missing,
        (Ability::Unknown, _) => Standing::Unknown,
    };
    let mut seen = evidence::of(access, judge, judged.requirement, person, question.flow.id);
    seen.extend(judged.unverified.map(str::to_owned));
    Line {
        requirement: judged.requirement,
        standing,
        blocks: question.bar.blocks(judged.requirement),
        asks: evidence::asks(access, judged.requirement),
        fails: evidence::fails(access, judged.requirement, person, question),
        moot: standing == Standing::Holds
            && evidence::is_moot(access.inventory(), judge, judged.requirement, question.flow.id),
        evidence: seen,
        decides: evidence::decides(judged.requirement),
    }
}

fn verdict(lines: &[Line]) -> Verdict {
    let of = |standing| lines.iter().any(|line| line.blocks && line.standing == standing);
    match (of(Standing::Missing), of(Standing::Unknown)) {
        (true, _) => Verdict::Cannot,
        (false, true) => Verdict::CannotTell,
        (false, false) => Verdict::Can,
    }
}

impl Explanation {
    /// What blocks, the first first.
    pub fn blockers(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| line.blocks && line.standing == Standing::Missing)
    }

    /// What is reported or assumed and does not hold, the surest first.
    pub fn suspects(&self) -> Vec<&Line> {
        let mut suspects: Vec<&Line> =
            self.lines.iter().filter(|line| !line.blocks && line.standing == Standing::Missing).collect();
        suspects.sort_by_key(|line| line.requirement.certainty);
        suspects
    }

    /// What would block and could not be read.
    pub fn unknowns(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| line.blocks && line.standing == Standing::Unknown)
    }
}
