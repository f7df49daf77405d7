//! What the actions of a flow need.

use serde_json::json;

use super::*;

#[test]
fn actions_of_the_caller_need_each_privilege_and_leaving_one_out_stops_them() {
    let mut case = case();
    case.provided_by_caller(DATAVERSE);
    assert_eq!(case.missing("bob@contoso.com", "documented"), ["act.actions"]);
    let needed = [
        ("prvCreatecontoso_expense", Depth::Basic),
        ("prvReadcontoso_expense", Depth::Basic),
        ("prvReadcontoso_costcenter", Depth::Global),
    ];
    for left_out in 0..needed.len() {
        let mut case = Case { tenant: case.tenant.clone(), flow: case.flow };
        let given: Vec<_> =
            needed.iter().enumerate().filter(|(number, _)| *number != left_out).map(|(_, given)| *given).collect();
        case.give("bob@contoso.com", &given);
        let answer = case.asked("bob@contoso.com", &json!({ "requirements": "documented" }));
        assert_eq!(answer["step"], "act");
        assert!(answer["message"].as_str().unwrap().contains(needed[left_out].0), "{answer}");
    }
    case.give("bob@contoso.com", &needed);
    assert_eq!(case.missing("bob@contoso.com", "documented"), [""; 0]);
    // The owner of the flow acts for the caller, and no further than she may go herself.
    assert_eq!(
        case.missing("bob@contoso.com", "assumed"),
        ["link.reference-privilege", "link.reference-read", "act.owner-actions"]
    );
    case.give("mia@contoso.com", &needed);
    assert!(!case.missing("bob@contoso.com", "assumed").contains(&"act.owner-actions".to_owned()));
}

#[test]
fn the_owner_acts_for_others_only_by_a_role_of_his_own() {
    let mut case = case();
    case.provided_by_caller(DATAVERSE);
    let mia = case.tenant.user(ENVIRONMENT, "mia@contoso.com").unwrap();
    let delegate = case.organization().role("Delegate").unwrap();
    case.organization().take_role(mia, delegate);
    assert_eq!(case.missing("bob@contoso.com", "documented"), ["act.actions", "act.owner-delegates"]);
    // A team's role does not do (Learn: impersonate another user).
    let organization = case.organization();
    let team = derived(Uuid::nil(), "team");
    let unit = organization.root_unit();
    let row = json!({ "name": "Makers", "teamtype": 0, "_businessunitid_value": unit });
    organization.put("team", team, row.as_object().unwrap().clone());
    crate::sandbox::principals::add_member(organization, team, mia);
    organization.give_role(team, delegate);
    assert_eq!(case.missing("bob@contoso.com", "documented"), ["act.actions", "act.owner-delegates"]);
}

#[test]
fn lookups_upserts_associations_and_sharing_need_their_privileges() {
    let deeds = |operation: &str, parameters: &Value| {
        let mut case = case();
        case.provided_by_caller(DATAVERSE);
        case.edit(|properties| {
            let host = json!({ "connectionName": DATAVERSE, "operationId": operation });
            let action = json!({ "type": "OpenApiConnection", "inputs": { "host": host, "parameters": parameters } });
            properties["definition"]["actions"] = json!({ "Scope": { "type": "Scope", "actions": { "Act": action } } });
        });
        let flow = case.flow();
        let organization = case.organization();
        let text = crate::sandbox::flow_text::Text::parse(organization.flow_text(flow).unwrap()).unwrap();
        let deeds = crate::sandbox::run::actions::as_caller(organization, &text);
        let mut words: Vec<String> =
            deeds.known.iter().map(|(table, verb)| format!("{} {table}", verb.word())).collect();
        words.extend(deeds.unknown_tables.iter().map(|name| format!("no table {name}")));
        words.extend(deeds.elsewhere.iter().map(|name| format!("elsewhere {name}")));
        words.extend(deeds.undecided.iter().map(|name| format!("undecided {name}")));
        words.join(", ")
    };
    let cases = [
        ("UpdateRecord", json!({ "entityName": "contacts" }), "Create contact, Read contact, Write contact"),
        ("UpdateOnlyRecord", json!({ "entityName": "contacts" }), "Read contact, Write contact"),
        ("DeleteRecord", json!({ "entityName": "contacts" }), "Delete contact"),
        (
            "CreateRecord",
            json!({ "entityName": "contacts", "item/parentcustomerid_account@odata.bind": "accounts(@{1})", "item/ownerid": "x" }),
            "AppendTo account, Create contact, Read contact, Append contact, Assign contact",
        ),
        (
            "CreateRecord",
            json!({ "entityName": "contacts", "item/parent@odata.bind": "@{variables('row')}" }),
            "Create contact, Read contact, Append contact, undecided parent: table of the lookup",
        ),
        (
            "ListRecords",
            json!({ "entityName": "contacts", "$expand": "ownerid($select=fullname),nothing", "fetchXml": "<fetch><link-entity name='account' />" }),
            "Read account, Read contact, Read systemuser, undecided nothing: expanded table",
        ),
        (
            "AssociateEntities",
            json!({ "entityName": "teams", "associationEntityRelationship": "teamroles_association" }),
            "Append role, Append team",
        ),
        (
            "PerformUnboundAction",
            json!({ "actionName": "GrantAccess", "item/Target/@odata.type": "Microsoft.Dynamics.CRM.workflow" }),
            "Share workflow",
        ),
        (
            "SubscribeWebhookTrigger",
            json!({ "subscriptionRequest/entityname": "contact" }),
            "Create callbackregistration, Read callbackregistration, Write callbackregistration, Delete callbackregistration, Read contact",
        ),
        ("PerformBoundAction", json!({ "entityName": "teams" }), "undecided PerformBoundAction"),
        ("ListRecordsWithOrganization", json!({ "entityName": "contacts" }), "elsewhere ListRecordsWithOrganization"),
        ("ListRecords", json!({ "entityName": "nothings" }), "no table nothings"),
        ("ListRecords", json!({ "entityName": "@parameters('set')" }), "undecided ListRecords: table"),
    ];
    for (operation, parameters, expected) in cases {
        assert_eq!(deeds(operation, &parameters), expected, "{operation} {parameters}");
    }
}
