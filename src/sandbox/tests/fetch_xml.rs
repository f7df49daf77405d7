//! Sets that are read with `FetchXML`.

use serde_json::json;

use super::*;

pub(super) fn address(set: &str, xml: &str) -> String {
    let query = url::form_urlencoded::byte_serialize(xml.as_bytes()).collect::<String>();
    format!("{set}?fetchXml={query}")
}

pub(super) fn fetch(client: &Client, set: &str, xml: &str) -> Answer {
    client.get(&address(set, xml))
}

/// The body with all annotations.
pub(super) fn annotated(client: &Client, set: &str, xml: &str) -> Value {
    let headers = [("Prefer", "odata.include-annotations=\"*\"")];
    client.ask("GET", &address(set, xml), &headers, "").body.unwrap()
}

/// Names of rows, in order.
fn names(client: &Client, set: &str, column: &str, xml: &str) -> Vec<String> {
    let rows = values(fetch(client, set, xml));
    rows.iter().map(|row| row[column].as_str().unwrap_or_default().to_owned()).collect()
}

/// People by what stands in their filter.
pub(super) fn people(client: &Client, inner: &str) -> Vec<String> {
    let xml = format!(
        "<fetch><entity name='systemuser'><attribute name='domainname'/><order attribute='domainname'/>{inner}</entity></fetch>"
    );
    names(client, "systemusers", "domainname", &xml)
}

#[test]
fn sets_are_read_with_fetchxml() {
    let client = sandbox();
    let names = |xml: &str| -> Vec<String> {
        let rows = values(fetch(&client, "systemusers", xml));
        rows.iter().map(|row| row["domainname"].as_str().unwrap_or_default().to_owned()).collect()
    };
    let users = |inner: &str| {
        format!(
            "<fetch><entity name='systemuser'><attribute name='domainname'/><order attribute='domainname'/>{inner}</entity></fetch>"
        )
    };
    let filter = |inner: &str| users(&format!("<filter>{inner}</filter>"));
    assert_eq!(
        names(&filter("<condition attribute='domainname' operator='eq' value='MIA@contoso.com'/>")),
        ["mia@contoso.com"]
    );
    assert_eq!(
        names(&filter("<condition attribute='domainname' operator='like' value='%ia@%'/>")),
        ["mia@contoso.com"]
    );
    assert_eq!(
        names(&filter("<condition attribute='domainname' operator='begins-with' value='ad'/>")),
        ["ada@contoso.com", "admin@contoso.com"]
    );
    assert_eq!(names(&filter("<condition attribute='domainname' operator='in'><value>ada@contoso.com</value><value>bob@contoso.com</value></condition>")).len(), 2);
    assert_eq!(names(&filter("<condition attribute='applicationid' operator='not-null'/>")).len(), 1);
    assert_eq!(names(&filter("<condition attribute='systemuserid' operator='eq-userid'/>")).len(), 1);
    assert_eq!(names(&filter("<condition attribute='isdisabled' operator='eq' value='1'/>")).len(), 0);
    assert_eq!(names(&filter("<filter type='or'><condition attribute='domainname' operator='eq' value='ada@contoso.com'/><condition attribute='domainname' operator='eq' value='bob@contoso.com'/></filter><condition attribute='isdisabled' operator='eq' value='false'/>")).len(), 2);
    // The same rows as with query options, and in pages.
    let all = client.rows("systemusers?$select=domainname&$orderby=domainname");
    let by_options: Vec<&str> = all.iter().map(|row| row["domainname"].as_str().unwrap()).collect();
    assert_eq!(names(&users("")), by_options);
    let page = |number: usize| {
        let xml = users("").replacen("<fetch>", &format!("<fetch count='5' page='{number}'>"), 1);
        annotated(&client, "systemusers", &xml)
    };
    let (first, last) = (page(1), page(3));
    assert_eq!(
        (first["value"].as_array().unwrap().len(), &first["@Microsoft.Dynamics.CRM.morerecords"]),
        (5, &json!(true))
    );
    assert_eq!(last["value"].as_array().unwrap().len() + 10, by_options.len());
    assert_eq!(last["@Microsoft.Dynamics.CRM.morerecords"], json!(false));
    let body =
        fetch(&client, "roles", "<fetch top=\"2\"><entity name=\"role\"><attribute name=\"name\"/></entity></fetch>")
            .body
            .unwrap();
    assert_eq!(body["value"].as_array().unwrap().len(), 2);
    assert!(body["@odata.context"].as_str().unwrap().ends_with("$metadata#roles(name)"));
}

#[test]
fn operators_read_lists_ranges_days_and_wildcards() {
    let client = sandbox();
    let condition = |inner: &str| people(&client, &format!("<filter><condition {inner}</filter>")).len();
    let all = people(&client, "").len();
    let each = |operator: &str, value: &str| {
        condition(&format!("attribute='domainname' operator='{operator}' value='{value}'/>"))
    };
    assert_eq!(each("like", "m_a@%"), 1);
    let of_a_and_b = people(&client, "").iter().filter(|name| name.starts_with(['a', 'b'])).count();
    assert_eq!(each("like", "[a-b]%@contoso.com"), of_a_and_b);
    assert_eq!(each("not-like", "m_a@%"), all - 1);
    assert_eq!(each("begins-with", "m_a"), 0, "here the wildcard is itself");
    assert_eq!(each("ends-with", "IA@contoso.com"), 1);
    let list = |operator: &str| {
        condition(&format!(
            "attribute='domainname' operator='{operator}'><value>mia@contoso.com</value><value>bob@contoso.com</value></condition>"
        ))
    };
    assert_eq!((list("in"), list("not-in")), (2, all - 2));
    let between = |operator: &str| {
        condition(&format!("attribute='accessmode' operator='{operator}'><value>0</value><value>3</value></condition>"))
    };
    assert_eq!(between("between") + between("not-between"), all);
    assert!(between("not-between") > 0, "an application has 4");
    let day = client.rows("systemusers?$select=createdon&$top=1")[0]["createdon"].as_str().unwrap()[..10].to_owned();
    let on = |operator: &str| condition(&format!("attribute='createdon' operator='{operator}' value='{day}'/>"));
    assert_eq!((on("on"), on("on-or-before"), on("on-or-after"), on("not-on")), (all, all, all, 0));
    // An empty value where none is needed is what some designers leave behind.
    assert_eq!(
        condition("attribute='domainname' operator='not-null' value=''/>"),
        people(&client, "<filter><condition attribute='domainname' operator='not-null'/></filter>").len()
    );
    let mine = |client: &Client, operator: &str| {
        let xml = format!(
            "<fetch><entity name='workflow'><attribute name='name'/><filter><condition attribute='ownerid' operator='{operator}'/></filter></entity></fetch>"
        );
        values(fetch(client, "workflows", &xml)).len()
    };
    let mia = client.by("mia@contoso.com");
    assert_eq!(
        [
            mine(&mia, "eq-userid"),
            mine(&mia, "eq-useroruserteams"),
            mine(&mia, "eq-useroruserhierarchy"),
            mine(&mia, "eq-userteams")
        ],
        [4, 4, 4, 0]
    );
}

#[test]
fn columns_have_the_names_that_the_query_gives_them() {
    let client = sandbox();
    let xml =
        "<fetch top='1'><entity name='workflow'><attribute name='name' alias='title'/><attribute name='description'/>
        <filter><condition attribute='name' operator='eq' value='Expense intake'/></filter>
        <link-entity name='systemuser' from='systemuserid' to='owninguser'>
          <attribute name='domainname'/><attribute name='businessunitid' alias='unit'/>
        </link-entity></entity></fetch>";
    let row = values(fetch(&client, "workflows", xml)).remove(0);
    let mut keys: Vec<&String> = row.as_object().unwrap().keys().collect();
    keys.sort();
    // Without an alias a join is called by its table and number; a column without a value is left out.
    assert_eq!(keys, ["@odata.etag", "systemuser1.domainname", "title", "unit", "workflowid"]);
    let row = annotated(&client, "workflows", xml)["value"][0].clone();
    assert_eq!(row["unit@OData.Community.Display.V1.FormattedValue"], "Contoso");
    assert_eq!(row["unit@Microsoft.Dynamics.CRM.lookuplogicalname"], "businessunit");
    let whole = "<fetch top='1'><entity name='role'><link-entity name='businessunit' from='businessunitid' to='businessunitid' alias='b'><all-attributes/></link-entity></entity></fetch>";
    let row = values(fetch(&client, "roles", whole)).remove(0);
    assert!(
        row["_businessunitid_value"].is_string() && row["b.name"] == "Contoso" && row["b.businessunitid"].is_string(),
        "{row}"
    );
    // The two columns of a join may be left out where one lookup is between the tables.
    let plain = "<fetch top='1'><entity name='role'><attribute name='name'/><link-entity name='businessunit' alias='b'><attribute name='name'/></link-entity></entity></fetch>";
    assert_eq!(values(fetch(&client, "roles", plain))[0]["b.name"], "Contoso");
}

#[test]
fn rows_are_ordered_by_names_and_labels_and_those_of_a_join_last() {
    let client = sandbox();
    // One of them is off.
    let flow = client.flow("Payroll export");
    client.with(|organization| organization.change("workflow", flow, [("statecode".to_owned(), json!(0))]));
    let ordered = |root: &str, orders: &str| {
        let xml = format!("<fetch {root}><entity name='workflow'><attribute name='name'/><filter><condition attribute='category' operator='eq' value='5'/></filter>
            <link-entity name='systemuser' from='systemuserid' to='owninguser' alias='u'><order attribute='domainname'/></link-entity>{orders}</entity></fetch>");
        names(&client, "workflows", "name", &xml)
    };
    let by_owner = ordered("", "");
    assert_eq!(
        by_owner,
        ordered("", "<order attribute='ownerid'/>"),
        "a lookup is ordered by the name that it leads to"
    );
    assert_eq!(by_owner, ordered("", "<order entityname='u' attribute='fullname'/>"));
    let by_name = ordered("", "<order attribute='name' descending='true'/>");
    assert!(by_name.is_sorted_by(|left, right| left >= right) && by_name != by_owner, "{by_name:?}");
    // `Activated` comes before `Draft`, and 0 before 1.
    assert_ne!(
        ordered("", "<order attribute='statecode'/>")[0],
        ordered("useraworderby='true'", "<order attribute='statecode'/>")[0]
    );
}

#[test]
fn pages_are_followed_by_their_cookies() {
    let client = sandbox();
    let mut found = Vec::new();
    let (mut number, mut cookie) = (1, String::new());
    loop {
        let xml = format!(
            "<fetch count='5' page='{number}'{cookie}><entity name='systemuser'><attribute name='domainname'/></entity></fetch>"
        );
        let body = annotated(&client, "systemusers", &xml);
        found.extend(body["value"].as_array().unwrap().iter().map(|row| row["systemuserid"].clone()));
        let Some(next) = body["@Microsoft.Dynamics.CRM.fetchxmlpagingcookie"].as_str() else { break };
        let encoded = next.split('"').nth(3).unwrap();
        let decode =
            |text: &str| url::form_urlencoded::parse(format!("x={text}").as_bytes()).next().unwrap().1.into_owned();
        let inner = decode(&decode(encoded)).replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
        (number, cookie) = (number + 1, format!(" paging-cookie='{inner}'"));
    }
    assert_eq!((number, found.len()), (3, 13));
    found.sort_by_key(ToString::to_string);
    found.dedup();
    assert_eq!(found.len(), 13);
    let plain = "<fetch count='5'><entity name='systemuser'/></fetch>";
    let body = fetch(&client, "systemusers", plain).body.unwrap();
    let keys: Vec<&String> = body.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["@odata.context", "value"], "annotations have to be asked for");
    let counted = "<fetch count='5' returntotalrecordcount='true'><entity name='systemuser'/></fetch>";
    assert_eq!(fetch(&client, "systemusers", counted).body.unwrap()["@odata.count"], 13);
    assert_eq!(client.get(&format!("{}&$count=true", address("systemusers", plain))).body.unwrap()["@odata.count"], 13);
    assert_eq!(annotated(&client, "systemusers", counted)["@Microsoft.Dynamics.CRM.totalrecordcount"], 13);
    assert_eq!(annotated(&client, "systemusers", plain)["@Microsoft.Dynamics.CRM.totalrecordcount"], -1);
    expect(
        &fetch(&client, "systemusers", "<fetch count='5000' page='11'><entity name='systemuser'/></fetch>"),
        400,
        "0x8004430a",
    );
}
