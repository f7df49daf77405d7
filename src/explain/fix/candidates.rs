//! Everything that could let a person run a flow, before it is known what of it is needed.
use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::{Grant, reads};
use crate::access::{Access, Moment, Reach};
use crate::explain::Question;
use crate::explain::judge::{Judge, callers_references};
use crate::explain::requirements::{ACT_ON_BEHALF, Fact, Needs};
use crate::inventory::Inventory;
use crate::inventory::people::PrincipalRow;
use crate::inventory::things::Rights;
use crate::kinds::flow::share::{FLOWS, REFERENCES, SharedTable};
use crate::kinds::security_role::entry::Privilege;
use crate::names::{BuiltInRole, Depth, Operation, Ref, Reference, Role, RoleName, folded};
use crate::principal::Principal;

/// What could help, before it is known what is needed.
pub(super) struct Candidates<'a> {
    inventory: &'a Inventory,
    question: &'a Question,
    /// Privileges that are missing, each with the least depth that serves.
    privileges: BTreeMap<Uuid, (Privilege, Depth)>,
    shares: bool,
    references: Vec<Ref<Reference>>,
    delegate: Option<Principal>,
    lacks_role: bool,
}

impl<'a> Candidates<'a> {
    /// What the missing requirements ask for; nothing when one of them is beyond manifests.
    pub(super) fn of(inventory: &'a Inventory, question: &'a Question) -> Option<Self> {
        let (access, people) = crate::explain::group::access(inventory, Moment::NextAccess, &question.person)?;
        let judge = Judge::new(&access, Moment::NextAccess);
        let mut candidates = Self {
            inventory,
            question,
            privileges: BTreeMap::new(),
            shares: false,
            references: Vec::new(),
            delegate: None,
            lacks_role: false,
        };
        for judged in judge.judge_by(question.flow.id, question.agent) {
            if !question.bar.blocks(judged.requirement) {
                continue;
            }
            for person in people.iter().filter(|person| !judged.holds.certain().contains(**person)) {
                candidates.add(&access, &judge, &judged.requirement.needs, *person)?;
            }
        }
        Some(candidates)
    }

    fn add(&mut self, access: &Access<'_>, judge: &Judge<'_>, needs: &Needs, person: usize) -> Option<()> {
        let fact = match needs {
            Needs::Privilege { privilege, depth } => return self.needs(privilege, *depth),
            Needs::Fact { fact } => *fact,
        };
        match fact {
            Fact::HasRole => self.lacks_role = true,
            Fact::FlowShared => {
                self.shares = true;
                self.needs_on("workflow", Operation::Read, access, person)?;
                self.needs_read_for_a_share(FLOWS)?;
            }
            Fact::ReferenceReadable => {
                for reference in self.unreadable(access, person) {
                    if !self.references.contains(&reference) {
                        self.references.push(reference);
                    }
                }
                self.needs_on("connectionreference", Operation::Read, access, person)?;
                self.needs_read_for_a_share(REFERENCES)?;
            }
            Fact::ActionsAllowed => {
                let deeds = judge.deeds(self.question.flow.id);
                if !deeds.missing.is_empty() {
                    return None;
                }
                for (table, operation) in &deeds.known {
                    self.needs_on(table, *operation, access, person)?;
                }
            }
            Fact::OwnerDelegates => {
                let owner = self.inventory.flows.row(&self.question.flow.id)?.owner;
                let PrincipalRow::User(_) = owner else { return None };
                self.delegate = Some(self.inventory.principal_of(owner).0);
            }
            Fact::Member
            | Fact::Enabled
            | Fact::InSecurityGroup
            | Fact::FlowOn
            | Fact::Instant
            | Fact::AgentShared
            | Fact::ChildEmbedded
            | Fact::ChildOn
            | Fact::ConnectionsBound
            | Fact::SameEnvironment
            | Fact::OwnerEnabled
            | Fact::OwnerActionsAllowed => return None,
        }
        Some(())
    }

    /// A privilege by name, at a depth or the next one that it allows.
    fn needs(&mut self, name: &str, depth: Depth) -> Option<()> {
        let wanted = folded(name);
        let of_tables = self.inventory.tables.rows().find_map(|(_, table)| {
            let own = table.privileges.as_ref()?.iter();
            let (operation, privilege) = own.into_iter().find(|(_, own)| folded(&own.name) == wanted)?;
            Some(((Some(table.display_name.clone()), Some(*operation)), privilege))
        });
        let named =
            || self.inventory.privileges.row(&wanted.as_str().into()).map(|privilege| ((None, None), privilege));
        let ((table, operation), found) = of_tables.or_else(named)?;
        let depth = allowed(&found.depths, depth)?;
        let privilege = Privilege { table, operation, name: found.name.clone(), id: found.id };
        let held = self.privileges.entry(found.id).or_insert((privilege, depth));
        held.1 = held.1.max(depth);
        Some(())
    }

    fn needs_on(&mut self, table: &str, operation: Operation, access: &Access<'_>, person: usize) -> Option<()> {
        let privilege = self.inventory.privilege(table, operation)?;
        if access.grants(person, privilege.id).is_empty() {
            let name = privilege.name.clone();
            self.needs(&name, Depth::User)?;
        }
        Some(())
    }

    /// A share waits for Read on its table, which whoever is shared with may hold only from the next access on.
    fn needs_read_for_a_share(&mut self, table: SharedTable) -> Option<()> {
        if !reads(self.inventory, &self.question.person, table) {
            let privilege = self.inventory.privilege(table.logical_name, Operation::Read)?;
            let name = privilege.name.clone();
            self.needs(&name, Depth::User)?;
        }
        Some(())
    }

    fn unreadable(&self, access: &Access<'_>, person: usize) -> Vec<Ref<Reference>> {
        let Some(facts) = self.inventory.definitions.row(&self.question.flow.id) else { return Vec::new() };
        let holders = access.table_holders("connectionreference", Operation::Read);
        let named = callers_references(facts).into_iter().filter_map(|name| self.inventory.reference(&name));
        let unreadable = named.filter(|(id, row)| {
            let reach = Reach { right: Rights::READ, owner: row.owner, id: *id, holders: &holders };
            !access.reach(reach).certain().contains(person)
        });
        unreadable.map(|(id, row)| Ref::new(row.logical_name.clone(), id)).collect()
    }

    /// Every grant that may be needed: roles that exist as far as they go, and a new one for the rest.
    pub(super) fn grants(self, known: &[Ref<Role>]) -> Vec<Grant> {
        let Self { inventory, question, mut privileges, shares, references, delegate, lacks_role } = self;
        let person = &question.person;
        let assign = |role: &Ref<Role>, to: &Principal| Grant::Assign { role: role.clone(), to: to.clone() };
        let mut grants = Vec::new();
        if let Some(owner) = delegate {
            let role = inventory.role(&RoleName::BuiltIn(BuiltInRole::Delegate)).one();
            let act = inventory.privileges.row(&folded(ACT_ON_BEHALF).as_str().into());
            let has = |role: &Ref<Role>| {
                act.is_some_and(|act| {
                    inventory.role_privileges.row(&role.id).is_some_and(|held| held.contains_key(&act.id))
                })
            };
            grants.extend(role.filter(has).map(|role| assign(&role, &owner)));
        }
        let mut pool: BTreeSet<Ref<Role>> = known.iter().cloned().collect();
        if lacks_role {
            pool.extend(inventory.role(&RoleName::BuiltIn(BuiltInRole::BasicUser)).one());
        }
        let covers = |role: &Ref<Role>, needed: &BTreeMap<Uuid, (Privilege, Depth)>| {
            let held = inventory.role_privileges.row(&role.id);
            let serves = |id: &Uuid, depth: &Depth| {
                held.and_then(|held| held.get(id)).is_some_and(|own| *own != Depth::RecordFilter && own >= depth)
            };
            needed.iter().filter(|(id, (_, depth))| serves(id, depth)).map(|(id, _)| *id).collect::<Vec<Uuid>>()
        };
        let size = |role: &Ref<Role>| inventory.role_privileges.row(&role.id).map_or(usize::MAX, BTreeMap::len);
        loop {
            // The role that serves most needs, and of those the one that grants least beside them.
            let best = pool.iter().max_by_key(|role| (covers(role, &privileges).len(), std::cmp::Reverse(size(role))));
            let Some(best) = best.cloned() else { break };
            let served = covers(&best, &privileges);
            if served.is_empty() {
                break;
            }
            for id in served {
                privileges.remove(&id);
            }
            grants.push(assign(&best, person));
            pool.remove(&best);
        }
        let has_assignment = grants.iter().any(|grant| matches!(grant, Grant::Assign { to, .. } if to == person));
        if lacks_role && !has_assignment && privileges.is_empty() {
            grants.extend(pool.iter().next().map(|role| assign(role, person)));
        }
        if !privileges.is_empty() {
            let name = format!("Run {}", question.flow.name);
            let role = Ref::new(name.as_str(), inventory.derived_role_id(&name));
            grants.push(Grant::NewRole(role.clone()));
            grants.push(assign(&role, person));
            let needed = privileges.into_values();
            grants.extend(needed.map(|(privilege, depth)| Grant::Privilege { role: role.clone(), privilege, depth }));
        }
        if shares {
            grants.push(Grant::Share { flow: question.flow.clone(), with: person.clone() });
        }
        let with = || person.clone();
        let flow = &question.flow;
        grants.extend(references.into_iter().map(|reference| Grant::Reader {
            flow: flow.clone(),
            reference,
            with: with(),
        }));
        grants
    }
}

/// The least depth that a privilege allows and that serves.
fn allowed(depths: &[Depth], wanted: Depth) -> Option<Depth> {
    depths.iter().copied().filter(|depth| *depth >= wanted && *depth != Depth::RecordFilter).min()
}
