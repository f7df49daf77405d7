//! The requests that make and change a security role.
use serde_json::{Value, json};

use super::entry::{Entry, Privilege, RoleLevel};
use crate::inventory::Inventory;
use crate::kinds::Lacks;
use crate::ledger::{Change, Ledger};
use crate::names::{Depth, Ref, Role};
use crate::request::{Call, Request, Service};

/// `POST roles` with an id of our own, so that a creation whose answer is lost is found again
/// (the id may be given on create: recorded table metadata).
pub(super) fn creation<L: Ledger<Entry = Entry, Level = RoleLevel>>(
    inventory: &Inventory,
    subject: &Ref<Role>,
    changes: &[Change<L>],
) -> Result<Call, Lacks> {
    let unit = inventory.root_unit().ok_or_else(|| Lacks::Fact("the root business unit was read".to_owned()))?;
    let mut body = properties(changes);
    body["roleid"] = json!(subject.id);
    body["name"] = json!(subject.name);
    // Set explicitly: group teams can hold only roles whose privileges reach members (error 0x80048350).
    body["isinherited"] = body.get("isinherited").cloned().unwrap_or_else(|| json!(1));
    body["businessunitid@odata.bind"] = json!(format!("/businessunits({})", unit.id));
    Ok(Call::Send(in_solution(inventory, subject, Request::post(Service::Dataverse, "roles", body))))
}

/// The columns that changes of properties set.
pub(super) fn properties<L: Ledger<Entry = Entry, Level = RoleLevel>>(changes: &[Change<L>]) -> Value {
    let mut body = json!({});
    for change in changes {
        match (&change.entry, &change.to) {
            (Entry::Inheritance, Some(RoleLevel::ReachesMembers(reaches))) => {
                body["isinherited"] = json!(i32::from(*reaches));
            }
            (Entry::Description, Some(RoleLevel::Text(text))) => body["description"] = json!(text),
            (Entry::Description, None) => body["description"] = Value::Null,
            (Entry::Role | Entry::Inheritance | Entry::Description | Entry::Privilege(_), _) => {}
        }
    }
    body
}

/// `AddPrivilegesRole`, bound to the role; privilege id and depth suffice (recorded `$metadata`; public role editors).
pub(super) fn addition<L: Ledger<Entry = Entry, Level = RoleLevel>>(
    inventory: &Inventory,
    subject: &Ref<Role>,
    changes: &[Change<L>],
) -> Request {
    let privileges: Vec<_> = changes
        .iter()
        .filter_map(|change| match (&change.entry, &change.to) {
            (Entry::Privilege(privilege), Some(RoleLevel::Depth(depth))) => {
                Some(json!({ "PrivilegeId": privilege.id, "Depth": wire_depth(*depth) }))
            }
            (Entry::Role | Entry::Inheritance | Entry::Description | Entry::Privilege(_), _) => None,
        })
        .collect();
    let path = format!("roles({})/Microsoft.Dynamics.CRM.AddPrivilegesRole", subject.id);
    in_solution(inventory, subject, Request::post(Service::Dataverse, path, json!({ "Privileges": privileges })))
}

/// `RemovePrivilegeRole`: one privilege a request, as an entity reference (recorded `$metadata`).
pub(super) fn removal(subject: &Ref<Role>, privilege: &Privilege) -> Request {
    let path = format!("roles({})/Microsoft.Dynamics.CRM.RemovePrivilegeRole", subject.id);
    let reference = json!({ "@odata.type": "Microsoft.Dynamics.CRM.privilege", "privilegeid": privilege.id });
    Request::post(Service::Dataverse, path, json!({ "Privilege": reference }))
}

/// Documented for Create and `AddPrivilegesRole` (Learn: optional parameters).
fn in_solution(inventory: &Inventory, subject: &Ref<Role>, request: Request) -> Request {
    match inventory.environment.role_solutions.get(&subject.id) {
        Some(solution) => request.header("MSCRM.SolutionUniqueName", solution.as_str()),
        None => request,
    }
}

/// `PrivilegeDepth` as JSON carries it: the member's name (recorded `$metadata`; thousands of live entries).
fn wire_depth(depth: Depth) -> &'static str {
    match depth {
        Depth::User => "Basic",
        Depth::BusinessUnit => "Local",
        Depth::ParentChildBusinessUnits => "Deep",
        Depth::Organization => "Global",
        Depth::RecordFilter => "RecordFilter",
    }
}
