//! `powergrant schema`: the JSON Schema of manifests.
use super::exit::Exit;
use super::output::Output;
use crate::manifest::schema;

pub(super) fn run(output: &mut Output) -> Exit {
    let text = serde_json::to_string_pretty(&schema::schema()).expect("a JSON value can be written");
    output.result(&format!("{text}\n"));
    Exit::Success
}
