//! What flow shares and reference shares have in common: one row, one mask, one write per principal.
use serde_json::{Value, json};
use uuid::Uuid;

use crate::inventory::Inventory;
use crate::inventory::audit::{Audited, Deed, Trail};
use crate::inventory::people::{PrincipalRow, UserKind};
use crate::inventory::section::Answer;
use crate::inventory::things::Rights;
use crate::kinds::Lacks;
use crate::kinds::environment::members::bring_in;
use crate::ledger::Reason;
use crate::principal::Principal;
use crate::problem::Problem;
use crate::request::{Call, Request, Service};

/// A table whose rows are shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SharedTable {
    /// Its logical name.
    pub logical_name: &'static str,
    /// The column of its id.
    pub id_column: &'static str,
    /// Its display name.
    pub display_name: &'static str,
}

/// Flows.
pub const FLOWS: SharedTable =
    SharedTable { logical_name: "workflow", id_column: "workflowid", display_name: "Process" };
/// Connection references.
pub const REFERENCES: SharedTable = SharedTable {
    logical_name: "connectionreference",
    id_column: "connectionreferenceid",
    display_name: "Connection Reference",
};

/// Why the platform keeps a principal's share or role, or why it is not touched, if so.
pub fn principal_reason(inventory: &Inventory, row: PrincipalRow, unread: Option<Problem>) -> Option<Reason> {
    if let Some(problem) = unread {
        return Some(Reason::Unread(problem));
    }
    match row {
        PrincipalRow::Organization(_) => Some(Reason::Platform("shared with the whole organisation".into())),
        PrincipalRow::Team(id) => {
            let team = inventory.teams.row(&id)?;
            team.platform_reason().map(|reason| Reason::Platform(reason.into()))
        }
        PrincipalRow::User(id) => match inventory.users.row(&id) {
            None => Some(Reason::Platform("a user that is not there any more".into())),
            Some(user) if user.kind == UserKind::Platform => {
                Some(Reason::Platform("a user of the platform itself".into()))
            }
            Some(_) => None,
        },
    }
}

/// The write that moves a share from one mask to another, or what it lacks.
///
/// An existing share is changed with `ModifyAccess`, never with `GrantAccess`: what Grant does over a share is answered
/// differently by every source.
pub fn share_call(
    inventory: &Inventory,
    table: SharedTable,
    id: Uuid,
    principal: &Principal,
    from: Option<Rights>,
    to: Option<Rights>,
) -> Result<Call, Lacks> {
    let row = match inventory.row_of(principal) {
        Answer::Found(row) => row,
        Answer::Absent | Answer::NotAsked => return Err(Lacks::Row(principal.clone())),
        Answer::Unreadable(problem) => return Err(Lacks::Fact(format!("{principal} was read: {}", problem.says))),
    };
    // A share gives only what a role of the receiver allows (Learn: security concepts), so the role comes first.
    if from.is_none() && inventory.holds_read(row, table.logical_name) == Ok(false) {
        return Err(Lacks::Read { principal: principal.clone(), table: table.display_name.to_owned() });
    }
    let target =
        json!({ table.id_column: id, "@odata.type": format!("Microsoft.Dynamics.CRM.{}", table.logical_name) });
    let receiver = principal_reference(row);
    let (action, body) = match (from, to) {
        (_, None) => ("RevokeAccess", json!({ "Target": target, "Revokee": receiver })),
        (None, Some(rights)) => ("GrantAccess", access_body(&target, &receiver, rights)),
        (Some(_), Some(rights)) => ("ModifyAccess", access_body(&target, &receiver, rights)),
    };
    Ok(Call::Send(Request::post(Service::Dataverse, action, body)))
}

fn access_body(target: &Value, principal: &Value, rights: Rights) -> Value {
    json!({ "Target": target, "PrincipalAccess": { "Principal": principal, "AccessMask": rights.names() } })
}

/// A principal as shipped flows and pipeline templates of Microsoft's name it in `GrantAccess`.
fn principal_reference(row: PrincipalRow) -> Value {
    match row {
        PrincipalRow::User(id) => json!({ "systemuserid": id, "@odata.type": "Microsoft.Dynamics.CRM.systemuser" }),
        PrincipalRow::Team(id) => json!({ "teamid": id, "@odata.type": "Microsoft.Dynamics.CRM.team" }),
        PrincipalRow::Organization(id) => {
            json!({ "organizationid": id, "@odata.type": "Microsoft.Dynamics.CRM.organization" })
        }
    }
}

/// Where a share stands in the audit log: in the history of the shared row.
pub fn share_trail(inventory: &Inventory, table: Audited, id: Uuid, principal: &Principal) -> Option<Trail> {
    match inventory.row_of(principal) {
        Answer::Found(row) => Some(Trail::new(table, id, [Deed::Share(row.id())])),
        Answer::Absent | Answer::Unreadable(_) | Answer::NotAsked => None,
    }
}

/// Puts a share into the inventory.
pub fn enact_share(inventory: &mut Inventory, id: Uuid, principal: &Principal, to: Option<Rights>) {
    let Some(row) = bring_in(inventory, principal) else { return };
    let shares = inventory.shares.rows_mut().entry(id).or_default();
    match to {
        Some(rights) => {
            shares.insert(row, rights);
        }
        None => {
            shares.remove(&row);
        }
    }
}
