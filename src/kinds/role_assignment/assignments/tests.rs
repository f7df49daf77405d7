//! What is sent for role assignments, what is never taken away, and what is seen afterwards.
use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::inventory::people::TeamKind;
use crate::inventory::section::{Reading, Section};
use crate::inventory::things::Settings;
use crate::kinds::environment::members::Member;
use crate::kinds::environment::roles::Subject;
use crate::kinds::environment::sample::*;
use crate::kinds::{EnvironmentMembers, EnvironmentRoles};
use crate::ledger::{Left, Verdict, Want, Wanted, Why, diff};
use crate::names::EnvironmentRole;
use crate::place::Place;
use crate::problem::{Cause, Problem};

fn holder(inventory: &Inventory, principal: Principal) -> Holder {
    Holder::new(inventory, principal, None).unwrap()
}

fn granted(holder: Holder) -> Change<RoleAssignments> {
    change(holder, None, Some(Held))
}

fn sent(inventory: &Inventory, change: Change<RoleAssignments>) -> Result<Request, Lacks> {
    let [write] = RoleAssignments::steps(inventory, &role(), vec![change]).try_into().unwrap();
    let Call::Send(request) = write.call? else { panic!("one request is sent") };
    Ok(request)
}

fn link(copy: u128) -> serde_json::Value {
    json!({ "@odata.id": format!("https://contoso.crm4.dynamics.com/api/data/v9.2/roles({})", id(copy)) })
}

/// What an exact list says of the role when it names these, to be held or not.
fn exact(
    inventory: &Inventory,
    named: &[(Holder, Option<Held>)],
) -> (Vec<Change<RoleAssignments>>, Vec<Left<RoleAssignments>>) {
    let place = Place::start_of("people.yaml");
    let want = |(holder, level): &(Holder, Option<Held>)| {
        (holder.clone(), Want { level: *level, place: place.clone(), blocked: None, at_most: false })
    };
    let entries = named.iter().map(want).collect();
    let wanted = Wanted { extent: Extent::Exact, entries, place: place.clone(), unresolved: Vec::new(), layer: false };
    match diff(&wanted, RoleAssignments::sight(inventory, &role())) {
        Verdict::Compared { changes, left, .. } => (changes, left),
        Verdict::Unknown(problem) => panic!("{problem}"),
    }
}

/// Why the one holder of the role is left alone by an exact list that names nobody; none when it is revoked.
fn left(holder: PrincipalRow) -> Option<Why> {
    let (changes, mut left) = exact(&with_holder(holder, ROOT_UNIT), &[]);
    assert_eq!(changes.len() + left.len(), 1);
    left.pop().map(|left| left.why)
}

#[test]
fn a_user_is_assigned_the_copy_of_the_users_own_unit() {
    let inventory = contoso();
    let expected = format!("systemusers({})/systemuserroles_association/$ref", row(ADA));
    let request = sent(&inventory, granted(holder(&inventory, ada())));
    assert_eq!(request, Ok(Request::post(Service::Dataverse, expected, link(ROLE_IN_SALES))));
}

#[test]
fn a_group_is_assigned_through_its_team_once_it_has_one() {
    let inventory = contoso();
    assert_eq!(sent(&inventory, granted(holder(&inventory, group()))), Err(Lacks::Row(group())));
    let inventory = with_group_team(&[]);
    let expected = format!("teams({})/teamroles_association/$ref", id(GROUP_TEAM));
    let request = sent(&inventory, granted(holder(&inventory, group())));
    assert_eq!(request, Ok(Request::post(Service::Dataverse, expected, link(ROLE))));
}

#[test]
fn a_user_without_a_row_comes_in_through_the_alternate_key() {
    let mut inventory = contoso();
    let change = granted(holder(&inventory, eve()));
    let expected = format!("systemusers(azureactivedirectoryobjectid={})/systemuserroles_association/$ref", id(EVE));
    let request = sent(&inventory, change.clone());
    assert_eq!(request, Ok(Request::post(Service::Dataverse, expected, link(ROLE))));
    inventory.environment.add_users_by_admin_api = true;
    assert_eq!(sent(&inventory, change), Err(Lacks::Row(eve())));
}

#[test]
fn an_assignment_is_taken_away_by_the_copys_id() {
    let inventory = with_holder(PrincipalRow::User(row(ADA)), SALES_UNIT);
    let expected = format!("systemusers({})/systemuserroles_association({})/$ref", row(ADA), id(ROLE_IN_SALES));
    let request = sent(&inventory, granted(holder(&inventory, ada())).inverse());
    assert_eq!(request, Ok(Request::delete(Service::Dataverse, expected)));
}

#[test]
fn a_role_that_does_not_exist_yet_is_known_at_the_root_alone() {
    let mut inventory = contoso();
    inventory.copies = Section::whole(BTreeMap::new());
    assert!(sent(&inventory, granted(holder(&inventory, eve()))).is_ok());
    let refused = sent(&inventory, granted(holder(&inventory, ada())));
    assert_eq!(refused, Err(Lacks::RoleCopy("security role Flow Runner at business unit Sales".into())));
}

#[test]
fn another_units_copy_needs_the_organisations_leave() {
    let mut inventory = contoso();
    let foreign = Holder::new(&inventory, ada(), Some(inventory.unit_ref(id(ROOT_UNIT)))).unwrap();
    assert_eq!(foreign.to_string(), "user ada@contoso.com @ Contoso");
    assert!(matches!(foreign.hindrance(&inventory), Some(Reason::Refused(_))));
    inventory.settings = Reading::NotAsked;
    assert!(matches!(foreign.hindrance(&inventory), Some(Reason::Unread(_))));
    inventory.settings = Reading::Read(Settings { ownership_across_units: true, ..Settings::default() });
    assert_eq!(foreign.hindrance(&inventory), None);
    assert_eq!(holder(&inventory, ada()).to_string(), "user ada@contoso.com");
}

#[test]
fn an_exact_list_revokes_who_is_not_named_at_every_unit() {
    let mut inventory = with_holder(PrincipalRow::User(row(ADA)), SALES_UNIT);
    inventory.holders.rows_mut().entry(id(ROLE)).or_default().insert((PrincipalRow::User(row(ADA)), id(ROOT_UNIT)));
    let (changes, left) = exact(&inventory, &[(holder(&inventory, ada()), Some(Held))]);
    assert_eq!(left, Vec::new());
    let [change] = changes.try_into().unwrap();
    assert_eq!((change.entry.to_string(), change.to), ("user ada@contoso.com @ Contoso".to_owned(), None));
}

#[test]
fn what_the_platform_keeps_survives_an_exact_list() {
    let kept =
        [PrincipalRow::Team(id(DEFAULT_TEAM)), PrincipalRow::Team(id(AGENT_TEAM)), PrincipalRow::User(id(SYSTEM_ROW))];
    for row in kept {
        assert!(matches!(left(row), Some(Why::Platform(_))), "{row:?}");
    }
}

#[test]
fn an_application_is_revoked_only_where_it_is_named() {
    let held = PrincipalRow::User(row(CLIENT));
    assert!(matches!(left(held), Some(Why::Platform(_))));
    let inventory = with_holder(held, ROOT_UNIT);
    let (changes, _) = exact(&inventory, &[(holder(&inventory, application()), None)]);
    assert_eq!(changes.len(), 1);
}

#[test]
fn roles_of_a_disabled_user_are_changed_only_where_the_organisation_allows_it() {
    let held = PrincipalRow::User(row(BOB));
    assert!(matches!(left(held), Some(Why::Blocked(Reason::Refused(_)))));
    let mut inventory = with_holder(held, ROOT_UNIT);
    inventory.settings = Reading::Read(Settings { roles_on_disabled_users: true, ..Settings::default() });
    assert_eq!(exact(&inventory, &[]).0.len(), 1);
}

#[test]
fn an_access_team_is_given_no_role() {
    let mut inventory = contoso();
    inventory.teams.rows_mut().get_mut(&id(AGENT_TEAM)).unwrap().kind = TeamKind::Access;
    let team = inventory.principal_of(PrincipalRow::Team(id(AGENT_TEAM))).0;
    assert!(matches!(holder(&inventory, team).hindrance(&inventory), Some(Reason::Refused(_))));
}

#[test]
fn a_holder_whose_own_row_was_not_read_is_not_revoked() {
    let mut inventory = with_holder(PrincipalRow::User(row(EVE)), ROOT_UNIT);
    let problem = Problem::without_request(Cause::Forbidden, "Dataverse", "403 Forbidden", "");
    inventory.users = Section::Unreadable(problem.clone());
    assert_eq!(exact(&inventory, &[]).1[0].why, Why::Unread(problem));
}

#[test]
fn a_role_that_is_not_there_and_holders_that_were_not_read_differ() {
    let mut inventory = contoso();
    inventory.holders = Section::NotAsked;
    assert!(matches!(RoleAssignments::sight(&inventory, &role()), Sight::Unreadable(_)));
    inventory.roles = Section::whole(BTreeMap::new());
    assert_eq!(RoleAssignments::sight(&inventory, &role()), Sight::Absent);
}

#[test]
fn a_plan_says_how_much_of_a_group_gains_a_role_and_that_a_role_may_come_back() {
    let mut inventory = contoso();
    let gained = granted(holder(&inventory, group()));
    let note = |inventory: &Inventory, change| RoleAssignments::note(inventory, &role(), change);
    assert_eq!(note(&inventory, &gained).unwrap(), "3 members, 1 present, 1 disabled; 1 appears at first access");
    let lost = gained.inverse();
    assert_eq!(note(&inventory, &lost), None);
    inventory.roles.rows_mut().get_mut(&id(ROLE)).unwrap().auto_assigned = true;
    assert!(note(&inventory, &lost).unwrap().contains("by itself"));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(10_000) })]

    #[test]
    fn what_is_seen_after_a_change_is_the_change(
        moves in prop::collection::vec(
            (prop::sample::select(vec![ada(), eve(), group(), application()]), any::<bool>()),
            1..10,
        ),
    ) {
        let mut inventory = contoso();
        let admins = Subject(EnvironmentRole::Admin);
        for (principal, at_sales) in moves {
            let unit = inventory.unit_ref(id(if at_sales { SALES_UNIT } else { ROOT_UNIT }));
            let holder = Holder::new(&inventory, principal.clone(), Some(unit)).unwrap();
            let before = RoleAssignments::sight(&inventory, &role());
            let mut members = entries(EnvironmentMembers::sight(&inventory, &environment()));
            let mut expected = entries(before.clone());
            let change = if expected.remove(&holder).is_some() {
                granted(holder).inverse()
            } else {
                expected.insert(holder.clone(), ledger::Held { level: Held, reason: None });
                members.insert(Member::present(principal), ledger::Held { level: Held, reason: None });
                granted(holder)
            };
            RoleAssignments::enact(&mut inventory, &role(), &change);
            let after = entries(RoleAssignments::sight(&inventory, &role()));
            prop_assert!(after.iter().zip(&expected).all(|((one, _), (other, _))| one.own == other.own));
            prop_assert_eq!(after, expected);
            prop_assert_eq!(entries(EnvironmentMembers::sight(&inventory, &environment())), members);
            let mut back = inventory.clone();
            RoleAssignments::enact(&mut back, &role(), &change.inverse());
            prop_assert_eq!(RoleAssignments::sight(&back, &role()), before);
        }
        prop_assert_eq!(EnvironmentRoles::sight(&inventory, &admins), EnvironmentRoles::sight(&contoso(), &admins));
    }
}
