//! Runs of the real binary through a forward proxy, to the real names of each cloud's hosts; the proxy notes whom it is asked for.
use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use powergrant::sandbox;
use powergrant::sandbox::faults::{Disturbance, Recorded, Rule};

use crate::desk::{Desk, shown, text};
use crate::stage::Stage;

const ENVIRONMENT: &str = "7f3c0a51-5e0f-4c0e-9d0a-2b6c8f1e4d10";
const PUBLIC: &str = "contoso.crm4.dynamics.com";

/// The embedded tenant as an organisation in a cloud, and manifests that mean it.
fn in_cloud(cloud: &str, organisation: &str) -> Stage {
    let stage = Stage::with("copilot-agent-flow", &sandbox::seed::default_seed().replace(PUBLIC, organisation));
    let about = format!("https://{organisation}\n  cloud: {cloud}\n  environmentId: {ENVIRONMENT}");
    stage.edit("environment.yaml", &format!("https://{PUBLIC}"), &about);
    stage
}

fn public() -> Stage {
    in_cloud("public", PUBLIC)
}

#[test]
fn a_run_in_each_cloud_dials_the_hosts_of_that_cloud_alone() {
    let clouds = [
        (
            "public",
            PUBLIC,
            ["login.microsoftonline.com", "graph.microsoft.com", "api.bap.microsoft.com", "api.flow.microsoft.com"],
        ),
        (
            "gcc",
            "contoso.crm9.dynamics.com",
            [
                "login.microsoftonline.com",
                "graph.microsoft.com",
                "gov.api.bap.microsoft.us",
                "gov.api.flow.microsoft.us",
            ],
        ),
        (
            "gcchigh",
            "contoso.crm.microsoftdynamics.us",
            [
                "login.microsoftonline.us",
                "graph.microsoft.us",
                "high.api.bap.microsoft.us",
                "high.api.flow.microsoft.us",
            ],
        ),
        (
            "dod",
            "contoso.crm.appsplatform.us",
            [
                "login.microsoftonline.us",
                "dod-graph.microsoft.us",
                "api.bap.appsplatform.us",
                "api.flow.appsplatform.us",
            ],
        ),
        (
            "china",
            "contoso.crm.dynamics.cn",
            [
                "login.chinacloudapi.cn",
                "microsoftgraph.chinacloudapi.cn",
                "api.bap.partner.microsoftonline.cn",
                "api.powerautomate.cn",
            ],
        ),
    ];
    for (cloud, organisation, hosts) in clouds {
        let stage = in_cloud(cloud, organisation);
        let whoami = stage.run(&["whoami", "."], &[]);
        assert_eq!(whoami.status.code(), Some(0), "{cloud}: {}", shown(&whoami));
        assert!(text(&whoami.stdout).contains("Nothing is missing."), "{cloud}: {}", shown(&whoami));
        let plan = stage.run(&["plan", "."], &[]);
        assert_eq!(plan.status.code(), Some(0), "{cloud}: {}", shown(&plan));
        let apply = stage.run(&["apply", "--yes", "."], &[]);
        assert_eq!(apply.status.code(), Some(0), "{cloud}: {}", shown(&apply));
        assert!(text(&apply.stdout).contains("read back from the services and held"), "{cloud}: {}", shown(&apply));
        let expected: BTreeSet<String> = hosts.into_iter().chain([organisation]).map(str::to_owned).collect();
        assert_eq!(stage.dialled(), expected, "{cloud}");
    }
}

#[test]
fn a_link_into_another_cloud_or_to_a_stranger_is_not_followed() {
    for host in ["contoso.crm9.dynamics.com", "graph.microsoft.us", "evil.example"] {
        let stage = public();
        stage.disturb(Rule::on("roles?", Disturbance::ForeignNextLink(host.to_owned())).from_nth(1, 0));
        let plan = stage.run(&["plan", "."], &[]);
        assert_eq!(plan.status.code(), Some(1), "{host}: {}", shown(&plan));
        assert!(shown(&plan).contains("leads away from"), "{host}: {}", shown(&plan));
        assert!(!stage.dialled().contains(host), "{host} was dialled");
    }
}

#[test]
fn what_no_proxy_names_is_reached_without_it() {
    let stage = public();
    // Graph at the embedded tenant's own address, which can be reached either way.
    let graph = format!("https://127.0.0.1:{}", stage.running.address().port());
    let replaced = [("POWERGRANT_PROD_GRAPH_URL", graph.as_str())];
    let through = stage.run(&["whoami", "."], &replaced);
    assert!(text(&through.stdout).contains("Nothing is missing."), "{}", shown(&through));
    assert!(stage.dialled().contains("127.0.0.1"), "{:?}", stage.dialled());
    assert!(!stage.dialled().contains("graph.microsoft.com"), "the replaced address is the one that counts");

    let stage = public();
    let graph = format!("https://127.0.0.1:{}", stage.running.address().port());
    let direct =
        stage.run(&["whoami", "."], &[("POWERGRANT_PROD_GRAPH_URL", graph.as_str()), ("NO_PROXY", "127.0.0.1")]);
    assert!(text(&direct.stdout).contains("Nothing is missing."), "{}", shown(&direct));
    assert!(!stage.dialled().contains("127.0.0.1"), "{:?}", stage.dialled());
    assert!(stage.dialled().contains(PUBLIC), "the others still go through it");
}

#[test]
fn every_address_can_be_replaced() {
    let stage = public();
    let own = format!("https://127.0.0.1:{}", stage.running.address().port());
    desk_at(&stage.desk, &own);
    let replaced =
        ["LOGIN", "GRAPH", "ADMIN", "FLOW"].map(|name| (format!("POWERGRANT_PROD_{name}_URL"), own.as_str()));
    let mut variables: Vec<(&str, &str)> = replaced.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    variables.push(("NO_PROXY", "127.0.0.1"));
    let whoami = stage.run(&["whoami", "."], &variables);
    assert!(text(&whoami.stdout).contains("Nothing is missing."), "{}", shown(&whoami));
    assert_eq!(stage.dialled(), BTreeSet::new());
    // An audience is what is asked for: one that no service takes is refused by the service.
    variables.push(("POWERGRANT_PROD_FLOW_AUDIENCE", "https://another.example"));
    let other = stage.run(&["whoami", "."], &variables);
    assert!(text(&other.stdout).contains("Power Automate                signed in; refuses"), "{}", shown(&other));
}

/// Lets the manifests mean an organisation at this address.
fn desk_at(desk: &Desk, address: &str) {
    desk.write("environment.yaml", &desk.read("environment.yaml").replace(&format!("https://{PUBLIC}"), address));
}

#[test]
fn plain_http_is_for_loopback_alone() {
    let stage = public();
    let plan = stage.run(&["plan", "."], &[("POWERGRANT_PROD_GRAPH_URL", "http://graph.example")]);
    assert_eq!(plan.status.code(), Some(1), "{}", shown(&plan));
    assert!(shown(&plan).contains("plain http is for loopback alone"), "{}", shown(&plan));
    desk_at(&stage.desk, &format!("http://{PUBLIC}"));
    let plan = stage.run(&["plan", "."], &[]);
    assert_eq!(plan.status.code(), Some(1), "{}", shown(&plan));
    assert!(shown(&plan).contains("http"), "{}", shown(&plan));
    assert_eq!(stage.dialled(), BTreeSet::new());
}

#[test]
fn an_authority_that_is_not_trusted_is_explained_at_once() {
    let stage = public();
    stage.desk.write("ca.pem", public().running.authority().expect("it encrypts"));
    let plan = stage.run(&["plan", "."], &[]);
    assert_eq!(plan.status.code(), Some(1), "{}", shown(&plan));
    assert!(
        shown(&plan).contains("invalid peer certificate") && shown(&plan).contains("--ca-file"),
        "{}",
        shown(&plan)
    );
    // Once for the token of each of three services at most; the first repetition would make it more.
    assert!(stage.running.dialled().len() <= 3, "it was tried again: {:?}", stage.running.dialled());
    let missing = stage.run(&["plan", "--ca-file", "nowhere.pem", "."], &[]);
    assert!(shown(&missing).contains("`nowhere.pem` cannot be used"), "{}", shown(&missing));
}

/// A proxy that gives everybody the same answer, and the count of who asked.
fn proxy(answer: &'static str) -> (String, std::thread::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    let thread = std::thread::spawn(move || {
        // One connection: whoever tries again finds nobody, which the test would see in the message.
        let (mut stream, _) = listener.accept().expect("a connection");
        let _ = stream.read(&mut [0_u8; 4096]).expect("a request");
        stream.write_all(answer.as_bytes()).expect("an answer");
    });
    (address, thread)
}

#[test]
fn a_proxy_that_refuses_or_wants_a_password_is_explained_at_once() {
    let stage = public();
    for (answer, next) in [
        (
            "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n",
            "wants a name and a password",
        ),
        ("HTTP/1.1 403 Forbidden\r\n\r\n", "does not connect to this host"),
    ] {
        let (address, thread) = proxy(answer);
        let plan = stage.run(&["plan", "."], &[("HTTPS_PROXY", &format!("http://ada:proxy-hunter2@{address}"))]);
        thread.join().expect("the proxy was asked");
        assert_eq!(plan.status.code(), Some(1), "{}", shown(&plan));
        assert!(shown(&plan).contains(next), "{}", shown(&plan));
        assert!(!shown(&plan).contains("proxy-hunter2"), "{}", shown(&plan));
    }
}

#[test]
fn a_token_that_is_rejected_in_the_middle_of_an_apply_is_renewed_once() {
    let stage = public();
    let unchallenged = Recorded { status: 401, headers: [].into(), body: None };
    stage.disturb(Rule::on("/api/data/", Disturbance::Recorded(unchallenged)).method("PATCH"));
    let apply = stage.run(&["apply", "--yes", "."], &[]);
    assert_eq!(apply.status.code(), Some(0), "{}", shown(&apply));
    assert!(text(&apply.stdout).contains("19 of 19 read back from the services and held."), "{}", shown(&apply));
    let before = public();
    let undisturbed = before.run(&["apply", "--yes", "."], &[]);
    assert_eq!(undisturbed.status.code(), Some(0), "{}", shown(&undisturbed));
    assert_eq!(stage.asked("oauth2/v2.0/token"), before.asked("oauth2/v2.0/token") + 1);
}

#[test]
fn a_claims_challenge_in_the_middle_of_an_apply_is_reported_and_not_tried_again() {
    let stage = public();
    let challenge = r#"Bearer error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnt9fQ==""#;
    let headers = [("WWW-Authenticate".to_owned(), challenge.to_owned())].into();
    let answer = Disturbance::Recorded(Recorded { status: 401, headers, body: None });
    stage.disturb(Rule::on("/api/data/", answer).method("PATCH").from_nth(1, 0));
    let apply = stage.run(&["apply", "--yes", "."], &[]);
    assert_eq!(apply.status.code(), Some(5), "{}", shown(&apply));
    assert!(shown(&apply).contains("Conditional Access"), "{}", shown(&apply));
    let before = public();
    before.run(&["apply", "--yes", "."], &[]);
    assert_eq!(stage.asked("oauth2/v2.0/token"), before.asked("oauth2/v2.0/token"), "a token was asked for in vain");
}

#[test]
fn without_graph_and_the_admin_api_whatever_dataverse_alone_answers_works() {
    let stage = public();
    for host in ["graph.microsoft.com", "api.bap.microsoft.com", "api.flow.microsoft.com"] {
        let refused = Rule { host: Some(host.to_owned()), ..Rule::on("", Disturbance::refuse(403)).from_nth(1, 0) };
        stage.disturb(refused);
    }
    // With the environment's id the admin API would be asked about it; without one nothing depends on it.
    let environment = stage.desk.read("environment.yaml");
    stage.desk.write("environment.yaml", &environment.replace(&format!("\n  environmentId: {ENVIRONMENT}"), ""));
    let plan = stage.run(&["plan", "."], &[]);
    assert_eq!(plan.status.code(), Some(0), "{}", shown(&plan));
    let whoami = stage.run(&["whoami", "."], &[]);
    assert_eq!(whoami.status.code(), Some(0), "{}", shown(&whoami));
    let said = text(&whoami.stdout);
    assert!(said.contains("flow shares                   yes     yes"), "{said}");
    assert!(
        said.contains("98830695-27a2-44f7-8c18-0c3ebc9698f6=Role 97235f07-e226-4f63-ace3-39588e11d3a1=Role"),
        "{said}"
    );
    let apply = stage.run(&["apply", "--yes", "."], &[]);
    assert_eq!(apply.status.code(), Some(0), "{}", shown(&apply));
}

#[cfg(target_os = "linux")]
#[test]
fn a_crash_leaves_no_core_dump() {
    let stage = public();
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_powergrant"))
        .args(["sandbox", "."])
        .current_dir(stage.desk.path("."))
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("the command starts");
    // It says where it listens once it runs.
    let _ = child.stdout.as_mut().expect("a pipe").read(&mut [0_u8; 1]).expect("a word");
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id())).expect("its limits");
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    let of_dumps = limits.lines().find(|line| line.starts_with("Max core file size")).expect("a limit");
    assert_eq!(of_dumps.split_whitespace().skip(4).collect::<Vec<_>>(), ["0", "0", "bytes"]);
}
