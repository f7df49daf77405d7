//! The journal read back: runs with their answers and their ends, whole or cut off.
use std::collections::BTreeMap;

use uuid::Uuid;

use super::{Answered, Became, Begun, Change, Ended, FORMAT, Goal, OutcomeWord, Record, Target};

/// What a journal says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// The runs, in the order in which they began.
    pub runs: Vec<Run>,
    /// The numbers of lines that cannot be read, from 1: cut off by a kill, or of another version.
    pub unreadable: Vec<usize>,
}

/// One run.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// What it was about to do.
    pub begun: Begun,
    /// What services answered.
    pub answers: Vec<Answered>,
    /// How it ended; none if it was killed, or is under way.
    pub ended: Option<Ended>,
}

impl History {
    /// Reads a journal.
    pub fn read(text: &str) -> Self {
        let mut history = Self::default();
        let mut at: BTreeMap<Uuid, usize> = BTreeMap::new();
        for (number, line) in (1..).zip(text.lines()) {
            if line.trim().is_empty() {
                continue;
            }
            let record = serde_json::from_str::<Record>(line).ok();
            let known = match record {
                Some(Record::Begun(begun)) if begun.format == FORMAT => {
                    at.insert(begun.run, history.runs.len());
                    history.runs.push(Run { begun, answers: Vec::new(), ended: None });
                    Some(())
                }
                Some(Record::Answered(answered)) => {
                    at.get(&answered.run).map(|index| history.runs[*index].answers.push(answered))
                }
                Some(Record::Ended(ended)) => at.get(&ended.run).map(|index| history.runs[*index].ended = Some(ended)),
                Some(Record::Begun(_)) | None => None,
            };
            if known.is_none() {
                history.unreadable.push(number);
            }
        }
        history
    }

    /// The run that is meant: by the beginning of its id, or the last one.
    pub fn run(&self, id: Option<&str>) -> Result<&Run, String> {
        let Some(id) = id else {
            return self.runs.last().ok_or_else(|| "the journal holds no run".to_owned());
        };
        let mut meant = self.runs.iter().filter(|run| run.begun.run.to_string().starts_with(&id.to_lowercase()));
        match (meant.next(), meant.next()) {
            (Some(run), None) => Ok(run),
            (Some(_), Some(_)) => Err(format!("several runs begin with `{id}`")),
            (None, _) => Err(format!("the journal holds no run `{id}`")),
        }
    }
}

impl Run {
    /// What became of a change; none if the run did not come to its end.
    pub fn became(&self, target: &Target, goal: &Goal) -> Option<&Became> {
        let outcomes = self.ended.iter().flat_map(|ended| &ended.outcomes);
        outcomes.filter(|became| became.environment == target.name).find(|became| became.goal == *goal)
    }

    /// Whether a change may have been made: it was not refused, not skipped and not reverted, as far as is known.
    pub fn may_have_changed(&self, target: &Target, change: &Change) -> bool {
        if let Some(became) = self.became(target, &change.goal) {
            return match became.outcome {
                OutcomeWord::Held | OutcomeWord::NotVisibleYet | OutcomeWord::Disputed | OutcomeWord::Unverified => {
                    true
                }
                OutcomeWord::Reverted | OutcomeWord::Refused | OutcomeWord::PutOff | OutcomeWord::Skipped => false,
            };
        }
        if self.ended.is_some() {
            return false;
        }
        let mut answers = self.answers.iter().filter(|answered| answered.environment == target.name);
        // Killed: what has no answer may have been under way.
        answers
            .rfind(|answered| answered.changes.contains(&change.goal))
            .is_none_or(|last| last.answer.may_have_changed())
    }

    /// Every change with its environment.
    pub fn changes(&self) -> impl Iterator<Item = (&Target, &Change)> {
        self.begun.environments.iter().flat_map(|target| target.changes.iter().map(move |change| (target, change)))
    }

    /// How the run ended, in words.
    pub fn words(&self) -> String {
        let total = self.changes().count();
        match &self.ended {
            None => format!("{total} changes begun, and no end: killed, or under way"),
            Some(_) if total == 0 => "nothing to do".to_owned(),
            Some(ended) => {
                let held = ended.outcomes.iter().filter(|became| became.outcome == OutcomeWord::Held).count();
                format!("{held} of {total} held")
            }
        }
    }
}
