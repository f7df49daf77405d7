//! The manifest that brings back what stood before a run, and what no manifest can bring back.
use serde::Serialize;

use super::history::Run;
use super::{Deleted, Target};
use crate::kinds::environment::spec::Spec as EnvironmentSpec;
use crate::kinds::flow::spec::{self as flow, FlowName, KnownFlow};
use crate::kinds::principals::State;
use crate::kinds::role_assignment::spec as assignment;
use crate::kinds::security_role::spec::{self as role, KnownRole, RoleName};
use crate::manifest::envelope::{Addressees, ApiVersion, EnvironmentManifest, Kind, Manifest, Metadata};
use crate::manifest::yaml::to_yaml;

mod back;
mod readers;
mod words;

use back::Back;
use words::{parsed, usable};

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
        let Back { roles, holders, administrators, flows, readers, made, restored, cannot, names: flow_names, .. } =
            Back::of(run, target);
        undo.cannot.extend(cannot);
        let short = run.begun.run.simple().to_string()[..8].to_owned();
        let mut names = (1..).map(|number| format!("undo-{short}-{}-{number}", target.name));
        let mut documents = String::new();
        for (id, back) in roles {
            let state = if back.made { State::Absent } else { State::Present };
            let spec = role::Spec { role: known_role(&id, &back.name, back.made)?, ..back.spec };
            documents.push_str(&document(Kind::SecurityRole, names.next(), target, state, spec)?);
        }
        for Deleted { role, holders, .. } in restored {
            documents.push_str(&document(Kind::SecurityRole, names.next(), target, State::Present, role)?);
            for spec in holders {
                documents.push_str(&document(Kind::RoleAssignment, names.next(), target, State::Present, spec)?);
            }
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
        let readers = readers.into_iter().map(|((flow, _), readers)| {
            (flow, flow::Spec { reference_readers: Some(readers), ..flow::Spec::default() })
        });
        for (id, spec) in flows.into_iter().chain(readers) {
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

/// A role by its id; one that the run made by its name, because nobody knows whether it is there.
fn known_role(id: &str, name: &str, made: bool) -> Result<RoleName, String> {
    if let (true, Some(name)) = (made, usable(name)) {
        return Ok(RoleName::Name(name));
    }
    Ok(RoleName::Known(KnownRole { id: parsed(id)?, name: usable(name) }))
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
