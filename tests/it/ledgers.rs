//! What each ledger knows of its platform, detail by detail: documents against a tenant, over a real socket.
use std::time::Duration;

use powergrant::compile::desired::DesiredEnvironment;
use powergrant::finding::Finding;
use powergrant::plan::{Line, LineKind, Plan};
use powergrant::render;
use powergrant::report::{Outcome, Report};
use powergrant::rules::Rule;
use powergrant::sandbox::faults::{Disturbance, Rule as Fault};
use powergrant::sandbox::seed::{Seed, default_seed};
use powergrant::sandbox::tenant::Tenant;
use powergrant::sandbox::variants::PatchOfActiveFlow;

use crate::pipe::{Pipe, desired};

const PROD: &str = "contoso-prod";
const FLOW: &str = "Expense intake";

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

/// The paths of the writes so far, with their methods.
fn writes(tenant: &Tenant) -> Vec<String> {
    let writes = tenant.log.iter().filter(|logged| !["GET"].contains(&logged.method.as_str()));
    writes.map(|logged| format!("{} {}", logged.method, logged.path)).collect()
}

const RUNNER: &str = "{ role: Flow Runner, privileges: { Process: { Read: user } } }";

fn runner() -> String {
    document("SecurityRole", "runner", RUNNER)
}

fn connection(mode: &str) -> String {
    document("Flow", "intake", &format!("{{ flow: {FLOW}, connections: {{ contoso_sharepoint: {mode} }} }}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_and_its_privileges_are_written_into_the_solution_that_is_named() {
    let pipe = tenant(default_seed()).await;
    let spec = RUNNER.replace("role: Flow Runner", "role: Flow Runner, solution: ContosoExpenses");
    let planned = pipe.plan(&wanted("", &[document("SecurityRole", "runner", &spec)])).await;
    let text = render::requests::text(&[&planned.plan]);
    assert_eq!(text.matches("MSCRM.SolutionUniqueName: ContosoExpenses").count(), 2, "{text}");
    assert_held(&pipe.apply(&planned).await);
    // The privileges are added to a role that is there by then.
    let more = spec.replace("Read: user", "Read: user, Write: user");
    let planned = pipe.plan(&wanted("", &[document("SecurityRole", "runner", &more)])).await;
    let text = render::requests::text(&[&planned.plan]);
    assert!(text.contains("AddPrivilegesRole") && text.contains("MSCRM.SolutionUniqueName: ContosoExpenses"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_whom_the_admin_api_adds_is_asked_for_until_the_row_is_there() {
    let pipe = tenant(default_seed()).await;
    let members =
        document("RoleAssignment", "joiner", "{ role: { builtIn: basicUser }, members: [{ user: jon@contoso.com }] }");
    let planned = pipe.plan(&wanted("  addUsers: bap\n", &[members])).await;
    // It is accepted, and the row comes with a later read.
    pipe.with(|tenant| tenant.faults.schedule(Fault::on("/addUser", Disturbance::Reverted).method("POST")));
    let report = pipe
        .apply_while(&planned, &|reading| {
            if reading == 4 {
                pipe.with(|tenant| {
                    let jon = tenant.directory.users.iter().find(|(_, user)| user.upn == "jon@contoso.com");
                    let jon = *jon.expect("Jon is in the directory").0;
                    tenant.open(PROD, jon);
                });
            }
        })
        .await;
    assert_held(&report);
    let waited: Duration = pipe.clock.waits().iter().sum();
    assert!(waited >= Duration::from_secs(15), "{waited:?}");
    let added = pipe.with(|tenant| writes(tenant).iter().filter(|write| write.contains("/addUser")).count());
    assert_eq!(added, 1, "it was sent again");
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
async fn a_role_is_deleted_after_its_assignments_and_only_without_others() {
    let held = seed(
        "      users:\n",
        "      roles:\n        - { name: Old Role, privileges: { prvReadWorkflow: Basic } }\n      users:\n",
    )
    .replace(
        "{ user: ada@contoso.com, roles: [Basic User] }",
        "{ user: ada@contoso.com, roles: [Basic User, Old Role] }",
    );
    let absent = document("SecurityRole", "old", "{ role: Old Role }").replacen(
        "environments:",
        "state: absent\nenvironments:",
        1,
    );
    let pipe = tenant(&held).await;
    let plan = pipe.plan(&wanted("", std::slice::from_ref(&absent))).await.plan;
    assert_eq!(plan.changes().count(), 0, "{:#?}", plan.lines);
    let told = found(&plan, Rule::NotWritable);
    assert!(told.len() == 1 && told[0].hints[0].contains("revoke its assignments too"), "{told:#?}");
    let empty = document("RoleAssignment", "old", "{ role: Old Role, extent: exact, allowEmpty: true, members: [] }");
    assert_held(&applied(&pipe, &wanted("", &[absent, empty])).await);
    let sent: Vec<String> =
        pipe.with(|tenant| writes(tenant)).into_iter().filter(|write| write.starts_with("DELETE")).collect();
    assert!(
        sent.len() == 2 && sent[0].contains("systemuserroles_association") && sent[1].contains("/roles("),
        "{sent:?}"
    );
    assert_eq!(
        pipe.with(|tenant| tenant.organization(PROD).and_then(|organization| organization.role("Old Role"))),
        None
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_for_a_group_needs_inheritance_and_one_privilege_of_its_members_own() {
    let members =
        document("RoleAssignment", "runners", "{ role: Team Role, members: [{ group: { name: SG-Expense-Prod } }] }");
    let role = |inherited: bool| {
        let role = format!(
            "      roles:\n        - {{ name: Team Role, inherited: {inherited}, privileges: {{ prvReadWorkflow: Global }} }}\n      users:\n"
        );
        seed("      users:\n", &role)
    };
    let plan = tenant(&role(false)).await.plan(&wanted("", std::slice::from_ref(&members))).await.plan;
    let told = found(&plan, Rule::NeedsInheritance);
    assert!(plan.has_errors() && told.len() == 1, "{:#?}", plan.findings);
    assert!(told[0].hints[0].contains("memberPrivilegeInheritance: direct"), "{told:#?}");
    let plan = tenant(&role(true)).await.plan(&wanted("", std::slice::from_ref(&members))).await.plan;
    let told = found(&plan, Rule::NoUserLevelPrivilege);
    assert!(!plan.has_errors() && told.len() == 1, "{:#?}", plan.findings);
    assert!(told[0].hints[0].contains("one privilege at depth `user`"), "{told:#?}");
    // With one the warning goes.
    let one = document("SecurityRole", "team", "{ role: Team Role, privileges: { Process: { Write: user } } }");
    let plan = tenant(&role(true)).await.plan(&wanted("", &[members, one])).await.plan;
    assert_eq!(found(&plan, Rule::NoUserLevelPrivilege), Vec::<&Finding>::new());
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
async fn basic_user_is_found_under_its_older_names_and_the_forums() {
    let pipe = tenant(default_seed()).await;
    let of = |role: &str| {
        wanted(
            "",
            &[document(
                "RoleAssignment",
                "basic",
                &format!(
                    "{{ role: {role}, members: [{{ user: mia@contoso.com }}, {{ group: {{ name: SG-Makers }} }}] }}"
                ),
            )],
        )
    };
    let today = pipe.plan(&of("{ builtIn: basicUser }")).await.plan;
    assert!(today.changes().count() > 0 && !today.has_errors(), "{:#?}", today.findings);
    let goals = |plan: &Plan| plan.changes().map(Line::goal).collect::<Vec<_>>();
    for name in ["Basic User", "Common Data Service User", "Environment User", "environment user"] {
        let plan = pipe.plan(&of(name)).await.plan;
        assert_eq!(goals(&plan), goals(&today), "{name}: {:#?}", plan.findings);
    }
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

#[tokio::test(flavor = "multi_thread")]
async fn a_privilege_that_is_not_named_goes_only_with_an_exact_list_and_a_depth_changes_in_one_change_set() {
    let pipe = tenant(default_seed()).await;
    let wide = RUNNER.replace("Read: user", "Read: user, Write: user");
    assert_held(&applied(&pipe, &wanted("", &[document("SecurityRole", "runner", &wide)])).await);
    let named = pipe.plan(&wanted("", &[runner()])).await.plan;
    assert_eq!(named.changes().count(), 0, "{:#?}", named.lines);
    let exact = RUNNER
        .replace("role: Flow Runner", "role: Flow Runner, extent: exact")
        .replace("Read: user", "Read: organization");
    let planned = pipe.plan(&wanted("", &[document("SecurityRole", "runner", &exact)])).await;
    let words: Vec<String> = planned
        .plan
        .changes()
        .map(|line| render::plan::one(line).split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(
        words,
        [
            "~ Read Process User → Organization",
            "- Write Process User; after security role Flow Runner has Read Process"
        ]
    );
    pipe.with(|tenant| tenant.log.clear());
    assert_held(&pipe.apply(&planned).await);
    let sent = pipe.with(|tenant| writes(tenant));
    assert!(!sent.iter().any(|write| write.contains("AddPrivilegesRole")), "outside of a change set: {sent:?}");
}
