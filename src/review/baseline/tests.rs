use super::{new_access, no_longer_exact};
use crate::compile::desired::Desired;
use crate::review::sample::{desired, document};

fn manifests(rails: &str, kind: &str, spec: &str) -> Desired {
    Desired { environments: vec![desired(rails, &document(kind, spec))] }
}

/// What one document gives that another one does not.
fn news(kind: &str, baseline: &str, now: &str) -> Vec<String> {
    let found = new_access(&manifests("", kind, baseline), &manifests("", kind, now));
    let message =
        |message: &str| message.trim_start_matches("contoso-prod (https://contoso.crm4.dynamics.com), ").to_owned();
    found.iter().map(|finding| message(&finding.message)).collect()
}

const HELD: &str =
    "{ role: Flow Runner, members: [{ user: ada@contoso.com, expires: 2026-12-31 }, { group: { name: SG-A } }] }";

#[test]
fn the_same_manifests_give_nothing_new() {
    assert_eq!(news("RoleAssignment", HELD, HELD), Vec::<String>::new());
}

#[test]
fn whatever_is_less_or_gone_is_nothing_new() {
    for less in [
        HELD.replace("2026-12-31", "2026-07-01"),
        HELD.replace("2026-12-31", "2026-05-01"),
        HELD.replace("{ user: ada@contoso.com, expires: 2026-12-31 }, ", ""),
        HELD.replace("expires: 2026-12-31", "state: absent"),
        HELD.replace("Flow Runner,", "Flow Runner, extent: exact,"),
        HELD.replace("ada@contoso.com", "ADA@contoso.com"),
    ] {
        assert_eq!(news("RoleAssignment", HELD, &less), Vec::<String>::new(), "{less}");
    }
}

#[test]
fn whoever_is_more_or_longer_or_another_one_is_new() {
    let of = "role assignment flow runner: ";
    for (now, said) in [
        (HELD.replace("[{", "[{ user: bob@contoso.com }, {"), format!("{of}user bob@contoso.com is new")),
        (
            HELD.replace("2026-12-31", "2027-01-01"),
            format!(
                "{of}user ada@contoso.com is `given until 2027-01-01`, and `given until 2026-12-31` in the baseline"
            ),
        ),
        (
            HELD.replace(", expires: 2026-12-31", ""),
            format!("{of}user ada@contoso.com is `given`, and `given until 2026-12-31` in the baseline"),
        ),
        (HELD.replace("name: SG-A", "name: SG-A, membership: guests"), format!("{of}group sg-a (guests) is new")),
        (
            HELD.replace("name: SG-A", "id: 00000000-0000-0000-0000-000000000061, name: SG-A"),
            format!("{of}group SG-A (00000000-0000-0000-0000-000000000061, membersAndGuests) is new"),
        ),
        (
            HELD.replace("Flow Runner", "System Administrator"),
            "role assignment System Administrator: group sg-a (membersAndGuests) is new".to_owned(),
        ),
    ] {
        let found = news("RoleAssignment", HELD, &now);
        assert!(found.contains(&said), "{now}: {found:#?}");
    }
}

#[test]
fn privileges_grow_by_depth_and_by_time() {
    let role = |grant: &str| format!("{{ role: Flow Runner, privileges: {{ Process: {{ Read: {grant} }} }} }}");
    let until = |day: &str| role(&format!("{{ depth: user, expires: {day} }}"));
    let is_new = |baseline: &str, now: &str| !news("SecurityRole", baseline, now).is_empty();
    assert!(is_new(&role("user"), &role("organization")));
    assert!(!is_new(&role("organization"), &role("user")));
    assert!(is_new(&until("2026-12-31"), &role("user")));
    assert!(!is_new(&role("user"), &until("2026-12-31")));
    // Further, but for a shorter time, is neither less nor more: it counts as new.
    let further = role("{ depth: organization, expires: 2026-07-01 }");
    assert!(is_new(&role("user"), &further));
}

#[test]
fn lending_a_connection_is_new_and_taking_it_back_is_not() {
    let flow = |mode: &str| format!("{{ flow: Expense intake, connections: {{ contoso_outlook: {mode} }} }}");
    let (own, lent) = (flow("providedByRunOnlyUser"), flow("useThisConnection"));
    assert_eq!(news("Flow", &own, &lent), ["flow expense intake: connection contoso_outlook is new"]);
    assert_eq!(news("Flow", &lent, &own), Vec::<String>::new());
    let with = |key: &str| format!("{{ flow: Expense intake, {key}: {{ members: [{{ user: ada@contoso.com }}] }} }}");
    assert_eq!(
        news("Flow", &with("runOnlyUsers"), &with("owners")),
        ["flow expense intake, co-owners: user ada@contoso.com is new"]
    );
}

#[test]
fn another_address_is_another_environment_and_a_loosened_rail_is_told() {
    let now = manifests("", "RoleAssignment", HELD);
    let mut elsewhere = now.clone();
    for environment in &mut elsewhere.environments {
        let url = environment.environment.url.as_mut().expect("it has an address");
        url.value = "https://fabrikam.crm4.dynamics.com".to_owned();
    }
    assert!(new_access(&now, &elsewhere).len() >= 2, "everything there is new");
    let loosened = "max-audience: 500, privileged-grant: [{ user: ada@contoso.com }], unmanaged-layer: allowed";
    let found = new_access(&now, &manifests(loosened, "RoleAssignment", HELD));
    let told: Vec<&str> = found.iter().filter_map(|finding| finding.message.split("given: ").nth(1)).collect();
    assert_eq!(
        told,
        [
            "rail max-audience is `500`, and `200` in the baseline",
            "rail privileged-grant for user ada@contoso.com is new",
            "rail unmanaged-layer is new"
        ]
    );
    assert_eq!(new_access(&manifests(loosened, "RoleAssignment", HELD), &now), []);
}

#[test]
fn a_list_that_is_not_exact_any_more_is_told() {
    let exact = manifests("", "RoleAssignment", &HELD.replace("Flow Runner,", "Flow Runner, extent: exact,"));
    let named = manifests("", "RoleAssignment", HELD);
    assert_eq!(no_longer_exact(&exact, &named).len(), 1);
    assert_eq!(no_longer_exact(&named, &exact), []);
}

#[test]
fn a_line_that_kept_a_connection_back_and_is_gone_lends_it() {
    let flow = |lines: &str| format!("{{ flow: Expense intake, connections: {{ {lines} }} }}");
    let kept = flow("\"*\": useThisConnection, contoso_dataverse: providedByRunOnlyUser");
    assert_eq!(
        news("Flow", &kept, &flow("\"*\": useThisConnection")),
        [
            "flow expense intake: every other connection is `lent`, and `lent but for connection contoso_dataverse` in the baseline"
        ]
    );
    assert_eq!(news("Flow", &flow("\"*\": useThisConnection"), &kept), Vec::<String>::new());
}

/// What a policy does not ask any more.
fn weaker(baseline: &str, now: &str) -> Vec<String> {
    let found = new_access(&manifests("", "Policy", baseline), &manifests("", "Policy", now));
    found.iter().map(|finding| finding.message.replace("contoso-prod, policy: ", "")).collect()
}

#[test]
fn a_policy_that_asks_less_is_told_and_one_that_asks_more_is_not() {
    let excepted = |until: &str| {
        format!(
            "{{ rules: {{ groups-only: error }}, exceptions: [{{ rule: groups-only, member: {{ user: ada@contoso.com }}, reason: r{until} }}] }}"
        )
    };
    let strict = "{ rules: { groups-only: error, no-direct-admins: warning }, everyone: [{ group: { name: All } }], risk: { grades: { guest: critical } } }";
    for (baseline, now, said) in [
        (
            strict,
            "{ rules: { no-direct-admins: warning }, everyone: [{ group: { name: All } }], risk: { grades: { guest: critical } } }",
            "groups-only is off, and an error in the baseline",
        ),
        (
            strict,
            &strict.replace("groups-only: error", "groups-only: warning"),
            "groups-only is a warning, and an error in the baseline",
        ),
        (
            strict,
            &strict.replace("name: All", "name: Some"),
            "group all (membersAndGuests) does not stand for everyone any more",
        ),
        (strict, &strict.replace("critical", "low"), "the risk critical of guest is no more"),
        (
            "{ rules: { groups-only: error } }",
            &excepted(""),
            "user ada@contoso.com is excepted from groups-only, and not in the baseline",
        ),
        (
            &excepted(", expires: 2026-12-31"),
            &excepted(""),
            "user ada@contoso.com is excepted from groups-only for longer than in the baseline",
        ),
    ] {
        assert_eq!(weaker(baseline, now), [said], "{now}");
        let back = weaker(now, baseline);
        assert!(back.is_empty() || said.contains("everyone") || said.contains("risk"), "{back:?}");
    }
    assert_eq!(weaker(strict, strict), Vec::<String>::new());
}

#[test]
fn every_kind_of_document_can_give_something_new() {
    let nothing = |kind| match kind {
        "SecurityRole" => "{ role: Flow Runner }",
        "RoleAssignment" => "{ role: Flow Runner, members: [{ group: { name: SG-A } }] }",
        "Flow" => "{ flow: Expense intake, owners: { members: [{ group: { name: SG-A } }] } }",
        other => panic!("{other}"),
    };
    for (kind, more) in [
        ("SecurityRole", "{ role: Other }"),
        ("SecurityRole", "{ role: Flow Runner, memberPrivilegeInheritance: direct }"),
        ("SecurityRole", "{ role: Flow Runner, miscellaneous: { prvFlow: organization } }"),
        ("SecurityRole", "{ role: Flow Runner, allowUnmanagedLayer: true }"),
        ("RoleAssignment", "{ environmentRole: admin, members: [{ group: { name: SG-A } }] }"),
        ("RoleAssignment", "{ role: Flow Runner, businessUnit: Sales, members: [{ group: { name: SG-A } }] }"),
        ("Flow", "{ flow: Expense intake, referenceReaders: { members: [{ group: { name: SG-A } }] } }"),
        ("Flow", "{ flow: Expense intake, allowUnmanagedLayer: true }"),
        ("Flow", "{ flows: { solution: expenses }, owners: { members: [{ group: { name: SG-A } }] } }"),
    ] {
        assert_eq!(news(kind, nothing(kind), more).len(), 1, "{more}");
    }
}
