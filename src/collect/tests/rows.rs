//! Rows of a made-up tenant, shaped like recorded ones.
use std::collections::BTreeMap;

use serde_json::{Value, json};
use uuid::Uuid;

use super::tenant::Rows;

/// An id of one kind of row.
pub(super) fn id(kind: u128, number: u128) -> Uuid {
    Uuid::from_u128((kind << 96) | number)
}

pub(super) const UNIT: u128 = 1;
pub(super) const ROLE: u128 = 2;
pub(super) const USER: u128 = 3;
pub(super) const OBJECT: u128 = 4;
pub(super) const TEAM: u128 = 5;
pub(super) const GROUP: u128 = 6;
pub(super) const FLOW: u128 = 7;
pub(super) const REFERENCE: u128 = 8;
pub(super) const PRIVILEGE: u128 = 9;

/// The privileges whose Read decides how much is seen.
const READS: [&str; 9] = [
    "prvReadBusinessUnit",
    "prvReadRole",
    "prvReadUser",
    "prvReadTeam",
    "prvReadWorkflow",
    "prvReadconnectionreference",
    "prvReadSolution",
    "prvReadbot",
    "prvReadbotcomponent",
];

/// A tenant of so many flows, roles and people: each flow is shared with one user, each role held by a few, and a group
/// team holds the first role.
pub(super) fn tenant(flows: u128, roles: u128, people: u128) -> Rows {
    let mut sets: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let root = id(UNIT, 0);
    let mut put = |set: &str, rows: Vec<Value>| _ = sets.insert(set.to_owned(), rows);
    put("WhoAmI", vec![json!({"UserId": id(USER, 0), "BusinessUnitId": root, "OrganizationId": id(0xf, 0)})]);
    put("Microsoft.Dynamics.CRM.RetrieveUserPrivileges", vec![caller_reads("Global")]);
    put("organizations", vec![json!({"organizationid": id(0xf, 0), "orgdborgsettings": null})]);
    put("businessunits", vec![json!({"businessunitid": root, "name": "Contoso", "_parentbusinessunitid_value": null})]);
    put("roles", (0..roles).map(role).collect());
    put(
        "roleprivilegescollection",
        (0..roles)
            .map(|role| json!({"roleid": id(ROLE, role), "privilegeid": id(PRIVILEGE, 0), "privilegedepthmask": 1}))
            .collect(),
    );
    put(
        "systemuserrolescollection",
        (0..people).map(|user| json!({"systemuserid": id(USER, user), "roleid": id(ROLE, user % roles)})).collect(),
    );
    put("teamrolescollection", vec![json!({"teamid": id(TEAM, 0), "roleid": id(ROLE, 0)})]);
    put("systemusers", (0..people).map(user).collect());
    put("teams", vec![team()]);
    put("teammemberships", vec![json!({"teamid": id(TEAM, 0), "systemuserid": id(USER, 1)})]);
    put("workflows", (0..flows).map(flow).collect());
    put("connectionreferences", vec![reference()]);
    put(
        "principalobjectaccessset",
        (0..flows).map(|flow| share("workflow", id(FLOW, flow), id(USER, flow % people))).collect(),
    );
    put(
        "EntityDefinitions",
        vec![
            table("workflow", "Process", 0),
            table("connectionreference", "Connection Reference", 1),
            table("account", "Account", 2),
        ],
    );
    put(
        "privileges",
        vec![
            json!({"privilegeid": id(PRIVILEGE, 7), "name": "prvActOnBehalfOfAnotherUser", "canbebasic": false, "canbelocal": false, "canbedeep": false, "canbeglobal": true}),
        ],
    );
    put("users", Vec::new());
    put("groups", vec![json!({"id": id(GROUP, 0), "displayName": "SG-Expense", "mail": null})]);
    put("servicePrincipals", Vec::new());
    put(
        "transitiveMembers",
        vec![json!({
            "@odata.type": "#microsoft.graph.user", "id": id(OBJECT, 1), "userPrincipalName": "user1@contoso.com", "displayName": "User 1",
            "mail": null, "accountEnabled": true
        })],
    );
    Rows { sets, refused: BTreeMap::new() }
}

/// The caller's own privileges, all at one depth.
pub(super) fn caller_reads(depth: &str) -> Value {
    let entry = |name: &&str| json!({"Depth": depth, "PrivilegeId": id(PRIVILEGE, 99), "PrivilegeName": name});
    json!({"RolePrivileges": READS.iter().map(entry).collect::<Vec<_>>()})
}

fn role(number: u128) -> Value {
    json!({
        "roleid": id(ROLE, number), "name": format!("Role {number}"), "description": null, "isinherited": 1, "isautoassigned": 0,
        "ismanaged": false, "iscustomizable": {"Value": true}, "_businessunitid_value": id(UNIT, 0),
        "_roletemplateid_value": null, "_parentroleid_value": null, "_parentrootroleid_value": id(ROLE, number)
    })
}

fn user(number: u128) -> Value {
    json!({
        "systemuserid": id(USER, number), "fullname": format!("User {number}"), "domainname": format!("user{number}@contoso.com"),
        "internalemailaddress": null, "azureactivedirectoryobjectid": id(OBJECT, number), "applicationid": null,
        "accessmode": 0, "isdisabled": false, "_businessunitid_value": id(UNIT, 0)
    })
}

fn team() -> Value {
    json!({
        "teamid": id(TEAM, 0), "name": "SG-Expense", "teamtype": 2, "membershiptype": 0,
        "azureactivedirectoryobjectid": id(GROUP, 0), "isdefault": false, "_businessunitid_value": id(UNIT, 0)
    })
}

fn flow(number: u128) -> Value {
    json!({
        "workflowid": id(FLOW, number), "name": format!("Flow {number}"), "statecode": 1, "ismanaged": false,
        "iscustomizable": {"Value": true}, "_owninguser_value": id(USER, 0), "_owningteam_value": null,
        "clientdata": text(number)
    })
}

/// A text; flow 2 calls flow 1 as its child.
fn text(number: u128) -> String {
    let child = json!({"Call": {"type": "Workflow", "inputs": {"host": {"workflowReferenceName": id(FLOW, 1)}}}});
    let actions = if number == 2 { child } else { json!({}) };
    json!({
        "properties": {
            "connectionReferences": {"shared_sharepointonline": {
                "runtimeSource": "embedded", "connection": {"connectionReferenceLogicalName": "contoso_sharepoint"},
                "api": {"name": "shared_sharepointonline"}
            }},
            "definition": {"triggers": {"manual": {"type": "Request", "kind": "Button"}}, "actions": actions}
        },
        "schemaVersion": "1.0.0.0"
    })
    .to_string()
}

fn reference() -> Value {
    json!({
        "connectionreferenceid": id(REFERENCE, 0), "connectionreferencelogicalname": "contoso_sharepoint",
        "connectionreferencedisplayname": "SharePoint", "connectorid": "/providers/Microsoft.PowerApps/apis/shared_sharepointonline",
        "connectionid": "0000", "_owninguser_value": id(USER, 0), "_owningteam_value": null
    })
}

fn share(table: &str, object: Uuid, user: Uuid) -> Value {
    json!({
        "objectid": object, "objecttypecode": table, "principalid": user, "principaltypecode": "systemuser", "accessrightsmask": 1
    })
}

fn table(name: &str, display: &str, privilege: u128) -> Value {
    json!({
        "LogicalName": name, "EntitySetName": format!("{name}s"), "DisplayName": {"LocalizedLabels": [], "UserLocalizedLabel": {"Label": display}},
        "Privileges": [{
            "CanBeBasic": true, "CanBeLocal": true, "CanBeDeep": true, "CanBeGlobal": true, "Name": format!("prvRead{name}"),
            "PrivilegeId": id(PRIVILEGE, privilege), "PrivilegeType": "Read"
        }]
    })
}
