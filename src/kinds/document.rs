//! From what is held to what a manifest says of it: the way back from a ledger.
use std::collections::BTreeMap;

use crate::inventory::{Inventory, Lookup};
use crate::kinds::{flow, principals as written, role_assignment, security_role};
use crate::ledger::Reason;
use crate::names::{self, BuiltInRole, Membership, Ref, RoleName, folded};
use crate::principal::Principal;

/// What a document of one kind says.
#[derive(Clone, Debug, PartialEq)]
pub enum Spec {
    /// A security role.
    SecurityRole(security_role::spec::Spec),
    /// Who holds a role.
    RoleAssignment(role_assignment::spec::Spec),
    /// A flow.
    Flow(flow::spec::Spec),
}

/// What manifests say of one subject of a ledger.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Documents {
    /// The documents; none when there is nothing that a manifest can name.
    pub specs: Vec<Spec>,
    /// The entries that no manifest can name, each with the reason.
    pub left_out: Vec<LeftOut>,
}

/// An entry that is held and that no manifest can name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeftOut {
    /// The entry's identity.
    pub key: String,
    /// The entry in words.
    pub entry: String,
    /// Why it is left out.
    pub why: String,
}

impl Documents {
    /// Leaves an entry out.
    pub(super) fn leave(&mut self, entry: &impl crate::ledger::Key, why: impl Into<String>) {
        let words = entry.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        self.left_out.push(LeftOut { key: entry.key(), entry: words, why: why.into() });
    }
}

/// Why an entry with this reason is not for manifests: what the platform keeps and what is not known by name.
pub(super) fn unnameable(reason: Option<&Reason>) -> Option<String> {
    match reason {
        Some(reason @ (Reason::Platform(_) | Reason::Unread(_))) => Some(reason.to_string()),
        Some(Reason::NotWritable(_) | Reason::Refused(_) | Reason::Met(_)) | None => None,
    }
}

/// A principal as a list of members names it; `Err` for those that no manifest can name.
pub fn member(principal: &Principal, usual: Membership) -> Result<written::Member, &'static str> {
    let name = Some(principal.name().to_owned()).filter(|name| !name.trim().is_empty());
    let principal = match principal {
        Principal::User { id, .. } => {
            written::Principal::User { user: written::User::Known(written::KnownUser { id: *id, name }) }
        }
        Principal::Group { id, membership, .. } => written::Principal::Group {
            group: written::Group {
                id: Some(*id),
                name,
                membership: Some(*membership).filter(|membership| *membership != usual),
                sync: false,
            },
        },
        Principal::Application { id, .. } => {
            written::Principal::Application { application: written::Application { app_id: *id, name } }
        }
        Principal::Team { id, .. } => {
            written::Principal::Team { team: written::Team { id: Some(*id), name, business_unit: None } }
        }
        Principal::Everyone => return Err("everyone: no manifest names it"),
        Principal::Unnamed { .. } => return Err("no manifest can name it"),
    };
    Ok(principal.into())
}

/// A role as documents name it: a built-in one by what it is, another one by its id with the name beside it.
pub(super) fn role_name(inventory: &Inventory, role: &Ref<names::Role>) -> security_role::spec::RoleName {
    use security_role::spec::{BuiltIn, KnownRole, RoleName as Written};
    let is_it = |built_in: &BuiltInRole| match inventory.role(&RoleName::BuiltIn(*built_in)) {
        Lookup::One(found) => found.id == role.id,
        Lookup::None | Lookup::Many(_) | Lookup::Unreadable(_) => false,
    };
    match BuiltInRole::ALL.into_iter().find(is_it) {
        Some(built_in) => Written::BuiltIn(BuiltIn { built_in }),
        None => Written::Known(KnownRole { id: role.id, name: Some(role.name.to_string()) }),
    }
}

/// A flow as documents name it.
pub fn flow_spec(flow: &Ref<names::Flow>) -> flow::spec::Spec {
    let known = flow::spec::KnownFlow { id: flow.id, name: Some(flow.name.to_string()) };
    flow::spec::Spec { flow: Some(flow::spec::FlowName::Known(known)), ..flow::spec::Spec::default() }
}

/// Whether a person starts a flow, so that manifests may speak of its connections and run-only users.
pub fn is_interactive(inventory: &Inventory, flow: &Ref<names::Flow>) -> bool {
    inventory.definitions.row(&flow.id).is_some_and(|facts| facts.trigger.is_interactive())
}

/// Tables' privileges by id: under which name documents write the table, and the operation.
pub(super) fn table_privileges(inventory: &Inventory) -> BTreeMap<uuid::Uuid, (String, names::Operation)> {
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    for (logical, table) in inventory.tables.rows() {
        *names.entry(folded(&table.display_name)).or_default() += 1;
        *names.entry(folded(logical)).or_default() += 1;
    }
    let mut privileges = BTreeMap::new();
    for (logical, table) in inventory.tables.rows() {
        // A display name is good when it is this table's alone, and no other's logical name.
        let display = folded(&table.display_name);
        let own = 1 + usize::from(display == folded(logical));
        let is_good = !display.is_empty() && names.get(&display) == Some(&own);
        let name = if is_good { table.display_name.to_string() } else { logical.to_string() };
        for (operation, privilege) in table.privileges.iter().flatten() {
            privileges.insert(privilege.id, (name.clone(), *operation));
        }
    }
    privileges
}
