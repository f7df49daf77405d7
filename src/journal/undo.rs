//! The manifest that brings back what stood before a run, and what no manifest can bring back.
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use uuid::Uuid;

use super::history::Run;
use super::{Change, Target};
use crate::kinds::environment::spec::Spec as EnvironmentSpec;
use crate::kinds::flow::spec::{self as flow, FlowName, KnownFlow, Readers};
use crate::kinds::principals::{Application, Group, KnownUser, List, Member, Principal, State, Team, User};
use crate::kinds::role_assignment::spec as assignment;
use crate::kinds::security_role::spec::{
    self as role, Grant, Inheritance, KnownRole, Operations, Removed, RoleName, Stated,
};
use crate::kinds::{
    EnvironmentMembers, EnvironmentRoles, FlowConnections, FlowShares, ReferenceReaders, RoleAssignments,
    RolePrivileges,
};
use crate::ledger::Ledger;
use crate::manifest::envelope::{Addressees, ApiVersion, EnvironmentManifest, Kind, Manifest, Metadata};
use crate::manifest::yaml::to_yaml;
use crate::names::{ConnectionMode, Depth, Operation};

/// What undoes a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Undo {
    /// The manifest, as YAML.
    pub manifest: String,
    /// What it does not bring back, each with the reason.
    pub cannot: Vec<String>,
}

/// Turns the changes of a run around.
pub fn undo(run: &Run) -> Result<Undo, String> {
    let mut undo = Undo::default();
    for target in &run.begun.environments {
        let mut back = Back {
            run,
            target,
            roles: BTreeMap::new(),
            holders: BTreeMap::new(),
            administrators: BTreeMap::new(),
            flows: BTreeMap::new(),
            readers: BTreeMap::new(),
            made: BTreeSet::new(),
            names: BTreeMap::new(),
            cannot: Vec::new(),
        };
        back.turn();
        let Back { roles, holders, administrators, flows, made, cannot, names: flow_names, .. } = back;
        undo.cannot.extend(cannot);
        let short = run.begun.run.simple().to_string()[..8].to_owned();
        let mut names = (1..).map(|number| format!("undo-{short}-{}-{number}", target.name));
        let mut documents = String::new();
        for (id, back) in roles {
            let state = if back.made { State::Absent } else { State::Present };
            let spec = role::Spec { role: known_role(&id, &back.name, back.made)?, ..back.spec };
            documents.push_str(&document(Kind::SecurityRole, names.next(), target, state, spec)?);
        }
        for ((id, unit), (name, members)) in holders {
            let spec = assignment::Spec {
                role: Some(known_role(&id, &name, made.contains(&id))?),
                business_unit: unit,
                members,
                ..assignment::Spec::default()
            };
            documents.push_str(&document(Kind::RoleAssignment, names.next(), target, State::Present, spec)?);
        }
        for (word, members) in administrators {
            let environment_role = serde_json::from_value(word.into()).map_err(|error| error.to_string())?;
            let spec =
                assignment::Spec { environment_role: Some(environment_role), members, ..assignment::Spec::default() };
            documents.push_str(&document(Kind::RoleAssignment, names.next(), target, State::Present, spec)?);
        }
        for (id, spec) in flows {
            let name = flow_names.get(&id).and_then(|name| usable(name));
            let flow = FlowName::Known(KnownFlow { id: parsed(&id)?, name });
            let spec = flow::Spec { flow: Some(flow), ..spec };
            documents.push_str(&document(Kind::Flow, names.next(), target, State::Present, spec)?);
        }
        if !documents.is_empty() {
            undo.manifest.push_str(&environment(target)?);
            undo.manifest.push_str(&documents);
        }
    }
    Ok(undo)
}

fn parsed(id: &str) -> Result<Uuid, String> {
    id.parse().map_err(|_| format!("the journal names `{id}`, which is no id"))
}

/// A role by its id; one that the run made by its name, because nobody knows whether it is there.
fn known_role(id: &str, name: &str, made: bool) -> Result<RoleName, String> {
    if let (true, Some(name)) = (made, usable(name)) {
        return Ok(RoleName::Name(name));
    }
    Ok(RoleName::Known(KnownRole { id: parsed(id)?, name: usable(name) }))
}

/// A name as a manifest may check it; one that was escaped cannot be checked.
fn usable(name: &str) -> Option<String> {
    (!name.is_empty() && !name.contains("\\u{")).then(|| name.to_owned())
}

fn environment(target: &Target) -> Result<String, String> {
    let metadata = Metadata { name: target.name.clone(), ..Metadata::default() };
    let spec: EnvironmentSpec = target.reached.clone();
    let document = EnvironmentManifest { api_version: ApiVersion::V1Alpha1, kind: Kind::Environment, metadata, spec };
    Ok(format!("---\n{}", to_yaml(&document)?))
}

fn document(
    kind: Kind,
    name: Option<String>,
    target: &Target,
    state: State,
    spec: impl Serialize,
) -> Result<String, String> {
    let document = Manifest {
        api_version: ApiVersion::V1Alpha1,
        kind,
        metadata: Metadata { name: name.unwrap_or_default(), ..Metadata::default() },
        state,
        environments: Addressees::Names(vec![target.name.clone()]),
        spec,
    };
    Ok(format!("---\n{}", to_yaml(&document)?))
}

/// What is wanted back of one security role.
struct RoleBack {
    name: String,
    /// Whether the run made the role, so that all of it goes.
    made: bool,
    spec: role::Spec,
}

/// What is wanted back in one environment, gathered by document.
struct Back<'run> {
    run: &'run Run,
    target: &'run Target,
    roles: BTreeMap<String, RoleBack>,
    holders: BTreeMap<(String, Option<String>), (String, Vec<Member>)>,
    administrators: BTreeMap<String, Vec<Member>>,
    flows: BTreeMap<String, flow::Spec>,
    /// Connection references by principal and what it held before, for those who read them.
    readers: BTreeMap<(String, bool), (String, BTreeSet<String>)>,
    /// The roles that the run made.
    made: BTreeSet<String>,
    /// The flows' names.
    names: BTreeMap<String, String>,
    cannot: Vec<String>,
}

impl Back<'_> {
    fn turn(&mut self) {
        let (run, target) = (self.run, self.target);
        let changes: Vec<&Change> =
            target.changes.iter().filter(|change| run.may_have_changed(target, change)).collect();
        self.made = changes
            .iter()
            .filter(|change| {
                change.goal.ledger == RolePrivileges::NAME && change.goal.entry == "role" && change.before.is_none()
            })
            .map(|change| change.goal.subject.clone())
            .collect();
        for change in changes {
            let turned = match change.goal.ledger.as_str() {
                RolePrivileges::NAME => self.role(change),
                EnvironmentMembers::NAME => {
                    Err("nobody is taken out of an environment; without roles and shares it gives nothing".to_owned())
                }
                RoleAssignments::NAME => self.holder(change),
                EnvironmentRoles::NAME => member(change).map(|member| {
                    self.administrators.entry(change.goal.subject.clone()).or_default().push(member);
                }),
                FlowConnections::NAME => self.connection(change),
                ReferenceReaders::NAME => {
                    let key = (change.goal.entry.clone(), change.before.is_some());
                    let (_, references) =
                        self.readers.entry(key).or_insert_with(|| (change.name.clone(), BTreeSet::new()));
                    references.insert(change.goal.subject.clone());
                    Ok(())
                }
                FlowShares::NAME => self.share(change),
                other => Err(format!("this powergrant knows no ledger `{other}`")),
            };
            if let Err(why) = turned {
                self.cannot.push(format!("{}, {}, {}: {why}", target.name, change.heading, change.name));
            }
        }
        self.read();
    }

    fn role(&mut self, change: &Change) -> Result<(), String> {
        let made = self.made.contains(&change.goal.subject);
        let is_role = change.goal.entry == "role";
        if made && !is_role {
            // It goes with the role.
            return Ok(());
        }
        if is_role && !made {
            return Err("a deleted role is not restored; its privileges and holders went with it".to_owned());
        }
        let name = change.heading.strip_prefix("security role ").unwrap_or_default().to_owned();
        let back = self.roles.entry(change.goal.subject.clone()).or_insert_with(|| RoleBack {
            name,
            made,
            spec: empty_role(),
        });
        let spec = &mut back.spec;
        let before = change.before.as_deref();
        match (change.goal.entry.as_str(), before) {
            ("role", _) => {}
            ("isinherited", Some("direct")) => spec.member_privilege_inheritance = Some(Inheritance::Direct),
            ("isinherited", Some("teamOnly")) => spec.member_privilege_inheritance = Some(Inheritance::TeamOnly),
            ("description", Some(text)) => {
                spec.description = Some(text.strip_prefix("text:").unwrap_or(text).to_owned());
            }
            ("isinherited" | "description", _) => return Err("a manifest cannot unset it".to_owned()),
            (_, before) => {
                let grant = match before {
                    None => Grant::State(Stated { state: Removed::Absent }),
                    Some(depth) => Grant::Depth(
                        serde_json::from_value::<Depth>(depth.into())
                            .ok()
                            .filter(|depth| Depth::WRITABLE.contains(depth))
                            .ok_or_else(|| format!("a manifest cannot name the depth `{depth}`"))?,
                    ),
                };
                match on_table(&change.name) {
                    Some((operation, table)) => {
                        let Operations(operations) = spec.privileges.entry(table.to_owned()).or_default();
                        operations.insert(operation, grant);
                    }
                    None => _ = spec.miscellaneous.insert(change.name.clone(), grant),
                }
            }
        }
        Ok(())
    }

    fn holder(&mut self, change: &Change) -> Result<(), String> {
        let member = member(change)?;
        let unit = change.goal.entry.rsplit_once('@').map(|(_, unit)| unit.to_owned());
        // Its own unit goes without saying, and is not in the name.
        let unit = unit.filter(|_| change.name.contains(" @ "));
        let name = change.heading.strip_prefix("role assignment ").unwrap_or_default().to_owned();
        let (_, members) =
            self.holders.entry((change.goal.subject.clone(), unit)).or_insert_with(|| (name, Vec::new()));
        members.push(member);
        Ok(())
    }

    fn flow(&mut self, change: &Change) -> &mut flow::Spec {
        let name = change.heading.strip_prefix("flow ").and_then(|rest| rest.rsplit_once(", "));
        if let Some((name, _)) = name {
            self.names.insert(change.goal.subject.clone(), name.to_owned());
        }
        self.flows.entry(change.goal.subject.clone()).or_default()
    }

    fn connection(&mut self, change: &Change) -> Result<(), String> {
        let word = change.before.as_deref().unwrap_or_default();
        let mode = serde_json::from_value::<ConnectionMode>(word.into())
            .ok()
            .filter(|mode| *mode != ConnectionMode::Mixed)
            .ok_or_else(|| format!("a manifest cannot name the mode `{word}`"))?;
        let spec = self.flow(change);
        spec.connections.insert(change.goal.entry.clone(), mode);
        Ok(())
    }

    fn share(&mut self, change: &Change) -> Result<(), String> {
        let owners = match (change.before.as_deref(), change.after.as_deref()) {
            (None, Some("runOnly")) | (Some("runOnly"), None) => false,
            (None, Some("coOwner")) | (Some("coOwner"), None | Some("runOnly")) => true,
            (Some("runOnly"), Some("coOwner")) => {
                return Err("a co-owner satisfies `runOnlyUsers`: revoke it, then apply it as run-only user".to_owned());
            }
            (before, _) => return Err(format!("a manifest cannot name the share `{}`", before.unwrap_or("nothing"))),
        };
        let member = member(change)?;
        let spec = self.flow(change);
        let list = if owners { &mut spec.owners } else { &mut spec.run_only_users };
        list.get_or_insert_with(List::default).members.push(member);
        Ok(())
    }

    /// Readers are named with a flow, for all of its references at once.
    fn read(&mut self) {
        for ((entry, held), (name, changed)) in std::mem::take(&mut self.readers) {
            let mut covered = BTreeSet::new();
            for (flow, references) in &self.target.references {
                if references.is_subset(&changed) {
                    match principal(&entry, &name) {
                        Ok(principal) => {
                            let spec = self.flows.entry(flow.to_string()).or_default();
                            let readers = spec.reference_readers.get_or_insert_with(Readers::default);
                            readers.members.push(stated(principal, held));
                            covered.extend(references.iter().cloned());
                        }
                        Err(why) => self.cannot.push(format!("{}, {name}: {why}", self.target.name)),
                    }
                }
            }
            for reference in changed.difference(&covered) {
                self.cannot.push(format!(
                    "{}, readers of connection reference {reference}, {name}: a manifest names readers for all references of a flow, and not all of them changed",
                    self.target.name
                ));
            }
        }
    }
}

fn empty_role() -> role::Spec {
    role::Spec {
        role: RoleName::Name(String::new()),
        description: None,
        member_privilege_inheritance: None,
        solution: None,
        allow_unmanaged_layer: false,
        extent: None,
        allow_empty: false,
        privileges: BTreeMap::new(),
        miscellaneous: BTreeMap::new(),
    }
}

/// `Read     Process` is an operation on a table; anything else is the privilege's own name.
fn on_table(name: &str) -> Option<(Operation, &str)> {
    let (word, table) = name.split_once(' ')?;
    let operation = Operation::ALL.into_iter().find(|operation| operation.word() == word)?;
    Some((operation, table.trim_start()))
}

/// The principal of a change as a member: there if it was there before, absent if not.
fn member(change: &Change) -> Result<Member, String> {
    let identity = change.goal.entry.split('@').next().unwrap_or_default();
    let name = change.name.split(" @ ").next().unwrap_or_default();
    Ok(stated(principal(identity, name)?, change.before.is_some()))
}

fn stated(principal: Principal, held: bool) -> Member {
    let state = if held { State::Present } else { State::Absent };
    let expires = None;
    match principal {
        Principal::User { user } => Member::User { user, expires, state },
        Principal::Group { group } => Member::Group { group, expires, state },
        Principal::Application { application } => Member::Application { application, expires, state },
        Principal::Team { team } => Member::Team { team, expires, state },
    }
}

/// A principal from its identity (`group:…:members`) and its words (`group SG-Expense-Prod`).
fn principal(identity: &str, words: &str) -> Result<Principal, String> {
    let mut parts = identity.split(':');
    let (kind, id) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let name = words.strip_prefix(kind).map(str::trim_start).unwrap_or_default();
    Ok(match kind {
        "user" => Principal::User { user: User::Known(KnownUser { id: parsed(id)?, name: usable(name) }) },
        "group" => {
            let word = parts.next().unwrap_or_default();
            let membership = serde_json::from_value(word.into())
                .map_err(|_| format!("the journal names the membership `{word}`, which there is not"))?;
            let name = name.strip_suffix(&format!(" ({word})")).unwrap_or(name);
            let group = Group { id: Some(parsed(id)?), name: usable(name), membership: Some(membership), sync: false };
            Principal::Group { group }
        }
        "application" => {
            Principal::Application { application: Application { app_id: parsed(id)?, name: usable(name) } }
        }
        "team" => Principal::Team { team: Team { id: Some(parsed(id)?), name: usable(name), business_unit: None } },
        _ => return Err("a manifest cannot name it".to_owned()),
    })
}
