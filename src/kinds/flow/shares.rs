//! The ledger of flow shares: flow → principal : run-only < co-owner.
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::share::{self, FLOWS};
use super::spec::Spec;
use crate::inventory::Inventory;
use crate::inventory::audit::{Audited, Trail};
use crate::inventory::section::{self, Answer};
use crate::inventory::things::Rights;
use crate::kinds::principals::{List, Member};
use crate::kinds::{Documents, ReadBack, Reconcile, Thing, Write, document};
use crate::ledger::{Change, Claim, Entries, Extent, Held, Ledger, Level, Reason, Sight, Standing};
use crate::names::{Flow, Ref};
use crate::principal::Principal;

/// What a share of a flow lets its principal do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Share {
    /// Run it, and see nothing of its making.
    RunOnly,
    /// Change it and share it on.
    CoOwner,
    /// Rights that are neither; read and shown, never moved.
    Custom(Rights),
    /// The row's owner; read and shown, never moved.
    Owner,
}

impl Share {
    /// What a mask means: Write makes a co-owner; Read without Write, Delete, Share and Assign a run-only user.
    pub fn of(rights: Rights) -> Option<Self> {
        let passes_on = Rights(Rights::DELETE.0 | Rights::SHARE.0 | Rights::ASSIGN.0);
        match rights {
            // A revoked share's row can stay with an empty mask until the service clears it away (field notes).
            Rights(0) => None,
            rights if rights.contains(Rights::WRITE) => Some(Self::CoOwner),
            rights if rights.contains(Rights::READ) && !rights.intersects(passes_on) => Some(Self::RunOnly),
            rights => Some(Self::Custom(rights)),
        }
    }

    /// The rights that are written: exactly Read for run-only (pipeline templates of Microsoft's), all eight for a
    /// co-owner (field notes of a production organisation, 2026-08).
    pub fn rights(self) -> Rights {
        match self {
            Self::RunOnly => Rights::READ,
            Self::CoOwner | Self::Owner => Rights::ALL,
            Self::Custom(rights) => rights,
        }
    }
}

impl Level for Share {
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
            Self::RunOnly => "runOnly".to_owned(),
            Self::CoOwner => "coOwner".to_owned(),
            Self::Owner => "owner".to_owned(),
            Self::Custom(rights) => format!("custom:{}", rights.0),
        }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RunOnly => formatter.write_str("run-only"),
            Self::CoOwner => formatter.write_str("co-owner"),
            Self::Owner => formatter.write_str("owner"),
            Self::Custom(rights) => write!(formatter, "custom ({})", rights.names()),
        }
    }
}

/// The extents of a flow's two lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lists {
    /// Of `runOnlyUsers`, if there is such a list.
    pub run_only: Option<Extent>,
    /// Of `owners`, if there is such a list.
    pub owners: Option<Extent>,
}

impl fmt::Display for Lists {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = |extent: Option<Extent>| extent.map_or_else(|| "none".to_owned(), |extent| extent.to_string());
        write!(formatter, "runOnlyUsers={} owners={}", word(self.run_only), word(self.owners))
    }
}

/// Who may run and edit flows.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowShares;

impl Ledger for FlowShares {
    const NAME: &'static str = "flowShares";
    type Subject = Ref<Flow>;
    type Entry = Principal;
    type Level = Share;
    type Extent = Lists;

    fn claim(extent: &Lists, _: &Principal, held: Option<&Share>, standing: &Standing) -> Claim {
        let list = match held {
            Some(Share::Owner) => return Claim::Never(Reason::Platform("owns the flow".into())),
            Some(Share::Custom(_)) => {
                let both = [extent.run_only, extent.owners].contains(&Some(Extent::Exact));
                let extent = if both { Extent::Exact } else { Extent::Named };
                let reason = Reason::Refused("holds rights that are neither run-only nor co-owner; not touched".into());
                let entry = standing.reason().cloned().or(Some(reason));
                return Standing { subject: None, entry, named: standing.named }.claim(extent);
            }
            Some(Share::CoOwner) => extent.owners,
            Some(Share::RunOnly) | None => extent.run_only,
        };
        standing.claim(list.unwrap_or_default())
    }

    fn met(extent: &Lists, held: &Share, wanted: &Share) -> Option<Reason> {
        match (held, wanted) {
            (Share::Owner, Share::RunOnly | Share::CoOwner) => Some(Reason::Met("owns the flow".into())),
            (Share::CoOwner, Share::RunOnly) if extent.owners != Some(Extent::Exact) => {
                Some(Reason::Met("is a co-owner, who may run the flow too".into()))
            }
            (Share::RunOnly | Share::CoOwner | Share::Custom(_) | Share::Owner, _) => None,
        }
    }
}

impl Reconcile for FlowShares {
    const READ_BACK: ReadBack = ReadBack::DATAVERSE.by("principalobjectaccessset", "RetrieveSharedPrincipalsAndAccess");

    fn sight(inventory: &Inventory, subject: &Ref<Flow>) -> Sight<Self> {
        let flow = match inventory.flows.get(&subject.id) {
            Answer::Found(flow) => flow,
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
            let Some(level) = Share::of(*rights) else { continue };
            let (principal, unread) = inventory.principal_of(*row);
            let reason = share::principal_reason(inventory, *row, unread);
            entries.insert(principal, Held { level, reason });
        }
        let (owner, unread) = inventory.principal_of(flow.owner);
        if unread.is_none() {
            entries.insert(owner, Held { level: Share::Owner, reason: None });
        }
        Sight::Found { entries, standing: None, gap: inventory.shares.doubt() }
    }

    fn enact(inventory: &mut Inventory, subject: &Ref<Flow>, change: &Change<Self>) {
        share::enact_share(inventory, subject.id, &change.entry, change.to.map(Share::rights));
    }

    fn steps(inventory: &Inventory, subject: &Ref<Flow>, changes: Vec<Change<Self>>) -> Vec<Write<Self>> {
        let call = |change: &Change<Self>| {
            let (from, to) = (change.from.map(Share::rights), change.to.map(Share::rights));
            share::share_call(inventory, FLOWS, subject.id, &change.entry, from, to)
        };
        changes.into_iter().map(|change| Write { call: call(&change), changes: vec![change] }).collect()
    }

    fn document(inventory: &Inventory, subject: &Ref<Flow>, entries: &Entries<Self>) -> Documents {
        let mut documents = Documents::default();
        let (mut run_only, mut owners) = (Vec::new(), Vec::new());
        for (principal, held) in entries {
            if let Some(why) = document::unnameable(held.reason.as_ref()) {
                documents.leave(principal, why);
                continue;
            }
            let member = document::member(principal, inventory.environment.group_membership);
            match (held.level, member) {
                (Share::Owner, _) => documents.leave(principal, "owns the flow, which manifests do not decide"),
                (Share::Custom(_), _) => {
                    documents.leave(principal, "holds rights that are neither run-only nor co-owner");
                }
                (Share::RunOnly, _) if !document::is_interactive(inventory, subject) => {
                    documents.leave(principal, "nobody starts the flow by hand, so it has no run-only users");
                }
                (Share::RunOnly, Ok(member)) => run_only.push(member),
                (Share::CoOwner, Ok(member)) => owners.push(member),
                (Share::RunOnly | Share::CoOwner, Err(why)) => documents.leave(principal, why),
            }
        }
        let list = |members: Vec<Member>| (!members.is_empty()).then(|| List { members, ..List::default() });
        let (run_only_users, owners) = (list(run_only), list(owners));
        if run_only_users.is_some() || owners.is_some() {
            let spec = Spec { run_only_users, owners, ..document::flow_spec(subject) };
            documents.specs.push(document::Spec::Flow(spec));
        }
        documents
    }

    fn touches(subject: &Ref<Flow>, entry: &Principal) -> BTreeSet<Thing> {
        BTreeSet::from([Thing::Flow(subject.id), Thing::Principal(entry.identity())])
    }

    fn trail(inventory: &Inventory, subject: &Ref<Flow>, entry: &Principal) -> Option<Trail> {
        share::share_trail(inventory, Audited::Flow, subject.id, entry)
    }

    fn heading(subject: &Ref<Flow>) -> String {
        format!("flow {subject}, shares")
    }

    fn principal(entry: &Principal) -> Option<&Principal> {
        Some(entry)
    }
}
