//! What is held is seen, what is missing is named, and what is not known is not called missing.
use std::collections::BTreeMap;

use uuid::Uuid;

use super::identity::{Identity, Member};
use super::judge::{Ability, Held, ability, judge};
use super::manifest::{missing, of_task, security_role};
use super::*;
use crate::inventory::things::Caller;
use crate::names::Text;
use crate::problem::{Cause, Problem};

/// A member of an organisation with exactly the rights for a task.
fn with_rights_for(task: Task) -> Identity {
    let mut privileges = BTreeMap::new();
    for right in RIGHTS.iter().filter(|right| right.task <= task) {
        match right.needs {
            Needs::Table { privilege, .. } => _ = privileges.insert(Text::from(privilege.to_lowercase()), Needs::DEPTH),
            Needs::Graph(_) | Needs::Management => {}
        }
    }
    let caller = Caller { user: Uuid::nil(), unit: Uuid::nil(), organization: Uuid::nil(), privileges };
    let member = Member { caller, doubt: None, name: None, unit: None, roles: Ok(Vec::new()), teams: Ok(Vec::new()) };
    let graph = ["User.ReadBasic.All", "Application.Read.All", "GroupMember.Read.All"].map(|name| (name, Ok(())));
    Identity {
        environment: "contoso-prod".into(),
        url: Some("https://contoso.crm4.dynamics.com".into()),
        way: "client-secret from POWERGRANT_*".to_owned(),
        bearers: Vec::new(),
        dataverse: Some(Ok(member)),
        admin: Some(Ok(())),
        flow: Some(Ok(())),
        graph: graph.to_vec(),
    }
}

fn abilities(identity: &Identity, task: Task) -> Vec<Ability> {
    let judged = judge(identity);
    Part::ALL.map(|part| ability(&judged, part, task)).to_vec()
}

#[test]
fn a_plan_identity_plans_everything_and_applies_nothing() {
    let planner = with_rights_for(Task::Plan);
    for (part, found) in Part::ALL.into_iter().zip(abilities(&planner, Task::Plan)) {
        let wanted = if part == Part::EnvironmentRoles { Ability::NotApplicable } else { Ability::Whole };
        assert_eq!(found, wanted, "{}", part.name());
    }
    for (part, found) in Part::ALL.into_iter().zip(abilities(&planner, Task::Apply)) {
        let wanted = match part {
            Part::EnvironmentRoles => Ability::NotApplicable,
            Part::Environment => Ability::Whole,
            Part::RolePrivileges
            | Part::Members
            | Part::Assignments
            | Part::Connections
            | Part::Readers
            | Part::Shares => Ability::None,
        };
        assert_eq!(found, wanted, "{}", part.name());
    }
    let lacking = missing(&judge(&planner), Task::Apply);
    assert_eq!(
        lacking["Process"],
        of_task(Task::Apply)["Process"].iter().copied().filter(|one| *one != Operation::Read).collect()
    );
}

#[test]
fn what_reaches_less_far_is_missing_and_what_was_not_read_is_not_known() {
    let mut planner = with_rights_for(Task::Plan);
    let Some(Ok(member)) = &mut planner.dataverse else { panic!("a member") };
    member.caller.privileges.insert("prvreadworkflow".into(), Depth::User);
    let of_flow = |identity: &Identity| {
        let judged = judge(identity);
        judged.into_iter().find(|judged| judged.right.part == Part::Shares).expect("a right of shares").held
    };
    assert_eq!(of_flow(&planner), Held::No(Some(Depth::User)));
    let problem = Problem::without_request(Cause::Forbidden, "Dataverse", "no", "ask");
    let Some(Ok(member)) = &mut planner.dataverse else { panic!("a member") };
    member.doubt = Some(problem.clone());
    assert_eq!(of_flow(&planner), Held::Unknown(problem));
    assert_eq!(ability(&judge(&planner), Part::Shares, Task::Plan), Ability::Unknown);
}

#[test]
fn without_graph_most_works_and_a_service_that_is_down_proves_nothing() {
    let mut planner = with_rights_for(Task::Plan);
    let refused = Problem::without_request(Cause::Forbidden, "Microsoft Graph", "no", "ask");
    planner.graph = vec![("GroupMember.Read.All", Err(refused))];
    assert_eq!(ability(&judge(&planner), Part::Assignments, Task::Plan), Ability::Part);
    assert_eq!(ability(&judge(&planner), Part::Shares, Task::Plan), Ability::Whole);
    let down = Problem::without_request(Cause::Unreachable, "Power Platform admin API", "no answer", "run again");
    planner.admin = Some(Err(down.clone()));
    let judged = judge(&planner);
    let of_admin =
        judged.iter().find(|judged| judged.right.needs == Needs::Management).expect("a right of the admin API");
    assert_eq!(of_admin.held, Held::Unknown(down));
}

#[test]
fn every_permission_of_graph_has_the_id_to_ask_for() {
    for right in RIGHTS.iter().filter(|right| matches!(right.needs, Needs::Graph(_))) {
        assert!(right.needs.app_role().is_some_and(|id| id.parse::<Uuid>().is_ok()), "{}", right.needs.words());
    }
}

#[test]
fn a_missing_right_becomes_a_line_of_a_role() {
    let privileges = [("Process", [Operation::Read, Operation::Share].into())].into();
    assert_eq!(
        security_role("d", "R", "[prod]", &privileges),
        "apiVersion: powergrant.dev/v1alpha1\nkind: SecurityRole\nmetadata: { name: d }\nenvironments: [prod]\nspec:\n  role: R\n  privileges:\n    Process: { Read: organization, Share: organization }\n"
    );
}
