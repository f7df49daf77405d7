//! What a run writes into the journal: its beginning before the first write, every answer, and its end.
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::online::Planned;
use super::provenance::{Provenance, provenance};
use crate::apply::Answer;
use crate::apply::journal::Journal;
use crate::clock::Clock;
use crate::journal::{AnswerWord, Answered, Became, Begun, Ended, FORMAT, Goal, Record, Target};
use crate::manifest::Sources;
use crate::plan::{Line, digest};
use crate::problem::Problem;
use crate::report::Report;
use crate::review::gate::Approved;
use crate::rules::Rule;

/// Where the journal is if nobody says otherwise.
pub(crate) const JOURNAL: &str = ".powergrant/journal.jsonl";

/// What a run is about to do.
#[derive(Clone, Copy)]
pub(crate) struct Beginning<'run> {
    /// The clock.
    pub(crate) clock: &'run Arc<dyn Clock>,
    /// The manifests.
    pub(crate) sources: &'run Sources,
    /// The environments, each with what was approved of its plan.
    pub(crate) approved: &'run [(&'run Planned, Approved)],
    /// The rails that were lifted by name.
    pub(crate) lifted: &'run BTreeSet<Rule>,
}

/// One run's part of the journal.
pub(crate) struct Chronicle {
    journal: Journal,
    run: Uuid,
    clock: Arc<dyn Clock>,
    /// The first answer that could not be written down; the run goes on, and its end tells.
    failed: Mutex<Option<io::Error>>,
}

impl Chronicle {
    /// Writes down what is about to be done; when this returns, it is on disk.
    pub(crate) fn begin(path: &Path, about: Beginning<'_>) -> io::Result<Self> {
        let Beginning { clock, sources, approved, lifted } = about;
        let journal = Journal::open(path)?;
        let now = clock.now();
        let Provenance { who, commit, pipeline } = provenance();
        let digest = digest::digest(approved.iter().map(|(planned, _)| &planned.plan));
        // Not random: the moment, the process and what is done tell runs apart.
        let name = format!("{now}\t{}\t{digest}\t{}", std::process::id(), path.display());
        let begun = Begun {
            format: FORMAT.to_owned(),
            run: Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()),
            at: now,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            who,
            commit,
            pipeline,
            digest,
            lifted: lifted.iter().map(|rule| rule.id().to_owned()).collect(),
            manifests: fingerprints(sources),
            environments: approved.iter().map(|(planned, goals)| target(planned, goals)).collect(),
        };
        let run = begun.run;
        journal.append(&Record::Begun(begun))?;
        Ok(Self { journal, run, clock: Arc::clone(clock), failed: Mutex::default() })
    }

    /// Writes down what a service made of a step.
    pub(crate) fn answered(&self, environment: &str, lines: &[&Line], answer: &Answer) {
        let (word, requests, says) = match answer {
            Answer::Accepted { alarm, requests, afterwards: _ } => {
                (AnswerWord::Accepted, requests.clone(), alarm.clone())
            }
            Answer::Refused(problem) => (AnswerWord::Refused, id_of(problem), Some(problem.to_string())),
            Answer::NotCommitted(problem) => (AnswerWord::NotCommitted, id_of(problem), Some(problem.to_string())),
            Answer::Unknown(problem) => (AnswerWord::Unknown, id_of(problem), Some(problem.to_string())),
        };
        let answered = Answered {
            run: self.run,
            at: self.clock.now(),
            environment: environment.to_owned(),
            changes: lines.iter().map(|line| Goal::of(line)).collect(),
            answer: word,
            requests,
            says,
        };
        if let Err(error) = self.journal.append(&Record::Answered(answered)) {
            self.failed.lock().expect("no holder of this lock panics").get_or_insert(error);
        }
    }

    /// Writes down what became of every change.
    pub(crate) fn end(self, reports: &[Report]) -> io::Result<()> {
        let ended = Ended { run: self.run, at: self.clock.now(), outcomes: Became::all(reports) };
        self.journal.append(&Record::Ended(ended))?;
        self.failed.into_inner().expect("no holder of this lock panics").map_or(Ok(()), Err)
    }
}

/// An environment of a run, with those changes of its plan that were approved.
fn target(planned: &Planned, approved: &Approved) -> Target {
    let mut target = Target::of(&planned.desired.environment, &planned.plan, &planned.inventory);
    let goals: BTreeSet<Goal> = approved.goals().map(Goal::from).collect();
    target.changes.retain(|change| goals.contains(&change.goal));
    target
}

fn id_of(problem: &Problem) -> Vec<String> {
    problem.correlation.iter().cloned().collect()
}

/// The SHA-256 of every manifest, by which drift tells a changed manifest from a changed tenant.
pub(crate) fn fingerprints(sources: &Sources) -> BTreeMap<String, String> {
    let hex = |text: &str| Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
    sources.files().map(|(file, text)| (file.to_owned(), hex(text))).collect()
}
