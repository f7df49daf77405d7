//! The `connections:` of a Flow document: the most specific line for each connection, and what stands in its way.
use std::collections::{BTreeMap, BTreeSet};

use super::Resolve;
use super::goals::Merge;
use crate::clientdata::{Facts, Trigger};
use crate::compile::desired::{Connection, ConnectionTarget, Flow};
use crate::finding::{Finding, did_you_mean};
use crate::inventory::section::{Answer, not_asked};
use crate::kinds::flow::connections::{ConnectionEntry, DATAVERSE, entry_of};
use crate::ledger::Reason;
use crate::names::{self, ConnectionMode, Ref, folded};
use crate::problem::Problem;
use crate::rules::Rule;

impl Resolve<'_> {
    pub(super) fn connections(&mut self, document: &Flow, flow: &Ref<names::Flow>) {
        if document.connections.is_empty() {
            return;
        }
        let place = document.connections[0].place.clone();
        let facts = match self.inventory.definitions.get(&flow.id) {
            Answer::Found(facts) => facts.clone(),
            Answer::Unreadable(problem) => return self.unread(&place, &format!("the text of flow `{flow}`"), &problem),
            Answer::Absent | Answer::NotAsked => {
                return self.unread(&place, &format!("the text of flow `{flow}`"), &not_asked());
            }
        };
        if !facts.trigger.is_interactive() {
            let message = format!("flow `{flow}` is {}, so nobody can bring connections to it", facts.trigger.words());
            let finding = Finding::error(Rule::NotInteractive, &place, message);
            self.findings.push(
                finding.hint("only flows that a button, an app, a selected row or an agent starts run as somebody"),
            );
            return;
        }
        self.unreached(document, flow, &facts);
        self.goals.connections.subject(flow, &place).layer |= document.allow_unmanaged_layer;
        let entries: BTreeMap<ConnectionEntry, Vec<(&names::Text, &crate::clientdata::Connection)>> =
            facts.connections.iter().fold(BTreeMap::new(), |mut entries, (key, connection)| {
                let entry = entry_of(key, connection.logical_name.as_ref());
                entries.entry(entry).or_insert_with(Vec::new).push((key, connection));
                entries
            });
        for (entry, keys) in entries {
            let Some(line) = self.most_specific(document, flow, &keys) else { continue };
            let held: BTreeSet<ConnectionMode> = keys.iter().map(|(_, connection)| connection.mode).collect();
            let differs = held != BTreeSet::from([line.mode]);
            let blocked = if differs { self.obstacle(flow, &facts, &keys, &line) } else { None };
            self.goals.connections.want(flow, &place, entry, Some(line.mode), &line.place, blocked, &mut self.findings);
        }
    }

    /// Lines that reach no connection of the flow.
    fn unreached(&mut self, document: &Flow, flow: &Ref<names::Flow>, facts: &Facts) {
        for line in &document.connections {
            if facts.connections.iter().any(|(key, connection)| reaches(&line.target, key, connection)) {
                continue;
            }
            let (what, known): (&str, Vec<&str>) = match &line.target {
                ConnectionTarget::All => continue,
                ConnectionTarget::Key(key) => (key, facts.connections.keys().map(names::Text::as_str).collect()),
                ConnectionTarget::Connector(name) => {
                    (name, facts.connections.values().map(|connection| connection.connector.as_str()).collect())
                }
                ConnectionTarget::LogicalName(name) => (
                    name,
                    facts.connections.values().filter_map(|connection| connection.logical_name.as_deref()).collect(),
                ),
            };
            let message = format!("flow `{flow}` has no connection `{what}`");
            let finding = Finding::error(Rule::UnknownReference, &line.place, message);
            let list = known.iter().map(|name| format!("`{name}`")).collect::<BTreeSet<_>>();
            let list = list.into_iter().collect::<Vec<_>>().join(", ");
            let meant = did_you_mean(what, known);
            self.findings.push(match meant {
                Some(meant) => finding.hint(format!("did you mean `{meant}`?")),
                None if list.is_empty() => finding.hint("the flow uses no connections"),
                None => finding.hint(format!("it has {list}")),
            });
        }
    }

    fn most_specific(
        &mut self,
        document: &Flow,
        flow: &Ref<names::Flow>,
        keys: &[(&names::Text, &crate::clientdata::Connection)],
    ) -> Option<Connection> {
        let reaching = document
            .connections
            .iter()
            .filter(|line| keys.iter().any(|(key, connection)| reaches(&line.target, key, connection)));
        let lines: Vec<_> = reaching.collect();
        let best = lines.iter().map(|line| rank(&line.target)).max()?;
        let mut best = lines.iter().filter(|line| rank(&line.target) == best);
        let first = best.next()?;
        for other in best {
            if other.mode != first.mode {
                let message = format!("flow `{flow}`: two lines reach one connection with different modes");
                let finding = Finding::error(Rule::Contradiction, &other.place, message);
                self.findings.push(finding.also(&first.place, format!("{} here", first.mode)));
            }
        }
        Some((*first).clone())
    }

    /// Why a mode cannot be written, if so.
    fn obstacle(
        &mut self,
        flow: &Ref<names::Flow>,
        facts: &Facts,
        keys: &[(&names::Text, &crate::clientdata::Connection)],
        line: &Connection,
    ) -> Option<Reason> {
        let dataverse = keys.iter().any(|(_, connection)| connection.connector.as_str() == DATAVERSE);
        match line.mode {
            ConnectionMode::ProvidedByRunOnlyUser => {
                if keys.iter().any(|(_, connection)| connection.with_organization) {
                    let message = format!(
                        "flow `{flow}` uses this connection with another environment, which cannot run with the caller's"
                    );
                    self.findings.push(Finding::error(Rule::WithOrganization, &line.place, message));
                    return Some(Reason::Refused("an action names another environment".into()));
                }
                self.unknown_parents(flow, line)
            }
            ConnectionMode::UseThisConnection => {
                if !dataverse && matches!(facts.trigger, Trigger::PowerApp | Trigger::PowerAppV2) {
                    let message =
                        format!("flow `{flow}` is started by an app; the service may set this connection back");
                    self.findings.push(Finding::warning(Rule::AppTrigger, &line.place, message));
                }
                None
            }
            ConnectionMode::Mixed => None,
        }
    }

    /// Whether it is a child flow has to be known, because the rail `child-flow` judges it.
    fn unknown_parents(&mut self, flow: &Ref<names::Flow>, line: &Connection) -> Option<Reason> {
        match self.inventory.parents.get(&flow.id) {
            Answer::Found(_) | Answer::Absent => None,
            Answer::Unreadable(problem) => Some(self.parents_unread(flow, line, problem)),
            Answer::NotAsked => Some(self.parents_unread(flow, line, not_asked())),
        }
    }

    fn parents_unread(&mut self, flow: &Ref<names::Flow>, line: &Connection, problem: Problem) -> Reason {
        self.unread(&line.place, &format!("whether flow `{flow}` is a child flow"), &problem);
        Reason::Unread(problem)
    }
}

/// The mode that a document says for a connection of a flow that it is about, if it says one.
pub fn mode_of(document: &Flow, key: &str, connection: &crate::clientdata::Connection) -> Option<ConnectionMode> {
    let reaching = document.connections.iter().filter(|line| reaches(&line.target, key, connection));
    reaching.max_by_key(|line| rank(&line.target)).map(|line| line.mode)
}

/// How specific a line is; the most specific one wins.
fn rank(target: &ConnectionTarget) -> usize {
    match target {
        ConnectionTarget::All => 0,
        ConnectionTarget::Connector(_) => 1,
        ConnectionTarget::LogicalName(_) => 2,
        ConnectionTarget::Key(_) => 3,
    }
}

/// Whether a line speaks of a connection.
fn reaches(target: &ConnectionTarget, key: &str, connection: &crate::clientdata::Connection) -> bool {
    match target {
        ConnectionTarget::All => true,
        ConnectionTarget::Connector(connector) => folded(connector) == folded(&connection.connector),
        ConnectionTarget::LogicalName(name) => {
            connection.logical_name.as_ref().is_some_and(|own| folded(own) == folded(name))
        }
        ConnectionTarget::Key(own) => own == key,
    }
}
