//! What bad input gets, in the real binary: a finding with its place and what to do, an exit code, and no write.
//!
//! `documents` is what manifests alone show, `names` what only the tenant shows, `reading` and `writing` what services answer.
//! What has to wait before it can be told (a write whose answer is lost and that does not show) is in `trouble`, where the clock jumps.
mod documents;
mod names;
mod reading;
mod writing;

use powergrant::sandbox::tenant::Logged;

use crate::desk::text;
use crate::proxied::Stage;

/// The findings of a rule in what a command said: their lines, from the heading to the hints.
fn findings(said: &str, rule: &str) -> Vec<String> {
    let of_rule = format!("[{rule}]: ");
    said.split("\n\n").filter(|block| block.contains(&of_rule)).map(str::to_owned).collect()
}

/// What is missing of a finding with this place, these words, and something to do.
fn lacks(said: &[u8], rule: &str, place: &str, words: &str) -> Option<String> {
    let said = text(said);
    let found = findings(&said, rule);
    let Some(finding) = found.iter().find(|finding| finding.contains(&format!("--> {place}\n"))) else {
        return Some(format!("no {rule} at {place}:\n{said}"));
    };
    let expected = [words, "\nhint: "];
    expected.iter().find(|words| !finding.contains(**words)).map(|words| format!("`{words}` is not said:\n{finding}"))
}

/// Forgets the disturbances and what was asked so far.
fn calm(stage: &Stage) {
    stage.with(|tenant| {
        tenant.faults.clear();
        tenant.log.clear();
    });
}

/// The requests that were to change something, in order. Whether a batch was one is not in the log: the tenant's state tells.
fn writes(stage: &Stage) -> Vec<Logged> {
    let is_write = |logged: &&Logged| {
        logged.method != "GET" && !["/oauth2/", "/$batch"].iter().any(|read| logged.path.contains(read))
    };
    stage.with(|tenant| tenant.log.iter().filter(is_write).cloned().collect())
}
