//! Shares of rows.

use serde_json::json;

use super::*;
use crate::sandbox::variants::{ForbiddenSharing, GrantOverExisting, GrantWithoutPrivilege, RevokedShare};

fn share(client: &Client, action: &str, flow: Uuid, upn: &str, mask: &str) -> Answer {
    let user = client.user(upn);
    client.post(
        action,
        &json!({
            "Target": { "workflowid": flow, "@odata.type": "Microsoft.Dynamics.CRM.workflow" },
            "PrincipalAccess": {
                "Principal": { "systemuserid": user, "@odata.type": "Microsoft.Dynamics.CRM.systemuser" },
                "AccessMask": mask,
            },
        }),
    )
}

fn revoke(client: &Client, flow: Uuid, upn: &str) -> Answer {
    client.post(
        "RevokeAccess",
        &json!({ "Target": { "@odata.id": format!("workflows({flow})") },
            "Revokee": { "ownerid": client.user(upn), "@odata.type": "#Microsoft.Dynamics.CRM.systemuser" } }),
    )
}

fn masks(client: &Client, flow: Uuid) -> BTreeMap<String, String> {
    let path = format!(
        "RetrieveSharedPrincipalsAndAccess(Target=@t)?@t=%7B%22%40odata.id%22%3A%20%22workflows%28{flow}%29%22%7D"
    );
    let body = client.get(&path).body.unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let list = body["PrincipalAccesses"].as_array().unwrap();
    list.iter().map(|entry| (text(&entry["Principal"]["ownerid"]), text(&entry["AccessMask"]))).collect()
}

#[test]
fn a_share_is_granted_modified_and_revoked() {
    let client = sandbox();
    let flow = client.flow("Expense intake");
    let ada = client.user("ada@contoso.com").to_string();
    assert_eq!(client.by("ada@contoso.com").rows("workflows").len(), 0);
    assert_eq!(share(&client, "GrantAccess", flow, "ada@contoso.com", "ReadAccess").status, 204);
    assert_eq!(masks(&client, flow)[&ada], "ReadAccess");
    assert_eq!(client.by("ada@contoso.com").rows("workflows").len(), 1);
    assert_eq!(share(&client, "ModifyAccess", flow, "ada@contoso.com", "ReadAccess,WriteAccess").status, 204);
    assert_eq!(masks(&client, flow)[&ada], "ReadAccess, WriteAccess");
    assert_eq!(revoke(&client, flow, "ada@contoso.com").status, 204);
    assert!(!masks(&client, flow).contains_key(&ada));
    assert_eq!(revoke(&client, flow, "ada@contoso.com").status, 204);
}

#[test]
fn shares_are_refused_as_the_service_refuses_them() {
    let client = sandbox();
    let flow = client.flow("Expense intake");
    expect(&share(&client, "GrantAccess", flow, "mia@contoso.com", "ReadAccess"), 400, "0x80040214");
    expect(&share(&client, "GrantAccess", flow, "ada@contoso.com", "Reading"), 400, "0x80060888");
    expect(&share(&client, "ModifyAccess", flow, "ada@contoso.com", "ReadAccess"), 400, "0x8004020c");
    expect(&share(&client, "GrantAccess", Uuid::from_u128(3), "ada@contoso.com", "ReadAccess"), 404, "0x80040217");
    expect(
        &share(&client.by("bob@contoso.com"), "GrantAccess", flow, "ada@contoso.com", "ReadAccess"),
        403,
        "0x80048306",
    );
    expect(
        &client.get("RetrieveSharedPrincipalsAndAccess(Target=@t)?@t={\"@odata.id\":\"flows(1)\"}"),
        400,
        "0x80060888",
    );
    let unknown = format!("RetrieveSharedPrincipalsAndAccess(Target=@t)?@t={{\"@odata.id\":\"flows({flow})\"}}");
    expect(&client.get(&unknown), 404, "0x80040217");
    let bound = format!("workflows({flow})/Microsoft.Dynamics.CRM.RetrieveSharedPrincipalsAndAccess()");
    assert_eq!(client.get(&bound).status, 404);
}

#[test]
fn granting_over_a_share_is_answered_by_the_variant() {
    let cases = [
        (GrantOverExisting::Merge, 204, "ReadAccess, WriteAccess"),
        (GrantOverExisting::Replace, 204, "WriteAccess"),
        (GrantOverExisting::Error, 400, "ReadAccess"),
    ];
    for (variant, status, expected) in cases {
        let client = changed(|variants| variants.grant_over_existing_share = variant);
        let flow = client.flow("Expense intake");
        assert_eq!(share(&client, "GrantAccess", flow, "bob@contoso.com", "WriteAccess").status, status);
        assert_eq!(masks(&client, flow)[&client.user("bob@contoso.com").to_string()], expected, "{variant:?}");
    }
}

#[test]
fn a_revoked_share_may_stay_with_mask_zero() {
    let client = changed(|variants| variants.revoked_share = RevokedShare::MaskZero);
    let flow = client.flow("Expense intake");
    revoke(&client, flow, "bob@contoso.com");
    assert!(masks(&client, flow).is_empty());
    let rows = client.rows(&format!("principalobjectaccessset?$filter=objectid%20eq%20{flow}"));
    assert_eq!(rows[0]["accessrightsmask"], 0);
    assert_eq!(share(&client, "GrantAccess", flow, "bob@contoso.com", "ReadAccess").status, 204);
}

#[test]
fn a_principal_without_the_privilege_may_be_refused() {
    let client = changed(|variants| variants.grant_without_privilege = GrantWithoutPrivilege::Refused);
    let flow = client.flow("Expense intake");
    client.get(&format!("systemusers(azureactivedirectoryobjectid={})", client.object("jon@contoso.com")));
    expect(&share(&client, "GrantAccess", flow, "jon@contoso.com", "ReadAccess"), 403, "0x80042f09");
    client.assign("jon@contoso.com", client.role("Basic User"));
    assert_eq!(share(&client, "GrantAccess", flow, "jon@contoso.com", "ReadAccess").status, 204);
}

#[test]
fn a_managed_environment_may_forbid_sharing() {
    let yaml = default_seed().replace("flowSharing: true", "flowSharing: false");
    let client = sandbox_of(&yaml);
    let flow = client.flow("Expense intake");
    assert_eq!(share(&client, "GrantAccess", flow, "ada@contoso.com", "ReadAccess").status, 403);
    assert_eq!(revoke(&client, flow, "bob@contoso.com").status, 204);
    client.tenant(|tenant| tenant.variants.forbidden_sharing = ForbiddenSharing::Ignored);
    assert_eq!(share(&client, "GrantAccess", flow, "ada@contoso.com", "ReadAccess").status, 204);
}

/// The address of a flow's history, without the page that clients may leave out.
fn history(flow: Uuid) -> String {
    format!("RetrieveRecordChangeHistory(Target=@t)?@t=%7B%22%40odata.id%22%3A%22workflows%28{flow}%29%22%7D")
}

#[test]
fn the_audit_log_says_who_shared_what_and_is_shown_to_whoever_may_read_it() {
    let client = sandbox();
    let flow = client.flow("Expense intake");
    let ada = client.user("ada@contoso.com");
    share(&client, "GrantAccess", flow, "ada@contoso.com", "ReadAccess");
    share(&client, "ModifyAccess", flow, "ada@contoso.com", "ReadAccess, WriteAccess");
    let answer = client.ask("GET", &history(flow), &[("Prefer", "odata.include-annotations=\"*\"")], "").body.unwrap();
    let details = answer["AuditDetailCollection"]["AuditDetails"].as_array().unwrap();
    let actions: Vec<_> = details.iter().map(|detail| detail["AuditRecord"]["action"].as_i64().unwrap()).collect();
    assert_eq!(actions, [48, 14], "the newest comes first");
    assert_eq!(details[0]["OldPrivileges"], "ReadAccess");
    assert_eq!(details[0]["Principal"]["ownerid"], json!(ada));
    let name = &details[0]["AuditRecord"]["_userid_value@OData.Community.Display.V1.FormattedValue"];
    assert!(name.as_str().is_some_and(|name| !name.is_empty()), "{details:#?}");
    expect(&client.by("ada@contoso.com").get(&history(flow)), 403, "0x80040220");
    let paged =
        format!("{}&@p=%7B%22PageNumber%22%3A2%2C%22Count%22%3A1%7D", history(flow).replace(")?", ",PagingInfo=@p)?"));
    let page = client.get(&paged).body.unwrap();
    assert_eq!(page["AuditDetailCollection"]["AuditDetails"][0]["OldPrivileges"], "None");
    assert_eq!(page["AuditDetailCollection"]["MoreRecords"], json!(false));
    expect(&client.get("audits?$select=createdon"), 400, "0x80040256");
    expect(&client.by("ada@contoso.com").get("audits?$filter=objecttypecode%20eq%20'workflow'"), 403, "0x80040220");
    let listed = client.rows("audits?$filter=objecttypecode%20eq%20'workflow'&$orderby=createdon%20desc");
    assert_eq!(listed.len(), 2);
    assert!(listed[0].get("changedata").is_none(), "{listed:#?}");
}

#[test]
fn a_write_that_is_refused_leaves_no_trace_in_the_audit_log() {
    let client = sandbox();
    let flow = client.flow("Expense intake");
    expect(&share(&client, "GrantAccess", flow, "mia@contoso.com", "ReadAccess"), 400, "0x80040214");
    let answer = client.get(&history(flow)).body.unwrap();
    assert_eq!(answer["AuditDetailCollection"]["TotalRecordCount"], json!(0));
}
