//! Why somebody can or cannot run a flow: the walk over environment, flow, own connections and data.
//!
//! What running a flow requires is data ([`requirements`]); [`judge`] judges every line of it for everybody at once, and
//! [`explain`] reads one person's column of that with the evidence for each line. [`fix`] finds the least change of
//! manifests that removes what blocks, by trying it on the inventory.
pub mod agents;
mod deeds;
pub mod errors;
mod evidence;
pub mod fix;
pub mod group;
pub mod judge;
mod official;
mod outside;
pub mod patch;
pub mod requirements;
pub mod table;
#[cfg(test)]
mod tests;
mod words;

use uuid::Uuid;

use crate::access::{Ability, Access, Lent, Moment, Way};
use crate::inventory::Inventory;
use crate::names::{Flow, Ref, Text};
use crate::principal::Principal;

pub use agents::AgentNote;
pub use deeds::Deeds;
pub use judge::{Bar, Judge, Judged};
pub use official::Disagreement;
use official::Witness;
pub use outside::{Found, Outside};

pub use requirements::{Certainty, Requirement, Step};

/// Who asks about which flow.
#[derive(Clone, Debug)]
pub struct Question {
    /// The person, or a group for all of its people.
    pub person: Principal,
    /// The flow.
    pub flow: Ref<Flow>,
    /// The agent that calls it for the person.
    pub agent: Option<Uuid>,
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
    /// The agents that call the flow, as far as they were read.
    pub agents: Vec<AgentNote>,
    /// Licences, sites and mailboxes: what decides outside of Dataverse.
    pub outside: Vec<Outside>,
    /// Where Dataverse itself says something else than what was worked out; its word counts.
    pub disagreements: Vec<Disagreement>,
    /// Whether the environment forbids sharing flows.
    pub sharing_forbidden: bool,
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
    /// What Dataverse itself answers, where it was asked.
    pub official: Option<String>,
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

/// Where somebody stands whose access is looked at alone.
const ALONE: usize = 0;

/// Explains whether a person can run a flow; `None` when the inventory does not know the person.
pub fn explain(inventory: &Inventory, question: &Question) -> Option<Explanation> {
    let access = Access::alone(inventory, Moment::NextAccess, &question.person)?;
    let now = Access::alone(inventory, Moment::Now, &question.person)?;
    let person = ALONE;
    let judge = Judge::new(&access, Moment::NextAccess);
    let judged = judge.judge_by(question.flow.id, question.agent);
    let mut lines: Vec<Line> = judged.iter().map(|judged| line(&access, &judge, judged, person, question)).collect();
    let witness = Witness::of(&access, &now, person, question);
    let disagreements = witness.map(|witness| hear(&witness, &mut lines)).unwrap_or_default();
    let verdict = verdict(&lines);
    let undecided = judge.deeds(question.flow.id).undecided.into_iter().collect();
    let (ways, _) = access.ways(person, question.flow.id);
    Some(Explanation {
        environment: inventory.environment.name.clone(),
        person: access.people()[person].principal.clone(),
        flow: question.flow.clone(),
        verdict,
        from_next_access: verdict == Verdict::Can && answer(inventory, question, Moment::Now) != Verdict::Can,
        lines,
        ways,
        lent: access.lent(question.flow.id).unwrap_or_default(),
        undecided,
        agents: agents::of(inventory, question.flow.id),
        outside: outside::of(inventory, access.people()[person].object, question.flow.id),
        disagreements,
        sharing_forbidden: inventory.sharing.value().is_some_and(|limits| limits.flows_disabled),
    })
}

/// Puts Dataverse's own answers above the evidence; where it differs its word counts, and that is told.
fn hear(witness: &Witness<'_>, lines: &mut [Line]) -> Vec<Disagreement> {
    let mut found = Vec::new();
    for line in lines {
        let Some(told) = witness.tells(line.requirement, line.standing) else { continue };
        line.official = Some(told.seen.clone());
        if let Some(standing) = told.standing {
            if line.standing != Standing::Unknown {
                found.push(official::disagreement(line.requirement, &line.asks, line.standing, &told));
            }
            line.standing = standing;
            line.moot = false;
        }
    }
    found
}

/// The answer to a question alone, now or from the next access on; of a group, whether all of its people can.
pub fn answer(inventory: &Inventory, question: &Question, moment: Moment) -> Verdict {
    let Some((access, people)) = group::access(inventory, moment, &question.person) else { return Verdict::CannotTell };
    let Question { flow, agent, bar, .. } = question;
    let runners = Judge::new(&access, moment).runners_by(flow.id, *agent, *bar);
    let abilities: Vec<Ability> = people.into_iter().map(|person| runners.ability(person)).collect();
    match (abilities.contains(&Ability::Cannot), abilities.contains(&Ability::Unknown)) {
        (true, _) => Verdict::Cannot,
        (false, true) => Verdict::CannotTell,
        (false, false) => Verdict::Can,
    }
}

fn line(access: &Access<'_>, judge: &Judge<'_>, judged: &Judged, person: usize, question: &Question) -> Line {
    let standing = match (judged.holds.ability(person), judged.unverified) {
        (Ability::Can, Some(_)) => Standing::Unverified,
        (Ability::Can, None) => Standing::Holds,
        (Ability::Cannot, _) => Standing::Missing,
        (Ability::Unknown, _) => Standing::Unknown,
    };
    let mut seen = evidence::of(access, judge, judged.requirement, person, question);
    seen.extend(judged.unverified.map(str::to_owned));
    Line {
        requirement: judged.requirement,
        standing,
        blocks: question.bar.blocks(judged.requirement),
        asks: words::asks(access, judged.requirement),
        fails: words::fails(access, judged.requirement, person, question),
        moot: standing == Standing::Holds && words::is_moot(access.inventory(), judge, judged.requirement, question),
        evidence: seen,
        official: None,
        decides: words::decides(judged.requirement),
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
    /// The line of a requirement, if it was asked.
    pub fn line(&self, requirement: &str) -> Option<&Line> {
        self.lines.iter().find(|line| line.requirement.id.as_str() == requirement)
    }

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
