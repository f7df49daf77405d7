//! What became of each line of an approved plan: judged on the last read, by every way that there is.
use super::history::{History, OtherWay};
use super::stands::{doubt, find};
use super::{Afterwards, Answer};
use crate::plan::line::LevelText;
use crate::plan::{Goal, Line, LineKind, Plan};
use crate::report::Outcome;

/// The outcome of a line.
pub(super) fn outcome(line: &Line, plan: &Plan, history: &History) -> Outcome {
    let goal = line.goal();
    match (find(plan, &goal), history.by_other_way(&goal)) {
        (None, OtherWay::NotAsked | OtherWay::Holds) => match (doubt(line, plan), history.skipped.get(&goal)) {
            (None, _) => Outcome::Held,
            (Some(_), Some(because)) => Outcome::Skipped { because: because.clone() },
            (Some(problem), None) if history.sent.contains_key(&goal) => {
                Outcome::Unverified { problem: problem.clone() }
            }
            (Some(problem), None) => Outcome::Skipped { because: problem.to_string() },
        },
        (None, OtherWay::Denies(denies)) => match &denies.kind {
            LineKind::Unread { problem, .. } => Outcome::Unverified { problem: problem.clone() },
            LineKind::Change { .. } | LineKind::Blocked { .. } | LineKind::Unmanaged { .. } | LineKind::Kept { .. } => {
                disputed(&goal, history, Stands::Planned)
            }
        },
        (Some(now), other) => {
            let stands_by_other = matches!(other, OtherWay::Holds) && matches!(now.kind, LineKind::Change { .. });
            open(line, now, stands_by_other, plan, history)
        }
    }
}

/// By which of two ways a goal holds.
#[derive(Clone, Copy)]
enum Stands {
    Planned,
    Other,
}

fn disputed(goal: &Goal, history: &History, stands: Stands) -> Outcome {
    let Some(ways) = history.ways(goal) else { return Outcome::NotVisibleYet };
    let (stands_by, not_by) = match stands {
        Stands::Planned => (ways.planned, ways.other),
        Stands::Other => (ways.other, ways.planned),
    };
    Outcome::Disputed { stands_by, not_by }
}

/// The outcome of a line whose goal does not hold by the plan's own way.
fn open(line: &Line, now: &Line, stands_by_other: bool, plan: &Plan, history: &History) -> Outcome {
    let goal = line.goal();
    let Some(sent) = history.sent.get(&goal) else {
        return Outcome::Skipped { because: why_skipped(&goal, now, plan, history) };
    };
    if let (Answer::NotCommitted(_), Some(because)) = (&sent.answer, history.skipped.get(&goal)) {
        // It would have been sent again, had the run not been stopped or a rail not stood.
        return Outcome::Skipped { because: because.clone() };
    }
    match (&now.kind, &sent.answer) {
        (LineKind::Unread { problem, .. }, _) => Outcome::Unverified { problem: problem.clone() },
        (_, Answer::Refused(problem)) => Outcome::Refused { problem: problem.clone() },
        (_, Answer::NotCommitted(problem)) => Outcome::PutOff { problem: problem.clone() },
        (_, Answer::Accepted { .. } | Answer::Unknown(_)) if stands_by_other => disputed(&goal, history, Stands::Other),
        (_, Answer::Unknown(problem)) => Outcome::Unverified { problem: problem.clone() },
        (_, Answer::Accepted { afterwards, .. }) => {
            let put_back = *afterwards == Afterwards::PutBack || history.seen_held.contains(&goal);
            // Neither what was there nor what was written: the write arrived, and something came after it.
            if put_back || held(line) != held(now) { Outcome::Reverted } else { Outcome::NotVisibleYet }
        }
    }
}

/// What a line says is held now.
fn held(line: &Line) -> Option<&LevelText> {
    match &line.kind {
        LineKind::Change { from: held, .. }
        | LineKind::Blocked { held, .. }
        | LineKind::Unmanaged { held }
        | LineKind::Kept { held, .. } => held.as_ref(),
        LineKind::Unread { .. } => None,
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

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::apply::history::Sent;
    use crate::plan::plan;
    use crate::plan::world::{self, Dice};
    use crate::problem::Problem;

    /// A plan of one change of something that is held.
    fn one_change() -> Plan {
        let mut plans = (0..400).map(|seed| {
            let mut dice = Dice::new(seed);
            plan(&world::desired(&mut dice), &world::inventory(&mut dice))
        });
        let found = plans.find_map(|plan| {
            let line = plan.lines.iter().find(|line| matches!(line.kind, LineKind::Change { from: Some(_), .. }))?;
            Some(Plan { lines: vec![line.clone()], ..plan.clone() })
        });
        found.expect("some world takes something away")
    }

    /// The outcome of its line, sent and accepted, when a later read shows `now`.
    fn judged(approved: &Plan, now: &Plan, afterwards: Afterwards, was_seen: bool) -> Outcome {
        let line = &approved.lines[0];
        let mut history = History::new();
        let answer = Answer::Accepted { alarm: None, requests: Vec::new(), afterwards };
        history.sent.insert(line.goal(), Sent { answer, at: Timestamp::UNIX_EPOCH, tries: 1 });
        if was_seen {
            history.seen_held.insert(line.goal());
        }
        outcome(line, now, &history)
    }

    #[test]
    fn an_accepted_change_that_does_not_stand_was_reverted_only_where_something_came_after_it() {
        let approved = one_change();
        let mut third = approved.clone();
        let LineKind::Change { from, .. } = &mut third.lines[0].kind else { unreachable!("a change") };
        *from = Some(LevelText { word: "third".to_owned(), text: "a third value".to_owned() });
        let gone = Plan { lines: Vec::new(), ..approved.clone() };
        let unseen = Afterwards::Unseen;
        assert_eq!(judged(&approved, &approved, unseen, false), Outcome::NotVisibleYet);
        assert_eq!(judged(&approved, &third, unseen, false), Outcome::Reverted);
        assert_eq!(judged(&approved, &approved, unseen, true), Outcome::Reverted);
        assert_eq!(judged(&approved, &approved, Afterwards::PutBack, false), Outcome::Reverted);
        assert_eq!(judged(&approved, &gone, unseen, false), Outcome::Held);
    }

    #[test]
    fn what_a_later_read_could_not_find_does_not_hold_for_want_of_a_line() {
        let approved = one_change();
        let mut dice = Dice::new(1);
        let mut unread = world::inventory(&mut dice);
        let desired = world::desired(&mut dice);
        let refused = Problem::without_request(crate::problem::Cause::Forbidden, "Dataverse", "403", "");
        unread.roles = crate::inventory::section::Section::Unreadable(refused.clone());
        unread.flows = crate::inventory::section::Section::Unreadable(refused);
        let now = plan(&desired, &unread);
        assert!(now.is_incomplete(), "nothing was unread");
        let outcome = judged(&approved, &Plan { lines: Vec::new(), ..now }, Afterwards::Unseen, false);
        assert!(matches!(outcome, Outcome::Unverified { .. }), "{outcome:?}");
    }
}
