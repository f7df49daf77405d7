//! One explanation for programs.
use serde_json::{Value, json};

use crate::explain::{Explanation, Found, Line, Standing, Verdict};

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
            "official": line.official,
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

/// An answer as a word.
pub(super) fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Can => "can",
        Verdict::Cannot => "cannot",
        Verdict::CannotTell => "cannotTell",
    }
}

/// A standing as a word.
pub(super) fn word(standing: Standing) -> &'static str {
    match standing {
        Standing::Holds => "holds",
        Standing::Missing => "missing",
        Standing::Unknown => "unknown",
        Standing::Unverified => "unverified",
    }
}
