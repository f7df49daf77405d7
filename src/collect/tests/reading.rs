use std::collections::BTreeSet;

use serde_json::json;

use super::rows::{self, FLOW, GROUP, OBJECT, PRIVILEGE, ROLE, TEAM, USER, caller_reads, id};
use super::tenant::{Rows, Stub};
use crate::collect::{Directory, collect, refresh};
use crate::compile::desired::{ActAs, AddUsers, Cloud, Environment, GroupTeams, Placed, Rails};
use crate::inventory::people::PrincipalRow;
use crate::inventory::scope::{Scope, Subjects, Touched};
use crate::inventory::section::{Answer, Reading};
use crate::inventory::things::Rights;
use crate::inventory::{Inventory, Lookup};
use crate::names::{Depth, EnvironmentRole, FlowName, Membership, Operation, RoleName};
use crate::place::Place;
use crate::principal::{Principal, PrincipalName};
use crate::problem::Cause;

fn environment() -> Environment {
    let place = Place { file: "a.yaml".into(), line: 1, column: 1, length: 1 };
    Environment {
        name: "contoso-prod".into(),
        place: place.clone(),
        labels: std::collections::BTreeMap::new(),
        url: Some(Placed { value: "https://contoso.crm4.dynamics.com".to_owned(), place }),
        environment_id: None,
        tenant: None,
        cloud: Cloud::Public,
        credentials: None,
        add_users: AddUsers::Dataverse,
        act_as: ActAs::Caller,
        group_teams: GroupTeams::default(),
        rails: Rails::default(),
    }
}

fn group() -> PrincipalName {
    PrincipalName::Group { name: Some("SG-Expense".into()), id: None, membership: Membership::default() }
}

fn user(name: &str) -> PrincipalName {
    PrincipalName::User { name: Some(name.into()), id: None }
}

/// Everything that documents can ask of flows and roles, for the first so many of each.
fn scope(flows: u128, roles: u128, people: u128) -> Scope {
    let flows = Subjects::Named((0..flows).map(|flow| FlowName::Name(format!("Flow {flow}"))).collect());
    let roles = Subjects::Named((0..roles).map(|role| RoleName::Name(format!("Role {role}"))).collect());
    let mut principals: BTreeSet<_> = (0..people).map(|number| user(&format!("user{number}@contoso.com"))).collect();
    principals.insert(group());
    Scope {
        role_privileges: roles.clone(),
        holders: roles,
        tables: ["Account".to_owned()].into(),
        privileges: ["prvActOnBehalfOfAnotherUser".to_owned()].into(),
        definitions: flows.clone(),
        parents: flows.clone(),
        delegates: flows.clone(),
        shares: flows.clone(),
        readers: flows,
        groups: [group()].into(),
        principal_roles: principals.clone(),
        principals,
        ..Scope::default()
    }
}

async fn read(rows: Rows, scope: &Scope) -> (Stub, Inventory) {
    let stub = Stub::start(rows).await;
    let inventory = collect(&stub.reader, &Directory::default(), &environment(), scope).await;
    (stub, inventory)
}

#[tokio::test]
async fn what_is_in_scope_is_read_and_whole() {
    let (_, inventory) = read(rows::tenant(5, 3, 10), &scope(2, 2, 2)).await;
    let role = inventory.role(&RoleName::Name("role 0".into())).one().unwrap();
    let held = inventory.holders.row(&role.id).unwrap();
    assert!(held.contains(&(PrincipalRow::Team(id(TEAM, 0)), id(rows::UNIT, 0))));
    let shares = inventory.shares.row(&id(FLOW, 1)).unwrap();
    assert_eq!(shares.keys().collect::<Vec<_>>(), [&PrincipalRow::User(id(USER, 1))]);
    assert_eq!(inventory.parents.row(&id(FLOW, 1)), Some(&[id(FLOW, 2)].into()));
    assert_eq!(inventory.parents.row(&id(FLOW, 0)), Some(&BTreeSet::new()));
    assert_eq!(inventory.group_members.row(&id(GROUP, 0)), Some(&[id(OBJECT, 1)].into()));
    assert_eq!(inventory.team_members.row(&id(TEAM, 0)), Some(&[id(USER, 1)].into()));
    let expense = Principal::Group { name: "SG-Expense".into(), id: id(GROUP, 0), membership: Membership::default() };
    assert_eq!(inventory.principal(&group()).one(), Some(expense));
    for doubt in [
        inventory.roles.doubt(),
        inventory.holders.doubt(),
        inventory.role_privileges.doubt(),
        inventory.flows.doubt(),
        inventory.definitions.doubt(),
        inventory.parents.doubt(),
        inventory.shares.doubt(),
        inventory.users.doubt(),
        inventory.teams.doubt(),
        inventory.principal_roles.doubt(),
        inventory.user_teams.doubt(),
        inventory.directory.doubt(),
    ] {
        assert_eq!(doubt, None);
    }
    assert_eq!(inventory.holds_read(PrincipalRow::User(id(USER, 1)), "workflow"), Ok(true));
    assert_eq!(inventory.holds_read(PrincipalRow::User(id(USER, 1)), "connectionreference"), Ok(false));
}

#[tokio::test]
async fn what_is_not_in_scope_is_not_asked() {
    let (stub, inventory) = read(rows::tenant(5, 3, 10), &Scope::default()).await;
    assert_eq!(inventory.flows.get(&id(FLOW, 0)), Answer::NotAsked);
    assert_eq!(inventory.holders.get(&id(ROLE, 0)), Answer::NotAsked);
    assert_eq!(inventory.settings, Reading::NotAsked);
    assert!(stub.seen().len() <= 4, "{:#?}", stub.seen());
}

#[tokio::test]
async fn the_number_of_requests_does_not_grow_with_flows_roles_and_people() {
    let (stub, inventory) = read(rows::tenant(1_000, 100, 500), &scope(1_000, 100, 499)).await;
    assert_eq!(inventory.definitions.rows().count(), 1_000);
    assert_eq!(inventory.shares.rows().count(), 1_001);
    assert_eq!(inventory.users.rows().count(), 500);
    let seen = stub.seen();
    assert!(
        seen.len() <= 45,
        "{} requests: {:#?}",
        seen.len(),
        seen.iter().map(|path| &path[..path.len().min(90)]).collect::<Vec<_>>()
    );
    assert!(seen.iter().all(|path| path.len() < 32_768));
}

#[tokio::test]
async fn a_caller_who_reads_his_own_rows_alone_sees_no_set_whole() {
    let mut rows = rows::tenant(5, 3, 10);
    rows.sets.insert("Microsoft.Dynamics.CRM.RetrieveUserPrivileges".into(), vec![caller_reads("Basic")]);
    let (_, inventory) = read(rows, &scope(2, 2, 2)).await;
    assert!(matches!(inventory.flows.get(&id(FLOW, 0)), Answer::Found(_)));
    let unknown = inventory.flows.get(&id(FLOW, 99));
    assert!(matches!(unknown, Answer::Unreadable(problem) if problem.cause == Cause::Trimmed));
    for doubt in [
        inventory.units.doubt(),
        inventory.roles.doubt(),
        inventory.copies.doubt(),
        inventory.holders.doubt(),
        inventory.role_privileges.doubt(),
        inventory.references.doubt(),
        inventory.definitions.doubt(),
        inventory.parents.doubt(),
        inventory.shares.doubt(),
        inventory.users.doubt(),
        inventory.teams.doubt(),
        inventory.team_members.doubt(),
        inventory.principal_roles.doubt(),
    ] {
        assert_eq!(doubt.map(|problem| problem.cause), Some(Cause::Trimmed));
    }
}

#[tokio::test]
async fn a_caller_whose_own_privileges_are_refused_sees_no_set_whole() {
    let mut rows = rows::tenant(5, 3, 10);
    rows.refused.insert("Microsoft.Dynamics.CRM.RetrieveUserPrivileges".into(), 403);
    let (_, inventory) = read(rows, &scope(2, 2, 2)).await;
    assert!(inventory.caller.value().is_some());
    assert!(inventory.flows.doubt().unwrap().says.contains("how much this identity may read is not known"));
}

#[tokio::test]
async fn a_set_that_is_refused_is_unreadable_and_the_others_are_read() {
    let mut rows = rows::tenant(5, 3, 10);
    rows.refused.insert("principalobjectaccessset".into(), 403);
    rows.refused.insert("systemuserrolescollection".into(), 403);
    rows.refused.insert("transitiveMembers".into(), 403);
    let (_, inventory) = read(rows, &scope(2, 2, 2)).await;
    assert!(
        matches!(inventory.shares.get(&id(FLOW, 0)), Answer::Unreadable(problem) if problem.cause == Cause::Forbidden)
    );
    assert!(matches!(inventory.holders.get(&id(ROLE, 0)), Answer::Unreadable(_)));
    assert!(matches!(inventory.group_members.get(&id(GROUP, 0)), Answer::Unreadable(_)));
    assert!(matches!(inventory.definitions.get(&id(FLOW, 0)), Answer::Found(_)));
    assert_eq!(inventory.definitions.doubt(), None);
}

#[tokio::test]
async fn without_rights_in_the_directory_everything_else_works() {
    let mut rows = rows::tenant(5, 3, 10);
    for set in ["users", "groups", "servicePrincipals", "transitiveMembers"] {
        rows.refused.insert(set.into(), 403);
    }
    let mut scope = scope(2, 2, 2);
    let by_id = PrincipalName::Group { name: None, id: Some(id(GROUP, 0)), membership: Membership::default() };
    scope.principals.insert(by_id.clone());
    let (_, inventory) = read(rows, &scope).await;
    assert!(inventory.principal(&user("user1@contoso.com")).one().is_some());
    assert!(inventory.principal(&by_id).one().is_some());
    assert!(inventory.principal(&group()).one().is_none());
    assert_eq!(inventory.users.doubt(), None);
}

#[tokio::test]
async fn flows_of_one_text_that_cannot_be_read_leave_the_others() {
    let mut rows = rows::tenant(5, 3, 10);
    rows.sets.get_mut("workflows").unwrap()[0]["clientdata"] = "{".into();
    let (_, inventory) = read(rows, &scope(2, 2, 2)).await;
    assert!(matches!(inventory.definitions.get(&id(FLOW, 0)), Answer::Unreadable(_)));
    assert!(matches!(inventory.definitions.get(&id(FLOW, 1)), Answer::Found(_)));
}

#[tokio::test]
async fn what_was_touched_is_read_again_past_caches_and_the_rest_is_as_it_was() {
    let (stub, inventory) = read(rows::tenant(5, 3, 10), &scope(2, 2, 2)).await;
    let before = stub.seen().len();
    let ada = Principal::User { name: "user1@contoso.com".into(), id: id(OBJECT, 1) };
    let touched = Touched {
        roles: [id(ROLE, 0)].into(),
        flows: [id(FLOW, 1)].into(),
        principals: [ada].into(),
        ..Touched::default()
    };
    let fresh = refresh(&stub.reader, &inventory, &touched).await;
    assert_eq!(fresh, inventory);
    let again = stub.seen().len() - before;
    assert!((5..=20).contains(&again), "{again}");
    assert_eq!(refresh(&stub.reader, &inventory, &Touched::default()).await, inventory);
    assert_eq!(stub.seen().len() - before, again);
}

#[tokio::test]
async fn the_directory_is_asked_once_for_all_environments() {
    let stub = Stub::start(rows::tenant(5, 3, 10)).await;
    let directory = Directory::default();
    let (environment, scope) = (environment(), scope(1, 1, 2));
    let job =
        crate::collect::Job { reader: &stub.reader, directory: &directory, environment: &environment, scope: &scope };
    let inventories = crate::collect::collect_all(&[job, job, job], 2).await;
    assert_eq!(inventories.len(), 3);
    assert_eq!(inventories[0], inventories[2]);
    let of_graph = stub.seen().iter().filter(|path| path.starts_with("/v1.0/")).count();
    assert_eq!(of_graph, 2);
    assert_eq!(stub.seen_of("workflows").len(), 3 * 3);
}

#[tokio::test]
async fn an_organisation_without_the_set_of_role_privileges_is_asked_by_function() {
    let mut rows = rows::tenant(2, 1, 3);
    rows.refused.insert("roleprivilegescollection".into(), 404);
    let entry = json!({"Depth": "Basic", "PrivilegeId": id(PRIVILEGE, 0), "PrivilegeName": "prvReadworkflow"});
    let answer = json!({"@odata.context": "", "RolePrivileges": [entry]});
    rows.sets.insert("RetrieveRolePrivilegesRole".into(), vec![answer]);
    let (_, inventory) = read(rows, &scope(0, 1, 1)).await;
    assert_eq!(inventory.role_privileges.row(&id(ROLE, 0)), Some(&[(id(PRIVILEGE, 0), Depth::User)].into()));
    assert_eq!(inventory.role_privileges.doubt(), None);
}

#[tokio::test]
async fn an_organisation_without_the_set_of_shares_is_asked_by_function() {
    let mut rows = rows::tenant(2, 1, 3);
    rows.refused.insert("principalobjectaccessset".into(), 400);
    let principal = json!({"@odata.type": "#Microsoft.Dynamics.CRM.team", "ownerid": id(TEAM, 0)});
    let access = json!({"AccessMask": "ReadAccess", "Principal": principal});
    let answer = json!({"@odata.context": "", "PrincipalAccesses": [access]});
    rows.sets.insert("RetrieveSharedPrincipalsAndAccess".into(), vec![answer]);
    let (_, inventory) = read(rows, &scope(1, 0, 1)).await;
    let shares = inventory.shares.row(&id(FLOW, 0)).unwrap();
    assert_eq!(shares, &[(PrincipalRow::Team(id(TEAM, 0)), Rights::READ)].into());
}

#[tokio::test]
async fn whoever_is_not_in_the_environment_is_found_in_the_directory() {
    let mut rows = rows::tenant(2, 1, 3);
    rows.sets.insert("users".into(), vec![rows::eve()]);
    let mut scope = scope(1, 1, 1);
    scope.principals.extend([user("eve@fabrikam.com"), user("nobody@contoso.com")]);
    let (stub, inventory) = read(rows, &scope).await;
    let eve = inventory.principal(&user("eve@fabrikam.com")).one().unwrap();
    assert_eq!(eve.identity(), format!("user:{}", id(OBJECT, 77)));
    assert_eq!(inventory.row_of(&eve), Answer::Absent);
    assert_eq!(inventory.principal(&user("nobody@contoso.com")), Lookup::None);
    // Principals are looked up by filter alone: a GET by alternate key would add them.
    let of_users = stub.seen().into_iter().filter(|path| path.contains("/systemusers"));
    assert!(of_users.filter(|path| path.contains("systemusers(")).all(|path| path.contains("RetrieveUserPrivileges")));
}

#[tokio::test]
async fn a_table_named_by_its_display_name_is_found_among_all_names() {
    let mut rows = rows::tenant(1, 1, 2);
    let tables = rows.sets.get_mut("EntityDefinitions").unwrap();
    tables[2]["LogicalName"] = "contoso_invoice".into();
    tables[2]["DisplayName"]["UserLocalizedLabel"]["Label"] = "Supplier Invoice".into();
    let mut scope = scope(0, 1, 0);
    scope.tables = ["Supplier Invoice".to_owned(), "Suplier Invoice".to_owned()].into();
    let (_, inventory) = read(rows, &scope).await;
    assert_eq!(inventory.table("supplier invoice"), Lookup::One("contoso_invoice".into()));
    assert!(inventory.privilege("contoso_invoice", Operation::Read).is_some());
    assert_eq!(inventory.table("Suplier Invoice"), Lookup::None);
}

#[tokio::test]
async fn an_environment_without_dataverse_has_environment_roles_and_a_directory() {
    let mut rows = Rows::default();
    let principal = json!({"id": id(OBJECT, 5), "displayName": "Pipeline", "type": "ServicePrincipal"});
    let role = json!({"id": "x/roleDefinitions/EnvironmentMaker", "name": "EnvironmentMaker"});
    let properties = json!({"roleDefinition": role, "principal": principal});
    rows.sets.insert("roleAssignments".into(), vec![json!({"id": "a/1", "properties": properties})]);
    let application =
        json!({"id": id(OBJECT, 5), "appId": id(OBJECT, 6), "displayName": "Pipeline", "accountEnabled": true});
    rows.sets.insert("servicePrincipals".into(), vec![application]);
    let stub = Stub::start(rows).await;
    let mut environment = environment();
    environment.environment_id = environment.url.take();
    let pipeline = PrincipalName::Application { name: None, id: id(OBJECT, 6) };
    let scope = Scope { environment_roles: true, principals: [pipeline.clone()].into(), ..Scope::default() };
    let inventory = collect(&stub.reader, &Directory::default(), &environment, &scope).await;
    let makers = &inventory.environment_roles.value().unwrap()[&EnvironmentRole::Maker];
    assert_eq!(makers.keys().collect::<Vec<_>>(), [&inventory.principal(&pipeline).one().unwrap()]);
    assert_eq!(stub.seen().len(), 2);
}

/// Compiles only when environments can be read on several threads.
#[test]
fn reading_can_move_between_threads() {
    fn is_send<T: Send>(_: impl Fn(&'static Stub, &'static Environment, &'static Scope, &'static Directory) -> T) {}
    is_send(|stub, environment, scope, directory| collect(&stub.reader, directory, environment, scope));
}
