//! What is wrong with the identity of a machine, an app or a connected server, and that none is given away.
use std::process::Output;

use assert_cmd::Command;

use super::{Case, granted};
use crate::desk::{shown, text};
use crate::proxied::{APPLICATION, Stage};
use crate::ways::{self, CONNECTION};

const PLACE: &str = "(managed identity GET 127.0.0.1:";

#[test]
fn what_is_wrong_with_a_managed_identity_is_explained() {
    let stage = Stage::public();
    let (app, machine) = (ways::managed_identity(&stage), ways::machine(&stage));
    let of_another = granted(&ways::token(&stage, "https://contoso.crm4.dynamics.com", 0));
    let client = "POWERGRANT_PROD_CLIENT_ID";
    let not_held =
        format!("the token is of the identity with client id `{APPLICATION}`, and `{CONNECTION}` was asked for");
    let give = "give the machine or app a managed identity, or name the client id of a user-assigned one";
    let mut cases = vec![
        Case::new(
            "a wrong header",
            app.clone().with("IDENTITY_HEADER", "hunter2").hiding("hunter2"),
            "401",
            PLACE,
            "leave IDENTITY_HEADER as Azure sets it",
        ),
        Case::new(
            "audience mismatch",
            app.clone(),
            "the token is for `https://graph.microsoft.com`",
            "",
            "the scope that they are asked for",
        )
        .when("msi/token", granted(&ways::token(&stage, "https://graph.microsoft.com", 0))),
        Case::new(
            "another machine's token",
            machine.clone(),
            "the token is of tenant 5555",
            "",
            "sign in to that tenant",
        )
        .when("metadata/identity", granted(&ways::forged(&stage, "tid", CONNECTION))),
    ];
    for (way, path) in [(&app, "msi/token"), (&machine, "metadata/identity")] {
        let unknown = way.clone().with(client, CONNECTION);
        cases.push(Case::new("an unknown identity", unknown.clone(), "400 Identity not found", PLACE, give));
        cases.push(
            Case::new("another identity's token", unknown, &not_held, "", "give this host the user-assigned identity")
                .when(path, of_another.clone()),
        );
    }
    for case in cases {
        case.run(&stage);
    }
}

#[test]
fn an_endpoint_that_is_not_near_is_told_nothing() {
    let stage = Stage::public();
    let (app, machine, arc) =
        (ways::managed_identity(&stage), ways::machine(&stage), ways::arc(&stage, "/var/opt/azcmagent/tokens/1.key"));
    let next = "leave the variable as the host sets it";
    let (endpoint, host) = ("IDENTITY_ENDPOINT", "AZURE_POD_IDENTITY_AUTHORITY_HOST");
    for (way, variable, address, says) in [
        (&app, endpoint, "http://identity.example/msi/token", "of this machine or a private network"),
        (&app, endpoint, "ftp://127.0.0.1/msi/token", "of this machine or a private network"),
        (&machine, host, "http://identity.example", "of this machine or its link"),
        (&machine, host, "https://identity.example", "of this machine or its link"),
        (&machine, host, "http://10.0.0.4", "of this machine or its link"),
        (&machine, host, "169.254.169.254", "of this machine or its link"),
        (&arc, endpoint, "https://identity.example/x", "of this machine: "),
        (&arc, endpoint, "http://169.254.169.254/x", "of this machine: "),
    ] {
        let says = format!("{variable} is not an address {says}");
        Case::new(address, way.clone().with(variable, address), &says, "", next).run(&stage);
        assert!(stage.dialled().is_empty(), "{address}: {:?} were dialled", stage.dialled());
    }
}

#[test]
fn the_agent_of_a_connected_server_is_shown_no_file_but_its_own() {
    let stage = Stage::public();
    stage.desk.write("1.key", "hunter2");
    let own = stage.desk.path("1.key").display().to_string();
    let elsewhere = "the challenge names a file outside of the agent's folder";
    for (file, says, next) in [
        (own.as_str(), elsewhere, "check what answers at IDENTITY_ENDPOINT"),
        ("/var/opt/azcmagent/tokens/../../../../etc/1.key", elsewhere, "check what answers at IDENTITY_ENDPOINT"),
        ("/var/opt/azcmagent/tokens/1.txt", elsewhere, "check what answers at IDENTITY_ENDPOINT"),
        ("", elsewhere, "check what answers at IDENTITY_ENDPOINT"),
        (
            "/var/opt/azcmagent/tokens/not-there.key",
            "the agent's proof cannot be read",
            "run as a member of the group `himds`",
        ),
    ] {
        Case::new(file, ways::arc(&stage, file).hiding("hunter2"), says, PLACE, next).run(&stage);
    }
    let strange = ways::arc(&stage, "/var/opt/azcmagent/tokens/1.key");
    stage.with(|tenant| tenant.identities.proof = None);
    // What answers without a challenge is not the agent, and its token is not taken.
    Case::new(
        "no challenge",
        strange,
        "200 a token came without proof",
        PLACE,
        "check what answers at IDENTITY_ENDPOINT",
    )
    .run(&stage);
}

/// Runs the binary where the folder of Azure Arc's agent has one file in it, or nothing where this system lets nobody mount one.
fn with_agents_file(stage: &Stage, way: &ways::Way, proof: &str) -> Option<Output> {
    let own_mounts = ["--user", "--map-root-user", "--mount"];
    let can = Command::new("unshare").args(own_mounts).arg("true").output().is_ok_and(|output| output.status.success());
    if !can || !std::path::Path::new("/var/opt").is_dir() {
        return None;
    }
    let folder = stage.desk.path("agent/azcmagent/tokens");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("1.key"), proof).expect("a file");
    let mut command = way.command_of(stage, Command::new("unshare"));
    command.args(own_mounts).args(["sh", "-c", "mount --bind agent /var/opt && exec \"$0\" whoami -vv ."]);
    Some(command.arg(env!("CARGO_BIN_EXE_powergrant")).output().expect("the command starts"))
}

#[test]
fn a_connected_server_signs_in_with_the_agents_file() {
    let stage = Stage::public();
    let way = ways::arc(&stage, "/var/opt/azcmagent/tokens/1.key");
    // `signing_in` runs the same without the binary, on every system.
    let Some(whoami) = with_agents_file(&stage, &way, "proof-not-to-be-seen\n") else { return };
    assert_eq!(whoami.status.code(), Some(0), "{}", shown(&whoami));
    assert!(text(&whoami.stdout).contains("managed-identity from POWERGRANT_PROD_*"), "{}", shown(&whoami));
    assert!(!shown(&whoami).contains("proof-not-to-be-seen"), "{}", shown(&whoami));
    let stale = with_agents_file(&stage, &way, "hunter2").expect("as above");
    assert_eq!(stale.status.code(), Some(1), "{}", shown(&stale));
    assert!(text(&stale.stdout).contains("403 The challenge token is not the one"), "{}", shown(&stale));
    let long = with_agents_file(&stage, &way, &"x".repeat(4_097)).expect("as above");
    assert!(text(&long.stdout).contains("the agent's proof cannot be read: file too large"), "{}", shown(&long));
}
