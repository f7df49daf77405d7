//! Environment roles of an environment without Dataverse, through the admin API, from plan to absence.
use std::collections::BTreeSet;

use powergrant::compile::desired::DesiredEnvironment;
use powergrant::render;
use powergrant::report::Outcome;
use powergrant::sandbox::bap::{EnvironmentRole, RoleAssignment};
use powergrant::sandbox::faults::{Disturbance, Recorded, Rule as Fault};
use powergrant::sandbox::seed::default_seed;
use serde_json::json;

use super::{assert_held, tenant, writes};
use crate::desk::{shown, text};
use crate::pipe::{Pipe, desired};
use crate::proxied::Stage;

/// The id of an environment that has no Dataverse.
const TRIAL: &str = "0c6a2f9e-1b7d-4a3e-8a55-9f0d3f7b6e21";
const APPLY: &str = "44444444-4444-4444-4444-444444444402";

/// A document about one of the two roles.
fn document(role: &str, spec: &str) -> String {
    format!(
        "apiVersion: powergrant.dev/v1alpha1\nkind: RoleAssignment\nmetadata: {{ name: {role} }}\nenvironments: [contoso-trial]\nspec: {{ environmentRole: {role}, {spec} }}\n"
    )
}

fn environment() -> String {
    format!(
        "apiVersion: powergrant.dev/v1alpha1\nkind: Environment\nmetadata: {{ name: contoso-trial }}\nspec: {{ environmentId: {TRIAL}, credentials: POWERGRANT_PROD }}\n"
    )
}

fn wanted(documents: &[String]) -> DesiredEnvironment {
    desired(&format!("{}---\n{}", environment(), documents.join("---\n"))).remove(0)
}

/// Everybody who holds a role, by the names that the directory has.
fn holders(pipe: &Pipe, role: EnvironmentRole) -> BTreeSet<String> {
    pipe.with(|tenant| {
        let held = tenant.environments[TRIAL].role_assignments.values().filter(|held| held.role == role);
        let directory = &tenant.directory;
        let name = |held: &RoleAssignment| {
            let user = directory.users.get(&held.principal).map(|user| user.upn.clone());
            let group = || directory.groups.get(&held.principal).map(|group| group.display_name.clone());
            user.or_else(group).unwrap_or_else(|| "an application".to_owned())
        };
        held.map(name).collect()
    })
}

/// Gives somebody a role by hand, or takes it.
fn click(pipe: &Pipe, role: EnvironmentRole, upn: &str) {
    pipe.with(|tenant| {
        let principal = *tenant.directory.users.iter().find(|(_, user)| user.upn == upn).expect("in the directory").0;
        let held = &mut tenant.environments.get_mut(TRIAL).expect("the trial").role_assignments;
        let before = held.len();
        held.retain(|_, held| held.role != role || held.principal != principal);
        if held.len() == before {
            held.insert(uuid::Uuid::from_u128(7), RoleAssignment { role, principal });
        }
    });
}

/// The changes of a plan, in words.
async fn changes(pipe: &Pipe, wanted: &DesiredEnvironment) -> Vec<String> {
    let plan = pipe.plan(wanted).await.plan;
    assert!(!plan.has_errors() && !plan.is_incomplete(), "{:#?}", plan.findings);
    plan.changes().map(|line| render::plan::one(line).split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn environment_roles_are_given_read_back_and_not_planned_again() {
    let pipe = tenant(default_seed()).await;
    let members = format!(
        "members: [{{ user: cleo@contoso.com }}, {{ group: {{ name: SG-Makers }} }}, {{ application: {{ appId: {APPLY} }} }}]"
    );
    let wanted = wanted(&[document("maker", &members), document("admin", "members: [{ user: bob@contoso.com }]")]);
    let planned = pipe.plan(&wanted).await;
    assert_eq!(planned.plan.changes().count(), 4, "{:#?}", planned.plan.lines);
    assert_held(&pipe.apply(&planned).await);
    let makers = names(&["an application", "cleo@contoso.com", "mia@contoso.com", "SG-Makers"]);
    assert_eq!(holders(&pipe, EnvironmentRole::EnvironmentMaker), makers);
    assert_eq!(holders(&pipe, EnvironmentRole::EnvironmentAdmin), names(&["admin@contoso.com", "bob@contoso.com"]));
    let sent = pipe.with(|tenant| writes(tenant));
    assert!(sent.len() == 4 && sent.iter().all(|write| write.contains("/modifyRoleAssignments")), "{sent:?}");
    assert_eq!(changes(&pipe, &wanted).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_clicks_is_planned_back_exactly_and_a_named_list_leaves_the_others() {
    let pipe = tenant(default_seed()).await;
    let spec = "members: [{ user: cleo@contoso.com }, { user: mia@contoso.com }]";
    let named = wanted(&[document("maker", spec)]);
    let exact = wanted(&[document("maker", &format!("extent: exact, {spec}"))]);
    assert_held(&pipe.apply(&pipe.plan(&named).await).await);
    click(&pipe, EnvironmentRole::EnvironmentMaker, "mia@contoso.com");
    click(&pipe, EnvironmentRole::EnvironmentMaker, "bob@contoso.com");
    assert_eq!(changes(&pipe, &named).await, ["+ user mia@contoso.com"]);
    assert_eq!(changes(&pipe, &exact).await, ["- user bob@contoso.com", "+ user mia@contoso.com"]);
    assert_held(&pipe.apply(&pipe.plan(&exact).await).await);
    assert_eq!(holders(&pipe, EnvironmentRole::EnvironmentMaker), names(&["cleo@contoso.com", "mia@contoso.com"]));
    assert_eq!(holders(&pipe, EnvironmentRole::EnvironmentAdmin), names(&["admin@contoso.com"]));
    assert_eq!(changes(&pipe, &exact).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn absent_takes_a_named_member_or_all_that_a_document_names_and_nobody_else() {
    let pipe = tenant(default_seed()).await;
    click(&pipe, EnvironmentRole::EnvironmentMaker, "cleo@contoso.com");
    let one = wanted(&[document("maker", "members: [{ user: cleo@contoso.com, state: absent }]")]);
    assert_held(&pipe.apply(&pipe.plan(&one).await).await);
    assert_eq!(holders(&pipe, EnvironmentRole::EnvironmentMaker), names(&["mia@contoso.com"]));
    assert_eq!(changes(&pipe, &one).await, Vec::<String>::new());
    click(&pipe, EnvironmentRole::EnvironmentMaker, "bob@contoso.com");
    let all = document("maker", "members: [{ user: bob@contoso.com }]");
    let all = wanted(&[all.replacen("environments:", "state: absent\nenvironments:", 1)]);
    assert_held(&pipe.apply(&pipe.plan(&all).await).await);
    assert_eq!(holders(&pipe, EnvironmentRole::EnvironmentMaker), names(&["mia@contoso.com"]));
    assert_eq!(changes(&pipe, &all).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_that_is_refused_within_an_answer_of_200_is_refused() {
    let pipe = tenant(default_seed()).await;
    let body = json!({ "add": [{ "roleAssignment": {}, "httpStatus": "Forbidden" }] });
    let answer = Disturbance::Recorded(Recorded {
        status: 200,
        headers: [("Content-Type".to_owned(), "application/json".to_owned())].into(),
        body: Some(body),
    });
    pipe.with(|tenant| tenant.faults.schedule(Fault::on("/modifyRoleAssignments", answer)));
    let report =
        pipe.apply(&pipe.plan(&wanted(&[document("maker", "members: [{ user: cleo@contoso.com }]")])).await).await;
    let [(_, Outcome::Refused { problem })] = report.results.as_slice() else { panic!("{:#?}", report.results) };
    assert!(problem.says.contains("Forbidden") && problem.path.contains("/modifyRoleAssignments"), "{problem:?}");
    assert_eq!(holders(&pipe, EnvironmentRole::EnvironmentMaker), names(&["mia@contoso.com"]));
}

#[test]
fn an_environment_without_dataverse_goes_through_every_command() {
    let stage = Stage::public();
    let spec = "extent: exact, members: [{ user: cleo@contoso.com }, { user: mia@contoso.com }]";
    let folder = stage.desk.path("trial");
    std::fs::create_dir(&folder).expect("a folder for the test");
    stage.desk.write("trial/all.yaml", &format!("{}---\n{}", environment(), document("maker", spec)));
    let run = |arguments: &[&str], code: i32| {
        let output = stage.run(arguments, &[]);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", shown(&output));
        text(&output.stdout)
    };
    let plan = run(&["plan", "--detailed-exitcode", "trial"], 2);
    assert!(plan.contains("environment role") && plan.contains("    + user cleo@contoso.com"), "{plan}");
    run(&["apply", "--yes", "trial"], 0);
    run(&["plan", "--detailed-exitcode", "trial"], 0);
    run(&["drift", "trial"], 0);
    stage.with(|tenant| {
        let held = &mut tenant.environments.get_mut(TRIAL).expect("the trial").role_assignments;
        let mia = *tenant.directory.users.iter().find(|(_, user)| user.upn == "mia@contoso.com").expect("Mia").0;
        held.retain(|_, held| held.principal != mia);
    });
    let drift = run(&["drift", "trial"], 2);
    let lines: Vec<&str> = drift.lines().filter(|line| line.starts_with("      ")).map(str::trim).collect();
    assert!(lines.len() == 1 && lines[0].starts_with("+ user mia@contoso.com"), "{drift}");
    assert!(drift.contains("changed outside Git"), "{drift}");
    let absent = document("maker", "members: [{ user: cleo@contoso.com }]");
    let absent = absent.replacen("environments:", "state: absent\nenvironments:", 1);
    stage.desk.write("trial/all.yaml", &format!("{}---\n{absent}", environment()));
    run(&["apply", "--yes", "trial"], 0);
    run(&["plan", "--detailed-exitcode", "trial"], 0);
    assert!(stage.with(|tenant| {
        let held = &tenant.environments[TRIAL].role_assignments;
        held.values().all(|held| held.role == EnvironmentRole::EnvironmentAdmin)
    }));
}
