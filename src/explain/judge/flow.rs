//! Requirements about a flow: whether it and its children are on, who sees it, its connections, and what it does as its caller.
use std::collections::BTreeSet;

use uuid::Uuid;

use super::three_valued::{both, every};
use super::{Case, Judge};
use crate::access::{Crowd, Reach};
use crate::clientdata::Facts;
use crate::inventory::section::Answer;
use crate::inventory::things::{ConnectionReference, FlowState, Rights};
use crate::names::{ConnectionMode, Text, folded};

impl<'a> Judge<'a> {
    pub(super) fn is_on(&self, flow: Uuid) -> Option<bool> {
        match self.inventory().flows.get(&flow) {
            Answer::Found(row) => Some(row.state == FlowState::Activated),
            Answer::Absent => Some(false),
            Answer::Unreadable(_) | Answer::NotAsked => None,
        }
    }

    pub(super) fn sees_flow(&self, flow: Uuid) -> Crowd {
        match self.inventory().flows.get(&flow) {
            Answer::Found(row) => {
                self.access.reach(Reach { right: Rights::READ, owner: row.owner, id: flow, holders: &self.process })
            }
            Answer::Absent => Crowd::nobody(),
            Answer::Unreadable(_) | Answer::NotAsked => Crowd::perhaps(self.everybody()),
        }
    }

    /// Whether a claim holds of every flow that is called, directly or through others; flows that are gone are left out.
    pub(super) fn children(
        &self,
        case: &Case<'_>,
        claim: impl Fn(Uuid, Option<&Facts>) -> Option<bool>,
    ) -> Option<bool> {
        let mut open: Vec<Uuid> = case.facts?.children.iter().copied().collect();
        let (mut seen, mut all) = (BTreeSet::from([case.flow]), Some(true));
        while let Some(child) = open.pop() {
            if !seen.insert(child) || matches!(self.inventory().flows.get(&child), Answer::Absent) {
                continue;
            }
            let facts = self.inventory().definitions.row(&child);
            all = both(all, claim(child, facts));
            match facts {
                Some(facts) => open.extend(&facts.children),
                None => all = both(all, None),
            }
        }
        all
    }

    pub(super) fn are_bound(&self, case: &Case<'_>) -> Option<bool> {
        let lent = case.facts?.connections.values().filter(|connection| match connection.mode {
            ConnectionMode::UseThisConnection | ConnectionMode::Mixed => true,
            ConnectionMode::ProvidedByRunOnlyUser => false,
        });
        every(lent.map(|connection| {
            let reference = connection.logical_name.as_ref().and_then(|name| self.reference(name));
            match (reference, self.inventory().references.doubt()) {
                (Some((_, reference)), _) => Some(reference.bound),
                (None, None) => Some(false),
                (None, Some(_)) => connection.logical_name.is_none().then_some(false),
            }
        }))
    }

    pub(super) fn reads_references(&self, case: &Case<'_>) -> Crowd {
        let Some(facts) = case.facts else { return self.everybody_if(None) };
        let mut all = Crowd::of(self.everybody());
        for name in callers_references(facts) {
            match (self.reference(&name), self.inventory().references.doubt()) {
                (Some((id, row)), _) => {
                    let holders = &self.references;
                    all = all.and(&self.access.reach(Reach { right: Rights::READ, owner: row.owner, id, holders }));
                }
                (None, None) => {}
                (None, Some(_)) => all = all.and(&self.everybody_if(None)),
            }
        }
        all
    }

    pub(super) fn may_act(&self, case: &Case<'_>) -> Crowd {
        if case.facts.is_none() {
            return self.everybody_if(None);
        }
        if !case.deeds.missing.is_empty() {
            return Crowd::nobody();
        }
        let needed = case.deeds.known.iter().filter_map(|deed| self.acts.get(deed)?.as_ref());
        needed.fold(Crowd::of(self.everybody()), Crowd::and)
    }

    pub(super) fn reference(&self, name: &str) -> Option<(Uuid, &'a ConnectionReference)> {
        let id = self.by_name.get(&folded(name))?;
        Some((*id, self.inventory().references.row(id)?))
    }
}

/// The references to which a caller links connections of his own.
pub(in crate::explain) fn callers_references(facts: &Facts) -> BTreeSet<Text> {
    let callers = facts.connections.values().filter(|connection| match connection.mode {
        ConnectionMode::ProvidedByRunOnlyUser => true,
        ConnectionMode::UseThisConnection | ConnectionMode::Mixed => false,
    });
    callers.filter_map(|connection| connection.logical_name.clone()).collect()
}
