//! What brings principals into an environment, and what a plan says of it.
use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::inventory::section::Section;
use crate::kinds::EnvironmentRoles;
use crate::kinds::environment::roles;
use crate::kinds::environment::sample::*;
use crate::ledger::{Verdict, Want, Wanted, Why, diff};
use crate::names::{EnvironmentRole, Membership};
use crate::place::Place;
use crate::problem::{Cause, Problem};

fn added(member: Member) -> Change<EnvironmentMembers> {
    change(member, None, Some(Held))
}

fn sent(inventory: &Inventory, member: Member) -> Result<Call, Lacks> {
    let [write] = EnvironmentMembers::steps(inventory, &environment(), vec![added(member)]).try_into().unwrap();
    write.call
}

fn request(inventory: &Inventory, principal: Principal) -> Request {
    let Ok(Call::Send(request)) = sent(inventory, Member::present(principal)) else { panic!("one request is sent") };
    request
}

fn planned(inventory: &Inventory, member: Member) -> Verdict<EnvironmentMembers> {
    let place = Place::start_of("people.yaml");
    let want = Want { level: Some(Held), place: place.clone(), blocked: None, at_most: false };
    let entries = BTreeMap::from([(member, want)]);
    let wanted = Wanted { extent: OnlyAdded, entries, place, unresolved: Vec::new(), layer: false };
    diff(&wanted, EnvironmentMembers::sight(inventory, &environment()))
}

fn by_admin_api(mut inventory: Inventory) -> Inventory {
    inventory.environment.add_users_by_admin_api = true;
    inventory
}

#[test]
fn a_user_comes_in_with_the_first_role() {
    assert_eq!(sent(&contoso(), Member::present(eve())), Err(Lacks::Assignment(eve())));
}

#[test]
fn a_user_comes_in_by_the_admin_api_where_the_environment_says_so() {
    let request = request(&by_admin_api(contoso()), eve());
    let path =
        "providers/Microsoft.BusinessAppPlatform/scopes/admin/environments/Default-1/addUser?api-version=2023-06-01";
    assert_eq!(request, Request::post(Service::Admin, path, json!({ "objectId": id(EVE) })));
}

#[test]
fn the_admin_api_needs_the_environments_own_id() {
    let mut inventory = by_admin_api(contoso());
    inventory.environment.environment_id = None;
    assert!(matches!(sent(&inventory, Member::present(eve())), Err(Lacks::Fact(_))));
}

#[test]
fn a_group_gets_its_team_with_the_documented_minimum() {
    let owners = Principal::Group { name: "SG-Owners".into(), id: id(GROUP), membership: Membership::Owners };
    let expected = json!({ "azureactivedirectoryobjectid": id(GROUP), "membershiptype": 2 });
    assert_eq!(request(&contoso(), owners), Request::post(Service::Dataverse, "teams", expected));
}

#[test]
fn a_group_team_says_its_business_unit_only_when_it_is_not_the_root() {
    let mut inventory = contoso();
    inventory.environment.group_unit = Some(id(ROOT_UNIT));
    assert_eq!(request(&inventory, group()).body.unwrap().get("businessunitid@odata.bind"), None);
    inventory.environment.group_unit = Some(id(SALES_UNIT));
    let body = request(&inventory, group()).body.unwrap();
    assert_eq!(body["businessunitid@odata.bind"], json!(format!("/businessunits({})", id(SALES_UNIT))));
}

#[test]
fn an_application_is_added_without_a_role() {
    let other = Principal::Application { name: "Other".into(), id: id(0xc9) };
    let expected = json!({
        "applicationid": id(0xc9),
        "businessunitid@odata.bind": format!("/businessunits({})", id(ROOT_UNIT)),
    });
    assert_eq!(request(&contoso(), other), Request::post(Service::Dataverse, "systemusers", expected));
}

#[test]
fn who_is_there_is_left_alone_and_nobody_is_listed() {
    let Verdict::Compared { changes, left, .. } = planned(&contoso(), Member::present(ada())) else { panic!() };
    assert_eq!((changes.len(), left.len()), (0, 0));
}

#[test]
fn who_was_not_seen_among_rows_that_are_left_out_is_not_added() {
    let mut inventory = contoso();
    let trimmed = Problem::without_request(Cause::Trimmed, "Dataverse", "Read on User is User, not Organization", "");
    inventory.users = inventory.users.with_gap(Some(trimmed.clone()));
    let Verdict::Compared { changes, left, .. } = planned(&inventory, Member::present(eve())) else { panic!() };
    assert_eq!(changes, Vec::new());
    assert_eq!(left[0].why, Why::Unread(trimmed));
}

#[test]
fn nobody_is_ever_removed() {
    let named = Standing { named: true, ..Standing::default() };
    let claim = EnvironmentMembers::claim(&OnlyAdded, &Member::present(ada()), Some(&Held), &named);
    assert!(matches!(claim, Claim::Never(Reason::Refused(_))));
}

#[test]
fn a_plan_says_how_many_of_a_group_are_present() {
    let note =
        |inventory: &Inventory, member| EnvironmentMembers::note(inventory, &environment(), &added(member)).unwrap();
    let expected = "3 members, 1 present, 1 disabled; 1 appears at first access";
    assert_eq!(note(&contoso(), Member::present(group())), expected);
    assert_eq!(note(&contoso(), Member::synchronised(group())), expected);
    let expected = "3 members, 1 present, 1 disabled; 1 appears with this";
    assert_eq!(note(&by_admin_api(contoso()), Member::synchronised(group())), expected);
}

#[test]
fn a_plan_says_how_many_members_there_are_when_users_were_not_read() {
    let mut inventory = contoso();
    inventory.users = Section::NotAsked;
    let note = EnvironmentMembers::note(&inventory, &environment(), &added(Member::present(group())));
    assert_eq!(note.unwrap(), "3 members");
}

#[test]
fn a_team_is_synchronised_when_everybody_who_is_there_is_in_it() {
    let is_held = |inventory: &Inventory| {
        entries::<EnvironmentMembers>(EnvironmentMembers::sight(inventory, &environment()))
            .contains_key(&Member::synchronised(group()))
    };
    assert!(!is_held(&contoso()));
    assert!(!is_held(&with_group_team(&[])));
    assert!(is_held(&with_group_team(&[ADA])));
    assert!(!is_held(&by_admin_api(with_group_team(&[ADA]))), "Eve can be brought in");
}

#[test]
fn a_team_is_synchronised_after_its_members_are_brought_in() {
    let sync = Request::post(
        Service::Dataverse,
        format!("teams({})/Microsoft.Dynamics.CRM.SyncGroupMembersToTeam", id(GROUP_TEAM)),
        json!({}),
    );
    let synchronised = Member::synchronised(group());
    assert_eq!(sent(&contoso(), synchronised.clone()), Err(Lacks::Row(group())));
    assert_eq!(sent(&with_group_team(&[]), synchronised.clone()), Ok(Call::InOrder(vec![sync.clone()])));
    let inventory = by_admin_api(with_group_team(&[]));
    let eve = request(&inventory, eve());
    assert_eq!(sent(&inventory, synchronised), Ok(Call::InOrder(vec![eve, sync])));
}

#[test]
fn synchronising_brings_members_in_where_powergrant_adds_users() {
    let mut inventory = by_admin_api(with_group_team(&[]));
    EnvironmentMembers::enact(&mut inventory, &environment(), &added(Member::synchronised(group())));
    let members = entries::<EnvironmentMembers>(EnvironmentMembers::sight(&inventory, &environment()));
    assert!(members.contains_key(&Member::synchronised(group())));
    assert!(members.contains_key(&Member::present(eve())));
}

fn newcomer() -> impl Strategy<Value = Principal> {
    let membership =
        prop_oneof![Just(Membership::MembersAndGuests), Just(Membership::Members), Just(Membership::Owners)];
    prop_oneof![
        (1..9_u128).prop_map(|number| Principal::User { name: format!("user {number}").into(), id: id(number << 20) }),
        (1..9_u128, membership).prop_map(|(number, membership)| Principal::Group {
            name: format!("group {number}").into(),
            id: id(number << 20),
            membership
        }),
        (1..9_u128)
            .prop_map(|number| Principal::Application { name: format!("app {number}").into(), id: id(number << 20) }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(10_000) })]

    #[test]
    fn what_is_seen_after_an_addition_is_the_addition(newcomers in prop::collection::vec(newcomer(), 1..8)) {
        let mut inventory = contoso();
        let see = |inventory: &Inventory| entries::<EnvironmentMembers>(EnvironmentMembers::sight(inventory, &environment()));
        let admins = roles::Subject(EnvironmentRole::Admin);
        let before = EnvironmentRoles::sight(&inventory, &admins);
        for newcomer in newcomers {
            let member = Member::present(newcomer);
            let mut expected = see(&inventory);
            expected.insert(member.clone(), ledger::Held { level: Held, reason: None });
            EnvironmentMembers::enact(&mut inventory, &environment(), &added(member));
            prop_assert_eq!(see(&inventory), expected);
        }
        prop_assert_eq!(EnvironmentRoles::sight(&inventory, &admins), before);
        prop_assert_eq!(inventory.holders, contoso().holders);
    }
}
