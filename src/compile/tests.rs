use jiff::civil::date;

use super::*;
use crate::compile::desired::{AddUsers, ConnectionTarget, FlowName, PrincipalName, RoleName, State};
use crate::manifest;
use crate::names::{BuiltInRole, Depth, Membership};

const TENANT: &str = r"
apiVersion: powergrant.dev/v1alpha1
kind: Environment
metadata: { name: contoso-prod, labels: { stage: prod } }
spec:
  url: https://contoso.crm4.dynamics.com/
  environmentId: 7f3c0000-0000-0000-0000-000000000001
  tenant: 11110000-0000-0000-0000-000000000001
  cloud: public
  credentials: POWERGRANT_PROD
  addUsers: dataverse
  actAs: caller
  groupTeams: { membership: members, businessUnit: root }
  vars:
    runners: { group: { id: 22220000-0000-0000-0000-000000000002, name: SG-Expense-Prod } }
    testers: [ { user: ada@contoso.com }, { user: bob@contoso.com } ]
    runRole: Flow Runner
  rails: { max-removals: { absolute: 20, share: 0.25, floor: 10 }, min-admins: 2, required-admins: [], max-audience: 200, protected: [ { user: breakglass@contoso.com } ] }
---
apiVersion: powergrant.dev/v1alpha1
kind: SecurityRole
metadata: { name: flow-runner }
environments: { selector: { stage: prod } }
spec:
  role: Flow Runner
  memberPrivilegeInheritance: direct
  extent: named
  privileges:
    Process: { Read: user }
    Connection Reference: { Read: { depth: user, expires: 2026-01-31 } }
    Environment Variable Definition: { Read: organization, Write: { state: absent } }
  miscellaneous: { prvFlow: organization }
---
apiVersion: powergrant.dev/v1alpha1
kind: RoleAssignment
metadata: { name: flow-runners }
environments: [contoso-prod]
spec:
  role: ${runRole}
  members:
    - ${runners}
    - ${testers}
    - user: carl@contoso.com
      expires: 2027-01-31
    - group: { id: 22220000-0000-0000-0000-000000000002, membership: owners, sync: true }
    - application: { appId: 33330000-0000-0000-0000-000000000003 }
    - team: { name: Finance, businessUnit: Contoso }
      state: absent
---
apiVersion: powergrant.dev/v1alpha1
kind: RoleAssignment
metadata: { name: basic }
environments: [contoso-prod]
spec:
  role: Environment User
  members: [ ${runners} ]
---
apiVersion: powergrant.dev/v1alpha1
kind: Flow
metadata: { name: expense-intake }
environments: [contoso-prod]
spec:
  flow: Expense intake
  connections:
    contoso_sharepoint: providedByRunOnlyUser
    key:shared_x_1: useThisConnection
    'connector:shared_office365': useThisConnection
    '*': providedByRunOnlyUser
  runOnlyUsers: { extent: exact, members: [ ${runners} ] }
  owners: { members: [ { group: { name: SG-Makers } } ] }
  referenceReaders: { members: [ ${runners} ] }
";

fn compiled(text: &str) -> (Desired, Vec<Finding>) {
    let manifests = manifest::load([("a.yaml".to_owned(), Ok(text.to_owned()))]);
    let (desired, more) = compile(&manifests.documents, date(2026, 12, 1), &[]);
    (desired, manifests.findings.into_iter().chain(more).collect())
}

#[test]
fn every_kind_of_document_says_what_it_wants() {
    let (desired, findings) = compiled(TENANT);
    assert_eq!(findings, []);
    let [prod] = desired.environments.as_slice() else { panic!("one environment") };
    assert_eq!(prod.environment.url.as_ref().map(|url| url.value.as_str()), Some("https://contoso.crm4.dynamics.com"));
    assert_eq!(prod.environment.add_users, AddUsers::Dataverse);
    assert_eq!(prod.environment.rails.protected.len(), 1);

    let [role] = prod.roles.as_slice() else { panic!("one role") };
    assert_eq!(role.member_inheritance.as_ref().map(|inheritance| inheritance.value), Some(true));
    let depths: Vec<_> =
        role.privileges.iter().map(|it| (it.table.value.as_str(), it.operation.word(), it.depth)).collect();
    assert_eq!(
        depths,
        [
            ("Connection Reference", "Read", None), // its day has passed
            ("Environment Variable Definition", "Read", Some(Depth::Organization)),
            ("Environment Variable Definition", "Write", None),
            ("Process", "Read", Some(Depth::User)),
        ]
    );

    let [runners, basic] = prod.assignments.as_slice() else { panic!("two assignments") };
    assert_eq!(runners.role.value, RoleName::Name("Flow Runner".to_owned()));
    assert_eq!(basic.role.value, RoleName::BuiltIn(BuiltInRole::BasicUser));
    let members: Vec<_> =
        runners.members.members.iter().map(|it| (it.principal.clone(), it.state, it.sync, it.place.line)).collect();
    let user = |name: &str| PrincipalName::User { name: Some(name.to_owned()), id: None };
    let group = |name: Option<&str>, membership| PrincipalName::Group {
        name: name.map(str::to_owned),
        id: Some("22220000-0000-0000-0000-000000000002".parse().unwrap()),
        membership,
    };
    let application =
        PrincipalName::Application { name: None, id: "33330000-0000-0000-0000-000000000003".parse().unwrap() };
    let team =
        PrincipalName::Team { name: Some("Finance".to_owned()), id: None, business_unit: Some("Contoso".to_owned()) };
    assert_eq!(
        members,
        [
            (group(Some("SG-Expense-Prod"), Membership::Members), State::Present, false, 41),
            (user("ada@contoso.com"), State::Present, false, 42),
            (user("bob@contoso.com"), State::Present, false, 42),
            (user("carl@contoso.com"), State::Present, false, 43),
            (group(None, Membership::Owners), State::Present, true, 45),
            (application, State::Present, false, 46),
            (team, State::Absent, false, 47),
        ]
    );

    let [flow] = prod.flows.as_slice() else { panic!("one flow") };
    assert_eq!(flow.flow.value, FlowName::Name("Expense intake".to_owned()));
    let targets: Vec<_> = flow.connections.iter().map(|connection| connection.target.clone()).collect();
    assert_eq!(
        targets,
        [
            ConnectionTarget::All,
            ConnectionTarget::Connector("shared_office365".to_owned()),
            ConnectionTarget::LogicalName("contoso_sharepoint".to_owned()),
            ConnectionTarget::Key("shared_x_1".to_owned()),
        ]
    );
    assert_eq!(flow.run_only_users.as_ref().map(|list| list.members.len()), Some(1));
}
