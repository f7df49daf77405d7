//! What each ledger knows of its platform, detail by detail: documents against a tenant, over a real socket.
mod environment_roles;
mod flows;
mod joiners;
mod not_writable;
mod roles;

use powergrant::compile::desired::DesiredEnvironment;
use powergrant::finding::Finding;
use powergrant::plan::{LineKind, Plan};
use powergrant::render;
use powergrant::report::Report;
use powergrant::rules::Rule;
use powergrant::sandbox::seed::{Seed, default_seed};
use powergrant::sandbox::tenant::{Logged, Tenant};

use crate::pipe::{Pipe, desired};

const PROD: &str = "contoso-prod";

/// What documents of the environment want; `about` are further lines of its own.
fn wanted(about: &str, documents: &[String]) -> DesiredEnvironment {
    let environment = format!(
        "apiVersion: powergrant.dev/v1alpha1\nkind: Environment\nmetadata: {{ name: contoso-prod }}\nspec:\n  \
         url: https://contoso.crm4.dynamics.com\n  environmentId: 7f3c0a51-5e0f-4c0e-9d0a-2b6c8f1e4d10\n{about}"
    );
    let mut all = vec![environment];
    all.extend_from_slice(documents);
    desired(&all.join("\n---\n")).remove(0)
}

fn document(kind: &str, name: &str, spec: &str) -> String {
    format!(
        "apiVersion: powergrant.dev/v1alpha1\nkind: {kind}\nmetadata: {{ name: {name} }}\nenvironments: [contoso-prod]\nspec: {spec}\n"
    )
}

async fn tenant(seed: &str) -> Pipe {
    Pipe::start(Seed::parse(seed).expect("the seed is sound")).await
}

/// The example's seed with one text in the place of another.
fn seed(from: &str, to: &str) -> String {
    assert!(default_seed().contains(from), "the seed has no `{from}`");
    default_seed().replacen(from, to, 1)
}

fn found(plan: &Plan, rule: Rule) -> Vec<&Finding> {
    plan.findings.iter().filter(|finding| finding.rule == rule).collect()
}

fn blocked(plan: &Plan) -> Vec<(&str, &str)> {
    plan.lines
        .iter()
        .filter_map(|line| match &line.kind {
            LineKind::Blocked { reason, .. } => Some((line.name.as_str(), reason.as_str())),
            LineKind::Change { .. } | LineKind::Unmanaged { .. } | LineKind::Kept { .. } | LineKind::Unread { .. } => {
                None
            }
        })
        .collect()
}

/// Plans and applies.
async fn applied(pipe: &Pipe, wanted: &DesiredEnvironment) -> Report {
    let planned = pipe.plan(wanted).await;
    assert!(!planned.plan.has_errors(), "{:#?}", planned.plan.findings);
    pipe.apply(&planned).await
}

fn assert_held(report: &Report) {
    assert!(report.all_held() && report.alarms.is_empty(), "{}", render::plan::reports(std::slice::from_ref(report)));
}

/// The paths of the writes so far, with their methods. Tokens are none, and from Graph is only read.
fn writes(tenant: &Tenant) -> Vec<String> {
    let is_write = |logged: &&Logged| {
        logged.method != "GET" && !["/oauth2/", "/v1.0/$batch"].iter().any(|read| logged.path.contains(read))
    };
    tenant.log.iter().filter(is_write).map(|logged| format!("{} {}", logged.method, logged.path)).collect()
}

const RUNNER: &str = "{ role: Flow Runner, privileges: { Process: { Read: user } } }";

fn runner() -> String {
    document("SecurityRole", "runner", RUNNER)
}
