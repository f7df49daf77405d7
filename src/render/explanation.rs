//! Explanations as text that somebody can read out on the phone, and as JSON.
use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::explain::errors::Meaning;
use crate::explain::patch::Remedy;
use crate::explain::{Explanation, Line, Standing, Step, Verdict};
use crate::problem::clip;

/// How wide the column of what is asked is at least.
const ASKS_WIDTH: usize = 46;

/// Renders one explanation.
pub fn text(explanation: &Explanation) -> String {
    let mut out = String::new();
    headline(&mut out, explanation);
    for (at, line) in explanation.blockers().enumerate() {
        problem(&mut out, &(at + 1).to_string(), line);
    }
    let unknowns: Vec<&Line> = explanation.unknowns().collect();
    if !unknowns.is_empty() {
        let _ = writeln!(out, "  could not be read, so nobody can tell:");
        for line in unknowns {
            problem(&mut out, "?", line);
        }
    }
    suspects(&mut out, explanation);
    let _ = writeln!(out, "  what was looked at:");
    for step in [Step::Environment, Step::Start, Step::Link, Step::Act] {
        let of_step = |line: &&Line| line.requirement.step == step && !line.moot;
        let lines: Vec<&Line> = explanation.lines.iter().filter(of_step).collect();
        if !lines.is_empty() {
            let _ = writeln!(out, "    {}", step.words());
        }
        for line in lines {
            looked_at(&mut out, line);
        }
    }
    notes(&mut out, explanation);
    out
}

fn headline(out: &mut String, explanation: &Explanation) {
    let Explanation { environment, person, flow, verdict, from_next_access, .. } = explanation;
    let (who, flow, environment) = (clip(person.name()), clip(&flow.name), clip(environment));
    let count = explanation.blockers().count();
    let _ = match (verdict, from_next_access) {
        (Verdict::Cannot, _) => {
            let things = if count == 1 { "one thing stands".to_owned() } else { format!("{count} things stand") };
            writeln!(out, "No: {who} cannot run flow {flow} in {environment}; {things} in the way.\n")
        }
        (Verdict::CannotTell, _) => {
            writeln!(out, "Cannot tell whether {who} can run flow {flow} in {environment}.\n")
        }
        (Verdict::Can, true) => writeln!(
            out,
            "Yes, as far as is known: {who} can run flow {flow} in {environment}, once {who} has opened the environment.\n\
             Memberships appear with a person's next access; https://make.powerapps.com does it, or a sync of the team.\n"
        ),
        (Verdict::Can, false) => {
            writeln!(out, "Yes, as far as is known: {who} can run flow {flow} in {environment}.\n")
        }
    };
}

/// A line that needs attention, with everything that helps to decide.
fn problem(out: &mut String, word: &str, line: &Line) {
    let _ = writeln!(out, "  {word}: {}", clip(&line.fails));
    for seen in &line.evidence {
        let _ = writeln!(out, "      seen     {}", clip(seen));
    }
    let _ = writeln!(out, "      decides  {}", line.decides);
    let _ = writeln!(out, "      source   {} ({})\n", line.requirement.source, line.requirement.certainty.word());
}

fn suspects(out: &mut String, explanation: &Explanation) {
    let suspects = explanation.suspects();
    if suspects.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "  suspects, if it fails all the same; nobody has shown that they are needed, the likeliest first:"
    );
    for line in suspects {
        let _ = writeln!(out, "    {} ({})", clip(&line.fails), line.requirement.certainty.word());
        for seen in &line.evidence {
            let _ = writeln!(out, "        seen   {}", clip(seen));
        }
    }
    out.push('\n');
}

fn looked_at(out: &mut String, line: &Line) {
    let mark = match (line.standing, line.blocks) {
        (Standing::Holds, _) => "ok",
        (Standing::Missing, true) => "NO",
        (Standing::Missing, false) => "no",
        (Standing::Unknown, _) => "?",
        (Standing::Unverified, _) => "--",
    };
    let mut seen = line.evidence.iter().map(|seen| clip(seen));
    let first = seen.next().unwrap_or_default();
    let _ = writeln!(out, "{}", format!("      {mark:<2} {:<ASKS_WIDTH$} {first}", clip(&line.asks)).trim_end());
    for more in seen {
        let _ = writeln!(out, "         {:<ASKS_WIDTH$} {more}", "");
    }
}

fn notes(out: &mut String, explanation: &Explanation) {
    if !explanation.lent.is_empty() {
        let _ = writeln!(out, "\n  connections that the flow lends to whoever runs it:");
        for lent in &explanation.lent {
            let name = lent.reference.as_ref().unwrap_or(&lent.key);
            let owner = lent.owner.as_ref().map_or_else(|| "somebody who was not read".to_owned(), ToString::to_string);
            let _ = writeln!(out, "    {} of {}", clip(name), clip(&owner));
        }
    }
    let open = explanation.undecided.iter().map(|what| format!("{what}: the flow's definition does not say"));
    let open: Vec<String> = open.chain(explanation.beyond.iter().cloned()).collect();
    if !open.is_empty() {
        let _ = writeln!(out, "\n  not verified, and never taken for fine:");
        for what in open {
            let _ = writeln!(out, "    {}", clip(&what));
        }
    }
}

/// Renders what a pasted message means.
pub fn meaning(meaning: Option<&Meaning>) -> String {
    match meaning {
        None => {
            "The message is not known here; what follows is everything that running the flow requires.\n\n".to_owned()
        }
        Some(Meaning { says, requirement: None }) => format!("The message means: {}.\n\n", clip(says)),
        Some(Meaning { says, requirement: Some(requirement) }) => format!(
            "The message means: {}.\nrequirement  {} ({})\nsource       {}\n\n",
            clip(says),
            requirement.id,
            requirement.certainty.word(),
            requirement.source
        ),
    }
}

/// Renders what would let the person run the flow.
pub fn fix(explanation: &Explanation, remedy: &Remedy) -> String {
    let who = clip(explanation.person.name());
    let mut out = String::from("\nfix\n");
    match remedy {
        Remedy::Apply => {
            let _ = writeln!(
                out,
                "  Your manifests say so already: `powergrant apply` lets {who} run the flow (tried on what was read)."
            );
        }
        Remedy::Change { grants, patch } => {
            let _ = writeln!(out, "  The least that lets {who} run the flow, tried on what was read:");
            for words in crate::explain::patch::words(grants) {
                let _ = writeln!(out, "    + {}", clip(&words));
            }
            for edit in &patch.edits {
                let _ = writeln!(out, "\n--- {0}\n+++ {0}\n@@ line {1} @@", edit.file, edit.line);
                let _ = writeln!(out, "-{}", edit.before);
                for line in edit.after.lines() {
                    let _ = writeln!(out, "+{line}");
                }
            }
            if !patch.documents.is_empty() {
                let _ = writeln!(out, "\n# a document to add\n{}", patch.documents.trim_end());
            }
        }
        Remedy::Beyond => {
            let _ = writeln!(out, "  No change of manifests removes all of it; see who decides, above.");
        }
    }
    out
}

/// Renders a remedy for programs.
pub fn fix_json(remedy: &Remedy) -> Value {
    match remedy {
        Remedy::Apply => json!({ "kind": "apply" }),
        Remedy::Change { grants, patch } => json!({
            "kind": "change",
            "grants": crate::explain::patch::words(grants),
            "edits": patch.edits.iter().map(|edit| json!({
                "file": &*edit.file, "line": edit.line, "before": edit.before, "after": edit.after,
            })).collect::<Vec<_>>(),
            "documents": patch.documents,
        }),
        Remedy::Beyond => json!({ "kind": "beyond" }),
    }
}

/// Renders one explanation for programs.
pub fn json(explanation: &Explanation) -> Value {
    let line = |line: &Line| {
        json!({
            "requirement": line.requirement.id,
            "step": line.requirement.step,
            "certainty": line.requirement.certainty,
            "source": line.requirement.source,
            "standing": match line.standing {
                Standing::Holds => "holds",
                Standing::Missing => "missing",
                Standing::Unknown => "unknown",
                Standing::Unverified => "unverified",
            },
            "blocks": line.blocks,
            "asks": line.asks,
            "evidence": line.evidence,
            "decides": line.decides,
        })
    };
    json!({
        "environment": explanation.environment,
        "user": { "name": explanation.person.name(), "identity": explanation.person.identity() },
        "flow": { "name": explanation.flow.name, "id": explanation.flow.id },
        "verdict": match explanation.verdict {
            Verdict::Can => "can",
            Verdict::Cannot => "cannot",
            Verdict::CannotTell => "cannotTell",
        },
        "fromNextAccess": explanation.from_next_access,
        "requirements": explanation.lines.iter().map(line).collect::<Vec<_>>(),
        "blockers": explanation.blockers().map(|line| &line.requirement.id).collect::<Vec<_>>(),
        "suspects": explanation.suspects().iter().map(|line| &line.requirement.id).collect::<Vec<_>>(),
        "undecided": explanation.undecided,
        "unverified": explanation.beyond,
    })
}
