//! The ledger of environment administrators and makers, for environments without Dataverse.
use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};

use crate::inventory::Inventory;
use crate::inventory::audit::Trail;
use crate::inventory::people::DirectoryKind;
use crate::inventory::section::Reading;
use crate::kinds::environment::wire;
use crate::kinds::held::Held;
use crate::kinds::role_assignment::spec::Spec;
use crate::kinds::{Documents, Lacks, ReadBack, Reconcile, Thing, Write, document};
use crate::ledger::{self, Change, Claim, Entries, Extent, Key, Ledger, Reason, Sight, Standing};
use crate::names::{EnvironmentRole, Text};
use crate::principal::Principal;
use crate::request::{Call, Request, Service};

/// Who is administrator or maker of an environment without Dataverse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnvironmentRoles {}

/// One of the two roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subject(pub EnvironmentRole);

impl Key for Subject {
    fn key(&self) -> String {
        self.0.key().to_owned()
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl Ledger for EnvironmentRoles {
    const NAME: &'static str = "environmentRoles";
    type Subject = Subject;
    type Entry = Principal;
    type Level = Held;
    type Extent = Extent;

    fn claim(extent: &Extent, principal: &Principal, _: Option<&Held>, standing: &Standing) -> Claim {
        match principal {
            Principal::Everyone => Claim::Never(Reason::Platform("everyone in the tenant".into())),
            Principal::Unnamed { .. } => Claim::Never(Reason::Platform("no manifest can name it".into())),
            Principal::Team { .. } if standing.named => {
                Claim::Never(Reason::Refused("a team of Dataverse holds no environment role".into()))
            }
            Principal::Application { .. } if !standing.named && *extent == Extent::Exact => {
                Claim::Never(Reason::Platform("an application: revoked only where it is named".into()))
            }
            Principal::User { .. }
            | Principal::Group { .. }
            | Principal::Application { .. }
            | Principal::Team { .. } => standing.claim(*extent),
        }
    }
}

impl Reconcile for EnvironmentRoles {
    // Inferred: nothing says how soon the admin API shows an assignment.
    const READ_BACK: ReadBack = ReadBack { settling: Duration::from_secs(60), ways: None };

    fn sight(inventory: &Inventory, subject: &Subject) -> Sight<Self> {
        let roles = match inventory.environment_roles.known() {
            Ok(roles) => roles,
            Err(problem) => return Sight::Unreadable(problem),
        };
        let held = |principal: &Principal| (principal.clone(), ledger::Held { level: Held, reason: None });
        let entries = roles.get(&subject.0).into_iter().flat_map(|holders| holders.keys().map(held)).collect();
        Sight::Found { entries, standing: None, gap: None }
    }

    fn enact(inventory: &mut Inventory, subject: &Subject, change: &Change<Self>) {
        let Reading::Read(roles) = &mut inventory.environment_roles else { return };
        let holders = roles.entry(subject.0).or_default();
        match change.to {
            // The assignment has no id before it is made.
            Some(Held) => drop(holders.insert(change.entry.clone(), Text::default())),
            None => drop(holders.remove(&change.entry)),
        }
    }

    fn steps(inventory: &Inventory, subject: &Subject, changes: Vec<Change<Self>>) -> Vec<Write<Self>> {
        let write = |change: Change<Self>| {
            let body = match change.to {
                Some(Held) => addition(inventory, *subject, &change.entry),
                None => removal(inventory, *subject, &change.entry),
            };
            let call = body.and_then(|body| {
                // Answers 200 with a status per item, so each change is sent alone (public client).
                let path = wire::admin_path(&inventory.environment)? + "/modifyRoleAssignments?api-version=2021-04-01";
                Ok(Call::Send(Request::post(Service::Admin, path, body)))
            });
            Write { changes: vec![change], call }
        };
        changes.into_iter().map(write).collect()
    }

    fn document(inventory: &Inventory, subject: &Subject, entries: &Entries<Self>) -> Documents {
        let mut documents = Documents::default();
        let mut members = Vec::new();
        for principal in entries.keys() {
            match document::member(principal, inventory.environment.group_membership) {
                Ok(member) => members.push(member),
                Err(why) => documents.leave(principal, why),
            }
        }
        if !members.is_empty() {
            let spec = Spec { environment_role: Some(subject.0), members, ..Spec::default() };
            documents.specs.push(document::Spec::RoleAssignment(spec));
        }
        documents
    }

    fn touches(_: &Subject, principal: &Principal) -> BTreeSet<Thing> {
        BTreeSet::from([Thing::Principal(principal.identity())])
    }

    // Environments without Dataverse have no audit log of their own.
    fn trail(_: &Inventory, _: &Self::Subject, _: &Self::Entry) -> Option<Trail> {
        None
    }

    fn heading(subject: &Subject) -> String {
        format!("environment role {subject}")
    }

    fn principal(principal: &Principal) -> Option<&Principal> {
        Some(principal)
    }
}

/// The body that gives a principal the role.
fn addition(inventory: &Inventory, subject: Subject, principal: &Principal) -> Result<Value, Lacks> {
    let (id, kind) = match principal {
        Principal::User { id, .. } => (*id, "User"),
        Principal::Group { id, .. } => (*id, "Group"),
        Principal::Application { id: client, .. } => {
            // The object id of the enterprise application; the registration's is "Principal not found"
            // (Learn: manage environments with a service principal).
            let entry = inventory
                .directory
                .rows()
                .find(|(_, entry)| entry.kind == DirectoryKind::ServicePrincipal && entry.application == Some(*client));
            let (id, _) = entry.ok_or_else(|| Lacks::Fact(format!("{principal} could be read in the directory")))?;
            (*id, "ServicePrincipal")
        }
        Principal::Team { .. } | Principal::Everyone | Principal::Unnamed { .. } => {
            return Err(Lacks::Row(principal.clone()));
        }
    };
    let definition =
        format!("/{}/roleDefinitions/{}", wire::admin_path(&inventory.environment)?, wire::role_definition(subject.0));
    Ok(
        json!({ "add": [{ "properties": { "roleDefinition": { "id": definition }, "principal": { "id": id, "type": kind } } }] }),
    )
}

/// The body that takes the role from a principal.
fn removal(inventory: &Inventory, subject: Subject, principal: &Principal) -> Result<Value, Lacks> {
    let assignment = inventory
        .environment_roles
        .value()
        .and_then(|roles| roles.get(&subject.0)?.get(principal))
        .filter(|id| !id.is_empty())
        .ok_or_else(|| Lacks::Fact(format!("the assignment of {principal} could be read")))?;
    Ok(json!({ "remove": [{ "id": assignment.as_str() }] }))
}

#[cfg(test)]
mod tests;
