//! THE LIST: every ledger of the project, and what a ledger has to say about itself.
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use uuid::Uuid;

use crate::inventory::Inventory;
use crate::inventory::audit::Trail;
use crate::ledger::{Change, Entries, Ledger, Sight, Verdict, Wanted};
use crate::principal::Principal;
use crate::request::Call;

pub mod document;
pub mod environment;
pub mod flow;
pub mod held;
pub mod policy;
pub mod principals;
pub mod read_back;
pub mod role_assignment;
pub mod security_role;

pub use document::Documents;
pub use environment::members::EnvironmentMembers;
pub use environment::roles::EnvironmentRoles;
pub use flow::connections::FlowConnections;
pub use flow::readers::ReferenceReaders;
pub use flow::shares::FlowShares;
pub use read_back::ReadBack;
pub use role_assignment::assignments::RoleAssignments;
pub use security_role::privileges::RolePrivileges;

/// What one ledger means: inventory, ledger and writes, side by side and pure.
pub trait Reconcile: Ledger {
    /// How a change is read back.
    const READ_BACK: ReadBack;

    /// What was read of a subject: inventory to ledger.
    fn sight(inventory: &Inventory, subject: &Self::Subject) -> Sight<Self>;

    /// Makes a change in the inventory: what will be read when it holds.
    fn enact(inventory: &mut Inventory, subject: &Self::Subject, change: &Change<Self>);

    /// The writes that bring changes of one subject about, or what they lack to be sent.
    fn steps(inventory: &Inventory, subject: &Self::Subject, changes: Vec<Change<Self>>) -> Vec<Write<Self>>;

    /// What manifests say of a subject as it is held: ledger to documents, and what they cannot say.
    fn document(inventory: &Inventory, subject: &Self::Subject, entries: &Entries<Self>) -> Documents;

    /// The things that a change touches; steps that touch one thing wait for each other.
    fn touches(subject: &Self::Subject, entry: &Self::Entry) -> BTreeSet<Thing>;

    /// The heading of the subject's block in a plan: `security role Flow Runner`.
    fn heading(subject: &Self::Subject) -> String;

    /// Where a change of an entry stands in the audit log; nothing where there is no such log, or the record is not known.
    fn trail(inventory: &Inventory, subject: &Self::Subject, entry: &Self::Entry) -> Option<Trail>;

    /// What a change makes that later changes may need.
    fn makes(subject: &Self::Subject, change: &Change<Self>) -> Option<Thing> {
        let _ = (subject, change);
        None
    }

    /// The principal of an entry, where it is one.
    fn principal(entry: &Self::Entry) -> Option<&Principal> {
        let _ = entry;
        None
    }

    /// What else a reader of the plan should know of a change.
    fn note(inventory: &Inventory, subject: &Self::Subject, change: &Change<Self>) -> Option<String> {
        let _ = (inventory, subject, change);
        None
    }
}

/// Something that writes have in common, by identity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Thing {
    /// A security role.
    Role(Uuid),
    /// A flow.
    Flow(Uuid),
    /// A connection reference.
    Reference(Uuid),
    /// A principal, by its identity.
    Principal(String),
}

/// One wire object: the changes it brings about and how, or what it lacks.
#[derive(Clone, Debug, PartialEq)]
pub struct Write<L: Ledger> {
    /// The changes, which share one outcome.
    pub changes: Vec<Change<L>>,
    /// What is sent, or why it cannot be sent yet.
    pub call: Result<Call, Lacks>,
}

/// What a write lacks to be sent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lacks {
    /// A principal that has no row yet.
    Row(Principal),
    /// A role copy that was not read or does not exist yet.
    RoleCopy(String),
    /// Read on the shared table, at User or more, for the principal of a share.
    Read {
        /// Who lacks it.
        principal: Principal,
        /// The table's display name.
        table: String,
    },
    /// Nothing: it comes with the principal's first role assignment.
    Assignment(Principal),
    /// Something that could not be read.
    Fact(String),
    /// Another change that has to come before it and was not approved.
    Approval(String),
}

impl fmt::Display for Lacks {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Row(principal) => write!(formatter, "{principal} is in the environment"),
            Self::RoleCopy(role) => write!(formatter, "{role} exists"),
            Self::Read { principal, table } => write!(formatter, "{principal} holds Read on {table}"),
            Self::Assignment(principal) => write!(formatter, "{principal} is assigned a role"),
            Self::Fact(fact) => formatter.write_str(fact),
            Self::Approval(change) => write!(formatter, "{change}, which was not approved"),
        }
    }
}

/// A value that each ledger has one of.
pub trait Column {
    /// The value of one ledger.
    type Of<L: Reconcile>;
}

/// One value per ledger, in grant order.
pub struct Ledgers<C: Column> {
    /// What security roles can do.
    pub role_privileges: C::Of<RolePrivileges>,
    /// Who is in the environment.
    pub members: C::Of<EnvironmentMembers>,
    /// Who holds which security role.
    pub assignments: C::Of<RoleAssignments>,
    /// Who is administrator or maker, where there is no Dataverse.
    pub environment_roles: C::Of<EnvironmentRoles>,
    /// Whose connections flows use.
    pub connections: C::Of<FlowConnections>,
    /// Who may read connection references.
    pub readers: C::Of<ReferenceReaders>,
    /// Who may run and edit flows.
    pub shares: C::Of<FlowShares>,
}

/// A function from one column to another, for every ledger alike.
pub trait Visit<A: Column, B: Column> {
    /// Maps one ledger's value.
    fn visit<L: Reconcile>(&mut self, value: &A::Of<L>) -> B::Of<L>;
}

impl<A: Column> Ledgers<A> {
    /// Walks the ledgers in grant order.
    pub fn walk<B: Column>(&self, visitor: &mut impl Visit<A, B>) -> Ledgers<B> {
        // Destructured so that a new ledger does not compile until it is walked.
        let Self { role_privileges, members, assignments, environment_roles, connections, readers, shares } = self;
        Ledgers {
            role_privileges: visitor.visit::<RolePrivileges>(role_privileges),
            members: visitor.visit::<EnvironmentMembers>(members),
            assignments: visitor.visit::<RoleAssignments>(assignments),
            environment_roles: visitor.visit::<EnvironmentRoles>(environment_roles),
            connections: visitor.visit::<FlowConnections>(connections),
            readers: visitor.visit::<ReferenceReaders>(readers),
            shares: visitor.visit::<FlowShares>(shares),
        }
    }
}

/// What is wanted: subject by subject.
#[derive(Clone, Copy, Debug)]
pub enum Goals {}

impl Column for Goals {
    type Of<L: Reconcile> = BTreeMap<L::Subject, Wanted<L>>;
}

/// What a plan says: subject by subject.
#[derive(Clone, Copy, Debug)]
pub enum Verdicts {}

impl Column for Verdicts {
    type Of<L: Reconcile> = BTreeMap<L::Subject, Verdict<L>>;
}

impl Clone for Ledgers<Verdicts> {
    fn clone(&self) -> Self {
        self.walk(&mut Copy)
    }
}

/// Copies verdicts as they are.
struct Copy;

impl Visit<Verdicts, Verdicts> for Copy {
    fn visit<L: Reconcile>(&mut self, verdicts: &BTreeMap<L::Subject, Verdict<L>>) -> BTreeMap<L::Subject, Verdict<L>> {
        verdicts.clone()
    }
}

impl fmt::Debug for Ledgers<Verdicts> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut print = Print(formatter.debug_map());
        self.walk::<Seen>(&mut print);
        print.0.finish()
    }
}

/// Prints verdicts under the names of their ledgers.
struct Print<'formatter, 'buffer>(fmt::DebugMap<'formatter, 'buffer>);

impl Visit<Verdicts, Seen> for Print<'_, '_> {
    fn visit<L: Reconcile>(&mut self, verdicts: &BTreeMap<L::Subject, Verdict<L>>) {
        self.0.entry(&<L as Ledger>::NAME, verdicts);
    }
}

/// Nothing; for walks that only look.
#[derive(Clone, Copy, Debug)]
pub enum Seen {}

impl Column for Seen {
    type Of<L: Reconcile> = ();
}

impl Default for Ledgers<Goals> {
    fn default() -> Self {
        Self {
            role_privileges: BTreeMap::new(),
            members: BTreeMap::new(),
            assignments: BTreeMap::new(),
            environment_roles: BTreeMap::new(),
            connections: BTreeMap::new(),
            readers: BTreeMap::new(),
            shares: BTreeMap::new(),
        }
    }
}
