//! What services answer to writes: a refused one is told with its remedy, one whose answer was lost is found by reading back,
//! none is sent again that may have been done, and the other subjects and environments go on.
use powergrant::sandbox::faults::{Disturbance, Rule};
use powergrant::sandbox::tenant::Tenant;

use super::reading::{at_once, body, stage};
use super::writes;
use crate::desk::{shown, text};
use crate::proxied::Stage;

/// Somebody who is not in the environment and comes in by the admin API.
const JOINER: &str = "\
---
apiVersion: powergrant.dev/v1alpha1
kind: RoleAssignment
metadata: { name: joiner }
environments: [contoso-prod]
spec:
  role: { builtIn: basicUser }
  members: [{ user: jon@contoso.com }]
";

/// A write by its method and a part of its path, the line of the report that is about it, and one of another subject.
const WRITES: [(&str, &str, &str, &str); 6] = [
    ("POST", "/roles", "the role itself", "contoso_sharepoint"),
    ("POST", "teamroles_association", "group SG-Expense-Prod", "contoso_sharepoint"),
    ("PATCH", "/workflows(", "contoso_sharepoint", "group SG-Makers"),
    ("POST", "GrantAccess", "group SG-Expense-Prod", "contoso_sharepoint"),
    ("POST", "/addUser", "user jon@contoso.com", "contoso_sharepoint"),
    ("POST", "/modifyRoleAssignments", "user cleo@contoso.com", "contoso_sharepoint"),
];

fn apply(stage: &Stage, fresh: &Tenant, rule: Rule) -> (Option<i32>, String, String) {
    stage.with(|tenant| *tenant = fresh.clone());
    stage.change(rule);
    let output = stage.run(&["apply", "--yes", "."], &[]);
    (output.status.code(), text(&output.stdout), shown(&output))
}

fn with_joiner() -> Stage {
    let stage = stage();
    let environment = stage.desk.read("environment.yaml");
    stage.desk.write("environment.yaml", &environment.replace("\n  tenant:", "\n  addUsers: bap\n  tenant:"));
    let more = stage.desk.read("more.yaml");
    stage.desk.write("more.yaml", &(more + JOINER));
    stage
}

/// The line of the report that is about a name, and the one below it.
fn outcome<'said>(said: &'said str, name: &str) -> (&'said str, &'said str) {
    let report = said.split("Digest ").nth(1).unwrap_or_else(|| panic!("there is no report:\n{said}"));
    let mut lines = report.lines().skip_while(|line| !(line.contains(name) && line.contains("    ! ")));
    let line = lines.next().unwrap_or_else(|| panic!("no line of {name} that does not hold:\n{said}"));
    (line, lines.next().unwrap_or_default())
}

#[test]
fn a_write_that_is_refused_is_told_with_its_remedy_and_the_rest_is_done() {
    let stage = with_joiner();
    let fresh = stage.with(|tenant| tenant.clone());
    for (method, part, name, other) in WRITES {
        let every = part == "GrantAccess";
        for status in if every { vec![401, 403, 409, 412, 429] } else { vec![403, 412] } {
            let rule = Rule::on(part, at_once(status)).method(method).from_nth(1, 0);
            let (code, said, all) = apply(&stage, &fresh, rule);
            let what = format!("{method} {part} {status}");
            assert_eq!(code, Some(5), "{what}: {all}");
            let (line, next) = outcome(&said, name);
            // Somebody else was first, or there were too many requests: nothing was decided about it.
            let word = if [412, 429].contains(&status) { "put off: " } else { "refused: " };
            assert!(line.contains(word) && line.contains(&status.to_string()), "{what}: {line}");
            assert!(line.contains(&format!(" {method} ")), "{what}: the request is not named: {line}");
            assert!(next.trim_start().starts_with("next: "), "{what}: {line}\n{next}");
            assert!(said.contains(&format!("    = {other}")), "{what}: {other} was not done\n{all}");
        }
    }
}

#[test]
fn a_write_whose_answer_is_lost_is_read_back_and_not_sent_again() {
    let stage = with_joiner();
    let fresh = stage.with(|tenant| tenant.clone());
    let page = "<!DOCTYPE html><html><body>502</body></html>";
    let lost = [
        at_once(500),
        at_once(503),
        body(502, "text/html", page),
        body(200, "application/json", "{\"value\":[{\"a\":"),
    ];
    for (method, part, name, _) in WRITES {
        for way in if part == "GrantAccess" { &lost } else { &lost[1..2] } {
            let rule = Rule::on(part, way.clone()).method(method).after_commit();
            let (code, said, all) = apply(&stage, &fresh, rule);
            let what = format!("{method} {part} {way:?}");
            assert_eq!(code, Some(0), "{what}: {all}");
            assert!(said.contains(&format!("    = {name}")), "{what}: {all}");
            let sent = writes(&stage);
            let mut paths: Vec<&str> =
                sent.iter().map(|logged| logged.path.as_str()).filter(|path| path.contains(part)).collect();
            let count = paths.len();
            assert!(count > 0, "{what}: nothing was sent\n{all}");
            paths.sort_unstable();
            paths.dedup();
            // Shares are granted at one address: one to the flow, and one to each of three references.
            assert_eq!(count, if part == "GrantAccess" { 4 } else { paths.len() }, "{what}: it was sent again\n{all}");
        }
    }
}

#[test]
fn a_flow_that_vanishes_before_it_is_written_is_told_and_the_rest_is_done() {
    let stage = stage();
    let gone = Rule::on("/workflows(", Disturbance::refuse(404)).method("PATCH").from_nth(1, 0);
    stage.change(gone);
    let output = stage.run(&["apply", "--yes", "."], &[]);
    assert_eq!(output.status.code(), Some(5), "{}", shown(&output));
    let said = text(&output.stdout);
    let (line, next) = outcome(&said, "contoso_sharepoint");
    assert!(line.contains("refused: 404") && next.contains("plan again"), "{line}\n{next}");
    assert!(said.contains("    = group SG-Makers"), "{said}");
}
