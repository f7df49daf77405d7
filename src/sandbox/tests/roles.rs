//! Security roles, their privileges and who holds them.

use serde_json::json;

use super::*;
use crate::sandbox::variants::{AbsentAssociation, AddOverExisting, DuplicateAssociation};

fn depths(client: &Client, role: Uuid) -> BTreeMap<String, String> {
    let body = client.get(&format!("RetrieveRolePrivilegesRole(RoleId=@r)?@r={role}")).body.unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let list = body["RolePrivileges"].as_array().unwrap();
    list.iter().map(|entry| (text(&entry["PrivilegeName"]), text(&entry["Depth"]))).collect()
}

fn add(client: &Client, role: Uuid, privileges: &[(&str, &str)]) -> Answer {
    let list: Vec<Value> = privileges
        .iter()
        .map(|(name, depth)| json!({ "PrivilegeId": client.privilege(name), "Depth": depth }))
        .collect();
    client.post(&format!("roles({role})/Microsoft.Dynamics.CRM.AddPrivilegesRole"), &json!({ "Privileges": list }))
}

fn remove(client: &Client, role: Uuid, name: &str) -> Answer {
    let privilege = json!({ "@odata.type": "Microsoft.Dynamics.CRM.privilege", "privilegeid": client.privilege(name) });
    client
        .post(&format!("roles({role})/Microsoft.Dynamics.CRM.RemovePrivilegeRole"), &json!({ "Privilege": privilege }))
}

#[test]
fn a_new_role_holds_nine_privileges() {
    let client = sandbox();
    let role = client.new_role("Flow Runner");
    let held = depths(&client, role);
    assert_eq!(held.len(), 9);
    assert!(held.values().all(|depth| depth == "Global"));
}

#[test]
fn a_role_is_made_once_per_business_unit() {
    let client = sandbox();
    client.new_role("Flow Runner");
    let body =
        json!({ "name": "flow runner", "businessunitid@odata.bind": format!("/businessunits({})", client.unit()) });
    expect(&client.post("roles", &body), 400, "0x80041403");
    expect(&client.post("roles", &json!({ "name": "Other" })), 400, "0x80041406");
}

#[test]
fn a_role_of_the_root_has_a_copy_in_every_unit() {
    let client = sandbox();
    let unit = Uuid::from_u128(77);
    let body = json!({ "businessunitid": unit, "name": "Sales",
        "parentbusinessunitid@odata.bind": format!("/businessunits({})", client.unit()) });
    assert_eq!(client.post("businessunits", &body).status, 204);
    let role = client.new_role("Flow Runner");
    let copies =
        client.rows(&format!("roles?$filter=_parentrootroleid_value%20eq%20{role}%20and%20roleid%20ne%20{role}"));
    assert_eq!(copies.len(), 1);
    assert_eq!(copies[0]["_businessunitid_value"], json!(unit));
    let copy: Uuid = copies[0]["roleid"].as_str().unwrap().parse().unwrap();
    expect(&add(&client, copy, &[("prvReadWorkflow", "Basic")]), 400, "0x80044152");
    expect(&client.ask("DELETE", &format!("roles({copy})"), &[], ""), 400, "0x8004140c");
    // The unit's own copies of older roles are there too, and the copy of another unit cannot be held.
    expect(&client.assign("ada@contoso.com", copy), 400, "0x80041401");
}

#[test]
fn privileges_are_added_removed_and_replaced() {
    let client = sandbox();
    let role = client.new_role("Flow Runner");
    assert_eq!(add(&client, role, &[("prvReadWorkflow", "Basic"), ("prvFlow", "Global")]).status, 204);
    assert_eq!(depths(&client, role)["prvReadWorkflow"], "Basic");
    assert_eq!(remove(&client, role, "prvReadWorkflow").status, 204);
    assert!(!depths(&client, role).contains_key("prvReadWorkflow"));
    assert_eq!(remove(&client, role, "prvReadSharePointData").status, 204);
    assert!(!depths(&client, role).contains_key("prvReadSharePointData"));
    add(&client, role, &[("prvReadTeam", "Local")]);
    assert!(depths(&client, role).contains_key("prvReadSharePointData"), "it comes back");
    let list = json!({ "Privileges": [{ "PrivilegeId": client.privilege("prvReadTeam"), "Depth": "Global" }] });
    let path = format!("roles({role})/Microsoft.Dynamics.CRM.ReplacePrivilegesRole");
    assert_eq!(client.post(&path, &list).status, 204);
    let held = depths(&client, role);
    assert_eq!((held.len(), held["prvReadTeam"].as_str()), (5, "Global"));
}

#[test]
fn privileges_are_refused_as_the_service_refuses_them() {
    let client = sandbox();
    let role = client.new_role("Flow Runner");
    expect(&add(&client, role, &[("prvFlow", "Basic")]), 400, "0x8004140b");
    expect(&add(&client, role, &[("prvReadTeam", "Basic")]), 400, "0x8004140b");
    expect(&add(&client, role, &[("prvFlow", "Global"), ("prvFlow", "Global")]), 400, "0x8004140f");
    expect(&add(&client, role, &[("prvReadNothing", "Global")]), 404, "0x80040217");
    expect(&add(&client, client.role("Basic User"), &[("prvFlow", "Global")]), 400, "0x8004f026");
    expect(&add(&client, client.role("System Administrator"), &[("prvFlow", "Global")]), 400, "0x8004f026");
    expect(&add(&client.by("bob@contoso.com"), role, &[("prvFlow", "Global")]), 403, "0x80040220");
    assert_eq!(depths(&client, role).len(), 9);
}

#[test]
fn adding_what_is_held_is_answered_by_the_variant() {
    let cases = [
        (AddOverExisting::Changes, "Basic", 204),
        (AddOverExisting::Raises, "Local", 204),
        (AddOverExisting::Noop, "Local", 204),
        (AddOverExisting::Refused, "Local", 400),
    ];
    for (variant, expected, status) in cases {
        let client = changed(|variants| variants.add_over_existing_privilege = variant);
        let role = client.new_role("Flow Runner");
        add(&client, role, &[("prvReadWorkflow", "Local")]);
        assert_eq!(add(&client, role, &[("prvReadWorkflow", "Basic")]).status, status);
        assert_eq!(depths(&client, role)["prvReadWorkflow"], expected, "{variant:?}");
    }
}

#[test]
fn a_role_is_assigned_and_taken_away_in_both_spellings() {
    let client = sandbox();
    let role = client.new_role("Flow Runner");
    let user = client.user("ada@contoso.com");
    assert_eq!(client.assign("ada@contoso.com", role).status, 204);
    expect(&client.assign("ada@contoso.com", role), 400, "0x80040237");
    expect(&client.ask("DELETE", &format!("roles({role})"), &[], ""), 400, "0x80040216");
    let by_query = format!(
        "systemusers({user})/systemuserroles_association/$ref?%24id=https%3A%2F%2F{HOST}%2Fapi%2Fdata%2Fv9.2%2Froles%28{role}%29"
    );
    assert_eq!(client.ask("DELETE", &by_query, &[], "").status, 204);
    let by_key = format!("systemusers({user})/systemuserroles_association({role})/$ref");
    expect(&client.ask("DELETE", &by_key, &[], ""), 404, "0x80040217");
    assert_eq!(client.assign("ada@contoso.com", role).status, 204);
    assert_eq!(client.ask("DELETE", &by_key, &[], "").status, 204);
    assert_eq!(client.ask("DELETE", &format!("roles({role})"), &[], "").status, 204);
    expect(&client.assign("ada@contoso.com", role), 404, "0x80060888");
}

#[test]
fn associations_that_are_there_or_not_have_variants() {
    let client = changed(|variants| {
        variants.duplicate_association = DuplicateAssociation::Accepted;
        variants.absent_association = AbsentAssociation::Accepted;
    });
    let role = client.new_role("Flow Runner");
    let path = format!("systemusers({})/systemuserroles_association({role})/$ref", client.user("ada@contoso.com"));
    assert_eq!(client.ask("DELETE", &path, &[], "").status, 204);
    assert_eq!(client.assign("ada@contoso.com", role).status, 204);
    assert_eq!(client.assign("ada@contoso.com", role).status, 204);
}

#[test]
fn a_role_is_changed_in_all_its_copies() {
    let client = sandbox();
    let role = client.new_role("Flow Runner");
    assert_eq!(client.patch(&format!("roles({role})"), &json!({ "isinherited": 0, "description": "d" })).status, 204);
    let row = client.get(&format!("roles({role})?$select=isinherited,description")).body.unwrap();
    assert_eq!((row["isinherited"].as_i64(), row["description"].as_str()), (Some(0), Some("d")));
    expect(&client.patch(&format!("roles({role})"), &json!({ "ismanaged": true })), 400, "0x80060888");
    expect(&client.patch(&format!("roles({role})"), &json!({ "nothing": true })), 400, "0x80060888");
    let missing = Uuid::from_u128(5);
    expect(&client.patch(&format!("roles({missing})"), &json!({ "name": "x" })), 404, "0x80040217");
    let stale = client.ask("PATCH", &format!("roles({role})"), &[("If-Match", "W/\"1\"")], r#"{"name":"y"}"#);
    expect(&stale, 412, "0x80060882");
}

#[test]
fn users_who_are_disabled_keep_their_roles() {
    let client = sandbox();
    let user = client.user("ada@contoso.com");
    client.patch(&format!("systemusers({user})"), &json!({ "isdisabled": true }));
    expect(&client.assign("ada@contoso.com", client.role("Environment Maker")), 403, "0x80040225");
    let path = format!("systemusers({user})/systemuserroles_association({})/$ref", client.role("Basic User"));
    expect(&client.ask("DELETE", &path, &[], ""), 403, "0x80040225");
}
