//! Readers of a flow's connection references: its logical names become rows.
use super::Resolve;
use super::goals::Merge;
use crate::compile::desired::Flow;
use crate::inventory::section::{Answer, not_asked};
use crate::kinds::flow::readers::ReaderLevel;
use crate::names::{self, Ref};
use crate::problem::Problem;
use crate::rules::Rule;

impl Resolve<'_> {
    pub(super) fn readers(&mut self, document: &Flow, flow: &Ref<names::Flow>) {
        let Some(list) = &document.reference_readers else { return };
        let Answer::Found(facts) = self.inventory.definitions.get(&flow.id) else {
            let problem = match self.inventory.definitions.get(&flow.id) {
                Answer::Unreadable(problem) => problem,
                Answer::Found(_) | Answer::Absent | Answer::NotAsked => not_asked(),
            };
            return self.unread(&list.place, &format!("the text of flow `{flow}`"), &problem);
        };
        let names: std::collections::BTreeSet<String> = facts
            .connections
            .values()
            .filter_map(|connection| connection.logical_name.as_ref())
            .map(|name| names::folded(name))
            .collect();
        let meant = |name: &str| {
            let mut named = document.read_references.iter();
            document.read_references.is_empty()
                || named.any(|wanted| names::folded(&wanted.value) == names::folded(name))
        };
        let strangers = document.read_references.iter().filter(|name| !names.contains(&names::folded(&name.value)));
        for stranger in strangers {
            let known: Vec<String> = names.iter().cloned().collect();
            let message = format!("flow `{flow}` uses no connection reference `{}`", stranger.value);
            let hint = "name one of its connection references by its logical name";
            self.unknown(Rule::UnknownReference, &stranger.place, message, &stranger.value, &known, hint);
        }
        let names: std::collections::BTreeSet<String> = names.into_iter().filter(|name| meant(name)).collect();
        let references: Vec<_> = self
            .inventory
            .references
            .rows()
            .filter(|(_, reference)| names.contains(&names::folded(&reference.logical_name)))
            .map(|(id, reference)| Ref::new(reference.logical_name.clone(), *id))
            .collect();
        if references.len() < names.len() {
            let doubt = self.inventory.references.doubt().unwrap_or_else(|| {
                Problem::without_request(
                    crate::problem::Cause::Gone,
                    "Dataverse",
                    format!("flow `{flow}` names connection references that are not there"),
                    "open the flow and bind its connections",
                )
            });
            self.unread(&list.place, "a connection reference", &doubt);
        }
        let members = self.principals(list, |_, _| {});
        for reference in references {
            for (principal, member) in &members {
                let present = member.state == crate::compile::desired::State::Present;
                let level = present.then_some(ReaderLevel::Read);
                self.goals.readers.want(
                    &reference,
                    &list.place,
                    principal.clone(),
                    level,
                    &member.place,
                    None,
                    &mut self.findings,
                );
            }
        }
    }
}
