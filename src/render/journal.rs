//! One run of the journal as text.
use std::fmt::Write as _;

use crate::foreign::clip;
use crate::journal::history::Run;
use crate::journal::{Change, Target};

/// Renders every change of a run, before and after, with what became of it and the service's ids for the requests.
pub fn run(run: &Run) -> String {
    let mut out = String::new();
    let begun = &run.begun;
    let _ = writeln!(out, "run {}\n", begun.run);
    let mut say = |what: &str, text: Option<&str>| {
        if let Some(text) = text {
            let _ = writeln!(out, "  {what:<9} {}", clip(text));
        }
    };
    say("began", Some(&begun.at.to_string()));
    say("ended", run.ended.as_ref().map(|ended| ended.at.to_string()).as_deref());
    say("who", begun.who.as_deref());
    say("commit", begun.commit.as_deref());
    say("pipeline", begun.pipeline.as_deref());
    say("digest", Some(&begun.digest));
    let lifted: Vec<&str> = begun.lifted.iter().map(String::as_str).collect();
    say("lifted", (!lifted.is_empty()).then(|| lifted.join(", ")).as_deref());
    say("outcome", Some(&run.words()));
    for target in &begun.environments {
        let _ = writeln!(out, "\n{}", clip(&target.name));
        if let Some(caller) = &target.caller {
            let _ = writeln!(out, "  written as {}", clip(caller));
        }
        let mut heading = None;
        for change in &target.changes {
            if heading != Some(&change.heading) {
                heading = Some(&change.heading);
                let _ = writeln!(out, "\n  {}", clip(&change.heading));
            }
            let word = |side: &Option<String>| side.as_deref().map_or_else(|| "nothing".to_owned(), clip);
            let (before, after) = (word(&change.before), word(&change.after));
            let _ = writeln!(out, "    {:<40} {before} → {after}; {}", clip(&change.name), became(run, target, change));
        }
    }
    out
}

fn became(run: &Run, target: &Target, change: &Change) -> String {
    let answers = run.answers.iter().filter(|answered| answered.environment == target.name);
    let ids: Vec<&str> = answers
        .filter(|answered| answered.changes.contains(&change.goal))
        .flat_map(|answered| answered.requests.iter().map(String::as_str))
        .collect();
    let mut text = match run.became(target, &change.goal) {
        Some(became) => became.outcome.words().to_owned(),
        None if run.may_have_changed(target, change) => "may have been done".to_owned(),
        None => "not done".to_owned(),
    };
    if let Some(says) = run.became(target, &change.goal).and_then(|became| became.says.as_deref()) {
        let _ = write!(text, ": {}", clip(says));
    }
    if !ids.is_empty() {
        let _ = write!(text, " [{}]", clip(&ids.join(", ")));
    }
    text
}
