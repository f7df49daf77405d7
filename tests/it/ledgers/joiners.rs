//! Who comes into the environment, and by which way.
use std::time::Duration;

use powergrant::report::Outcome;
use powergrant::sandbox::faults::{Disturbance, Rule as Fault};
use powergrant::sandbox::seed::default_seed;

use super::{PROD, assert_held, document, tenant, wanted, writes};

#[tokio::test(flavor = "multi_thread")]
async fn a_user_whom_the_admin_api_adds_is_asked_for_until_the_row_is_there() {
    let pipe = tenant(default_seed()).await;
    let members =
        document("RoleAssignment", "joiner", "{ role: { builtIn: basicUser }, members: [{ user: jon@contoso.com }] }");
    let planned = pipe.plan(&wanted("  addUsers: bap\n", &[members])).await;
    // It is accepted, and the row comes with a later read.
    pipe.with(|tenant| tenant.faults.schedule(Fault::on("/addUser", Disturbance::Reverted).method("POST")));
    let report = pipe
        .apply_while(&planned, &|reading| {
            if reading == 4 {
                pipe.with(|tenant| {
                    let jon = tenant.directory.users.iter().find(|(_, user)| user.upn == "jon@contoso.com");
                    let jon = *jon.expect("Jon is in the directory").0;
                    tenant.open(PROD, jon);
                });
            }
        })
        .await;
    assert_held(&report);
    let waited: Duration = pipe.clock.waits().iter().sum();
    assert!(waited >= Duration::from_secs(15), "{waited:?}");
    let added = pipe.with(|tenant| writes(tenant).iter().filter(|write| write.contains("/addUser")).count());
    assert_eq!(added, 1, "it was sent again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_whom_the_admin_api_accepts_and_never_adds_gets_no_role_and_is_told() {
    let pipe = tenant(default_seed()).await;
    let members =
        document("RoleAssignment", "joiner", "{ role: { builtIn: basicUser }, members: [{ user: jon@contoso.com }] }");
    let planned = pipe.plan(&wanted("  addUsers: bap\n", &[members])).await;
    pipe.with(|tenant| tenant.faults.schedule(Fault::on("/addUser", Disturbance::Reverted).method("POST")));
    let report = pipe.apply(&planned).await;
    let outcome =
        |ledger: &str| report.results.iter().find(|(line, _)| line.ledger == ledger).map(|(_, outcome)| outcome);
    assert_eq!(outcome("environmentMembers"), Some(&Outcome::NotVisibleYet), "{:#?}", report.results);
    assert!(matches!(outcome("roleAssignments"), Some(Outcome::Skipped { .. })), "{:#?}", report.results);
    let waited: Duration = pipe.clock.waits().iter().sum();
    assert!(waited >= Duration::from_secs(60), "it may still have come: {waited:?}");
    let sent = pipe.with(|tenant| writes(tenant));
    assert_eq!(sent.iter().filter(|write| write.contains("/addUser")).count(), 1, "{sent:?}");
    assert!(!sent.iter().any(|write| write.contains("association")), "{sent:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_comes_in_without_a_role_and_never_by_the_way_that_makes_it_an_administrator() {
    // `addAppUser` gives System Administrator, whatever else is wanted.
    for way in ["", "  addUsers: bap\n"] {
        let pipe = tenant(default_seed()).await;
        let members = document(
            "RoleAssignment",
            "application",
            "{ role: { builtIn: basicUser }, members: [{ application: { appId: 44444444-4444-4444-4444-444444444401 } }] }",
        );
        let wanted = wanted(way, &[members]);
        let planned = pipe.plan(&wanted).await;
        assert_eq!(planned.plan.changes().count(), 2, "it comes in, and gets the role: {:#?}", planned.plan.lines);
        assert_held(&pipe.apply(&planned).await);
        let sent = pipe.with(|tenant| writes(tenant));
        assert!(!sent.iter().any(|write| write.contains("/addAppUser") || write.contains("/addUser")), "{sent:?}");
        let made: Vec<&String> = sent.iter().filter(|write| write.ends_with("/systemusers")).collect();
        assert_eq!(made.len(), 1, "{sent:?}");
        let (roles, disabled) = pipe.with(|tenant| {
            let organization = tenant.organization(PROD).expect("the example's environment");
            let id = serde_json::json!("44444444-4444-4444-4444-444444444401");
            let (row, user) = organization.find("systemuser", "applicationid", &id).next().expect("it came in");
            let roles = organization.all("role").filter(|(role, _)| organization.holds_role(row, *role));
            (roles.map(|(_, role)| role["name"].clone()).collect::<Vec<_>>(), user["isdisabled"].clone())
        });
        assert_eq!((roles, disabled), (vec!["Basic User".into()], false.into()));
        assert_eq!(pipe.plan(&wanted).await.plan.changes().count(), 0);
    }
}
