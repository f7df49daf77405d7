//! The compiled-in seed, and seeds that are wrong.

use serde_json::{Value, json};

use super::*;
use crate::sandbox::access::Authority;
use crate::sandbox::organization::{id, number, text};
use crate::sandbox::principals;
use crate::sandbox::tenant::Tenant;

fn tenant() -> Tenant {
    make(&Seed::parse(default_seed()).unwrap()).unwrap()
}

#[test]
fn the_compiled_in_seed_is_the_same_in_every_run() {
    assert_eq!(tenant().fingerprint(), tenant().fingerprint());
}

#[test]
fn nine_of_the_twelve_people_are_present() {
    let tenant = tenant();
    let organization = tenant.organization("contoso-prod").unwrap();
    let group = "22222222-2222-2222-2222-222222222222".parse().unwrap();
    let members = tenant.directory.transitive_members(group);
    let present = members.iter().filter(|member| principals::user_of(organization, **member).is_some()).count();
    assert_eq!((members.len(), present), (12, 9));
}

#[test]
fn the_maker_may_act_for_others_through_a_role_of_her_own() {
    let tenant = tenant();
    let organization = tenant.organization("contoso-prod").unwrap();
    let mia = tenant.directory.user_by_upn("mia@contoso.com").unwrap().0;
    let authority = Authority::of(organization, principals::user_of(organization, mia).unwrap());
    assert!(authority.holds_directly(organization, "prvActOnBehalfOfAnotherUser"));
}

#[test]
fn a_flow_has_the_text_that_power_automate_would_store() {
    let tenant = tenant();
    let organization = tenant.organization("contoso-prod").unwrap();
    let flow = organization.row("workflow", organization.named("workflow", "Expense intake").unwrap()).unwrap();
    let clientdata: Value = serde_json::from_str(text(flow, "clientdata").unwrap()).unwrap();
    let references = &clientdata["properties"]["connectionReferences"];
    assert_eq!(
        references["shared_sharepointonline"],
        json!({ "runtimeSource": "embedded", "connection": { "connectionReferenceLogicalName": "contoso_sharepoint" },
            "api": { "name": "shared_sharepointonline" } })
    );
    assert_eq!(clientdata["properties"]["definition"]["triggers"]["manual"]["kind"], "Skills");
    assert_eq!((number(flow, "statecode"), number(flow, "modernflowtype")), (Some(1), Some(1)));
    let parent = organization.row("workflow", organization.named("workflow", "Approve expense").unwrap()).unwrap();
    let child = organization.named("workflow", "Archive receipt").unwrap();
    assert!(text(parent, "clientdata").unwrap().contains(&child.to_string()));
}

#[test]
fn shares_name_their_row_and_principal() {
    let tenant = tenant();
    let organization = tenant.organization("contoso-prod").unwrap();
    let (_, share) = organization.all("principalobjectaccess").next().unwrap();
    let flow = organization.named("workflow", "Expense intake");
    assert_eq!((id(share, "objectid"), number(share, "accessrightsmask")), (flow, Some(1)));
}

#[test]
fn a_seed_that_names_what_is_not_there_is_refused() {
    let problem = |from: &str, to: &str| {
        let text = default_seed().replacen(from, to, 1);
        Seed::parse(&text).and_then(|seed| make(&seed).map(|_| ())).unwrap_err().to_string()
    };
    assert_eq!(
        problem("childFlows: [Archive receipt]", "childFlows: [Archive]"),
        "flow `Approve expense` names the flow `Archive`, which the seed does not hold"
    );
    assert!(
        problem("application: powergrant, roles: [System Administrator]", "application: powergrant, roles: [Boss]")
            .contains("the role `Boss`")
    );
    assert!(
        problem(
            "      users:\n        - { application",
            "      roles: [{ name: R, privileges: { prvFlow: Basic } }]\n      users:\n        - { application"
        )
        .contains("cannot be held at Basic")
    );
    assert!(problem("flowSharing: true", "flowSharings: true").contains("flowSharings"));
}
