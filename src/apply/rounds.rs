//! Rounds: send what is ready, read what became of it, plan again within what was approved.
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;

use super::{Answer, Session};
use crate::clock::Clock;
use crate::compile::desired::DesiredEnvironment;
use crate::inventory::Inventory;
use crate::ledger::Phase;
use crate::plan::{Goal, Line, LineKind, Plan, Step};
use crate::report::{Outcome, Report};
use crate::review::gate::Approved;
use crate::review::rails::{self, Tripped};
use crate::rules::Rule;

/// How many steps of one environment are under way at once, never two on one subject.
const IN_FLIGHT: usize = 4;
/// How often one step is sent: again only after an answer that proves that nothing was committed.
const TRIES: usize = 3;
/// How often is waited for what was accepted and is not to be seen; the privilege cache takes about half a minute
/// (Learn: compose HTTP requests, `Consistency: Strong`).
const POLLS: u32 = 4;

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
    /// Whether the user asked to stop.
    pub stop: &'run (dyn Fn() -> bool + Sync),
    /// Told of every step that was answered, with the lines that it was to bring about.
    pub progress: &'run (dyn Fn(&[&Line], &Answer) + Sync),
}

/// What has happened to the goals of a run so far.
#[derive(Default)]
struct History {
    answers: BTreeMap<Goal, Answer>,
    tries: BTreeMap<Goal, usize>,
    seen_held: BTreeSet<Goal>,
    skipped: BTreeMap<Goal, String>,
    /// The rails that stood when something was last to be taken away.
    tripped: Vec<Tripped>,
    alarms: Vec<String>,
}

/// Carries out what was approved. `inventory` is what the approved plan was made from.
pub async fn run(run: &Run<'_>, session: &impl Session, inventory: Inventory) -> Report {
    let (mut plan, mut new) = run.approved.next(run.desired, &inventory);
    let asked: Vec<Line> =
        plan.changes().filter(|line| run.approved.goals().any(|goal| *goal == line.goal())).cloned().collect();
    let mut history = History::default();
    let (mut rounds, mut polls) = (0, 0);
    let mut inventory = inventory;
    while !(run.stop)() {
        let ready = ready(run, &plan, &inventory, &mut history);
        if ready.is_empty() {
            if polls == POLLS || !waits_to_be_seen(&plan, &history) {
                break;
            }
            polls += 1;
            run.clock.wait(Duration::from_secs(u64::from(5 * polls))).await;
        } else {
            rounds += 1;
            polls = 0;
            send(run, session, &plan, ready, &mut history).await;
        }
        inventory = session.read().await;
        (plan, new) = run.approved.next(run.desired, &inventory);
        note_held(&asked, &plan, &mut history);
    }
    hold_back(&plan, &mut history);
    if (run.stop)() {
        for step in &plan.steps {
            for line in &step.lines {
                history.skipped.entry(plan.lines[*line].goal()).or_insert_with(|| "the run was stopped".to_owned());
            }
        }
    }
    let results =
        asked.into_iter().map(|line| (outcome(&line, &plan, &history), line)).map(|(outcome, line)| (line, outcome));
    Report {
        environment: run.desired.environment.name.to_string(),
        results: results.collect(),
        new_since_plan: new,
        alarms: history.alarms,
        tripped: history.tripped,
        rounds,
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
                    && match history.answers.get(&goal) {
                        None => true,
                        Some(Answer::NotCommitted(_)) => history.tries.get(&goal).is_none_or(|tries| *tries < TRIES),
                        Some(Answer::Accepted { .. } | Answer::Refused(_) | Answer::Unknown(_)) => false,
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

/// Whether something was accepted that the last read did not show.
fn waits_to_be_seen(plan: &Plan, history: &History) -> bool {
    plan.changes().any(|line| matches!(history.answers.get(&line.goal()), Some(Answer::Accepted { .. })))
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
            let (Ok(call), false) = (&step.call, (run.stop)()) else { continue };
            let answer = session.send(call).await;
            let lines: Vec<&Line> = step.lines.iter().map(|line| &plan.lines[*line]).collect();
            (run.progress)(&lines, &answer);
            answers.push((at, answer));
        }
        answers
    }));
    let answers: Vec<Vec<(usize, Answer)>> = groups.buffer_unordered(IN_FLIGHT).collect().await;
    let mut answers: Vec<(usize, Answer)> = answers.into_iter().flatten().collect();
    answers.sort_by_key(|(at, _)| *at);
    for (at, answer) in answers {
        if let Answer::Accepted { alarm: Some(alarm), .. } = &answer {
            history.alarms.push(alarm.clone());
        }
        for line in &plan.steps[at].lines {
            let goal = plan.lines[*line].goal();
            *history.tries.entry(goal.clone()).or_default() += 1;
            history.answers.insert(goal, answer.clone());
        }
    }
}

fn note_held(asked: &[Line], plan: &Plan, history: &mut History) {
    for line in asked {
        if find(plan, line).is_none() {
            history.seen_held.insert(line.goal());
        }
    }
}

/// The line of a plan about the same goal, or about its whole subject where that could not be read.
fn find<'plan>(plan: &'plan Plan, line: &Line) -> Option<&'plan Line> {
    plan.lines.iter().find(|other| {
        let subject = other.ledger == line.ledger && other.subject == line.subject;
        let (same, whole) = (subject && other.entry == line.entry, subject && other.entry.is_empty());
        let open = match other.kind {
            LineKind::Change { .. } | LineKind::Blocked { .. } | LineKind::Unread { .. } => true,
            LineKind::Unmanaged { .. } | LineKind::Kept { .. } => false,
        };
        (same && open) || whole
    })
}

fn outcome(line: &Line, plan: &Plan, history: &History) -> Outcome {
    let goal = line.goal();
    let Some(now) = find(plan, line) else { return Outcome::Held };
    match (&now.kind, history.answers.get(&goal)) {
        (LineKind::Unread { problem, .. }, Some(_)) => Outcome::Unverified { problem: problem.clone() },
        (_, Some(Answer::Refused(problem) | Answer::NotCommitted(problem))) => {
            Outcome::Refused { problem: problem.clone() }
        }
        (_, Some(Answer::Unknown(problem))) => Outcome::Unverified { problem: problem.clone() },
        (_, Some(Answer::Accepted { .. })) if history.seen_held.contains(&goal) || line.ledger == "flowConnections" => {
            Outcome::Reverted
        }
        (_, Some(Answer::Accepted { .. })) => Outcome::NotVisibleYet,
        (_, None) => Outcome::Skipped { because: why_skipped(&goal, now, plan, history) },
    }
}

fn why_skipped(goal: &Goal, now: &Line, plan: &Plan, history: &History) -> String {
    if let Some(because) = history.skipped.get(goal) {
        return because.clone();
    }
    match &now.kind {
        LineKind::Blocked { reason, .. } => return reason.clone(),
        LineKind::Unread { problem, .. } => return problem.to_string(),
        LineKind::Change { .. } | LineKind::Unmanaged { .. } | LineKind::Kept { .. } => {}
    }
    let step = plan.steps.iter().find(|step| step.lines.iter().any(|line| plan.lines[*line].goal() == *goal));
    let Some(step) = step else { return "it does not stand where it stood when it was approved".to_owned() };
    if let Some(other) = step.waits.first() {
        let line = &plan.lines[plan.steps[*other].lines[0]];
        return format!("{}: {} did not hold", line.heading, line.name);
    }
    match &step.call {
        Err(lacks) => format!("it waits until {lacks}"),
        Ok(_) => "no round was left for it".to_owned(),
    }
}
