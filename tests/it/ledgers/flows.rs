//! Flows: connections, shares and readers.
use powergrant::render;
use powergrant::report::Outcome;
use powergrant::rules::Rule;
use powergrant::sandbox::faults::{Disturbance, Rule as Fault};
use powergrant::sandbox::seed::default_seed;
use powergrant::sandbox::tenant::Tenant;
use powergrant::sandbox::variants::PatchOfActiveFlow;

use super::{PROD, applied, assert_held, blocked, document, found, seed, tenant, wanted, writes};

const FLOW: &str = "Expense intake";

fn connection(mode: &str) -> String {
    document("Flow", "intake", &format!("{{ flow: {FLOW}, connections: {{ contoso_sharepoint: {mode} }} }}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flow_is_written_as_its_owner_where_the_environment_says_so() {
    let refuses_strangers = |tenant: &mut Tenant| tenant.variants.patch_of_active_flow = PatchOfActiveFlow::Refused;
    for (about, held) in [("", false), ("  actAs: owner\n", true)] {
        let pipe = tenant(default_seed()).await;
        pipe.with(refuses_strangers);
        let report = applied(&pipe, &wanted(about, &[connection("providedByRunOnlyUser")])).await;
        assert_eq!(report.all_held(), held, "{about}{:#?}", report.results);
        if !held {
            let Some((_, Outcome::Refused { problem })) = report.results.first() else {
                panic!("{:#?}", report.results)
            };
            assert!(problem.next.contains("actAs: owner"), "{problem:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flow_that_a_write_turned_off_is_turned_on_once_and_told_first_if_that_fails() {
    for fails in [false, true] {
        let pipe = tenant(default_seed()).await;
        pipe.with(|tenant| {
            tenant.variants.patch_of_active_flow = PatchOfActiveFlow::TurnsOff;
            if fails {
                let second = Fault::on("/workflows(", Disturbance::refuse(403)).method("PATCH").from_nth(2, 0);
                tenant.faults.schedule(second);
            }
        });
        let report = applied(&pipe, &wanted("", &[connection("providedByRunOnlyUser")])).await;
        let (state, patches) = pipe.with(|tenant| {
            let organization = tenant.organization(PROD).expect("the example's environment");
            let flow = organization.flow(FLOW).expect("the example's flow");
            let row = organization.row("workflow", flow).expect("it has a row");
            let patches = writes(tenant).iter().filter(|write| write.starts_with("PATCH")).count();
            (row["statecode"].clone(), patches)
        });
        assert_eq!(patches, 2, "one for its text, one for its state");
        assert_eq!(state, i32::from(!fails));
        assert!(report.results.iter().all(|(_, outcome)| *outcome == Outcome::Held), "{:#?}", report.results);
        assert_eq!(report.all_held(), !fails, "a flow that is off is no success");
        let printed = render::plan::reports(&[report]);
        let first = printed.lines().nth(2).unwrap_or_default();
        assert_eq!(first.contains("ATTENTION: flow `Expense intake` was changed and is OFF now"), fails, "{printed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flow_of_a_megabyte_keeps_every_byte_but_its_mode() {
    let pipe = tenant(default_seed()).await;
    let text = |tenant: &mut Tenant| {
        let organization = tenant.organization(PROD).expect("the example's environment");
        let flow = organization.flow(FLOW).expect("the example's flow");
        organization.flow_text(flow).expect("it has a text").to_owned()
    };
    let large = pipe.with(|tenant| {
        let large = text(tenant).replacen('{', &format!("{{\"padding\":\"{}\",", "ä ".repeat(1 << 19)), 1);
        let organization = tenant.organization_mut(PROD).expect("the example's environment");
        let flow = organization.flow(FLOW).expect("the example's flow");
        assert!(organization.set_flow_text(flow, &large), "it is a flow");
        large
    });
    assert!(large.len() > 1 << 20);
    assert_held(&applied(&pipe, &wanted("", &[connection("providedByRunOnlyUser")])).await);
    let written = pipe.with(text);
    assert_ne!(written, large);
    // What stands before and behind the one field that was written is as it was.
    let alike = |one: &mut dyn Iterator<Item = u8>, other: &mut dyn Iterator<Item = u8>| {
        one.zip(other).take_while(|(a, b)| a == b).count()
    };
    let before = alike(&mut large.bytes(), &mut written.bytes());
    let behind = alike(&mut large.bytes().rev(), &mut written.bytes().rev());
    assert!(large.len() - before - behind < 40, "{} {before} {behind}", large.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_managed_environment_turns_sharing_off_shares_are_blocked_and_not_tried() {
    let pipe = tenant(&seed("flowSharing: true", "flowSharing: false")).await;
    let members = "members: [{ user: ada@contoso.com }]";
    let flow = document(
        "Flow",
        "intake",
        &format!(
            "{{ flow: {FLOW}, runOnlyUsers: {{ {members} }}, owners: {{ members: [{{ user: bob@contoso.com, state: absent }}] }} }}"
        ),
    );
    let planned = pipe.plan(&wanted("", &[flow])).await;
    let lines = blocked(&planned.plan);
    assert!(
        lines
            .iter()
            .any(|(name, reason)| name.contains("ada") && reason.contains("sharing of solution flows is turned off")),
        "{lines:?}"
    );
    let report = pipe.apply(&planned).await;
    assert_held(&report);
    // Who leaves goes all the same.
    let sent = pipe.with(|tenant| writes(tenant).join("\n"));
    assert!(!sent.contains("GrantAccess") && sent.contains("RevokeAccess"), "{sent}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_or_runner_without_the_privilege_is_told_the_line_that_gives_it() {
    let pipe = tenant(default_seed()).await;
    let members = "members: [{ group: { name: SG-Expense-Prod } }]";
    let flow = document(
        "Flow",
        "intake",
        &format!("{{ flow: {FLOW}, runOnlyUsers: {{ {members} }}, referenceReaders: {{ {members} }} }}"),
    );
    let planned = pipe.plan(&wanted("", &[flow])).await;
    let hints: Vec<&str> =
        found(&planned.plan, Rule::NoReadForShare).iter().map(|finding| finding.hints[0].as_str()).collect();
    for table in ["Process", "Connection Reference"] {
        let line = format!("assign a role with `{table}: {{ Read: user }}` to group SG-Expense-Prod");
        assert!(hints.contains(&line.as_str()), "{line}: {hints:?}");
    }
    assert_held(&pipe.apply(&planned).await);
    assert_eq!(pipe.with(|tenant| writes(tenant).iter().filter(|write| write.contains("GrantAccess")).count()), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn actions_on_another_environment_keep_their_own_connection() {
    let pipe = tenant(&seed("- operation: CreateRecord\n", "- operation: CreateRecordWithOrganization\n")).await;
    let flow = document(
        "Flow",
        "intake",
        &format!("{{ flow: {FLOW}, connections: {{ contoso_dataverse: providedByRunOnlyUser }} }}"),
    );
    let planned = pipe.plan(&wanted("", &[flow])).await;
    assert_eq!(found(&planned.plan, Rule::WithOrganization).len(), 1, "{:#?}", planned.plan.findings);
    assert!(planned.plan.has_errors() && planned.plan.changes().count() == 0);
    assert!(blocked(&planned.plan).iter().any(|(_, reason)| reason.contains("another environment")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_an_app_triggered_flow_is_to_lend_may_be_set_back_which_is_told() {
    let from = "          trigger: PowerAppV2\n          solution: ContosoExpenses\n          connections:\n            shared_office365: { reference: contoso_outlook }";
    let pipe = tenant(&seed(from, &from.replace("contoso_outlook }", "contoso_outlook, mode: invoker }"))).await;
    let flow =
        document("Flow", "approve", "{ flow: Approve expense, connections: { contoso_outlook: useThisConnection } }");
    let plan = pipe.plan(&wanted("", &[flow])).await.plan;
    assert_eq!(found(&plan, Rule::AppTrigger).len(), 1, "{:#?}", plan.findings);
    assert_eq!(plan.changes().count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flow_waits_for_its_child_to_use_connections_of_its_own_and_is_blocked_while_it_does_not() {
    let from = "        - name: Archive receipt\n          owner: mia@contoso.com\n          trigger: Button\n          solution: ContosoExpenses\n          connections:\n            shared_sharepointonline: { reference: contoso_sharepoint }";
    let with_callers = seed(from, &from.replace("contoso_sharepoint }", "contoso_sharepoint, mode: invoker }"));
    let parent = document(
        "Flow",
        "approve",
        "{ flow: Approve expense, connections: { contoso_outlook: providedByRunOnlyUser } }",
    );
    let pipe = tenant(&with_callers).await;
    let planned = pipe.plan(&wanted("", std::slice::from_ref(&parent))).await;
    let lines = blocked(&planned.plan);
    assert_eq!(lines, [("contoso_outlook", "its child flow Archive receipt brings its caller's connections")]);
    let told = found(&planned.plan, Rule::ChildFlow);
    assert!(told.len() == 1 && told[0].hints[0].contains("useThisConnection"), "{told:#?}");
    // A child that is mended by the same plan comes first, although lending comes last.
    let child = document(
        "Flow",
        "archive",
        "{ flow: Archive receipt, connections: { contoso_sharepoint: useThisConnection } }",
    );
    assert_held(&applied(&pipe, &wanted("", &[parent, child])).await);
}
