//! What real services answered, held against the embedded tenant and against the client.
//!
//! The recordings are other people's and not in this repository: `POWERGRANT_CORPUS` names their folder, and without it these tests pass
//! over with a message. With it every file counts: one that is neither replayed nor named with a reason fails.
mod ask;
mod cassettes;
mod details;
mod errors;
mod provider;
mod shape;
mod sign_in;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// The folder of recordings, or a message that there is none.
pub(crate) fn corpus(test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("POWERGRANT_CORPUS").map(PathBuf::from);
    if folder.is_none() {
        tell(&format!("{test}: passed over, because POWERGRANT_CORPUS names no folder of recordings"));
    }
    folder
}

/// Tells what was compared, for whoever runs the tests with `--nocapture` and counts.
#[expect(clippy::print_stderr, reason = "there is nothing else that a test can tell its figures to")]
pub(crate) fn tell(text: &str) {
    eprintln!("{text}");
}

/// Tells a figure, and holds the page of conformance to it.
pub(crate) fn count(what: &str, figure: &str) {
    let row = format!("| {what} | {figure} |");
    tell(&row);
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/conformance/README.md");
    let page = std::fs::read_to_string(page).expect("the page of conformance");
    let is_there = page.lines().any(|line| line == row);
    assert!(is_there, "tests/conformance/README.md has another count; its table has to have the line `{row}`");
}

/// Reads a file of recordings as JSON.
pub(crate) fn read(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Lists the names of the files in a folder that end so.
pub(crate) fn files(folder: &Path, ending: &str) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("a folder entry").file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(ending))
        .collect();
    names.sort();
    names
}

/// One recorded exchange.
struct Exchange {
    method: String,
    host: String,
    /// Path and query as they were sent.
    target: String,
    headers: BTreeMap<String, String>,
    body: Option<String>,
    status: u16,
    /// Names in lower case.
    answer_headers: BTreeMap<String, String>,
    answer: Value,
}

impl Exchange {
    fn of(recording: &Value) -> Self {
        let (request, response) = (&recording["request"], &recording["response"]);
        let uri = request["uri"].as_str().expect("the request has an address");
        let (host, path) = uri.strip_prefix("https://").and_then(|rest| rest.split_once('/')).expect("an address");
        let body = match &request["body"] {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            body @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => Some(body.to_string()),
        };
        Self {
            method: request["method"].as_str().expect("a method").to_owned(),
            host: host.to_owned(),
            target: format!("/{path}"),
            headers: headers(&request["headers"]),
            body,
            status: u16::try_from(response["status"].as_u64().expect("a status")).expect("a status"),
            answer_headers: headers(&response["headers"]),
            answer: response["body"].clone(),
        }
    }
}

fn headers(recorded: &Value) -> BTreeMap<String, String> {
    // Some were sent twice, by two gateways on the way.
    let value = |value: &Value| value.as_str().or_else(|| value[0].as_str()).unwrap_or_default().to_owned();
    let all = recorded.as_object().into_iter().flatten();
    all.map(|(name, recorded)| (name.to_lowercase(), value(recorded))).collect()
}
