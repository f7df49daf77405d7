//! The README's example against a tenant that refuses, undoes, answers badly or changes meanwhile; over a real socket.
use powergrant::compile::desired::DesiredEnvironment;
use powergrant::plan::{Goal, Line, LineKind, Plan};
use powergrant::report::{Outcome, Report};
use powergrant::sandbox::faults::{Disturbance, Rule};
use powergrant::sandbox::rights::EVERY_RIGHT;
use powergrant::sandbox::seed::{Seed, default_seed};
use powergrant::sandbox::tenant::Tenant;
use powergrant::sandbox::variants::PatchOfActiveFlow;

use crate::pipe::{Pipe, desired};

const PROD: &str = "contoso-prod";
const FLOW: &str = "Expense intake";

pub(crate) fn example() -> DesiredEnvironment {
    let files = ["environment.yaml", "role.yaml", "assignments.yaml", "flow.yaml"].map(|file| {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/copilot-agent-flow").join(file);
        std::fs::read_to_string(path).expect("the example is there")
    });
    desired(&files.join("\n---\n")).remove(0)
}

pub(crate) async fn pipe() -> Pipe {
    Pipe::start(Seed::parse(default_seed()).expect("the compiled-in seed is sound")).await
}

/// The mask of the example's flow that a user or the example's group holds.
fn share(tenant: &Tenant, who: &str) -> Option<u32> {
    let organization = tenant.organization(PROD).expect("the example's environment");
    let row = tenant.user(PROD, who).or_else(|| tenant.group_team(PROD, who, 0))?;
    organization.share(organization.flow(FLOW)?, row)
}

pub(crate) fn outcomes<'report>(report: &'report Report, ledger: &str, name: &str) -> Vec<&'report Outcome> {
    let of = |line: &Line| line.ledger == ledger && line.name.contains(name);
    report.results.iter().filter(|(line, _)| of(line)).map(|(_, outcome)| outcome).collect()
}

/// Applies the example to a tenant that answers the change of a connection in its own way.
async fn applied(answer: PatchOfActiveFlow) -> (Pipe, Report) {
    let pipe = pipe().await;
    pipe.with(|tenant| tenant.variants.patch_of_active_flow = answer);
    let planned = pipe.plan(&example()).await;
    let report = pipe.apply(&planned).await;
    (pipe, report)
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_added_to_a_flow_whose_connection_change_is_refused() {
    let (pipe, report) = applied(PatchOfActiveFlow::Refused).await;
    let connections = outcomes(&report, "flowConnections", "contoso_");
    assert_eq!(connections.len(), 2);
    for outcome in connections {
        assert!(matches!(outcome, Outcome::Refused { problem } if !problem.next.is_empty()), "{outcome:?}");
    }
    let shares = outcomes(&report, "flowShares", "SG-Expense-Prod");
    assert!(
        matches!(shares.as_slice(), [Outcome::Skipped { because }] if because.contains("did not hold")),
        "{shares:?}"
    );
    assert_eq!(pipe.with(|tenant| share(tenant, "SG-Expense-Prod")), None);
    // And whoever leaves does not stay for it.
    assert_eq!(pipe.with(|tenant| share(tenant, "bob@contoso.com")), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_added_to_a_flow_whose_connection_change_is_undone() {
    let (pipe, report) = applied(PatchOfActiveFlow::Reverted).await;
    let connections = outcomes(&report, "flowConnections", "contoso_");
    assert!(
        connections.len() == 2 && connections.iter().all(|outcome| **outcome == Outcome::Reverted),
        "{connections:?}"
    );
    let shares = outcomes(&report, "flowShares", "SG-Expense-Prod");
    assert!(matches!(shares.as_slice(), [Outcome::Skipped { .. }]), "{shares:?}");
    assert_eq!(pipe.with(|tenant| share(tenant, "SG-Expense-Prod")), None);
    let patches = pipe.with(|tenant| tenant.log.iter().filter(|logged| logged.method == "PATCH").count());
    assert_eq!(patches, 1, "an undone change is not sent again");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_change_between_two_rounds_is_told_and_not_acted_upon() {
    let pipe = pipe().await;
    let planned = pipe.plan(&example()).await;
    let report = pipe
        .apply_while(&planned, &|reading| {
            if reading != 1 {
                return;
            }
            // After the first round: Cleo is let in, and Bob becomes a co-owner. The list is exact; neither was approved.
            pipe.with(|tenant| {
                let (cleo, bob) = (tenant.user(PROD, "cleo@contoso.com"), tenant.user(PROD, "bob@contoso.com"));
                let organization = tenant.organization_mut(PROD).expect("the example's environment");
                let flow = organization.flow(FLOW).expect("the example's flow");
                organization.set_share("workflow", flow, cleo.expect("Cleo is there"), 1);
                organization.set_share("workflow", flow, bob.expect("Bob is there"), EVERY_RIGHT);
            });
        })
        .await;
    assert_eq!(pipe.with(|tenant| share(tenant, "cleo@contoso.com")), Some(1));
    assert_eq!(pipe.with(|tenant| share(tenant, "bob@contoso.com")), Some(EVERY_RIGHT));
    let new: Vec<&str> = report.new_since_plan.iter().map(|line| line.name.as_str()).collect();
    assert!(new.contains(&"user cleo@contoso.com"), "{new:?}");
    assert!(!report.all_held());
    // What was approved and nobody touched is done.
    assert_eq!(pipe.with(|tenant| share(tenant, "SG-Expense-Prod")), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_whose_answer_is_lost_is_found_by_reading_back() {
    let pipe = pipe().await;
    let planned = pipe.plan(&example()).await;
    let lost = Rule::on("GrantAccess", Disturbance::refuse(503)).method("POST").after_commit().from_nth(1, 0);
    pipe.with(|tenant| tenant.faults.schedule(lost));
    let report = pipe.apply(&planned).await;
    assert!(report.all_held(), "{:#?}", report.results);
    let grants = |tenant: &mut Tenant| tenant.log.iter().filter(|logged| logged.path.contains("GrantAccess")).count();
    assert_eq!(pipe.with(grants), 4, "one for each share, and none twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_fails_and_does_not_show_is_waited_for_told_and_not_sent_again() {
    let page = Disturbance::Html(502);
    for way in [Disturbance::refuse(500), Disturbance::refuse(503), page] {
        for (part, ledger, name) in [
            ("GrantAccess", "flowShares", "SG-Expense-Prod"),
            ("/workflows(", "flowConnections", "contoso_sharepoint"),
            ("teamroles_association", "roleAssignments", "SG-Expense-Prod"),
        ] {
            let pipe = pipe().await;
            let planned = pipe.plan(&example()).await;
            let is_write = |logged: &powergrant::sandbox::tenant::Logged| {
                logged.path.contains(part) && ["POST", "PATCH"].contains(&logged.method.as_str())
            };
            for method in ["POST", "PATCH"] {
                let rule = Rule { times: 0, ..Rule::on(part, way.clone()) }.method(method);
                pipe.with(|tenant| tenant.faults.schedule(rule));
            }
            let report = pipe.apply(&planned).await;
            let what = format!("{part} {way:?}");
            let told = outcomes(&report, ledger, name);
            assert!(!told.is_empty(), "{what}");
            for outcome in told {
                let Outcome::Unverified { problem } = outcome else { panic!("{what}: {outcome:?}") };
                assert!(problem.status.is_some() && !problem.next.is_empty(), "{what}: {problem:?}");
            }
            let waited: u64 = pipe.clock.waits().iter().map(std::time::Duration::as_secs).sum();
            assert!(waited >= 60, "{what}: it may still have come: {waited}");
            let mut sent: Vec<String> = pipe.with(|tenant| {
                tenant.log.iter().filter(|logged| is_write(logged)).map(|logged| logged.path.clone()).collect()
            });
            let count = sent.len();
            sent.sort();
            sent.dedup();
            assert_eq!(count, if part == "GrantAccess" { 4 } else { sent.len() }, "{what}: it was sent again");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flow_that_somebody_saves_at_the_same_time_is_read_again_and_keeps_what_they_wrote() {
    let pipe = pipe().await;
    let planned = pipe.plan(&example()).await;
    let first = Rule::on("/workflows(", Disturbance::refuse(412)).method("PATCH");
    pipe.with(|tenant| tenant.faults.schedule(first));
    let saved = std::sync::atomic::AtomicBool::new(false);
    let patches = |tenant: &Tenant| tenant.log.iter().filter(|logged| logged.method == "PATCH").count();
    let report = pipe
        .apply_and(&planned, &|| {
            pipe.with(|tenant| {
                if patches(tenant) == 1 && !saved.swap(true, std::sync::atomic::Ordering::Relaxed) {
                    let organization = tenant.organization_mut(PROD).expect("the example's environment");
                    let flow = organization.flow(FLOW).expect("the example's flow");
                    let text = organization.flow_text(flow).expect("it has a text").replacen('{', "{\"saved\":1,", 1);
                    assert!(organization.set_flow_text(flow, &text), "it is a flow");
                }
            });
        })
        .await;
    assert!(report.all_held(), "{:#?}", report.results);
    pipe.with(|tenant| {
        assert_eq!(patches(tenant), 2, "once for each version of the row");
        let organization = tenant.organization(PROD).expect("the example's environment");
        let text = organization.flow_text(organization.flow(FLOW).expect("the example's flow")).expect("it has a text");
        assert!(text.starts_with("{\"saved\":1,") && text.contains("invoker"), "{text}");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_is_put_off_is_sent_a_few_times_and_told_as_put_off() {
    let busy = Disturbance::throttle(1);
    for (part, method, way, ledger, name) in [
        ("GrantAccess", "POST", Disturbance::refuse(412), "flowShares", "SG-Expense-Prod"),
        ("/workflows(", "PATCH", Disturbance::refuse(412), "flowConnections", "contoso_sharepoint"),
        ("/workflows(", "PATCH", busy.clone(), "flowConnections", "contoso_sharepoint"),
        ("teamroles_association", "POST", busy, "roleAssignments", "SG-Expense-Prod"),
        // Its text could not be read, so it was not written.
        ("/workflows(", "GET", Disturbance::refuse(503), "flowConnections", "contoso_sharepoint"),
    ] {
        let pipe = pipe().await;
        let planned = pipe.plan(&example()).await;
        pipe.with(|tenant| tenant.faults.schedule(Rule { times: 0, ..Rule::on(part, way.clone()) }.method(method)));
        let report = pipe.apply(&planned).await;
        let what = format!("{method} {part} {way:?}");
        let told = outcomes(&report, ledger, name);
        assert!(!told.is_empty(), "{what}");
        for outcome in told {
            let Outcome::PutOff { problem } = outcome else { panic!("{what}: {outcome:?}") };
            assert!(problem.status.is_some() && !outcome.next().is_empty(), "{what}: {problem:?}");
            assert!(outcome.words().starts_with("put off: "), "{what}: {}", outcome.words());
        }
        let log = pipe.with(|tenant| tenant.log.clone());
        let sent =
            |logged: &&powergrant::sandbox::tenant::Logged| logged.method == method && logged.path.contains(part);
        assert!(log.iter().filter(sent).count() >= 3, "{what}: it was not sent again");
        // Nobody is added past it, or who does not hold Read on flows.
        assert_eq!(pipe.with(|tenant| share(tenant, "SG-Expense-Prod")), None, "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_found_when_it_is_read_back_is_not_held() {
    let parts = [
        ("/roles?", "rolePrivileges", "Process"),
        ("/workflows?", "flowConnections", "contoso_sharepoint"),
        ("/teams?", "flowShares", "SG-Expense-Prod"),
    ];
    for (part, ledger, name) in parts {
        let pipe = pipe().await;
        let planned = pipe.plan(&example()).await;
        let rule = Rule { times: 0, ..Rule::on(part, Disturbance::refuse(403)) }.method("GET");
        pipe.with(|tenant| tenant.faults.schedule(rule));
        let report = pipe.apply(&planned).await;
        let told = outcomes(&report, ledger, name);
        assert!(!told.is_empty() && told.iter().all(|outcome| **outcome != Outcome::Held), "{part}: {told:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_reads_only_its_own_rows_plans_nothing() {
    let seed = default_seed().replace(
        "application: powergrant, roles: [System Administrator]",
        "application: powergrant, roles: [Basic User]",
    );
    let pipe = Pipe::start(Seed::parse(&seed).expect("the seed is sound")).await;
    let plan = pipe.plan(&example()).await.plan;
    let moved: Vec<&Line> = plan
        .lines
        .iter()
        .filter(|line| match line.kind {
            LineKind::Change { .. } | LineKind::Unmanaged { .. } => true,
            LineKind::Blocked { .. } | LineKind::Unread { .. } | LineKind::Kept { .. } => false,
        })
        .filter(|line| line.ledger != "rolePrivileges" && line.ledger != "environmentMembers")
        .collect();
    assert!(moved.is_empty(), "{moved:#?}");
    assert!(plan.is_incomplete() || plan.has_errors());
}

fn goals(plan: &Plan) -> Vec<Goal> {
    plan.changes().map(Line::goal).collect()
}

/// Disturbs every read of a part of the tenant in every way: whatever is planned then is part of the plan without trouble,
/// and what is missing is told.
#[tokio::test(flavor = "multi_thread")]
async fn trouble_with_a_read_takes_lines_from_a_plan_and_adds_none() {
    let pipe = pipe().await;
    let wanted = example();
    let clean = pipe.plan(&wanted).await.plan;
    let before = pipe.with(|tenant| tenant.fingerprint());
    let foreign = Disturbance::ForeignNextLink("https://evil.example.com/api/data/v9.2/workflows".to_owned());
    let mut ways: Vec<Disturbance> = [401, 403, 404, 409, 412, 500, 503].map(Disturbance::refuse).into();
    ways.extend([Disturbance::throttle(1), Disturbance::Html(502), Disturbance::Truncated, foreign]);
    for part in ["principalobjectaccessset", "/workflows", "/systemusers", "/roles?", "roleprivileges", "/teams?"] {
        let mut felt = 0;
        for way in &ways {
            let rule = Rule { times: 0, ..Rule::on(part, way.clone()) };
            pipe.with(|tenant| tenant.faults.schedule(rule));
            let plan = pipe.plan(&wanted).await.plan;
            pipe.with(|tenant| tenant.faults.clear());
            let added: Vec<Goal> = goals(&plan).into_iter().filter(|goal| !goals(&clean).contains(goal)).collect();
            assert!(added.is_empty(), "{part} {way:?}: {added:#?}");
            if goals(&plan) != goals(&clean) {
                felt += 1;
                assert!(plan.is_incomplete() || plan.has_errors(), "{part} {way:?}: nothing is told");
            }
        }
        assert!(felt > 0, "{part}: no plan needs it, so nothing was tried");
    }
    assert_eq!(pipe.with(|tenant| tenant.fingerprint()), before, "reading changed the tenant");
}
