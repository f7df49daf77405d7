//! What a plan means: the effective change, the risk, and the policies, on a small environment.
use std::collections::BTreeSet;

use super::policy;
use super::risk;
use super::sample::{GUEST, INTAKE, MIA, ada_row, desired, document, inventory, review_of, with_holder, with_share};
use super::{Direction, Review};
use crate::inventory::Inventory;
use crate::inventory::people::{PrincipalRow, Team, TeamKind};
use crate::inventory::section::Section;
use crate::inventory::things::Rights;
use crate::kinds::environment::sample::{ADA, GROUP, GROUP_TEAM, ROLE, ROOT_UNIT, id, row};
use crate::kinds::policy::risk::Grade;
use crate::names::Membership;
use crate::rules::Rule;

/// The group's team is there, Ada and Mia are in the group, and Ada in the team; it holds `Flow Runner`.
fn with_group() -> Inventory {
    let mut tenant = inventory();
    let team = Team {
        name: "SG-Expense-Prod".into(),
        kind: TeamKind::SecurityGroup,
        membership: Membership::MembersAndGuests,
        group: Some(id(GROUP)),
        unit: id(ROOT_UNIT),
        is_default: false,
    };
    tenant.teams.rows_mut().insert(id(GROUP_TEAM), team);
    tenant.team_members.rows_mut().insert(id(GROUP_TEAM), BTreeSet::from([row(ADA)]));
    tenant.group_members = Section::whole([(id(GROUP), BTreeSet::from([id(ADA), id(GUEST)]))].into());
    tenant.user_teams.rows_mut().insert(row(ADA), BTreeSet::from([id(GROUP_TEAM)]));
    with_holder(tenant, ROLE, PrincipalRow::Team(id(GROUP_TEAM)))
}

fn sentences(review: &Review) -> Vec<&str> {
    review.effective.iter().map(|statement| statement.text.as_str()).collect()
}

const WITH_GROUP: &str = "{ flow: Expense intake, connections: { contoso_outlook: useThisConnection }, runOnlyUsers: { members: [{ group: { id: 00000000-0000-0000-0000-000000000061 } }] } }";

#[test]
fn a_share_with_a_group_says_who_runs_the_flow_as_whom() {
    let review = review_of("", "Flow", WITH_GROUP, &with_group());
    assert_eq!(
        sentences(&review),
        [
            "2 people in SG-Expense-Prod can now run *Expense intake*, as mia@contoso.com's Outlook connection contoso_outlook"
        ]
    );
}

#[test]
fn a_share_without_a_role_gives_nobody_anything_and_is_not_called_a_gain() {
    let mut tenant = with_group();
    tenant.holders.rows_mut().insert(id(ROLE), BTreeSet::new());
    let review = review_of("", "Flow", WITH_GROUP, &tenant);
    assert_eq!(sentences(&review), Vec::<&str>::new(), "nothing is planned, because the share would give nothing");
}

#[test]
fn what_was_not_read_is_called_unknown() {
    let mut tenant = with_group();
    tenant.group_members = Section::Unreadable(crate::inventory::section::not_asked());
    tenant.team_members = Section::Unreadable(crate::inventory::section::not_asked());
    let review = review_of("", "Flow", WITH_GROUP, &tenant);
    let unsure = review.effective.iter().filter(|statement| statement.direction == Direction::MayGain).count();
    assert!(unsure > 0, "{:#?}", review.effective);
    assert!(review.effective.iter().all(|statement| statement.text != "nobody gains anything"));
}

#[test]
fn whoever_loses_one_of_two_ways_keeps_access() {
    let tenant = with_share(with_group(), INTAKE, PrincipalRow::Team(id(GROUP_TEAM)), Rights::READ);
    let tenant = with_share(with_holder(tenant, ROLE, ada_row()), INTAKE, ada_row(), Rights::READ);
    let gone = "{ flow: Expense intake, runOnlyUsers: { members: [{ user: ada@contoso.com, state: absent }] } }";
    let review = review_of("", "Flow", gone, &tenant);
    assert_eq!(
        sentences(&review),
        [
            "user ada@contoso.com keeps access to *Expense intake*: still granted by SG-Expense-Prod",
            "nobody gains anything"
        ]
    );
}

#[test]
fn whoever_loses_the_only_way_loses_access() {
    let tenant = with_share(with_holder(inventory(), ROLE, ada_row()), INTAKE, ada_row(), Rights::READ);
    let gone = "{ flow: Expense intake, runOnlyUsers: { members: [{ user: ada@contoso.com, state: absent }] } }";
    let review = review_of("", "Flow", gone, &tenant);
    assert_eq!(
        sentences(&review),
        ["user ada@contoso.com can no longer run *Expense intake*", "nobody gains anything"]
    );
}

#[test]
fn a_role_that_is_still_held_through_a_group_is_kept() {
    let tenant = with_holder(with_group(), ROLE, ada_row());
    let gone = "{ role: Flow Runner, members: [{ user: ada@contoso.com, state: absent }] }";
    let review = review_of("", "RoleAssignment", gone, &tenant);
    assert_eq!(
        sentences(&review),
        [
            "user ada@contoso.com keeps what security role Flow Runner gives: still granted by group SG-Expense-Prod",
            "nobody gains anything"
        ]
    );
}

#[test]
fn a_role_that_is_still_held_in_another_unit_is_not_granted_by_its_holder() {
    let mut tenant = with_holder(inventory(), ROLE, ada_row());
    // Her own unit is Sales, where she keeps it.
    tenant.holders.rows_mut().entry(id(ROLE)).or_default().insert((ada_row(), id(ROOT_UNIT)));
    let gone = "{ role: Flow Runner, businessUnit: Contoso, members: [{ user: ada@contoso.com, state: absent }] }";
    let review = review_of("", "RoleAssignment", gone, &tenant);
    let kept: Vec<&str> = sentences(&review).into_iter().filter(|text| text.contains("keeps")).collect();
    assert_eq!(kept, ["user ada@contoso.com keeps what security role Flow Runner gives: still assigned in Sales"]);
}

#[test]
fn whoever_could_run_a_flow_and_may_change_it_now_gains_something() {
    let tenant = with_share(with_holder(inventory(), ROLE, ada_row()), INTAKE, ada_row(), Rights::READ);
    let owner = "{ flow: Expense intake, owners: { members: [{ user: ada@contoso.com }] } }";
    let review = review_of("", "Flow", owner, &tenant);
    assert_eq!(
        sentences(&review),
        [
            "user ada@contoso.com can now change *Expense intake*, and so what it does, as mia@contoso.com's Outlook connection contoso_outlook"
        ]
    );
}

#[test]
fn lending_a_connection_says_to_how_many_and_whose() {
    let mut tenant = with_share(with_holder(inventory(), ROLE, ada_row()), INTAKE, ada_row(), Rights::READ);
    let facts = tenant.definitions.rows_mut().get_mut(&id(INTAKE)).expect("the flow is there");
    for connection in facts.connections.values_mut() {
        connection.mode = crate::names::ConnectionMode::ProvidedByRunOnlyUser;
    }
    let lend = "{ flow: Expense intake, connections: { contoso_outlook: useThisConnection } }";
    let review = review_of("", "Flow", lend, &tenant);
    assert_eq!(
        sentences(&review),
        [
            "the 2 people who can run *Expense intake* act in it with mia@contoso.com's connection contoso_outlook from now on"
        ]
    );
    assert_eq!(review.risk.grade, Some(Grade::High));
}

/// The rules that grade the first, riskiest change, and its grade.
fn riskiest(kind: &str, spec: &str, tenant: &Inventory) -> (Grade, Vec<String>) {
    let review = review_of("", kind, spec, tenant);
    let first = review.risk.changes.first().expect("something changes").clone();
    assert_eq!(review.risk.grade, Some(first.grade));
    (first.grade, first.because.into_iter().map(|(rule, _)| rule).collect())
}

#[test]
fn every_rule_of_risk_holds_for_what_it_is_about() {
    let cases: [(&str, &str, Grade, &str); 10] = [
        (
            "RoleAssignment",
            "{ role: System Administrator, members: [{ user: ada@contoso.com }] }",
            Grade::Critical,
            "administrator",
        ),
        (
            "RoleAssignment",
            "{ role: { builtIn: delegate }, members: [{ user: ada@contoso.com }] }",
            Grade::High,
            "acts-for-others",
        ),
        ("RoleAssignment", "{ role: Flow Runner, members: [{ user: mia@contoso.com }] }", Grade::Low, ""),
        (
            "RoleAssignment",
            "{ role: Flow Runner, members: [{ user: \"gus_fabrikam.com#EXT#@contoso.com\" }] }",
            Grade::High,
            "guest",
        ),
        (
            "RoleAssignment",
            "{ role: Flow Runner, members: [{ application: { appId: 00000000-0000-0000-0000-0000000000c1 } }] }",
            Grade::High,
            "self-grant",
        ),
        (
            "RoleAssignment",
            "{ role: System Administrator, members: [{ user: zoe@contoso.com, state: absent }] }",
            Grade::Medium,
            "administrator-leaves",
        ),
        (
            "SecurityRole",
            "{ role: Flow Runner, privileges: { Security Role: { Assign: organization } } }",
            Grade::Critical,
            "escalation",
        ),
        (
            "SecurityRole",
            "{ role: Flow Runner, privileges: { Process: { Write: organization } } }",
            Grade::High,
            "organization-wide-write",
        ),
        (
            "SecurityRole",
            "{ role: Flow Runner, privileges: { Process: { Read: organization } } }",
            Grade::High,
            "every-flow",
        ),
        ("SecurityRole", "{ role: Flow Runner, privileges: { Process: { Write: user } } }", Grade::Low, ""),
    ];
    for (kind, spec, grade, rule) in cases {
        let (found, because) = riskiest(kind, spec, &inventory());
        assert_eq!(found, grade, "{spec}");
        assert_eq!(because.first().map(String::as_str).unwrap_or_default(), rule, "{spec}");
    }
}

#[test]
fn the_risk_of_a_share_depends_on_what_the_flow_lends_and_to_whom() {
    let tenant = with_holder(with_holder(inventory(), ROLE, ada_row()), ROLE, PrincipalRow::User(row(GUEST)));
    let share = |who: &str| format!("{{ flow: Expense intake, runOnlyUsers: {{ members: [{{ user: \"{who}\" }}] }} }}");
    assert_eq!(riskiest("Flow", &share("ada@contoso.com"), &tenant), (Grade::Medium, vec!["lent".to_owned()]));
    let (grade, because) = riskiest("Flow", &share("gus_fabrikam.com#EXT#@contoso.com"), &tenant);
    assert_eq!((grade, because[0].as_str()), (Grade::Critical, "lent-to-guests"));
    let owner = "{ flow: Expense intake, owners: { members: [{ user: ada@contoso.com }] } }";
    let (grade, because) = riskiest("Flow", owner, &tenant);
    assert_eq!((grade, because[0].as_str()), (Grade::High, "co-owner"));
}

#[test]
fn a_flow_that_loses_its_last_owner_is_critical() {
    let gone = "{ flow: Expense intake, owners: { members: [{ user: ada@contoso.com, state: absent }] } }";
    let tenant = with_share(with_holder(inventory(), ROLE, ada_row()), INTAKE, ada_row(), Rights::ALL);
    assert_eq!(riskiest("Flow", gone, &tenant).0, Grade::Low, "Mia still owns it");
    let mut left = tenant;
    left.users.rows_mut().get_mut(&row(MIA)).expect("Mia is there").disabled = true;
    let (grade, because) = riskiest("Flow", gone, &left);
    assert_eq!((grade, because[0].as_str()), (Grade::Critical, "orphaned-flow"));
}

#[test]
fn the_riskiest_changes_come_first() {
    let spec = "{ role: Flow Runner, privileges: { Process: { Write: user, Delete: organization }, Security Role: { Assign: organization } } }";
    let review = review_of("", "SecurityRole", spec, &inventory());
    let grades: Vec<Grade> = review.risk.changes.iter().map(|change| change.grade).collect();
    assert_eq!(grades, [Grade::Critical, Grade::High, Grade::Low]);
}

#[test]
fn a_policy_changes_grades_and_adds_rules() {
    let assignment = document("RoleAssignment", "{ role: Flow Runner, members: [{ user: ada@contoso.com }] }");
    let policy = document(
        "Policy",
        "{ risk: { rules: [{ id: runners, grade: medium, reason: they can run flows, when: { changes: [roleAssignments], roles: [Flow Runner] } }] } }",
    );
    let graded = |documents: &str| {
        let desired = desired("", documents);
        let plan = crate::plan::plan(&desired, &inventory());
        super::review(&desired, &plan, &inventory()).risk.grade
    };
    assert_eq!(graded(&assignment), Some(Grade::Low));
    assert_eq!(graded(&format!("{assignment}---\n{policy}")), Some(Grade::Medium));
    let admin = document("RoleAssignment", "{ role: System Administrator, members: [{ user: ada@contoso.com }] }");
    let lower = document("Policy", "{ risk: { grades: { administrator: high } } }");
    assert_eq!(graded(&admin), Some(Grade::Critical));
    assert_eq!(graded(&format!("{admin}---\n{lower}")), Some(Grade::High));
}

#[test]
fn the_rules_that_come_along_are_sound() {
    let rules = risk::rules();
    let ids: BTreeSet<&str> = rules.iter().map(|rule| rule.id.as_str()).collect();
    assert_eq!(ids.len(), rules.len(), "two rules have one id");
    for rule in &rules {
        assert!(!rule.reason.is_empty() && rule.when != crate::kinds::policy::risk::When::default(), "{}", rule.id);
        assert!(rule.grade > Grade::Low, "{}: low goes without saying", rule.id);
    }
}

/// The rules of a policy that a document breaks.
fn broken(policy_spec: &str, kind: &str, spec: &str) -> Vec<Rule> {
    let documents = format!("{}---\n{}", document("Policy", policy_spec), document(kind, spec));
    policy::check(&desired("", &documents)).into_iter().map(|finding| finding.rule).collect()
}

#[test]
fn every_rule_of_a_policy_is_broken_by_what_it_forbids_and_by_nothing_else() {
    let named = "{ role: Flow Runner, members: [{ user: ada@contoso.com, expires: 2026-12-31 }] }";
    let group = "{ role: Flow Runner, members: [{ group: { name: SG-Expense-Prod } }] }";
    let admin = "{ role: System Administrator, members: [{ user: ada@contoso.com }] }";
    let admins = "{ role: System Administrator, members: [{ group: { name: SG-Admins }, expires: 2026-12-31 }] }";
    let owners = |who: &str| format!("{{ flow: Expense intake, owners: {{ members: [{who}] }} }}");
    let guest = owners("{ user: \"gus_fabrikam.com#EXT#@contoso.com\" }");
    let members = owners("{ group: { name: SG-Makers, membership: members } }");
    let makers = owners("{ group: { name: SG-Makers } }");
    let lent = "{ flow: Expense intake, connections: { \"*\": useThisConnection }, runOnlyUsers: { members: [{ group: { name: Everybody } }] } }";
    let own = &lent.replace("useThisConnection", "providedByRunOnlyUser");
    let wide = "{ role: Flow Runner, privileges: { Process: { Write: organization } } }";
    let narrow = "{ role: Flow Runner, privileges: { Process: { Write: user, Read: organization } } }";
    let everyone =
        "{ rules: { no-shared-connection-for-everyone: error }, everyone: [{ group: { name: everybody } }] }";
    let cases: [(&str, &str, &str, &[Rule]); 14] = [
        ("{ rules: { groups-only: error } }", "RoleAssignment", named, &[Rule::GroupsOnly]),
        ("{ rules: { groups-only: error } }", "RoleAssignment", group, &[]),
        ("{ rules: { no-direct-admins: error } }", "RoleAssignment", admin, &[Rule::NoDirectAdmins]),
        ("{ rules: { no-direct-admins: error } }", "RoleAssignment", admins, &[]),
        ("{ rules: { no-guest-owners: error } }", "Flow", &guest, &[Rule::NoGuestOwners]),
        ("{ rules: { no-guest-owners: error } }", "Flow", &makers, &[Rule::NoGuestOwners]),
        ("{ rules: { no-guest-owners: error } }", "Flow", &members, &[]),
        (everyone, "Flow", lent, &[Rule::NoSharedConnectionForEveryone]),
        (everyone, "Flow", own, &[]),
        ("{ rules: { expiry-required: error } }", "RoleAssignment", admin, &[Rule::ExpiryRequired]),
        ("{ rules: { expiry-required: error } }", "RoleAssignment", named, &[]),
        ("{ rules: { expiry-required: error } }", "RoleAssignment", group, &[]),
        ("{ rules: { no-organization-write: error } }", "SecurityRole", wide, &[Rule::NoOrganizationWrite]),
        ("{ rules: { no-organization-write: error } }", "SecurityRole", narrow, &[]),
    ];
    for (policy, kind, spec, rules) in cases {
        assert_eq!(broken(policy, kind, spec), rules, "{policy}: {spec}");
        assert_eq!(broken("{ rules: {} }", kind, spec), [], "what is off is not checked");
    }
}

#[test]
fn an_exception_holds_for_its_rule_and_its_member_until_its_last_day() {
    let named = "{ role: Flow Runner, members: [{ user: ada@contoso.com }] }";
    let policy = |rule: &str, who: &str, until: &str| {
        format!(
            "{{ rules: {{ groups-only: error }}, exceptions: [{{ rule: {rule}, member: {{ user: {who} }}, reason: she owns the flow, expires: {until} }}] }}"
        )
    };
    let found = |rule: &str, who: &str, until: &str| broken(&policy(rule, who, until), "RoleAssignment", named);
    assert_eq!(found("groups-only", "ada@contoso.com", "2026-06-01"), []);
    assert_eq!(found("groups-only", "ada@contoso.com", "2026-05-31"), [Rule::GroupsOnly]);
    assert_eq!(found("groups-only", "bob@contoso.com", "2026-06-01"), [Rule::GroupsOnly]);
    assert_eq!(found("expiry-required", "ada@contoso.com", "2026-06-01"), [Rule::GroupsOnly]);
}

#[test]
fn without_a_policy_there_is_nothing_to_keep_and_that_is_said() {
    let found = policy::check(&desired("", &document("RoleAssignment", "{ role: Flow Runner, members: [] }")));
    assert_eq!(found.into_iter().map(|finding| finding.rule).collect::<Vec<_>>(), [Rule::NoPolicy]);
}

/// What a plan takes away, as ledger and entry.
fn taken(kind: &str, spec: &str, tenant: &Inventory) -> Vec<String> {
    let desired = desired("", &document(kind, spec));
    let plan = crate::plan::plan(&desired, tenant);
    let gone = plan.lines.iter().filter(|line| matches!(line.kind, crate::plan::LineKind::Change { to: None, .. }));
    gone.map(|line| format!("{} {}", line.ledger, line.name.trim_end())).collect()
}

#[test]
fn what_is_due_is_taken_away_under_both_extents_and_what_is_not_stays() {
    let mia_too = |tenant| with_share(tenant, INTAKE, PrincipalRow::Team(id(GROUP_TEAM)), Rights::READ);
    let holder = || with_holder(with_group(), ROLE, ada_row());
    let run_only = mia_too(with_share(holder(), INTAKE, ada_row(), Rights::READ));
    let owner = with_share(holder(), INTAKE, ada_row(), Rights::ALL);
    let reader = with_share(holder(), super::sample::OUTLOOK, ada_row(), Rights::READ);
    let ada =
        "members: [{ user: ada@contoso.com, expires: DAY }, { group: { id: 00000000-0000-0000-0000-000000000061 } }]";
    let cases: [(&str, String, &Inventory, &str); 4] = [
        ("RoleAssignment", format!("{{ role: Flow Runner, EXTENT {ada} }}"), &holder(), "roleAssignments user ada@contoso.com"),
        ("Flow", format!("{{ flow: Expense intake, connections: {{ \"*\": useThisConnection }}, runOnlyUsers: {{ EXTENT {ada} }} }}"), &run_only, "flowShares user ada@contoso.com"),
        ("Flow", format!("{{ flow: Expense intake, owners: {{ EXTENT {ada} }} }}"), &owner, "flowShares user ada@contoso.com"),
        ("SecurityRole", "{ role: Flow Runner, EXTENT privileges: { Process: { Read: { depth: user, expires: DAY }, Write: user } } }".to_owned(), &inventory(), "rolePrivileges Read     Process"),
    ];
    for (kind, spec, tenant, entry) in cases {
        for extent in ["extent: named,", "extent: exact,"] {
            let at = |day: &str| taken(kind, &spec.replace("EXTENT", extent).replace("DAY", day), tenant);
            assert_eq!(at("2026-05-31"), [entry], "{extent} {spec}");
            assert_eq!(at("2026-06-01"), Vec::<String>::new(), "the named day is the last one: {extent} {spec}");
        }
    }
    let readers = |day: &str| {
        taken(
            "Flow",
            &format!("{{ flow: Expense intake, referenceReaders: {{ {} }} }}", ada.replace("DAY", day)),
            &reader,
        )
    };
    assert_eq!(readers("2026-05-31"), ["connectionReferenceReaders user ada@contoso.com"]);
    assert_eq!(readers("2026-06-01"), Vec::<String>::new());
}
