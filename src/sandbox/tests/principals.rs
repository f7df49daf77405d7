//! How users and group teams come in.

use serde_json::json;

use super::*;

const GROUP: &str = "22222222-2222-2222-2222-222222222222";

fn by_key(client: &Client, upn: &str) -> String {
    format!("systemusers(azureactivedirectoryobjectid={})", client.object(upn))
}

#[test]
fn a_role_through_the_alternate_key_brings_the_user_in() {
    let client = sandbox();
    let role = client.role("Basic User");
    let path = format!("{}/systemuserroles_association/$ref", by_key(&client, "jon@contoso.com"));
    let body = json!({ "@odata.id": format!("https://{HOST}/api/data/v9.2/roles({role})") });
    assert_eq!(client.post(&path, &body).status, 204);
    let rows =
        client.rows("systemusers?$filter=domainname%20eq%20'jon@contoso.com'&$expand=systemuserroles_association");
    assert_eq!(rows[0]["systemuserroles_association"][0]["name"], "Basic User");
}

#[test]
fn a_refused_role_brings_nobody_in() {
    let client = sandbox();
    let before = client.fingerprint();
    let path = format!("{}/systemuserroles_association/$ref", by_key(&client, "jon@contoso.com"));
    let body = json!({ "@odata.id": format!("roles({})", Uuid::from_u128(9)) });
    expect(&client.post(&path, &body), 404, "0x80060888");
    assert_eq!(client.fingerprint(), before);
}

#[test]
fn even_reading_by_that_key_brings_the_user_in() {
    let client = sandbox();
    assert_eq!(client.get(&by_key(&client, "kira@contoso.com")).status, 200);
    assert_eq!(client.rows("systemusers?$filter=domainname%20eq%20'kira@contoso.com'").len(), 1);
}

#[test]
fn nobody_comes_in_who_is_disabled_unknown_or_outside_of_the_security_group() {
    let client = sandbox();
    let jon = client.object("jon@contoso.com");
    let leo = client.object("leo@contoso.com");
    let makers = client.tenant(|tenant| {
        tenant.directory.users.get_mut(&jon).unwrap().enabled = false;
        *tenant.directory.groups.iter().find(|(_, group)| group.display_name == "SG-Makers").unwrap().0
    });
    expect(&client.get(&by_key(&client, "jon@contoso.com")), 403, "0x80040225");
    client.with(|organization| organization.security_group = Some(makers));
    expect(&client.get(&by_key(&client, "leo@contoso.com")), 403, "0x80072560");
    client.tenant(|tenant| tenant.directory.groups.get_mut(&makers).unwrap().members.insert(leo));
    assert_eq!(client.get(&by_key(&client, "leo@contoso.com")).status, 200);
    let nobody = format!("systemusers(azureactivedirectoryobjectid={})", Uuid::from_u128(4));
    expect(&client.get(&nobody), 404, "0x80040217");
}

#[test]
fn a_group_team_is_empty_until_access_or_sync() {
    let client = sandbox();
    let answer = client.post("teams", &json!({ "azureactivedirectoryobjectid": GROUP, "membershiptype": 0 }));
    assert_eq!(answer.status, 204);
    let team = client.rows(&format!("teams?$filter=azureactivedirectoryobjectid%20eq%20{GROUP}")).remove(0);
    assert_eq!((team["name"].as_str(), team["teamtype"].as_i64()), (Some("SG-Expense-Prod"), Some(2)));
    let id = team["teamid"].as_str().unwrap();
    let members = format!("teams({id})/teammembership_association?$select=fullname");
    assert_eq!(client.rows(&members).len(), 0);
    // Ada opens the environment.
    client.by("ada@contoso.com").get("WhoAmI");
    assert_eq!(client.rows(&members).len(), 1);
    let sync = client.post(&format!("teams({id})/Microsoft.Dynamics.CRM.SyncGroupMembersToTeam"), &json!({}));
    assert_eq!(sync.status, 204);
    assert_eq!(client.rows(&members).len(), 9);
    let again = client.post("teams", &json!({ "azureactivedirectoryobjectid": GROUP, "membershiptype": 0 }));
    expect(&again, 412, "0x80060892");
    assert_eq!(
        client.post("teams", &json!({ "azureactivedirectoryobjectid": GROUP, "membershiptype": 1 })).status,
        204
    );
}

#[test]
fn a_group_team_takes_only_roles_that_are_inherited() {
    let client = sandbox();
    let role = client.new_role("Flow Runner");
    let path = format!("teams(azureactivedirectoryobjectid={GROUP},membershiptype=0)/teamroles_association/$ref");
    let body = json!({ "@odata.id": format!("/roles({role})") });
    client.patch(&format!("roles({role})"), &json!({ "isinherited": 0 }));
    expect(&client.post(&path, &body), 400, "0x80048350");
    client.patch(&format!("roles({role})"), &json!({ "isinherited": 1 }));
    assert_eq!(client.post(&path, &body).status, 204);
    assert_eq!(client.rows("teamrolescollection").len(), 1);
}

#[test]
fn an_application_user_is_made_without_a_role() {
    let client = sandbox();
    let app = Uuid::from_u128(0xA44);
    client.tenant(|tenant| {
        let value = crate::sandbox::directory::ServicePrincipal {
            app_id: app,
            display_name: "pipeline".to_owned(),
            secret: "s".to_owned(),
        };
        tenant.directory.service_principals.insert(Uuid::from_u128(1), value);
    });
    let body =
        json!({ "applicationid": app, "businessunitid@odata.bind": format!("/businessunits({})", client.unit()) });
    assert_eq!(client.post("systemusers", &body).status, 204);
    expect(&client.post("systemusers", &body), 400, "0x8004F511");
    let rows =
        client.rows(&format!("systemusers?$filter=applicationid%20eq%20{app}&$expand=systemuserroles_association"));
    assert_eq!(rows[0]["systemuserroles_association"], json!([]));
}

#[test]
fn the_directory_answers_for_people_who_never_came() {
    let client = sandbox();
    client.post("teams", &json!({ "azureactivedirectoryobjectid": GROUP, "membershiptype": 0 }));
    let path = format!("teams(azureactivedirectoryobjectid={GROUP},membershiptype=0)/teamroles_association/$ref");
    client.post(&path, &json!({ "@odata.id": format!("roles({})", client.role("Basic User")) }));
    let leo = client.object("leo@contoso.com");
    let rows = client.rows(&format!("RetrieveAadUserRoles(DirectoryObjectId={leo})?$select=name"));
    assert_eq!(
        (rows[0]["name"].as_str(), rows[0]["t_x002e_name"].as_str()),
        (Some("Basic User"), Some("SG-Expense-Prod"))
    );
}

#[test]
fn nobody_acts_for_others_without_the_privilege() {
    let client = sandbox();
    let ada = client.object("ada@contoso.com").to_string();
    let as_ada = [("CallerObjectId", ada.as_str())];
    expect(&client.by("bob@contoso.com").ask("GET", "workflows", &as_ada, ""), 403, "0x80040220");
    let flows = client.ask("GET", "workflows", &as_ada, "").body.unwrap();
    assert_eq!(flows["value"], json!([]));
    let who = client.ask("GET", "WhoAmI", &as_ada, "").body.unwrap();
    assert_eq!(who["UserId"], json!(client.user("ada@contoso.com")));
}
