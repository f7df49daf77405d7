//! The changes of a plan with their ledgers' types, as rails and risk rules look at them.
use crate::kinds::flow::connections::FlowConnections;
use crate::kinds::{
    EnvironmentMembers, EnvironmentRoles, FlowShares, Ledgers, Reconcile, ReferenceReaders, RoleAssignments,
    RolePrivileges, Verdicts,
};
use crate::ledger::{Change, Effect, Key, Ledger, Verdict};
use crate::names::{EnvironmentRole, Flow, Ref, Reference, Role};
use crate::place::Place;
use crate::plan::Goal;
use crate::principal::Principal;

/// One change of a plan.
#[derive(Clone, Debug)]
pub struct Move<'plan> {
    /// What changes.
    pub what: What<'plan>,
    /// Its identity across plans.
    pub goal: Goal,
    /// The heading of its subject.
    pub heading: String,
    /// The name of its entry.
    pub name: String,
    /// Its direction.
    pub effect: Effect,
    /// Whether the entry is there afterwards.
    pub stays: bool,
    /// The line that wants it.
    pub place: &'plan Place,
    /// The principal that it is about, if one.
    pub principal: Option<&'plan Principal>,
}

/// What changes, ledger by ledger.
#[derive(Clone, Copy, Debug)]
pub enum What<'plan> {
    /// Something of a security role.
    Privilege(&'plan Ref<Role>, &'plan Change<RolePrivileges>),
    /// Who is in the environment.
    Member(&'plan Change<EnvironmentMembers>),
    /// Who holds a security role.
    Assignment(&'plan Ref<Role>, &'plan Change<RoleAssignments>),
    /// Who is administrator or maker, where there is no Dataverse.
    EnvironmentRole(EnvironmentRole, &'plan Change<EnvironmentRoles>),
    /// Whose connection a flow uses.
    Connection(&'plan Ref<Flow>, &'plan Change<FlowConnections>),
    /// Who may read a connection reference.
    Reader(&'plan Ref<Reference>, &'plan Change<ReferenceReaders>),
    /// Who may run or edit a flow.
    Share(&'plan Ref<Flow>, &'plan Change<FlowShares>),
}

impl Move<'_> {
    /// Whether somebody can do less afterwards.
    pub fn is_loss(&self) -> bool {
        self.effect == Effect::Narrows
    }

    /// Whether somebody may be able to do more afterwards.
    pub fn is_gain(&self) -> bool {
        match self.effect {
            Effect::Widens | Effect::Shifts => self.stays,
            Effect::Narrows => false,
        }
    }
}

/// The changes of a plan whose goals are kept, in grant order.
pub fn moves<'plan>(verdicts: &'plan Ledgers<Verdicts>, keep: &dyn Fn(&Goal) -> bool) -> Vec<Move<'plan>> {
    // Destructured so that a new ledger does not compile until it is judged.
    let Ledgers { role_privileges, members, assignments, environment_roles, connections, readers, shares } = verdicts;
    let mut moves = Vec::new();
    for (role, verdict) in role_privileges {
        add(&mut moves, role, verdict, |change| What::Privilege(role, change));
    }
    for (environment, verdict) in members {
        add(&mut moves, environment, verdict, What::Member);
    }
    for (role, verdict) in assignments {
        add(&mut moves, role, verdict, |change| What::Assignment(role, change));
    }
    for (subject, verdict) in environment_roles {
        add(&mut moves, subject, verdict, |change| What::EnvironmentRole(subject.0, change));
    }
    for (flow, verdict) in connections {
        add(&mut moves, flow, verdict, |change| What::Connection(flow, change));
    }
    for (reference, verdict) in readers {
        add(&mut moves, reference, verdict, |change| What::Reader(reference, change));
    }
    for (flow, verdict) in shares {
        add(&mut moves, flow, verdict, |change| What::Share(flow, change));
    }
    moves.retain(|one| keep(&one.goal));
    moves
}

fn add<'plan, L: Reconcile>(
    moves: &mut Vec<Move<'plan>>,
    subject: &L::Subject,
    verdict: &'plan Verdict<L>,
    what: impl Fn(&'plan Change<L>) -> What<'plan>,
) {
    let Verdict::Compared { changes, .. } = verdict else { return };
    moves.extend(changes.iter().map(|change| Move {
        what: what(change),
        goal: Goal { ledger: <L as Ledger>::NAME, subject: subject.key(), entry: change.entry.key() },
        heading: L::heading(subject),
        name: change.entry.to_string(),
        effect: change.effect(),
        stays: change.to.is_some(),
        place: &change.place,
        principal: L::principal(&change.entry),
    }));
}
