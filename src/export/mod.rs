//! An environment as manifests: what is held, written so that planning it changes nothing.
mod prove;
mod slug;
mod write;

#[cfg(test)]
mod laws;

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::inventory::Inventory;
use crate::kinds::document::{LeftOut, Spec};
use crate::kinds::environment::roles::Subject;
use crate::kinds::{
    EnvironmentRoles, FlowConnections, FlowShares, Reconcile, ReferenceReaders, RoleAssignments, RolePrivileges, flow,
};
use crate::ledger::{Ledger, Sight};
use crate::manifest::envelope::Kind;
use crate::names::{EnvironmentRole, FlowName, Ref, RoleName, folded};

pub use prove::{Proof, prove};
pub use write::yaml;

/// What of an environment is exported: everything, or what is named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Security roles and who holds them.
    pub roles: BTreeSet<String>,
    /// Flows.
    pub flows: BTreeSet<String>,
    /// Solutions, for all of their flows.
    pub solutions: BTreeSet<String>,
}

/// One document of an export.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// Its kind.
    pub kind: Kind,
    /// Its name, unique among documents of its kind.
    pub name: String,
    /// What it says.
    pub spec: Spec,
}

/// An environment as documents, and what is not in them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Export {
    /// The documents, in the order of their kinds and names.
    pub documents: Vec<Document>,
    /// What manifests cannot say: the subject's heading and the entry.
    pub left_out: Vec<(String, LeftOut)>,
    /// What could not be read, by the subject's heading; with one of these an export is not whole.
    pub unread: Vec<(String, String)>,
    /// Names of the selection that the environment does not have.
    pub unknown: Vec<String>,
}

/// Exports what is selected of an environment.
pub fn export(inventory: &Inventory, selection: &Selection) -> Export {
    let mut export = Export::default();
    let everything = *selection == Selection::default();
    let (roles, flows) = select(inventory, selection, &mut export);
    let mut specs = Specs::default();
    for (id, role) in inventory.roles.rows().filter(|(id, _)| everything || roles.contains(id)) {
        let subject = Ref::new(role.name.clone(), *id);
        let is_own = role.template.is_none() && !role.managed && role.customizable;
        if is_own || !everything {
            specs.add::<RolePrivileges>(inventory, &subject, &mut export);
        } else {
            let why = "built-in, managed or not customisable: its privileges are changed where it comes from";
            let key = format!("{}:{id}", <RolePrivileges as Ledger>::NAME);
            let left = LeftOut { key, entry: "its privileges".to_owned(), why: why.to_owned() };
            export.left_out.push((RolePrivileges::heading(&subject), left));
        }
        specs.add::<RoleAssignments>(inventory, &subject, &mut export);
    }
    let mut used = BTreeSet::new();
    for (id, flow) in inventory.flows.rows().filter(|(id, _)| everything || flows.contains(id)) {
        let subject = Ref::new(flow.name.clone(), *id);
        if flow.managed || !flow.customizable {
            let why = "managed or not customisable: whose connection it uses is changed where it comes from";
            let key = format!("{}:{id}", <FlowConnections as Ledger>::NAME);
            let left = LeftOut { key, entry: "its connections".to_owned(), why: why.to_owned() };
            export.left_out.push((FlowConnections::heading(&subject), left));
        } else {
            specs.add::<FlowConnections>(inventory, &subject, &mut export);
        }
        specs.add::<FlowShares>(inventory, &subject, &mut export);
        let facts = inventory.definitions.row(id);
        let names = facts.into_iter().flat_map(|facts| facts.connections.values());
        used.extend(names.filter_map(|connection| connection.logical_name.as_deref()).map(folded));
    }
    for (id, reference) in inventory.references.rows().filter(|(_, row)| used.contains(&folded(&row.logical_name))) {
        specs.add::<ReferenceReaders>(inventory, &Ref::new(reference.logical_name.clone(), *id), &mut export);
    }
    if everything && inventory.environment_roles.value().is_some() {
        for role in [EnvironmentRole::Admin, EnvironmentRole::Maker] {
            specs.add::<EnvironmentRoles>(inventory, &Subject(role), &mut export);
        }
    }
    if !everything {
        specs.flows.retain(|id, _| flows.contains(id));
    }
    export.documents = specs.documents();
    export.left_out.sort();
    export.left_out.dedup();
    export
}

/// The roles and flows that are selected, by id; names that mean nothing are noted.
fn select(inventory: &Inventory, selection: &Selection, export: &mut Export) -> (BTreeSet<Uuid>, BTreeSet<Uuid>) {
    let Selection { roles, flows, solutions } = selection;
    let (mut role_ids, mut flow_ids) = (BTreeSet::new(), BTreeSet::new());
    for name in roles {
        match inventory.role(&RoleName::Name(name.clone())).one() {
            Some(role) => _ = role_ids.insert(role.id),
            None => export.unknown.push(format!("security role `{name}`")),
        }
    }
    let flow_names = flows.iter().map(|name| (format!("flow `{name}`"), FlowName::Name(name.clone())));
    let of_solutions =
        solutions.iter().map(|name| (format!("solution `{name}` with flows"), FlowName::AllOfSolution(name.clone())));
    for (words, name) in flow_names.chain(of_solutions) {
        match inventory.flow(&name).one() {
            Some(found) => flow_ids.extend(found.into_iter().map(|flow| flow.id)),
            None => export.unknown.push(words),
        }
    }
    (role_ids, flow_ids)
}

/// Specs while they are gathered: a flow is one document, whichever ledgers speak of it.
#[derive(Default)]
struct Specs {
    roles: Vec<(String, Spec)>,
    assignments: Vec<(String, Spec)>,
    flows: BTreeMap<Uuid, (String, flow::spec::Spec)>,
}

impl Specs {
    fn add<L: Reconcile>(&mut self, inventory: &Inventory, subject: &L::Subject, export: &mut Export) {
        let entries = match L::sight(inventory, subject) {
            Sight::Found { entries, gap: None, .. } => entries,
            Sight::Found { entries, gap: Some(problem), .. } => {
                export.unread.push((L::heading(subject), problem.says));
                entries
            }
            Sight::Unreadable(problem) => {
                export.unread.push((L::heading(subject), problem.says));
                return;
            }
            Sight::Absent => return,
        };
        let documents = L::document(inventory, subject, &entries);
        export.left_out.extend(documents.left_out.into_iter().map(|left| (L::heading(subject), left)));
        for spec in documents.specs {
            match spec {
                Spec::SecurityRole(_) => self.roles.push((subject.to_string(), spec)),
                Spec::RoleAssignment(_) => self.assignments.push((subject.to_string(), spec)),
                Spec::Flow(spec) => self.add_flow(spec),
            }
        }
    }

    fn add_flow(&mut self, spec: flow::spec::Spec) {
        let Some(flow::spec::FlowName::Known(known)) = &spec.flow else { return };
        let name = known.name.clone().unwrap_or_default();
        let (_, whole) = self
            .flows
            .entry(known.id)
            .or_insert_with(|| (name, flow::spec::Spec { flow: spec.flow.clone(), ..spec.clone() }));
        whole.connections.extend(spec.connections);
        whole.run_only_users = whole.run_only_users.take().or(spec.run_only_users);
        whole.owners = whole.owners.take().or(spec.owners);
        if let Some(more) = spec.reference_readers {
            // One reader of a flow's references comes once for each of them.
            let members = &mut whole.reference_readers.get_or_insert_default().members;
            for member in more.members {
                if !members.contains(&member) {
                    members.push(member);
                }
            }
        }
    }

    fn documents(self) -> Vec<Document> {
        let mut names = slug::Names::default();
        let Self { roles, assignments, flows } = self;
        let mut make = |kind: Kind, name: &str, spec: Spec| Document { kind, name: names.of(kind, name), spec };
        let mut documents = Vec::new();
        documents.extend(roles.into_iter().map(|(name, spec)| make(Kind::SecurityRole, &name, spec)));
        documents.extend(assignments.into_iter().map(|(name, spec)| make(Kind::RoleAssignment, &name, spec)));
        documents.extend(flows.into_values().map(|(name, spec)| make(Kind::Flow, &name, Spec::Flow(spec))));
        documents.sort_by(|left, right| (left.kind, &left.name).cmp(&(right.kind, &right.name)));
        documents
    }
}
