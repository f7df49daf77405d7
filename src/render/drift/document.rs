//! Drift for programs: as a plan document, and as events.
use serde_json::{Value, json};

use super::{Counts, Drift, why};
use crate::foreign::inert;
use crate::journal::audit::Author;
use crate::journal::drift::Class;
use crate::plan::saved::{Action, Origin, ResourceChange, Saved, SavedDrift};
use crate::plan::{Line, Plan};
use crate::render::applying::Applying;
use crate::render::events::{self, event, resource};
use crate::render::{Shown, json};

/// Renders drift as a plan document in which every difference says where it comes from.
pub fn json(shown: &Shown<'_>, drifts: &[Drift<'_>]) -> String {
    let mut document = Saved::of(&shown.plans, &shown.reviews, &shown.findings);
    let lines = drifts.iter().flat_map(|drift| drift.lines.iter().map(move |line| (drift.plan, line)));
    document.powergrant.drift =
        lines.map(|(plan, (class, line, author))| saved(plan, class, line, author.as_ref())).collect();
    json::pretty(&document)
}

fn saved(plan: &Plan, class: &Class, line: &Line, author: Option<&Author>) -> SavedDrift {
    let (by, called_by, at) = match author {
        Some(Author::Known { by, called_by, at }) => {
            (Some(inert(by)), called_by.as_deref().map(inert), Some(at.to_string()))
        }
        Some(Author::NotLogged | Author::Unreadable(_) | Author::NoLog) | None => (None, None, None),
    };
    SavedDrift {
        origin: match class {
            Class::Outside => Origin::ChangedOutside,
            Class::NotYetApplied(_) => Origin::NotYetApplied,
            Class::Unknown => Origin::Unknown,
            Class::Blocked => Origin::Blocked,
            Class::Unreadable => Origin::Unread,
            Class::Unmanaged => Origin::Unmanaged,
        },
        environment: inert(&plan.environment),
        ledger: line.ledger.to_owned(),
        subject: inert(&line.heading),
        entry: inert(line.name.trim()),
        why: why(class, author).map(|why| inert(&why)),
        by,
        called_by,
        at,
    }
}

/// Renders drift as events: what differs with where it comes from, and then the plan that would mend it.
///
/// What was changed outside Git comes in Terraform's `resource_drift`, whose action is what was done there; the rest in
/// an event of our own.
pub fn events(shown: &Shown<'_>, drifts: &[Drift<'_>]) -> String {
    let (first, rest) = events::parts(shown);
    let mut out = first;
    let changes = Applying::of(&shown.plans);
    for drift in drifts {
        for (class, line, author) in &drift.lines {
            let own = saved(drift.plan, class, line, author.as_ref());
            let of_line = [*line];
            let change = changes.find(&drift.plan.environment, &of_line).find(|_| *class == Class::Outside);
            out.push_str(&json::line(&difference(&own, change)));
        }
    }
    out.push_str(&rest);
    out.push_str(&json::line(&summary(&Counts::of(drifts))));
    out
}

fn difference(own: &SavedDrift, outside: Option<&ResourceChange>) -> Value {
    let message = format!(
        "{}: {}{}",
        own.subject,
        own.entry,
        own.why.as_ref().map_or_else(String::new, |why| format!("; {why}"))
    );
    match outside {
        Some(change) => {
            let message = format!("{}: Drift detected ({}); {message}", change.address, done_outside(change));
            let what = json!({ "resource": resource(change), "action": done_outside(change) });
            event("info", &message, "resource_drift", &json!({ "change": what, "powergrant": own }))
        }
        None => event("info", &message, "drift", &json!({ "powergrant": own })),
    }
}

/// What was done outside Git, in Terraform's word: what the plan gives was taken, and what it takes was given.
fn done_outside(change: &ResourceChange) -> &'static str {
    match change.change.actions.first() {
        Some(Action::Create) => "delete",
        Some(Action::Update) => "update",
        Some(Action::Delete) => "create",
        None => "noop",
    }
}

fn summary(counts: &Counts) -> Value {
    let Counts { outside, not_yet_applied, unknown, blocked, unreadable, unmanaged, named, ignored } = *counts;
    let own = json!({
        "changedOutside": outside, "notYetApplied": not_yet_applied, "unknown": unknown, "blocked": blocked,
        "unread": unreadable, "unmanaged": unmanaged, "named": named, "ignored": ignored, "coverage": counts.coverage(),
    });
    let message = format!("Drift: {} differences.", counts.differences());
    event("info", &message, "drift_summary", &json!({ "powergrant": own }))
}
