mod environments;
mod expiry;

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
    let rules: Vec<Rule> = findings.iter().map(|finding| finding.rule).collect();
    assert_eq!(rules, [Rule::Expired], "the privilege on Connection Reference");
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

/// What is told about a text: line, column, rule and message.
fn told(text: &str) -> Vec<String> {
    let (_, findings) = compiled(text);
    let mut findings: Vec<_> = findings.into_iter().collect();
    findings.sort();
    findings
        .into_iter()
        .map(|finding| {
            let at = finding.at.map_or_else(|| "-".to_owned(), |place| format!("{}:{}", place.line, place.column));
            let also: Vec<_> =
                finding.also.iter().map(|(place, label)| format!(" [{}: {label}]", place.line)).collect();
            format!("{at} {}: {}{}", finding.rule, finding.message, also.concat())
        })
        .collect()
}

const PROD: &str = r"apiVersion: powergrant.dev/v1alpha1
kind: Environment
metadata: { name: prod, labels: { stage: prod } }
spec: { url: https://contoso.crm4.dynamics.com, vars: { who: { user: a@x }, team: [ { user: b@x } ], word: Flow Runner } }
---
";

/// A document of a kind for `prod`: its spec begins in line 11 of the whole text, after two spaces.
fn document(kind: &str, spec: &str) -> String {
    let spec = spec.replace('\n', "\n  ");
    let header =
        format!("apiVersion: powergrant.dev/v1alpha1\nkind: {kind}\nmetadata: {{ name: it }}\nenvironments: [prod]");
    format!("{PROD}{header}\nspec:\n  {spec}\n")
}

#[test]
fn every_mistake_in_a_shape_is_told_at_once() {
    let role = r"rolle: Flow Runner
extent: exactly
allowEmpty: yes
description:
privileges:
  Process: { read: user, Write: usr, Share: { depth: user, expires: tomorrow }, Assign: { state: present } }
  Account: user
miscellaneous: [ prvFlow ]
solution: 7";
    insta::assert_snapshot!(told(&document("SecurityRole", role)).join("\n"), @"
    10:1 shape: `spec` has no `role`
    11:3 shape: `spec` has no field `rolle`
    12:11 shape: `extent` is `exactly`; it takes `named` or `exact`
    13:15 shape: `allowEmpty` is a text; it takes `true` or `false`
    14:3 shape: `description` is empty; it takes a text
    16:16 shape: `Process` has no field `read`
    16:35 shape: `Write` is `usr`; it takes `user`, `businessUnit`, `parentChildBusinessUnits` or `organization`
    16:71 invalid-value: `expires` is `tomorrow`, which is no day such as 2027-01-31
    16:100 shape: `state` is `present`; it takes `absent`
    17:14 shape: `Account` is a text; it takes a mapping
    18:18 shape: `miscellaneous` is a list; it takes a mapping
    19:13 shape: `solution` is a number; it takes a text
    ");
    let members = r"role: { builtin: basicUser }
members:
  - ada@contoso.com
  - { user: a@x, group: { name: b } }
  - { usr: a@x }
  - { group: { id: 123 } }
  - { group: { id: abc } }
  - { application: { name: x } }
  - { team: {} }
  - { user: { name: x } }";
    insta::assert_snapshot!(told(&document("RoleAssignment", members)).join("\n"), @"
    11:3 shape: `role` has none of `builtIn`, `id`
    13:7 shape: an item of `members` is a text; it takes a mapping with `user`, `group`, `application` or `team`
    14:20 shape: `group` does not go with `user` in an item of `members`
    15:7 shape: an item of `members` has none of `user`, `group`, `application`, `team`
    16:22 shape: `id` is a number; it takes a GUID
    17:22 invalid-value: `id` is `abc`, which is no GUID
    18:9 shape: `application` has no `appId`
    20:9 shape: `user` has no `id`
    ");
    let flow = r"flow: { name: x }
connections:
  conector:shared_x: useThisConnection
  'key:': useThisConnection
  a: embedded
  b c: useThisConnection
referenceReaders: { extent: exact, members: [] }
owners: []";
    insta::assert_snapshot!(told(&document("Flow", flow)).join("\n"), @"
    11:3 shape: `flow` has no `solution`
    15:8 shape: `a` is `embedded`; it takes `providedByRunOnlyUser` or `useThisConnection`
    17:23 shape: `referenceReaders` has no field `extent`
    18:11 shape: `owners` is a list; it takes a mapping with `members`
    ");
}

#[test]
fn headers_are_checked_before_anything_else() {
    let text = r"apiVersion: powergrant.dev/v2
kind: Flow
---
kind: Flw
---
apiVersion: powergrant.dev/v1alpha1
kind: Flow
metadata: {}
spec: { flow: x }
---
- 1
---
apiVersion: powergrant.dev/v1alpha1
kind: Environment
metadata: { name: ' ' }
state: absent
environments: []
spec: { url: http://contoso.crm4.dynamics.com, cloud: mars, rails: { min-admins: -1, max-removals: { share: 2 } } }
";
    insta::assert_snapshot!(told(text).join("\n"), @"
    1:13 unknown-kind: `apiVersion` is `powergrant.dev/v2`, which this powergrant does not know
    4:1 unknown-kind: the document has no `apiVersion`
    4:7 unknown-kind: `kind` is `Flw`, which is none that powergrant knows
    6:1 shape: the Flow document has no `environments`
    8:1 shape: `metadata` has no `name`
    11:1 unknown-kind: a document is a mapping with `apiVersion` and `kind`; this is a list
    15:19 invalid-value: `name` is ` `, which says nothing
    16:1 shape: an Environment document has no `state`
    17:1 shape: an Environment document has no `environments`
    18:55 shape: `cloud` is `mars`; it takes `public`, `gcc`, `gcchigh`, `dod` or `china`
    18:82 invalid-value: `min-admins` is -1; the least is 0
    18:109 invalid-value: `share` is 2; the most is 1
    ");
}

#[test]
fn a_variable_is_defined_and_fits_where_it_is_used() {
    let spec = r"role: ${wrod}
extent: ${who}
businessUnit: unit ${word}
members:
  - ${word}
  - ${who}
  - ${team}
  - ${nobody}
  - user: ${team}
  - user: ${word}
    expires: ${word}";
    insta::assert_snapshot!(told(&document("RoleAssignment", spec)).join("\n"), @"
    11:9 undefined-variable: `${wrod}` is not defined in prod
    13:17 invalid-value: `unit ${word}` has a variable for a part of it
    18:7 undefined-variable: `${nobody}` is not defined in prod
    ");
    let spec = spec.replace("unit ${word}", "unit").replace("${wrod}", "${word}").replace("  - ${nobody}\n", "");
    insta::assert_snapshot!(told(&document("RoleAssignment", &spec)).join("\n"), @"
    12:11 undefined-variable: `${who}` does not fit here in prod: `extent` is a mapping; it takes `named` or `exact`
    15:7 undefined-variable: `${word}` does not fit here in prod: an item of `members` is a text; it takes a mapping with `user`, `group`, `application` or `team`
    18:13 undefined-variable: `${team}` does not fit here in prod: `user` is a list; it takes a text or a mapping with `id`
    20:16 undefined-variable: `${word}` does not fit here in prod: `expires` is `Flow Runner`, which is no day such as 2027-01-31
    ");
}

#[test]
fn contradictions_name_both_places() {
    let one = document(
        "RoleAssignment",
        "role: Flow Runner\nextent: exact\nmembers:\n  - user: ada@x\n  - group: { id: 22220000-0000-0000-0000-000000000002 }",
    );
    let text = format!(
        r"{one}---
apiVersion: powergrant.dev/v1alpha1
kind: RoleAssignment
metadata: {{ name: two }}
environments: [prod]
spec:
  role: flow runner
  extent: named
  members:
    - {{ user: ADA@x, state: absent }}
    - {{ group: {{ id: 22220000-0000-0000-0000-000000000002, membership: owners }}, state: absent }}
---
apiVersion: powergrant.dev/v1alpha1
kind: Flow
metadata: {{ name: f }}
environments: [prod]
spec:
  flow: F
  connections: {{ a: useThisConnection, A: providedByRunOnlyUser }}
  runOnlyUsers: {{ members: [ {{ user: ada@x }} ] }}
  owners: {{ extent: exact, members: [ {{ user: ada@x }} ] }}
---
apiVersion: powergrant.dev/v1alpha1
kind: SecurityRole
metadata: {{ name: r }}
environments: [prod]
spec: {{ role: R, privileges: {{ Process: {{ Read: user }}, process: {{ Read: organization }} }} }}
"
    );
    insta::assert_snapshot!(told(&text).join("\n"), @"
    23:3 contradiction: assignment of flow runner, extent of holders: named here and exact elsewhere [12: exact here]
    25:7 contradiction: assignment of flow runner, user ADA@x: absent here and held elsewhere [14: held here]
    34:18 contradiction: flow F, connection a: use this connection here and provided by run-only user elsewhere [34: provided by run-only user here]
    36:39 contradiction: flow F, user ada@x: co-owner here and run-only user elsewhere [35: run-only user here]
    42:68 contradiction: security role R, Read on process: organization here and user elsewhere [42: user here]
    ");
}

#[test]
fn an_exact_list_of_nobody_says_that_it_is_meant() {
    for (spec, expected) in [
        (
            "role: R\nextent: exact\nmembers: []",
            vec!["13:3 empty-exact: an exact list that names nothing revokes everybody"],
        ),
        ("role: R\nextent: exact\nallowEmpty: true\nmembers: []", vec![]),
        ("role: R\nmembers: []", vec![]),
        (
            "role: R\nextent: exact\nmembers: [ { user: a@x, expires: 2020-01-01 } ]",
            vec!["13:14 expired: expired on 2020-01-01; it is taken away wherever it is still held"],
        ),
    ] {
        let text = document("RoleAssignment", spec);
        assert_eq!(told(&text), expected, "{spec}");
    }
}

#[test]
fn an_absent_document_revokes_whom_it_names() {
    let text =
        document("Flow", "flow: F\nconnections: { a: useThisConnection }\nrunOnlyUsers: { members: [ ${team} ] }")
            .replace("environments: [prod]", "environments: [prod]\nstate: absent");
    let (desired, findings) = compiled(&text);
    assert_eq!(findings, []);
    let flow = &desired.environments[0].flows[0];
    assert_eq!(flow.connections, []);
    assert_eq!(flow.run_only_users.as_ref().unwrap().members[0].state, State::Absent);
}
