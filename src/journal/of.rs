//! From plans and reports to records.
use std::collections::{BTreeMap, BTreeSet};

use super::deleted::deleted;
use super::{AnswerWord, Became, Change, Goal, OutcomeWord, Target};
use crate::compile::desired::Environment;
use crate::foreign::inert;
use crate::inventory::Inventory;
use crate::inventory::people::PrincipalRow;
use crate::kinds::environment::spec::{GroupTeams, Spec};
use crate::kinds::{FlowShares, ReferenceReaders};
use crate::ledger::Ledger;
use crate::plan::line::LevelText;
use crate::plan::{self, Line, LineKind, Plan};
use crate::report::{Outcome, Report};

impl Goal {
    /// The identity of what a line is about.
    pub fn of(line: &Line) -> Self {
        Self::from(&line.goal())
    }
}

impl From<&plan::Goal> for Goal {
    fn from(goal: &plan::Goal) -> Self {
        let plan::Goal { ledger, subject, entry } = goal;
        Self { ledger: (*ledger).to_owned(), subject: subject.clone(), entry: entry.clone() }
    }
}

impl Target {
    /// What a plan may change, with what it takes to undo it.
    pub fn of(environment: &Environment, plan: &Plan, inventory: &Inventory) -> Self {
        let changes: Vec<Change> = plan.lines.iter().filter_map(Change::of).collect();
        let touched: BTreeSet<&str> = changes
            .iter()
            .filter(|change| change.goal.ledger == ReferenceReaders::NAME)
            .map(|change| change.goal.subject.as_str())
            .collect();
        let caller = inventory.caller.value().map(|caller| {
            let (principal, _) = inventory.principal_of(PrincipalRow::User(caller.user));
            format!("{principal} ({})", principal.identity())
        });
        Self {
            name: environment.name.to_string(),
            id: plan.environment_id.clone(),
            tenant: plan.tenant.clone(),
            reached: reached(environment),
            caller,
            references: references(inventory, &touched),
            automated: automated(inventory, &changes),
            deleted: deleted(inventory, &changes),
            changes,
        }
    }
}

/// The part of an Environment document that says how the environment is reached.
fn reached(environment: &Environment) -> Spec {
    Spec {
        url: environment.url.as_ref().map(|url| url.value.clone()),
        environment_id: environment.environment_id.as_ref().map(|id| id.value.clone()),
        tenant: environment.tenant,
        cloud: environment.cloud,
        credentials: environment.credentials.clone(),
        add_users: environment.add_users,
        act_as: environment.act_as,
        group_teams: GroupTeams::default(),
        ..Spec::default()
    }
}

/// The flows that use connection references whose readers change, each with all of its references.
fn references(inventory: &Inventory, touched: &BTreeSet<&str>) -> BTreeMap<uuid::Uuid, BTreeSet<String>> {
    if touched.is_empty() {
        return BTreeMap::new();
    }
    let ids: BTreeMap<&str, String> =
        inventory.references.rows().map(|(id, row)| (row.logical_name.as_ref(), id.to_string())).collect();
    let of_flow = inventory.definitions.rows().map(|(flow, facts)| {
        let names = facts.connections.values().filter_map(|connection| connection.logical_name.as_deref());
        (*flow, names.filter_map(|name| ids.get(name).cloned()).collect::<BTreeSet<_>>())
    });
    of_flow.filter(|(_, references)| references.iter().any(|reference| touched.contains(reference.as_str()))).collect()
}

/// The flows whose shares change and that nobody starts by hand.
fn automated(inventory: &Inventory, changes: &[Change]) -> BTreeSet<uuid::Uuid> {
    let shared = changes.iter().filter(|change| change.goal.ledger == FlowShares::NAME);
    let flows = shared.filter_map(|change| change.goal.subject.parse().ok());
    let is_automated =
        |flow: &uuid::Uuid| inventory.definitions.row(flow).is_some_and(|facts| !facts.trigger.is_interactive());
    flows.filter(is_automated).collect()
}

impl Change {
    fn of(line: &Line) -> Option<Self> {
        let (from, to) = match &line.kind {
            LineKind::Change { from, to, .. } => (from, to),
            LineKind::Blocked { .. } | LineKind::Unread { .. } | LineKind::Unmanaged { .. } | LineKind::Kept { .. } => {
                return None;
            }
        };
        let word = |level: &Option<LevelText>| level.as_ref().map(|level| level.word.clone());
        Some(Self {
            goal: Goal::of(line),
            heading: inert(&line.heading),
            name: inert(&line.name),
            before: word(from),
            after: word(to),
            place: line.place.as_ref().map(|place| inert(&place.to_string())),
        })
    }
}

impl Became {
    /// What became of every change of a run.
    pub fn all(reports: &[Report]) -> Vec<Self> {
        let results = reports.iter().flat_map(|report| report.results.iter().map(move |result| (report, result)));
        results
            .map(|(report, (line, outcome))| {
                let (outcome, says) = word(outcome);
                let says = says.map(|says| inert(&says));
                Self { environment: report.environment.clone(), goal: Goal::of(line), outcome, says }
            })
            .collect()
    }
}

fn word(outcome: &Outcome) -> (OutcomeWord, Option<String>) {
    match outcome {
        Outcome::Held => (OutcomeWord::Held, None),
        Outcome::NotVisibleYet => (OutcomeWord::NotVisibleYet, None),
        Outcome::Reverted => (OutcomeWord::Reverted, None),
        Outcome::Disputed { .. } => (OutcomeWord::Disputed, Some(outcome.words())),
        Outcome::Refused { problem } => (OutcomeWord::Refused, Some(problem.to_string())),
        Outcome::PutOff { problem } => (OutcomeWord::PutOff, Some(problem.to_string())),
        Outcome::Unverified { problem } => (OutcomeWord::Unverified, Some(problem.to_string())),
        Outcome::Skipped { because } => (OutcomeWord::Skipped, Some(because.clone())),
    }
}

impl AnswerWord {
    /// Whether the step may have changed something.
    pub fn may_have_changed(self) -> bool {
        match self {
            Self::Accepted | Self::Unknown => true,
            Self::Refused | Self::NotCommitted => false,
        }
    }
}
