//! Joins of `FetchXML`, and conditions on rows of other tables.

use super::fetch_xml::{fetch, people};
use super::*;

/// What is asked of a person who has this role or not, in each way of asking for rows of other tables.
fn holders(kind: &str, role: &str) -> String {
    format!(
        "<link-entity name='systemuserroles' from='systemuserid' to='systemuserid' link-type='{kind}'>
           <link-entity name='role' from='roleid' to='roleid'><filter><condition attribute='name' operator='eq' value='{role}'/></filter></link-entity>
         </link-entity>"
    )
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
fn rows_are_found_by_rows_of_other_tables_once_each() {
    let client = sandbox();
    // Jon comes in without a role.
    client.get(&format!("systemusers(azureactivedirectoryobjectid={})", client.object("jon@contoso.com")));
    let maker = ["admin@contoso.com", "mia@contoso.com"];
    let inside = |kind: &str| format!("<filter>{}</filter>", holders(kind, "Delegate"));
    // Mia has three roles, one of which is this; nobody else has it.
    assert_eq!(people(&client, &inside("any")), ["mia@contoso.com"]);
    // Learn: `not all` means the same as `any`.
    assert_eq!(people(&client, &inside("not all")), ["mia@contoso.com"]);
    assert_eq!(people(&client, &holders("exists", "Delegate")), ["mia@contoso.com"]);
    assert_eq!(people(&client, &holders("in", "Delegate")), ["mia@contoso.com"]);
    let all = people(&client, "");
    let without = people(&client, &inside("not any"));
    assert_eq!(without.len(), all.len() - 1);
    assert!(!without.contains(&"mia@contoso.com".to_owned()));
    // Learn: `all` wants rows of the other table, of which none satisfies the filter.
    let others = people(&client, &inside("all"));
    assert!(
        others.contains(&"bob@contoso.com".to_owned()) && !others.contains(&"mia@contoso.com".to_owned()),
        "{others:?}"
    );
    assert!(others.len() < without.len(), "who has no role at all is in the one and not in the other");
    // One of several conditions of a filter.
    let either = format!(
        "<filter type='or'>{}<condition attribute='domainname' operator='eq' value='{}'/></filter>",
        holders("any", "Delegate"),
        maker[0]
    );
    assert_eq!(people(&client, &either), maker);
    // A row for each counterpart, or one with the first of them.
    let of_each = |kind: &str| {
        people(
            &client,
            &format!(
                "<filter><condition attribute='domainname' operator='eq' value='mia@contoso.com'/></filter>
             <link-entity name='systemuserroles' from='systemuserid' to='systemuserid' link-type='{kind}'/>"
            ),
        )
        .len()
    };
    assert_eq!(
        [of_each("inner"), of_each("natural"), of_each("matchfirstrowusingcrossapply"), of_each("exists")],
        [3, 3, 1, 1]
    );
}

#[test]
fn conditions_after_a_join_find_rows_that_are_not_in_a_set() {
    let client = sandbox();
    // Jon comes in without a role.
    client.get(&format!("systemusers(azureactivedirectoryobjectid={})", client.object("jon@contoso.com")));
    let without = people(
        &client,
        "<link-entity name='systemuserroles' from='systemuserid' to='systemuserid' link-type='outer' alias='held'/>
         <filter><condition entityname='held' attribute='roleid' operator='null'/></filter>",
    );
    let with = people(
        &client,
        "<filter><link-entity name='systemuserroles' from='systemuserid' to='systemuserid' link-type='any'/></filter>",
    );
    assert!(!without.is_empty() && !with.is_empty());
    let mut all = [without, with].concat();
    all.sort();
    assert_eq!(all, people(&client, ""));
}

#[test]
fn columns_are_compared_with_columns() {
    let client = sandbox();
    let own = "<fetch><entity name='role'><attribute name='name'/><filter><condition attribute='roleid' operator='eq' valueof='parentrootroleid'/></filter></entity></fetch>";
    let roots = client.rows("roles?$select=name&$filter=_parentroleid_value%20eq%20null");
    assert_eq!(values(fetch(&client, "roles", own)).len(), roots.len());
    // With those of a table that is joined.
    let owned = "<fetch><entity name='workflow'><attribute name='name'/>
        <filter><condition attribute='ownerid' operator='eq' valueof='u.systemuserid'/><condition attribute='category' operator='eq' value='5'/></filter>
        <link-entity name='systemuser' from='systemuserid' to='createdby' link-type='outer' alias='u'/></entity></fetch>";
    let made: Vec<Value> = client
        .rows("workflows?$select=_ownerid_value,_createdby_value&$filter=category%20eq%205")
        .into_iter()
        .filter(|row| row["_ownerid_value"] == row["_createdby_value"])
        .collect();
    assert_eq!(values(fetch(&client, "workflows", owned)).len(), made.len());
    let different = own.replace("valueof='parentrootroleid'", "valueof='name'");
    expect(&fetch(&client, "roles", &different), 400, "0x80040203");
}
