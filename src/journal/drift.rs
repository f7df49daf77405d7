//! Where a difference comes from: somebody changed the tenant, or nobody has applied the manifests yet.
use std::collections::{BTreeMap, BTreeSet};

use super::history::{History, Run};
use super::{Change, Goal, OutcomeWord, Target};
use crate::place::Place;
use crate::plan::line::LevelText;
use crate::plan::{Line, LineKind, Plan};

/// What kind of drift a line of a plan is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// The manifests were applied, and the tenant says otherwise now.
    Outside,
    /// The manifests say something that was not applied yet.
    NotYetApplied(Why),
    /// The journal does not say which of the two it is.
    Unknown,
    /// It differs, and is not changed here.
    Blocked,
    /// It could not be read.
    Unreadable,
    /// It is granted, and no manifest names it.
    Unmanaged,
}

/// Why something is not applied yet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// The manifest was changed since the last run.
    ManifestIsNewer,
    /// Its last day has passed.
    Expired,
    /// The last run that was to do it did not succeed.
    DidNotHold {
        /// The run.
        run: String,
        /// What became of it.
        outcome: OutcomeWord,
    },
}

/// What is known besides the plan.
pub struct Known<'known> {
    /// What was applied.
    pub history: &'known History,
    /// The SHA-256 of every manifest, as it is now.
    pub manifests: &'known BTreeMap<String, String>,
    /// Where members stand whose last day has passed.
    pub expired: &'known BTreeSet<Place>,
    /// Where the Environment document stands, whose variables other documents use.
    pub environment: &'known Place,
}

impl Known<'_> {
    /// The kind of drift that a line is; none for what is kept by the platform or already as wanted.
    pub fn class(&self, plan: &Plan, line: &Line) -> Option<Class> {
        let to = match &line.kind {
            LineKind::Change { to, .. } => to,
            LineKind::Blocked { .. } => return Some(Class::Blocked),
            LineKind::Unread { .. } => return Some(Class::Unreadable),
            LineKind::Unmanaged { .. } => return Some(Class::Unmanaged),
            LineKind::Kept { .. } => return None,
        };
        if line.place.as_ref().is_some_and(|place| self.expired.contains(place)) {
            return Some(Class::NotYetApplied(Why::Expired));
        }
        let goal = Goal::of(line);
        let Some(last) = self.of_environment(plan).next().map(|(run, _)| run) else { return Some(Class::Unknown) };
        let about = self.last_about(plan, &goal);
        Some(match about {
            Some((_, change, OutcomeWord::Held)) if same(change.after.as_deref(), to.as_ref()) => Class::Outside,
            Some((run, change, outcome)) if same(change.after.as_deref(), to.as_ref()) => {
                let run = run.begun.run.to_string();
                Class::NotYetApplied(Why::DidNotHold { run, outcome })
            }
            Some(_) => Class::NotYetApplied(Why::ManifestIsNewer),
            // Never changed by a run: it stood as wanted when its manifest was applied, if that is the manifest of now.
            None if self.is_unchanged(last, line) => Class::Outside,
            None => Class::NotYetApplied(Why::ManifestIsNewer),
        })
    }

    /// The runs of a plan's environment that came to their end, the latest first.
    fn of_environment(&self, plan: &Plan) -> impl Iterator<Item = (&Run, &Target)> {
        let ended = self.history.runs.iter().rev().filter(|run| run.ended.is_some());
        ended.filter_map(|run| Some((run, target(run, plan)?)))
    }

    /// The latest run that tried to bring a goal about, with the change and what became of it.
    pub(super) fn last_about(&self, plan: &Plan, goal: &Goal) -> Option<(&Run, &Change, OutcomeWord)> {
        self.of_environment(plan).find_map(|(run, target)| {
            let change = target.changes.iter().find(|change| change.goal == *goal)?;
            Some((run, change, run.became(target, goal)?.outcome))
        })
    }

    /// Whether the manifests that a line comes from are those of a run: its own, and that of its environment.
    pub(super) fn is_unchanged(&self, run: &Run, line: &Line) -> bool {
        let applied: BTreeSet<&String> = run.begun.manifests.values().collect();
        let places = line.place.iter().chain([self.environment]);
        places.map(|place| self.manifests.get(&*place.file)).all(|now| now.is_some_and(|now| applied.contains(now)))
    }
}

fn target<'run>(run: &'run Run, plan: &Plan) -> Option<&'run Target> {
    let mut targets = run.begun.environments.iter();
    targets.find(|target| target.id == plan.environment_id && target.tenant == plan.tenant)
}

pub(super) fn same(applied: Option<&str>, wanted: Option<&LevelText>) -> bool {
    applied == wanted.map(|level| level.word.as_str())
}
