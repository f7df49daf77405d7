//! What Microsoft's pages say of reading rows, beyond what powergrant asks for.

use super::*;

fn prefer(client: &Client, path: &str, wish: &str) -> Answer {
    client.ask("GET", path, &[("Prefer", wish)], "")
}

#[test]
fn what_a_row_leads_to_is_counted_named_and_picked() {
    let client = sandbox();
    let (role, ada) = (client.role("Basic User"), client.user("ada@contoso.com"));
    let held = client.rows(&format!("roles({role})/systemuserroles_association?$select=fullname")).len();
    let path = |rest: &str| format!("roles({role})/{rest}");
    let count = client.get(&path("systemuserroles_association/$count"));
    assert_eq!((count.headers["Content-Type"].as_str(), count.body), ("text/plain", Some(json!(held))));
    let references = client.get(&path("systemuserroles_association/$ref")).body.unwrap();
    assert_eq!(references["@odata.context"], format!("https://{HOST}/api/data/v9.2/$metadata#Collection($ref)"));
    let named = json!({ "@odata.id": format!("https://{HOST}/api/data/v9.2/systemusers({ada})") });
    let references = references["value"].as_array().unwrap();
    assert!(references.len() == held && references.contains(&named), "{references:?}");
    let one = client.get(&path(&format!("systemuserroles_association({ada})?$select=fullname"))).body.unwrap();
    assert_eq!((&one["fullname"], one.get("value")), (&json!("Ada Lovelace"), None));
    let unit = client.get(&path("businessunitid/$ref")).body.unwrap();
    assert_eq!(unit["@odata.id"], format!("https://{HOST}/api/data/v9.2/businessunits({})", client.unit()));
    assert_eq!(client.get(&path("name/$value")).body, Some(json!("Basic User")));
    assert_eq!(client.get(&path("description/$value")).status, 204);
}

#[test]
fn an_embedded_collection_has_a_link_of_its_own() {
    let client = sandbox();
    let role = client.role("Basic User");
    let users = "systemuserroles_association($select=fullname;$orderby=fullname%20desc;$top=2)";
    let row = client.get(&format!("roles({role})?$select=name&$expand={users}")).body.unwrap();
    let link = row["systemuserroles_association@odata.nextLink"].as_str().unwrap();
    let path = link.strip_prefix(&format!("https://{HOST}/api/data/v9.2/")).unwrap();
    assert_eq!(
        path,
        format!("roles({role})/systemuserroles_association?$select=fullname&$orderby=fullname%20desc&$top=2")
    );
    assert_eq!(json!(client.rows(path)), row["systemuserroles_association"]);
    let row = client.get(&format!("roles({role})?$select=name&$expand=businessunitid/$ref")).body.unwrap();
    let unit = client.unit();
    assert_eq!(
        row["businessunitid"],
        json!({ "@odata.id": format!("https://{HOST}/api/data/v9.2/businessunits({unit})") })
    );
    assert_eq!(row["_businessunitid_value"], json!(unit));
}

#[test]
fn embedded_collections_come_in_pages_where_one_has_an_expansion_of_its_own() {
    let client = sandbox();
    let role = client.role("Basic User");
    let held = client.rows(&format!("roles({role})/systemuserroles_association?$select=fullname"));
    let expand = "systemuserroles_association($select=fullname;$expand=businessunitid($select=name))";
    let path = format!("roles?$select=name&$filter=roleid%20eq%20{role}&$expand={expand}");
    let answer = prefer(&client, &path, "odata.maxpagesize=4").body.unwrap();
    let row = &answer["value"][0];
    let mut found = row["systemuserroles_association"].as_array().unwrap().clone();
    assert_eq!((found.len(), &found[0]["businessunitid"]["name"]), (4, &json!("Contoso")));
    let mut next = row["systemuserroles_association@odata.nextLink"].as_str().map(str::to_owned);
    while let Some(link) = next {
        let body = prefer(&client, link.strip_prefix(&format!("https://{HOST}")).unwrap(), "odata.maxpagesize=4")
            .body
            .unwrap();
        found.extend(body["value"].as_array().unwrap().clone());
        next = body["@odata.nextLink"].as_str().map(str::to_owned);
    }
    let ids = |rows: &[Value]| rows.iter().map(|row| row["systemuserid"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&found), ids(&held));
}

#[test]
fn a_page_begins_behind_the_last_one_whatever_went_in_between() {
    let client = sandbox();
    let names: Vec<String> = (0..6).map(|number| format!("Paged {number}")).collect();
    let roles: Vec<Uuid> = names.iter().map(|name| client.new_role(name)).collect();
    let path = "roles?$select=name&$filter=startswith(name,'Paged')&$orderby=name%20desc";
    let first = prefer(&client, path, "odata.maxpagesize=2").body.unwrap();
    for gone in [5, 4] {
        assert_eq!(client.ask("DELETE", &format!("roles({})", roles[gone]), &[], "").status, 204);
    }
    let next = first["@odata.nextLink"].as_str().unwrap().strip_prefix(&format!("https://{HOST}")).unwrap().to_owned();
    let second = prefer(&client, &next, "odata.maxpagesize=2").body.unwrap();
    let shown: Vec<&Value> = second["value"].as_array().unwrap().iter().map(|row| &row["name"]).collect();
    assert_eq!(shown, ["Paged 3", "Paged 2"]);
    // A client may count pages by itself.
    let own = format!("{path}&$skiptoken=%3Ccookie%20pagenumber=%222%22%20istracking=%22False%22%20/%3E");
    let counted = prefer(&client, &own, "odata.maxpagesize=3").body.unwrap();
    assert_eq!((counted["value"].as_array().unwrap().len(), &counted["value"][0]["name"]), (1, &json!("Paged 0")));
}

#[test]
fn a_limit_beside_a_page_size_is_ignored_and_a_size_that_is_none_is_not_applied() {
    let client = sandbox();
    let answer = prefer(&client, "systemusers?$select=fullname&$top=5", "odata.maxpagesize=2");
    let body = answer.body.unwrap();
    assert!(body["value"].as_array().unwrap().len() == 2 && body["@odata.nextLink"].is_string());
    for size in ["0", "-1", "many", ""] {
        let answer = prefer(&client, "systemusers?$select=fullname", &format!("odata.maxpagesize={size}"));
        assert_eq!((answer.headers.get("Preference-Applied"), answer.status), (None, 200), "{size}");
        assert_eq!(answer.body.unwrap().get("@odata.nextLink"), None);
    }
}

#[test]
fn annotations_are_those_that_were_asked_for() {
    let client = sandbox();
    let path = "systemusers?$select=isdisabled,createdon,_businessunitid_value&$top=1&$count=true";
    let formatted = "OData.Community.Display.V1.FormattedValue";
    let body = prefer(&client, path, &format!("odata.include-annotations=\"{formatted}\"")).body.unwrap();
    let row = &body["value"][0];
    assert_eq!(row[format!("_businessunitid_value@{formatted}")], "Contoso");
    assert_eq!(row[format!("isdisabled@{formatted}")], "Enabled");
    assert_eq!(row[format!("createdon@{formatted}")], "1/5/2026 8:00 AM");
    assert_eq!(row.get("_businessunitid_value@Microsoft.Dynamics.CRM.lookuplogicalname"), None);
    assert_eq!(body.get("@Microsoft.Dynamics.CRM.totalrecordcount"), None);
    let body = prefer(&client, path, "odata.include-annotations=\"Microsoft.Dynamics.CRM.*\"").body.unwrap();
    assert_eq!(body["@Microsoft.Dynamics.CRM.totalrecordcount"], body["@odata.count"]);
    assert_eq!(body["value"][0]["_businessunitid_value@Microsoft.Dynamics.CRM.lookuplogicalname"], "businessunit");
    assert_eq!(body["value"][0].get(format!("isdisabled@{formatted}")), None);
}

#[test]
fn a_refusal_tells_more_when_that_is_asked_for() {
    let client = sandbox();
    assert_eq!(client.get("nothing").body.unwrap()["error"].as_object().unwrap().len(), 2);
    let error = prefer(&client, "nothing", "odata.include-annotations=\"*\"").body.unwrap()["error"].clone();
    assert_eq!(error["@Microsoft.PowerApps.CDS.InnerError.Message"], error["message"]);
    assert!(error["@Microsoft.PowerApps.CDS.HelpLink"].as_str().unwrap().contains("%3a80060888"));
    let one = prefer(&client, "nothing", "odata.include-annotations=\"Microsoft.PowerApps.CDS.HelpLink\"");
    assert_eq!(one.body.unwrap()["error"].as_object().unwrap().len(), 3);
}

#[test]
fn only_a_row_by_itself_is_unchanged() {
    let client = sandbox();
    let path = format!("systemusers({})?$select=fullname", client.user("ada@contoso.com"));
    let version = client.get(&path).headers["ETag"].clone();
    let ask = |path: &str, more: (&str, &str)| client.ask("GET", path, &[("If-None-Match", &version), more], "").status;
    assert_eq!(ask(&path, ("Accept", "application/json")), 304);
    assert_eq!(ask(&format!("{path}&$expand=businessunitid"), ("Accept", "application/json")), 200);
    assert_eq!(ask(&path, ("Prefer", "odata.include-annotations=\"*\"")), 200);
}

#[test]
fn query_functions_compare_and_know_who_asks() {
    let client = sandbox();
    let names = |client: &Client, table: &str, function: &str| {
        let filter = format!("Microsoft.Dynamics.CRM.{function}").replace(' ', "%20");
        let rows = client.rows(&format!("{table}?$select=name&$filter={filter}&$orderby=name"));
        rows.iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let mia = client.by("mia@contoso.com");
    let own = names(&mia, "workflows", "EqualUserId(PropertyName='ownerid')");
    assert!(own.contains(&"Expense intake".to_owned()), "{own:?}");
    assert!(names(&client, "workflows", "EqualUserId(PropertyName='ownerid')").is_empty());
    assert_eq!(
        names(&client, "workflows", "NotEqualUserId(PropertyName='ownerid')").len(),
        client.rows("workflows").len()
    );
    assert_eq!(
        names(&client, "teams", "EqualBusinessId(PropertyName='businessunitid')").len(),
        client.rows("teams").len()
    );
    let inherited = names(&client, "roles", "Between(PropertyName='isinherited',PropertyValues=[\"1\",\"1\"])");
    let others = names(&client, "roles", "NotBetween(PropertyName='isinherited',PropertyValues=['1','1'])");
    assert_eq!(inherited.len() + others.len(), client.rows("roles").len());
    let days = [
        ("On(PropertyName='createdon',PropertyValue='2026-01-05')", true),
        ("On(PropertyName='createdon',PropertyValue='2026-01-04')", false),
        ("OnOrBefore(PropertyName='createdon',PropertyValue=2026-01-05)", true),
        ("OnOrBefore(PropertyName='createdon',PropertyValue=2026-01-04)", false),
        ("OnOrAfter(PropertyName='createdon',PropertyValue='2026-01-05')", true),
        ("OnOrAfter(PropertyName='createdon',PropertyValue='2026-01-06')", false),
    ];
    for (function, expected) in days {
        assert_eq!(names(&client, "roles", function).contains(&"Basic User".to_owned()), expected, "{function}");
    }
}

#[test]
fn definitions_tell_keys_relationships_and_messages() {
    let client = sandbox();
    let keys = client.rows("EntityDefinitions(LogicalName='team')/Keys?$select=SchemaName,KeyAttributes");
    assert_eq!(keys[0]["KeyAttributes"], json!(["azureactivedirectoryobjectid", "membershiptype"]));
    assert!(client.rows("EntityDefinitions(LogicalName='role')/Keys").is_empty());
    let of_unit = client.rows("EntityDefinitions(LogicalName='businessunit')/OneToManyRelationships");
    let teams = of_unit.iter().find(|row| row["ReferencingEntity"] == "team").unwrap();
    assert_eq!(teams["ReferencingEntityNavigationPropertyName"], "businessunitid");
    let filter = "(sdkmessageid/name%20eq%20'CreateMultiple'%20or%20sdkmessageid/name%20eq%20'GrantAccess')";
    let messages = |table: &str| {
        let path = format!(
            "sdkmessagefilters?$expand=sdkmessageid($select=name)&$filter={filter}%20and%20primaryobjecttypecode%20eq%20'{table}'"
        );
        let rows = client.rows(&path);
        rows.iter().map(|row| row["sdkmessageid"]["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        (messages("workflow"), messages("role")),
        (vec!["CreateMultiple".to_owned(), "GrantAccess".to_owned()], vec!["CreateMultiple".to_owned()])
    );
    assert!(messages("principalobjectaccess").is_empty());
}
