//! What a managed environment forbids of sharing (Learn: limit sharing in Managed Environments), in every combination.
//!
//! The limit is on solution flows alone, on every way to give somebody more, and whoever asks; taking away is never forbidden.

use serde_json::json;

use super::super::services::{FLOW, PROD, ask};
use super::super::*;
use crate::sandbox::variants::ForbiddenSharing;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Grant,
    Modify,
    Revoke,
}

#[test]
fn sharing_is_limited_for_flows_and_for_nothing_else() {
    let mut met = BTreeMap::new();
    for (is_allowed, variant) in
        [(true, ForbiddenSharing::Refused), (false, ForbiddenSharing::Refused), (false, ForbiddenSharing::Ignored)]
    {
        for (table, set) in [("workflow", "workflows"), ("connectionreference", "connectionreferences")] {
            for principal in ["systemuser", "team"] {
                for caller in [None, Some("mia@contoso.com")] {
                    for action in [Action::Grant, Action::Modify, Action::Revoke] {
                        let client = tenant(is_allowed, variant);
                        let answer = share(&client, (table, set), principal, caller, action);
                        let is_refused = !is_allowed
                            && variant == ForbiddenSharing::Refused
                            && table == "workflow"
                            && action != Action::Revoke;
                        let expected = if is_refused { (403, "0x80060467") } else { (204, "") };
                        let place = format!("{is_allowed} {variant:?} {table} {principal} {caller:?} {action:?}");
                        assert_eq!(
                            status_and_code(&answer),
                            (expected.0, expected.1.to_owned()),
                            "{place}: {:?}",
                            answer.body
                        );
                        *met.entry(expected.0).or_insert(0) += 1;
                    }
                }
            }
        }
    }
    assert_eq!(met, BTreeMap::from([(204, 64), (403, 8)]));
}

fn tenant(is_allowed: bool, variant: ForbiddenSharing) -> Client {
    let client = sandbox_of(&default_seed().replace("flowSharing: true", &format!("flowSharing: {is_allowed}")));
    client.tenant(|tenant| tenant.variants.forbidden_sharing = variant);
    client
}

fn share(client: &Client, (table, set): (&str, &str), principal: &str, caller: Option<&str>, action: Action) -> Answer {
    let (name, column) = match table {
        "workflow" => ("Expense intake", "name"),
        _ => ("contoso_sharepoint", "connectionreferencelogicalname"),
    };
    let object = client.with(|organization| organization.find(table, column, &json!(name)).next().unwrap().0);
    let receiver = if principal == "team" {
        let made =
            json!({ "azureactivedirectoryobjectid": "22222222-2222-2222-2222-222222222222", "membershiptype": 0 });
        client.post("teams", &made);
        client.with(|organization| organization.named("team", "SG-Expense-Prod").unwrap())
    } else {
        client.user("ada@contoso.com")
    };
    if action != Action::Grant {
        client.with(|organization| organization.set_share(table, object, receiver, 1));
    }
    let receivers = if principal == "team" { "teams" } else { "systemusers" };
    let target = json!({ "@odata.id": format!("{set}({object})") });
    let who = json!({ "@odata.id": format!("{receivers}({receiver})") });
    let given = |mask: &str| json!({ "Target": target, "PrincipalAccess": { "Principal": who, "AccessMask": mask } });
    let client = caller.map_or_else(|| client.by_application(), |upn| client.by(upn));
    match action {
        Action::Grant => client.post("GrantAccess", &given("ReadAccess")),
        Action::Modify => client.post("ModifyAccess", &given("ReadAccess,WriteAccess")),
        Action::Revoke => client.post("RevokeAccess", &json!({ "Target": target, "Revokee": who })),
    }
}

#[test]
fn the_flow_service_keeps_to_the_limit_too() {
    for (is_allowed, variant, status) in [
        (true, ForbiddenSharing::Refused, 200),
        (false, ForbiddenSharing::Refused, 403),
        (false, ForbiddenSharing::Ignored, 200),
    ] {
        let client = tenant(is_allowed, variant);
        let (flow, ada, bob) =
            (client.flow("Expense intake"), client.object("ada@contoso.com"), client.object("bob@contoso.com"));
        let path = |name: &str| {
            format!("/providers/Microsoft.ProcessSimple/environments/{PROD}/flows/{flow}/{name}?api-version=2016-11-01")
        };
        let mia = client.by("mia@contoso.com");
        let put =
            json!({ "put": [{ "properties": { "roleName": "CanView", "principal": { "id": ada, "type": "User" } } }] });
        let answer = ask(&mia, "POST", FLOW, &path("modifyPermissions"), &put);
        assert_eq!(answer.status, status, "{is_allowed} {variant:?}: {:?}", answer.body);
        let delete = json!({ "delete": [{ "id": bob }] });
        assert_eq!(ask(&mia, "POST", FLOW, &path("modifyPermissions"), &delete).status, 200);
    }
}
