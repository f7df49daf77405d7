//! Rounds: send what is ready, read what became of it, plan again within what was approved.
use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt;
use futures_util::stream;

use super::history::History;
use super::outcome::outcome;
use super::{Answer, Session};
use crate::clock::{Clock, Stop};
use crate::compile::desired::DesiredEnvironment;
use crate::inventory::Inventory;
use crate::ledger::Phase;
use crate::plan::{Goal, Line, Plan, Step};
use crate::report::Report;
use crate::review::gate::Approved;
use crate::review::rails;
use crate::rules::Rule;

/// How many steps of one environment are under way at once, never two on one subject.
const IN_FLIGHT: usize = 4;
/// How often one step is sent: again only after an answer that proves that nothing was committed.
const TRIES: usize = 3;
/// What a run needs besides the environment itself.
pub struct Run<'run> {
    /// What manifests want.
    pub desired: &'run DesiredEnvironment,
    /// What was approved of the plan.
    pub approved: &'run Approved,
    /// The rails that the user lifted by name.
    pub lifted: &'run BTreeSet<Rule>,
    /// The clock.
    pub clock: &'run dyn Clock,
    /// The user's wish to stop: nothing new is sent then, and nothing is waited for.
    pub stop: &'run Stop,
    /// Told of every step that is sent and of every one that was answered, with the lines that it is to bring about.
    pub progress: &'run (dyn Fn(&[&Line], &Progress<'_>) + Sync),
}

/// What is told of a step while a run is under way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Progress<'run> {
    /// It is about to be sent.
    Sending,
    /// It was answered.
    Answered(&'run Answer),
}

/// Carries out what was approved. `inventory` is what the approved plan was made from.
pub async fn run(run: &Run<'_>, session: &impl Session, inventory: Inventory) -> Report {
    let (mut plan, mut new) = run.approved.next(run.desired, &inventory);
    let asked: Vec<Line> =
        plan.changes().filter(|line| run.approved.goals().any(|goal| *goal == line.goal())).cloned().collect();
    let before = plan.judged.clone();
    let mut history = History::new();
    let mut rounds = 0;
    let mut inventory = inventory;
    while !run.stop.is_asked() {
        let ready = ready(run, &plan, &inventory, &mut history);
        if ready.is_empty() {
            confirm(run, session, &inventory, &mut history).await;
            let Some(pause) = history.pause(&plan, run.clock.now()) else { break };
            run.stop.wait(run.clock, pause).await;
        } else {
            rounds += 1;
            send(run, session, &plan, ready, &mut history).await;
        }
        inventory = session.read().await;
        (plan, new) = run.approved.next(run.desired, &inventory);
        plan.judged = plan.judged.since(&before);
        history.note_held(&asked, &plan);
    }
    hold_back(&plan, &mut history);
    if run.stop.is_asked() {
        confirm(run, session, &inventory, &mut history).await;
        // Also what the last read could not find: without the answer of a service it was not sent.
        for goal in asked.iter().map(Line::goal) {
            if history.may_be_sent(&goal) {
                history.skipped.entry(goal).or_insert_with(|| "the run was stopped".to_owned());
            }
        }
    }
    Report {
        environment: run.desired.environment.name.to_string(),
        results: asked
            .into_iter()
            .map(|line| (outcome(&line, &plan, &history), line))
            .map(|(is, of)| (of, is))
            .collect(),
        new_since_plan: new,
        alarms: history.alarms,
        tripped: history.tripped,
        rounds,
    }
}

/// Looks at what was written by another way than the plan's, where there is one.
///
/// It is asked when nothing is left to send, for everything that was written in the run: no line counts as held before, and what
/// comes after a line in the same run is decided by the plan's own way, as the plan itself was.
async fn confirm(run: &Run<'_>, session: &impl Session, inventory: &Inventory, history: &mut History) {
    if !history.written.is_empty() {
        let seen = session.confirm(inventory, &history.written).await;
        history.second = Some(run.approved.next(run.desired, &seen).0);
    }
}

/// The steps that can be sent now: of the earliest phase, with nothing to wait for, and not sent before.
fn ready(run: &Run<'_>, plan: &Plan, inventory: &Inventory, history: &mut History) -> Vec<usize> {
    let sendable = |step: &Step| {
        step.call.is_ok()
            && step.waits.is_empty()
            && step.lines.iter().all(|line| {
                let goal = plan.lines[*line].goal();
                !history.skipped.contains_key(&goal)
                    && match history.sent.get(&goal) {
                        None => true,
                        Some(sent) => match sent.answer {
                            Answer::NotCommitted(_) => sent.tries < TRIES,
                            Answer::Accepted { .. } | Answer::Refused(_) | Answer::Unknown(_) => false,
                        },
                    }
            })
    };
    let mut ready: Vec<usize> = (0..plan.steps.len()).filter(|at| sendable(&plan.steps[*at])).collect();
    let Some(phase) = ready.iter().map(|at| plan.steps[*at].phase).min() else { return ready };
    ready.retain(|at| plan.steps[*at].phase == phase);
    if phase >= Phase::Revoke {
        // The rails are judged again on what was just read, before anything is taken away. A grant that was accepted and
        // is not to be seen yet is waited for, because a rail may only stand for want of it.
        let taken: BTreeSet<Goal> =
            plan.steps.iter().filter(|step| step.phase >= Phase::Revoke).flat_map(goals_of(plan)).collect();
        history.tripped = rails::evaluate_some(run.desired, plan, inventory, &|goal| taken.contains(goal));
        history.tripped.retain(|tripped| !run.lifted.contains(&tripped.rule));
        if !history.tripped.is_empty() {
            return Vec::new();
        }
    }
    ready
}

/// The goals of a step.
fn goals_of(plan: &Plan) -> impl Fn(&Step) -> Vec<Goal> {
    |step| step.lines.iter().map(|line| plan.lines[*line].goal()).collect()
}

/// Says of everything that was to be taken away that a rail stood.
fn hold_back(plan: &Plan, history: &mut History) {
    let Some(tripped) = history.tripped.first() else { return };
    let because = format!("rail {} stands: {}", tripped.rule, tripped.finding.message);
    for goal in plan.steps.iter().filter(|step| step.phase >= Phase::Revoke).flat_map(goals_of(plan)) {
        history.skipped.entry(goal).or_insert_with(|| because.clone());
    }
}

async fn send(run: &Run<'_>, session: &impl Session, plan: &Plan, ready: Vec<usize>, history: &mut History) {
    let mut subjects: BTreeMap<(usize, &str), Vec<usize>> = BTreeMap::new();
    for at in ready {
        let line = &plan.lines[plan.steps[at].lines[0]];
        subjects.entry((line.rank, &line.subject)).or_default().push(at);
    }
    let groups = stream::iter(subjects.into_values().map(|steps| async move {
        let mut answers = Vec::new();
        for at in steps {
            let step = &plan.steps[at];
            let (Ok(call), false) = (&step.call, run.stop.is_asked()) else { continue };
            let lines: Vec<&Line> = step.lines.iter().map(|line| &plan.lines[*line]).collect();
            (run.progress)(&lines, &Progress::Sending);
            let answer = session.send(call).await;
            (run.progress)(&lines, &Progress::Answered(&answer));
            answers.push((at, answer));
        }
        answers
    }));
    let answers: Vec<Vec<(usize, Answer)>> = groups.buffer_unordered(IN_FLIGHT).collect().await;
    let mut answers: Vec<(usize, Answer)> = answers.into_iter().flatten().collect();
    answers.sort_by_key(|(at, _)| *at);
    for (at, answer) in answers {
        history.note_sent(plan, &plan.steps[at], &answer, run.clock.now());
    }
}
