//! What reads answer, and what they leave out.

use serde_json::json;

use super::*;

#[test]
fn who_am_i_names_the_caller() {
    let client = sandbox();
    let body = client.get("WhoAmI").body.unwrap();
    let organization = client.with(|organization| organization.id);
    assert_eq!(body["OrganizationId"], json!(organization));
    assert_eq!(body["BusinessUnitId"], json!(client.unit()));
    assert_eq!(
        body["@odata.context"],
        format!("https://{HOST}/api/data/v9.2/$metadata#Microsoft.Dynamics.CRM.WhoAmIResponse")
    );
    assert_eq!(client.get("WhoAmI()").status, 200);
}

#[test]
fn a_set_is_selected_filtered_ordered_and_counted() {
    let client = sandbox();
    let path = "workflows?$select=name,statecode&$filter=category%20eq%205%20and%20statecode%20eq%201&$orderby=name%20desc&$count=true";
    let answer = client.get(path);
    let body = answer.body.unwrap();
    let names: Vec<&str> = body["value"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Payroll export", "Expense reminder", "Expense intake", "Archive receipt", "Approve expense"]);
    assert_eq!(body["@odata.count"], 5);
    assert_eq!(body["@odata.context"], format!("https://{HOST}/api/data/v9.2/$metadata#workflows(name,statecode)"));
    let keys: Vec<&String> = body["value"][0].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["@odata.etag", "name", "statecode", "workflowid"]);
    assert_eq!(answer.headers["OData-Version"], "4.0");
    assert_eq!(answer.headers["x-ms-ratelimit-time-remaining-xrm-requests"], "1,199.99");
}

#[test]
fn pages_are_followed_to_the_end() {
    let client = sandbox();
    let mut path = "systemusers?$select=fullname".to_owned();
    let mut names = Vec::new();
    let mut pages = 0;
    loop {
        let answer = client.ask("GET", &path, &[("Prefer", "odata.maxpagesize=5")], "");
        assert_eq!(answer.headers["Preference-Applied"], "odata.maxpagesize=5");
        let body = answer.body.unwrap();
        names.extend(body["value"].as_array().unwrap().iter().map(|row| row["fullname"].to_string()));
        pages += 1;
        let Some(next) = body["@odata.nextLink"].as_str() else { break };
        path = next.strip_prefix(&format!("https://{HOST}")).unwrap().to_owned();
    }
    names.sort();
    names.dedup();
    assert_eq!((pages, names.len()), (3, 13));
}

#[test]
fn a_limit_is_no_page() {
    let body = sandbox().get("systemusers?$select=fullname&$top=2").body.unwrap();
    assert_eq!(body["value"].as_array().unwrap().len(), 2);
    assert_eq!(body["@odata.nextLink"], Value::Null);
}

#[test]
fn aliases_lists_and_related_rows_filter() {
    let client = sandbox();
    let path = "privileges?$select=name&$filter=Microsoft.Dynamics.CRM.In(PropertyName=@p1,PropertyValues=@p2)\
                &@p1='name'&@p2=['prvReadWorkflow','prvFlow']";
    assert_eq!(client.rows(path).len(), 2);
    assert_eq!(client.rows("businessunits?$filter=parentbusinessunitid%20eq%20null").len(), 1);
    let held = "roles?$select=name&$filter=systemuserroles_association/any(u:u/domainname%20eq%20'bob@contoso.com')";
    assert_eq!(client.rows(held)[0]["name"], "Basic User");
    assert_eq!(client.rows("workflows?$filter=owninguser/domainname%20eq%20'mia@contoso.com'").len(), 4);
}

#[test]
fn rows_are_embedded() {
    let client = sandbox();
    let path = format!(
        "systemusers({})?$select=fullname&$expand=systemuserroles_association($select=name),businessunitid($select=name)",
        client.user("mia@contoso.com")
    );
    let body = client.get(&path).body.unwrap();
    let mut roles: Vec<&str> = body["systemuserroles_association"]
        .as_array()
        .unwrap()
        .iter()
        .map(|role| role["name"].as_str().unwrap())
        .collect();
    roles.sort_unstable();
    assert_eq!(roles, ["Basic User", "Delegate", "Environment Maker"]);
    assert_eq!(body["businessunitid"]["name"], "Contoso");
}

#[test]
fn what_the_service_does_not_know_is_refused() {
    let client = sandbox();
    let cases = [
        ("workflows?$select=nam", 400, "0x80060888"),
        ("workflows?$filter=nam%20eq%201", 400, "0x80060888"),
        ("workflows?$skip=5", 400, "0x80060888"),
        ("workflows?$filter=workflowid%20eq%20'x'", 400, "0x80060888"),
        ("workflows?$expand=name", 400, "0x80060888"),
        ("workflows?fetchXmll=1", 400, "0x80060888"),
        ("flows", 404, "0x80060888"),
        ("workflows(00000000-0000-0000-0000-000000000001)", 404, "0x80040217"),
        ("RetrieveRolePrivilegesRole(RoleId=00000000-0000-0000-0000-000000000001)", 404, "0x80040217"),
    ];
    for (path, status, code) in cases {
        assert_eq!(status_and_code(&client.get(path)), (status, code.to_owned()), "{path}");
    }
    assert!(client.get("workflows?$skip=5").body.unwrap().to_string().contains("Skip Clause is not supported in CRM"));
}

#[test]
fn limits_of_conditions_and_segments_hold() {
    let client = sandbox();
    let conditions = vec!["name%20eq%20'x'"; 501].join("%20or%20");
    assert_eq!(client.get(&format!("workflows?$filter={conditions}")).status, 400);
    assert_eq!(
        client.get(&format!("connectionreferences(connectionreferencelogicalname='{}')", "x".repeat(260))).status,
        400
    );
}

#[test]
fn rows_that_the_caller_may_not_read_are_left_out() {
    let client = sandbox();
    let bob = client.by("bob@contoso.com");
    // Basic User reads its own processes and those that are shared with it.
    let flows = bob.rows("workflows?$select=name");
    assert_eq!(flows.len(), 1);
    assert_eq!(flows[0]["name"], "Expense intake");
    expect(&bob.get(&format!("workflows({})", client.flow("Expense reminder"))), 403, "0x80048306");
    expect(&bob.get("connectionreferences"), 403, "0x80040220");
    assert_eq!(bob.rows("systemusers?$select=fullname").len(), 13);
    // A share is seen where row and principal are.
    assert_eq!(bob.rows("principalobjectaccessset?$select=objectid").len(), 1);
    assert_eq!(client.by("ada@contoso.com").rows("principalobjectaccessset").len(), 0);
}

#[test]
fn a_token_for_another_resource_is_refused() {
    let client = sandbox();
    let token = client.token("https://graph.microsoft.com");
    let answer = client.ask("GET", "WhoAmI", &[("authorization", &format!("Bearer {token}"))], "");
    assert_eq!(answer.status, 401);
    assert!(answer.headers["WWW-Authenticate"].starts_with("Bearer authorization_uri="));
}

#[test]
fn definitions_carry_privileges() {
    let client = sandbox();
    let path = "EntityDefinitions(LogicalName='connectionreference')?$select=LogicalName,OwnershipType,Privileges";
    let body = client.get(path).body.unwrap();
    assert_eq!(body["OwnershipType"], "UserOwned");
    let read = body["Privileges"].as_array().unwrap().iter().find(|entry| entry["PrivilegeType"] == "Read").unwrap();
    assert_eq!(read["Name"], "prvReadconnectionreference");
    let many = client.rows(
        "EntityDefinitions?$select=LogicalName,EntitySetName&$filter=LogicalName+eq+'workflow'+or+LogicalName+eq+'contoso_expense'",
    );
    assert_eq!(many.len(), 2);
    expect(&client.get("EntityDefinitions?$top=1"), 400, "0x80060888");
    // What a publisher decides is filtered by its value; a client's own version of the API is let pass.
    let own = client
        .get("EntityDefinitions?$select=LogicalName&$filter=IsCustomizable/Value eq true&api-version=9.1")
        .body
        .unwrap();
    assert!(
        own["value"].as_array().unwrap().iter().all(|row| row["LogicalName"].as_str().unwrap().starts_with("contoso_"))
    );
    assert!(!own["value"].as_array().unwrap().is_empty());
    expect(&client.get("EntityDefinitions(LogicalName='nothing')"), 404, "0x80060888");
}

#[test]
fn annotations_name_what_lookups_point_to() {
    let client = sandbox();
    let path = format!("workflows({})?$select=_ownerid_value,statecode", client.flow("Expense intake"));
    let answer = client.ask("GET", &path, &[("Prefer", "odata.include-annotations=\"*\"")], "");
    let body = answer.body.unwrap();
    assert_eq!(body["_ownerid_value@Microsoft.Dynamics.CRM.lookuplogicalname"], "systemuser");
    assert_eq!(body["_ownerid_value@OData.Community.Display.V1.FormattedValue"], "Mia Maker");
    assert_eq!(body["statecode@OData.Community.Display.V1.FormattedValue"], "Activated");
}

#[test]
fn privileges_of_roles_are_read_in_two_ways() {
    let client = sandbox();
    let role = client.role("Basic User");
    let body = client.get(&format!("RetrieveRolePrivilegesRole(RoleId=@r)?@r={role}")).body.unwrap();
    let listed = body["RolePrivileges"].as_array().unwrap();
    let workflow = listed.iter().find(|entry| entry["PrivilegeName"] == "prvReadWorkflow").unwrap();
    assert_eq!(workflow["Depth"], "Basic");
    assert_eq!(workflow.as_object().unwrap().len(), 6);
    let rows = client.rows(&format!("roleprivilegescollection?$filter=roleid%20eq%20{role}"));
    assert_eq!(rows.len(), listed.len());
}

#[test]
fn reading_changes_nothing() {
    let client = sandbox();
    let before = client.fingerprint();
    client.rows("workflows");
    client.rows("systemusers?$expand=systemuserroles_association");
    client.get("EntityDefinitions");
    assert_eq!(client.fingerprint(), before);
}

#[test]
fn a_page_of_texts_over_32_megabytes_fails() {
    let client = sandbox();
    client.with(|organization| {
        let text = "x".repeat(4 * 1024 * 1024);
        for number in 0..9_u32 {
            let id = super::super::organization::derived(Uuid::nil(), &number.to_string());
            organization.put("workflow", id, super::super::organization::row_of(json!({ "clientdata": text })));
        }
    });
    assert_eq!(client.get("workflows?$select=clientdata").status, 500);
    assert_eq!(client.get("workflows?$select=name").status, 200);
    assert_eq!(client.ask("GET", "workflows?$select=clientdata", &[("Prefer", "odata.maxpagesize=5")], "").status, 200);
}
