//! What services answer to reads: whatever it is, the part is *unreadable*, never absent; nothing is planned from it, and the
//! other subjects and environments go on.
use std::collections::BTreeSet;

use powergrant::sandbox::faults::{Disturbance, Recorded, Refusal, Rule};

use super::{calm, writes};
use crate::desk::{shown, text};
use crate::proxied::{PUBLIC, Stage};

/// Beside the example: a group that only Graph knows, and an environment that only the admin API knows.
const MORE: &str = "\
apiVersion: powergrant.dev/v1alpha1
kind: RoleAssignment
metadata: { name: makers }
environments: [contoso-prod]
spec:
  role: { builtIn: environmentMaker }
  members: [{ group: { name: SG-Makers } }]
---
apiVersion: powergrant.dev/v1alpha1
kind: Environment
metadata: { name: contoso-trial }
spec: { environmentId: 0c6a2f9e-1b7d-4a3e-8a55-9f0d3f7b6e21, credentials: POWERGRANT_PROD }
---
apiVersion: powergrant.dev/v1alpha1
kind: RoleAssignment
metadata: { name: trial-makers }
environments: [contoso-trial]
spec:
  environmentRole: maker
  members: [{ user: cleo@contoso.com }]
";

/// The example with more, in two environments and over three services.
pub(super) fn stage() -> Stage {
    let stage = Stage::public();
    stage.desk.write("more.yaml", MORE);
    stage
}

/// A refusal after which nobody waits before asking again, so that no test does.
pub(super) fn at_once(status: u16) -> Disturbance {
    Disturbance::Refuse(Refusal { status, code: None, message: None, retry_after: Some(0) })
}

/// A body that is no whole answer.
pub(super) fn body(status: u16, kind: &str, text: &str) -> Disturbance {
    let headers = [("Retry-After", "0"), ("Content-Type", kind), ("x-ms-service-request-id", "c0ffee")];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    Disturbance::Recorded(Recorded { status, headers, body: Some(text.into()) })
}

/// Everything that a service may answer instead, and what is said of it.
fn ways(host: &str) -> Vec<(Disturbance, &'static str)> {
    let page = "<!DOCTYPE html><html><body>Sign in</body></html>";
    vec![
        (at_once(401), "401"),
        (at_once(403), "403"),
        (at_once(404), "404"),
        (at_once(409), "409"),
        (at_once(412), "412"),
        (at_once(429), "429"),
        (at_once(500), "500"),
        (at_once(501), "501"),
        (at_once(503), "503"),
        (body(200, "text/html", page), "a web page instead of JSON"),
        (body(502, "text/html", page), "502"),
        (body(200, "application/json", "{\"value\":[{\"a\":"), "broke off before its end"),
        (body(200, "application/json", "{\"value\":7}"), "value"),
        // A page that is not there, and one at a stranger's.
        (Disturbance::ForeignNextLink(host.to_owned()), " 4"),
        (Disturbance::ForeignNextLink("evil.example".to_owned()), "leads away from"),
    ]
}

/// The lines of a plan that would be written.
fn changes(plan: &str) -> BTreeSet<&str> {
    plan.lines().filter(|line| ["    + ", "    - ", "    ~ "].iter().any(|mark| line.starts_with(mark))).collect()
}

/// Answers every read of a part in every way: `lost` are lines that go, `stays` lines that stay. After the answers that say
/// `otherwise` the same is read in another way, and all is planned.
fn every_way(host: &str, part: &str, (lost, stays): (&[&str], &[&str]), otherwise: &[&str]) {
    let stage = stage();
    let clean = text(&stage.run(&["plan", "."], &[]).stdout);
    let before = stage.with(|tenant| tenant.fingerprint());
    for line in lost.iter().chain(stays) {
        assert!(changes(&clean).iter().any(|change| change.contains(line)), "`{line}` is not planned:\n{clean}");
    }
    for (way, words) in ways(host) {
        calm(&stage);
        stage.change(Rule { host: Some(host.to_owned()), times: 0, ..Rule::on(part, way.clone()) });
        let plan = stage.run(&["plan", "."], &[]);
        let (said, what) = (shown(&plan), format!("{part} {way:?}"));
        if otherwise.contains(&words) {
            assert_eq!(text(&plan.stdout), clean, "{what}");
            continue;
        }
        assert_eq!(plan.status.code(), Some(1), "{what}: {said}");
        let planned = text(&plan.stdout);
        let added: Vec<_> = changes(&planned).difference(&changes(&clean)).copied().collect();
        assert!(added.is_empty(), "{what}: planned from what was not read: {added:?}\n{said}");
        for line in lost {
            assert!(!changes(&planned).iter().any(|change| change.contains(line)), "{what}: {line}\n{said}");
        }
        for line in stays {
            assert!(changes(&planned).iter().any(|change| change.contains(line)), "{what}: {line} is gone\n{said}");
        }
        assert!(said.contains(words), "{what}: `{words}` is not said\n{said}");
        assert!(said.contains(" GET ") || said.contains(" POST $batch"), "{what}: the request is not named\n{said}");
        assert!(said.contains("hint: "), "{what}: nothing is said about what to do\n{said}");
        assert!(!stage.dialled().contains("evil.example"), "{what}: a stranger was dialled");
        assert_eq!(writes(&stage), [], "{what}");
    }
    assert_eq!(stage.with(|tenant| tenant.fingerprint()), before, "reading changed the tenant");
}

#[test]
fn shares_that_dataverse_does_not_tell_are_unread_and_roles_and_connections_are_planned() {
    every_way(
        PUBLIC,
        "principalobjectaccessset",
        (&["user bob@contoso.com"], &["contoso_sharepoint", "Process", "user cleo@contoso.com"]),
        // Where there is no such set, functions answer for each flow.
        &["404", " 4"],
    );
}

#[test]
fn flows_that_dataverse_does_not_tell_are_unread_and_roles_and_other_environments_are_planned() {
    let stays = &["Process", "user cleo@contoso.com"];
    every_way(PUBLIC, "/workflows", (&["contoso_sharepoint", "contoso_dataverse"], stays), &[]);
}

#[test]
fn groups_that_graph_does_not_tell_are_unread_and_what_dataverse_answers_is_planned() {
    every_way("graph.microsoft.com", "/groups", (&["group SG-Makers"], &["Process", "contoso_sharepoint"]), &[]);
}

#[test]
fn environment_roles_that_the_admin_api_does_not_tell_are_unread_and_the_other_environment_is_planned() {
    let stays = &["Process", "contoso_sharepoint"];
    every_way("api.bap.microsoft.com", "/roleAssignments", (&["user cleo@contoso.com"], stays), &[]);
}

#[test]
fn the_sharing_limits_that_the_admin_api_does_not_tell_stop_nothing_else() {
    let stage = stage();
    let clean = text(&stage.run(&["plan", "."], &[]).stdout);
    for (way, words) in ways("api.bap.microsoft.com") {
        // It is one object, so a page has no part in it.
        if matches!(way, Disturbance::ForeignNextLink(_)) {
            continue;
        }
        calm(&stage);
        let part = format!("/environments/{}?", crate::proxied::ENVIRONMENT);
        stage.change(Rule { host: Some("api.bap.microsoft.com".to_owned()), times: 0, ..Rule::on(&part, way.clone()) });
        let plan = stage.run(&["plan", "."], &[]);
        let said = shown(&plan);
        assert!(stage.asked(&part) > 0, "{way:?}: it was not asked");
        assert_eq!(changes(&text(&plan.stdout)), changes(&clean), "{way:?} {words}: {said}");
    }
}

/// A flow that Dataverse does not have, and that the Flow service knows.
const PERSONAL: &str = "\
apiVersion: powergrant.dev/v1alpha1
kind: Flow
metadata: { name: personal }
environments: [contoso-prod]
spec: { flow: Save my attachments }
";

#[test]
fn a_flow_that_the_flow_service_does_not_tell_of_is_not_said_to_be_nowhere_and_the_rest_is_planned() {
    let stage = stage();
    stage.desk.write("personal.yaml", PERSONAL);
    let clean = stage.run(&["plan", "."], &[]);
    assert!(text(&clean.stderr).contains("[flow-outside-dataverse]"), "{}", shown(&clean));
    let host = "api.flow.microsoft.com";
    for (way, words) in ways(host) {
        calm(&stage);
        stage.change(Rule { host: Some(host.to_owned()), times: 0, ..Rule::on("/v2/flows", way.clone()) });
        let plan = stage.run(&["plan", "."], &[]);
        let (said, what) = (shown(&plan), format!("{way:?}"));
        assert_eq!(plan.status.code(), Some(1), "{what}: {said}");
        let found = super::findings(&text(&plan.stderr), "unknown-flow").concat();
        for part in ["whether it exists outside could not be asked", words, " GET ", "hint: ", "personal.yaml:5:"] {
            assert!(found.contains(part), "{what}: `{part}` is not said\n{said}");
        }
        assert_eq!(changes(&text(&plan.stdout)), changes(&text(&clean.stdout)), "{what}");
        assert!(!stage.dialled().contains("evil.example"), "{what}: a stranger was dialled");
        assert_eq!(writes(&stage), [], "{what}");
    }
}

#[test]
fn an_apply_leaves_what_was_not_read_does_the_rest_and_exits_with_1() {
    let stage = stage();
    stage.change(Rule { times: 0, ..Rule::on("principalobjectaccessset", at_once(403)) });
    let apply = stage.run(&["apply", "--yes", "."], &[]);
    assert_eq!(apply.status.code(), Some(1), "{}", shown(&apply));
    let said = text(&apply.stdout);
    assert!(said.contains("? not read: 403"), "{said}");
    for held in ["= contoso_sharepoint", "= user cleo@contoso.com", "= group SG-Makers"] {
        assert!(said.contains(held), "{held}\n{said}");
    }
    assert_eq!(stage.asked("GrantAccess") + stage.asked("RevokeAccess"), 0, "{said}");
}

#[test]
fn what_is_unread_names_the_request_its_status_and_the_services_id_for_it() {
    let stage = stage();
    let error = "{\"error\":{\"code\":\"0x80040220\",\"message\":\"Principal is missing prvReadUser privilege\"}}";
    stage.change(Rule { times: 0, ..Rule::on("principalobjectaccessset", body(403, "application/json", error)) });
    let plan = stage.run(&["plan", "."], &[]);
    let said = text(&plan.stdout);
    let line = said.lines().find(|line| line.contains("? not read: ")).unwrap_or_else(|| panic!("{}", shown(&plan)));
    for words in ["403 0x80040220", "prvReadUser", "(Dataverse GET principalobjectaccessset", "[request c0ffee]"] {
        assert!(line.contains(words), "{words}: {line}");
    }
}
