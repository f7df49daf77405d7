//! Rails on what is given: `privileged-grant`, `unmanaged-layer`, `child-flow` and `shared-connection`.
use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::{Case, tripped};
use crate::compile::desired::{Flow, UnmanagedLayer};
use crate::finding::Finding;
use crate::inventory::FlowNames;
use crate::inventory::section::Answer;
use crate::kinds::security_role::entry::Entry;
use crate::names::{ConnectionMode, EnvironmentRole};
use crate::plan::resolve::mode_of;
use crate::principal::Principal;
use crate::review::moves::{Move, What};
use crate::review::people::{People, administrative_roles};
use crate::rules::Rule;

/// Privileges on security roles themselves: whoever holds one can give himself every other one (in a recorded
/// organisation only System Administrator holds them).
const ESCALATING: [&str; 3] = ["prvassignrole", "prvcreaterole", "prvwriterole"];

/// Somebody would gain an administrator's role or power, or everyone something (precedent: Kubernetes' escalation check).
pub(super) fn privileged_grant(case: &Case<'_>) -> Vec<Finding> {
    let approved = case.principals(&case.desired.environment.rails.privileged_grant);
    let approved: BTreeSet<String> = approved.into_iter().flatten().map(|principal| principal.identity()).collect();
    let administrative = administrative_roles(case.after);
    let mut found = Vec::new();
    for gain in case.moves.iter().filter(|one| one.is_gain()) {
        let of_administrators = match gain.what {
            What::Assignment(role, _) => administrative.contains(&role.id),
            What::EnvironmentRole(role, _) => role == EnvironmentRole::Admin,
            What::Privilege(role, change) => {
                if let Entry::Privilege(privilege) = &change.entry
                    && ESCALATING.contains(&privilege.name.to_lowercase().as_str())
                {
                    let message = format!(
                        "security role {role} would gain {}, with which its holders can give themselves every role",
                        privilege.name
                    );
                    let instead = "take the line out of the SecurityRole document";
                    found.push(tripped(Rule::PrivilegedGrant, Some(gain.place), message, instead));
                }
                false
            }
            What::Member(_) | What::Connection(..) | What::Reader(..) | What::Share(..) => false,
        };
        let Some(principal) = gain.principal else { continue };
        if matches!(principal, Principal::Everyone) {
            let message = format!("everyone would gain {}", gain.heading);
            found.push(tripped(Rule::PrivilegedGrant, Some(gain.place), message, "name a group instead"));
        } else if of_administrators && !approved.contains(&principal.identity()) {
            let message = format!("{principal} would gain an administrator's role: {}", gain.heading);
            let instead = "name it in `rails.privileged-grant` of the Environment document";
            found.push(tripped(Rule::PrivilegedGrant, Some(gain.place), message, instead));
        }
    }
    found
}

/// A managed object would get an unmanaged layer, which later versions of its solution do not reach.
pub(super) fn unmanaged_layer(case: &Case<'_>) -> Vec<Finding> {
    match case.desired.environment.rails.unmanaged_layer {
        UnmanagedLayer::Allowed => return Vec::new(),
        UnmanagedLayer::Refused => {}
    }
    let layered = |one: &Move<'_>| match one.what {
        What::Privilege(role, _) => case.before.roles.row(&role.id).is_some_and(|role| role.managed),
        What::Connection(flow, _) => case.before.flows.row(&flow.id).is_some_and(|flow| flow.managed),
        // Shares and assignments to managed objects make no layer.
        What::Member(_) | What::Assignment(..) | What::EnvironmentRole(..) | What::Reader(..) | What::Share(..) => {
            false
        }
    };
    let mut subjects: BTreeMap<&str, &Move<'_>> = BTreeMap::new();
    for one in case.moves.iter().filter(|one| layered(one)) {
        subjects.entry(&one.heading).or_insert(one);
    }
    let found = subjects.into_iter().map(|(heading, one)| {
        let message = format!("{heading}: managed, and would get an unmanaged layer");
        let instead =
            "change it in the source environment, or set `rails.unmanaged-layer: allowed` in the Environment document";
        tripped(Rule::UnmanagedLayer, Some(one.place), message, instead)
    });
    found.collect()
}

/// A child flow accepts only connections of its own (`ChildFlowUnsupportedForInvokerConnections`, many public issues).
pub(super) fn child_flow(case: &Case<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for one in &case.moves {
        let What::Connection(flow, change) = one.what else { continue };
        if change.to != Some(ConnectionMode::ProvidedByRunOnlyUser) {
            continue;
        }
        let Answer::Found(parents) = case.before.parents.get(&flow.id) else { continue };
        if parents.is_empty() {
            continue;
        }
        let name =
            |id: &Uuid| case.before.flows.row(id).map_or_else(|| id.to_string(), |parent| parent.name.to_string());
        let names: Vec<String> = parents.iter().map(name).collect();
        let message =
            format!("flow `{flow}` is a child flow of {}, which could not be started any more", names.join(", "));
        let instead = "a child flow accepts only `useThisConnection`: write that for its connections";
        found.push(tripped(Rule::ChildFlow, Some(one.place), message, instead));
    }
    found
}

/// A principal gains a flow that lends its owner's connection and the manifest does not say so, or too many people may
/// run it then.
pub(super) fn shared_connection(case: &Case<'_>) -> Vec<Finding> {
    let mut flows: BTreeMap<Uuid, (&Move<'_>, bool)> = BTreeMap::new();
    for one in case.moves.iter().filter(|one| one.is_gain()) {
        match one.what {
            What::Share(flow, _) => flows.entry(flow.id).or_insert((one, true)).1 = true,
            What::Connection(flow, _) => _ = flows.entry(flow.id).or_insert((one, false)),
            What::Privilege(..)
            | What::Member(_)
            | What::Assignment(..)
            | What::EnvironmentRole(..)
            | What::Reader(..) => {}
        }
    }
    let documents = documents(case);
    let found = flows.into_iter().filter_map(|(flow, (gain, is_shared))| {
        let documents = documents.get(&flow).map(Vec::as_slice).unwrap_or_default();
        let lent = match lent(case, flow, documents) {
            Ok(lent) => lent,
            Err(message) if is_shared => {
                let instead = "see why the flow's text could not be read";
                return Some(tripped(Rule::SharedConnection, Some(gain.place), message, instead));
            }
            Err(_) => return None,
        };
        if lent.all.is_empty() {
            return None;
        }
        let name = case.after.flows.row(&flow).map_or_else(|| flow.to_string(), |flow| flow.name.to_string());
        if let (true, Some(silent)) = (is_shared, lent.silent.first()) {
            let message = format!(
                "flow `{name}` lends its owner's connection {silent} to whoever gains it, and no document says `useThisConnection` for it"
            );
            let instead = "write `useThisConnection` for it if that is meant, or `providedByRunOnlyUser`";
            return Some(tripped(Rule::SharedConnection, Some(gain.place), message, instead));
        }
        let (audience, most) = (audience(case, flow), case.desired.environment.rails.max_audience);
        let too_many = audience.known.len() > usize::try_from(most).unwrap_or(usize::MAX);
        if !audience.everyone && !too_many {
            return None;
        }
        let who = if audience.everyone { "everyone".to_owned() } else { format!("{} people", audience.known.len()) };
        let connections: Vec<&str> = lent.all.iter().map(String::as_str).collect();
        let message = format!(
            "{who} could run flow `{name}` with its owner's {}; at most {most} people may", connections.join(", ")
        );
        let instead = "make the connection `providedByRunOnlyUser`, or raise `rails.max-audience` in the Environment document";
        Some(tripped(Rule::SharedConnection, Some(gain.place), message, instead))
    });
    found.collect()
}

/// The connections that a flow lends when the plan holds.
struct Lent {
    all: BTreeSet<String>,
    /// Those for which no document says so.
    silent: BTreeSet<String>,
}

fn lent(case: &Case<'_>, flow: Uuid, documents: &[&Flow]) -> Result<Lent, String> {
    let Answer::Found(facts) = case.after.definitions.get(&flow) else {
        return Err("nobody knows whether the flow lends a connection: its text could not be read".to_owned());
    };
    let mut lent = Lent { all: BTreeSet::new(), silent: BTreeSet::new() };
    for (key, connection) in &facts.connections {
        match connection.mode {
            ConnectionMode::ProvidedByRunOnlyUser => continue,
            ConnectionMode::UseThisConnection | ConnectionMode::Mixed => {}
        }
        let name = connection.logical_name.as_ref().unwrap_or(key).to_string();
        let is_said = documents
            .iter()
            .any(|document| mode_of(document, key, connection) == Some(ConnectionMode::UseThisConnection));
        if !is_said {
            lent.silent.insert(name.clone());
        }
        lent.all.insert(name);
    }
    Ok(lent)
}

/// The documents about each flow.
fn documents<'run>(case: &Case<'run>) -> BTreeMap<Uuid, Vec<&'run Flow>> {
    let names = FlowNames::of(case.before);
    let mut documents: BTreeMap<Uuid, Vec<&Flow>> = BTreeMap::new();
    for document in &case.desired.flows {
        for flow in case.before.flow_by(&names, &document.flow.value).one().into_iter().flatten() {
            documents.entry(flow.id).or_default().push(document);
        }
    }
    documents
}

/// Whoever may run a flow when the plan holds.
fn audience(case: &Case<'_>, flow: Uuid) -> People {
    let mut people = People::default();
    for (row, rights) in case.after.shares.row(&flow).into_iter().flatten() {
        if rights.0 != 0 {
            people.add(case.after, *row);
        }
    }
    people
}
