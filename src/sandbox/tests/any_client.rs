//! What other clients ask besides: discovery, Power Apps, maker's lists, starting and stopping.

use serde_json::json;

use super::services::{FLOW, PROD, ask};
use super::*;
use crate::sandbox::rights::EVERY_RIGHT;

const DISCOVERY: (&str, &str) = ("globaldisco.crm.dynamics.com", "https://globaldisco.crm.dynamics.com");
const POWER_APPS: (&str, &str) = ("api.powerapps.com", "https://service.powerapps.com/");

fn get(client: &Client, service: (&'static str, &'static str), path: &str) -> Answer {
    ask(client, "GET", service, path, &json!(null))
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
    for (path, status) in [("?$select=nothing", 400), ("?$top=1", 501), ("(Nothing='x')", 400), ("/nothing", 404)] {
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
    expect(&of("mia@contoso.com", "/apps?api-version=2016-11-01"), 501, "SandboxNotServed");
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
    expect(&list("bob@contoso.com", "&$orderby=name"), 501, "SandboxNotServed");
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
