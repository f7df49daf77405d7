//! What a plan can say of a goal that it has no line for: that it holds, or that nobody knows.
use std::collections::{BTreeMap, BTreeSet};

use super::line::Goal;
use crate::finding::{Finding, Severity};
use crate::kinds::{Goals, Ledgers, Reconcile, Seen, Verdicts, Visit};
use crate::ledger::{Key, Ledger, Verdict, Wanted};
use crate::place::Place;
use crate::problem::{Cause, Problem};
use crate::rules::Rule;

/// Which entries a plan compared. What has no line holds only if it was compared: a flow that cannot be found, or a person who
/// cannot be read, has no line either.
#[derive(Clone, Debug, Default)]
pub struct Judged {
    subjects: BTreeMap<&'static str, BTreeMap<String, Subject>>,
    /// Why something wanted is not among the goals: where it is wanted, the rule, and the reason.
    unresolved: Vec<(Option<Place>, Rule, Problem)>,
}

/// One subject that was compared.
#[derive(Clone, Debug, Default)]
struct Subject {
    named: BTreeSet<String>,
    /// Why an entry that is not seen may yet be there.
    gap: Option<Problem>,
}

impl Judged {
    /// Notes what was compared; `findings` are those of resolving names.
    pub(super) fn of(goals: &Ledgers<Goals>, verdicts: &Ledgers<Verdicts>, findings: &[Finding]) -> Self {
        let hides = |finding: &&Finding| finding.severity == Severity::Error || finding.rule == Rule::IncompleteRead;
        let unresolved = findings.iter().filter(hides).map(|finding| {
            let next = finding.hints.first().cloned().unwrap_or_default();
            let problem = Problem::without_request(Cause::NotAsked, "powergrant", finding.message.clone(), next);
            (finding.at.clone(), finding.rule, problem)
        });
        let mut judged = Self { subjects: BTreeMap::new(), unresolved: unresolved.collect() };
        verdicts.walk::<Seen>(&mut judged);
        goals.walk::<Seen>(&mut judged);
        judged
    }

    /// Forgets what an earlier plan could not find either: of that plan it was no goal, so no goal is missing for it.
    #[must_use]
    pub fn since(mut self, earlier: &Self) -> Self {
        let is_known =
            |at: &Option<Place>, rule: Rule| earlier.unresolved.iter().any(|(was, of, _)| was == at && *of == rule);
        self.unresolved.retain(|(at, rule, _)| !is_known(at, *rule));
        self
    }

    /// Why nobody knows that a goal holds although no line says that it does not.
    pub fn doubt(&self, goal: &Goal, is_revoked: bool) -> Option<&Problem> {
        let subject = self.subjects.get(goal.ledger).and_then(|subjects| subjects.get(&goal.subject));
        match subject {
            Some(subject) if subject.named.contains(&goal.entry) => None,
            // Of an exact list what is not named is gone when it is not seen and all was seen.
            Some(subject) if is_revoked => subject.gap.as_ref(),
            Some(_) | None => self.unresolved.first().map(|(.., problem)| problem),
        }
    }
}

impl Visit<Verdicts, Seen> for Judged {
    fn visit<L: Reconcile>(&mut self, verdicts: &BTreeMap<L::Subject, Verdict<L>>) {
        let compared = verdicts.iter().filter_map(|(subject, verdict)| match verdict {
            Verdict::Compared { gap, .. } => Some((subject.key(), Subject { gap: gap.clone(), ..Subject::default() })),
            // It has a line that says so.
            Verdict::Unknown(_) => None,
        });
        self.subjects.insert(<L as Ledger>::NAME, compared.collect());
    }
}

impl Visit<Goals, Seen> for Judged {
    fn visit<L: Reconcile>(&mut self, goals: &BTreeMap<L::Subject, Wanted<L>>) {
        let Some(subjects) = self.subjects.get_mut(<L as Ledger>::NAME) else { return };
        for (subject, wanted) in goals {
            if let Some(subject) = subjects.get_mut(&subject.key()) {
                subject.named = wanted.entries.keys().map(Key::key).collect();
            }
        }
    }
}
