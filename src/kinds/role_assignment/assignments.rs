//! The ledger of who holds which security role, and at which business unit.
use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use uuid::Uuid;

use crate::inventory::audit::{Audited, Deed, Trail};
use crate::inventory::people::{PrincipalRow, Team};
use crate::inventory::section::{Answer, not_asked};
use crate::inventory::{Inventory, Lookup};
use crate::kinds::environment::{members, presence};
use crate::kinds::held::Held;
use crate::kinds::principals::Member;
use crate::kinds::role_assignment::holder::{Holder, row_hindrance};
use crate::kinds::role_assignment::spec::Spec;
use crate::kinds::{Documents, Lacks, ReadBack, Reconcile, Thing, Write, document};
use crate::ledger::{self, Change, Claim, Entries, Extent, Ledger, Reason, Sight, Standing};
use crate::names::{self, Ref};
use crate::principal::Principal;
use crate::request::{Call, Request, Service};

/// Who holds which security role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoleAssignments {}

impl Ledger for RoleAssignments {
    const NAME: &'static str = "roleAssignments";
    type Subject = Ref<names::Role>;
    type Entry = Holder;
    type Level = Held;
    type Extent = Extent;

    fn claim(extent: &Extent, holder: &Holder, _: Option<&Held>, standing: &Standing) -> Claim {
        match &holder.principal {
            Principal::Everyone => Claim::Never(Reason::Platform("everyone in the organisation".into())),
            Principal::Unnamed { .. } if standing.reason().is_none() => {
                Claim::Never(Reason::Platform("no manifest can name it".into()))
            }
            Principal::Application { .. } if !standing.named && *extent == Extent::Exact => {
                Claim::Never(Reason::Platform("an application: revoked only where it is named".into()))
            }
            Principal::User { .. }
            | Principal::Group { .. }
            | Principal::Application { .. }
            | Principal::Team { .. }
            | Principal::Unnamed { .. } => standing.claim(*extent),
        }
    }
}

impl Reconcile for RoleAssignments {
    const READ_BACK: ReadBack = ReadBack::DATAVERSE;

    fn sight(inventory: &Inventory, role: &Self::Subject) -> Sight<Self> {
        match inventory.roles.get(&role.id) {
            Answer::Found(_) => {}
            Answer::Absent => return Sight::Absent,
            Answer::Unreadable(problem) => return Sight::Unreadable(problem),
            Answer::NotAsked => return Sight::Unreadable(not_asked()),
        }
        let none = BTreeSet::new();
        let holders = match inventory.holders.get(&role.id) {
            Answer::Found(holders) => holders,
            Answer::Absent => &none,
            Answer::Unreadable(problem) => return Sight::Unreadable(problem),
            Answer::NotAsked => return Sight::Unreadable(not_asked()),
        };
        let held = |(row, unit): &(PrincipalRow, Uuid)| {
            let (principal, unread) = inventory.principal_of(*row);
            let own = inventory.unit_of(*row) == Some(*unit);
            let reason = unread.map(Reason::Unread).or_else(|| row_reason(inventory, *row));
            let holder = Holder { principal, unit: inventory.unit_ref(*unit), own };
            (holder, ledger::Held { level: Held, reason })
        };
        Sight::Found { entries: holders.iter().map(held).collect(), standing: None, gap: inventory.holders.doubt() }
    }

    fn enact(inventory: &mut Inventory, role: &Self::Subject, change: &Change<Self>) {
        let unit = change.entry.unit.id;
        if change.to.is_some() {
            // Who has no row yet comes in with the assignment or before it.
            let Some(row) = members::bring_in(inventory, &change.entry.principal) else { return };
            inventory.holders.rows_mut().entry(role.id).or_default().insert((row, unit));
            return;
        }
        let identity = change.entry.principal.identity();
        let is_meant =
            |(row, held): &(PrincipalRow, Uuid)| *held == unit && inventory.principal_of(*row).0.identity() == identity;
        let Some(holders) = inventory.holders.row(&role.id) else { return };
        let left = holders.iter().filter(|holder| !is_meant(holder)).copied().collect();
        inventory.holders.rows_mut().insert(role.id, left);
    }

    fn steps(inventory: &Inventory, role: &Self::Subject, changes: Vec<Change<Self>>) -> Vec<Write<Self>> {
        let write = |change: Change<Self>| {
            let request = match change.to {
                Some(Held) => grant(inventory, role, &change.entry),
                None => revocation(inventory, role, &change.entry),
            };
            Write { changes: vec![change], call: request.map(Call::Send) }
        };
        changes.into_iter().map(write).collect()
    }

    fn document(inventory: &Inventory, role: &Self::Subject, entries: &Entries<Self>) -> Documents {
        let mut documents = Documents::default();
        // Holders at their own units are one list; holders at another unit are one for each.
        let mut lists: BTreeMap<Option<String>, Vec<Member>> = BTreeMap::new();
        for (holder, held) in entries {
            if let Some(why) = document::unnameable(held.reason.as_ref()) {
                documents.leave(holder, why);
                continue;
            }
            match document::member(&holder.principal, inventory.environment.group_membership) {
                Ok(member) => {
                    let unit = (!holder.own).then(|| match inventory.unit(&holder.unit.name) {
                        Lookup::One(found) if found.id == holder.unit.id => holder.unit.name.to_string(),
                        Lookup::One(_) | Lookup::None | Lookup::Many(_) | Lookup::Unreadable(_) => {
                            holder.unit.id.to_string()
                        }
                    });
                    lists.entry(unit).or_default().push(member);
                }
                Err(why) => documents.leave(holder, why),
            }
        }
        let specs = lists.into_iter().map(|(business_unit, members)| {
            document::Spec::RoleAssignment(Spec {
                role: Some(document::role_name(inventory, role)),
                business_unit,
                members,
                ..Spec::default()
            })
        });
        documents.specs.extend(specs);
        documents
    }

    fn touches(role: &Self::Subject, holder: &Holder) -> BTreeSet<Thing> {
        BTreeSet::from([Thing::Role(role.id), Thing::Principal(holder.principal.identity())])
    }

    // In the history of the user or team; the role is its copy in the holder's business unit.
    fn trail(inventory: &Inventory, role: &Self::Subject, holder: &Holder) -> Option<Trail> {
        let (table, id) = match inventory.row_of(&holder.principal) {
            Answer::Found(PrincipalRow::User(id)) => (Audited::User, id),
            Answer::Found(PrincipalRow::Team(id)) => (Audited::Team, id),
            Answer::Found(PrincipalRow::Organization(_))
            | Answer::Absent
            | Answer::Unreadable(_)
            | Answer::NotAsked => return None,
        };
        let copy = inventory.copies.row(&role.id).and_then(|copies| copies.get(&holder.unit.id));
        Some(Trail::new(table, id, [Deed::Association(copy.copied().unwrap_or(role.id))]))
    }

    fn heading(role: &Self::Subject) -> String {
        format!("role assignment {role}")
    }

    fn principal(holder: &Holder) -> Option<&Principal> {
        Some(&holder.principal)
    }

    fn note(inventory: &Inventory, role: &Self::Subject, change: &Change<Self>) -> Option<String> {
        match change.to {
            Some(Held) => presence::note(inventory, &change.entry.principal),
            // `isautoassigned`; recorded role lists.
            None => inventory
                .roles
                .row(&role.id)
                .is_some_and(|role| role.auto_assigned)
                .then(|| "the service assigns this role by itself and may give it back".to_owned()),
        }
    }
}

/// Why an assignment to a row is not taken away, if so.
fn row_reason(inventory: &Inventory, row: PrincipalRow) -> Option<Reason> {
    let kept = match row {
        PrincipalRow::Team(id) => inventory.teams.row(&id).and_then(Team::platform_reason),
        PrincipalRow::User(_) | PrincipalRow::Organization(_) => None,
    };
    kept.map(|reason| Reason::Platform(reason.into())).or_else(|| row_hindrance(inventory, row))
}

/// The request that assigns a role (Learn: associate and disassociate table rows using the Web API).
fn grant(inventory: &Inventory, role: &Ref<names::Role>, holder: &Holder) -> Result<Request, Lacks> {
    let principal = &holder.principal;
    let set = match (inventory.row_of(principal), principal) {
        (Answer::Found(row), _) => association(row, principal)?,
        // This POST adds the user (Learn: use Microsoft Entra ID group teams with the Web API).
        (Answer::Absent, Principal::User { id, .. }) if !inventory.environment.add_users_by_admin_api => {
            format!("systemusers(azureactivedirectoryobjectid={id})/systemuserroles_association")
        }
        (Answer::Absent, _) => return Err(Lacks::Row(principal.clone())),
        (Answer::Unreadable(_) | Answer::NotAsked, _) => return Err(unread(principal)),
    };
    let copy = role_copy(inventory, role, holder)?;
    // A relative link is refused, so the organisation's address stands before it (Learn: as above).
    let organisation = inventory
        .environment
        .url
        .as_ref()
        .ok_or_else(|| Lacks::Fact("the organisation's address is known".to_owned()))?;
    let link = format!("{organisation}/api/data/v9.2/roles({copy})");
    Ok(Request::post(Service::Dataverse, format!("{set}/$ref"), json!({ "@odata.id": link })))
}

/// The request that takes a role away.
fn revocation(inventory: &Inventory, role: &Ref<names::Role>, holder: &Holder) -> Result<Request, Lacks> {
    let set = match inventory.row_of(&holder.principal) {
        Answer::Found(row) => association(row, &holder.principal)?,
        Answer::Absent => return Err(Lacks::Row(holder.principal.clone())),
        Answer::Unreadable(_) | Answer::NotAsked => return Err(unread(&holder.principal)),
    };
    let copy = role_copy(inventory, role, holder)?;
    Ok(Request::delete(Service::Dataverse, format!("{set}({copy})/$ref")))
}

/// The roles of a row.
fn association(row: PrincipalRow, principal: &Principal) -> Result<String, Lacks> {
    match row {
        PrincipalRow::User(id) => Ok(format!("systemusers({id})/systemuserroles_association")),
        PrincipalRow::Team(id) => Ok(format!("teams({id})/teamroles_association")),
        PrincipalRow::Organization(_) => Err(Lacks::Row(principal.clone())),
    }
}

/// The role's copy at the holder's business unit: at the root unit the role itself.
fn role_copy(inventory: &Inventory, role: &Ref<names::Role>, holder: &Holder) -> Result<Uuid, Lacks> {
    let copy = inventory.copies.row(&role.id).and_then(|copies| copies.get(&holder.unit.id).copied());
    let is_root = inventory.root_unit().is_some_and(|root| root.id == holder.unit.id);
    copy.or_else(|| is_root.then_some(role.id))
        .ok_or_else(|| Lacks::RoleCopy(format!("security role {role} at business unit {}", holder.unit)))
}

fn unread(principal: &Principal) -> Lacks {
    Lacks::Fact(format!("it could be read whether {principal} is in the environment"))
}

#[cfg(test)]
mod tests;
