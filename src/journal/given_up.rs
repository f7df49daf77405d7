//! What is not tried again: a change that a service refused or reverted, as long as nothing about it is different.
use super::drift::{Known, same};
use super::{Goal, OutcomeWord};
use crate::plan::{Line, LineKind, Plan};

/// Why a change is not tried again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenUp {
    /// The run that tried it last.
    pub run: String,
    /// What became of it there: refused or reverted.
    pub outcome: OutcomeWord,
}

impl Known<'_> {
    /// Whether the last run that tried a change was refused it, or saw it reverted, from the state that is held now and for
    /// the manifests of now. What was only put off, for too many requests or because somebody else was first, is not given up.
    pub fn given_up(&self, plan: &Plan, line: &Line) -> Option<GivenUp> {
        let (from, to) = match &line.kind {
            LineKind::Change { from, to, .. } => (from, to),
            LineKind::Blocked { .. } | LineKind::Unread { .. } | LineKind::Unmanaged { .. } | LineKind::Kept { .. } => {
                return None;
            }
        };
        let goal = Goal::of(line);
        let (run, change, outcome) = self.last_about(plan, &goal)?;
        let is_over = match outcome {
            OutcomeWord::Refused | OutcomeWord::Reverted => true,
            OutcomeWord::PutOff
            | OutcomeWord::Held
            | OutcomeWord::NotVisibleYet
            | OutcomeWord::Disputed
            | OutcomeWord::Unverified
            | OutcomeWord::Skipped => false,
        };
        let is_same = same(change.before.as_deref(), from.as_ref()) && same(change.after.as_deref(), to.as_ref());
        (is_over && is_same && self.is_unchanged(run, line))
            .then(|| GivenUp { run: run.begun.run.to_string(), outcome })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use uuid::Uuid;

    use super::*;
    use crate::journal::history::{History, Run};
    use crate::journal::{AnswerWord, Answered, Became, Begun, Change, Ended, FORMAT, Target};
    use crate::ledger::{Effect, Phase};
    use crate::place::Place;
    use crate::plan::line::LevelText;
    use crate::plan::of_lines;

    fn level(word: &str) -> LevelText {
        LevelText { word: word.to_owned(), text: word.to_owned() }
    }

    fn line(from: &str, to: &str) -> Line {
        Line {
            ledger: "flowConnections",
            rank: 4,
            subject: "flow".to_owned(),
            heading: "flow Expense intake, connections".to_owned(),
            new: false,
            entry: "reference".to_owned(),
            name: "reference".to_owned(),
            kind: LineKind::Change {
                from: Some(level(from)),
                to: Some(level(to)),
                effect: Effect::Narrows,
                phase: Phase::Restrict,
            },
            place: Some(Place::start_of("flow.yaml")),
            note: None,
            after: Vec::new(),
            expires: None,
        }
    }

    /// A run that tried to bring the reference from `used` to `provided`.
    fn run(outcome: OutcomeWord, answer: AnswerWord) -> Run {
        let goal = Goal::of(&line("used", "provided"));
        let change = Change {
            goal: goal.clone(),
            heading: String::new(),
            name: String::new(),
            before: Some("used".to_owned()),
            after: Some("provided".to_owned()),
            place: None,
        };
        let target = Target {
            name: "prod".to_owned(),
            id: "prod".to_owned(),
            tenant: String::new(),
            reached: crate::kinds::environment::spec::Spec::default(),
            caller: None,
            references: BTreeMap::new(),
            automated: BTreeSet::new(),
            deleted: BTreeMap::new(),
            changes: vec![change],
        };
        let (id, at) = (Uuid::nil(), jiff::Timestamp::UNIX_EPOCH);
        let files = [("environment.yaml", "e"), ("flow.yaml", "f")];
        let begun = Begun {
            format: FORMAT.to_owned(),
            run: id,
            at,
            version: String::new(),
            who: None,
            commit: None,
            pipeline: None,
            digest: String::new(),
            lifted: BTreeSet::new(),
            manifests: files.map(|(file, hash)| (file.to_owned(), hash.to_owned())).into(),
            environments: vec![target],
        };
        let environment = "prod".to_owned();
        let changes = vec![goal.clone()];
        let answered = Answered {
            run: id,
            at,
            environment: environment.clone(),
            changes,
            answer,
            requests: Vec::new(),
            says: None,
        };
        let became = Became { environment, goal, outcome, says: None };
        Run { begun, answers: vec![answered], ended: Some(Ended { run: id, at, outcomes: vec![became] }) }
    }

    /// Whether a line is given up after runs, where the flow's manifest has this hash now.
    fn is_given_up(runs: Vec<Run>, flow: &str, line: &Line) -> bool {
        let history = History { runs, unreadable: Vec::new() };
        let files = [("environment.yaml", "e"), ("flow.yaml", flow)];
        let manifests = files.map(|(file, hash)| (file.to_owned(), hash.to_owned())).into();
        let environment = Place::start_of("environment.yaml");
        let known =
            Known { history: &history, manifests: &manifests, expired: &BTreeSet::new(), environment: &environment };
        known.given_up(&of_lines("prod", vec![line.clone()]), line).is_some()
    }

    #[test]
    fn what_was_refused_or_reverted_is_given_up_until_the_manifest_or_what_is_held_is_another() {
        let wanted = line("used", "provided");
        let refused = || run(OutcomeWord::Refused, AnswerWord::Refused);
        assert!(is_given_up(vec![refused()], "f", &wanted));
        assert!(is_given_up(vec![run(OutcomeWord::Reverted, AnswerWord::Accepted)], "f", &wanted));
        assert!(!is_given_up(Vec::new(), "f", &wanted));
        assert!(!is_given_up(vec![refused()], "g", &wanted), "the manifest is another one");
        assert!(!is_given_up(vec![refused()], "f", &line("mixed", "provided")), "another state is held");
        assert!(!is_given_up(vec![refused()], "f", &line("used", "other")), "something else is wanted");
    }

    #[test]
    fn what_was_put_off_or_is_not_decided_is_tried_again() {
        let wanted = line("used", "provided");
        assert!(!is_given_up(vec![run(OutcomeWord::PutOff, AnswerWord::NotCommitted)], "f", &wanted));
        let open = [OutcomeWord::Held, OutcomeWord::NotVisibleYet, OutcomeWord::Unverified, OutcomeWord::Skipped];
        for outcome in open {
            assert!(!is_given_up(vec![run(outcome, AnswerWord::Accepted)], "f", &wanted), "{outcome:?}");
        }
        // A later run, by hand, in which it held.
        let later = vec![run(OutcomeWord::Refused, AnswerWord::Refused), run(OutcomeWord::Held, AnswerWord::Accepted)];
        assert!(!is_given_up(later, "f", &wanted));
    }
}
