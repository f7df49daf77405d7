//! Who the caller is and what it may do, as a user asks for it; and the identities of the example, doing what they are for.
use std::path::Path;
use std::process::Output;

use assert_cmd::Command;

use crate::desk::{Desk, shown, text};

const TENANT: &str = "11111111-1111-1111-1111-111111111111";

/// Runs a command as one of the example's applications.
pub(crate) fn run_as(desk: &Desk, application: &str, secret: &str, arguments: &[&str]) -> Output {
    Command::cargo_bin("powergrant")
        .expect("the binary is built for its tests")
        .current_dir(desk.path("."))
        .env("POWERGRANT_PROD_TENANT_ID", TENANT)
        .env("POWERGRANT_PROD_CLIENT_ID", format!("44444444-4444-4444-4444-4444444444{application}"))
        .env("POWERGRANT_PROD_CLIENT_SECRET", secret)
        .args(arguments)
        .output()
        .expect("the command starts")
}

pub(crate) const PLANNER: (&str, &str) = ("01", "sandbox-plan");
pub(crate) const APPLIER: (&str, &str) = ("02", "sandbox-apply");

/// A desk with the agent's example, in whose tenant the two identities have their roles.
pub(crate) fn with_identities() -> Desk {
    let desk = Desk::with("copilot-agent-flow");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/powergrant-identities");
    let applied = desk.run(&[
        "apply",
        "--sandbox",
        "--yes",
        // Whoever may write roles may give himself any: that is what the apply identity is, and somebody has to say so.
        "--allow",
        "privileged-grant",
        folder.to_str().expect("a path of ASCII letters"),
    ]);
    assert_eq!(applied.status.code(), Some(0), "{}", shown(&applied));
    desk
}

#[test]
fn an_administrator_is_told_that_nothing_is_missing() {
    let desk = Desk::with("copilot-agent-flow");
    let answer = desk.run(&["whoami", "--sandbox", "."]);
    assert_eq!(answer.status.code(), Some(0), "{}", shown(&answer));
    let said = text(&answer.stdout);
    for part in [
        "application 33333333-3333-3333-3333-333333333333",
        "security roles                System Administrator (",
        "business unit                 Contoso (",
        "user in Dataverse             powergrant (",
        "Process                       Read, Write, Delete, Append, AppendTo, Assign, Share",
        "can plan                      yes\n",
        "can apply                     yes\n",
        "flow shares                   yes     yes",
        "Nothing is missing.",
    ] {
        assert!(said.contains(part), "{part} is not in\n{said}");
    }
}

#[test]
fn the_plan_identity_of_the_example_reads_everything_and_may_write_nothing() {
    let desk = with_identities();
    let (application, secret) = PLANNER;
    let plan = run_as(&desk, application, secret, &["plan", "--sandbox", "--auth", "client-secret", "."]);
    // 0 is the answer of a plan in which nothing was left unread.
    assert_eq!(plan.status.code(), Some(0), "{}", shown(&plan));
    let administrators = desk.run(&["plan", "--sandbox", "."]);
    assert_eq!(text(&plan.stdout), text(&administrators.stdout), "it sees something else than an administrator");
    let whoami = run_as(&desk, application, secret, &["whoami", "--sandbox", "--auth", "client-secret", "."]);
    let said = text(&whoami.stdout);
    assert!(said.contains("client-secret from POWERGRANT_PROD_*"), "{said}");
    assert!(said.contains("can plan                      yes\n"), "{said}");
    assert!(said.contains("can apply                     no: 12 rights are missing"), "{said}");
    assert!(said.contains("flow shares                   yes     no"), "{said}");
    assert!(said.contains("- Share on Process at Organization"), "{said}");
    assert!(said.contains("\n  Nothing is missing for `plan`.\n"), "{said}");
    let for_plan = ["whoami", "--sandbox", "--auth", "client-secret", "--for", "plan", "."];
    let for_plan = text(&run_as(&desk, application, secret, &for_plan).stdout);
    assert!(!for_plan.contains("can apply"), "{for_plan}");
    assert!(for_plan.ends_with("\n  Nothing is missing for `plan`.\n"), "{for_plan}");
    // What is missing is a manifest that an administrator can apply, and then nothing is.
    let role = said.split_once("apiVersion:").map(|(_, role)| format!("apiVersion:{role}")).expect("a manifest");
    desk.write("missing.yaml", &role);
    let apply = desk.run(&["apply", "--sandbox", "--yes", "--allow", "privileged-grant", "."]);
    assert_eq!(apply.status.code(), Some(0), "{}", shown(&apply));
    let after = run_as(&desk, application, secret, &["whoami", "--sandbox", "--auth", "client-secret", "."]);
    assert!(text(&after.stdout).contains("\n  Nothing is missing.\n"), "{}", shown(&after));
}

#[test]
fn the_apply_identity_of_the_example_makes_everything_hold() {
    let desk = with_identities();
    let (application, secret) = APPLIER;
    let apply = run_as(&desk, application, secret, &["apply", "--sandbox", "--auth", "client-secret", "--yes", "."]);
    assert_eq!(apply.status.code(), Some(0), "{}", shown(&apply));
    assert!(
        text(&apply.stdout).contains("Applied: 19 of 19 read back from the services and held."),
        "{}",
        shown(&apply)
    );
    let whoami = run_as(&desk, application, secret, &["whoami", "--sandbox", "--auth", "client-secret", "."]);
    assert!(text(&whoami.stdout).ends_with("\n  Nothing is missing.\n"), "{}", shown(&whoami));
}

#[cfg(unix)]
#[test]
fn a_person_is_told_of_what_comes_through_teams_and_to_ask_for_what_people_are_given() {
    use powergrant::sandbox::faults::{Disturbance, Replacement, Rule};

    let stage = crate::proxied::Stage::public();
    let apply = stage.run(&["apply", "--yes", "."], &[]);
    assert_eq!(apply.status.code(), Some(0), "{}", shown(&apply));
    let quick = Replacement { from: "\"interval\":5".to_owned(), to: "\"interval\":0".to_owned() };
    stage.change(Rule::on("devicecode", Disturbance::Rewritten(quick)).from_nth(1, 0));
    for host in ["graph.microsoft.com", "api.bap.microsoft.com"] {
        let refused = Rule { host: Some(host.to_owned()), ..Rule::on("", Disturbance::refuse(403)).from_nth(1, 0) };
        stage.change(refused);
    }
    stage.with(|tenant| {
        let ada = tenant.directory.users.iter().find(|(_, person)| person.upn == "ada@contoso.com");
        tenant.identities.person = ada.map(|(id, _)| *id);
    });
    let way = crate::ways::device_code(&stage);
    let whoami = way.run(&stage, &["whoami", "."]);
    let said = text(&whoami.stdout);
    for part in [
        "identity                      user ada@contoso.com",
        "user in Dataverse             Ada Lovelace (",
        "security roles                Basic User (",
        "teams                         SG-Expense-Prod (",
        "gives security role Flow Runner (",
        "give the caller the Entra role Directory Readers, or consent to the delegated permissions",
        "give the caller the Entra role Power Platform Administrator",
        "    - user: \"ada@contoso.com\"",
    ] {
        assert!(said.contains(part), "{part} is not in\n{said}");
    }
    assert!(!said.contains("New-PowerAppManagementApp") && !said.contains("az ad app"), "{said}");
    let json = way.run(&stage, &["whoami", "--format", "json", "."]);
    let value: serde_json::Value = serde_json::from_slice(&json.stdout).expect("JSON");
    let environment = &value["environments"][0];
    assert_eq!(environment["is"], "user");
    assert_eq!(environment["dataverse"]["teams"][0]["roles"][0]["name"], "Flow Runner", "{environment:#}");
}

#[test]
fn an_application_is_told_the_exact_commands_that_others_have_to_run_for_it() {
    use powergrant::sandbox::faults::{Disturbance, Rule};

    let stage = crate::proxied::Stage::public();
    for host in ["graph.microsoft.com", "api.bap.microsoft.com"] {
        let refused = Rule { host: Some(host.to_owned()), ..Rule::on("", Disturbance::refuse(403)).from_nth(1, 0) };
        stage.change(refused);
    }
    let whoami = text(&stage.run(&["whoami", "."], &[]).stdout);
    for part in [
        "    - registration as management application",
        "Ask a Power Platform administrator, who has to be a person: ",
        "    New-PowerAppManagementApp -ApplicationId 33333333-3333-3333-3333-333333333333",
        "    az ad app permission admin-consent --id 33333333-3333-3333-3333-333333333333",
    ] {
        assert!(whoami.contains(part), "{part} is not in\n{whoami}");
    }
}

#[test]
fn whoever_is_not_in_the_environment_is_told_what_to_ask_for() {
    let desk = Desk::with("copilot-agent-flow");
    let (application, secret) = PLANNER;
    let whoami = run_as(&desk, application, secret, &["whoami", "--sandbox", "--auth", "client-secret", "."]);
    let said = text(&whoami.stdout);
    assert!(said.contains("in Dataverse                  refused: 403 0x80072560"), "{said}");
    assert!(said.contains("add the caller to the environment"), "{said}");
    assert!(
        said.contains("can plan                      no: 7 rights are missing; whom to ask for them stands at"),
        "{said}"
    );
    assert!(said.contains("flow shares                   no      no"), "{said}");
    assert!(said.contains("    Process: { Read: organization, Write: organization,"), "{said}");
}

#[test]
fn whoever_is_not_signed_in_is_told_why_once() {
    let desk = Desk::with("copilot-agent-flow");
    let answer = run_as(&desk, PLANNER.0, "hunter2", &["whoami", "--sandbox", "--auth", "client-secret", "."]);
    assert_eq!(answer.status.code(), Some(1), "{}", shown(&answer));
    let said = text(&answer.stdout);
    assert_eq!(said.matches("AADSTS7000215").count(), 1, "{said}");
    assert!(said.contains("not signed in                 401 AADSTS7000215 Invalid client secret provided."), "{said}");
    assert!(said.contains("the client secret is wrong: use the secret's value, not its id"), "{said}");
    assert!(said.ends_with("What the caller may do can be told once it is signed in.\n"), "{said}");
}

#[test]
fn whoami_for_programs_says_the_same() {
    let desk = with_identities();
    let (application, secret) = PLANNER;
    let arguments = ["whoami", "--sandbox", "--auth", "client-secret", "--format", "json", "."];
    let answer = run_as(&desk, application, secret, &arguments);
    let value: serde_json::Value = serde_json::from_slice(&answer.stdout).expect("JSON");
    let environment = &value["environments"][0];
    assert_eq!(environment["abilities"]["flow shares"], serde_json::json!({ "plan": "whole", "apply": "none" }));
    assert_eq!(environment["dataverse"]["roles"][0]["name"], "powergrant plan");
    assert!(environment["dataverse"]["roles"][0]["id"].is_string());
    assert_eq!(environment["is"], "application");
    let documents = environment["asks"][0]["documents"].as_str().expect("what is missing as documents");
    assert!(documents.contains("appId: \"44444444-4444-4444-4444-444444444401\""), "{documents}");
    assert_eq!(environment["services"]["Microsoft Graph"]["tenant"], TENANT);
}

/// Puts programs of these names on the path that print a token of the embedded tenant and note for what.
#[cfg(unix)]
#[test]
fn az_and_azd_are_asked_once_for_each_audience() {
    use std::os::unix::fs::PermissionsExt as _;

    for (way, program, member) in [("azure-cli", "az", "accessToken"), ("azd", "azd", "token")] {
        let desk = Desk::with("copilot-agent-flow");
        let seed = powergrant::sandbox::seed::Seed::parse(powergrant::sandbox::seed::default_seed()).expect("a seed");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let running =
            runtime.block_on(powergrant::sandbox::start(powergrant::sandbox::Options::new(seed))).expect("a tenant");
        let now = jiff::Timestamp::now().as_second();
        let token = |audience: &str| {
            let tenant = running.tenant();
            let tenant = tenant.lock().expect("no holder of this lock panics");
            let application = "33333333-3333-3333-3333-333333333333".parse().expect("an id");
            tenant.issuer.of_application(&tenant.directory, application, audience, now, 3_600).expect("a token")
        };
        let (dataverse, graph) = (token("https://contoso.crm4.dynamics.com"), token("https://graph.microsoft.com"));
        let asked = desk.path("asked");
        let script = format!(
            "#!/bin/sh\necho \"$*\" >> '{}'\ncase \"$*\" in\n*crm4*) token={dataverse};;\n*graph*) token={graph};;\n*) exit 3;;\nesac\necho \"{{\\\"{member}\\\":\\\"$token\\\"}}\"\n",
            asked.display()
        );
        desk.write(program, &script);
        let executable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(desk.path(program), executable).expect("a program");
        let path = format!("{}:{}", desk.path(".").display(), std::env::var("PATH").unwrap_or_default());
        let plan = Command::cargo_bin("powergrant")
            .expect("the binary is built for its tests")
            .current_dir(desk.path("."))
            .env("PATH", path)
            .args(["plan", "--sandbox", "--auth", way, "."])
            .output()
            .expect("the command starts");
        assert_eq!(plan.status.code(), Some(0), "{way}: {}", shown(&plan));
        let asked = std::fs::read_to_string(asked).expect("it was asked");
        let count = |part: &str| asked.lines().filter(|line| line.contains(part)).count();
        assert_eq!((count("crm4"), count("graph") <= 1), (1, true), "{way}: {asked}");
        assert!(asked.contains(TENANT), "{way} was not told the tenant: {asked}");
    }
}

#[cfg(unix)]
#[test]
fn an_az_that_nobody_signed_in_to_says_what_to_do_and_shows_no_token() {
    use std::os::unix::fs::PermissionsExt as _;

    let desk = Desk::with("copilot-agent-flow");
    desk.write("az", "#!/bin/sh\necho \"Please run 'az login' to setup account.\" >&2\nexit 1\n");
    std::fs::set_permissions(desk.path("az"), std::fs::Permissions::from_mode(0o755)).expect("a program");
    let plan = Command::cargo_bin("powergrant")
        .expect("the binary is built for its tests")
        .current_dir(desk.path("."))
        .env("PATH", format!("{}:/usr/bin:/bin", desk.path(".").display()))
        .args(["plan", "--sandbox", "--auth", "azure-cli", "."])
        .output()
        .expect("the command starts");
    assert_eq!(plan.status.code(), Some(1), "{}", shown(&plan));
    assert!(
        text(&plan.stderr).contains("Please run 'az login'") || text(&plan.stdout).contains("Please run 'az login'"),
        "{}",
        shown(&plan)
    );
}
