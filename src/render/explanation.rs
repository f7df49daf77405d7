//! Explanations as text that somebody can read out on the phone, and as JSON.
use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::explain::errors::Meaning;
use crate::explain::group::Alike;
use crate::explain::patch::Remedy;
use crate::explain::{Explanation, Found, Line, Question, Standing, Step, Verdict};
use crate::names::Text;
use crate::problem::clip;

/// How wide the column of what is asked is at least.
const ASKS_WIDTH: usize = 46;

/// How many people of a group are named before the rest is only counted.
const PEOPLE: usize = 20;

/// Renders one explanation.
pub fn text(explanation: &Explanation) -> String {
    let mut out = String::new();
    headline(&mut out, explanation);
    if !explanation.disagreements.is_empty() {
        let _ =
            writeln!(out, "  Dataverse itself says something else than roles, teams and shares; its word counts here:");
        for one in &explanation.disagreements {
            let _ = writeln!(out, "    {}", clip(&one.says));
        }
        let _ = writeln!(out, "    hierarchy security and access teams are not read, and may be the reason\n");
    }
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
    let open = explanation.undecided.iter().map(ToString::to_string);
    let open: Vec<String> = open.collect();
    if !open.is_empty() {
        let _ = writeln!(out, "\n  not verified, because the flow's definition does not say it:");
        for what in open {
            let _ = writeln!(out, "    {}", clip(&what));
        }
    }
    if explanation.sharing_forbidden {
        let _ = writeln!(
            out,
            "\n  this managed environment forbids sharing flows: a new share is refused until that is lifted"
        );
    }
    agents(out, explanation);
    let _ = writeln!(out, "\n  outside of Dataverse, where an unknown is never taken for fine:");
    for one in &explanation.outside {
        let mark = match one.found {
            Found::Holds => "ok",
            Found::Missing => "no",
            Found::Unknown => "?",
        };
        let _ = writeln!(out, "    {mark:<2} {}", clip(&one.asks));
        let _ = writeln!(out, "         {}", clip(&one.seen));
    }
}

/// The agents that call the flow.
fn agents(out: &mut String, explanation: &Explanation) {
    if explanation.agents.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n  agents that call the flow:");
    for agent in &explanation.agents {
        let says: Vec<String> = agent.says.iter().map(|says| clip(says)).collect();
        let _ = writeln!(out, "    {}: {}", clip(&agent.name), says.join("; "));
        for warning in &agent.warns {
            let _ = writeln!(out, "      ! {}", clip(warning));
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

/// Renders whether what a message speaks of is what is missing here.
pub fn meaning_here(meaning: Option<&Meaning>, explanation: &Explanation) -> String {
    let requirement = meaning.and_then(|meaning| meaning.requirement);
    let Some(line) = requirement.and_then(|requirement| explanation.line(&requirement.id)) else {
        return String::new();
    };
    let here = match (line.standing, line.blocks) {
        (Standing::Missing, true) => "and that is missing here, see below",
        (Standing::Missing, false) => "and that is missing here, among the suspects below",
        (Standing::Holds | Standing::Unverified, _) => {
            "but by what was read that holds here: the message may be older, or of another person or flow"
        }
        (Standing::Unknown, _) => "and whether that holds here could not be read",
    };
    format!("{}: {here}.\n\n", clip(&line.asks))
}

/// Renders what a pasted message means for programs, with how it stands in an explanation.
pub fn meaning_json(meaning: Option<&Meaning>, explanation: Option<&Explanation>) -> Value {
    let requirement = meaning.and_then(|meaning| meaning.requirement);
    let line = requirement.and_then(|requirement| explanation?.line(&requirement.id));
    json!({
        "says": meaning.map(|meaning| &meaning.says),
        "requirement": requirement.map(|requirement| &requirement.id),
        "standing": line.map(|line| word(line.standing)),
    })
}

/// Renders the people of a group, sorted by what keeps them from running a flow.
pub fn group(environment: &str, question: &Question, alike: &[Alike]) -> String {
    let count = |verdict: Verdict| -> usize {
        alike.iter().filter(|alike| alike.verdict == verdict).map(|alike| alike.people.len()).sum()
    };
    let [can, cannot, unknown] = [Verdict::Can, Verdict::Cannot, Verdict::CannotTell].map(count);
    let (group, flow) = (clip(question.person.name()), clip(&question.flow.name));
    let mut out = format!(
        "{}: of the people of {group}, {can} can run flow {flow} as far as is known, {cannot} cannot, of {unknown} nobody can tell.\n",
        clip(environment)
    );
    for alike in alike {
        let names: Vec<String> = alike.people.iter().take(PEOPLE).map(|person| clip(person.name())).collect();
        let more = alike.people.len().saturating_sub(PEOPLE);
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        let because: Vec<&str> = alike.because.iter().map(Text::as_str).collect();
        let what = match alike.verdict {
            Verdict::Can => "can".to_owned(),
            Verdict::Cannot => format!("cannot, for want of {}", because.join(", ")),
            Verdict::CannotTell => format!("nobody can tell, because of {}", because.join(", ")),
        };
        let _ = writeln!(out, "\n  {} {what}\n    {}{more}", alike.people.len(), names.join(", "));
    }
    if cannot + unknown > 0 {
        let one = alike.iter().find(|alike| alike.verdict != Verdict::Can).and_then(|alike| alike.people.first());
        if let Some(one) = one {
            let _ = writeln!(out, "\n  `powergrant explain --user {} …` says more of one of them", clip(one.name()));
        }
    }
    out
}

/// Renders the people of a group for programs.
pub fn group_json(environment: &str, question: &Question, alike: &[Alike]) -> Value {
    let sort = |alike: &Alike| {
        let people = alike.people.iter().map(|person| json!({ "name": person.name(), "identity": person.identity() }));
        json!({ "verdict": verdict(alike.verdict), "because": alike.because, "people": people.collect::<Vec<_>>() })
    };
    json!({
        "environment": environment,
        "group": { "name": question.person.name(), "identity": question.person.identity() },
        "flow": { "name": question.flow.name, "id": question.flow.id },
        "people": alike.iter().map(sort).collect::<Vec<_>>(),
    })
}

fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Can => "can",
        Verdict::Cannot => "cannot",
        Verdict::CannotTell => "cannotTell",
    }
}

fn word(standing: Standing) -> &'static str {
    match standing {
        Standing::Holds => "holds",
        Standing::Missing => "missing",
        Standing::Unknown => "unknown",
        Standing::Unverified => "unverified",
    }
}

/// Renders what would let the person run the flow.
pub fn fix(who: &str, remedy: &Remedy) -> String {
    let who = clip(who);
    let mut out = String::from("\nfix\n");
    match remedy {
        Remedy::Apply => {
            let _ = writeln!(
                out,
                "  Your manifests say so already: `powergrant apply` lets {who} run the flow (tried on what was read)."
            );
        }
        Remedy::Change { grants, .. } if grants.is_empty() => {
            let _ = writeln!(
                out,
                "  Roles, teams and shares lack nothing; what Dataverse itself answers is the reason, see above."
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
            "standing": word(line.standing),
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
        "verdict": verdict(explanation.verdict),
        "fromNextAccess": explanation.from_next_access,
        "requirements": explanation.lines.iter().map(line).collect::<Vec<_>>(),
        "blockers": explanation.blockers().map(|line| &line.requirement.id).collect::<Vec<_>>(),
        "suspects": explanation.suspects().iter().map(|line| &line.requirement.id).collect::<Vec<_>>(),
        "undecided": explanation.undecided,
        "disagreements": explanation.disagreements.iter().map(|one| json!({
            "requirement": one.requirement.id, "says": one.says,
        })).collect::<Vec<_>>(),
        "agents": explanation.agents.iter().map(|agent| json!({
            "name": agent.name, "says": agent.says, "warns": agent.warns,
        })).collect::<Vec<_>>(),
        "outside": explanation.outside.iter().map(|one| json!({
            "asks": one.asks,
            "found": match one.found {
                Found::Holds => "holds",
                Found::Missing => "missing",
                Found::Unknown => "unknown",
            },
            "seen": one.seen,
        })).collect::<Vec<_>>(),
        "sharingForbidden": explanation.sharing_forbidden,
    })
}
