//! What Microsoft's pages say of writing rows, beyond what powergrant sends.

use super::*;

fn lookup(client: &Client, path: &str, name: &str) -> Value {
    client.get(path).body.unwrap()[name].clone()
}

#[test]
fn lookups_are_changed_by_reference_from_either_side() {
    let client = sandbox();
    let (flow, ada) = (client.flow("Expense intake"), client.user("ada@contoso.com"));
    let owner = format!("workflows({flow})/ownerid/$ref");
    let put = client.ask("PUT", &owner, &[], &json!({ "@odata.id": format!("systemusers({ada})") }).to_string());
    assert_eq!((put.status, put.headers.contains_key("OData-EntityId")), (204, false));
    assert_eq!(lookup(&client, &format!("workflows({flow})?$select=_ownerid_value"), "_ownerid_value"), json!(ada));
    // A unit has teams: put in from the unit's side, taken out of nothing.
    let unit = client.post("businessunits", &json!({ "name": "Sales" }));
    let unit = unit.headers["OData-EntityId"].rsplit_once('(').unwrap().1.trim_end_matches(')').to_owned();
    let team = client.post("teams", &json!({ "name": "Sellers" })).headers["OData-EntityId"].clone();
    let path = format!("businessunits({unit})/business_unit_teams/$ref");
    assert_eq!(client.post(&path, &json!({ "@odata.id": team })).status, 204);
    let found = client.rows(&format!("businessunits({unit})/business_unit_teams?$filter=name%20eq%20'Sellers'"));
    assert_eq!(found.len(), 1);
    let administrator = format!("{team}/administratorid/$ref");
    let administrator = administrator.strip_prefix(&format!("https://{HOST}")).unwrap();
    assert_eq!(
        client
            .ask("PUT", administrator, &[], &json!({ "@odata.id": format!("systemusers({ada})") }).to_string())
            .status,
        204
    );
    let of_team =
        |client: &Client| client.rows("teams?$filter=name%20eq%20'Sellers'")[0]["_administratorid_value"].clone();
    assert_eq!(of_team(&client), json!(ada));
    assert_eq!(client.ask("DELETE", administrator, &[], "").status, 204);
    assert_eq!(of_team(&client), Value::Null);
}

#[test]
fn a_lookup_is_emptied_under_either_name() {
    let client = sandbox();
    let ada = client.user("ada@contoso.com");
    for name in ["administratorid", "administratorid@odata.bind"] {
        let body = json!({ "name": name, "administratorid@odata.bind": format!("/systemusers({ada})") });
        let team = client.post("teams", &body).headers["OData-EntityId"].clone();
        let team = team.strip_prefix(&format!("https://{HOST}")).unwrap();
        assert_eq!(lookup(&client, team, "_administratorid_value"), json!(ada));
        assert_eq!(client.patch(team, &json!({ name: null })).status, 204);
        assert_eq!(lookup(&client, team, "_administratorid_value"), Value::Null, "{name}");
    }
}

#[test]
fn rows_are_made_with_and_joined_to_what_stands_inside() {
    let client = sandbox();
    let body = json!({
        "schemaname": "contoso_Site", "displayname": "Site", "type": 100_000_000,
        "environmentvariabledefinition_environmentvariablevalue": [{ "value": "https://contoso.example" }],
    });
    let answer = client.post("environmentvariabledefinitions", &body);
    assert_eq!(answer.status, 204, "{:?}", answer.body);
    let values = "environmentvariabledefinition_environmentvariablevalue($select=value)";
    let found = client
        .rows(&format!("environmentvariabledefinitions?$filter=schemaname%20eq%20'contoso_Site'&$expand={values}"));
    assert_eq!(
        found[0]["environmentvariabledefinition_environmentvariablevalue"][0]["value"],
        "https://contoso.example"
    );
    let role = client.role("Basic User");
    let body = json!({
        "name": "Sellers", "teamroles_association@odata.bind": [format!("/roles({role})")],
        "administratorid@odata.bind": format!("/systemusers({})", client.user("ada@contoso.com")),
    });
    assert_eq!(client.post("teams", &body).status, 204);
    let team = client.with(|organization| organization.named("team", "Sellers").unwrap());
    assert_eq!(client.rows(&format!("teams({team})/teamroles_association?$select=name"))[0]["name"], "Basic User");
    // What fails inside takes the whole back.
    let before = client.fingerprint();
    let body = json!({ "schemaname": "contoso_Other", "displayname": "Other", "type": 100_000_000,
        "environmentvariabledefinition_environmentvariablevalue": [{ "nothing": 1 }] });
    assert_eq!(client.post("environmentvariabledefinitions", &body).status, 400);
    assert_eq!(client.fingerprint(), before);
}

#[test]
fn a_row_that_is_sent_back_comes_without_its_address() {
    let client = sandbox();
    let body =
        json!({ "name": "Flow Runner", "businessunitid@odata.bind": format!("/businessunits({})", client.unit()) });
    let wish = [("Prefer", "return=representation")];
    let path = "roles?$select=name&$expand=businessunitid($select=name)";
    let made = client.ask("POST", path, &wish, &body.to_string());
    assert_eq!((made.status, made.headers["Preference-Applied"].as_str()), (201, "return=representation"));
    assert!(["OData-EntityId", "Location", "ETag"].iter().all(|name| !made.headers.contains_key(*name)));
    let made = made.body.unwrap();
    assert_eq!(made["businessunitid"]["name"], "Contoso");
    let role = made["roleid"].as_str().unwrap();
    let changed =
        client.ask("PATCH", &path.replace("roles", &format!("roles({role})")), &wish, r#"{"description":"d"}"#);
    assert_eq!((changed.status, changed.headers.contains_key("OData-EntityId")), (200, false));
    // Expansions of an update are ignored.
    assert_eq!(changed.body.unwrap().get("businessunitid"), None);
}

#[test]
fn an_upsert_by_alternate_key_makes_what_is_not_there() {
    let client = sandbox();
    let path = "connectionreferences(connectionreferencelogicalname='contoso_new')";
    let body = json!({ "connectionreferencedisplayname": "New", "connectorid": "/providers/Microsoft.PowerApps/apis/shared_x" });
    assert_eq!(status_and_code(&client.patch(path, &body)), (404, "0x80060891".to_owned()));
    assert_eq!(client.ask("PATCH", path, &[], &body.to_string()).status, 204);
    assert_eq!(client.get(path).body.unwrap()["connectionreferencelogicalname"], "contoso_new");
    let again = client.ask("PATCH", path, &[], r#"{"connectionreferencedisplayname":"Newer"}"#);
    assert_eq!(again.status, 204);
    assert_eq!(client.get(path).body.unwrap()["connectionreferencedisplayname"], "Newer");
    let prevented = client.ask("PATCH", path, &[("If-None-Match", "*")], r#"{"connectionreferencedisplayname":"x"}"#);
    assert_eq!(status_and_code(&prevented), (412, "0x80060892".to_owned()));
}
