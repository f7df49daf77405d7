//! Rules about access that are no table: new rows, lookups, the first access to a group's team, who is refused everything.

use serde_json::json;

use super::access_table::{rows, seed};
use super::*;
use crate::sandbox::access::Authority;
use crate::sandbox::principals;
use crate::sandbox::rights::{Depth, Verb};
use crate::sandbox::roles;

#[test]
fn depth_decides_for_whom_a_row_may_be_made() {
    // (holder, depth, may Ada make rows of: herself, crew, somebody in Sales, in East, in HR)
    let cases = [
        ("own", "Basic", [true, true, false, false, false]),
        ("own", "Local", [true, true, true, false, false]),
        ("own", "Deep", [true, true, true, true, false]),
        ("own", "Global", [true, true, true, true, true]),
        // Only for the team (Learn: team privileges only).
        ("team-only", "Basic", [false, true, false, false, false]),
        ("inherited", "Basic", [true, true, false, false, false]),
    ];
    for (holder, depth, allowed) in cases {
        let client = sandbox_of(&seed(holder, depth));
        let crew = client.with(|organization| organization.named("team", "SG-Crew").unwrap());
        let user = |name: &str| format!("/systemusers({})", client.user(&format!("{name}@contoso.com")));
        let owners = [user("ada"), format!("/teams({crew})"), user("sales"), user("east"), user("hr")];
        let ada = client.by("ada@contoso.com");
        for (owner, allowed) in owners.iter().zip(allowed) {
            let answer = ada.post("accounts", &json!({ "name": "new", "ownerid@odata.bind": owner }));
            assert_eq!(answer.status == 204, allowed, "{holder} {depth} for {owner}: {:?}", answer.body);
            if !allowed {
                expect(&answer, 403, "0x80048306");
            }
        }
    }
}

#[test]
fn a_lookup_needs_append_on_the_row_and_append_to_on_its_target() {
    let variable = "environmentvariabledefinition";
    let needed = ["prvAppendEnvironmentVariableDefinition", "prvAppendToconnectionreference"];
    for left_out in [None, Some(needed[0]), Some(needed[1])] {
        let client = sandbox();
        let reference = client.with(|organization| {
            let name = json!("contoso_sharepoint");
            organization.find("connectionreference", "connectionreferencelogicalname", &name).next().unwrap().0
        });
        let definition = client.with(|organization| organization.all(variable).next().unwrap().0);
        let role = client.new_role("Attacher");
        for name in
            ["prvWriteEnvironmentVariableDefinition", needed[0], needed[1], "prvReadEnvironmentVariableDefinition"]
        {
            let privilege = client.privilege(name);
            if left_out != Some(name) {
                client.with(|organization| roles::set_privilege(organization, role, privilege, Depth::Global));
            }
        }
        // Basic User would bring `Append` of its own.
        let ada = client.user("ada@contoso.com");
        let basic = client.role("Basic User");
        client.with(|organization| {
            organization.take_role(ada, basic);
            organization.give_role(ada, role);
        });
        let answer = client.by("ada@contoso.com").patch(
            &format!("environmentvariabledefinitions({definition})"),
            &json!({ "connectionreferenceid@odata.bind": format!("/connectionreferences({reference})") }),
        );
        match left_out {
            None => assert_eq!(answer.status, 204, "{:?}", answer.body),
            Some(name) => {
                expect(&answer, 403, "0x80040220");
                assert!(answer.body.unwrap().to_string().contains(name), "{name}");
            }
        }
    }
}

#[test]
fn a_member_of_a_group_comes_into_its_team_at_the_first_access() {
    for holder in ["group-before", "nested-before"] {
        let client = sandbox_of(&seed(holder, "Global"));
        let rows = rows(&client);
        let ada = client.user("ada@contoso.com");
        let read = |client: &Client| {
            client.with(|organization| {
                let table = organization.table("account").unwrap();
                Authority::of(organization, ada).require_on(organization, table, Verb::Read, rows[5]).is_ok()
            })
        };
        assert!(!read(&client), "{holder}");
        assert_eq!(client.by("ada@contoso.com").get("WhoAmI").status, 200);
        assert!(read(&client), "{holder}");
    }
    // Or by a sync, which is the action of an administrator (Learn: manage group teams).
    let client = sandbox_of(&seed("group-before", "Global"));
    client.tenant(|tenant| {
        let directory = tenant.directory.clone();
        let organization = tenant.organization_mut(ENVIRONMENT).unwrap();
        let team = organization.named("team", "SG-Crew").unwrap();
        principals::sync_team(organization, &directory, team);
        let ada = principals::user_of(organization, directory.user_by_upn("ada@contoso.com").unwrap().0);
        assert!(Authority::of(tenant.organization(ENVIRONMENT).unwrap(), ada.unwrap()).teams.contains(&team));
    });
}

#[test]
fn who_is_disabled_or_has_no_role_is_refused_everything() {
    let client = sandbox();
    let flow = client.flow("Expense intake");
    let user = client.user("ada@contoso.com");
    let basic = client.role("Basic User");
    client.with(|organization| organization.take_role(user, basic));
    let ada = client.by("ada@contoso.com");
    let asked = [
        ada.get("workflows?$select=name"),
        ada.get(&format!("workflows({flow})?$select=name")),
        ada.patch(&format!("workflows({flow})"), &json!({ "description": "x" })),
        ada.post("accounts", &json!({ "name": "x" })),
    ];
    for answer in &asked {
        expect(answer, 403, "0x80042f09");
        assert!(answer.body.as_ref().unwrap().to_string().contains("has not been assigned any roles."));
    }
    client.with(|organization| {
        organization.give_role(user, basic);
        organization.change("systemuser", user, [("isdisabled".to_owned(), json!(true))])
    });
    for answer in [ada.get("workflows?$select=name"), ada.post("accounts", &json!({ "name": "x" }))] {
        expect(&answer, 403, "0x80040225");
    }
}
