//! Runs of the real binary over a forward proxy and TLS, and what stands in the way of them.
use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use powergrant::sandbox::faults::{Disturbance, Recorded, Rule};

use crate::desk::{shown, text};
use crate::proxied::{PUBLIC, Stage};

#[test]
fn what_no_proxy_names_is_reached_without_it() {
    let stage = Stage::public();
    // Graph at the embedded tenant's own address, which can be reached either way.
    let graph = format!("https://127.0.0.1:{}", stage.running.address().port());
    let replaced = [("POWERGRANT_PROD_GRAPH_URL", graph.as_str())];
    let through = stage.run(&["whoami", "."], &replaced);
    assert!(text(&through.stdout).contains("Nothing is missing."), "{}", shown(&through));
    assert!(stage.dialled().contains("127.0.0.1"), "{:?}", stage.dialled());
    assert!(!stage.dialled().contains("graph.microsoft.com"), "the replaced address is the one that counts");

    let stage = Stage::public();
    let graph = format!("https://127.0.0.1:{}", stage.running.address().port());
    let direct =
        stage.run(&["whoami", "."], &[("POWERGRANT_PROD_GRAPH_URL", graph.as_str()), ("NO_PROXY", "127.0.0.1")]);
    assert!(text(&direct.stdout).contains("Nothing is missing."), "{}", shown(&direct));
    assert!(!stage.dialled().contains("127.0.0.1"), "{:?}", stage.dialled());
    assert!(stage.dialled().contains(PUBLIC), "the others still go through it");
}

#[test]
fn an_authority_that_is_not_trusted_is_explained_at_once() {
    let stage = Stage::public();
    stage.desk.write("ca.pem", Stage::public().running.authority().expect("it encrypts"));
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
    let stage = Stage::public();
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
fn a_proxy_that_is_not_there_is_told_from_one_that_refuses() {
    let stage = Stage::public();
    let address = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
    let plan = stage.run(&["plan", "."], &[("HTTPS_PROXY", &format!("http://{address}"))]);
    assert_eq!(plan.status.code(), Some(1), "{}", shown(&plan));
    assert!(shown(&plan).contains("nobody answers at the proxy that HTTPS_PROXY names"), "{}", shown(&plan));
}

#[test]
fn a_token_that_is_rejected_in_the_middle_of_an_apply_is_renewed_once() {
    let stage = Stage::public();
    let unchallenged = Recorded { status: 401, headers: [].into(), body: None };
    stage.change(Rule::on("/api/data/", Disturbance::Recorded(unchallenged)).method("PATCH"));
    let apply = stage.run(&["apply", "--yes", "."], &[]);
    assert_eq!(apply.status.code(), Some(0), "{}", shown(&apply));
    assert!(text(&apply.stdout).contains("19 of 19 read back from the services and held."), "{}", shown(&apply));
    let before = Stage::public();
    let undisturbed = before.run(&["apply", "--yes", "."], &[]);
    assert_eq!(undisturbed.status.code(), Some(0), "{}", shown(&undisturbed));
    assert_eq!(stage.asked("oauth2/v2.0/token"), before.asked("oauth2/v2.0/token") + 1);
}

#[test]
fn a_claims_challenge_in_the_middle_of_an_apply_is_reported_and_not_tried_again() {
    let stage = Stage::public();
    let challenge = r#"Bearer error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnt9fQ==""#;
    let headers = [("WWW-Authenticate".to_owned(), challenge.to_owned())].into();
    let answer = Disturbance::Recorded(Recorded { status: 401, headers, body: None });
    stage.change(Rule::on("/api/data/", answer).method("PATCH").from_nth(1, 0));
    let apply = stage.run(&["apply", "--yes", "."], &[]);
    assert_eq!(apply.status.code(), Some(5), "{}", shown(&apply));
    assert!(shown(&apply).contains("Conditional Access"), "{}", shown(&apply));
    let before = Stage::public();
    before.run(&["apply", "--yes", "."], &[]);
    assert_eq!(stage.asked("oauth2/v2.0/token"), before.asked("oauth2/v2.0/token"), "a token was asked for in vain");
}

#[cfg(target_os = "linux")]
#[test]
fn a_crash_leaves_no_core_dump() {
    let stage = Stage::public();
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
