//! The proof of an export: its documents, read as any others, plan nothing on the inventory that they were made of.
use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::compile::desired::{Desired, DesiredEnvironment, Environment};
use crate::compile::{self, has_errors};
use crate::finding::{Finding, Severity};
use crate::inventory::Inventory;
use crate::kinds::environment::spec::{GroupTeams, Spec};
use crate::manifest::envelope::{ApiVersion, EnvironmentManifest, Kind, Metadata};
use crate::manifest::{self, yaml::to_yaml};
use crate::plan::{LineKind, plan};
use crate::render;

/// What planning an export says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Nothing is to be done.
    Holds,
    /// Something is: each line says what, or what is wrong with the documents.
    Fails(Vec<String>),
}

/// Plans an export's text on the inventory that it was made of.
pub fn prove(environment: &Environment, text: &str, inventory: &Inventory, today: Date) -> Proof {
    let desired = match read(environment, text, today) {
        Ok(desired) => desired,
        Err(findings) => return Proof::Fails(findings.iter().map(words).collect()),
    };
    let plan = plan(&desired, inventory);
    let errors = plan.findings.iter().filter(|finding| finding.severity == Severity::Error).map(words);
    let lines = plan.lines.iter().filter_map(|line| match &line.kind {
        LineKind::Change { .. } | LineKind::Blocked { .. } | LineKind::Unread { .. } => {
            Some(format!("{}: {}", line.heading, render::plan::one(line)))
        }
        LineKind::Unmanaged { .. } | LineKind::Kept { .. } => None,
    });
    let mut wrong: Vec<String> = errors.chain(lines).collect();
    if wrong.is_empty() && plan.is_incomplete() {
        wrong.extend(plan.findings.iter().map(words));
    }
    if wrong.is_empty() { Proof::Holds } else { Proof::Fails(wrong) }
}

/// Reads an export's text as manifests of one environment.
pub(super) fn read(environment: &Environment, text: &str, today: Date) -> Result<DesiredEnvironment, Vec<Finding>> {
    let stand_in = to_yaml(&EnvironmentManifest {
        api_version: ApiVersion::V1Alpha1,
        kind: Kind::Environment,
        metadata: Metadata { name: environment.name.to_string(), labels: BTreeMap::new() },
        spec: Spec {
            url: environment.url.as_ref().map(|url| url.value.clone()),
            environment_id: environment.environment_id.as_ref().map(|id| id.value.clone()),
            group_teams: GroupTeams { membership: environment.group_teams.membership, business_unit: None },
            ..Spec::default()
        },
    })
    .expect("an Environment document of texts can be written");
    let files = [("environment.yaml", stand_in), ("export.yaml", text.to_owned())];
    let files = files.map(|(name, text)| (name.to_owned(), Ok(text)));
    let manifests =
        manifest::load(files.into_iter().filter(|(_, text)| text.as_ref().is_ok_and(|text| !text.is_empty())));
    let (Desired { environments }, mut findings) = compile::compile(&manifests.documents, today, &[]);
    findings.extend(manifests.findings);
    match environments.into_iter().next() {
        Some(mut desired) if !has_errors(&findings) => {
            desired.environment = environment.clone();
            Ok(desired)
        }
        Some(_) | None => Err(findings),
    }
}

fn words(finding: &Finding) -> String {
    match &finding.at {
        Some(place) => format!("{place}: {}", finding.message),
        None => finding.message.clone(),
    }
}
