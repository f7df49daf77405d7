//! What is sent for environment roles, and what is never touched.
use proptest::prelude::*;

use super::*;
use crate::kinds::EnvironmentMembers;
use crate::kinds::environment::sample::*;
use crate::problem::Cause;

const PATH: &str = "providers/Microsoft.BusinessAppPlatform/scopes/admin/environments/Default-1";
const ADMIN: Subject = Subject(EnvironmentRole::Admin);
const MAKER: Subject = Subject(EnvironmentRole::Maker);

fn granted(principal: Principal) -> Change<EnvironmentRoles> {
    change(principal, None, Some(Held))
}

fn body(subject: Subject, change: Change<EnvironmentRoles>) -> Result<Value, Lacks> {
    let [write] = EnvironmentRoles::steps(&contoso(), &subject, vec![change]).try_into().unwrap();
    let Call::Send(request) = write.call? else { panic!("one request is sent") };
    assert_eq!(request.path, format!("{PATH}/modifyRoleAssignments?api-version=2021-04-01"));
    Ok(request.body.unwrap())
}

#[test]
fn a_role_is_given_by_its_definition_and_the_object_id() {
    let expected = json!({ "add": [{ "properties": {
        "roleDefinition": { "id": format!("/{PATH}/roleDefinitions/EnvironmentMaker") },
        "principal": { "id": id(GROUP), "type": "Group" },
    } }] });
    assert_eq!(body(MAKER, granted(group())), Ok(expected));
}

#[test]
fn an_application_is_given_a_role_by_its_enterprise_applications_id() {
    let sent = body(MAKER, granted(application())).unwrap();
    let principal = &sent["add"][0]["properties"]["principal"];
    assert_eq!(principal, &json!({ "id": id(0xc2), "type": "ServicePrincipal" }));
    let unknown = Principal::Application { name: "Other".into(), id: id(0xc9) };
    assert!(matches!(body(MAKER, granted(unknown)), Err(Lacks::Fact(_))));
}

#[test]
fn a_role_is_taken_away_by_the_assignments_own_id() {
    let change = granted(ada()).inverse();
    assert_eq!(body(ADMIN, change.clone()), Ok(json!({ "remove": [{ "id": "/assignments/1" }] })));
    assert!(matches!(body(MAKER, change), Err(Lacks::Fact(_))));
}

#[test]
fn everyone_and_unnamed_applications_are_never_touched() {
    let unnamed = Standing::default();
    let named = Standing { named: true, ..Standing::default() };
    let claim =
        |principal: &Principal, standing| EnvironmentRoles::claim(&Extent::Exact, principal, Some(&Held), standing);
    assert!(matches!(claim(&Principal::Everyone, &unnamed), Claim::Never(Reason::Platform(_))));
    assert!(matches!(claim(&application(), &unnamed), Claim::Never(Reason::Platform(_))));
    assert_eq!(claim(&application(), &named), Claim::Whole);
    assert_eq!(claim(&ada(), &unnamed), Claim::Whole);
}

#[test]
fn what_was_not_read_is_not_empty() {
    let mut inventory = contoso();
    inventory.environment_roles = Reading::NotAsked;
    let Sight::Unreadable(problem) = EnvironmentRoles::sight(&inventory, &ADMIN) else { panic!() };
    assert_eq!(problem.cause, Cause::NotAsked);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(10_000) })]

    #[test]
    fn what_is_seen_after_a_change_is_the_change(
        moves in prop::collection::vec((any::<bool>(), prop::sample::select(vec![ada(), bob(), eve(), group()])), 1..8),
    ) {
        let mut inventory = contoso();
        let members = EnvironmentMembers::sight(&inventory, &environment());
        for (is_maker, principal) in moves {
            let subject = if is_maker { MAKER } else { ADMIN };
            let before = EnvironmentRoles::sight(&inventory, &subject);
            let mut expected = entries(before.clone());
            let change = if expected.remove(&principal).is_some() {
                granted(principal).inverse()
            } else {
                expected.insert(principal.clone(), ledger::Held { level: Held, reason: None });
                granted(principal)
            };
            EnvironmentRoles::enact(&mut inventory, &subject, &change);
            prop_assert_eq!(entries(EnvironmentRoles::sight(&inventory, &subject)), expected);
            let mut back = inventory.clone();
            EnvironmentRoles::enact(&mut back, &subject, &change.inverse());
            prop_assert_eq!(EnvironmentRoles::sight(&back, &subject), before);
        }
        prop_assert_eq!(EnvironmentMembers::sight(&inventory, &environment()), members);
    }
}
