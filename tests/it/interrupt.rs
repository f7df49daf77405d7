//! Ctrl-C in the middle of an `apply` or of a controller's round: what is under way is finished, what is left is said, and the next run does
//! it; once more ends at once.
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStderr, Command, Stdio};

use powergrant::sandbox::Hold;
use powergrant::sandbox::faults::{Disturbance, Rule};
use powergrant::sandbox::tenant::Tenant;

use crate::desk::{shown, text};
use crate::proxied::{APPLICATION, Stage, TENANT};

const APPLY: [&str; 4] = ["apply", "--yes", "-vv", "."];
const CONTROLLER: [&str; 6] = ["controller", "--mode", "enforce", "--listen", "127.0.0.1:0", "."];

/// A command under way, and the lines that it says.
struct Run {
    child: Child,
    said: BufReader<ChildStderr>,
}

impl Run {
    fn start(stage: &Stage, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_powergrant"))
            .args(arguments)
            .current_dir(stage.desk.path("."))
            .env("POWERGRANT_CI", "none")
            .env("POWERGRANT_PROD_TENANT_ID", TENANT)
            .env("POWERGRANT_PROD_CLIENT_ID", APPLICATION)
            .env("POWERGRANT_PROD_CLIENT_SECRET", "sandbox")
            .env("POWERGRANT_CA_FILE", "ca.pem")
            .env("HTTPS_PROXY", format!("http://{}", stage.running.address()))
            .env_remove("NO_PROXY")
            .env_remove("no_proxy")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command starts");
        let said = BufReader::new(child.stderr.take().expect("a pipe"));
        Self { child, said }
    }

    /// Waits until it has said something.
    fn until(&mut self, words: &str) {
        let mut line = String::new();
        while !line.contains(words) {
            line.clear();
            assert!(self.said.read_line(&mut line).expect("text") > 0, "it ended without `{words}`");
        }
    }

    fn interrupt(&self) {
        let sent = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().expect("kill is there");
        assert!(sent.success());
    }

    /// Its exit code and what it printed.
    fn end(mut self) -> (Option<i32>, String) {
        let mut rest = String::new();
        self.said.read_to_string(&mut rest).expect("text");
        let output = self.child.wait_with_output().expect("it ends");
        (output.status.code(), String::from_utf8(output.stdout).expect("text"))
    }
}

/// A command that was interrupted while its first write, the change of the flow's connections, is held at the tenant's door.
fn interrupted(arguments: &[&str]) -> (Stage, Hold, Run) {
    let stage = Stage::public();
    let hold = stage.running.hold("PATCH", "/workflows(");
    let mut run = Run::start(&stage, arguments);
    stage.threads.block_on(hold.arrived());
    run.interrupt();
    run.until("stopping: what is under way is finished and read back");
    (stage, hold, run)
}

/// The methods of the requests that were to change a flow, a role or a share.
fn writes(stage: &Stage) -> Vec<String> {
    let is_write = |path: &str| !path.contains("/oauth2/") && !path.contains("/$batch");
    let all = |tenant: &mut Tenant| {
        let writes = tenant.log.iter().filter(|logged| logged.method != "GET" && is_write(&logged.path));
        writes.map(|logged| logged.method.clone()).collect()
    };
    stage.with(all)
}

#[test]
fn an_interrupt_lets_the_write_under_way_finish_and_sends_no_other() {
    let (stage, hold, run) = interrupted(&APPLY);
    hold.release();
    let (code, printed) = run.end();
    assert_eq!(code, Some(5), "{printed}");
    assert_eq!(writes(&stage), ["PATCH"], "{printed}");
    let lines = |words: &str| printed.lines().filter(|line| line.contains(words)).count();
    assert_eq!(lines("    = contoso_"), 2, "{printed}");
    assert_eq!(lines("the run was stopped"), 17, "{printed}");
    assert!(printed.contains("Applied: 2 of 19 read back from the services and held."), "{printed}");
    let list = stage.desk.run(&["journal", "list"]);
    assert!(text(&list.stdout).trim_end().ends_with(" 2 of 19 held"), "{}", shown(&list));
    // The next run goes on where this one was stopped.
    let next = stage.run(&["apply", "--yes", "."], &[]);
    assert_eq!(next.status.code(), Some(0), "{}", shown(&next));
    assert_eq!(writes(&stage).iter().filter(|method| *method == "PATCH").count(), 1);
}

#[test]
fn an_interrupt_breaks_off_a_wait_that_the_service_asked_for() {
    let stage = Stage::public();
    // Longer than anybody waits for a test.
    stage.change(Rule::on("/workflows(", Disturbance::throttle(900)).method("PATCH").from_nth(1, 0));
    let mut run = Run::start(&stage, &APPLY);
    run.until("status=429");
    run.interrupt();
    let (code, printed) = run.end();
    assert_eq!(code, Some(5), "{printed}");
    assert_eq!(writes(&stage).len(), 1, "{printed}");
    assert!(printed.contains("Applied: 0 of 19"), "{printed}");
    assert!(printed.contains("the run was stopped"), "{printed}");
}

#[test]
fn a_second_interrupt_ends_at_once_and_the_journal_knows_what_was_under_way() {
    for arguments in [APPLY.as_slice(), &CONTROLLER] {
        let (stage, hold, run) = interrupted(arguments);
        run.interrupt();
        // Nobody answers the write that is under way, and it is not waited for.
        let (code, printed) = run.end();
        assert_eq!(code, None, "{arguments:?}: a signal ended it: {printed}");
        hold.release();
        assert!(writes(&stage).len() <= 1, "{arguments:?}");
        let list = stage.desk.run(&["journal", "list"]);
        assert_eq!(list.status.code(), Some(0), "{}", shown(&list));
        assert!(text(&list.stdout).contains("no end: killed, or under way"), "{arguments:?}: {}", shown(&list));
        // The next run goes on from what is there, and its journal is free.
        let next = stage.run(&["apply", "--yes", "."], &[]);
        assert_eq!(next.status.code(), Some(0), "{arguments:?}: {}", shown(&next));
    }
}

#[test]
fn a_controller_that_is_interrupted_finishes_the_write_under_way_and_says_what_is_left() {
    let (stage, hold, run) = interrupted(&CONTROLLER);
    hold.release();
    let (code, _) = run.end();
    assert_eq!((code, writes(&stage)), (Some(5), vec!["PATCH".to_owned()]));
}
