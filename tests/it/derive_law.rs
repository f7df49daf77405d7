//! What is derived from recorded flows is enough for the embedded tenant to run what they do in Dataverse as their caller, and none
//! of it can be left out.
//!
//! Blind spots: tables that the recordings name and the tenant does not know are made up, with the usual names of their sets, so
//! relationships between them are unknown to both sides.
use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::PathBuf;

use powergrant::clientdata::{Facts, Said, facts};
use powergrant::derive::{Derived, Needs, derive};
use powergrant::inventory::Inventory;
use powergrant::names::{Depth, Ref};
use powergrant::sandbox::rights;
use powergrant::sandbox::seed::Seed;
use powergrant::sandbox::tenant::Tenant;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::explain_law::{ENVIRONMENT, state};

/// What the tenant asks of privileges, and of what the flow does.
const ASKED: [&str; 5] =
    ["start.process-read", "start.flow-privilege", "link.reference-privilege", "link.variable-read", "act.actions"];
/// The connectors of Dataverse, today's and the older one, with the entry by which a connection is the caller's.
const CALLERS: [(&str, &str); 2] = [
    ("shared_commondataserviceforapps", r#"{"runtimeSource":"embedded","impersonation":{"source":"invoker"}}"#),
    ("shared_commondataservice", r#"{"runtimeSource":"invoker"}"#),
];
const ADA: &str = "ada@contoso.com";

/// A flow's text with every Dataverse connection its caller's; nothing when it has none.
fn as_callers(text: &str) -> Option<String> {
    let mut flow: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).expect("JSON");
    let references = flow["properties"]["connectionReferences"].as_object_mut()?;
    let mut found = false;
    for entry in references.values_mut() {
        let connector = entry["api"]["name"].as_str().unwrap_or_default().to_owned();
        let Some((_, source)) = CALLERS.iter().find(|(name, _)| *name == connector) else { continue };
        let source: Value = serde_json::from_str(source).expect("JSON");
        let entry = entry.as_object_mut().expect("an entry is an object");
        entry.remove("impersonation");
        entry.extend(source.as_object().expect("an object").clone());
        found = true;
    }
    found.then(|| flow.to_string())
}

/// The sets and tables that a flow names.
fn named(facts: &Facts) -> BTreeSet<String> {
    let literal = |said: &Said| match said {
        Said::Literal(name) => Some(name.to_string()),
        Said::Variable(_) | Said::Expression => None,
    };
    let mut named = BTreeSet::new();
    for operation in &facts.operations {
        named.extend(operation.table.iter().chain(operation.lookups.values()).filter_map(literal));
        // Links name tables, not sets.
        named.extend(operation.links.iter().filter_map(literal).map(|table| format!("{table}s")));
    }
    named
}

/// A tenant with one flow of this text, the tables that it names, and Ada, who holds Basic User.
fn tenant(text: &str) -> Tenant {
    let seed = |tables: &str| {
        let text = format!(
            "tenant: {{ id: 11111111-1111-1111-1111-111111111111, domain: contoso.com }}\n\
             caller: {{ application: powergrant }}\n\
             directory:\n  users: [ {{ name: Ada, upn: {ADA} }}, {{ name: Owner, upn: owner@contoso.com }} ]\n  groups: []\n  \
             servicePrincipals: [ {{ name: powergrant, appId: 33333333-3333-3333-3333-333333333333 }} ]\n\
             environments:\n  - name: {ENVIRONMENT}\n    id: 7f3c0a51-5e0f-4c0e-9d0a-2b6c8f1e4d10\n    dataverse:\n      \
             url: https://contoso.crm4.dynamics.com\n      rootBusinessUnit: Contoso\n      customTables: [{tables}]\n      \
             users: [ {{ user: {ADA}, roles: [Basic User] }}, {{ user: owner@contoso.com, roles: [Environment Maker] }} ]\n      \
             flows: [ {{ name: Flow, owner: owner@contoso.com, trigger: Button, connections: {{}} }} ]\n"
        );
        let seed = Seed::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        Tenant::of(&seed).unwrap_or_else(|error| panic!("{error}\n{text}"))
    };
    let bare = seed("");
    let organization = bare.organization(ENVIRONMENT).expect("the environment");
    let known = |set: &String| organization.table_of_set(set).is_some() || organization.table(set).is_some();
    let facts = facts(text).expect("a flow's text");
    let tables = named(&facts).into_iter().filter(|set| !known(set)).filter_map(|set| {
        let logical = set.strip_suffix('s')?;
        Some(format!("{{ logicalName: {logical}, displayName: Table {logical}, ownership: user }}"))
    });
    let mut tenant = seed(&tables.collect::<Vec<_>>().join(", "));
    let organization = tenant.organization_mut(ENVIRONMENT).expect("the environment");
    let flow = organization.flow("Flow").expect("the flow");
    assert!(organization.set_flow_text(flow, text));
    tenant
}

/// The privileges of needs by id, each with its depth.
fn privileges(inventory: &Inventory, needs: &Needs) -> Vec<(String, Uuid, rights::Depth)> {
    let depth = |depth: Depth| match depth {
        Depth::User => rights::Depth::Basic,
        Depth::BusinessUnit => rights::Depth::Local,
        Depth::ParentChildBusinessUnits => rights::Depth::Deep,
        Depth::Organization => rights::Depth::Global,
        Depth::RecordFilter => panic!("nobody needs a record filter"),
    };
    let of_tables = needs.tables.iter().map(|((table, operation), need)| {
        let id = inventory.privilege(table, *operation).expect("what is needed is there").id;
        (format!("{operation} {table}"), id, depth(need.depth))
    });
    let by_name = needs.named.iter().map(|(name, need)| {
        let privilege = inventory.privileges.row(&name.to_lowercase().into()).expect("what is needed is there");
        (name.to_string(), privilege.id, depth(need.depth))
    });
    of_tables.chain(by_name).collect()
}

/// Whether Ada runs the flow with a role of these privileges beside Basic User.
fn runs(before: &Tenant, privileges: &[&(String, Uuid, rights::Depth)]) -> Value {
    let mut tenant = before.clone();
    let user = tenant.user(ENVIRONMENT, ADA).expect("Ada is a user");
    let (ada, _) = tenant.directory.user_by_upn(ADA).expect("Ada is in the directory");
    let organization = tenant.organization_mut(ENVIRONMENT).expect("the environment");
    let role = Uuid::from_u128(77);
    organization.make_role(role, "Derived");
    for (_, privilege, depth) in privileges {
        organization.set_privilege(role, *privilege, *depth);
    }
    let copy = organization.copy_for(user, role).expect("the role is hers to hold");
    organization.give_role(user, copy);
    let flow = organization.flow("Flow").expect("the flow");
    let question = json!({ "organization": ENVIRONMENT, "user": ada, "flow": flow, "requirements": ASKED });
    tenant.run(&question).unwrap_or_else(|message| panic!("{message}"))
}

/// Judges one flow; says how many privileges were left out, one after the other.
fn judged(path: &std::path::Path, text: &str) -> usize {
    let before = tenant(text);
    let inventory = state::inventory(&before);
    let flow = before.organization(ENVIRONMENT).and_then(|organization| organization.flow("Flow")).expect("the flow");
    let found: Derived = derive(&inventory, &[Ref::new("Flow", flow)]);
    let told = |run: &Value| format!("{}: {run:#}\n{:#?}", path.display(), found.unknown);
    assert!(!found.unknown.iter().any(|what| what.contains("no such table")), "{:#?}", found.unknown);
    let needed = privileges(&inventory, &found.caller);
    let all: Vec<_> = needed.iter().collect();
    let with_all = runs(&before, &all);
    assert_eq!(with_all["outcome"], "started", "{}", told(&with_all));
    for left_out in &needed {
        let rest: Vec<_> = all.iter().copied().filter(|one| one.1 != left_out.1).collect();
        let without = runs(&before, &rest);
        assert_eq!(without["outcome"], "refused", "without {}: {}", left_out.0, told(&without));
    }
    needed.len()
}

#[test]
fn every_recorded_flow_runs_with_what_is_derived_and_with_nothing_less() {
    let Some(folder) = std::env::var_os("POWERGRANT_CORPUS").map(|folder| PathBuf::from(folder).join("flows")) else {
        let _ = writeln!(std::io::stderr(), "passed over: POWERGRANT_CORPUS names no folder of recorded flows");
        return;
    };
    let (mut flows, mut left_out) = (0, 0);
    for entry in std::fs::read_dir(folder).expect("the recorded flows") {
        let path = entry.expect("an entry").path();
        if path.ends_with("INDEX.json") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a text");
        let Some(text) = as_callers(&text) else { continue };
        left_out += judged(&path, &text);
        flows += 1;
    }
    let told =
        format!("{flows} flows with Dataverse actions of their callers, {left_out} privileges left out in turn\n");
    let _ = std::io::stderr().write_all(told.as_bytes());
    assert!(flows >= 15 && left_out > 60, "{told}");
}
