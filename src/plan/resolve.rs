//! Names become ids: what manifests want, per ledger, with what could not be found said at its place.
mod connections;
mod flows;
mod goals;
mod people;
mod readers;
mod roles;
#[cfg(test)]
mod tests;

use crate::compile::desired::{DesiredEnvironment, List, Placed, RoleName};
use crate::finding::{Finding, did_you_mean};
use crate::inventory::section::Answer;
use crate::inventory::{FlowNames, Inventory, Lookup};
use crate::kinds::flow::shares::Share;
use crate::kinds::{Goals, Ledgers};
use crate::ledger::{Extent, Reason};
use crate::names::{self, Ref};
use crate::place::Place;
use crate::principal::Principal;
use crate::problem::Problem;
use crate::rules::Rule;

use goals::Merge;

pub use connections::mode_of;

/// Resolves what is wanted of an environment. What roles' writes go through is noted in the inventory.
pub fn resolve(desired: &DesiredEnvironment, inventory: &mut Inventory) -> (Ledgers<Goals>, Vec<Finding>) {
    let flow_names = FlowNames::of(inventory);
    let mut resolve = Resolve { desired, goals: Ledgers::default(), findings: Vec::new(), inventory, flow_names };
    resolve.roles();
    resolve.assignments();
    resolve.environment_roles();
    resolve.flows();
    resolve.members();
    (resolve.goals, resolve.findings)
}

/// The state of one resolution.
struct Resolve<'desired> {
    desired: &'desired DesiredEnvironment,
    inventory: &'desired mut Inventory,
    goals: Ledgers<Goals>,
    findings: Vec<Finding>,
    flow_names: FlowNames,
}

impl Resolve<'_> {
    /// Finds a role; a role that this run makes is found under the id it will get.
    fn role(&mut self, wanted: &Placed<RoleName>) -> Option<Ref<names::Role>> {
        match self.inventory.role(&wanted.value) {
            Lookup::One(role) => {
                if let RoleName::Id { name: Some(name), .. } = &wanted.value {
                    self.check_name(&wanted.place, name, &role.name);
                }
                Some(role)
            }
            Lookup::None => {
                if self.is_a_copy(wanted) {
                    return None;
                }
                let name = match &wanted.value {
                    RoleName::Name(name) => name.clone(),
                    RoleName::BuiltIn(built_in) => built_in.names()[0].to_owned(),
                    RoleName::Id { id, .. } => id.to_string(),
                };
                let id = self.inventory.derived_role_id(&name);
                let made = self.goals.role_privileges.keys().find(|role| role.id == id).cloned();
                if made.is_none() {
                    let known: Vec<String> =
                        self.inventory.roles.rows().map(|(_, role)| role.name.to_string()).collect();
                    let message = format!("there is no security role `{name}` in {}", self.desired.environment.name);
                    self.unknown(
                        Rule::UnknownRole,
                        &wanted.place,
                        message,
                        &name,
                        &known,
                        "add a SecurityRole document for it",
                    );
                }
                made
            }
            Lookup::Many(candidates) => {
                self.ambiguous(&wanted.place, "security role", &candidates);
                None
            }
            Lookup::Unreadable(problem) => {
                self.unread(&wanted.place, "the security role", &problem);
                None
            }
        }
    }

    fn flows(&mut self) {
        let desired = self.desired;
        let mut found = Vec::new();
        for document in &desired.flows {
            found.extend(self.find_flows(document).into_iter().map(|flow| (document, flow)));
        }
        for (document, flow) in &found {
            self.connections(document, flow);
            self.shares(document.run_only_users.as_ref(), Share::RunOnly, flow);
            self.readers(document, flow);
        }
        // After the run-only users of every document, for whoever is one of them and is named absent here.
        for (document, flow) in &found {
            self.shares(document.owners.as_ref(), Share::CoOwner, flow);
        }
    }

    fn shares(&mut self, list: Option<&List>, level: Share, flow: &Ref<names::Flow>) {
        let Some(list) = list else { return };
        if level == Share::RunOnly && !self.is_interactive(flow, &list.place, "run-only users") {
            return;
        }
        let extent = list.extent.as_ref().map_or_else(Extent::default, |extent| extent.value);
        self.merge_share_extent(flow, list, level, extent);
        let disabled = self.sharing_disabled();
        for (principal, member) in self.principals(list, |goals, problem| {
            if let Some(wanted) = goals.shares.get_mut(flow) {
                wanted.unresolved.push(problem);
            }
        }) {
            let present = member.state == crate::compile::desired::State::Present;
            if !present && level == Share::CoOwner && self.is_lowered(flow, &principal) {
                continue;
            }
            let blocked = disabled.clone().filter(|_| present);
            let level = present.then_some(level);
            self.goals.shares.want(flow, &list.place, principal, level, &member.place, blocked, &mut self.findings);
        }
    }

    /// Whoever is a run-only user and is no co-owner any more is lowered: being a co-owner does not satisfy it then.
    fn is_lowered(&mut self, flow: &Ref<names::Flow>, principal: &Principal) -> bool {
        let wanted = self.goals.shares.get_mut(flow).and_then(|wanted| wanted.entries.get_mut(principal));
        let lowered = wanted.filter(|want| want.level == Some(Share::RunOnly));
        lowered.is_some_and(|want| {
            want.at_most = true;
            true
        })
    }

    fn merge_share_extent(&mut self, flow: &Ref<names::Flow>, list: &List, level: Share, extent: Extent) {
        let wanted = self.goals.shares.subject(flow, &list.place);
        let slot = if level == Share::RunOnly { &mut wanted.extent.run_only } else { &mut wanted.extent.owners };
        match *slot {
            Some(before) if before != extent && list.extent.is_some() => {
                let message = format!("flow `{flow}` has one list with two extents, `{before}` and `{extent}`");
                let finding = Finding::error(Rule::Contradiction, &list.place, message)
                    .also(&wanted.place.clone(), "the other list");
                self.findings.push(finding);
            }
            Some(_) => {}
            None => *slot = Some(extent),
        }
    }

    fn sharing_disabled(&self) -> Option<Reason> {
        let limits = self.inventory.sharing.value()?;
        limits.flows_disabled.then(|| {
            Reason::Refused(
                "will be refused: sharing of solution flows is turned off in this managed environment".into(),
            )
        })
    }

    /// Whether a flow is started by a person; says so if not.
    fn is_interactive(&mut self, flow: &Ref<names::Flow>, place: &Place, what: &str) -> bool {
        let Answer::Found(facts) = self.inventory.definitions.get(&flow.id) else { return true };
        if facts.trigger.is_interactive() {
            return true;
        }
        let words = facts.trigger.words();
        if let crate::clientdata::Trigger::OtherRequest(_) = facts.trigger
            && what == "run-only users"
        {
            let message = format!("flow `{flow}` is {words}; little is known about run-only users there");
            self.findings.push(Finding::warning(Rule::UnusualTrigger, place, message));
            return true;
        }
        let message = format!("flow `{flow}` is {words}, so nobody runs it and it has no {what}");
        let finding = Finding::error(Rule::NotInteractive, place, message);
        self.findings
            .push(finding.hint("only flows that a button, an app, a selected row or an agent starts run as somebody"));
        false
    }

    fn unknown(&mut self, rule: Rule, place: &Place, message: String, written: &str, known: &[String], hint: &str) {
        let meant = did_you_mean(written, known.iter().map(String::as_str));
        let hint = meant.map_or_else(|| hint.to_owned(), |meant| format!("did you mean `{meant}`?"));
        self.findings.push(Finding::error(rule, place, message).hint(hint));
    }

    fn ambiguous(&mut self, place: &Place, what: &str, candidates: &[(names::Text, String)]) {
        let list: Vec<_> = candidates.iter().map(|(name, id)| format!("`{name}` ({id})")).collect();
        let message = format!("{} {what}s have this name", candidates.len());
        let finding = Finding::error(Rule::Ambiguous, place, message);
        self.findings.push(finding.hint(format!("write `id:` with one of {}", list.join(", "))));
    }

    fn unread(&mut self, place: &Place, what: &str, problem: &Problem) {
        let message = format!("{what} could not be read: {problem}");
        let mut finding = Finding::warning(Rule::IncompleteRead, place, message);
        if !problem.next.is_empty() {
            finding = finding.hint(problem.next.clone());
        }
        self.findings.push(finding);
    }

    fn check_name(&mut self, place: &Place, written: &str, today: &str) {
        if names::folded(written) != names::folded(today) {
            let message = format!("the id belongs to `{today}`, not to `{written}`; the id decides");
            self.findings.push(Finding::warning(Rule::NameMismatch, place, message));
        }
    }
}
