//! What the caller lacks, for what, and whom to ask for it.
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::foreign::inert;
use crate::problem::Problem;
use crate::rights::advice::{Ask, asks};
use crate::rights::identity::Identity;
use crate::rights::judge::{Held, Judged};
use crate::rights::{Needs, Task, Weight};

/// How wide the column of rights is, with what stands before it.
const WIDTH: usize = 50;

/// A right that is not held, with everything that it is for.
struct Lack<'a> {
    task: Task,
    weight: Weight,
    parts: BTreeSet<&'static str>,
    purposes: BTreeSet<&'static str>,
    held: &'a Held,
}

/// What is missing for a task, by right.
fn lacks(judged: &[Judged], task: Task) -> BTreeMap<Needs, Lack<'_>> {
    let mut lacks: BTreeMap<Needs, Lack<'_>> = BTreeMap::new();
    let is_lacking =
        |judged: &&Judged| judged.right.task <= task && matches!(judged.held, Held::No(_) | Held::Unknown(_));
    for Judged { right, held } in judged.iter().filter(is_lacking) {
        let lack = lacks.entry(right.needs).or_insert_with(|| Lack {
            task: right.task,
            weight: right.weight,
            parts: BTreeSet::new(),
            purposes: BTreeSet::new(),
            held,
        });
        lack.task = lack.task.min(right.task);
        lack.weight = lack.weight.min(right.weight);
        lack.parts.insert(right.part.name());
        lack.purposes.insert(right.purpose);
    }
    lacks
}

/// Writes what is missing for a task, and what to ask for.
pub(super) fn write(text: &mut String, identity: &Identity, judged: &[Judged], task: Task) {
    let lacks = lacks(judged, task);
    if lacks.is_empty() {
        text.push_str(match task {
            Task::Apply => "\n  Nothing is missing.\n",
            Task::Plan => "\n  Nothing is missing for `plan`.\n",
        });
        return;
    }
    if task == Task::Apply && lacks.values().all(|lack| lack.task == Task::Apply) {
        text.push_str("\n  Nothing is missing for `plan`.\n");
    }
    for (weight, heading) in
        [(Weight::Required, "missing"), (Weight::Optional, "missing, and needed only for what stands beside it")]
    {
        let of_weight: Vec<_> = lacks.iter().filter(|(_, lack)| lack.weight == weight).collect();
        if !of_weight.is_empty() {
            let _ = writeln!(text, "\n  {heading:<WIDTH$} for   what");
        }
        for (needs, lack) in of_weight {
            one(text, identity, *needs, lack);
        }
    }
    for ask in asks(identity, judged, task) {
        asked(text, &ask);
    }
}

fn one(text: &mut String, identity: &Identity, needs: Needs, lack: &Lack<'_>) {
    let what = if lack.weight == Weight::Required { &lack.parts } else { &lack.purposes };
    let what = what.iter().copied().collect::<Vec<_>>().join(", ");
    let (sign, more) = match lack.held {
        // Why is said above, once.
        Held::Unknown(problem) if is_told(identity, needs, problem) => ('?', "; not known".to_owned()),
        Held::No(Some(depth)) => ('-', format!("; held at {depth}")),
        Held::Unknown(problem) => ('?', format!("; not known: {}", inert(&problem.to_string()))),
        Held::No(None) | Held::Yes | Held::NotApplicable => ('-', String::new()),
    };
    let _ = writeln!(text, "    {sign} {:<46} {:<5} {what}{more}", needs.words(), lack.task.word());
}

/// Whether a problem stands above already, beside a service or what Dataverse was asked.
fn is_told(identity: &Identity, needs: Needs, problem: &Problem) -> bool {
    let is_of_service = identity.bearers.iter().any(|(_, bearer)| bearer.as_ref().err() == Some(problem));
    is_of_service || matches!(needs, Needs::Table { .. } | Needs::Miscellaneous(_))
}

fn asked(text: &mut String, ask: &Ask) {
    let _ = writeln!(text, "\n  Ask {}: {}.", ask.whom, inert(&ask.what));
    if !ask.commands.is_empty() {
        text.push('\n');
    }
    for command in &ask.commands {
        let _ = writeln!(text, "    {}", inert(command));
    }
    if let Some(documents) = &ask.documents {
        text.push('\n');
        text.push_str(documents);
    }
}
