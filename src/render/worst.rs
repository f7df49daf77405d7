//! Which lines a reader must see first.
use crate::ledger::{Effect, Phase};
use crate::plan::{Line, LineKind, Plan};

/// The lines of plans that say something, worst first, and as they stand in the plans where two are alike.
pub(super) fn first<'plan>(plans: &[&'plan Plan]) -> Vec<(&'plan Plan, &'plan Line)> {
    let all = plans.iter().flat_map(|plan| plan.lines.iter().map(move |line| (*plan, line)));
    let mut shown: Vec<_> = all.filter(|(_, line)| rank(line).is_some()).collect();
    shown.sort_by_key(|(_, line)| rank(line));
    shown
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
