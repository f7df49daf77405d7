//! What a pasted message means, and whether that is what is missing here.
use serde_json::{Value, json};

use super::json::word;
use crate::explain::errors::Meaning;
use crate::explain::{Explanation, Standing};
use crate::problem::clip;

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

/// Renders what a pasted message means where nobody is asked about.
pub fn meaning_alone(found: Option<&Meaning>) -> String {
    match found {
        None => "The message is not known here.\nhint: ask with `--user USER --flow FLOW` for everything that running the flow requires\n".to_owned(),
        Some(Meaning { requirement: None, .. }) => meaning(found),
        Some(Meaning { requirement: Some(_), .. }) => {
            meaning(found).trim_end().to_owned()
                + "\n\nWhether that is what is missing is told with `--user USER --flow FLOW`.\n"
        }
    }
}

/// Renders whether what a message speaks of is what is missing here.
pub fn meaning_here(meaning: Option<&Meaning>, explanation: &Explanation) -> String {
    let Some(requirement) = meaning.and_then(|meaning| meaning.requirement) else { return String::new() };
    let Some(line) = explanation.line(&requirement.id) else {
        // Only what callers link is left out of an explanation.
        let flow = clip(&explanation.flow.name);
        return format!(
            "Here: as it stands flow {flow} lends its own connections, so nobody links one; what stands in the way is below.\n\n"
        );
    };
    let missing = explanation.blockers().find(|blocker| blocker.requirement.step == line.requirement.step);
    if let (Standing::Holds | Standing::Unverified, Some(missing)) = (line.standing, missing) {
        // Services refuse one step in one way, whichever of its requirements is missing.
        return format!(
            "Here: {} holds by what was read; what is missing of the same step is: {}, see below.\n\n",
            clip(&line.asks),
            clip(&missing.asks)
        );
    }
    let here = match (line.standing, line.blocks) {
        (Standing::Missing, true) => "and that is missing here, see below",
        (Standing::Missing, false) => "and that is missing here, among the suspects below",
        (Standing::Holds | Standing::Unverified, _) => {
            "but by what was read that holds here: the message may be older, or of another person or flow"
        }
        (Standing::Unknown, _) => "and whether that holds here could not be read",
    };
    format!("Here: {}, {here}.\n\n", clip(&line.asks))
}

/// Renders what a pasted message means for programs, with how it stands in an explanation.
pub fn meaning_json(meaning: Option<&Meaning>, explanation: Option<&Explanation>) -> Value {
    let requirement = meaning.and_then(|meaning| meaning.requirement);
    let line = requirement.and_then(|requirement| explanation?.line(&requirement.id));
    let same_step = line
        .filter(|line| line.standing != Standing::Missing)
        .and_then(|line| explanation?.blockers().find(|blocker| blocker.requirement.step == line.requirement.step));
    json!({
        "says": meaning.map(|meaning| &meaning.says),
        "requirement": requirement.map(|requirement| &requirement.id),
        "standing": line.map(|line| word(line.standing)),
        "missingAtTheSameStep": same_step.map(|line| &line.requirement.id),
    })
}
