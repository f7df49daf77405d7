//! Writes are taken back, and trees of business units end.

use super::*;

fn organization() -> Organization {
    Organization::new(derived(Uuid::nil(), "org"), "contoso", "contoso.crm4.dynamics.com", "environment")
}

#[test]
fn what_was_written_since_a_mark_is_taken_back() {
    let mut organization = organization();
    let account = derived(Uuid::nil(), "account");
    organization.put("account", account, row_of(json!({ "name": "before" })));
    let kept = organization.rows.clone();
    let mark = organization.mark();
    organization.change("account", account, [("name".to_owned(), json!("after"))]);
    organization.put("account", derived(Uuid::nil(), "other"), Row::new());
    organization.remove("account", account);
    organization.roll_back(mark);
    assert_eq!(organization.rows, kept);
}

#[test]
fn every_write_gives_the_row_a_new_version() {
    let mut organization = organization();
    let account = derived(Uuid::nil(), "account");
    organization.put("account", account, Row::new());
    let first = number(organization.row("account", account).unwrap(), "versionnumber");
    organization.change("account", account, [("name".to_owned(), json!("x"))]);
    assert!(number(organization.row("account", account).unwrap(), "versionnumber") > first);
}

#[test]
fn a_setting_that_is_not_there_is_off() {
    let mut organization = organization();
    let xml =
        "<OrgSettings><EnableOwnershipAcrossBusinessUnits>true</EnableOwnershipAcrossBusinessUnits></OrgSettings>";
    assert!(!organization.setting("EnableOwnershipAcrossBusinessUnits"));
    let id = organization.id;
    organization.put("organization", id, row_of(json!({ "orgdborgsettings": xml })));
    assert!(organization.setting("EnableOwnershipAcrossBusinessUnits"));
    assert!(!organization.setting("AllowRoleAssignmentOnDisabledUsers"));
}
