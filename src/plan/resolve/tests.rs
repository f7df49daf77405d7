//! Run-only users and owners of one flow: a principal is the one or the other, and may be lowered. And who comes into
//! the environment with a role.
use std::fmt::Write as _;

use crate::compile::compile;
use crate::finding::Severity;
use crate::inventory::Inventory;
use crate::inventory::section::Reading;
use crate::inventory::things::Rights;
use crate::kinds::environment::sample::{ROLE, contoso};
use crate::manifest;
use crate::plan::plan;
use crate::render::plan::one;
use crate::review::sample::{INTAKE, ada_row, inventory, with_holder, with_share};
use crate::rules::Rule;

const ADA: &str = "{ user: ada@contoso.com }";
const GONE: &str = "{ user: ada@contoso.com, state: absent }";

/// What is planned for Ada, who is a co-owner, by documents that each have one list with her; or what is wrong with them.
fn planned(lists: &[(&str, &str)]) -> Result<Vec<String>, Vec<Rule>> {
    let mut text = "apiVersion: powergrant.dev/v1alpha1\nkind: Environment\nmetadata: { name: contoso-prod }\n\
        spec: { url: https://contoso.crm4.dynamics.com }\n"
        .to_owned();
    for (at, (list, member)) in lists.iter().enumerate() {
        let _ = write!(
            text,
            "---\napiVersion: powergrant.dev/v1alpha1\nkind: Flow\nmetadata: {{ name: flow-{at} }}\n\
             environments: [contoso-prod]\nspec: {{ flow: Expense intake, {list}: {{ members: [{member}] }} }}\n"
        );
    }
    let loaded = manifest::load([("access.yaml".to_owned(), Ok(text))]);
    let (desired, findings) = compile(&loaded.documents, jiff::civil::date(2026, 6, 1), &[]);
    let tenant = with_share(with_holder(inventory(), ROLE, ada_row()), INTAKE, ada_row(), Rights::ALL);
    let plan = plan(&desired.environments[0], &tenant);
    let wrong = loaded.findings.iter().chain(&findings).chain(&plan.findings);
    let wrong: Vec<Rule> =
        wrong.filter(|finding| finding.severity == Severity::Error).map(|finding| finding.rule).collect();
    let changes = plan.changes().map(|line| one(line).split_whitespace().collect::<Vec<_>>().join(" "));
    if wrong.is_empty() { Ok(changes.collect()) } else { Err(wrong) }
}

#[test]
fn who_is_a_run_only_user_and_no_owner_any_more_is_lowered() {
    let lowered = Ok(vec!["~ user ada@contoso.com co-owner → run-only".to_owned()]);
    assert_eq!(planned(&[("runOnlyUsers", ADA), ("owners", GONE)]), lowered);
    assert_eq!(planned(&[("owners", GONE), ("runOnlyUsers", ADA)]), lowered, "whichever document comes first");
}

#[test]
fn a_co_owner_is_a_run_only_user_too_unless_he_is_to_be_none() {
    assert_eq!(planned(&[("runOnlyUsers", ADA)]), Ok(vec![]));
    assert_eq!(planned(&[("owners", GONE)]), Ok(vec!["- user ada@contoso.com co-owner".to_owned()]));
    for contradiction in [
        [("runOnlyUsers", ADA), ("owners", ADA)],
        [("runOnlyUsers", ADA), ("runOnlyUsers", GONE)],
        [("owners", ADA), ("owners", GONE)],
    ] {
        // Said by name, and once more by id.
        assert_eq!(planned(&contradiction), Err(vec![Rule::Contradiction; 2]), "{contradiction:?}");
    }
}

/// What is planned for Eve, whom only the directory knows, by roles at these business units.
fn coming(inventory: &Inventory, units: &[&str]) -> Vec<String> {
    let mut text = "apiVersion: powergrant.dev/v1alpha1\nkind: Environment\nmetadata: { name: contoso-prod }\n\
        spec: { url: https://contoso.crm4.dynamics.com }\n"
        .to_owned();
    for (at, unit) in units.iter().enumerate() {
        let _ = write!(
            text,
            "---\napiVersion: powergrant.dev/v1alpha1\nkind: RoleAssignment\nmetadata: {{ name: holders-{at} }}\n\
             environments: [contoso-prod]\nspec: {{ role: Flow Runner, businessUnit: {unit}, \
             members: [{{ user: eve@contoso.com }}] }}\n"
        );
    }
    let loaded = manifest::load([("access.yaml".to_owned(), Ok(text))]);
    let (desired, findings) = compile(&loaded.documents, jiff::civil::date(2026, 6, 1), &[]);
    assert!(loaded.findings.is_empty() && findings.is_empty(), "{:?} {findings:?}", loaded.findings);
    let plan = plan(&desired.environments[0], inventory);
    let members = plan.lines.iter().filter(|line| line.heading == "environment members");
    members.map(|line| one(line).split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn a_role_that_cannot_be_given_brings_nobody_in() {
    let mut tenant = contoso();
    let refused = "! user eve@contoso.com the organisation lets nobody hold roles of another business unit (Sales)";
    assert_eq!(coming(&tenant, &["Sales"]), [refused]);
    let comes = "+ user eve@contoso.com";
    for units in [&["Contoso"][..], &["Sales", "Contoso"], &["Contoso", "Sales"]] {
        assert_eq!(coming(&tenant, units), [comes], "{units:?}");
    }
    tenant.settings = Reading::NotAsked;
    let unread = coming(&tenant, &["Sales"]);
    assert!(unread.len() == 1 && unread[0].starts_with("? user eve@contoso.com not read"), "{unread:?}");
}
