//! The controller as a service manager runs it: the real binary, its port, its signals, its log and its exit code.
#![cfg(unix)]
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::Duration;

use powergrant::cli::controller::Mode;
use powergrant::cli::controller::metrics::{self, Format};
use powergrant::cli::controller::status::Status;
use serde_json::Value;

use crate::desk::{Desk, shown, text};

/// A controller that runs, with the address that it says.
struct Served {
    child: Child,
    address: String,
    log: BufReader<ChildStderr>,
}

impl Served {
    fn start(desk: &Desk, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_powergrant"))
            .args(["controller", "--sandbox", "--log-format", "json", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .current_dir(desk.path(""))
            .env("POWERGRANT_CI", "none")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary is built for its tests");
        let mut first = String::new();
        let out = child.stdout.take().expect("its output is piped");
        BufReader::new(out).read_line(&mut first).expect("it says where it listens");
        let address = first.trim().strip_prefix("listening on http://").expect("an address").to_owned();
        let log = BufReader::new(child.stderr.take().expect("its log is piped"));
        Self { child, address, log }
    }

    /// Reads the log up to a line with this message, and gives its fields.
    fn until(&mut self, message: &str) -> Value {
        let mut seen = String::new();
        loop {
            let mut line = String::new();
            let read = self.log.read_line(&mut line).expect("the log is text");
            assert!(read > 0, "the log ended before `{message}`:\n{seen}");
            if let Ok(value) = serde_json::from_str::<Value>(&line)
                && value["fields"]["message"] == message
            {
                return value["fields"].clone();
            }
            seen.push_str(&line);
        }
    }

    /// Asks for a path, and gives status and body.
    fn get(&self, path: &str, accept: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        let asked = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: {accept}\r\nConnection: close\r\n\r\n");
        stream.write_all(asked.as_bytes()).expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default();
        (status, body)
    }

    /// Sends SIGTERM, as a service manager does.
    fn terminate(&self) {
        let sent = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().expect("kill is there");
        assert!(sent.success());
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It has ended already where the test came to its end.
        let _ = self.child.kill();
    }
}

#[test]
fn a_controller_answers_for_itself_and_ends_at_sigterm() {
    let desk = Desk::with("copilot-agent-flow");
    let mut served = Served::start(&desk, &["--mode", "enforce", "--every", "10s", "."]);
    let first = served.until("round ended");
    assert_eq!(first["result"], "completed");
    assert_eq!(served.get("/healthz", "*/*"), (200, "ok\n".to_owned()));
    assert_eq!(served.get("/readyz", "*/*"), (200, "ok\n".to_owned()));
    let (status, metrics) = served.get("/metrics", "application/openmetrics-text; version=1.0.0");
    assert_eq!(status, 200);
    assert!(
        metrics.contains("powergrant_changes_total{environment=\"contoso-prod\",outcome=\"held\"} 19"),
        "{metrics}"
    );
    assert!(metrics.trim_end().ends_with("# EOF"), "{metrics}");
    assert!(!metrics.contains("bob@") && !metrics.contains("SG-Expense"), "a live name is a label: {metrics}");
    let post = served.get("/nothing", "*/*");
    assert_eq!(post.0, 404);

    // Nobody else writes with its journal while it runs.
    let other = desk.run(&["apply", "--sandbox", "--yes", "."]);
    assert_eq!(other.status.code(), Some(1), "{}", shown(&other));
    assert!(text(&other.stderr).contains("another `apply` or `controller` holds it"), "{}", shown(&other));

    served.terminate();
    assert_eq!(served.child.wait().expect("it ends").code(), Some(0));
}

#[test]
fn a_difference_in_the_log_is_a_sentence_and_no_row_of_a_table() {
    let desk = Desk::with("copilot-agent-flow");
    let mut served = Served::start(&desk, &["."]);
    let shared = "differs: of unknown origin: connection reference contoso_dataverse, readers: + group SG-Expense-Prod read; after it is in the environment";
    assert_eq!(served.until(shared)["environment"], "contoso-prod");
}

#[test]
fn a_controller_with_bad_manifests_lives_says_so_and_is_not_ready() {
    let desk = Desk::with("copilot-agent-flow");
    desk.write("role.yaml", "kind: Nothing\n");
    let mut served = Served::start(&desk, &["--every", "10s", "."]);
    assert_eq!(served.until("round ended")["result"], "bad_manifests");
    assert_eq!(served.get("/healthz", "*/*").0, 200);
    let (status, why) = served.get("/readyz", "*/*");
    assert_eq!(status, 503);
    assert!(why.contains("not sound"), "{why}");
    assert!(served.get("/metrics", "*/*").1.contains("powergrant_manifests_sound 0\n"));
    served.terminate();
    assert_eq!(served.child.wait().expect("it ends").code(), Some(0));
}

#[test]
fn the_examples_run_the_command_as_it_is() {
    let desk = Desk::empty();
    let example = |file: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/controller").join(file);
        std::fs::read_to_string(path).expect("the example is there")
    };
    let unit = example("powergrant.service");
    let line =
        unit.lines().find_map(|line| line.strip_prefix("ExecStart=/usr/local/bin/powergrant ")).expect("a command");
    let of_unit: Vec<&str> = line.split(' ').collect();
    let deployment = example("kubernetes.yaml");
    let arguments = deployment.lines().skip_while(|line| line.trim() != "args:").skip(1).map(str::trim);
    let arguments = arguments.take_while(|line| line.starts_with("- ") || line.starts_with('#'));
    let of_pod: Vec<&str> = arguments.filter_map(|line| line.strip_prefix("- ")).collect();
    for arguments in [of_unit, of_pod] {
        assert!(arguments.len() > 5 && arguments[0] == "controller", "{arguments:?}");
        let (paths, flags) = arguments.split_last().expect("the manifests come last");
        assert!(paths.contains("/manifests"), "{paths}");
        // Standard input is refused after every flag was read, so nothing is started.
        let run = desk.run(&[flags, &["-"]].concat());
        assert!(text(&run.stderr).contains("standard input can be read once"), "{}", shown(&run));
    }
    // Every metric of the alerts is one.
    let metrics = metrics::text(&Status::new(Mode::Observe, Duration::from_secs(900)), Format::Prometheus);
    let alerts = example("alerts.yaml");
    let named = alerts.split(|letter: char| !letter.is_ascii_lowercase() && letter != '_');
    let named: Vec<&str> = named.filter(|word| word.starts_with("powergrant_")).collect();
    assert!(named.len() >= 5, "{named:?}");
    for metric in named {
        assert!(metrics.contains(&format!("# TYPE {metric} ")), "{metric} is no metric");
    }
}

#[test]
fn what_cannot_work_is_refused_at_the_start() {
    let desk = Desk::with("copilot-agent-flow");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let run = |arguments: &[&str]| {
        let output = desk.run(&[["controller", "--sandbox"].as_slice(), arguments].concat());
        (output.status.code(), text(&output.stderr))
    };
    let (code, said) = run(&["--listen", &address, "."]);
    assert!(code == Some(1) && said.contains("cannot be listened on"), "{code:?} {said}");
    let (code, said) = run(&["-"]);
    assert!(code == Some(1) && said.contains("standard input can be read once"), "{code:?} {said}");
    let (code, said) = run(&["--every", "1s", "."]);
    assert!(code == Some(1) && said.contains("from 10s to 7 days"), "{code:?} {said}");
}
