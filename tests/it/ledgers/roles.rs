//! Security roles and who holds them.
use powergrant::finding::Finding;
use powergrant::plan::{Line, Plan};
use powergrant::render;
use powergrant::rules::Rule;
use powergrant::sandbox::seed::default_seed;

use super::{PROD, RUNNER, applied, assert_held, document, found, runner, seed, tenant, wanted, writes};

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
