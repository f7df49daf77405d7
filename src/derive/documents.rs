//! Documents that give what flows need: a role, who holds it, and the flows themselves.
use std::collections::{BTreeMap, BTreeSet};

use super::Derived;
use super::needs::ACT_ON_BEHALF;
use crate::export::{Document, yaml};
use crate::inventory::Inventory;
use crate::inventory::people::PrincipalRow;
use crate::kinds::document::Spec;
use crate::kinds::flow::spec::Readers;
use crate::kinds::principals::{List, Member, User};
use crate::kinds::role_assignment::spec::Spec as Assignment;
use crate::kinds::security_role::spec::{BuiltIn, Grant, Inheritance, Operations, RoleName, Spec as Role};
use crate::kinds::{FlowConnections, FlowShares, Reconcile, document, flow};
use crate::ledger::Sight;
use crate::manifest::envelope::Kind;
use crate::names::{BuiltInRole, Depth, Flow, Ref, TableName};

/// The variable that stands for whoever shall run the flows, where nobody is shared with yet.
const RUNNERS: &str = "\"${runners}\"";

/// Writes documents that give `role` to whoever runs the flows, and the flows to them.
///
/// `Err` says which document cannot be written.
pub fn documents(inventory: &Inventory, flows: &[Ref<Flow>], derived: &Derived, role: &str) -> Result<String, String> {
    let runners = runners(inventory, flows);
    let name = role.to_lowercase().replace(' ', "-");
    let mut documents = vec![Document {
        kind: Kind::SecurityRole,
        name: name.clone(),
        spec: Spec::SecurityRole(Role {
            role: RoleName::Name(role.to_owned()),
            description: None,
            member_privilege_inheritance: Some(Inheritance::Direct),
            solution: None,
            allow_unmanaged_layer: false,
            extent: None,
            allow_empty: false,
            privileges: on_tables(inventory, derived),
            miscellaneous: derived
                .caller
                .named
                .iter()
                .map(|(name, need)| (name.to_string(), Grant::Depth(need.depth)))
                .collect(),
        }),
    }];
    let assignment =
        Assignment { role: Some(RoleName::Name(role.to_owned())), members: runners.clone(), ..Assignment::default() };
    documents.push(Document { kind: Kind::RoleAssignment, name, spec: Spec::RoleAssignment(assignment) });
    let owners = owners(inventory, flows);
    if derived.owner.named.contains_key(&ACT_ON_BEHALF.into()) && !owners.is_empty() {
        let role = Some(RoleName::BuiltIn(BuiltIn { built_in: BuiltInRole::Delegate }));
        let spec = Assignment { role, members: owners, ..Assignment::default() };
        let name = "flow-owners".to_owned();
        documents.push(Document { kind: Kind::RoleAssignment, name, spec: Spec::RoleAssignment(spec) });
    }
    for flow in flows {
        documents.push(flow_document(inventory, flow, &runners));
    }
    let text = yaml(&documents, &inventory.environment.name)?;
    Ok(if runners.is_empty() { text.replace("members: []", &format!("members: [ {RUNNERS} ]")) } else { text })
}

fn on_tables(inventory: &Inventory, derived: &Derived) -> BTreeMap<String, Operations> {
    let mut tables: BTreeMap<String, Operations> = BTreeMap::new();
    for ((table, operation), need) in &derived.caller.tables {
        let operations = tables.entry(table_name(inventory, table)).or_default();
        operations.0.insert(*operation, Grant::Depth(need.depth));
    }
    tables
}

/// The name of a table that people know, where no other table has it.
pub(super) fn table_name(inventory: &Inventory, table: &TableName) -> String {
    let display = inventory.tables.row(table).map_or_else(|| table.clone(), |row| row.display_name.clone());
    match inventory.table(&display).one() {
        Some(found) if found == *table => display.to_string(),
        Some(_) | None => table.to_string(),
    }
}

/// Whoever the flows are shared with as run-only users already.
fn runners(inventory: &Inventory, flows: &[Ref<Flow>]) -> Vec<Member> {
    let mut runners = Vec::new();
    for flow in flows {
        let Sight::Found { entries, .. } = FlowShares::sight(inventory, flow) else { continue };
        for spec in FlowShares::document(inventory, flow, &entries).specs {
            let Spec::Flow(flow::spec::Spec { run_only_users: Some(list), .. }) = spec else { continue };
            for member in list.members {
                if !runners.contains(&member) {
                    runners.push(member);
                }
            }
        }
    }
    runners
}

/// The users who own the flows.
fn owners(inventory: &Inventory, flows: &[Ref<Flow>]) -> Vec<Member> {
    let rows: BTreeSet<PrincipalRow> =
        flows.iter().filter_map(|flow| Some(inventory.flows.row(&flow.id)?.owner)).collect();
    let members = rows.into_iter().filter_map(|row| {
        document::member(&inventory.principal_of(row).0, inventory.environment.group_membership).ok()
    });
    members.filter(|member| matches!(member, Member::User { user: User::Known(_), .. })).collect()
}

fn flow_document(inventory: &Inventory, flow: &Ref<Flow>, runners: &[Member]) -> Document {
    let connections = match FlowConnections::sight(inventory, flow) {
        Sight::Found { entries, .. } => FlowConnections::document(inventory, flow, &entries).specs.into_iter().next(),
        Sight::Absent | Sight::Unreadable(_) => None,
    };
    let mut spec = match connections {
        Some(Spec::Flow(spec)) => spec,
        Some(Spec::SecurityRole(_) | Spec::RoleAssignment(_)) | None => document::flow_spec(flow),
    };
    if document::is_interactive(inventory, flow) {
        spec.run_only_users = Some(List { members: runners.to_vec(), ..List::default() });
        spec.reference_readers = Some(Readers { members: runners.to_vec(), ..Readers::default() });
    }
    let name = flow.name.to_lowercase().replace(' ', "-");
    Document { kind: Kind::Flow, name: format!("{name}-{}", &flow.id.to_string()[..8]), spec: Spec::Flow(spec) }
}

/// What an owner must hold as well, in words, with whether a role of his own gives it.
pub(super) fn of_owner(inventory: &Inventory, flow: &Ref<Flow>, derived: &Derived) -> Vec<String> {
    let Some(owner) = inventory.flows.row(&flow.id).map(|flow| flow.owner) else { return Vec::new() };
    let held = |id: Option<uuid::Uuid>, depth: Depth| match id.map(|id| inventory.own_depth(owner, id)) {
        Some(Ok(Some(own))) if own >= depth => "held",
        Some(Ok(_)) => "not held by a role of his own",
        Some(Err(_)) | None => "not known whether it is held",
    };
    let tables = derived.owner.tables.iter().map(|((table, operation), need)| {
        let id = inventory.privilege(table, *operation).map(|privilege| privilege.id);
        format!("{operation} on {} at {}: {}", table_name(inventory, table), need.depth, held(id, need.depth))
    });
    let named = derived.owner.named.iter().map(|(name, need)| {
        let id = inventory.privileges.row(&name.to_lowercase().into()).map(|privilege| privilege.id);
        format!("{name}: {}", held(id, need.depth))
    });
    tables.chain(named).collect()
}
