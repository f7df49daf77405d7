//! What `FetchXML` has not, and what of it is not served.

use super::fetch_xml::fetch;
use super::*;

fn role(inner: &str) -> String {
    format!("<fetch><entity name='role'>{inner}</entity></fetch>")
}

fn condition(inner: &str) -> String {
    role(&format!("<filter><condition {inner}/></filter>"))
}

fn link(attributes: &str, inner: &str) -> String {
    role(&format!("<link-entity name='systemuserroles' from='roleid' to='roleid' {attributes}>{inner}</link-entity>"))
}

fn aggregate(inner: &str) -> String {
    format!("<fetch aggregate='true'><entity name='role'>{inner}</entity></fetch>")
}

fn refused(cases: &[(String, u16, &str)]) {
    let client = sandbox();
    for (xml, status, code) in cases {
        let answer = fetch(&client, "roles", xml);
        assert_eq!(status_and_code(&answer), (*status, (*code).to_owned()), "{xml}: {:?}", answer.body);
    }
}

#[test]
fn documents_that_are_no_query_are_refused() {
    let whole = |attributes: &str| format!("<fetch {attributes}><entity name='role'/></fetch>");
    refused(&[
        ("<fetch>".to_owned(), 400, "0x80040201"),
        ("<entity name='role'/>".to_owned(), 400, "0x80040201"),
        ("<fetch/>".to_owned(), 400, "0x80041123"),
        ("<fetch><entity/></fetch>".to_owned(), 400, "0x8004111e"),
        ("<fetch><entity name='nothing'/></fetch>".to_owned(), 400, "0x80041102"),
        ("<fetch><entity name='workflow'/></fetch>".to_owned(), 400, "0x80041128"),
        ("<fetch><entity name='role'/><entity name='role'/></fetch>".to_owned(), 400, "0x8004111c"),
        (whole("nothing='x'"), 400, "0x8004111c"),
        (whole("mapping='physical'"), 400, "0x80041116"),
        (whole("distinct='yes'"), 400, "0x80041115"),
        (whole("no-lock='yes'"), 400, "0x80041118"),
        (whole("top='x'"), 400, "0x80041139"),
        (whole("top='5001'"), 400, "0x80044305"),
        (whole("count='0'"), 400, "0x800404c1"),
        (whole("page='-1'"), 400, "0x800404c2"),
        (whole("top='1' page='1'"), 400, "0x80040203"),
        (whole("top='1' returntotalrecordcount='true'"), 400, "0x80040203"),
        (whole("page='2' paging-cookie='x'"), 400, "0x8004112a"),
        (whole("page='2' paging-cookie='&lt;cookie page=&quot;0&quot;/&gt;'"), 400, "0x8004112a"),
    ]);
    expect(&sandbox().get("roles?fetchXml=%3Cfetch%2F%3E&$top=1"), 400, "0x80060888");
}

#[test]
fn columns_orders_and_conditions_that_are_not_there_are_refused() {
    refused(&[
        (role("<nothing/>"), 400, "0x8004111c"),
        (role("<attribute/>"), 400, "0x8004111e"),
        (role("<attribute name='nam'/>"), 400, "0x80041103"),
        (role("<attribute name='name' nothing='x'/>"), 400, "0x8004111c"),
        (role("<attribute name='name' alias='x'/><attribute name='roleid' alias='x'/>"), 400, "0x80041130"),
        (role("<attribute name='name' alias='x' aggregate='count'/>"), 400, "0x8004111a"),
        (role("<order attribute='nam'/>"), 400, "0x80041103"),
        (role("<order attribute='name' descending='down'/>"), 400, "0x80041119"),
        (role("<order alias='x'/>"), 400, "0x80041132"),
        (role("<order/>"), 400, "0x80041133"),
        (role("<order entityname='x' attribute='name'/>"), 400, "0x8004110a"),
        (role("<filter type='xor'/>"), 400, "0x80041122"),
        (role("<filter><nothing/></filter>"), 400, "0x8004111c"),
        (condition("operator='null'"), 400, "0x8004111e"),
        (condition("attribute='name'"), 400, "0x8004111e"),
        (condition("attribute='nam' operator='null'"), 400, "0x80041103"),
        (condition("entityname='x' attribute='name' operator='null'"), 400, "0x8004110a"),
        (condition("attribute='name' operator='nothing' value='x'"), 400, "0x80041120"),
        (condition("attribute='name' operator='like' valueof='name'"), 400, "0x80041120"),
        (condition("attribute='roleid' operator='under' value='x'"), 400, "0x80047020"),
        (condition("attribute='isinherited' operator='contain-values' value='1'"), 400, "0x80048415"),
        (condition("attribute='name' operator='eq'"), 400, "0x800404b7"),
        (condition("attribute='name' operator='in'"), 400, "0x800404b7"),
        (condition("attribute='isinherited' operator='between' value='1'"), 400, "0x800404b7"),
        (condition("attribute='name' operator='null' value='x'"), 400, "0x800404b7"),
        (condition("attribute='roleid' operator='eq' value='x'"), 400, "0x80040203"),
        (condition("attribute='isinherited' operator='eq' value='x'"), 400, "0x80040203"),
        (condition("attribute='createdon' operator='on' value='monday'"), 400, "0x80040203"),
        // What Dataverse has and the sandbox does not serve.
        (condition("attribute='createdon' operator='last-x-days' value='3'"), 501, "SandboxNotServed"),
        (condition("attribute='createdon' operator='this-fiscal-year'"), 501, "SandboxNotServed"),
        (role("<attribute name='roleid' alias='x' rowaggregate='CountChildren'/>"), 501, "SandboxNotServed"),
        ("<fetch datasource='retained'><entity name='role'/></fetch>".to_owned(), 501, "SandboxNotServed"),
    ]);
}

#[test]
fn joins_that_cannot_be_are_refused() {
    let many = |count: usize| role(&"<link-entity name='systemuserroles' from='roleid' to='roleid'/>".repeat(count));
    let conditions = |count: usize| {
        role(&format!("<filter>{}</filter>", "<condition attribute='name' operator='not-null'/>".repeat(count)))
    };
    refused(&[
        (role("<link-entity from='roleid' to='roleid'/>"), 400, "0x8004111e"),
        (role("<link-entity name='nothing' from='roleid' to='roleid'/>"), 400, "0x80041102"),
        (role("<link-entity name='systemuserroles' from='nothing' to='roleid'/>"), 400, "0x80041103"),
        (role("<link-entity name='systemuserroles' from='roleid'/>"), 400, "0x80041111"),
        (role("<link-entity name='account'/>"), 400, "0x800404ba"),
        (link("link-type='nothing'", ""), 400, "0x80041117"),
        // Some stand in filters alone, the others never.
        (link("link-type='any'", ""), 400, "0x80041117"),
        (
            role("<filter><link-entity name='systemuserroles' from='roleid' to='roleid' link-type='inner'/></filter>"),
            400,
            "0x80041117",
        ),
        (link("link-type='exists'", "<attribute name='roleid'/>"), 400, "0x8004111c"),
        (
            link("alias='a'", "<filter><condition entityname='a' attribute='roleid' operator='null'/></filter>"),
            400,
            "0x80041114",
        ),
        (
            role(
                "<link-entity name='systemuserroles' from='roleid' to='roleid' alias='a'/><link-entity name='teamroles' from='roleid' to='roleid' alias='a'/>",
            ),
            400,
            "0x80041130",
        ),
        (link("link-type='matchfirstrowusingcrossapply'", "<attribute name='roleid'/>"), 501, "SandboxNotServed"),
        (many(16), 400, "0x8004430d"),
        (many(501), 400, "0x8004430C"),
        (conditions(501), 400, "0x8004430C"),
    ]);
    let client = sandbox();
    assert_eq!(fetch(&client, "roles", &conditions(500)).status, 200);
    let existing = "<link-entity name='systemuserroles' from='roleid' to='roleid' link-type='exists'/>".repeat(15);
    assert_eq!(fetch(&client, "roles", &role(&existing)).status, 200);
    // Each of the fifteen would multiply the rows by the holders of a role.
    expect(&fetch(&client, "roles", &many(15)), 400, "0x80044151");
}

#[test]
fn aggregates_that_cannot_be_are_refused() {
    refused(&[
        (aggregate("<attribute name='name' alias='x'/>"), 400, "0x80041107"),
        (aggregate("<all-attributes/>"), 400, "0x80041107"),
        (aggregate("<attribute name='name' aggregate='count'/>"), 400, "0x80041109"),
        (aggregate("<attribute name='name' aggregate='median' alias='x'/>"), 400, "0x8004111a"),
        (aggregate("<attribute name='name' aggregate='count' groupby='true' alias='x'/>"), 400, "0x80041137"),
        (aggregate("<attribute name='name' groupby='yes' alias='x'/>"), 400, "0x8004112e"),
        (aggregate("<attribute name='name' aggregate='sum' alias='x'/>"), 400, "0x8004112f"),
        (
            aggregate(
                "<attribute name='componentstate' aggregate='max' alias='x'/><attribute name='roleid' aggregate='min' alias='y'/>",
            ),
            400,
            "0x8004112f",
        ),
        (aggregate("<attribute name='iscustomizable' groupby='true' alias='x'/>"), 400, "0x8004e01d"),
        (aggregate("<attribute name='name' groupby='true' dategrouping='day' alias='x'/>"), 400, "0x80041135"),
        (aggregate("<attribute name='createdon' groupby='true' dategrouping='hour' alias='x'/>"), 400, "0x80041135"),
        (
            aggregate("<attribute name='createdon' groupby='true' dategrouping='fiscal-year' alias='x'/>"),
            501,
            "SandboxNotServed",
        ),
        (aggregate("<attribute name='name' aggregate='count' alias='x'/><order attribute='name'/>"), 400, "0x80041131"),
        (aggregate("<attribute name='name' aggregate='count' alias='x'/><order/>"), 400, "0x80041134"),
        (aggregate("<attribute name='name' aggregate='count' alias='x'/><order alias='y'/>"), 400, "0x80041109"),
        (
            aggregate("<attribute name='name' aggregate='count' alias='x'/>")
                .replace("'true'", "'true' aggregatelimit='1'"),
            400,
            "0x8004e023",
        ),
    ]);
}
