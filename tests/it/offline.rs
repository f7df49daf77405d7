//! What is asked of a snapshot is answered as the tenant answers it, but for what no snapshot has.
use serde_json::Value;

use crate::desk::{Desk, shown};
use crate::explain::{desk_with_seed, nested};

const FLOWS: [&str; 3] = ["Expense intake", "Approve expense", "Payroll export"];
const PEOPLE: [&str; 6] = [
    "ada@contoso.com",
    "bob@contoso.com",
    "mia@contoso.com",
    "jon@contoso.com",
    "admin@contoso.com",
    "gil_fabrikam.com#EXT#@contoso.com",
];

/// The example, applied, with a guest, groups in groups, and a team that has the group's guests alone; and two snapshots of it.
fn taken() -> Desk {
    let desk = desk_with_seed(|seed| {
        let guest = "    - { name: Gil Guest, upn: 'gil_fabrikam.com#EXT#@contoso.com', guest: true }\n  groups:\n";
        let seed = nested(&seed).replacen("  groups:\n", guest, 1);
        let seed = seed.replacen(
            "        - SG-Finance\n",
            "        - SG-Finance\n        - 'gil_fabrikam.com#EXT#@contoso.com'\n",
            1,
        );
        let team = "      teams:\n        - { group: SG-Expense-Prod, membership: guests, roles: [Basic User] }\n      solutions:\n";
        let seed = seed.replacen("      solutions:\n", team, 1);
        seed.replacen(
            "            shared_office365: { reference: contoso_outlook }\n          childFlows: [Archive receipt]\n",
            "            shared_office365: { reference: contoso_outlook }\n          childFlows: [Archive receipt]\n          shares:\n            - { group: SG-Expense-Prod, rights: runOnly }\n",
            1,
        )
    });
    let applied = desk.run(&["apply", "--sandbox", "--yes", "."]);
    assert_eq!(applied.status.code(), Some(0), "{}", shown(&applied));
    for (file, names) in [("named.jsonl", &["--with-names"][..]), ("hidden.jsonl", &[][..])] {
        let snapshot = desk.run(&[&["snapshot", "--sandbox", "--out", file][..], names, &["."]].concat());
        assert_eq!(snapshot.status.code(), Some(0), "{}", shown(&snapshot));
    }
    desk
}

/// An answer as JSON with its exit code.
fn answer(desk: &Desk, asked: &[&str], from: &[&str]) -> (Option<i32>, Value) {
    let output = desk.run(&[asked, &["--format", "json"], from].concat());
    let value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{asked:?}: {}", shown(&output)));
    (output.status.code(), value)
}

const TENANT: [&str; 2] = ["--sandbox", "."];
const NAMED: [&str; 2] = ["--snapshot", "named.jsonl"];
const HIDDEN: [&str; 2] = ["--snapshot", "hidden.jsonl"];

/// An explanation without what no snapshot has: Dataverse's own answers, and licences.
fn without_services(mut said: Value) -> Value {
    for line in said["requirements"].as_array_mut().expect("a list") {
        line["official"] = Value::Null;
    }
    let outside = said["outside"].as_array_mut().expect("a list");
    outside.retain(|one| one["asks"].as_str().is_some_and(|asks| !asks.starts_with("a licence")));
    said
}

/// What of an explanation has no names in it.
fn standings(said: &Value) -> Value {
    let lines = said["requirements"].as_array().expect("a list").iter();
    let lines = lines.map(|line| serde_json::json!([line["requirement"], line["standing"], line["blocks"]]));
    serde_json::json!([said["verdict"], said["fromNextAccess"], lines.collect::<Vec<_>>()])
}

#[test]
fn an_explanation_from_a_snapshot_is_that_of_the_tenant_with_the_chain_of_groups() {
    let desk = taken();
    let mut chained = 0;
    for user in PEOPLE {
        for flow in FLOWS {
            let asked = ["explain", "--user", user, "--flow", flow];
            let (code, tenant) = answer(&desk, &asked, &TENANT);
            let (from_named, named) = answer(&desk, &asked, &[&NAMED[..], &["."]].concat());
            let tenant = without_services(tenant);
            assert_eq!((from_named, without_services(named)), (code, tenant.clone()), "{user}, {flow}");
            let (from_hidden, hidden) = answer(&desk, &asked, &HIDDEN);
            assert_eq!((from_hidden, standings(&hidden)), (code, standings(&tenant)), "{user}, {flow}");
            chained += tenant.to_string().matches("by way of group SG-Bookkeeping in group SG-Finance").count();
            assert_eq!(
                hidden.to_string().matches("by way of group p-").count(),
                tenant.to_string().matches("by way of group SG-").count(),
                "{user}, {flow}: {hidden:#}"
            );
        }
    }
    assert!(chained > 2, "{chained}");
}

#[test]
fn tables_of_a_snapshot_are_those_of_the_tenant() {
    let desk = taken();
    let mut questions: Vec<Vec<&str>> =
        vec![vec!["who-can"], vec!["who-can", "--privilege", "prvReadWorkflow", "--all"]];
    questions.extend(FLOWS.map(|flow| vec!["who-can", "--flow", flow, "--all"]));
    questions.extend(PEOPLE.map(|user| vec!["can", "--user", user, "--all"]));
    for asked in &questions {
        let tenant = answer(&desk, asked, &TENANT);
        assert_eq!(answer(&desk, asked, &NAMED), tenant, "{asked:?}");
        let (_, hidden) = answer(&desk, asked, &HIDDEN);
        assert_eq!(answers(&hidden), answers(&tenant.1), "{asked:?}");
    }
    let (_, intake) = answer(&desk, &["who-can", "--flow", "Expense intake"], &NAMED);
    let way = "run-only user through group SG-Expense-Prod, by way of group SG-Bookkeeping in group SG-Finance";
    assert!(intake.to_string().contains(way), "{intake:#}");
}

/// How often each answer is given, by itself and with as many ways as it has.
fn answers(said: &Value) -> Vec<String> {
    let mut all: Vec<String> = match (said["rows"].as_array(), said["flows"].as_array()) {
        (Some(rows), _) => {
            let row = |row: &Value| format!("{} {}", row["answer"], row["through"].as_array().map_or(0, Vec::len));
            rows.iter().map(row).collect()
        }
        (None, Some(flows)) => {
            let count = |flow: &Value, key: &str| flow[key].as_array().map_or(0, Vec::len);
            flows.iter().map(|flow| format!("{} {}", count(flow, "can"), count(flow, "unknown"))).collect()
        }
        (None, None) => panic!("no table: {said:#}"),
    };
    all.sort();
    assert!(!all.is_empty());
    all
}

#[test]
fn a_snapshot_with_manifests_tells_the_fix_as_their_lines_and_ids_are_found_under_pseudonyms() {
    let desk = taken();
    let bob = ["explain", "--user", "bob@contoso.com", "--flow", "Expense intake"];
    let (code, tenant) = answer(&desk, &bob, &TENANT);
    assert_eq!((code, &tenant["fix"]["kind"]), (Some(2), &Value::from("change")), "{tenant:#}");
    let (code, hidden) = answer(&desk, &bob, &[&HIDDEN[..], &["."]].concat());
    assert_eq!((code, &hidden["fix"]), (Some(2), &tenant["fix"]), "{hidden:#}");
    let (_, alone) = answer(&desk, &bob, &HIDDEN);
    assert_eq!(alone["fix"]["edits"], serde_json::json!([]), "{alone:#}");
    let identity = tenant["user"]["identity"].as_str().expect("a text");
    let id = identity.split_once(':').map_or(identity, |(_, id)| id);
    let by_id = answer(&desk, &["explain", "--user", id, "--flow", "Expense intake"], &HIDDEN);
    assert_eq!((by_id.0, &by_id.1["verdict"]), (Some(2), &Value::from("cannot")), "{:#}", by_id.1);
    let part = desk.run(&[&["explain", "--user", "bob", "--flow", "Expense intake"][..], &HIDDEN].concat());
    assert!(crate::desk::text(&part.stderr).contains("the snapshot has pseudonyms"), "{}", shown(&part));
    let other = desk.run(&[&["who-can", "-e", "contoso-test"][..], &HIDDEN].concat());
    assert_eq!(other.status.code(), Some(1), "{}", shown(&other));
    assert!(crate::desk::text(&other.stderr).contains("`contoso-test` is not in this snapshot"), "{}", shown(&other));
}
