//! The people of a group, sorted by what keeps them from running a flow.
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::json::verdict;
use super::remedy::fix;
use crate::explain::group::Alike;
use crate::explain::patch::Remedy;
use crate::explain::{Question, Verdict};
use crate::problem::clip;

/// How many people of a group are named before the rest is only counted.
const PEOPLE: usize = 20;

/// Renders the people of a group, and what would let all of them run the flow.
pub fn group(environment: &str, question: &Question, alike: &[Alike], remedy: Option<&Remedy>) -> String {
    let count = |verdict: Verdict| -> usize {
        alike.iter().filter(|alike| alike.verdict == verdict).map(|alike| alike.people.len()).sum()
    };
    let [can, cannot, unknown] = [Verdict::Can, Verdict::Cannot, Verdict::CannotTell].map(count);
    let (group, flow, environment) = (clip(question.person.name()), clip(&question.flow.name), clip(environment));
    let mut out = format!(
        "{}: {} in group {group}, flow {flow}: {can} can, as far as is known",
        environment,
        can + cannot + unknown
    );
    for (number, what) in [(cannot, "cannot"), (unknown, "nobody can tell")] {
        if number > 0 {
            let _ = write!(out, "; {number} {what}");
        }
    }
    out.push_str(".\n");
    for alike in alike {
        let names: Vec<String> = alike.people.iter().take(PEOPLE).map(|person| clip(person.name())).collect();
        let more = alike.people.len().saturating_sub(PEOPLE);
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        let what = match alike.verdict {
            Verdict::Can => "can",
            Verdict::Cannot => "cannot:",
            Verdict::CannotTell => "nobody can tell, because this could not be read:",
        };
        let _ = writeln!(out, "\n  {} {what}", alike.people.len());
        for (requirement, words) in alike.because.iter().zip(&alike.words) {
            let _ = writeln!(out, "    - {} ({})", clip(words), requirement.id);
        }
        let _ = writeln!(out, "    {}{more}", names.join(", "));
    }
    if let Some(remedy) = remedy {
        let _ = write!(out, "\n{}", fix(question.person.name(), remedy));
    }
    let wanting = alike.iter().find(|alike| alike.verdict != Verdict::Can).and_then(|alike| alike.people.first());
    if let Some(one) = wanting {
        let _ = writeln!(out, "\n  more of one of them: `powergrant explain --user {} …`", clip(one.name()));
    }
    out
}

/// Renders the people of a group for programs.
pub fn group_json(environment: &str, question: &Question, alike: &[Alike]) -> Value {
    let sort = |alike: &Alike| {
        let people = alike.people.iter().map(|person| json!({ "name": person.name(), "identity": person.identity() }));
        let because: Vec<_> = alike.because.iter().map(|requirement| &requirement.id).collect();
        json!({
            "verdict": verdict(alike.verdict),
            "because": because,
            "words": alike.words,
            "people": people.collect::<Vec<_>>(),
        })
    };
    json!({
        "environment": environment,
        "group": { "name": question.person.name(), "identity": question.person.identity() },
        "flow": { "name": question.flow.name, "id": question.flow.id },
        "people": alike.iter().map(sort).collect::<Vec<_>>(),
    })
}
