//! Questions that the evidence leaves open, each with the answers that a tenant may give.

use serde_json::json;

use super::services::{FLOW, PROD, ask};
use super::*;
use crate::sandbox::rights::EVERY_RIGHT;
use crate::sandbox::variants::{
    CoOwnerMask, DeleteOfHeldRole, FlowServiceShares, ForbiddenSharing, GroupMembers, ReferenceCheck,
    SharePointPrivileges, UserById,
};

const GROUP: &str = "22222222-2222-2222-2222-222222222222";

#[test]
fn privileges_for_sharepoint_come_back_or_stay_away() {
    for (answer, expected) in [(SharePointPrivileges::ComeBack, [5, 4, 1]), (SharePointPrivileges::StayAway, [1, 0, 1])]
    {
        let client = changed(|variants| variants.share_point_privileges = answer);
        let role = client.new_role("Runner");
        let held = |client: &Client| {
            client.with(|organization| crate::sandbox::access::privileges_of_role(organization, role).len())
        };
        let action = |name: &str, body: &Value| {
            client.post(&format!("roles({role})/Microsoft.Dynamics.CRM.{name}"), body).status
        };
        for row in client.rows(&format!("roles({role})/roleprivileges_association?$select=privilegeid")) {
            let privilege = json!({ "Privilege": { "privilegeid": row["privilegeid"] } });
            assert_eq!(action("RemovePrivilegeRole", &privilege), 204);
        }
        assert_eq!(held(&client), 0, "removed one by one they are away under any answer");
        let read = json!({ "PrivilegeId": client.privilege("prvReadWorkflow"), "Depth": "Basic" });
        assert_eq!(action("AddPrivilegesRole", &json!({ "Privileges": [read] })), 204);
        assert_eq!(held(&client), expected[0], "{answer:?}: after adding one");
        assert_eq!(action("ReplacePrivilegesRole", &json!({ "Privileges": [] })), 204);
        assert_eq!(held(&client), expected[1], "{answer:?}: after replacing all by none");
        let fresh = client.new_role("Fresh");
        let path = format!("roles({fresh})/Microsoft.Dynamics.CRM.ReplacePrivilegesRole");
        assert_eq!(client.post(&path, &json!({ "Privileges": [] })).status, 204);
        let left = client.with(|organization| crate::sandbox::access::privileges_of_role(organization, fresh).len());
        assert_eq!(left == 4, expected[2] == 1 && answer == SharePointPrivileges::ComeBack, "{answer:?}: {left} left");
    }
}

#[test]
fn a_role_that_somebody_holds_is_deleted_or_not() {
    for (answer, status) in [(DeleteOfHeldRole::Refused, 400), (DeleteOfHeldRole::Accepted, 204)] {
        let client = changed(|variants| variants.delete_of_held_role = answer);
        let role = client.new_role("Runner");
        assert_eq!(client.assign("ada@contoso.com", role).status, 204);
        assert_eq!(client.ask("DELETE", &format!("roles({role})"), &[], "").status, status, "{answer:?}");
        let held = client.rows(&format!("systemuserrolescollection?$filter=roleid%20eq%20{role}"));
        assert_eq!(held.is_empty(), answer == DeleteOfHeldRole::Accepted, "{answer:?}");
    }
}

#[test]
fn members_follow_their_group_at_each_access_or_only_when_a_cache_ends() {
    for (answer, at_once) in [(GroupMembers::AtAccess, 1), (GroupMembers::AfterCache, 0)] {
        let client = changed(|variants| variants.group_members = answer);
        let made = client.post("teams", &json!({ "azureactivedirectoryobjectid": GROUP, "membershiptype": 0 }));
        assert_eq!(made.status, 204);
        let team = client.rows(&format!("teams?$filter=azureactivedirectoryobjectid%20eq%20{GROUP}")).remove(0);
        let team = team["teamid"].as_str().unwrap().to_owned();
        let members = || client.rows(&format!("teams({team})/teammembership_association?$select=fullname")).len();
        client.by("ada@contoso.com").get("WhoAmI");
        assert_eq!(members(), at_once, "{answer:?}: Ada has been here before");
        client.by("kira@contoso.com").get("WhoAmI");
        assert_eq!(members(), at_once + 1, "{answer:?}: Kira's first access brings her in");
        let sync = client.post(&format!("teams({team})/Microsoft.Dynamics.CRM.SyncGroupMembersToTeam"), &json!({}));
        assert_eq!((sync.status, members()), (204, 10), "{answer:?}: a sync does not wait for the cache");
        let kira = client.object("kira@contoso.com");
        let group = GROUP.parse().unwrap();
        client.tenant(|tenant| tenant.directory.groups.get_mut(&group).unwrap().members.remove(&kira));
        client.by("kira@contoso.com").get("WhoAmI");
        assert_eq!(members(), 10 - at_once, "{answer:?}: Kira has left the group");
    }
}

#[test]
fn an_application_may_be_refused_others_by_id_and_never_by_filter() {
    for (answer, status, code) in [(UserById::Shown, 200, ""), (UserById::NotAMember, 403, "0x80072560")] {
        let client = changed(|variants| variants.user_by_id = answer);
        let ada = client.user("ada@contoso.com");
        expect(&client.get(&format!("systemusers({ada})?$select=fullname")), status, code);
        assert_eq!(client.rows(&format!("systemusers?$select=fullname&$filter=systemuserid%20eq%20{ada}")).len(), 1);
        // People and the application itself are shown; who is not there is not called a stranger.
        assert_eq!(client.by("admin@contoso.com").get(&format!("systemusers({ada})")).status, 200);
        let me = client.get("WhoAmI").body.unwrap()["UserId"].as_str().unwrap().to_owned();
        assert_eq!(client.get(&format!("systemusers({me})")).status, 200);
        expect(&client.get(&format!("systemusers({})", Uuid::from_u128(9))), 404, "0x80040217");
    }
}

fn share_by_the_flow_service(client: &Client, list: &str, verb: &str) -> Answer {
    let flow = client.flow("Expense intake");
    let ada = client.object("ada@contoso.com");
    let path =
        format!("/providers/Microsoft.ProcessSimple/environments/{PROD}/flows/{flow}/{list}?api-version=2016-11-01");
    let entry = json!({ "properties": { "principal": { "id": ada, "type": "User" } } });
    ask(&client.by("mia@contoso.com"), "POST", FLOW, &path, &json!({ verb: [entry] }))
}

fn rights_of_ada(client: &Client) -> Option<u32> {
    let (flow, ada) = (client.flow("Expense intake"), client.user("ada@contoso.com"));
    client.with(|organization| organization.share(flow, ada))
}

#[test]
fn a_co_owner_has_every_right_or_all_but_one() {
    for (answer, mask) in [(CoOwnerMask::EveryRight, EVERY_RIGHT), (CoOwnerMask::AllButDelete, 786_487)] {
        let client = changed(|variants| variants.co_owner_mask = answer);
        assert_eq!(share_by_the_flow_service(&client, "modifyOwners", "put").status, 200);
        assert_eq!(rights_of_ada(&client), Some(mask), "{answer:?}");
        // And in what a seed calls a co-owner.
        let word = serde_json::to_value(answer).unwrap();
        let seed = default_seed().replace("rights: runOnly", "rights: coOwner");
        let client = sandbox_of(&format!("{seed}\nvariants: {{ coOwnerMask: {} }}\n", word.as_str().unwrap()));
        let masks = client.rows("principalobjectaccessset?$select=accessrightsmask");
        assert!(masks.iter().all(|row| row["accessrightsmask"] != json!(EVERY_RIGHT + 786_487 - mask)), "{masks:?}");
    }
}

#[test]
fn sharing_through_the_flow_service_may_do_nothing_to_the_row_or_be_refused() {
    for (answer, status, code, held) in [
        (FlowServiceShares::Rows, 200, "", Some(1)),
        (FlowServiceShares::Nothing, 200, "", None),
        (FlowServiceShares::Refused, 403, "SolutionFlowPermissionsNotEditable", None),
    ] {
        let client = changed(|variants| variants.flow_service_shares = answer);
        expect(&share_by_the_flow_service(&client, "modifyUsers", "put"), status, code);
        assert_eq!(rights_of_ada(&client), held, "{answer:?}");
    }
}

#[test]
fn a_managed_environment_may_forbid_sharing_through_the_flow_service_too() {
    for (answer, status, code) in
        [(ForbiddenSharing::Refused, 403, "FlowSharingNotAllowed"), (ForbiddenSharing::Ignored, 200, "")]
    {
        for list in ["modifyUsers", "modifyOwners"] {
            let client = sandbox_of(&default_seed().replace("flowSharing: true", "flowSharing: false"));
            client.tenant(|tenant| tenant.variants.forbidden_sharing = answer);
            expect(&share_by_the_flow_service(&client, list, "put"), status, code);
            assert_eq!(rights_of_ada(&client).is_some(), status == 200, "{list}");
            // Nobody is kept from taking away.
            expect(&share_by_the_flow_service(&client, list, "delete"), 200, "");
        }
    }
}

#[test]
fn connection_references_are_checked_when_a_flow_is_made_or_on_every_save() {
    for (answer, status, code) in
        [(ReferenceCheck::OnCreation, 204, ""), (ReferenceCheck::OnEverySave, 403, "0x80040220")]
    {
        let client = changed(|variants| variants.reference_check = answer);
        let flow = client.flow("Expense intake");
        let (bob, rights) = (client.user("bob@contoso.com"), EVERY_RIGHT);
        client.with(|organization| organization.set_share("workflow", flow, bob, rights));
        let mut text: Value =
            serde_json::from_str(&client.with(|organization| organization.flow_text(flow).unwrap().to_owned()))
                .unwrap();
        text["properties"]["connectionReferences"]["shared_office365"]["runtimeSource"] = json!("invoker");
        let body = json!({ "clientdata": text.to_string() });
        let saved = client.by("bob@contoso.com").patch(&format!("workflows({flow})"), &body);
        expect(&saved, status, code);
        let named = json!({ "description": "by Bob" });
        let renamed = client.by("bob@contoso.com").patch(&format!("workflows({flow})"), &named);
        assert_eq!(renamed.status, 204, "{answer:?}: no text, no references: {:?}", renamed.body);
    }
}

#[test]
fn the_editors_of_an_agent_are_a_team_that_co_owns_its_flows() {
    let seed = default_seed().replacen("      agents:\n", "      agents:\n        - { name: Helper, schemaName: contoso_h, owner: mia@contoso.com, editors: [ada@contoso.com], flows: [Expense intake] }\n", 1);
    let client = sandbox_of(&seed);
    let bot = client.with(|organization| organization.named("bot", "Helper").unwrap());
    let team = client.with(|organization| organization.named("team", &format!("{bot}_1")).unwrap());
    let flow = client.flow("Expense intake");
    let shares = client.with(|organization| (organization.share(bot, team), organization.share(flow, team)));
    assert_eq!(shares, (Some(786_487), Some(EVERY_RIGHT)));
    // Through it Ada edits the flow.
    let described = json!({ "description": "by Ada" });
    assert_eq!(client.by("ada@contoso.com").patch(&format!("workflows({flow})"), &described).status, 204);
    assert_eq!(client.by("bob@contoso.com").patch(&format!("workflows({flow})"), &described).status, 403);
}

#[test]
fn a_share_with_the_whole_organisation_is_told_and_shares_are_told_by_the_service_alone() {
    let client = sandbox();
    let flow = client.flow("Expense intake");
    let everyone = client.with(|organization| {
        let id = organization.id;
        crate::sandbox::shares::put(organization, ("workflow", flow), ("organization", id), 1);
        id
    });
    let path = format!("RetrieveSharedPrincipalsAndAccess(Target=@t)?@t={{'@odata.id':'workflows({flow})'}}")
        .replace('\'', "%22");
    let body = client.get(&path).body.unwrap();
    let accesses = body["PrincipalAccesses"].as_array().unwrap();
    let found = accesses.iter().find(|access| access["Principal"]["organizationid"] == json!(everyone)).unwrap();
    assert_eq!(found["Principal"]["@odata.type"], "#Microsoft.Dynamics.CRM.organization");
    // Bound to the row there is no such function.
    let bound = format!("workflows({flow})/Microsoft.Dynamics.CRM.RetrieveSharedPrincipalsAndAccess()");
    expect(&client.get(&bound), 404, "0x80060888");
}
