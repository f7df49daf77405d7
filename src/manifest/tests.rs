use std::fmt::Debug;

use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::*;
use crate::kinds::principals::{Group, KnownUser, List, Member, State, Team, User};
use crate::kinds::security_role::spec::{BuiltIn, Grant, KnownRole, Operations, RoleName, Until};
use crate::kinds::{flow, role_assignment, security_role};
use crate::ledger::Extent;
use crate::manifest::envelope::{Addressees, Kind, Manifest, Metadata};
use crate::names::{BuiltInRole, ConnectionMode, Depth, Membership, Operation};

/// Writes a document, loads it again, and compares; blind to variables and to Environment documents.
fn survives<S: Serialize + DeserializeOwned + PartialEq + Debug>(kind: Kind, spec: S) -> Result<(), TestCaseError> {
    let manifest = Manifest {
        api_version: ApiVersion::V1Alpha1,
        kind,
        metadata: Metadata { name: "it".to_owned(), ..Metadata::default() },
        state: State::Present,
        environments: Addressees::Names(vec!["prod".to_owned()]),
        spec,
    };
    let text = yaml::to_yaml(&manifest).map_err(TestCaseError::fail)?;
    let loaded = load([("it.yaml".to_owned(), Ok(text.clone()))]);
    prop_assert_eq!(&loaded.findings, &[], "{}", text);
    let read = loaded.documents[0].spec::<S>(None);
    prop_assert_eq!(read.map(|read| read.spec), Ok(manifest.spec), "{}", text);
    Ok(())
}

/// Any name but an empty one and one that is a variable.
fn name() -> impl Strategy<Value = String> {
    "[^${}\\p{C}]{0,11}[\\p{L}\\p{N}!?*#:.-]"
}

fn guid() -> impl Strategy<Value = uuid::Uuid> {
    any::<u128>().prop_map(uuid::Uuid::from_u128)
}

fn member() -> impl Strategy<Value = Member> {
    let expires = || proptest::option::of((2020_i16..2100).prop_map(|year| jiff::civil::date(year, 2, 28)));
    let state = || prop_oneof![Just(State::Present), Just(State::Absent)];
    let user = prop_oneof![
        name().prop_map(User::Name),
        (guid(), proptest::option::of(name())).prop_map(|(id, name)| User::Known(KnownUser { id, name })),
    ];
    let group = (proptest::option::of(guid()), name(), any::<bool>()).prop_map(|(id, name, sync)| Group {
        id,
        name: Some(name),
        membership: sync.then_some(Membership::Owners),
        sync,
    });
    let team = (name(), proptest::option::of(name())).prop_map(|(name, business_unit)| Team {
        id: None,
        name: Some(name),
        business_unit,
    });
    prop_oneof![
        (user, expires(), state()).prop_map(|(user, expires, state)| Member::User { user, expires, state }),
        (group, expires(), state()).prop_map(|(group, expires, state)| Member::Group { group, expires, state }),
        (team, expires(), state()).prop_map(|(team, expires, state)| Member::Team { team, expires, state }),
    ]
}

fn members() -> impl Strategy<Value = Vec<Member>> {
    proptest::collection::vec(member(), 0..4)
}

fn role() -> impl Strategy<Value = RoleName> {
    prop_oneof![
        name().prop_map(RoleName::Name),
        Just(RoleName::BuiltIn(BuiltIn { built_in: BuiltInRole::AppOpener })),
        guid().prop_map(|id| RoleName::Known(KnownRole { id, name: None })),
    ]
}

fn grant() -> impl Strategy<Value = Grant> {
    prop_oneof![
        Just(Grant::Depth(Depth::ParentChildBusinessUnits)),
        Just(Grant::Until(Until { depth: Depth::User, expires: Some(jiff::civil::date(2027, 1, 31)) })),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn an_assignment_survives_writing_and_reading(role in role(), unit in proptest::option::of(name()), members in members()) {
        let spec = role_assignment::spec::Spec {
            role: Some(role),
            business_unit: unit,
            extent: Some(Extent::Exact),
            allow_empty: true,
            members,
            ..role_assignment::spec::Spec::default()
        };
        survives(Kind::RoleAssignment, spec)?;
    }

    #[test]
    fn a_role_survives_writing_and_reading(
        role in role(),
        description in proptest::option::of(name()),
        privileges in proptest::collection::btree_map(name(), grant(), 0..4),
    ) {
        let operations = |grant: &Grant| Operations([(Operation::AppendTo, grant.clone())].into());
        let spec = security_role::spec::Spec {
            role,
            description,
            member_privilege_inheritance: None,
            solution: None,
            allow_unmanaged_layer: false,
            extent: None,
            allow_empty: false,
            privileges: privileges.iter().map(|(table, grant)| (table.clone(), operations(grant))).collect(),
            miscellaneous: privileges,
        };
        survives(Kind::SecurityRole, spec)?;
    }

    #[test]
    fn a_flow_survives_writing_and_reading(
        flow in name(),
        connections in proptest::collection::btree_map(name(), Just(ConnectionMode::UseThisConnection), 0..4),
        members in members(),
    ) {
        let list = List { extent: Some(Extent::Named), allow_empty: false, members };
        let spec = flow::spec::Spec {
            flow: Some(flow::spec::FlowName::Name(flow)),
            connections,
            run_only_users: Some(list),
            ..flow::spec::Spec::default()
        };
        survives(Kind::Flow, spec)?;
    }

    #[test]
    fn no_text_makes_it_fall_over(lines in proptest::collection::vec(scrap(), 0..20)) {
        let text = lines.join("\n");
        let loaded = load([("it.yaml".to_owned(), Ok(text))]);
        for document in &loaded.documents {
            for kind in &loaded.documents {
                document.undefined(kind.variables());
            }
        }
        crate::render::findings::text(&loaded.findings, &loaded.sources);
    }
}

/// A line as a manifest might have it, in a place where it need not be.
fn scrap() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("---".to_owned()),
        Just("apiVersion: powergrant.dev/v1alpha1\nkind: Flow\nmetadata: { name: x }".to_owned()),
        Just("apiVersion: powergrant.dev/v1alpha1\nkind: Environment\nspec: { vars: { x: [ 1 ] } }".to_owned()),
        Just("spec:".to_owned()),
        Just("environments: { selector: 1 }".to_owned()),
        ("[ ]{0,4}", "[a-zA-Z]{1,8}", "[ -~é\t]{0,12}")
            .prop_map(|(indent, key, value)| format!("{indent}{key}: {value}")),
        "[ ]{0,4}- [ -~\u{202e}]{0,10}",
    ]
}

#[test]
fn editors_and_check_agree_on_what_is_good() {
    let validator = jsonschema::validator_for(&schema::schema()).unwrap();
    let header = "apiVersion: powergrant.dev/v1alpha1\nmetadata: { name: it }\n";
    let addressed = "environments: [ prod ]\n";
    for (text, is_good) in [
        (
            format!("{header}{addressed}kind: Flow\nspec: {{ flow: F, runOnlyUsers: {{ members: [ '${{x}}' ] }} }}"),
            true,
        ),
        (format!("{header}{addressed}kind: Flow\nspec: {{ flow: F, runOnlyUsers: {{ members: [ x ] }} }}"), false),
        (
            format!(
                "{header}{addressed}kind: SecurityRole\nspec: {{ role: R, privileges: {{ A: {{ Read: '${{d}}' }} }} }}"
            ),
            true,
        ),
        (
            format!(
                "{header}{addressed}kind: SecurityRole\nspec: {{ role: R, privileges: {{ A: {{ Read: global }} }} }}"
            ),
            false,
        ),
        (format!("{header}kind: SecurityRole\nspec: {{ role: R }}"), false),
        (format!("{header}kind: Environment\nspec: {{ url: 'https://x.crm.dynamics.com', cloud: gcc }}"), true),
        (format!("{header}kind: Environment\nspec: {{ cloud: '${{x}}' }}"), false),
        (
            format!("{header}{addressed}kind: RoleAssignment\nspec: {{ role: {{ builtIn: basicUser }}, members: [] }}"),
            true,
        ),
        (
            format!("{header}{addressed}kind: RoleAssignment\nspec: {{ role: {{ builtIn: basic }}, members: [] }}"),
            false,
        ),
    ] {
        let json = yaml::load(&text).documents[0].to_json();
        assert_eq!(validator.is_valid(&json), is_good, "schema: {text}");
        let loaded = load([("it.yaml".to_owned(), Ok(text.clone()))]);
        assert_eq!(loaded.findings.is_empty(), is_good, "check: {text}: {:?}", loaded.findings);
    }
}
