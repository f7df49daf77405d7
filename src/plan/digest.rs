//! The digest of a run: what will be done, by identity alone, so that two plans can be compared.
use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::line::LevelText;
use super::{LineKind, Plan};
use crate::kinds::{Goals, Ledgers, Reconcile, Seen, Verdicts, Visit};
use crate::ledger::{Key, Ledger, Verdict, Wanted};

/// The first line of what is hashed; another format gets another version.
const VERSION: &str = "powergrant.dev/digest/v1";

/// What a digest is made of in one environment: what moves and how far manifests speak, by identity alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Essence {
    /// The tenant's id.
    pub tenant: String,
    /// The environment's id.
    pub environment: String,
    /// Ledger, subject, entry, from and to of every change.
    pub moves: Vec<[String; 5]>,
    /// Ledger, subject and extent of every touched subject.
    pub extents: Vec<[String; 3]>,
}

impl Essence {
    /// The essence of a plan.
    pub fn of(plan: &Plan) -> Self {
        let word = |level: &Option<LevelText>| {
            level.as_ref().map_or_else(|| super::order::NOTHING.to_owned(), |level| level.word.clone())
        };
        let moves = plan.lines.iter().filter_map(|line| match &line.kind {
            LineKind::Change { from, to, .. } => {
                Some([line.ledger.to_owned(), line.subject.clone(), line.entry.clone(), word(from), word(to)])
            }
            LineKind::Blocked { .. } | LineKind::Unread { .. } | LineKind::Unmanaged { .. } | LineKind::Kept { .. } => {
                None
            }
        });
        Self {
            tenant: plan.tenant.clone(),
            environment: plan.environment_id.clone(),
            moves: moves.collect(),
            extents: plan.extents.iter().cloned().map(|(ledger, subject, extent)| [ledger, subject, extent]).collect(),
        }
    }

    /// The canonical lines; fields are separated by a character that none of them holds unescaped.
    fn canonical(&self) -> impl Iterator<Item = String> {
        let join = |kind: &str, fields: &[String]| {
            let first = [self.tenant.as_str(), &self.environment, kind];
            let fields = first.into_iter().chain(fields.iter().map(String::as_str));
            fields.map(|field| field.escape_default().to_string()).collect::<Vec<_>>().join("\t")
        };
        let moves = self.moves.iter().map(move |fields| join("change", fields));
        moves.chain(self.extents.iter().map(move |fields| join("extent", fields)))
    }
}

/// Hashes the plans of a run: tenant, environment, and per change ledger, subject, entry, from and to, and the extent of
/// every touched subject. Names, places, notes, versions and what is not touched are not in it.
///
/// Empty when ids are pseudonyms: they are not those of the tenant, so no digest of it would ever be the same.
pub fn digest<'plan>(plans: impl IntoIterator<Item = &'plan Plan>) -> String {
    let plans: Vec<&Plan> = plans.into_iter().collect();
    if plans.iter().any(|plan| plan.after.environment.pseudonymous) {
        return String::new();
    }
    of(&plans.into_iter().map(Essence::of).collect::<Vec<_>>())
}

/// Hashes what plans are in essence.
pub fn of(essences: &[Essence]) -> String {
    let mut lines: Vec<String> = essences.iter().flat_map(Essence::canonical).collect();
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
