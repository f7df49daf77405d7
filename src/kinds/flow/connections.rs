//! The ledger of flow connections: flow → connection reference : whose connection the flow uses.
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::clientdata::Facts;
use crate::inventory::Inventory;
use crate::inventory::audit::{Audited, Deed, Trail};
use crate::inventory::people::PrincipalRow;
use crate::inventory::section::{self, Answer};
use crate::inventory::things;
use crate::kinds::{Documents, Lacks, ReadBack, Reconcile, Thing, Write, document};
use crate::ledger::{Change, Claim, Entries, Extent, Held, Key, Ledger, Level, Phase, Reason, Sight, Standing};
use crate::names::{ConnectionMode, Flow, Ref, Text, folded};
use crate::principal::Principal;
use crate::problem::Problem;
use crate::request::{Call, Edit, ModeEdit, ModeTarget};

/// The current Dataverse connector, whose caller mode is impersonation (Learn: manage Dataverse connections).
pub const DATAVERSE: &str = "shared_commondataserviceforapps";
/// The privilege that the flow's owner needs for it (Learn: impersonate another user).
pub const ACT_ON_BEHALF: &str = "prvActOnBehalfOfAnotherUser";

/// A connection of a flow: a logical name covers every key that carries it, a key stands for an unbound one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConnectionEntry {
    /// Every key that carries this logical name. Keys are renamed between versions of a flow, logical names are not.
    LogicalName(Text),
    /// A key without a logical name.
    Key(Text),
}

impl Key for ConnectionEntry {
    fn key(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for ConnectionEntry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LogicalName(name) => formatter.write_str(name),
            Self::Key(key) => write!(formatter, "key:{key}"),
        }
    }
}

impl Level for ConnectionMode {
    /// A shared connection lends its owner's access to everyone who may run the flow.
    fn reach(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Mixed, Self::Mixed) => Some(Ordering::Equal),
            (Self::Mixed, _) | (_, Self::Mixed) => None,
            (Self::ProvidedByRunOnlyUser | Self::UseThisConnection, _) => Some(self.cmp(other)),
        }
    }

    fn word(&self) -> String {
        self.key().to_owned()
    }
}

/// Whose connections flows use.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowConnections;

impl Ledger for FlowConnections {
    const NAME: &'static str = "flowConnections";
    type Subject = Ref<Flow>;
    type Entry = ConnectionEntry;
    type Level = ConnectionMode;
    type Extent = Extent;

    /// Connections are neither added nor removed, so only named ones are ever moved.
    fn claim(_: &Extent, _: &ConnectionEntry, _: Option<&ConnectionMode>, standing: &Standing) -> Claim {
        standing.claim(Extent::Named)
    }

    fn phase(change: &Change<Self>) -> Phase {
        match change.to {
            Some(ConnectionMode::UseThisConnection) => Phase::Lend,
            Some(ConnectionMode::ProvidedByRunOnlyUser | ConnectionMode::Mixed) | None => Phase::Restrict,
        }
    }
}

impl Reconcile for FlowConnections {
    const READ_BACK: ReadBack = ReadBack::DATAVERSE;

    fn sight(inventory: &Inventory, subject: &Ref<Flow>) -> Sight<Self> {
        let flow = match inventory.flows.get(&subject.id) {
            Answer::Found(flow) => flow,
            Answer::Absent => return Sight::Absent,
            Answer::Unreadable(problem) => return Sight::Unreadable(problem),
            Answer::NotAsked => return Sight::Unreadable(section::not_asked()),
        };
        match inventory.definitions.get(&subject.id) {
            Answer::Found(facts) => Sight::Found { entries: modes(facts), standing: standing(flow), gap: None },
            Answer::Absent => Sight::Absent,
            Answer::Unreadable(problem) => Sight::Unreadable(problem),
            Answer::NotAsked => Sight::Unreadable(section::not_asked()),
        }
    }

    fn enact(inventory: &mut Inventory, subject: &Ref<Flow>, change: &Change<Self>) {
        let Some(mode) = change.to else { return };
        if let Some(facts) = inventory.definitions.rows_mut().get_mut(&subject.id) {
            for (key, connection) in &mut facts.connections {
                if entry_of(key, connection.logical_name.as_ref()) == change.entry {
                    connection.mode = mode;
                }
            }
        }
    }

    fn steps(inventory: &Inventory, subject: &Ref<Flow>, changes: Vec<Change<Self>>) -> Vec<Write<Self>> {
        let act_as = inventory.environment.act_as_owner.then(|| owner_object(inventory, subject)).flatten();
        [Phase::Restrict, Phase::Lend]
            .into_iter()
            .filter_map(|phase| {
                let alike: Vec<_> = changes.iter().filter(|change| Self::phase(change) == phase).cloned().collect();
                let modes = alike.iter().map(|change| ModeEdit {
                    target: match &change.entry {
                        ConnectionEntry::LogicalName(name) => ModeTarget::LogicalName(name.to_string()),
                        ConnectionEntry::Key(key) => ModeTarget::Key(key.to_string()),
                    },
                    by_run_only_user: phase == Phase::Restrict,
                });
                let call = Call::Rewrite(Edit { flow: subject.id, modes: modes.collect(), act_as });
                // The privilege may come with this very plan; until it is there every save would be refused.
                let call = match owner_lacks(inventory, subject, &alike) {
                    Some(Ok(owner)) => Err(Lacks::Fact(format!("{owner} may act on behalf of others"))),
                    Some(Err(_)) | None => match child_for_callers(inventory, subject) {
                        Some(child) => Err(Lacks::Fact(format!("its child flow {child} uses connections of its own"))),
                        None => Ok(call),
                    },
                };
                (!alike.is_empty()).then_some(Write { changes: alike, call })
            })
            .collect()
    }

    fn document(inventory: &Inventory, subject: &Ref<Flow>, entries: &Entries<Self>) -> Documents {
        let mut documents = Documents::default();
        let mut spec = document::flow_spec(subject);
        for (entry, held) in entries {
            match held.level {
                _ if !document::is_interactive(inventory, subject) => {
                    documents.leave(entry, "nobody starts the flow by hand, so it runs with its own connections");
                }
                ConnectionMode::Mixed => {
                    documents.leave(entry, "several keys carry this reference and disagree; mend it in the designer");
                }
                ConnectionMode::ProvidedByRunOnlyUser | ConnectionMode::UseThisConnection => {
                    spec.connections.insert(entry.to_string(), held.level);
                }
            }
        }
        if !spec.connections.is_empty() {
            documents.specs.push(document::Spec::Flow(spec));
        }
        documents
    }

    fn touches(subject: &Ref<Flow>, _: &ConnectionEntry) -> BTreeSet<Thing> {
        BTreeSet::from([Thing::Flow(subject.id)])
    }

    fn trail(_: &Inventory, subject: &Ref<Flow>, _: &ConnectionEntry) -> Option<Trail> {
        Some(Trail::new(Audited::Flow, subject.id, [Deed::Column("clientdata".into())]))
    }

    fn heading(subject: &Ref<Flow>) -> String {
        format!("flow {subject}, connections")
    }

    fn note(inventory: &Inventory, subject: &Ref<Flow>, change: &Change<Self>) -> Option<String> {
        let flow = inventory.flows.row(&subject.id)?;
        let (owner, _) = inventory.principal_of(flow.owner);
        match (change.to?, inventory.environment.act_as_owner) {
            (ConnectionMode::UseThisConnection, _) => {
                Some("everyone who may run the flow uses this connection".to_owned())
            }
            (ConnectionMode::ProvidedByRunOnlyUser | ConnectionMode::Mixed, true) => {
                Some(format!("written as {owner}"))
            }
            (ConnectionMode::ProvidedByRunOnlyUser | ConnectionMode::Mixed, false) => None,
        }
    }
}

/// The entry that a key of `connectionReferences` belongs to.
pub fn entry_of(key: &Text, logical_name: Option<&Text>) -> ConnectionEntry {
    logical_name.map_or_else(|| ConnectionEntry::Key(key.clone()), |name| ConnectionEntry::LogicalName(name.clone()))
}

/// The modes of a flow's connections; keys of one logical name that disagree are mixed.
fn modes(facts: &Facts) -> Entries<FlowConnections> {
    let mut entries: Entries<FlowConnections> = BTreeMap::new();
    for (key, connection) in &facts.connections {
        entries
            .entry(entry_of(key, connection.logical_name.as_ref()))
            .and_modify(|held| {
                if held.level != connection.mode {
                    held.level = ConnectionMode::Mixed;
                }
            })
            .or_insert(Held { level: connection.mode, reason: None });
    }
    entries
}

/// Why a flow is not changed here, if so.
fn standing(flow: &things::Flow) -> Option<Reason> {
    match (flow.managed, flow.customizable) {
        (true, true) => {
            Some(Reason::NotWritable("not writable here: managed; change it in the source environment".into()))
        }
        (_, false) => Some(Reason::Refused("not writable here: its publisher does not let it be customised".into())),
        (false, true) => None,
    }
}

/// The owner of a flow who may not act on behalf of others although a Dataverse connection of it would act for its caller
/// once these changes are made together, if so: the service checks the whole flow on every save, and only roles of the owner's own count
/// (Learn: impersonate another user). `Err` when nobody knows.
pub fn owner_lacks(
    inventory: &Inventory,
    subject: &Ref<Flow>,
    changes: &[Change<FlowConnections>],
) -> Option<Result<Principal, Problem>> {
    let facts = inventory.definitions.row(&subject.id)?;
    let acts = facts.connections.iter().any(|(key, connection)| {
        let entry = entry_of(key, connection.logical_name.as_ref());
        let mode =
            changes.iter().find(|change| change.entry == entry).map_or(Some(connection.mode), |change| change.to);
        connection.connector.as_str() == DATAVERSE && mode == Some(ConnectionMode::ProvidedByRunOnlyUser)
    });
    let privilege = inventory.privileges.row(&folded(ACT_ON_BEHALF).into()).filter(|_| acts)?.id;
    let row = inventory.flows.row(&subject.id)?.owner;
    let (owner, _) = inventory.principal_of(row);
    match row {
        PrincipalRow::User(_) => match inventory.own_depth(row, privilege) {
            Ok(Some(_)) => None,
            Ok(None) => Some(Ok(owner)),
            Err(problem) => Some(Err(problem)),
        },
        PrincipalRow::Team(_) | PrincipalRow::Organization(_) => Some(Ok(owner)),
    }
}

/// A child of a flow that is to bring its caller's connections, if one is known: the service then saves no flow that calls it
/// (recorded: `0x80060467`, `ChildFlowUnsupportedForInvokerConnections`).
pub fn child_for_callers(inventory: &Inventory, subject: &Ref<Flow>) -> Option<Ref<Flow>> {
    let children = &inventory.definitions.row(&subject.id)?.children;
    let is_for_callers = |child: &&uuid::Uuid| {
        inventory.definitions.row(child).is_some_and(|facts| {
            facts.connections.values().any(|connection| connection.mode == ConnectionMode::ProvidedByRunOnlyUser)
        })
    };
    let child = children.iter().find(is_for_callers)?;
    let name = inventory.flows.row(child).map_or_else(|| child.to_string().into(), |flow| flow.name.clone());
    Some(Ref::new(name, *child))
}

fn owner_object(inventory: &Inventory, subject: &Ref<Flow>) -> Option<uuid::Uuid> {
    match inventory.flows.row(&subject.id)?.owner {
        PrincipalRow::User(row) => inventory.users.row(&row)?.object,
        PrincipalRow::Team(_) | PrincipalRow::Organization(_) => None,
    }
}
