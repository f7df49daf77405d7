use std::collections::BTreeSet;

use super::evaluate_some;
use crate::compile::desired::DesiredEnvironment;
use crate::inventory::Inventory;
use crate::inventory::people::PrincipalRow;
use crate::inventory::section::{Reading, Section};
use crate::inventory::things::Rights;
use crate::kinds::environment::sample::{ADA, CLIENT, GROUP, GROUP_TEAM, ROLE, ROOT_UNIT, id, row};
use crate::names::Membership;
use crate::plan::plan;
use crate::problem::{Cause, Problem};
use crate::review::sample::{
    ADMINISTRATOR, INTAKE, MIA, ZOE, ada_row, bob_row, desired, document, inventory, tripped, with_holder, with_share,
};
use crate::rules::Rule;

const RUNNER: &str = "RoleAssignment";

fn user(object: u128) -> PrincipalRow {
    PrincipalRow::User(row(object))
}

/// The role `Flow Runner` with this many more holders, each a person of his own.
fn with_holders(count: u128) -> Inventory {
    let mut inventory = inventory();
    for number in 0x50_0000..0x50_0000 + count {
        let template = inventory.users.row(&row(ADA)).expect("Ada is there").clone();
        let upn = format!("p{number}@contoso.com").into();
        let person = crate::inventory::people::User { upn, object: Some(id(number)), unit: id(ROOT_UNIT), ..template };
        inventory.users.rows_mut().insert(row(number), person);
        inventory = with_holder(inventory, ROLE, user(number));
    }
    inventory
}

/// A plan for the role that keeps some of those people and revokes the others.
fn keep(count: u128) -> String {
    let members: Vec<String> =
        (0x50_0000..0x50_0000 + count).map(|number| format!("{{ user: {{ id: {} }} }}", id(number))).collect();
    format!("{{ role: Flow Runner, extent: exact, members: [{}] }}", members.join(", "))
}

#[test]
fn too_many_removals_at_once_are_held_back() {
    assert_eq!(tripped("", RUNNER, &keep(2), &with_holders(23)), [Rule::MaxRemovals], "21 at once");
    assert_eq!(tripped("", RUNNER, &keep(80), &with_holders(95)), [], "15 of 95");
    assert_eq!(tripped("", RUNNER, &keep(1), &with_holders(12)), [Rule::MaxRemovals], "11 of 12 is most of the list");
    assert_eq!(tripped("", RUNNER, &keep(1), &with_holders(10)), [], "nine are below the floor");
    let raised = "max-removals: { absolute: 50, share: 1.0 }";
    assert_eq!(tripped(raised, RUNNER, &keep(2), &with_holders(23)), []);
}

#[test]
fn powergrant_does_not_take_its_own_role_away() {
    let client = format!("{{ application: {{ appId: {} }} }}", id(CLIENT));
    let own = format!(
        "{{ role: System Administrator, members: [{{ application: {{ appId: {} }}, state: absent }}] }}",
        id(CLIENT)
    );
    assert_eq!(tripped("", RUNNER, &own, &inventory()), [Rule::ProtectSelf]);
    let others = format!("{{ role: Flow Runner, extent: exact, members: [{client}] }}");
    let shared = with_holder(with_holder(inventory(), ROLE, user(CLIENT)), ROLE, ada_row());
    assert_eq!(tripped("", RUNNER, &others, &shared), [], "Ada loses the role, powergrant keeps it");
}

#[test]
fn a_role_that_powergrant_holds_keeps_its_privileges() {
    let narrowed = "{ role: Flow Runner, privileges: { Process: { Read: { state: absent } } } }";
    assert_eq!(
        tripped("", "SecurityRole", narrowed, &with_holder(inventory(), ROLE, user(CLIENT))),
        [Rule::ProtectSelf]
    );
    assert_eq!(tripped("", "SecurityRole", narrowed, &with_holder(inventory(), ROLE, ada_row())), []);
}

#[test]
fn powergrant_does_not_take_a_role_from_a_team_that_it_is_in() {
    let mut tenant = with_holder(with_group_team(), ROLE, PrincipalRow::Team(id(GROUP_TEAM)));
    let gone = format!("{{ role: Flow Runner, members: [{{ group: {{ id: {} }}, state: absent }}] }}", id(GROUP));
    assert_eq!(tripped("", RUNNER, &gone, &tenant), []);
    tenant.user_teams.rows_mut().insert(row(CLIENT), BTreeSet::from([id(GROUP_TEAM)]));
    assert_eq!(tripped("", RUNNER, &gone, &tenant), [Rule::ProtectSelf]);
    tenant.user_teams = Section::Unreadable(unread());
    tenant.team_members = Section::NotAsked;
    assert_eq!(tripped("", RUNNER, &gone, &tenant), [Rule::ProtectSelf], "nobody knows, so nothing is taken");
}

#[test]
fn whoever_does_not_know_who_it_is_takes_nothing_away() {
    let mut tenant = with_holder(inventory(), ROLE, ada_row());
    tenant.caller = Reading::Unreadable(unread());
    let gone = "{ role: Flow Runner, members: [{ user: ada@contoso.com, state: absent }] }";
    let granted = "{ role: Flow Runner, members: [{ user: mia@contoso.com }] }";
    assert_eq!(tripped("", RUNNER, gone, &tenant), [Rule::ProtectSelf]);
    assert_eq!(tripped("", RUNNER, granted, &tenant), []);
}

fn unread() -> Problem {
    Problem::without_request(Cause::Forbidden, "Dataverse", "no", "")
}

fn with_group_team() -> Inventory {
    let mut tenant = inventory();
    let team = crate::inventory::people::Team {
        name: "SG-Expense-Prod".into(),
        kind: crate::inventory::people::TeamKind::SecurityGroup,
        membership: Membership::MembersAndGuests,
        group: Some(id(GROUP)),
        unit: id(ROOT_UNIT),
        is_default: false,
    };
    tenant.teams.rows_mut().insert(id(GROUP_TEAM), team);
    tenant.team_members.rows_mut().insert(id(GROUP_TEAM), BTreeSet::new());
    tenant
}

const WITHOUT_ZOE: &str = "{ role: System Administrator, members: [{ user: zoe@contoso.com, state: absent }] }";

#[test]
fn two_people_stay_administrators() {
    assert_eq!(tripped("", RUNNER, WITHOUT_ZOE, &inventory()), [Rule::MinAdmins], "powergrant itself is no person");
    assert_eq!(tripped("min-admins: 1", RUNNER, WITHOUT_ZOE, &inventory()), []);
    assert_eq!(tripped("", RUNNER, WITHOUT_ZOE, &with_holder(inventory(), ADMINISTRATOR, ada_row())), []);
    let bob_is_disabled = with_holder(inventory(), ADMINISTRATOR, bob_row());
    assert_eq!(tripped("", RUNNER, WITHOUT_ZOE, &bob_is_disabled), [Rule::MinAdmins]);
}

#[test]
fn the_people_of_a_group_count_as_administrators_when_they_are_known() {
    let mut tenant = with_holder(with_group_team(), ADMINISTRATOR, PrincipalRow::Team(id(GROUP_TEAM)));
    tenant.group_members = Section::whole([(id(GROUP), BTreeSet::from([id(ADA), id(MIA)]))].into());
    assert_eq!(tripped("", RUNNER, WITHOUT_ZOE, &tenant), []);
    tenant.group_members = Section::NotAsked;
    assert_eq!(tripped("", RUNNER, WITHOUT_ZOE, &tenant), [Rule::MinAdmins], "who cannot be counted does not count");
}

#[test]
fn a_required_administrator_stays_one() {
    let rails = "min-admins: 1, required-admins: [{ user: zoe@contoso.com }]";
    assert_eq!(tripped(rails, RUNNER, WITHOUT_ZOE, &inventory()), [Rule::RequiredAdmins]);
    let other = "min-admins: 1, required-admins: [{ user: mia@contoso.com }]";
    assert_eq!(tripped(other, RUNNER, WITHOUT_ZOE, &inventory()), []);
    let unknown = "min-admins: 1, required-admins: [{ user: nobody@contoso.com }]";
    assert_eq!(tripped(unknown, RUNNER, WITHOUT_ZOE, &inventory()), [Rule::RequiredAdmins]);
}

#[test]
fn protected_principals_and_roles_lose_nothing() {
    let gone = "{ role: Flow Runner, members: [{ user: ada@contoso.com, state: absent }] }";
    let tenant = with_holder(inventory(), ROLE, ada_row());
    assert_eq!(tripped("protected: [{ user: ada@contoso.com }]", RUNNER, gone, &tenant), [Rule::Protected]);
    assert_eq!(tripped("protected: [{ user: mia@contoso.com }]", RUNNER, gone, &tenant), []);
    assert_eq!(tripped("protected: [{ role: Flow Runner }]", RUNNER, gone, &tenant), [Rule::Protected]);
    assert_eq!(tripped("protected: [{ role: System Administrator }]", RUNNER, gone, &tenant), []);
    assert_eq!(tripped("protected: [{ user: nobody@contoso.com }]", RUNNER, gone, &tenant), [Rule::Protected]);
    assert_eq!(tripped("protected: [{ role: No Such Role }]", RUNNER, gone, &tenant), [Rule::Protected]);
    let narrowed = "{ role: Flow Runner, privileges: { Process: { Read: { state: absent } } } }";
    assert_eq!(tripped("protected: [{ user: ada@contoso.com }]", "SecurityRole", narrowed, &tenant), [Rule::Protected]);
}

#[test]
fn an_administrators_role_is_given_only_to_whom_the_environment_approves() {
    let granted = "{ role: System Administrator, members: [{ user: ada@contoso.com }] }";
    assert_eq!(tripped("", RUNNER, granted, &inventory()), [Rule::PrivilegedGrant]);
    let approved = "privileged-grant: [{ user: ada@contoso.com }]";
    assert_eq!(tripped(approved, RUNNER, granted, &inventory()), []);
    let plain = "{ role: { builtIn: delegate }, members: [{ user: ada@contoso.com }] }";
    assert_eq!(tripped("", RUNNER, plain, &inventory()), []);
}

#[test]
fn a_role_does_not_get_the_power_to_give_every_role() {
    let escalating = "{ role: Flow Runner, privileges: { Security Role: { Assign: organization } } }";
    assert_eq!(tripped("", "SecurityRole", escalating, &inventory()), [Rule::PrivilegedGrant]);
    let reading = "{ role: Flow Runner, privileges: { Security Role: { Read: organization } } }";
    assert_eq!(tripped("", "SecurityRole", reading, &inventory()), []);
}

#[test]
fn an_exact_list_that_expired_whole_is_held_back() {
    let tenant = with_holder(inventory(), ROLE, ada_row());
    let expired = "{ role: Flow Runner, extent: exact, members: [{ user: ada@contoso.com, expires: 2026-05-31 }] }";
    assert_eq!(tripped("", RUNNER, expired, &tenant), [Rule::EmptyExact]);
    let meant = expired.replace("exact,", "exact, allowEmpty: true,");
    assert_eq!(tripped("", RUNNER, &meant, &tenant), []);
    let one_stays = expired.replace("members: [", "members: [{ user: mia@contoso.com }, ");
    assert_eq!(tripped("", RUNNER, &one_stays, &tenant), []);
    let named = expired.replace("extent: exact,", "");
    assert_eq!(tripped("", RUNNER, &named, &tenant), []);
}

#[test]
fn exact_privileges_and_shares_that_expired_whole_are_held_back() {
    let privileges =
        "{ role: Flow Runner, extent: exact, privileges: { Process: { Read: { depth: user, expires: 2026-05-31 } } } }";
    assert_eq!(tripped("", "SecurityRole", privileges, &inventory()), [Rule::EmptyExact]);
    let tenant = with_share(with_holder(inventory(), ROLE, ada_row()), INTAKE, ada_row(), Rights::READ);
    let shares = "{ flow: Expense intake, runOnlyUsers: { extent: exact, members: [{ user: ada@contoso.com, expires: 2026-05-31 }] } }";
    assert_eq!(tripped("", "Flow", shares, &tenant), [Rule::EmptyExact]);
    let last_day = shares.replace("2026-05-31", "2026-06-01");
    assert_eq!(tripped("", "Flow", &last_day, &tenant), [], "the named day is the last one");
}

#[test]
fn a_managed_flow_gets_no_layer_unless_the_environment_allows_it() {
    let layered =
        "{ flow: Payroll, allowUnmanagedLayer: true, connections: { contoso_outlook: providedByRunOnlyUser } }";
    assert_eq!(tripped("", "Flow", layered, &inventory()), [Rule::UnmanagedLayer]);
    assert_eq!(tripped("unmanaged-layer: allowed", "Flow", layered, &inventory()), []);
    let blocked = "{ flow: Payroll, connections: { contoso_outlook: providedByRunOnlyUser } }";
    assert_eq!(tripped("", "Flow", blocked, &inventory()), [], "blocked is no change");
}

#[test]
fn a_child_flow_keeps_its_own_connections() {
    let child = "{ flow: Archive, connections: { contoso_outlook: providedByRunOnlyUser } }";
    assert_eq!(tripped("", "Flow", child, &inventory()), [Rule::ChildFlow]);
    let parent = "{ flow: Expense intake, connections: { contoso_outlook: providedByRunOnlyUser } }";
    assert_eq!(tripped("", "Flow", parent, &inventory()), []);
}

fn runner_is(holder: PrincipalRow) -> Inventory {
    with_holder(inventory(), ROLE, holder)
}

#[test]
fn nobody_gains_a_lent_connection_that_no_document_speaks_of() {
    let silent = "{ flow: Expense intake, runOnlyUsers: { members: [{ user: ada@contoso.com }] } }";
    assert_eq!(tripped("", "Flow", silent, &runner_is(ada_row())), [Rule::SharedConnection]);
    let said = silent.replace("runOnly", "connections: { contoso_outlook: useThisConnection }, runOnly");
    assert_eq!(tripped("", "Flow", &said, &runner_is(ada_row())), []);
    let restricted = silent.replace("runOnly", "connections: { \"*\": providedByRunOnlyUser }, runOnly");
    assert_eq!(tripped("", "Flow", &restricted, &runner_is(ada_row())), []);
    let held = with_share(runner_is(ada_row()), INTAKE, ada_row(), Rights::READ);
    assert_eq!(tripped("", "Flow", silent, &held), [], "Ada has it already");
}

#[test]
fn a_restriction_that_is_not_made_is_no_acknowledgement() {
    let blocked = "{ flow: Payroll, connections: { contoso_outlook: providedByRunOnlyUser }, runOnlyUsers: { members: [{ user: ada@contoso.com }] } }";
    assert_eq!(tripped("", "Flow", blocked, &runner_is(ada_row())), [Rule::SharedConnection]);
}

#[test]
fn a_flow_whose_text_is_unknown_is_shared_with_nobody_new() {
    let mut tenant = runner_is(ada_row());
    tenant.definitions = Section::Unreadable(unread());
    let shared = "{ flow: Expense intake, runOnlyUsers: { members: [{ user: ada@contoso.com }] } }";
    assert_eq!(tripped("", "Flow", shared, &tenant), [Rule::SharedConnection]);
}

#[test]
fn a_lent_connection_reaches_at_most_so_many_people() {
    let said = "{ flow: Expense intake, connections: { contoso_outlook: useThisConnection }, runOnlyUsers: { members: [{ user: ada@contoso.com }] } }";
    let tenant = with_share(runner_is(ada_row()), INTAKE, user(ZOE), Rights::READ);
    assert_eq!(tripped("max-audience: 1", "Flow", said, &tenant), [Rule::SharedConnection], "Ada and Zoe");
    assert_eq!(tripped("max-audience: 2", "Flow", said, &tenant), []);
    let everyone = with_share(runner_is(ada_row()), INTAKE, PrincipalRow::Organization(id(1)), Rights::READ);
    assert_eq!(tripped("", "Flow", said, &everyone), [Rule::SharedConnection]);
}

/// Rails as they stand before anything is taken away: only what is taken away counts.
fn before_revoking(desired: &DesiredEnvironment, inventory: &Inventory) -> Vec<Rule> {
    let plan = plan(desired, inventory);
    let gone: BTreeSet<_> = plan
        .changes()
        .filter(|line| matches!(line.kind, crate::plan::LineKind::Change { to: None, .. }))
        .map(crate::plan::Line::goal)
        .collect();
    let tripped = evaluate_some(desired, &plan, inventory, &|goal| gone.contains(goal));
    tripped.into_iter().map(|tripped| tripped.rule).collect()
}

#[test]
fn an_administrator_who_is_not_one_yet_does_not_count_when_another_one_goes() {
    let spec = "{ role: System Administrator, members: [{ user: zoe@contoso.com, state: absent }, { user: ada@contoso.com }] }";
    let approved = "privileged-grant: [{ user: ada@contoso.com }]";
    assert_eq!(tripped(approved, RUNNER, spec, &inventory()), [], "the whole plan leaves two");
    let desired = desired(approved, &document(RUNNER, spec));
    assert_eq!(before_revoking(&desired, &inventory()), [Rule::MinAdmins], "the grant may have been refused");
    let granted = with_holder(inventory(), ADMINISTRATOR, ada_row());
    assert_eq!(before_revoking(&desired, &granted), []);
}
