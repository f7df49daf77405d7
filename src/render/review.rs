//! Reviews as text that people read: what a plan means, and what stands in its way.
use std::fmt::Write as _;

use crate::kinds::policy::risk::Grade;
use crate::problem::clip;
use crate::review::{Direction, Review};

/// Renders the reviews of a run: what changes for people, and what stands in the way.
pub fn text(reviews: &[&Review]) -> String {
    let mut out = String::new();
    for review in reviews {
        risk(&mut out, review);
        effective(&mut out, review);
    }
    let mut tripped = reviews.iter().flat_map(|review| &review.tripped).peekable();
    if tripped.peek().is_some() {
        out.push_str("\nRails that stand, so that `apply` writes nothing:\n");
    }
    for tripped in tripped {
        let at = tripped.finding.at.as_ref().map(|at| format!("  ({})", clip(&at.to_string()))).unwrap_or_default();
        let _ = writeln!(out, "  {}: {}{at}", tripped.rule, clip(&tripped.finding.message));
    }
    out
}

/// How many risky changes are printed of one environment; the rest is counted.
const CHANGES: usize = 10;

fn risk(out: &mut String, review: &Review) {
    let Some(grade) = review.risk.grade else { return };
    let _ = writeln!(out, "\nRisk in {}: {}", clip(&review.environment), grade.word());
    let risky: Vec<_> = review.risk.changes.iter().filter(|change| change.grade > Grade::Low).collect();
    for change in risky.iter().take(CHANGES) {
        let because = change.because.first().map(|(_, reason)| format!(": {}", clip(reason))).unwrap_or_default();
        let name = clip(&change.name).split_whitespace().collect::<Vec<_>>().join(" ");
        let _ = writeln!(out, "  {:<8} {}, {name}{because}", change.grade.word(), clip(&change.heading));
    }
    if let Some(more @ 1..) = risky.len().checked_sub(CHANGES) {
        let _ = writeln!(out, "           and {more} more");
    }
}

/// How many sentences are printed of one environment; the rest is counted.
const SENTENCES: usize = 20;

fn effective(out: &mut String, review: &Review) {
    if review.effective.is_empty() {
        return;
    }
    let _ = writeln!(out, "\nWhat this means in {}:", clip(&review.environment));
    for statement in review.effective.iter().take(SENTENCES) {
        let symbol = match statement.direction {
            Direction::Gains => '+',
            Direction::MayGain => '?',
            Direction::Loses => '-',
            Direction::Keeps => '=',
            Direction::Nobody => ' ',
        };
        let _ = writeln!(out, "  {symbol} {}", clip(&statement.text));
    }
    if let Some(more @ 1..) = review.effective.len().checked_sub(SENTENCES) {
        let _ = writeln!(out, "    and {more} more");
    }
}
