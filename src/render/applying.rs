//! What happens while a plan is applied, as a stream of events in the shape of Terraform's `-json` views: one object a line.
use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::events::{event, resource, word};
use super::json::line;
use crate::foreign::inert;
use crate::journal::AnswerWord;
use crate::plan::saved::{Action, ResourceChange, Saved};
use crate::plan::{Line, Plan};
use crate::report::{Outcome, Report};

/// Environment, ledger, subject and entry.
type Goal = (String, String, String, String);

/// The changes of a run, of which events tell.
pub struct Applying {
    changes: BTreeMap<Goal, ResourceChange>,
}

impl Applying {
    /// The changes of some plans.
    pub fn of(plans: &[&Plan]) -> Self {
        let changes = Saved::of(plans, &[], &[]).resource_changes.into_iter().map(|change| {
            let own = &change.powergrant;
            let goal = (change.name.clone(), own.ledger.clone(), own.subject.clone(), own.entry.clone());
            (goal, change)
        });
        Self { changes: changes.collect() }
    }

    /// The changes that lines of an environment's plan are.
    pub(super) fn find<'a>(
        &'a self,
        environment: &str,
        lines: &'a [&Line],
    ) -> impl Iterator<Item = &'a ResourceChange> {
        let environment = inert(environment);
        lines.iter().filter_map(move |line| {
            let goal = (environment.clone(), line.ledger.to_owned(), line.subject.clone(), line.entry.clone());
            self.changes.get(&goal)
        })
    }

    /// A step is about to be sent.
    pub fn started(&self, environment: &str, lines: &[&Line]) -> String {
        let told = self.find(environment, lines).map(|change| {
            let words = match change.change.actions.first() {
                Some(Action::Create) => "Creating...",
                Some(Action::Update) => "Modifying...",
                Some(Action::Delete) => "Destroying...",
                None => "Nothing to do",
            };
            line(&event(
                "info",
                &format!("{}: {words}", change.address),
                "apply_start",
                &hook(change, None, Value::Null),
            ))
        });
        told.collect()
    }

    /// A service answered a step, so many seconds after the run began.
    pub fn answered(&self, environment: &str, lines: &[&Line], answer: &Answered<'_>) -> String {
        let told = self.find(environment, lines).map(|change| {
            let own = json!({
                "answer": answer.word, "requests": answer.requests.iter().map(|id| inert(id)).collect::<Vec<_>>(),
                "says": answer.says.map(inert),
            });
            let message = format!("{}: {}", change.address, words(answer.word));
            line(&event("info", &message, "apply_progress", &hook(change, Some(answer.seconds), own)))
        });
        told.collect()
    }

    /// An environment is done: what became of each change, and what else a reader must know.
    pub fn ended(&self, report: &Report, seconds: i64) -> String {
        let mut out = String::new();
        for (of, outcome) in &report.results {
            for change in self.find(&report.environment, &[of]) {
                let (level, kind) = match outcome {
                    Outcome::Held => ("info", "apply_complete"),
                    Outcome::NotVisibleYet
                    | Outcome::Reverted
                    | Outcome::Disputed { .. }
                    | Outcome::Refused { .. }
                    | Outcome::PutOff { .. }
                    | Outcome::Unverified { .. }
                    | Outcome::Skipped { .. } => ("error", "apply_errored"),
                };
                let words = outcome.words();
                let own = json!({ "outcome": inert(&words), "next": inert(outcome.next()) });
                let message = format!("{}: {words}", change.address);
                out.push_str(&line(&event(level, &message, kind, &hook(change, Some(seconds), own))));
            }
        }
        for alarm in &report.alarms {
            out.push_str(&diagnostic("warning", alarm, ""));
        }
        for new in &report.new_since_plan {
            let summary = format!("new since the plan, not done: {}: {}", new.heading, new.name);
            out.push_str(&diagnostic("warning", &summary, "plan again"));
        }
        for tripped in &report.tripped {
            let summary = format!("{}: {}", tripped.rule, tripped.finding.message);
            out.push_str(&diagnostic("error", &summary, &tripped.finding.hints.join("\n")));
        }
        out
    }

    /// The run is over: how many changes of each sort were read back and held.
    pub fn summary(&self, reports: &[Report]) -> String {
        let (mut add, mut change, mut remove, mut all) = (0, 0, 0, 0);
        for report in reports {
            all += report.results.len();
            let held = report.results.iter().filter(|(_, outcome)| *outcome == Outcome::Held);
            for of in held.flat_map(|(of, _)| self.find(&report.environment, &[of]).cloned().collect::<Vec<_>>()) {
                match of.change.actions.first() {
                    Some(Action::Create) => add += 1,
                    Some(Action::Update) => change += 1,
                    Some(Action::Delete) => remove += 1,
                    None => {}
                }
            }
        }
        let message = format!("Apply complete! Resources: {add} added, {change} changed, {remove} destroyed.");
        let body = json!({
            "changes": { "add": add, "change": change, "import": 0, "remove": remove, "operation": "apply" },
            "powergrant": { "held": add + change + remove, "of": all },
        });
        line(&event("info", &message, "change_summary", &body))
    }
}

/// What a service made of a step.
#[derive(Clone, Copy, Debug)]
pub struct Answered<'run> {
    /// In one word.
    pub word: AnswerWord,
    /// The service's ids for the requests.
    pub requests: &'run [String],
    /// What was wrong, if something was.
    pub says: Option<&'run str>,
    /// When, in seconds since the run began.
    pub seconds: i64,
}

fn words(answer: AnswerWord) -> &'static str {
    match answer {
        AnswerWord::Accepted => "accepted, to be read back",
        AnswerWord::Refused => "refused",
        AnswerWord::NotCommitted => "not now, and nothing was changed",
        AnswerWord::Unknown => "no answer",
    }
}

fn hook(change: &ResourceChange, seconds: Option<i64>, own: Value) -> Value {
    let mut hook = json!({ "resource": resource(change), "action": word(change) });
    if let Some(seconds) = seconds {
        hook["elapsed_seconds"] = json!(seconds);
    }
    let mut body = json!({ "hook": hook });
    if !own.is_null() {
        body["powergrant"] = own;
    }
    body
}

fn diagnostic(severity: &str, summary: &str, detail: &str) -> String {
    let level = if severity == "error" { "error" } else { "warn" };
    let body = json!({ "diagnostic": { "severity": severity, "summary": inert(summary), "detail": inert(detail) } });
    line(&event(level, summary, "diagnostic", &body))
}
