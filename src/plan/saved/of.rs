//! From plans to their document.
use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::{
    About, Action, Extra, FORMAT, FORMAT_VERSION, Leaving, Move, Permission, ResourceChange, Saved, SavedEnvironment,
    SavedExpiry, SavedFinding, SavedPlace, SavedReason, SavedRisk, SavedStatement, Status, Summary,
};
use crate::finding::Finding;
use crate::foreign::inert;
use crate::kinds::policy::risk::Grade;
use crate::ledger::Effect;
use crate::plan::Plan;
use crate::plan::digest::{self, Essence};
use crate::plan::line::{Expiry, LevelText, Line, LineKind};
use crate::review::{Graded, Grades, Review, Statement};

impl Saved {
    /// Makes the document of a run's plans; `findings` are those of the manifests, the plans and the rails.
    pub fn of(plans: &[&Plan], reviews: &[&Review], findings: &[&Finding]) -> Self {
        let grades = Grades::of(reviews);
        let complete = !plans.iter().any(|plan| plan.is_incomplete());
        let errored = findings.iter().any(|finding| finding.severity == crate::finding::Severity::Error);
        let changes = |plan: &Plan| -> Vec<ResourceChange> {
            let lines = plan.lines.iter();
            lines.filter_map(|line| ResourceChange::of(plan, line, grades.line(plan, line))).collect()
        };
        let resource_changes: Vec<ResourceChange> = plans.iter().flat_map(|plan| changes(plan)).collect();
        let environments = plans.iter().map(|plan| {
            let review = reviews.iter().find(|review| *review.environment == *plan.environment);
            SavedEnvironment {
                name: inert(&plan.environment),
                id: plan.environment_id.clone(),
                tenant: plan.tenant.clone(),
                extents: Essence::of(plan).extents,
                risk: review.and_then(|review| review.risk.grade),
                effective: review.iter().flat_map(|review| &review.effective).map(SavedStatement::of).collect(),
            }
        });
        Self {
            format_version: FORMAT_VERSION.to_owned(),
            applyable: !errored && !resource_changes.is_empty(),
            complete,
            errored,
            powergrant: About {
                format: FORMAT.to_owned(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
                digest: digest::digest(plans.iter().copied()),
                summary: Summary::of(plans),
                risk: reviews.iter().filter_map(|review| review.risk.grade).max(),
                riskiest: riskiest(&resource_changes),
                environments: environments.collect(),
                left: plans
                    .iter()
                    .flat_map(|plan| plan.lines.iter().filter_map(|line| Leaving::of(plan, line)))
                    .collect(),
                findings: findings.iter().map(|finding| SavedFinding::of(finding)).collect(),
                drift: Vec::new(),
            },
            resource_changes,
        }
    }
}

/// The addresses of what is more than low, the riskiest first.
fn riskiest(changes: &[ResourceChange]) -> Vec<String> {
    let graded = changes.iter().filter_map(|change| Some((change.powergrant.risk.as_ref()?.grade, &change.address)));
    let mut risky: Vec<_> = graded.filter(|(grade, _)| *grade > Grade::Low).collect();
    risky.sort_by_key(|(grade, _)| Reverse(*grade));
    risky.into_iter().map(|(_, address)| address.clone()).collect()
}

impl SavedExpiry {
    fn of(expiry: Expiry) -> Self {
        Self { on: expiry.on.to_string(), days: expiry.days }
    }
}

impl SavedRisk {
    fn of(graded: &Graded) -> Self {
        let reason = |(rule, reason): &(String, String)| SavedReason { rule: inert(rule), reason: inert(reason) };
        Self { grade: graded.grade, because: graded.because.iter().map(reason).collect() }
    }
}

impl SavedStatement {
    fn of(statement: &Statement) -> Self {
        Self { direction: statement.direction, text: inert(&statement.text), people: statement.people }
    }
}

impl ResourceChange {
    fn of(plan: &Plan, line: &Line, graded: Option<&Graded>) -> Option<Self> {
        let (from, to, effect) = match &line.kind {
            LineKind::Change { from, to, effect, .. } => (from.as_ref(), to.as_ref(), *effect),
            LineKind::Blocked { .. } | LineKind::Unread { .. } | LineKind::Unmanaged { .. } | LineKind::Kept { .. } => {
                return None;
            }
        };
        let action = match (from, to) {
            (None, _) => Action::Create,
            (Some(_), None) => Action::Delete,
            (Some(_), Some(_)) => Action::Update,
        };
        let permission = |level: &LevelText| Permission {
            environment: inert(&plan.environment),
            subject: inert(&line.heading),
            entry: inert(&line.name),
            principal: principal_kind(&line.entry).map(str::to_owned),
            level: level.word.clone(),
            words: inert(&level.text),
        };
        let kind = type_name(line.ledger);
        Some(Self {
            address: format!("{kind}[\"{}/{}/{}\"]", inert(&plan.environment), line.subject, inert(&line.entry)),
            mode: "managed".to_owned(),
            r#type: kind,
            name: inert(&plan.environment),
            provider_name: "powergrant.dev/powergrant".to_owned(),
            change: Move {
                actions: vec![action],
                before: from.map(permission),
                after: to.map(permission),
                after_unknown: BTreeMap::new(),
                before_sensitive: false,
                after_sensitive: false,
            },
            powergrant: Extra {
                environment: plan.environment_id.clone(),
                ledger: line.ledger.to_owned(),
                subject: line.subject.clone(),
                entry: line.entry.clone(),
                effect,
                new: line.new,
                place: line.place.as_ref().map(SavedPlace::of),
                note: line.note.as_deref().map(inert),
                after: line.after.iter().map(|words| inert(words)).collect(),
                expires: line.expires.map(SavedExpiry::of),
                risk: graded.map(SavedRisk::of),
            },
        })
    }
}

/// `flowShares` becomes `powergrant_flow_share`.
fn type_name(ledger: &str) -> String {
    let mut name = "powergrant_".to_owned();
    for letter in ledger.trim_end_matches('s').chars() {
        if letter.is_ascii_uppercase() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

/// The kind of a principal, from an identity such as `group:…:members`, `members:group:…` or `user:…@…`.
fn principal_kind(entry: &str) -> Option<&str> {
    let entry = entry.strip_prefix("members:").unwrap_or(entry);
    let kind = entry.split(':').next()?;
    ["user", "group", "application", "team", "everyone", "row"].contains(&kind).then_some(kind)
}

impl Leaving {
    fn of(plan: &Plan, line: &Line) -> Option<Self> {
        let word = |level: &Option<LevelText>| level.as_ref().map(|level| inert(&level.word));
        let (status, held, wanted, reason) = match &line.kind {
            LineKind::Change { .. } => return None,
            LineKind::Blocked { held, wanted, reason } => {
                (Status::Blocked, word(held), word(wanted), Some(reason.clone()))
            }
            LineKind::Unread { wanted, problem } => (Status::Unread, None, word(wanted), Some(problem.to_string())),
            LineKind::Unmanaged { held } => (Status::Unmanaged, word(held), None, None),
            LineKind::Kept { held, reason } => (Status::Kept, word(held), None, Some(reason.clone())),
        };
        Some(Self {
            status,
            environment: inert(&plan.environment),
            ledger: line.ledger.to_owned(),
            subject: inert(&line.heading),
            entry: inert(&line.name),
            held,
            wanted,
            reason: reason.as_deref().map(inert),
        })
    }
}

impl SavedFinding {
    fn of(finding: &Finding) -> Self {
        Self {
            rule: finding.rule.id().to_owned(),
            severity: finding.severity.word().to_owned(),
            message: inert(&finding.message),
            place: finding.at.as_ref().map(SavedPlace::of),
            hints: finding.hints.iter().map(|hint| inert(hint)).collect(),
        }
    }
}

impl SavedPlace {
    fn of(place: &crate::place::Place) -> Self {
        Self { file: inert(&place.file), line: place.line, column: place.column }
    }
}

impl Summary {
    /// Counts the lines of a run's plans.
    pub fn of(plans: &[&Plan]) -> Self {
        let mut sum = Self::default();
        for line in plans.iter().flat_map(|plan| &plan.lines) {
            match &line.kind {
                LineKind::Change { from, to, effect, .. } => {
                    match (from, to) {
                        (None, _) => sum.add += 1,
                        (Some(_), None) => sum.remove += 1,
                        (Some(_), Some(_)) => sum.change += 1,
                    }
                    match effect {
                        Effect::Widens => sum.widen += 1,
                        Effect::Narrows => sum.narrow += 1,
                        Effect::Shifts => {}
                    }
                }
                LineKind::Blocked { .. } => sum.blocked += 1,
                LineKind::Unread { .. } => sum.unread += 1,
                LineKind::Unmanaged { .. } => sum.unmanaged += 1,
                LineKind::Kept { .. } => {}
            }
        }
        sum
    }

    /// How many changes there are.
    pub fn changes(&self) -> usize {
        self.add + self.change + self.remove
    }

    /// Whether a reader would see nothing but what is left alone on purpose.
    pub fn is_empty(&self) -> bool {
        self.changes() + self.blocked + self.unread == 0
    }
}
