//! Where a goal stands in a plan: the line that says that it does not hold, or why nobody knows.
use crate::plan::{Goal, Line, LineKind, Plan};
use crate::problem::Problem;

/// The line of a plan that says that a goal does not hold, or that its whole subject could not be read.
pub(super) fn find<'plan>(plan: &'plan Plan, goal: &Goal) -> Option<&'plan Line> {
    plan.lines.iter().find(|other| {
        let subject = other.ledger == goal.ledger && other.subject == goal.subject;
        let (same, whole) = (subject && other.entry == goal.entry, subject && other.entry.is_empty());
        let open = match other.kind {
            LineKind::Change { .. } | LineKind::Blocked { .. } | LineKind::Unread { .. } => true,
            LineKind::Unmanaged { .. } | LineKind::Kept { .. } => false,
        };
        (same && open) || whole
    })
}

/// Why nobody knows whether a line's goal holds when a plan has no line that says that it does not.
pub(super) fn doubt<'plan>(line: &Line, plan: &'plan Plan) -> Option<&'plan Problem> {
    plan.judged.doubt(&line.goal(), matches!(line.kind, LineKind::Change { to: None, .. }))
}
