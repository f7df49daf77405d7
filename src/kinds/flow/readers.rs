//! The ledger of connection reference readers: reference → principal : read share, united over all Flow documents.
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::share::{self, REFERENCES};
use super::spec::{Readers, Spec};
use crate::inventory::Inventory;
use crate::inventory::audit::{Audited, Trail};
use crate::inventory::section::{self, Answer};
use crate::inventory::things::Rights;
use crate::kinds::{Documents, ReadBack, Reconcile, Thing, Write, document};
use crate::ledger::{Change, Claim, Entries, Extent, Held, Ledger, Level, Reason, Sight, Standing};
use crate::names::{Flow, Ref, Reference, folded};
use crate::principal::Principal;

/// What a share of a connection reference lets its principal do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReaderLevel {
    /// Read the reference.
    Read,
    /// Rights beyond that, or others; read and shown, never moved.
    Custom(Rights),
    /// The row's owner; read and shown, never moved.
    Owner,
}

impl ReaderLevel {
    /// What a mask means.
    pub fn of(rights: Rights) -> Option<Self> {
        match rights {
            Rights(0) => None,
            Rights::READ => Some(Self::Read),
            rights => Some(Self::Custom(rights)),
        }
    }

    /// The rights that are written.
    pub fn rights(self) -> Rights {
        match self {
            Self::Read => Rights::READ,
            Self::Custom(rights) => rights,
            Self::Owner => Rights::ALL,
        }
    }
}

impl Level for ReaderLevel {
    fn reach(&self, other: &Self) -> Option<Ordering> {
        let (own, others) = (self.rights(), other.rights());
        match (own.contains(others), others.contains(own)) {
            (true, true) => Some(Ordering::Equal),
            (true, false) => Some(Ordering::Greater),
            (false, true) => Some(Ordering::Less),
            (false, false) => None,
        }
    }

    fn word(&self) -> String {
        match self {
            Self::Read => "read".to_owned(),
            Self::Owner => "owner".to_owned(),
            Self::Custom(rights) => format!("custom:{}", rights.0),
        }
    }
}

impl fmt::Display for ReaderLevel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read => formatter.write_str("read"),
            Self::Owner => formatter.write_str("owner"),
            Self::Custom(rights) => write!(formatter, "custom ({})", rights.names()),
        }
    }
}

/// Who may read connection references. A reference serves many flows, so nothing is revoked here that is not named absent.
#[derive(Clone, Debug, PartialEq)]
pub struct ReferenceReaders;

impl Ledger for ReferenceReaders {
    const NAME: &'static str = "connectionReferenceReaders";
    type Subject = Ref<Reference>;
    type Entry = Principal;
    type Level = ReaderLevel;
    type Extent = Extent;

    fn claim(_: &Extent, _: &Principal, held: Option<&ReaderLevel>, standing: &Standing) -> Claim {
        match held {
            Some(ReaderLevel::Owner) => Claim::Never(Reason::Platform("owns the reference".into())),
            Some(ReaderLevel::Custom(_)) if standing.named => {
                Claim::Never(Reason::Refused("holds rights beyond Read; not touched".into()))
            }
            Some(ReaderLevel::Custom(_) | ReaderLevel::Read) | None => standing.claim(Extent::Named),
        }
    }

    fn met(_: &Extent, held: &ReaderLevel, wanted: &ReaderLevel) -> Option<Reason> {
        match (held, wanted) {
            (ReaderLevel::Owner, ReaderLevel::Read) => Some(Reason::Met("owns the reference".into())),
            (ReaderLevel::Custom(rights), ReaderLevel::Read) if rights.contains(Rights::READ) => {
                Some(Reason::Met("holds more than Read".into()))
            }
            (ReaderLevel::Read | ReaderLevel::Custom(_) | ReaderLevel::Owner, _) => None,
        }
    }
}

/// The flows that use a reference, each with all references that it uses; without those that name one that is not there.
fn flows_with(inventory: &Inventory, reference: &Ref<Reference>) -> Vec<(Ref<Flow>, Vec<Ref<Reference>>)> {
    let wanted = folded(&reference.name);
    let mut flows = Vec::new();
    for (id, facts) in inventory.definitions.rows() {
        let names: BTreeSet<String> = facts
            .connections
            .values()
            .filter_map(|connection| connection.logical_name.as_deref())
            .map(folded)
            .collect();
        let Some(flow) = inventory.flows.row(id).filter(|_| names.contains(&wanted)) else { continue };
        let found = inventory.references.rows().filter(|(_, row)| names.contains(&folded(&row.logical_name)));
        let references: Vec<_> = found.map(|(id, row)| Ref::new(row.logical_name.clone(), *id)).collect();
        if references.len() >= names.len() {
            flows.push((Ref::new(flow.name.clone(), *id), references));
        }
    }
    flows
}

/// Who reads a reference and no more, if that was read.
fn readers(inventory: &Inventory, reference: &Ref<Reference>) -> Option<BTreeSet<Principal>> {
    match ReferenceReaders::sight(inventory, reference) {
        Sight::Found { entries, .. } => {
            let readers = entries.into_iter().filter(|(_, held)| held.level == ReaderLevel::Read);
            Some(readers.map(|(principal, _)| principal).collect())
        }
        Sight::Absent | Sight::Unreadable(_) => None,
    }
}

impl Reconcile for ReferenceReaders {
    const READ_BACK: ReadBack = ReadBack::DATAVERSE.by("principalobjectaccessset", "RetrieveSharedPrincipalsAndAccess");

    fn sight(inventory: &Inventory, subject: &Ref<Reference>) -> Sight<Self> {
        let reference = match inventory.references.get(&subject.id) {
            Answer::Found(reference) => reference,
            Answer::Absent => return Sight::Absent,
            Answer::Unreadable(problem) => return Sight::Unreadable(problem),
            Answer::NotAsked => return Sight::Unreadable(section::not_asked()),
        };
        let shares = match inventory.shares.get(&subject.id) {
            Answer::Found(shares) => shares,
            Answer::Absent => &BTreeMap::new(),
            Answer::Unreadable(problem) => return Sight::Unreadable(problem),
            Answer::NotAsked => return Sight::Unreadable(section::not_asked()),
        };
        let mut entries = BTreeMap::new();
        for (row, rights) in shares {
            let Some(level) = ReaderLevel::of(*rights) else { continue };
            let (principal, unread) = inventory.principal_of(*row);
            let reason = share::principal_reason(inventory, *row, unread);
            entries.insert(principal, Held { level, reason });
        }
        let (owner, unread) = inventory.principal_of(reference.owner);
        if unread.is_none() {
            entries.insert(owner, Held { level: ReaderLevel::Owner, reason: None });
        }
        Sight::Found { entries, standing: None, gap: inventory.shares.doubt() }
    }

    fn enact(inventory: &mut Inventory, subject: &Ref<Reference>, change: &Change<Self>) {
        share::enact_share(inventory, subject.id, &change.entry, change.to.map(ReaderLevel::rights));
    }

    fn steps(inventory: &Inventory, subject: &Ref<Reference>, changes: Vec<Change<Self>>) -> Vec<Write<Self>> {
        let call = |change: &Change<Self>| {
            let (from, to) = (change.from.map(ReaderLevel::rights), change.to.map(ReaderLevel::rights));
            share::share_call(inventory, REFERENCES, subject.id, &change.entry, from, to)
        };
        changes.into_iter().map(|change| Write { call: call(&change), changes: vec![change] }).collect()
    }

    /// A document gives readers to all references of a flow at once, so it names those who read every one of them.
    fn document(inventory: &Inventory, subject: &Ref<Reference>, entries: &Entries<Self>) -> Documents {
        let mut documents = Documents::default();
        let mut named: BTreeSet<&Principal> = BTreeSet::new();
        for (flow, references) in flows_with(inventory, subject) {
            let of_others: Vec<_> = references.iter().filter_map(|other| readers(inventory, other)).collect();
            let reads_all = |principal: &Principal| of_others.iter().all(|readers| readers.contains(principal));
            let mut members = Vec::new();
            for (principal, held) in entries {
                let is_reader = held.level == ReaderLevel::Read && document::unnameable(held.reason.as_ref()).is_none();
                if !is_reader || of_others.len() < references.len() || !reads_all(principal) {
                    continue;
                }
                if let Ok(member) = document::member(principal, inventory.environment.group_membership) {
                    named.insert(principal);
                    members.push(member);
                }
            }
            if !members.is_empty() {
                let spec = Spec {
                    reference_readers: Some(Readers { members, ..Readers::default() }),
                    ..document::flow_spec(&flow)
                };
                documents.specs.push(document::Spec::Flow(spec));
            }
        }
        for (principal, held) in entries.iter().filter(|(principal, _)| !named.contains(principal)) {
            let why = match held.level {
                ReaderLevel::Owner => "owns the reference, which manifests do not decide".to_owned(),
                ReaderLevel::Custom(_) => "holds rights beyond Read".to_owned(),
                ReaderLevel::Read => document::unnameable(held.reason.as_ref())
                    .or_else(|| {
                        document::member(principal, inventory.environment.group_membership).err().map(str::to_owned)
                    })
                    .unwrap_or_else(|| "reads not every reference of a flow, as a document would make it".to_owned()),
            };
            documents.leave(principal, why);
        }
        documents
    }

    fn touches(subject: &Ref<Reference>, entry: &Principal) -> BTreeSet<Thing> {
        BTreeSet::from([Thing::Reference(subject.id), Thing::Principal(entry.identity())])
    }

    fn trail(inventory: &Inventory, subject: &Ref<Reference>, entry: &Principal) -> Option<Trail> {
        share::share_trail(inventory, Audited::Reference, subject.id, entry)
    }

    fn heading(subject: &Ref<Reference>) -> String {
        format!("connection reference {subject}, readers")
    }

    fn principal(entry: &Principal) -> Option<&Principal> {
        Some(entry)
    }
}
