//! Depths, teams and shares as tables of cases.

use super::*;
use crate::sandbox::organization::{Organization, derived, row_of};
use crate::sandbox::rights::{Depth, Verb};
use serde_json::json;
use uuid::Uuid;

const ROOT: &str = "root";
const SALES: &str = "sales";
const EAST: &str = "sales-east";
const HR: &str = "hr";

fn key(name: &str) -> Uuid {
    derived(Uuid::nil(), name)
}

/// A root with two branches, one of which has a branch of its own; a user Ada in `sales`.
fn organization() -> Organization {
    let mut organization = Organization::new(key("org"), "contoso", "contoso.crm4.dynamics.com", "e");
    for (unit, parent) in [(ROOT, None), (SALES, Some(ROOT)), (EAST, Some(SALES)), (HR, Some(ROOT))] {
        organization.put(
            "businessunit",
            key(unit),
            row_of(json!({ "name": unit, "_parentbusinessunitid_value": parent.map(key) })),
        );
    }
    organization.list_privileges();
    organization.put("systemuser", key("ada"), row_of(json!({ "_businessunitid_value": key(SALES) })));
    organization
}

fn role(organization: &mut Organization, name: &str, unit: &str, inherited: i64, depth: Depth) -> Uuid {
    let row = json!({ "name": name, "_businessunitid_value": key(unit), "_parentrootroleid_value": key(name),
        "isinherited": inherited });
    organization.put("role", key(name), row_of(row));
    let privilege = organization.privilege_id("prvReadAccount");
    let joint = organization.joint_id("roleprivileges", key(name), privilege);
    organization.put(
        "roleprivileges",
        joint,
        row_of(json!({ "roleid": key(name), "privilegeid": privilege, "privilegedepthmask": depth.mask() })),
    );
    key(name)
}

fn account(organization: &mut Organization, name: &str, owner: &str, unit: &str) -> Uuid {
    let row = json!({ "_ownerid_value": key(owner), "_owningbusinessunit_value": key(unit) });
    organization.put("account", key(name), row_of(row));
    key(name)
}

fn join(organization: &mut Organization, table: &str, left: (&str, Uuid), right: (&str, Uuid)) {
    let joint = organization.joint_id(table, left.1, right.1);
    organization.put(table, joint, row_of(json!({ left.0: left.1, right.0: right.1 })));
}

fn share(organization: &mut Organization, object: Uuid, principal: Uuid, mask: u32) {
    let row =
        json!({ "objectid": object, "objecttypecode": "account", "principalid": principal, "accessrightsmask": mask });
    let joint = organization.joint_id("principalobjectaccess", object, principal);
    organization.put("principalobjectaccess", joint, row_of(row));
}

fn reads(organization: &Organization, account: Uuid) -> bool {
    let table = organization.table("account").unwrap();
    Authority::of(organization, key("ada")).require_on(organization, table, Verb::Read, account).is_ok()
}

#[test]
fn depth_decides_over_the_owners_business_unit() {
    // (depth, owner, owner's unit, may Ada of `sales` read it)
    let cases = [
        (Depth::Basic, "ada", SALES, true),
        (Depth::Basic, "bob", SALES, false),
        (Depth::Local, "bob", SALES, true),
        (Depth::Local, "bob", EAST, false),
        (Depth::Deep, "bob", EAST, true),
        (Depth::Deep, "bob", ROOT, false),
        (Depth::Deep, "bob", HR, false),
        (Depth::Global, "bob", HR, true),
    ];
    for (depth, owner, unit, expected) in cases {
        let mut organization = organization();
        let role = role(&mut organization, "reader", SALES, 1, depth);
        join(&mut organization, "systemuserroles", ("systemuserid", key("ada")), ("roleid", role));
        let account = account(&mut organization, "a", owner, unit);
        assert_eq!(reads(&organization, account), expected, "{depth} over a row of {owner} in {unit}");
    }
}

#[test]
fn a_team_gives_its_members_what_its_role_says() {
    // (isinherited, depth, owner, unit, may the member read it)
    let cases = [
        (1, Depth::Basic, "team", HR, true),
        (1, Depth::Basic, "ada", SALES, true),
        (0, Depth::Basic, "team", HR, true),
        (0, Depth::Basic, "ada", SALES, false),
        (0, Depth::Local, "bob", HR, true),
        (1, Depth::Local, "bob", SALES, false),
        (1, Depth::Global, "bob", EAST, true),
    ];
    for (inherited, depth, owner, unit, expected) in cases {
        let mut organization = organization();
        organization.put("team", key("team"), row_of(json!({ "_businessunitid_value": key(HR) })));
        join(&mut organization, "teammembership", ("teamid", key("team")), ("systemuserid", key("ada")));
        let team_role = role(&mut organization, "team reader", HR, inherited, depth);
        join(&mut organization, "teamroles", ("teamid", key("team")), ("roleid", team_role));
        // A role of her own without the privilege, so that Ada is let in at all.
        organization.put("role", key("empty"), row_of(json!({ "_businessunitid_value": key(SALES) })));
        join(&mut organization, "systemuserroles", ("systemuserid", key("ada")), ("roleid", key("empty")));
        let account = account(&mut organization, "a", owner, unit);
        assert_eq!(reads(&organization, account), expected, "inherited {inherited}, {depth}, {owner} in {unit}");
    }
}

#[test]
fn a_share_works_only_with_the_privilege() {
    let mut organization = organization();
    let account = account(&mut organization, "a", "bob", HR);
    share(&mut organization, account, key("ada"), 1);
    assert!(!reads(&organization, account));
    let role = role(&mut organization, "reader", SALES, 1, Depth::Basic);
    join(&mut organization, "systemuserroles", ("systemuserid", key("ada")), ("roleid", role));
    assert!(reads(&organization, account));
}

#[test]
fn a_share_with_another_right_or_mask_zero_gives_no_reading() {
    for mask in [0, Verb::Write.bit()] {
        let mut organization = organization();
        let role = role(&mut organization, "reader", SALES, 1, Depth::Basic);
        join(&mut organization, "systemuserroles", ("systemuserid", key("ada")), ("roleid", role));
        let account = account(&mut organization, "a", "bob", HR);
        share(&mut organization, account, key("ada"), mask);
        assert!(!reads(&organization, account), "mask {mask}");
    }
}

fn code(organization: &Organization) -> String {
    let table = organization.table("account").unwrap();
    Authority::of(organization, key("ada")).require(organization, table, Verb::Read).unwrap_err().code
}

#[test]
fn refusals_have_the_codes_of_the_service() {
    let mut organization = organization();
    assert_eq!(code(&organization), "0x80042f09");
    organization.put("role", key("empty"), row_of(json!({ "_businessunitid_value": key(SALES) })));
    join(&mut organization, "systemuserroles", ("systemuserid", key("ada")), ("roleid", key("empty")));
    assert_eq!(code(&organization), "0x80040220");
    organization.change("systemuser", key("ada"), [("isdisabled".to_owned(), json!(true))]);
    assert_eq!(code(&organization), "0x80040225");
}

#[test]
fn a_team_role_without_user_level_leaves_members_without_a_role() {
    let mut organization = organization();
    organization.put("team", key("team"), row_of(json!({ "_businessunitid_value": key(ROOT) })));
    join(&mut organization, "teammembership", ("teamid", key("team")), ("systemuserid", key("ada")));
    let role = role(&mut organization, "wide", ROOT, 1, Depth::Global);
    join(&mut organization, "teamroles", ("teamid", key("team")), ("roleid", role));
    assert_eq!(code(&organization), "0x80042f09");
}

#[test]
fn impersonation_gives_no_more_than_both_hold() {
    let mut organization = organization();
    let wide = role(&mut organization, "wide", SALES, 1, Depth::Global);
    join(&mut organization, "systemuserroles", ("systemuserid", key("ada")), ("roleid", wide));
    organization.put("systemuser", key("app"), row_of(json!({ "_businessunitid_value": key(ROOT) })));
    let ada = Authority::of(&organization, key("ada"));
    let app = Authority::of(&organization, key("app"));
    assert!(ada.clone().limited_by(&app).grants.is_empty());
    assert_eq!(ada.clone().limited_by(&ada), ada);
}
