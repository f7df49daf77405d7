//! What has happened to the goals of a run so far, and how long it is still worth waiting for one.
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;

use super::stands::{doubt, find};
use super::{Afterwards, Answer, touched};
use crate::inventory::scope::Touched;
use crate::kinds::ReadBack;
use crate::kinds::read_back::Ways;
use crate::plan::{Goal, Line, LineKind, Plan, Step};
use crate::review::rails::Tripped;

/// The first pause before what does not show is read again; each further one is longer by as much.
const PAUSE: Duration = Duration::from_secs(5);
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(20);

/// What became of a goal's step.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    /// The last answer.
    pub(super) answer: Answer,
    /// When it came.
    pub(super) at: Timestamp,
    /// How often the step was sent.
    pub(super) tries: usize,
}

/// What has happened to the goals of a run so far.
pub(super) struct History {
    /// What was sent.
    pub(super) sent: BTreeMap<Goal, Sent>,
    /// The goals that a read has shown to hold, once at least.
    pub(super) seen_held: BTreeSet<Goal>,
    /// The goals that are not pursued, and why.
    pub(super) skipped: BTreeMap<Goal, String>,
    /// The rails that stood when something was last to be taken away.
    pub(super) tripped: Vec<Tripped>,
    /// What a reader must know first.
    pub(super) alarms: Vec<String>,
    /// What was written that there is another way to see.
    pub(super) written: Touched,
    /// The plan of what that other way showed last.
    pub(super) second: Option<Plan>,
    pauses: u32,
    read_back: BTreeMap<&'static str, ReadBack>,
}

/// What another way than the plan's says of a goal.
#[derive(Clone, Copy, Debug)]
pub(super) enum OtherWay<'plan> {
    /// There is none, or it was not asked.
    NotAsked,
    /// The goal holds.
    Holds,
    /// This line says that it does not, or that it could not be read.
    Denies(&'plan Line),
}

impl<'plan> OtherWay<'plan> {
    fn line(self) -> Option<&'plan Line> {
        match self {
            Self::NotAsked | Self::Holds => None,
            Self::Denies(line) => Some(line),
        }
    }
}

impl History {
    pub(super) fn new() -> Self {
        Self {
            sent: BTreeMap::new(),
            seen_held: BTreeSet::new(),
            skipped: BTreeMap::new(),
            tripped: Vec::new(),
            alarms: Vec::new(),
            written: Touched::default(),
            second: None,
            pauses: 0,
            read_back: ReadBack::all(),
        }
    }

    /// Notes the answer to a step.
    pub(super) fn note_sent(&mut self, plan: &Plan, step: &Step, answer: &Answer, at: Timestamp) {
        self.pauses = 0;
        if let Answer::Accepted { alarm: Some(alarm), .. } = answer {
            self.alarms.push(alarm.clone());
        }
        for line in &step.lines {
            let goal = plan.lines[*line].goal();
            if self.ways(&goal).is_some() {
                touched::add(&mut self.written, plan, step);
            }
            if let Answer::Accepted { afterwards: Afterwards::Stands, .. } = answer {
                self.seen_held.insert(goal.clone());
            }
            let tries = self.sent.get(&goal).map_or(0, |sent| sent.tries) + 1;
            self.sent.insert(goal, Sent { answer: answer.clone(), at, tries });
        }
    }

    /// Whether a goal was not sent, or nothing came of it.
    pub(super) fn may_be_sent(&self, goal: &Goal) -> bool {
        match self.sent.get(goal).map(|sent| &sent.answer) {
            None | Some(Answer::NotCommitted(_)) => true,
            Some(Answer::Accepted { .. } | Answer::Refused(_) | Answer::Unknown(_)) => false,
        }
    }

    /// Notes which goals a plan shows to hold.
    pub(super) fn note_held(&mut self, asked: &[Line], plan: &Plan) {
        let held = asked.iter().filter(|line| find(plan, &line.goal()).is_none() && doubt(line, plan).is_none());
        self.seen_held.extend(held.map(Line::goal));
    }

    /// The two ways to see a goal, where there are two.
    pub(super) fn ways(&self, goal: &Goal) -> Option<Ways> {
        self.read_back.get(goal.ledger)?.ways
    }

    /// What the other way says of a goal that was sent.
    pub(super) fn by_other_way(&self, goal: &Goal) -> OtherWay<'_> {
        match &self.second {
            Some(second) if self.ways(goal).is_some() && self.sent.contains_key(goal) => {
                find(second, goal).map_or(OtherWay::Holds, OtherWay::Denies)
            }
            Some(_) | None => OtherWay::NotAsked,
        }
    }

    /// How long to wait before what was written is read again: none when all of it shows by every way, or its time is up.
    pub(super) fn pause(&mut self, plan: &Plan, now: Timestamp) -> Option<Duration> {
        let is_change = |line: Option<&Line>| line.is_some_and(|line| matches!(line.kind, LineKind::Change { .. }));
        let left = |(goal, sent): (&Goal, &Sent)| {
            let may_come = match &sent.answer {
                Answer::Accepted { afterwards, .. } => *afterwards != Afterwards::PutBack,
                Answer::Unknown(_) => true,
                Answer::Refused(_) | Answer::NotCommitted(_) => false,
            };
            let is_open = is_change(find(plan, goal)) || is_change(self.by_other_way(goal).line());
            let settling = self.read_back.get(goal.ledger).map_or(Duration::ZERO, |read_back| read_back.settling);
            let since = Duration::try_from(now.duration_since(sent.at)).unwrap_or_default();
            (may_come && is_open).then(|| settling.saturating_sub(since)).filter(|left| !left.is_zero())
        };
        let left = self.sent.iter().filter_map(left).max()?;
        self.pauses += 1;
        Some((PAUSE * self.pauses).min(LONGEST).min(left))
    }
}
