//! The ledger of role privileges: security role → privilege : depth, with the role's existence and properties.
use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::entry::{Entry, Privilege, RoleLevel};
use super::spec::{Grant, Inheritance, Spec};
use super::wire;
use crate::inventory::Inventory;
use crate::inventory::audit::{Audited, Deed, Trail};
use crate::inventory::section::Answer;
use crate::inventory::things;
use crate::kinds::{Documents, ReadBack, Reconcile, Thing, Write, document};
use crate::ledger::{Change, Claim, Effect, Entries, Extent, Held, Ledger, Reason, Sight, Standing};
use crate::names::{BuiltInRole, Depth, Operation, Ref, Role, Text};
use crate::request::{Call, Request, Service};

/// The nine privileges that Dataverse gives every new role, all at Organization
/// (printed by Microsoft's own Web API sample; four of them come back after they are removed).
pub const PLATFORM_PRIVILEGES: [&str; 9] = [
    "prvReadSharePointData",
    "prvWriteSharePointData",
    "prvCreateSharePointData",
    "prvReadSharePointDocument",
    "prvReadSdkMessage",
    "prvReadSdkMessageProcessingStep",
    "prvReadSdkMessageProcessingStepImage",
    "prvReadPluginAssembly",
    "prvReadPluginType",
];

/// How many privileges one request adds; the popular role editor for Dataverse pools as many.
const PRIVILEGES_PER_REQUEST: usize = 50;

/// What security roles can do.
#[derive(Clone, Debug, PartialEq)]
pub struct RolePrivileges;

impl Ledger for RolePrivileges {
    const NAME: &'static str = "rolePrivileges";
    type Subject = Ref<Role>;
    type Entry = Entry;
    type Level = RoleLevel;
    type Extent = Extent;

    fn claim(extent: &Extent, entry: &Entry, _: Option<&RoleLevel>, standing: &Standing) -> Claim {
        match entry {
            Entry::Role | Entry::Inheritance | Entry::Description => standing.claim(Extent::Named),
            Entry::Privilege(_) => standing.claim(*extent),
        }
    }

    fn is_listed(entry: &Entry) -> bool {
        matches!(entry, Entry::Privilege(_))
    }
}

impl Reconcile for RolePrivileges {
    const READ_BACK: ReadBack = ReadBack::DATAVERSE.by("roleprivilegescollection", "RetrieveRolePrivilegesRole");

    fn sight(inventory: &Inventory, subject: &Ref<Role>) -> Sight<Self> {
        let role = match inventory.roles.get(&subject.id) {
            Answer::Found(role) => role,
            Answer::Absent => return Sight::Absent,
            Answer::Unreadable(problem) => return Sight::Unreadable(problem),
            Answer::NotAsked => return Sight::Unreadable(crate::inventory::section::not_asked()),
        };
        let held = match inventory.role_privileges.get(&subject.id) {
            Answer::Found(held) => held,
            Answer::Absent => &BTreeMap::new(),
            Answer::Unreadable(problem) => return Sight::Unreadable(problem),
            Answer::NotAsked => return Sight::Unreadable(crate::inventory::section::not_asked()),
        };
        let plain = |level| Held { level, reason: None };
        let mut entries: Entries<Self> = BTreeMap::from([
            (Entry::Role, plain(RoleLevel::Exists)),
            (Entry::Inheritance, plain(RoleLevel::ReachesMembers(role.reaches_members))),
        ]);
        if !role.description.is_empty() {
            entries.insert(Entry::Description, plain(RoleLevel::Text(role.description.clone())));
        }
        let known = privileges_by_id(inventory);
        for (id, depth) in held {
            let privilege = known.get(id).cloned().unwrap_or_else(|| Privilege {
                table: None,
                operation: None,
                name: id.to_string().into(),
                id: *id,
            });
            let platform = PLATFORM_PRIVILEGES.iter().any(|name| name.eq_ignore_ascii_case(&privilege.name));
            let reason = platform.then(|| Reason::Platform("Dataverse gives it to every role".into()));
            entries.insert(Entry::Privilege(privilege), Held { level: RoleLevel::Depth(*depth), reason });
        }
        Sight::Found { entries, standing: standing(subject.id, role), gap: inventory.role_privileges.doubt() }
    }

    fn enact(inventory: &mut Inventory, subject: &Ref<Role>, change: &Change<Self>) {
        match (&change.entry, &change.to) {
            (Entry::Role, Some(_)) => create(inventory, subject),
            (Entry::Role, None) => {
                inventory.roles.rows_mut().remove(&subject.id);
                inventory.role_privileges.rows_mut().remove(&subject.id);
                inventory.holders.rows_mut().remove(&subject.id);
                inventory.copies.rows_mut().remove(&subject.id);
            }
            (Entry::Inheritance, Some(RoleLevel::ReachesMembers(reaches))) => {
                with_role(inventory, subject, |role| role.reaches_members = *reaches);
            }
            (Entry::Description, Some(RoleLevel::Text(text))) => {
                with_role(inventory, subject, |role| role.description = text.clone());
            }
            (Entry::Description, None) => with_role(inventory, subject, |role| role.description = Text::default()),
            (Entry::Privilege(privilege), Some(RoleLevel::Depth(depth))) => {
                inventory.role_privileges.rows_mut().entry(subject.id).or_default().insert(privilege.id, *depth);
            }
            (Entry::Privilege(privilege), None) => {
                inventory.role_privileges.rows_mut().entry(subject.id).or_default().remove(&privilege.id);
            }
            (Entry::Inheritance | Entry::Description | Entry::Privilege(_), _) => {}
        }
    }

    fn steps(inventory: &Inventory, subject: &Ref<Role>, changes: Vec<Change<Self>>) -> Vec<Write<Self>> {
        let mut writes = Vec::new();
        let mut properties = Vec::new();
        let mut added = Vec::new();
        let creates = changes.iter().any(|change| change.entry == Entry::Role && change.to.is_some());
        let mut creation = Vec::new();
        for change in changes {
            match (&change.entry, &change.from, &change.to) {
                (Entry::Role, _, Some(_)) => creation.push(change),
                (Entry::Inheritance | Entry::Description, None, _) if creates => creation.push(change),
                (Entry::Role, _, None) => {
                    let call = Call::Send(Request::delete(Service::Dataverse, format!("roles({})", subject.id)));
                    writes.push(Write { changes: vec![change], call: Ok(call) });
                }
                (Entry::Inheritance | Entry::Description, _, _) => properties.push(change),
                (Entry::Privilege(_), None, _) => added.push(change),
                (Entry::Privilege(privilege), Some(_), None) => {
                    let call = Call::Send(wire::removal(subject, privilege));
                    writes.push(Write { changes: vec![change], call: Ok(call) });
                }
                // Sources disagree whether adding over a held privilege changes its depth, so it is removed and added
                // in one change set (four public clients, three answers).
                (Entry::Privilege(privilege), Some(_), Some(_)) => {
                    let call = Call::Together(vec![
                        wire::removal(subject, privilege),
                        wire::addition(inventory, subject, std::slice::from_ref(&change)),
                    ]);
                    writes.push(Write { changes: vec![change], call: Ok(call) });
                }
            }
        }
        if !creation.is_empty() {
            writes.push(Write { call: wire::creation(inventory, subject, &creation), changes: creation });
        }
        for effect in [Effect::Widens, Effect::Narrows, Effect::Shifts] {
            let alike: Vec<_> = properties.iter().filter(|change| change.effect() == effect).cloned().collect();
            if !alike.is_empty() {
                let path = format!("roles({})", subject.id);
                let call = Call::Send(Request::patch(Service::Dataverse, path, wire::properties(&alike)));
                writes.push(Write { changes: alike, call: Ok(call) });
            }
        }
        for some in added.chunks(PRIVILEGES_PER_REQUEST) {
            writes
                .push(Write { changes: some.to_vec(), call: Ok(Call::Send(wire::addition(inventory, subject, some))) });
        }
        writes
    }

    fn document(inventory: &Inventory, subject: &Ref<Role>, entries: &Entries<Self>) -> Documents {
        let mut documents = Documents::default();
        let mut spec = Spec {
            role: document::role_name(inventory, subject),
            description: None,
            member_privilege_inheritance: None,
            solution: None,
            allow_unmanaged_layer: false,
            extent: None,
            allow_empty: false,
            privileges: BTreeMap::new(),
            miscellaneous: BTreeMap::new(),
        };
        let of_tables = document::table_privileges(inventory);
        for (entry, held) in entries {
            if let Some(why) = document::unnameable(held.reason.as_ref()) {
                documents.leave(entry, why);
                continue;
            }
            match (entry, &held.level) {
                (Entry::Inheritance, RoleLevel::ReachesMembers(true)) => {
                    spec.member_privilege_inheritance = Some(Inheritance::Direct);
                }
                (Entry::Inheritance, RoleLevel::ReachesMembers(false)) => {
                    spec.member_privilege_inheritance = Some(Inheritance::TeamOnly);
                }
                (Entry::Description, RoleLevel::Text(text)) => spec.description = Some(text.to_string()),
                (Entry::Privilege(_), RoleLevel::Depth(Depth::RecordFilter)) => {
                    documents.leave(entry, "held through a record filter, which manifests do not name");
                }
                (Entry::Privilege(privilege), RoleLevel::Depth(depth)) => match of_tables.get(&privilege.id) {
                    Some((table, operation)) => {
                        let operations = spec.privileges.entry(table.clone()).or_default();
                        operations.0.insert(*operation, Grant::Depth(*depth));
                    }
                    None if inventory.privileges.row(&privilege.name.to_lowercase().into()).is_some() => {
                        spec.miscellaneous.insert(privilege.name.to_string(), Grant::Depth(*depth));
                    }
                    None => documents.leave(entry, "the privilege's name could not be read"),
                },
                // That the role exists goes without saying; no entry has a level of another one's.
                (Entry::Role | Entry::Inheritance | Entry::Description | Entry::Privilege(_), _) => {}
            }
        }
        documents.specs.push(document::Spec::SecurityRole(spec));
        documents
    }

    fn touches(subject: &Ref<Role>, _: &Entry) -> BTreeSet<Thing> {
        BTreeSet::from([Thing::Role(subject.id)])
    }

    fn trail(_: &Inventory, subject: &Ref<Role>, entry: &Entry) -> Option<Trail> {
        let deed = match entry {
            Entry::Role => Deed::Existence,
            Entry::Inheritance => Deed::Column("isinherited".into()),
            Entry::Description => Deed::Column("description".into()),
            Entry::Privilege(privilege) => Deed::Privilege(privilege.id),
        };
        Some(Trail::new(Audited::Role, subject.id, [deed]))
    }

    fn heading(subject: &Ref<Role>) -> String {
        format!("security role {subject}")
    }

    fn makes(subject: &Ref<Role>, change: &Change<Self>) -> Option<Thing> {
        (change.entry == Entry::Role && change.to.is_some()).then_some(Thing::Role(subject.id))
    }
}

/// Why a role is not changed here, if so.
fn standing(id: Uuid, role: &things::Role) -> Option<Reason> {
    if role.template.is_some() || BuiltInRole::has_root(id) {
        return Some(Reason::Refused("built-in: make a role of your own with what is missing".into()));
    }
    match (role.managed, role.customizable) {
        (true, true) => {
            Some(Reason::NotWritable("not writable here: managed; change it in the source environment".into()))
        }
        (_, false) => Some(Reason::Refused("not writable here: its publisher does not let it be customised".into())),
        (false, true) => None,
    }
}

/// Every privilege that was read, as an entry, by id.
fn privileges_by_id(inventory: &Inventory) -> BTreeMap<Uuid, Privilege> {
    let named = inventory.privileges.rows().map(|(_, privilege)| {
        let entry = Privilege { table: None, operation: None, name: privilege.name.clone(), id: privilege.id };
        (privilege.id, entry)
    });
    let of_tables = inventory.tables.rows().flat_map(|(_, table)| {
        table
            .privileges
            .iter()
            .flatten()
            .map(|(operation, privilege)| (privilege.id, table_entry(table, *operation, privilege)))
    });
    named.chain(of_tables).collect()
}

/// The entry of a privilege on a table.
pub fn table_entry(table: &things::Table, operation: Operation, privilege: &things::Privilege) -> Privilege {
    Privilege {
        table: Some(table.display_name.clone()),
        operation: Some(operation),
        name: privilege.name.clone(),
        id: privilege.id,
    }
}

/// Puts a new role into the inventory with what Dataverse gives every new role.
fn create(inventory: &mut Inventory, subject: &Ref<Role>) {
    let Some(unit) = inventory.root_unit() else { return };
    let role = things::Role {
        name: subject.name.clone(),
        template: None,
        description: Text::default(),
        reaches_members: true,
        managed: false,
        customizable: true,
        auto_assigned: false,
        unit: unit.id,
    };
    inventory.roles.rows_mut().insert(subject.id, role);
    let platform = PLATFORM_PRIVILEGES.iter().filter_map(|name| inventory.privileges.row(&name.to_lowercase().into()));
    let held = platform.map(|privilege| (privilege.id, Depth::Organization)).collect();
    inventory.role_privileges.rows_mut().insert(subject.id, held);
    inventory.holders.rows_mut().insert(subject.id, BTreeSet::new());
    // Every other unit gets a copy under an id of its own (Learn: create or edit a security role).
    let copy =
        |unit_id: &Uuid| if *unit_id == unit.id { subject.id } else { Uuid::new_v5(&subject.id, unit_id.as_bytes()) };
    let copies = inventory.units.rows().map(|(unit_id, _)| (*unit_id, copy(unit_id))).collect();
    inventory.copies.rows_mut().insert(subject.id, copies);
}

fn with_role(inventory: &mut Inventory, subject: &Ref<Role>, change: impl FnOnce(&mut things::Role)) {
    if let Some(role) = inventory.roles.rows_mut().get_mut(&subject.id) {
        change(role);
    }
}
