//! Explanations as text that somebody can read out on the phone, and as JSON: the answer, what stands in the way, what helps,
//! and then everything that was looked at.
mod group;
mod json;
mod message;
mod remedy;

use std::fmt::Write as _;

use crate::explain::patch::Remedy;
use crate::explain::{Explanation, Found, Line, Standing, Step, Verdict};
use crate::problem::clip;

pub use group::{group, group_json};
pub use json::json;
pub use message::{meaning, meaning_alone, meaning_here, meaning_json};
pub use remedy::{fix, fix_json};

/// How wide the column of what is asked is at least.
const ASKS_WIDTH: usize = 46;

/// Renders one explanation, and what would let the person run the flow.
pub fn text(explanation: &Explanation, remedy: Option<&Remedy>) -> String {
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
    if let Some(remedy) = remedy {
        let _ = writeln!(out, "{}", fix(explanation.person.name(), remedy));
    }
    suspects(&mut out, explanation);
    everything(&mut out, explanation);
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
    for seen in line.official.iter().chain(&line.evidence) {
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
        for seen in line.official.iter().chain(&line.evidence) {
            let _ = writeln!(out, "        seen   {}", clip(seen));
        }
    }
    out.push('\n');
}

/// Every requirement, step by step; what the flow has no use for is passed over.
fn everything(out: &mut String, explanation: &Explanation) {
    let _ = writeln!(out, "  what was looked at:");
    for step in [Step::Environment, Step::Start, Step::Link, Step::Act] {
        let of_step = |line: &&Line| line.requirement.step == step && !line.moot;
        let lines: Vec<&Line> = explanation.lines.iter().filter(of_step).collect();
        if !lines.is_empty() {
            let _ = writeln!(out, "    {}", step.words());
        }
        for line in lines {
            looked_at(out, line);
        }
    }
    let is_asked = explanation.lines.iter().any(|line| line.official.is_some());
    if is_asked && explanation.disagreements.is_empty() {
        let who = clip(explanation.person.name());
        let _ = writeln!(out, "    Dataverse itself was asked about {who} too, and contradicts nothing of this.");
    }
}

fn looked_at(out: &mut String, line: &Line) {
    let mark = match (line.standing, line.blocks) {
        (Standing::Holds, _) => "ok",
        (Standing::Missing, true) => "NO",
        (Standing::Missing, false) => "no",
        (Standing::Unknown, _) => "?",
        (Standing::Unverified, _) => "--",
    };
    // What holds needs no second witness.
    let official = line.official.as_ref().filter(|_| line.standing != Standing::Holds || line.evidence.is_empty());
    let mut seen = official.into_iter().chain(&line.evidence).map(|seen| clip(seen));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Access;
    use crate::explain::{Bar, Question, explain, patch};
    use crate::foreign::is_hidden;
    use crate::names::Ref;
    use crate::plan::world::{self, Dice};

    /// A name that a terminal, an editor or a pipeline would act on.
    const HOSTILE: &str = "Pay\u{1b}[31mroll\n##vso[task.complete]\n::error::\u{202e}";

    #[test]
    fn names_that_the_tenant_holds_are_shown_and_never_obeyed() {
        for seed in 0..8 {
            let mut inventory = world::inventory(&mut Dice::new(seed));
            for flow in inventory.flows.rows_mut().values_mut() {
                flow.name = HOSTILE.into();
            }
            for user in inventory.users.rows_mut().values_mut() {
                user.upn = HOSTILE.into();
                user.full_name = HOSTILE.into();
            }
            for role in inventory.roles.rows_mut().values_mut() {
                role.name = HOSTILE.into();
            }
            for reference in inventory.references.rows_mut().values_mut() {
                reference.display_name = HOSTILE.into();
            }
            let access = Access::of(&inventory);
            let flows: Vec<_> = inventory.flows.rows().map(|(id, flow)| Ref::new(flow.name.clone(), *id)).collect();
            for (person, flow) in access.people().iter().zip(flows.iter().cycle()) {
                let person = person.principal.clone();
                let question = Question { person, flow: flow.clone(), agent: None, bar: Bar::Documented };
                let explanation = explain(&inventory, &question).expect("the person is known");
                let remedy = patch::remedy(&inventory, &question, None);
                let text = text(&explanation, Some(&remedy));
                assert!(!text.chars().any(|letter| is_hidden(letter) && letter != '\n'), "seed {seed}: {text:?}");
                let is_command =
                    |line: &str| line.trim_start().starts_with("##vso") || line.trim_start().starts_with("::error");
                assert!(!text.lines().any(is_command), "seed {seed}: {text}");
            }
        }
    }
}
