//! What a plan holds back because it was not read whole: the rail `incomplete-read`, one finding for each reason.
use std::collections::BTreeMap;

use super::line::{Line, LineKind};
use crate::finding::{Finding, Severity};
use crate::problem::{Cause, Problem};
use crate::rules::Rule;

/// How many lists or entries a finding names; the rest is counted.
const NAMED: usize = 3;

/// Says what is left as it is because nobody knows all of it.
pub(super) fn held_back(lines: &[Line]) -> Vec<Finding> {
    let mut by_reason: BTreeMap<(Cause, &str), (&Problem, Vec<&Line>)> = BTreeMap::new();
    for line in lines {
        if let LineKind::Unread { problem, .. } = &line.kind {
            by_reason.entry((problem.cause, &problem.says)).or_insert((problem, Vec::new())).1.push(line);
        }
    }
    by_reason.into_values().map(|(problem, lines)| finding(problem, &lines)).collect()
}

fn finding(problem: &Problem, lines: &[&Line]) -> Finding {
    let words = |line: &&Line| match line.name.trim() {
        "" => line.heading.clone(),
        entry => format!("{entry} of {}", line.heading),
    };
    let mut names: Vec<String> = lines.iter().take(NAMED).map(words).collect();
    if let Some(more @ 1..) = lines.len().checked_sub(NAMED) {
        names.push(format!("{more} more"));
    }
    let (left, read) =
        if lines.len() == 1 { ("is left as it is", "it was") } else { ("are left as they are", "they were") };
    let message = format!("{} {left}, for {read} not read whole: {problem}", names.join("; "));
    let place = lines.iter().find_map(|line| line.place.clone());
    let mut finding = Finding::new(Severity::Warning, Rule::IncompleteRead, place, message);
    if let Some(rail) = Rule::IncompleteRead.rail() {
        let next = if problem.next.is_empty() { rail.setting } else { &problem.next };
        finding = finding.hint(format!("{next}; with `{}` what is left so is no failure of this run", rail.flag));
    }
    finding
}
