//! Whether anybody could gain anything that another set of manifests does not give: compared offline, names as identities.
//!
//! The comparison is conservative: what cannot be told to be the same counts as new. A group that is named by id here and
//! by name there is another group; an environment with another address is another environment.
use crate::compile::desired::Desired;
use crate::finding::Finding;
use crate::ledger::{Effect, Entries, Extent, Sight, Verdict, Wanted, diff};
use crate::place::Place;
use crate::rules::Rule;

mod exact;
mod given;
mod guards;
#[cfg(test)]
mod laws;
mod paper;
#[cfg(test)]
mod tests;
mod words;

pub use exact::no_longer_exact;
use given::given;
use paper::Paper;

/// Says of everything that `now` gives and `baseline` does not.
pub fn new_access(baseline: &Desired, now: &Desired) -> Vec<Finding> {
    let (before, after) = (given(baseline), given(now));
    let mut findings = Vec::new();
    for (subject, entries) in &after {
        let wanted = Wanted::<Paper> {
            extent: Extent::Named,
            entries: entries.iter().map(|(entry, given)| (entry.clone(), given.want())).collect(),
            place: Place::start_of(""),
            unresolved: Vec::new(),
            layer: false,
        };
        let held: Entries<Paper> =
            before.get(subject).into_iter().flatten().map(|(entry, given)| (entry.clone(), given.held())).collect();
        let sight = Sight::Found { entries: held, standing: None, gap: None };
        let Verdict::Compared { changes, .. } = diff(&wanted, sight) else { continue };
        for change in changes {
            let message = match (change.effect(), &change.from) {
                (Effect::Narrows, _) => continue,
                (_, None) => format!("{subject}: {} is new", change.entry),
                (_, Some(from)) => {
                    let to = change.to.as_ref().map(ToString::to_string).unwrap_or_default();
                    format!("{subject}: {} is `{to}`, and `{from}` in the baseline", change.entry)
                }
            };
            findings.push(Finding::error(Rule::NewAccess, &change.place, message));
        }
    }
    findings.extend(guards::loosened(baseline, now));
    findings
}
