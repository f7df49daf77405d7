//! The digest of a run: what will be done, by identity alone, so that two plans can be compared.
use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::{LineKind, Plan};
use crate::kinds::{Goals, Ledgers, Reconcile, Seen, Verdicts, Visit};
use crate::ledger::{Key, Ledger, Verdict, Wanted};

/// The first line of what is hashed; another format gets another version.
const VERSION: &str = "powergrant.dev/digest/v1";

/// Hashes the plans of a run: tenant, environment, and per change ledger, subject, entry, from and to, and the extent of
/// every touched subject. Names, places, notes, versions and what is not touched are not in it.
///
/// Empty when ids are pseudonyms: they are not those of the tenant, so no digest of it would ever be the same.
pub fn digest<'plan>(plans: impl IntoIterator<Item = &'plan Plan>) -> String {
    let plans: Vec<&Plan> = plans.into_iter().collect();
    if plans.iter().any(|plan| plan.after.environment.pseudonymous) {
        return String::new();
    }
    let mut lines: Vec<String> = plans.into_iter().flat_map(canonical).collect();
    lines.sort();
    let mut hash = Sha256::new();
    hash.update(VERSION);
    for line in lines {
        hash.update([0]);
        hash.update(line);
    }
    let bytes = hash.finalize();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

/// The canonical lines of one plan; fields are separated by a character that none of them holds unescaped.
fn canonical(plan: &Plan) -> Vec<String> {
    let join = |fields: &[&str]| {
        let fields = [&[plan.tenant.as_str(), plan.environment_id.as_str()], fields].concat();
        fields.iter().map(|field| field.escape_default().to_string()).collect::<Vec<_>>().join("\t")
    };
    let changes = plan.lines.iter().filter_map(|line| match &line.kind {
        LineKind::Change { from, to, .. } => {
            let word = |level: &Option<super::line::LevelText>| {
                level.as_ref().map_or(super::order::NOTHING, |level| &level.word).to_owned()
            };
            Some(join(&["change", line.ledger, &line.subject, &line.entry, &word(from), &word(to)]))
        }
        LineKind::Blocked { .. } | LineKind::Unread { .. } | LineKind::Unmanaged { .. } | LineKind::Kept { .. } => None,
    });
    let extents = plan.extents.iter().map(|(ledger, subject, extent)| join(&["extent", ledger, subject, extent]));
    changes.chain(extents).collect()
}

/// The extents of the subjects that something moves in.
pub fn extents(goals: &Ledgers<Goals>, verdicts: &Ledgers<Verdicts>) -> Vec<(String, String, String)> {
    let mut touched = Touched::default();
    verdicts.walk::<Seen>(&mut touched);
    let mut extents = Extents { touched: touched.subjects, found: Vec::new() };
    goals.walk::<Seen>(&mut extents);
    extents.found
}

#[derive(Default)]
struct Touched {
    subjects: std::collections::BTreeSet<(&'static str, String)>,
}

impl Visit<Verdicts, Seen> for Touched {
    fn visit<L: Reconcile>(&mut self, verdicts: &BTreeMap<L::Subject, Verdict<L>>) {
        for (subject, verdict) in verdicts {
            if matches!(verdict, Verdict::Compared { changes, .. } if !changes.is_empty()) {
                self.subjects.insert((<L as Ledger>::NAME, subject.key()));
            }
        }
    }
}

struct Extents {
    touched: std::collections::BTreeSet<(&'static str, String)>,
    found: Vec<(String, String, String)>,
}

impl Visit<Goals, Seen> for Extents {
    fn visit<L: Reconcile>(&mut self, goals: &BTreeMap<L::Subject, Wanted<L>>) {
        for (subject, wanted) in goals {
            let key = (<L as Ledger>::NAME, subject.key());
            if self.touched.contains(&key) {
                self.found.push((key.0.to_owned(), key.1, wanted.extent.to_string()));
            }
        }
    }
}
