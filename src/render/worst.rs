//! Which lines a reader must see first.
use std::cmp::Reverse;

use crate::kinds::policy::risk::Grade;
use crate::ledger::{Effect, Phase};
use crate::plan::{Line, LineKind, Plan};
use crate::review::{Graded, Grades};

/// A line with its plan, and how it is graded.
#[derive(Clone, Copy)]
pub(super) struct Worst<'run> {
    pub(super) plan: &'run Plan,
    pub(super) line: &'run Line,
    graded: Option<&'run Graded>,
}

impl<'run> Worst<'run> {
    /// How risky it is; what no rule grades, and what was not reviewed, is low.
    pub(super) fn grade(&self) -> Grade {
        self.graded.map(|graded| graded.grade).unwrap_or_default()
    }

    /// Why it is risky, by its gravest rule.
    pub(super) fn reason(&self) -> Option<&'run str> {
        self.graded?.because.first().map(|(_, reason)| reason.as_str())
    }
}

/// The lines of plans that say something: the riskiest first, then by what they do, and as they stand in the plans where
/// two are alike.
pub(super) fn first<'run>(plans: &[&'run Plan], grades: &Grades<'run>) -> Vec<Worst<'run>> {
    let all = plans.iter().flat_map(|plan| plan.lines.iter().map(move |line| (*plan, line)));
    let mut shown: Vec<_> = all
        .filter_map(|(plan, line)| {
            let worst = Worst { plan, line, graded: grades.line(plan, line) };
            Some(((Reverse(worst.grade()), rank(line)?), worst))
        })
        .collect();
    shown.sort_by_key(|(order, _)| *order);
    shown.into_iter().map(|(_, worst)| worst).collect()
}

/// How much a line matters, the lowest first; none for what is left alone on purpose.
fn rank(line: &Line) -> Option<u8> {
    Some(match &line.kind {
        // Somebody's own connection serves others from now on.
        LineKind::Change { phase: Phase::Lend, .. } => 0,
        LineKind::Change { effect: Effect::Widens, .. } => 1,
        LineKind::Change { effect: Effect::Narrows, .. } => 2,
        LineKind::Change { effect: Effect::Shifts, .. } => 3,
        LineKind::Unread { .. } => 4,
        LineKind::Blocked { .. } => 5,
        LineKind::Unmanaged { .. } | LineKind::Kept { .. } => return None,
    })
}
