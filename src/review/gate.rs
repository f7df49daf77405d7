//! The only door to applying: `gate` makes `Approved`, and `Approved::next` makes what a later round may do of it.
use std::collections::{BTreeMap, BTreeSet};

use super::rails::Tripped;
use crate::compile::desired::DesiredEnvironment;
use crate::inventory::Inventory;
use crate::plan::line::LineKind;
use crate::plan::order::NOTHING;
use crate::plan::{Goal, Line, Plan, plan_within};
use crate::rules::Rule;

/// What was approved in one environment: for each goal, where it stood and where it shall stand.
#[derive(Clone, Debug)]
pub struct Approved {
    goals: BTreeMap<Goal, (String, String)>,
}

/// Approves a plan whose rails are all lifted.
///
/// # Errors
/// With the rails that are not, when there are any.
pub fn gate(plan: &Plan, tripped: &[Tripped], lifted: &BTreeSet<Rule>) -> Result<Approved, Vec<Tripped>> {
    let standing: Vec<_> = tripped.iter().filter(|tripped| !lifted.contains(&tripped.rule)).cloned().collect();
    if standing.is_empty() { Ok(Approved { goals: goals(plan) }) } else { Err(standing) }
}

fn goals(plan: &Plan) -> BTreeMap<Goal, (String, String)> {
    plan.lines.iter().filter_map(|line| words(line).map(|words| (line.goal(), words))).collect()
}

/// Where a change's entry stands and where it shall stand, as words.
fn words(line: &Line) -> Option<(String, String)> {
    match &line.kind {
        LineKind::Change { from, to, .. } => {
            let word = |level: &Option<crate::plan::line::LevelText>| {
                level.as_ref().map_or_else(|| NOTHING.to_owned(), |level| level.word.clone())
            };
            Some((word(from), word(to)))
        }
        LineKind::Blocked { .. } | LineKind::Unread { .. } | LineKind::Unmanaged { .. } | LineKind::Kept { .. } => None,
    }
}

impl Approved {
    /// Plans again on what was read afresh: only approved goals get steps, and only where the entry stands where it stood
    /// when it was approved, or nowhere (a half-done change). The rest of the fresh plan is returned as new since the plan.
    pub fn next(&self, desired: &DesiredEnvironment, fresh: &Inventory) -> (Plan, Vec<Line>) {
        let plan = plan_within(desired, fresh, &|goal, from, to| self.allows(goal, from, to));
        let new = plan
            .lines
            .iter()
            .filter(|line| words(line).is_some_and(|(from, to)| !self.allows(&line.goal(), &from, &to)))
            .cloned()
            .collect();
        (plan, new)
    }

    /// Whether a move was approved.
    pub fn allows(&self, goal: &Goal, from: &str, to: &str) -> bool {
        self.goals.get(goal).is_some_and(|(stood, target)| target == to && (stood == from || from == NOTHING))
    }

    /// The same without some goals, which are not pursued this time.
    #[must_use]
    pub fn without(mut self, goals: &BTreeSet<Goal>) -> Self {
        self.goals.retain(|goal, _| !goals.contains(goal));
        self
    }

    /// Every goal that was approved.
    pub fn goals(&self) -> impl Iterator<Item = &Goal> {
        self.goals.keys()
    }
}
