//! The least change that lets a person run a flow, found by trying it on the inventory.
mod candidates;

use crate::access::Moment;
use crate::explain::{Bar, Question, Verdict, answer};
use crate::inventory::Inventory;
use crate::inventory::section::Answer;
use crate::kinds::flow::readers::{ReaderLevel, ReferenceReaders};
use crate::kinds::flow::share::{FLOWS, REFERENCES, SharedTable};
use crate::kinds::flow::shares::{FlowShares, Share};
use crate::kinds::held::Held;
use crate::kinds::role_assignment::holder::Holder;
use crate::kinds::security_role::entry::{Entry, Privilege, RoleLevel};
use crate::kinds::{Reconcile, RoleAssignments, RolePrivileges};
use crate::ledger::{Change, Ledger};
use crate::names::{Depth, Flow, Ref, Reference, Role};
use crate::place::Place;
use crate::principal::Principal;

use candidates::Candidates;

/// One grant of a fix.
#[derive(Clone, Debug, PartialEq)]
pub enum Grant {
    /// A security role that is made for it.
    NewRole(Ref<Role>),
    /// A role for somebody.
    Assign {
        /// The role.
        role: Ref<Role>,
        /// Who gets it.
        to: Principal,
    },
    /// A privilege in the role that is made.
    Privilege {
        /// The role.
        role: Ref<Role>,
        /// The privilege.
        privilege: Privilege,
        /// How far it reaches.
        depth: Depth,
    },
    /// A run-only share of the flow.
    Share {
        /// The flow.
        flow: Ref<Flow>,
        /// With whom.
        with: Principal,
    },
    /// A read share of a connection reference of the flow.
    Reader {
        /// The flow that uses it.
        flow: Ref<Flow>,
        /// The reference.
        reference: Ref<Reference>,
        /// With whom.
        with: Principal,
    },
}

/// Finds the least set of grants after which the person can run the flow: none when none does. `known` are roles that may be
/// assigned, such as those that manifests assign already.
pub fn find(inventory: &Inventory, question: &Question, known: &[Ref<Role>]) -> Option<Vec<Grant>> {
    let candidates = Candidates::of(inventory, question)?.grants(known);
    minimal(inventory, question, candidates)
}

/// Leaves out every grant that is not needed; what is granted never takes anything away, so one pass finds a minimum.
fn minimal(inventory: &Inventory, question: &Question, mut grants: Vec<Grant>) -> Option<Vec<Grant>> {
    if !helps(inventory, question, &grants) {
        return None;
    }
    for at in (0..grants.len()).rev() {
        let mut fewer = grants.clone();
        fewer.remove(at);
        if helps(inventory, question, &fewer) {
            grants = fewer;
        }
    }
    Some(grants)
}

/// Whether the person can run the flow after these grants, and all of them can be made at once.
pub fn helps(inventory: &Inventory, question: &Question, grants: &[Grant]) -> bool {
    let mut after = inventory.clone();
    for grant in grants {
        grant.enact(&mut after);
    }
    grants.iter().all(|grant| grant.can_be_made(&after)) && answer(&after, question, Moment::NextAccess) == Verdict::Can
}

impl Grant {
    /// Whether `apply` makes the grant: nothing is shared with whoever holds no Read on the table as the rows stand, whatever
    /// the next access will bring.
    fn can_be_made(&self, after: &Inventory) -> bool {
        match self {
            Self::NewRole(_) | Self::Assign { .. } | Self::Privilege { .. } => true,
            Self::Share { with, .. } => reads(after, with, FLOWS),
            Self::Reader { with, .. } => reads(after, with, REFERENCES),
        }
    }

    /// Makes the grant in an inventory.
    fn enact(&self, inventory: &mut Inventory) {
        match self {
            Self::NewRole(role) => {
                RolePrivileges::enact(inventory, role, &change(Entry::Role, RoleLevel::Exists));
            }
            Self::Privilege { role, privilege, depth } => {
                // A privilege of a role that is not made has nowhere to go.
                if inventory.roles.row(&role.id).is_some() {
                    let entry = Entry::Privilege(privilege.clone());
                    RolePrivileges::enact(inventory, role, &change(entry, RoleLevel::Depth(*depth)));
                }
            }
            Self::Assign { role, to } => {
                if let (Ok(holder), Some(_)) = (Holder::new(inventory, to.clone(), None), inventory.roles.row(&role.id))
                {
                    RoleAssignments::enact(inventory, role, &change(holder, Held));
                }
            }
            Self::Share { flow, with } => FlowShares::enact(inventory, flow, &change(with.clone(), Share::RunOnly)),
            Self::Reader { reference, with, .. } => {
                ReferenceReaders::enact(inventory, reference, &change(with.clone(), ReaderLevel::Read));
            }
        }
    }
}

/// Whether a principal holds Read on a table now, as far as is known.
fn reads(inventory: &Inventory, principal: &Principal, table: SharedTable) -> bool {
    match inventory.row_of(principal) {
        Answer::Found(row) => inventory.holds_read(row, table.logical_name) != Ok(false),
        Answer::Absent | Answer::Unreadable(_) | Answer::NotAsked => false,
    }
}

fn change<L: Ledger>(entry: L::Entry, to: L::Level) -> Change<L> {
    Change { entry, from: None, to: Some(to), place: Place::start_of("fix") }
}

/// The question with suspects among what blocks.
#[must_use]
pub fn with_suspects(question: &Question) -> Question {
    Question { bar: Bar::Assumed, ..question.clone() }
}
