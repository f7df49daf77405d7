//! What other clients ask besides: discovery, Power Apps, `FetchXML`, maker's lists, starting and stopping.

use serde_json::json;

use super::services::{FLOW, PROD, ask};
use super::*;
use crate::sandbox::rights::EVERY_RIGHT;

const DISCOVERY: (&str, &str) = ("globaldisco.crm.dynamics.com", "https://globaldisco.crm.dynamics.com");
const POWER_APPS: (&str, &str) = ("api.powerapps.com", "https://service.powerapps.com/");

fn get(client: &Client, service: (&'static str, &'static str), path: &str) -> Answer {
    ask(client, "GET", service, path, &json!(null))
}

fn values(answer: Answer) -> Vec<Value> {
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    answer.body.unwrap()["value"].as_array().unwrap().clone()
}

#[test]
fn a_person_discovers_the_organisations_that_he_is_in() {
    let client = sandbox();
    let all = "/api/discovery/v2.0/Instances";
    let of = |upn: &str, path: &str| get(&client.by(upn), DISCOVERY, path);
    let found = values(of("mia@contoso.com", all));
    assert_eq!((found.len(), found[0].as_object().unwrap().len()), (1, 20));
    assert_eq!(found[0]["ApiUrl"], "https://contoso.api.crm4.dynamics.com");
    assert_eq!((&found[0]["IsUserSysAdmin"], &found[0]["EnvironmentId"]), (&json!(false), &json!(PROD)));
    let body = of("admin@contoso.com", &format!("{all}?$select=ApiUrl,IsUserSysAdmin")).body.unwrap();
    assert!(body["@odata.context"].as_str().unwrap().ends_with("$metadata#Instances(ApiUrl,IsUserSysAdmin)"));
    assert_eq!(body["value"], json!([{ "ApiUrl": "https://contoso.api.crm4.dynamics.com", "IsUserSysAdmin": true }]));
    // Who has never been there has none; keys and filters narrow the list, with regard to case.
    for (path, number) in [
        ("(UniqueName='contoso')", 1),
        ("(UniqueName='Contoso')", 0),
        ("(00000000-0000-0000-0000-000000000001)", 0),
        ("(State=0)", 1),
        ("?$filter=contains(FriendlyName,'prod')", 1),
        ("?$filter=contains(FriendlyName,'PROD')", 0),
        ("?$filter=IsUserSysAdmin%20eq%20true%20or%20not%20startswith(FriendlyName,'x')", 1),
        ("?$filter=UniqueName%20ne%20'contoso'", 0),
    ] {
        assert_eq!(values(of("mia@contoso.com", &format!("{all}{path}"))).len(), number, "{path}");
    }
    assert_eq!(values(of("kira@contoso.com", all)).len(), 0);
    for (path, status) in [("?$select=nothing", 400), ("?$top=1", 400), ("(Nothing='x')", 400), ("/nothing", 404)] {
        assert_eq!(of("mia@contoso.com", &format!("{all}{path}")).status, status, "{path}");
    }
    assert_eq!(get(&client, DISCOVERY, all).status, 403, "applications discover nothing");
    let before = client.fingerprint();
    of("kira@contoso.com", all);
    assert_eq!(client.fingerprint(), before, "discovering brings nobody in");
}

#[test]
fn power_apps_lists_environments_and_connections() {
    let client = sandbox();
    let base = "/providers/Microsoft.PowerApps";
    let of = |upn: &str, path: &str| get(&client.by(upn), POWER_APPS, &format!("{base}{path}"));
    // Mia has an environment role besides.
    assert_eq!(values(of("ada@contoso.com", "/environments?api-version=2016-11-01")).len(), 1);
    assert_eq!(values(of("mia@contoso.com", "/environments?api-version=2016-11-01")).len(), 2);
    let one = of("mia@contoso.com", &format!("/environments/{PROD}?api-version=2016-11-01")).body.unwrap();
    assert_eq!(one["properties"]["displayName"], "contoso-prod");
    expect(&of("mia@contoso.com", "/environments/none?api-version=2016-11-01"), 403, "EnvironmentAccessDenied");
    let every = get(
        &client,
        POWER_APPS,
        &format!("{base}/scopes/admin/environments/{PROD}/connections?api-version=2016-11-01"),
    );
    let every = values(every);
    let names: Vec<&str> = every.iter().map(|connection| connection["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"shared-sharepointonl-6d1f0c52"), "{names:?}");
    assert_eq!(every[0]["properties"]["createdBy"]["userPrincipalName"], "mia@contoso.com");
    let own = format!("/connections?api-version=2016-11-01&$filter=environment%20eq%20'{PROD}'");
    assert_eq!(values(of("mia@contoso.com", &own)).len(), every.len());
    assert_eq!(values(of("ada@contoso.com", &own)).len(), 0);
    let of_one = own.replace("/connections", "/apis/shared_office365/connections");
    assert_eq!(values(of("mia@contoso.com", &of_one)).len(), 1);
    let admin = format!("/scopes/admin/environments/{PROD}/connections?api-version=2016-11-01");
    expect(&of("mia@contoso.com", &admin), 403, "Forbidden");
    expect(&of("mia@contoso.com", "/connections?api-version=2016-11-01"), 400, "EnvironmentRequired");
    expect(&of("mia@contoso.com", "/apis?api-version=2016-11-01"), 404, "");
    expect(&of("mia@contoso.com", "/apps?api-version=2017-08-01"), 200, "");
    expect(&of("mia@contoso.com", "/environments"), 400, "MissingApiVersionParameter");
}

#[test]
fn a_makers_list_is_searched_and_has_solution_flows_when_asked() {
    let client = sandbox();
    let list = |upn: &str, query: &str| {
        let path =
            format!("/providers/Microsoft.ProcessSimple/environments/{PROD}/flows?api-version=2016-11-01{query}");
        get(&client.by(upn), FLOW, &path)
    };
    let with = "&include=includeSolutionCloudFlows";
    assert_eq!(values(list("ada@contoso.com", "")).len(), 1);
    assert_eq!(values(list("mia@contoso.com", "")).len(), 0, "solution flows are left out unless asked for");
    assert_eq!(values(list("mia@contoso.com", &format!("{with}&$filter=search('personal')"))).len(), 4);
    assert_eq!(values(list("mia@contoso.com", &format!("{with}&$filter=search('team')"))).len(), 0);
    let (flow, bob) = (client.flow("Expense intake"), client.user("bob@contoso.com"));
    client.with(|organization| organization.set_share("workflow", flow, bob, EVERY_RIGHT));
    assert_eq!(values(list("bob@contoso.com", &format!("{with}&$filter=search('team')"))).len(), 1);
    assert_eq!(values(list("bob@contoso.com", &format!("{with}&$filter=search('personal')"))).len(), 0);
    expect(&list("bob@contoso.com", "&$filter=search('x')"), 400, "InvalidRequestParameter");
    expect(&list("bob@contoso.com", "&$orderby=name"), 400, "InvalidRequestParameter");
}

#[test]
fn a_flow_is_started_and_stopped_by_its_maker_and_by_an_administrator() {
    let client = sandbox();
    let flow = client.flow("Expense intake");
    let post = |client: &Client, scope: &str, word: &str| {
        let path = format!(
            "/providers/Microsoft.ProcessSimple{scope}/environments/{PROD}/flows/{flow}/{word}?api-version=2016-11-01"
        );
        ask(client, "POST", FLOW, &path, &json!(null))
    };
    let state = || client.get(&format!("workflows({flow})?$select=statecode")).body.unwrap()["statecode"].clone();
    let mia = client.by("mia@contoso.com");
    assert_eq!((post(&mia, "", "stop").status, state()), (200, json!(0)));
    assert_eq!((post(&mia, "", "start").status, state()), (200, json!(1)));
    assert_eq!((post(&client, "/scopes/admin", "stop").status, state()), (200, json!(0)));
    expect(&post(&client.by("bob@contoso.com"), "", "start"), 403, "ConnectionAuthorizationFailed");
    // What Power Automate checks, it checks here too.
    client.with(|organization| {
        let text = organization.flow_text(flow).unwrap().replace("contoso_sharepoint", "contoso_gone");
        organization.set_flow_text(flow, &text)
    });
    assert_eq!((post(&mia, "", "start").status, state()), (400, json!(0)));
}

fn fetch(client: &Client, set: &str, xml: &str) -> Answer {
    let query = url::form_urlencoded::byte_serialize(xml.as_bytes()).collect::<String>();
    client.get(&format!("{set}?fetchXml={query}"))
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
        fetch(&client, "systemusers", &xml).body.unwrap()
    };
    let (first, last) = (page(1), page(3));
    assert_eq!(
        (first["value"].as_array().unwrap().len(), &first["@Microsoft.Dynamics.CRM.morerecords"]),
        (5, &json!(true))
    );
    assert_eq!(last["value"].as_array().unwrap().len() + 10, by_options.len());
    assert_eq!(last.get("@Microsoft.Dynamics.CRM.morerecords"), None);
    let body =
        fetch(&client, "roles", "<fetch top=\"2\"><entity name=\"role\"><attribute name=\"name\"/></entity></fetch>")
            .body
            .unwrap();
    assert_eq!(body["value"].as_array().unwrap().len(), 2);
    assert!(body["@odata.context"].as_str().unwrap().ends_with("$metadata#roles(name)"));
}

#[test]
fn joins_repeat_leave_out_or_keep_rows() {
    let client = sandbox();
    let xml = |kind: &str| {
        format!("<fetch><entity name='systemuser'><attribute name='domainname'/><filter><condition attribute='domainname' operator='in'><value>mia@contoso.com</value><value>nobody</value></condition></filter>
        <link-entity name='systemuserroles' from='systemuserid' to='systemuserid' intersect='true' link-type='{kind}'>
          <link-entity name='role' from='roleid' to='roleid' alias='r' link-type='{kind}'><attribute name='name'/><filter><condition attribute='name' operator='ne' value='Delegate'/></filter></link-entity>
        </link-entity></entity></fetch>")
    };
    let mut roles: Vec<Value> =
        values(fetch(&client, "systemusers", &xml("inner"))).iter().map(|row| row["r.name"].clone()).collect();
    roles.sort_by_key(ToString::to_string);
    assert_eq!(roles, ["Basic User", "Environment Maker"]);
    assert_eq!(
        values(fetch(&client, "systemusers", &xml("outer"))).len(),
        3,
        "the assignment of Delegate stays, without a name"
    );
    let owners = "<fetch distinct='true'><entity name='workflow'><attribute name='ownerid'/><link-entity name='systemuser' from='systemuserid' to='owninguser' alias='o'><attribute name='domainname'/></link-entity></entity></fetch>";
    let rows = values(fetch(&client, "workflows", owners));
    let mut owners_of_flows: Vec<&str> = rows.iter().map(|row| row["o.domainname"].as_str().unwrap()).collect();
    owners_of_flows.sort_unstable();
    assert_eq!(owners_of_flows, ["admin@contoso.com", "mia@contoso.com"], "distinct rows have no key: {rows:?}");
    // Nobody reads through a join what he may not read.
    let bob = client.by("bob@contoso.com");
    assert_eq!(values(fetch(&bob, "workflows", owners)).len(), 1);
    let references = "<fetch><entity name='workflow'><link-entity name='connectionreference' from='ownerid' to='ownerid'/></entity></fetch>";
    expect(&fetch(&bob, "workflows", references), 403, "0x80040220");
}

#[test]
fn what_of_fetchxml_is_wrong_or_not_served_is_refused() {
    let client = sandbox();
    let role = |inner: &str| format!("<fetch><entity name='role'>{inner}</entity></fetch>");
    let condition = |inner: &str| role(&format!("<filter><condition {inner}/></filter>"));
    for (xml, status, code) in [
        ("<fetch>".to_owned(), 400, "0x80040201"),
        ("<entity name='role'/>".to_owned(), 400, "0x80040201"),
        ("<fetch/>".to_owned(), 400, "0x80040201"),
        ("<fetch><entity name='nothing'/></fetch>".to_owned(), 400, "0x80041102"),
        ("<fetch><entity name='workflow'/></fetch>".to_owned(), 400, "0x80060888"),
        ("<fetch top='x'><entity name='role'/></fetch>".to_owned(), 400, "0x80060888"),
        ("<fetch top='1' page='1'><entity name='role'/></fetch>".to_owned(), 400, "0x80060888"),
        ("<fetch aggregate='true'><entity name='role'/></fetch>".to_owned(), 501, "SandboxNotServed"),
        (role("<attribute name='nam'/>"), 400, "0x80041103"),
        (role("<order attribute='nam'/>"), 400, "0x80041103"),
        (role("<attribute name='name' alias='x'/>"), 501, "SandboxNotServed"),
        (role("<nothing/>"), 501, "SandboxNotServed"),
        (condition("attribute='nam' operator='null'"), 400, "0x80041103"),
        (condition("attribute='name' operator='under' value='x'"), 501, "SandboxNotServed"),
        (condition("attribute='name' operator='like' value='a%b'"), 501, "SandboxNotServed"),
        (condition("attribute='name' operator='eq'"), 400, "0x80060888"),
        (condition("attribute='name' operator='null' value='x'"), 400, "0x80060888"),
        (condition("attribute='roleid' operator='eq' value='x'"), 400, "0x80060888"),
        (condition("attribute='isinherited' operator='eq' value='x'"), 400, "0x80060888"),
        (role("<link-entity name='nothing' from='roleid' to='roleid'/>"), 400, "0x80041102"),
        (role("<link-entity name='systemuserroles' from='nothing' to='roleid'/>"), 400, "0x80041103"),
        (
            role("<link-entity name='systemuserroles' from='roleid' to='roleid' link-type='any'/>"),
            501,
            "SandboxNotServed",
        ),
    ] {
        expect(&fetch(&client, "roles", &xml), status, code);
    }
    expect(&client.get("roles?fetchXml=%3Cfetch%2F%3E&$top=1"), 400, "0x80060888");
}
