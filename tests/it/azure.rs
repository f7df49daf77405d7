//! The shell parts of the example pipelines for Azure DevOps, as they stand in their files, run against the embedded tenant: the REST
//! API of pull request threads is a listener of the test's, and `az` is a script that writes down what it is asked.
#![cfg(unix)]
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::desk::{Desk, shown, text};

/// The threads of one pull request: by id, the text of each one's first comment; and every request that was not a GET.
#[derive(Default)]
struct Threads {
    comments: BTreeMap<u64, String>,
    writes: Vec<String>,
}

/// Answers as the API of pull request threads does (Learn: pull request threads, pull request thread comments).
fn serve(listener: &TcpListener, threads: &Mutex<Threads>) {
    for stream in listener.incoming() {
        let Ok(stream) = stream else { return };
        answer(stream, threads);
    }
}

fn answer(mut stream: TcpStream, threads: &Mutex<Threads>) {
    let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
            break;
        }
        head.push(line.trim_end().to_owned());
    }
    let Some(first) = head.first() else { return };
    let header = |name: &str| {
        head.iter()
            .find_map(|line| line.split_once(": ").filter(|(known, _)| known.eq_ignore_ascii_case(name)))
            .map(|(_, value)| value)
    };
    let length = header("Content-Length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("the whole body");
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let mut threads = threads.lock().expect("no holder of this lock panics");
    let (method, path) = (first.split(' ').next().unwrap_or_default(), first.split(' ').nth(1).unwrap_or_default());
    let own = "/contoso/p1/_apis/git/repositories/r1/pullRequests/7/threads";
    let (path, is_let_in) =
        (path.trim_end_matches("?api-version=7.1"), header("Authorization") == Some("Bearer secret-token"));
    let comment = path
        .strip_prefix(own)
        .and_then(|rest| rest.strip_prefix('/')?.strip_suffix("/comments/1")?.parse::<u64>().ok());
    let (status, answer) = match (is_let_in, method, comment) {
        (false, ..) => ("401 Unauthorized", json!({ "message": "who are you" })),
        (true, "GET", None) if path == own => {
            let value: Vec<Value> = threads
                .comments
                .iter()
                .map(|(id, content)| json!({ "id": id, "comments": [{ "id": 1, "content": content }] }))
                .collect();
            ("200 OK", json!({ "value": value, "count": value.len() }))
        }
        (true, "POST", None) if path == own => {
            let id = 40 + threads.comments.len() as u64;
            let content = body["comments"][0]["content"].as_str().unwrap_or_default().to_owned();
            threads.comments.insert(id, content);
            threads.writes.push(format!("POST {}", body["status"]));
            ("200 OK", json!({ "id": id }))
        }
        (true, "PATCH", Some(id)) if threads.comments.contains_key(&id) => {
            threads.comments.insert(id, body["content"].as_str().unwrap_or_default().to_owned());
            threads.writes.push(format!("PATCH {id}"));
            ("200 OK", json!({ "id": 1 }))
        }
        (true, ..) => ("404 Not Found", json!({ "message": path })),
    };
    let answer = answer.to_string();
    let _ = write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{answer}",
        answer.len()
    );
}

/// An agent: a checkout with manifests in `permissions/`, and the pipelines' folder at its place.
struct Agent {
    desk: Desk,
    threads: Arc<Mutex<Threads>>,
    address: String,
}

fn folder(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

impl Agent {
    fn new() -> Self {
        let desk = Desk::empty();
        for name in ["permissions", "bin", "temp", "workspace/powergrant-plan"] {
            std::fs::create_dir_all(desk.path(name)).expect("a folder");
        }
        for file in ["environment.yaml", "role.yaml", "assignments.yaml", "flow.yaml"] {
            let from = folder("examples/copilot-agent-flow").join(file);
            std::fs::copy(from, desk.path("permissions").join(file)).expect("the example");
        }
        std::os::unix::fs::symlink(folder("examples"), desk.path("examples")).expect("a link");
        let binary = env!("CARGO_BIN_EXE_powergrant");
        let script = |name: &str, text: &str| {
            desk.write(&format!("bin/{name}"), text);
            std::fs::set_permissions(desk.path("bin").join(name), std::fs::Permissions::from_mode(0o755))
                .expect("it can be made to run");
        };
        script("powergrant", &format!("#!/usr/bin/env bash\nexec '{binary}' \"$@\" --sandbox\n"));
        script(
            "az",
            "#!/usr/bin/env bash\nprintf '%s\\n' \"$*\" >>\"$DESK/az.log\"\nif [[ \"$*\" == *query* ]]; then cat \"$DESK/answer\"; fi\n",
        );
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = format!("http://{}/contoso/", listener.local_addr().expect("an address"));
        let threads = Arc::new(Mutex::new(Threads::default()));
        let own = Arc::clone(&threads);
        std::thread::spawn(move || serve(&listener, &own));
        Self { desk, threads, address }
    }

    /// Runs a script of a pipeline as the agent does.
    fn run(&self, script: &str) -> Output {
        let path = format!("{}:{}", self.desk.path("bin").display(), std::env::var("PATH").unwrap_or_default());
        Command::new("bash")
            .args(["-e", "-c", script])
            .current_dir(self.desk.path(""))
            .env("PATH", path)
            .env("DESK", self.desk.path(""))
            .env("AGENT_TEMPDIRECTORY", self.desk.path("temp"))
            .env("PIPELINE_WORKSPACE", self.desk.path("workspace"))
            .env("SYSTEM_TEAMFOUNDATIONCOLLECTIONURI", &self.address)
            .env("SYSTEM_TEAMPROJECTID", "p1")
            .env("SYSTEM_TEAMPROJECT", "Contoso")
            .env("BUILD_REPOSITORY_ID", "r1")
            .env("SYSTEM_PULLREQUEST_PULLREQUESTID", "7")
            .env("SYSTEM_ACCESSTOKEN", "secret-token")
            .env_remove("GITHUB_ACTIONS")
            .output()
            .expect("bash runs")
    }

    /// Runs the scripts of a pipeline's file one after the other, until one fails.
    fn pipeline(&self, file: &str, which: std::ops::Range<usize>) -> Output {
        let mut last = None;
        for script in &scripts(file)[which] {
            let output = self.run(script);
            let is_fine = output.status.success();
            last = Some(output);
            if !is_fine {
                break;
            }
        }
        last.expect("a pipeline has scripts")
    }

    fn comments(&self) -> (Vec<String>, Vec<String>) {
        let threads = self.threads.lock().expect("no holder of this lock panics");
        (threads.comments.values().cloned().collect(), threads.writes.clone())
    }
}

/// Every script of a pipeline in the order of its file: inline ones of tasks, and steps of bash.
fn scripts(file: &str) -> Vec<String> {
    let text = std::fs::read_to_string(folder("examples/azure-pipelines").join(file)).expect("the example");
    let pipeline: Value = serde_yaml::from_str(&text).expect("YAML");
    let mut found = Vec::new();
    collect(&pipeline, &mut found);
    assert!(!found.is_empty(), "{file}");
    found
}

fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                match value.as_str() {
                    Some(script) if name == "inlineScript" || name == "bash" => found.push(script.to_owned()),
                    Some(_) | None => collect(value, found),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|value| collect(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn a_pull_request_gets_one_thread_which_is_kept_up_to_date() {
    let agent = Agent::new();
    let planned = agent.pipeline("plan.yml", 0..2);
    assert_eq!(planned.status.code(), Some(0), "{}", shown(&planned));
    let (comments, writes) = agent.comments();
    assert_eq!((comments.len(), writes.as_slice()), (1, ["POST 1".to_owned()].as_slice()));
    assert!(
        comments[0].starts_with("<!-- powergrant:plan -->\n### powergrant: 16 to add, 2 to change, 1 to remove\n"),
        "{comments:?}"
    );

    // Another push: the same thread is edited, also where nothing is left to do.
    agent.pipeline("plan.yml", 0..2);
    assert_eq!(agent.comments().1, ["POST 1", "PATCH 40"]);
    let applied = agent.run("powergrant apply --yes permissions");
    assert_eq!(applied.status.code(), Some(0), "{}", shown(&applied));
    agent.pipeline("plan.yml", 0..2);
    let (comments, writes) = agent.comments();
    assert_eq!(comments, ["<!-- powergrant:plan -->\n### powergrant: nothing to do"]);
    assert_eq!(writes.len(), 3, "{writes:?}");
    assert!(!shown(&planned).contains("secret-token"));
}

#[test]
fn the_plan_that_was_approved_is_applied_and_no_other() {
    let agent = Agent::new();
    let planned = agent.pipeline("apply.yml", 0..1);
    assert_eq!(planned.status.code(), Some(0), "{}", shown(&planned));
    let artifact =
        || std::fs::copy(agent.desk.path("temp/plan.json"), agent.desk.path("workspace/powergrant-plan/plan.json"));
    artifact().expect("the artifact");
    // Somebody changes the tenant between approval and apply.
    let flow = agent.desk.read("permissions/flow.yaml");
    agent.desk.write(
        "permissions/flow.yaml",
        &flow.replace("contoso_sharepoint: providedByRunOnlyUser", "contoso_sharepoint: useThisConnection"),
    );
    let other = agent.pipeline("apply.yml", 1..2);
    assert_eq!(other.status.code(), Some(4), "{}", shown(&other));
    assert!(!agent.desk.path("temp/journal.jsonl").exists(), "nothing was written");
    agent.desk.write("permissions/flow.yaml", &flow);
    let applied = agent.pipeline("apply.yml", 1..2);
    assert_eq!(applied.status.code(), Some(0), "{}", shown(&applied));
    assert!(text(&applied.stdout).contains("Applied: 19 of 19 "), "{}", shown(&applied));
    assert!(agent.desk.read("temp/journal.jsonl").contains("\"record\":\"ended\""));
}

#[test]
fn drift_opens_updates_and_closes_one_work_item() {
    let agent = Agent::new();
    let night = |known: &str| {
        agent.desk.write("answer", known);
        std::fs::remove_file(agent.desk.path("az.log")).ok();
        let output = agent.pipeline("drift.yml", 0..2);
        assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
        agent.desk.read("az.log")
    };
    let opened = night("[]");
    assert!(
        opened.contains("boards work-item create ")
            && opened.contains("--title powergrant: the tenant is not as the manifests say"),
        "{opened}"
    );
    assert!(opened.contains("<pre>&lt;!-- powergrant:drift -->"), "{opened}");
    let updated = night("[{ \"id\": 12 }]");
    assert!(updated.contains("boards work-item update ") && updated.contains("--id 12 --description"), "{updated}");
    let applied = agent.run("powergrant apply --yes permissions");
    assert_eq!(applied.status.code(), Some(0), "{}", shown(&applied));
    let closed = night("[{ \"id\": 12 }]");
    assert!(closed.contains("--id 12 --state Done"), "{closed}");
    let quiet = night("[]");
    assert_eq!(quiet.lines().count(), 1, "there is nothing to say, and nobody is told: {quiet}");

    // What is no drift fails the job.
    agent.desk.write("permissions/flow.yaml", "kind: Flw\n");
    let broken = agent.pipeline("drift.yml", 0..2);
    assert_eq!(broken.status.code(), Some(1), "{}", shown(&broken));
}
