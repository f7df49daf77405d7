//! What a security role had that a run deletes: Dataverse keeps nothing of it, so the journal does.
use std::collections::BTreeMap;

use uuid::Uuid;

use super::{Change, Deleted};
use crate::foreign::inert;
use crate::inventory::Inventory;
use crate::kinds::document::{Documents, Spec};
use crate::kinds::role_assignment::spec as assignment;
use crate::kinds::security_role::spec::{self as role, RoleName};
use crate::kinds::{Reconcile, RoleAssignments, RolePrivileges};
use crate::ledger::{Entries, Extent, Ledger, Reason, Sight};
use crate::names::{Ref, Role};

/// The roles that go with some changes, by id, each with what it had.
pub(super) fn deleted(inventory: &Inventory, changes: &[Change]) -> BTreeMap<String, Deleted> {
    let gone = changes.iter().filter(|change| {
        change.goal.ledger == RolePrivileges::NAME && change.goal.entry == "role" && change.after.is_none()
    });
    let ids = gone.filter_map(|change| change.goal.subject.parse::<Uuid>().ok());
    ids.filter_map(|id| {
        let subject = Ref::new(inventory.roles.row(&id)?.name.clone(), id);
        Some((id.to_string(), deleted_role(inventory, &subject)?))
    })
    .collect()
}

fn deleted_role(inventory: &Inventory, subject: &Ref<Role>) -> Option<Deleted> {
    let name = RoleName::Name(subject.name.to_string());
    let mut left_out = Vec::new();
    let of_role = documents::<RolePrivileges>(inventory, subject, &mut left_out);
    let of_holders = documents::<RoleAssignments>(inventory, subject, &mut left_out);
    let mut found = None;
    let mut holders = Vec::new();
    for spec in of_role.into_iter().chain(of_holders) {
        match spec {
            // All of it was read, so nothing else is to stand in it.
            Spec::SecurityRole(spec) => {
                found = Some(role::Spec { role: name.clone(), extent: Some(Extent::Exact), ..spec });
            }
            Spec::RoleAssignment(spec) => holders.push(assignment::Spec { role: Some(name.clone()), ..spec }),
            Spec::Flow(_) => {}
        }
    }
    if inventory.derived_role_id(&subject.name) != subject.id {
        left_out.push("its id: a role that is made again has another one, so mend what names it by id".to_owned());
    }
    Some(Deleted { role: found?, holders, left_out })
}

/// What manifests say of a role in one ledger; what they cannot say is added to `left_out`.
fn documents<L: Reconcile<Subject = Ref<Role>>>(
    inventory: &Inventory,
    subject: &Ref<Role>,
    left_out: &mut Vec<String>,
) -> Vec<Spec> {
    let mut entries: Entries<L> = match L::sight(inventory, subject) {
        Sight::Found { entries, gap, .. } => {
            left_out
                .extend(gap.map(|problem| format!("what of it could not be read: {}", inert(&problem.to_string()))));
            entries
        }
        Sight::Absent => return Vec::new(),
        Sight::Unreadable(problem) => {
            left_out.push(format!("what could not be read: {}", inert(&problem.to_string())));
            return Vec::new();
        }
    };
    if L::NAME == RolePrivileges::NAME {
        // What Dataverse gives to every role comes by itself.
        entries.retain(|_, held| !matches!(held.reason, Some(Reason::Platform(_))));
    }
    let Documents { specs, left_out: more } = L::document(inventory, subject, &entries);
    left_out.extend(more.into_iter().map(|left| format!("{}: {}", inert(&left.entry), inert(&left.why))));
    specs
}
