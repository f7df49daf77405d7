//! Roles that are not written here: each thing that a manifest may want of one is blocked with its reason, and nothing is sent.
use powergrant::render;
use powergrant::rules::Rule;
use powergrant::sandbox::seed::default_seed;

use super::{PROD, RUNNER, blocked, document, found, seed, tenant, wanted, writes};

/// What may be wanted of a role that is there, by what it is about; `{}` is the role.
const WANTED: [(&str, &str); 5] = [
    ("a privilege more", "{ role: {}, privileges: { Process: { Share: organization } } }"),
    ("another depth", "{ role: {}, privileges: { Process: { Read: businessUnit } } }"),
    ("a privilege less", "{ role: {}, privileges: { Process: { Read: { state: absent } } } }"),
    ("nothing else", "{ role: {}, extent: exact, privileges: { Connection Reference: { Share: user } } }"),
    ("properties", "{ role: {}, description: Another one, memberPrivilegeInheritance: teamOnly }"),
];

/// A role that a managed solution brought, one that its publisher closed, and the example's own.
fn with_roles() -> String {
    let of = |name: &str, more: &str| {
        format!(
            "        - {{ name: {name}, privileges: {{ prvReadWorkflow: Basic, prvWriteWorkflow: Basic }}, {more} }}\n"
        )
    };
    let roles = of("Delivered", "managed: true, customizable: true") + &of("Closed", "customizable: false");
    seed("      users:\n", &format!("      roles:\n{roles}      users:\n"))
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_managed_a_closed_or_a_built_in_role_is_written() {
    let pipe = tenant(&with_roles()).await;
    let before = pipe.with(|tenant| tenant.fingerprint());
    let roles = [
        ("Delivered", "managed; change it in the source environment"),
        ("Closed", "its publisher does not let it be customised"),
        ("Basic User", "built-in: make a role of your own"),
        ("{ builtIn: environmentMaker }", "built-in: make a role of your own"),
    ];
    for (role, reason) in roles {
        let written = WANTED.map(|(what, spec)| (what, document("SecurityRole", "case", &spec.replace("{}", role))));
        let absent = document("SecurityRole", "case", &format!("{{ role: {role} }}"));
        let absent = absent.replacen("environments:", "state: absent\nenvironments:", 1);
        for (what, document) in written.into_iter().chain([("its end", absent)]) {
            let planned = pipe.plan(&wanted("", &[document])).await;
            let plan = &planned.plan;
            let shown = format!("{role}, {what}:\n{}", render::plan::text(&[plan]));
            assert_eq!(plan.changes().count(), 0, "{shown}");
            assert!(plan.has_differences() && !plan.has_errors(), "{shown}{:#?}", plan.findings);
            let blocked = blocked(plan);
            assert!(!blocked.is_empty() && blocked.iter().all(|(_, said)| said.contains(reason)), "{shown}");
            assert!(pipe.apply(&planned).await.results.is_empty(), "{shown}");
        }
    }
    assert_eq!(pipe.with(|tenant| writes(tenant)), Vec::<String>::new());
    assert_eq!(pipe.with(|tenant| tenant.fingerprint()), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_taken_by_a_role_that_is_not_written_makes_no_second_one() {
    let pipe = tenant(&with_roles()).await;
    for role in ["Delivered", "Closed", "Basic User"] {
        let spec = format!("{{ role: {role}, privileges: {{ Process: {{ Read: user }} }} }}");
        let planned = pipe.plan(&wanted("", &[document("SecurityRole", "case", &spec)])).await;
        assert!(planned.plan.changes().next().is_none(), "{role}: {:#?}", planned.plan.lines);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_managed_role_is_written_only_where_the_document_allows_a_layer_and_the_others_never() {
    let pipe = tenant(&with_roles()).await;
    for (role, changes) in [("Delivered", 1), ("Closed", 0), ("Basic User", 0), ("Environment Maker", 0)] {
        let spec = format!(
            "{{ role: {role}, allowUnmanagedLayer: true, privileges: {{ Process: {{ Share: organization }} }} }}"
        );
        let planned = pipe.plan(&wanted("", &[document("SecurityRole", "case", &spec)])).await;
        assert_eq!(planned.plan.changes().count(), changes, "{role}: {:#?}", planned.plan.lines);
        assert_eq!(blocked(&planned.plan).len(), 1 - changes, "{role}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_copy_of_a_role_that_a_business_unit_inherits_is_told_from_the_role_and_not_written() {
    let units = "      rootBusinessUnit: Contoso\n";
    let pipe = tenant(&seed(units, &format!("{units}      businessUnits: [{{ name: Sales }}]\n"))).await;
    let made = pipe.plan(&wanted("", &[document("SecurityRole", "runner", RUNNER)])).await;
    super::assert_held(&pipe.apply(&made).await);
    let (role, copy, before) = pipe.with(|tenant| {
        tenant.log.clear();
        let fingerprint = tenant.fingerprint();
        let organization = tenant.organization(PROD).expect("the example's environment");
        let role = organization.role("Flow Runner").expect("it was made");
        let is_copy = |row: &serde_json::Value| row == &serde_json::json!(role);
        let mut rows = organization.all("role");
        let copy =
            rows.find(|(id, row)| *id != role && is_copy(&row["_parentrootroleid_value"])).expect("Sales has one").0;
        (role, copy, fingerprint)
    });
    let by_id = format!("{{ id: {copy} }}");
    let absent = document("SecurityRole", "case", &format!("{{ role: {by_id} }}"));
    let members = format!("{{ role: {by_id}, members: [{{ user: ada@contoso.com }}] }}");
    let cases = WANTED.map(|(_, spec)| document("SecurityRole", "case", &spec.replace("{}", &by_id)));
    let more = [
        absent.replacen("environments:", "state: absent\nenvironments:", 1),
        document("RoleAssignment", "case", &members),
    ];
    for document in cases.into_iter().chain(more) {
        let plan = pipe.plan(&wanted("", std::slice::from_ref(&document))).await.plan;
        assert!(plan.has_errors() && plan.changes().next().is_none(), "{document}: {:#?}", plan.lines);
        let told = found(&plan, Rule::NotWritable);
        assert_eq!(told.len(), 1, "{document}: {:#?}", plan.findings);
        assert!(
            told[0].message.contains("the copy of security role `Flow Runner` that business unit `Sales` inherits")
        );
        assert!(told[0].hints[0].contains(&format!("id: {role}")), "{told:#?}");
    }
    // Nobody's id is told as such.
    let nobody =
        document("SecurityRole", "case", &WANTED[0].1.replace("{}", "{ id: 99999999-9999-9999-9999-999999999999 }"));
    assert_eq!(found(&pipe.plan(&wanted("", &[nobody])).await.plan, Rule::UnknownRole).len(), 1);
    assert_eq!(pipe.with(|tenant| tenant.fingerprint()), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_may_be_a_copys_is_unread_where_the_copies_could_not_be_read() {
    let pipe = tenant(default_seed()).await;
    let spec = WANTED[0].1.replace("{}", "{ id: 99999999-9999-9999-9999-999999999999 }");
    let wanted = wanted("", &[document("SecurityRole", "case", &spec)]);
    let refused = powergrant::sandbox::faults::Disturbance::refuse(403);
    let rule = powergrant::sandbox::faults::Rule::on("roles?$select=roleid,_parentrootroleid_value", refused);
    pipe.with(|tenant| tenant.faults.schedule(powergrant::sandbox::faults::Rule { times: 0, ..rule }));
    let plan = pipe.plan(&wanted).await.plan;
    assert_eq!(found(&plan, Rule::UnknownRole).len(), 0, "{:#?}", plan.findings);
    assert!(
        found(&plan, Rule::IncompleteRead).iter().any(|finding| finding.message.contains("403")),
        "{:#?}",
        plan.findings
    );
}
