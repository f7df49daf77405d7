//! Nothing that a run leaves behind shows a secret or a token, whichever way it signs in: not on its streams, in its files, nor when it panics.
use std::path::Path;
use std::process::Output;

use powergrant::sandbox::faults::{Disturbance, Replacement, Rule};

use crate::desk::{shown, text};
use crate::proxied::Stage;
use crate::ways::{self, Way};

/// How every token begins, and the header that carries one.
const TOKENS: [&str; 2] = ["eyJ", "Bearer "];

/// Everything that was said and left behind so far.
struct Seen {
    all: String,
}

impl Seen {
    fn add(&mut self, about: &str, output: &Output) -> i32 {
        self.add_text(about, &shown(output));
        output.status.code().unwrap_or(-1)
    }

    fn add_text(&mut self, about: &str, text: &str) {
        self.all.extend(["\n=== ", about, "\n", text]);
    }

    /// Adds every file of the stage that the test did not put there itself.
    fn add_files(&mut self, folder: &Path, own: &[&str]) -> usize {
        let mut files = 0;
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if own.iter().any(|own| path.ends_with(own)) {
                continue;
            }
            if path.is_dir() {
                files += self.add_files(&path, own);
            } else {
                let bytes = std::fs::read(&path).expect("a file");
                self.add_text(&path.display().to_string(), &String::from_utf8_lossy(&bytes));
                files += 1;
            }
        }
        files
    }

    fn hides(&self, way: &Way) {
        for secret in way.secrets.iter().map(String::as_str).chain(TOKENS) {
            let lines: Vec<&str> = self.all.lines().filter(|line| line.contains(secret)).take(3).collect();
            assert!(lines.is_empty(), "{}: `{secret}` was left behind: {lines:#?}", way.name);
        }
    }
}

/// Files that hold secrets because the test put them there, as a user would.
const OWN: [&str; 4] = ["app.pem", "pod-token", "programs", "ca.pem"];

#[test]
fn no_way_to_sign_in_leaves_a_secret_or_a_token_behind() {
    let stage = Stage::public();
    // A person is quick here.
    let quick = Replacement { from: "\"interval\":5".to_owned(), to: "\"interval\":0".to_owned() };
    stage.change(Rule::on("devicecode", Disturbance::Rewritten(quick)).from_nth(1, 0));
    for way in ways::all(&stage) {
        let mut seen = Seen { all: String::new() };
        let run = |arguments: &[&str]| {
            let mut command = way.command(&stage, arguments);
            // The most that anybody can ask for.
            command.env("RUST_LOG", "trace").env("RUST_BACKTRACE", "full").env("GITHUB_OUTPUT", "outputs");
            command.env("GITHUB_STEP_SUMMARY", "summary").output().expect("the command starts")
        };
        let whoami = run(&["whoami", "-vv", "--format", "json", "."]);
        assert_eq!(seen.add("whoami", &whoami), 0, "{}", shown(&whoami));
        assert!(text(&whoami.stderr).contains(&format!("{} from POWERGRANT_PROD_*", way.name)), "{}", shown(&whoami));
        assert!(text(&whoami.stderr).contains("answered"), "it does not log requests: {}", shown(&whoami));
        seen.hides(&way);
    }
}

#[test]
fn no_command_and_no_format_leaves_a_secret_or_a_token_behind() {
    for way in [ways::client_secret, ways::workload_identity, ways::azure_cli] {
        let stage = Stage::public();
        let way = way(&stage);
        let mut seen = Seen { all: String::new() };
        let mut run = |arguments: &[&str], exit: i32| {
            let mut command = way.command(&stage, arguments);
            command.env("RUST_LOG", "trace").env("POWERGRANT_CI", "github");
            command.env("GITHUB_OUTPUT", "outputs").env("GITHUB_STEP_SUMMARY", "summary");
            let output = command.output().expect("the command starts");
            assert_eq!(seen.add(&arguments.join(" "), &output), exit, "{arguments:?}: {}", shown(&output));
        };
        for format in ["text", "markdown", "json", "events", "sarif"] {
            run(&["plan", "-vv", "--format", format, "--show-requests", "."], 0);
        }
        run(&["plan", "-vv", "--log-format", "json", "--out", "plan.json", "."], 0);
        run(&["drift", "-vv", "."], 2);
        run(&["snapshot", "-vv", "--with-names", "--out", "all.jsonl", "."], 0);
        run(&["apply", "-vv", "--log-format", "json", "--yes", "--plan", "plan.json", "."], 0);
        run(&["export", "-vv", "--out", "exported", "."], 0);
        let files = seen.add_files(&stage.desk.path("."), &OWN);
        assert!(files > 8, "only {files} files were looked at");
        for part in ["journal.jsonl", "plan.json", "all.jsonl", "outputs", "summary", "exported"] {
            assert!(seen.all.contains(&format!("/{part}")), "{part} was not looked at");
        }
        seen.hides(&way);
    }
}

/// What the test below is told by when it is the process that panics.
const CHILD: &str = "POWERGRANT_TEST_PANICS";

#[test]
fn a_run_that_panics_on_the_way_to_a_token_or_after_shows_no_secret() {
    if std::env::var_os(CHILD).is_some() {
        return panicking::runs();
    }
    let own = std::env::current_exe().expect("a path");
    let name = "secrets::a_run_that_panics_on_the_way_to_a_token_or_after_shows_no_secret";
    let mut child = std::process::Command::new(own);
    child.args(["--exact", name, "--nocapture"]).env(CHILD, "1").env("RUST_BACKTRACE", "full");
    let said = child.output().expect("the test starts");
    let all = shown(&said);
    assert_eq!(said.status.code(), Some(0), "{all}");
    assert!(all.matches("the clock broke").count() >= 20, "it did not panic often enough: {all}");
    // What debuggers are told decides how frames are written, but not the functions' own names.
    // Of a device code these are the two steps that ask: what only calls them leaves no frame where it is optimised.
    for way in ["of_application", "of_federation", "of_managed_identity", "::begun", "::entered"] {
        assert!(all.contains(way), "no panic was on the way to a token in `{way}`: {all}");
    }
    for secret in TOKENS.into_iter().chain(panicking::SECRETS) {
        assert!(!all.contains(secret), "`{secret}` was shown: {all}");
    }
}

/// Runs with a clock that breaks: at each of its first readings, for every kind of credentials.
mod panicking {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use jiff::Timestamp;
    use powergrant::clock::{Clock, JumpingClock, Wait};
    use powergrant::tenant::sign_in::{Certificate, ManagedIdentity};
    use powergrant::tenant::{Cloud, Credentials, Patience, Routing, Secret, Settings, Tenant};

    use crate::signing_in::{
        APPLICATION, CONNECTION, PEM, Stage, TENANT, app_service, federated, github, managed, moment, pipelines,
        who_am_i,
    };

    /// What is in the credentials below, but for their tokens.
    pub(super) const SECRETS: [&str; 3] = ["sandbox-job", "s.vault-not-to-be-seen", "MIIEv"];

    /// A clock that breaks when it is read for the last of so many times.
    struct Breaking(JumpingClock, AtomicUsize);

    impl Clock for Breaking {
        fn now(&self) -> Timestamp {
            assert_ne!(self.1.fetch_sub(1, Ordering::Relaxed), 1, "the clock broke");
            self.0.now()
        }

        fn wait(&self, duration: Duration) -> Wait<'_> {
            self.0.wait(duration)
        }
    }

    pub(super) fn runs() {
        let threads = tokio::runtime::Runtime::new().expect("threads");
        threads.block_on(async {
            let stage = Stage::start().await;
            let token = crate::signing_in::token(&stage, "https://contoso.crm4.dynamics.com", crate::signing_in::NOW);
            let line = format!("true s.vault-not-to-be-seen; printf '{{\"token\":\"{token}\"}}'");
            let certificate = Certificate::read(PEM.as_bytes(), None).expect("a certificate");
            let (tenant, client_id) = (TENANT.to_owned(), APPLICATION.to_owned());
            for credentials in [
                Credentials::ClientSecret {
                    tenant: tenant.clone(),
                    client_id: client_id.clone(),
                    secret: Secret::new("sandbox"),
                },
                Credentials::Certificate { tenant: tenant.clone(), client_id, certificate },
                federated(github("sandbox-job")),
                federated(pipelines("sandbox-job", Some(CONNECTION))),
                managed(app_service("sandbox-job")),
                managed(ManagedIdentity::Machine { host: None }),
                Credentials::DeviceCode { tenant, client_id: CONNECTION.to_owned() },
                Credentials::Command { program: Secret::new(line) },
            ] {
                // Making the client reads it once.
                for reading in 2..10 {
                    let settings = Settings {
                        cloud: Cloud::Public,
                        routing: Routing::Sandbox(stage.running.address()),
                        credentials: credentials.clone(),
                        tenant: Some(TENANT.parse().expect("an id")),
                        patience: Patience::default(),
                        clock: Arc::new(Breaking(
                            JumpingClock::at(moment(crate::signing_in::NOW)),
                            AtomicUsize::new(reading),
                        )),
                    };
                    let client = Tenant::connect(settings).expect("a client");
                    // Whether it panicked or was through before, what is of interest was printed.
                    drop(tokio::spawn(async move { who_am_i(&client).await }).await);
                }
            }
        });
    }
}
