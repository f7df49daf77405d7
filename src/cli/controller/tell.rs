//! What a controller logs: findings, what differs now and did not before, what became of writes, and what is left.
use std::collections::BTreeSet;

use super::status::Turn;
use crate::finding::{Finding, Severity};
use crate::foreign::{clip, inert};
use crate::journal::drift::Class;
use crate::render;
use crate::render::drift::{Counts, Drift};
use crate::report::{Outcome, Report};

/// Logs findings, each in one line with its place and what to do.
pub(super) fn findings<'run>(found: impl IntoIterator<Item = &'run Finding>) {
    for finding in found {
        let at = finding.at.as_ref().map(ToString::to_string).unwrap_or_default();
        let (rule, at, message) = (finding.rule.id(), inert(&at), inert(&finding.message));
        let hint = inert(&finding.hints.join("; "));
        match finding.severity {
            Severity::Error => tracing::error!(rule, at, hint, "{message}"),
            Severity::Warning => tracing::warn!(rule, at, hint, "{message}"),
            Severity::Note => tracing::info!(rule, at, hint, "{message}"),
        }
    }
}

/// Logs the lines that differ now and did not before, and those that do not differ any more; gives all lines back.
pub(super) fn differences(environment: &str, drift: &Drift<'_>, before: &BTreeSet<String>) -> BTreeSet<String> {
    // What nobody manages is counted, and listed by `powergrant drift`.
    let managed = drift.lines.iter().filter(|(class, ..)| *class != Class::Unmanaged);
    let now: BTreeSet<String> =
        managed.map(|(class, line, _)| format!("{}: {}", word(class), render::drift::alone(class, line))).collect();
    let environment = inert(environment);
    for line in now.difference(before) {
        tracing::warn!(environment, "differs: {line}");
    }
    for line in before.difference(&now) {
        tracing::info!(environment, "differs no more: {line}");
    }
    now
}

/// Where a difference comes from, in words.
fn word(class: &Class) -> &'static str {
    match class {
        Class::Outside => "changed outside Git",
        Class::NotYetApplied(_) => "not yet applied",
        Class::Unknown => "of unknown origin",
        Class::Blocked => "not writable here",
        Class::Unreadable => "not read",
        Class::Unmanaged => "unmanaged",
    }
}

/// Logs how an environment's turn ended, in one line.
pub(super) fn turn(environment: &str, turn: Turn, drift: Option<&Counts>, given_up: usize) {
    let (environment, result) = (inert(environment), turn.word());
    let counts = drift.copied().unwrap_or_default();
    let (outside, not_yet_applied, unknown) = (counts.outside, counts.not_yet_applied, counts.unknown);
    let (blocked, unreadable) = (counts.blocked, counts.unreadable);
    if turn.is_success() {
        tracing::info!(environment, result, outside, not_yet_applied, unknown, blocked, unreadable, given_up, "looked");
    } else {
        tracing::warn!(environment, result, outside, not_yet_applied, unknown, blocked, unreadable, given_up, "looked");
    }
}

/// Logs what became of every change of an environment, and what is left.
pub(super) fn report(report: &Report) {
    let environment = inert(&report.environment);
    for alarm in &report.alarms {
        tracing::error!(environment, "attention: {}", clip(alarm));
    }
    for (line, outcome) in &report.results {
        let (heading, entry, words) = (clip(&line.heading), clip(&line.name), clip(&outcome.words()));
        if *outcome == Outcome::Held {
            tracing::info!(environment, heading, entry, outcome = words, "read back");
        } else {
            let next = clip(outcome.next());
            tracing::warn!(environment, heading, entry, outcome = words, next, "not held");
        }
    }
    for line in &report.new_since_plan {
        tracing::warn!(
            environment,
            heading = clip(&line.heading),
            entry = clip(&line.name),
            "new since the plan, not done"
        );
    }
    let left = report.results.iter().filter(|(_, outcome)| *outcome != Outcome::Held).count();
    tracing::info!(environment, held = report.results.len() - left, left, "applied");
}
