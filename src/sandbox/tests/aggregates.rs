//! Groups and sums of sets, with `FetchXML` and with `$apply`.

use serde_json::json;

use super::fetch_xml::{annotated, fetch};
use super::*;

fn applied(client: &Client, path: &str) -> Vec<Value> {
    client.rows(&path.replace(' ', "%20"))
}

#[test]
fn roles_are_counted_by_what_they_are() {
    let client = sandbox();
    let xml = "<fetch aggregate='true'><entity name='role'>
        <attribute name='roleid' aggregate='count' alias='rows'/>
        <attribute name='parentroleid' aggregate='countcolumn' alias='copies'/>
        <attribute name='name' aggregate='countcolumn' distinct='true' alias='names'/>
        <attribute name='versionnumber' aggregate='max' alias='newest'/>
        <attribute name='createdon' aggregate='min' alias='first'/></entity></fetch>";
    let row = values(fetch(&client, "roles", xml)).remove(0);
    let rows = client.rows("roles?$select=name,versionnumber,_parentroleid_value");
    let names: std::collections::BTreeSet<String> =
        rows.iter().map(|row| row["name"].to_string().to_lowercase()).collect();
    let copies = rows.iter().filter(|row| !row["_parentroleid_value"].is_null()).count();
    let newest = rows.iter().map(|row| row["versionnumber"].as_i64()).max().flatten();
    assert_eq!(
        (&row["rows"], &row["names"], &row["copies"]),
        (&json!(rows.len()), &json!(names.len()), &json!(copies))
    );
    assert_eq!((row["newest"].as_i64(), row["first"].is_string()), (newest, true));
    assert_eq!(row.as_object().unwrap().len(), 5, "neither a key nor a version: {row}");
}

#[test]
fn groups_are_named_ordered_and_annotated() {
    let client = sandbox();
    let xml = "<fetch aggregate='true'><entity name='workflow'>
        <attribute name='ownerid' groupby='true' alias='owner'/><attribute name='statecode' groupby='true' alias='state'/>
        <attribute name='workflowid' aggregate='count' alias='flows'/>
        <filter><condition attribute='category' operator='eq' value='5'/></filter>
        <order alias='flows' descending='true'/></entity></fetch>";
    let body = annotated(&client, "workflows", xml);
    let rows = body["value"].as_array().unwrap();
    let flows = client.rows("workflows?$select=_ownerid_value,statecode&$filter=category%20eq%205");
    let counts: Vec<i64> = rows.iter().map(|row| row["flows"].as_i64().unwrap()).collect();
    assert!(counts.is_sorted_by(|left, right| left >= right) && counts.len() > 1, "{counts:?}");
    assert_eq!(usize::try_from(counts.iter().sum::<i64>()).unwrap(), flows.len());
    for row in rows {
        let same = |flow: &&Value| flow["_ownerid_value"] == row["owner"] && flow["statecode"] == row["state"];
        assert_eq!(json!(flows.iter().filter(same).count()), row["flows"]);
        assert!(row["owner@OData.Community.Display.V1.FormattedValue"].is_string(), "{row}");
        assert_eq!(row["owner@Microsoft.Dynamics.CRM.lookuplogicalname"], "systemuser");
        assert_eq!(row["flows@OData.Community.Display.V1.FormattedValue"], row["flows"].to_string());
        assert!(
            ["Draft", "Activated"].contains(&row["state@OData.Community.Display.V1.FormattedValue"].as_str().unwrap())
        );
    }
    // Over a join, in parts of a date, and in pages.
    let joined = "<fetch aggregate='true' count='1' page='2'><entity name='systemuserroles'>
        <attribute name='systemuserid' aggregate='count' alias='holders'/>
        <link-entity name='role' from='roleid' to='roleid'>
          <attribute name='name' groupby='true' alias='role'/><attribute name='createdon' groupby='true' dategrouping='year' alias='year'/>
        </link-entity><order alias='role'/></entity></fetch>";
    let second = annotated(&client, "systemuserrolescollection", joined);
    assert_eq!((second["value"].as_array().unwrap().len(), &second["value"][0]["role"]), (1, &json!("Delegate")));
    assert!(second["value"][0]["year"].as_i64().is_some_and(|year| year > 1900), "{second}");
    assert_eq!(second["@Microsoft.Dynamics.CRM.morerecords"], true);
}

#[test]
fn what_one_may_not_read_is_not_counted() {
    let client = sandbox();
    let count = "<fetch aggregate='true'><entity name='workflow'><attribute name='workflowid' aggregate='count' alias='n'/></entity></fetch>";
    assert_eq!(values(fetch(&client.by("bob@contoso.com"), "workflows", count)), [json!({ "n": 1 })]);
    assert_eq!(applied(&client.by("bob@contoso.com"), "workflows?$apply=aggregate($count as n)"), [json!({ "n": 1 })]);
    let references = count.replace("workflow", "connectionreference");
    expect(&fetch(&client.by("bob@contoso.com"), "connectionreferences", &references), 403, "0x80040220");
}

#[test]
fn sets_are_grouped_with_apply() {
    let client = sandbox();
    // One of them is off.
    let flow = client.flow("Payroll export");
    client.with(|organization| organization.change("workflow", flow, [("statecode".to_owned(), json!(0))]));
    let all = client.rows("workflows?$select=statecode,_ownerid_value");
    let of_state = |state: i64| all.iter().filter(|row| row["statecode"] == state).count();
    assert_eq!(
        applied(&client, "workflows?$apply=groupby((statecode),aggregate($count as count))"),
        [json!({ "statecode": 0, "count": of_state(0) }), json!({ "statecode": 1, "count": of_state(1) })]
    );
    assert_eq!(applied(&client, "workflows?$apply=groupby((statecode))").len(), 2);
    assert_eq!(
        applied(&client, "workflows?$apply=filter(statecode eq 1)/aggregate($count as on)"),
        [json!({ "on": of_state(1) })]
    );
    assert_eq!(
        applied(&client, "workflows?$filter=statecode eq 1&$apply=aggregate($count as on)"),
        [json!({ "on": of_state(1) })]
    );
    // A related column is named by its table (Learn: `contact_fullname`).
    let owners = applied(&client, "workflows?$apply=groupby((owninguser/domainname),aggregate($count as n))");
    assert!(owners.iter().all(|row| row["systemuser_domainname"].is_string() && row["n"].is_i64()), "{owners:?}");
    let newest =
        applied(&client, "workflows?$apply=aggregate(createdon with max as last,versionnumber with average as mean)");
    assert!(newest[0]["last"].is_string() && newest[0]["mean"].is_i64(), "{newest:?}");
    let answer = client.ask(
        "GET",
        "workflows?$apply=groupby((statecode),aggregate($count%20as%20count))",
        &[("Prefer", "odata.include-annotations=\"OData.Community.Display.V1.FormattedValue\"")],
        "",
    );
    let body = answer.body.unwrap();
    assert_eq!(body["@odata.context"], format!("https://{HOST}/api/data/v9.2/$metadata#workflows"));
    assert_eq!(body["value"][1]["statecode@OData.Community.Display.V1.FormattedValue"], "Activated");
    assert_eq!(body["value"][1]["count@OData.Community.Display.V1.FormattedValue"], of_state(1).to_string());
    // A value that is not there is left out (Learn: distinct column values).
    let parents = applied(&client, "businessunits?$apply=groupby((_parentbusinessunitid_value))");
    assert!(parents.contains(&json!({})), "{parents:?}");
}
