//! Reviews as text that people read: what stands in the way of a plan.
use std::fmt::Write as _;

use crate::problem::clip;
use crate::review::Review;

/// Renders the reviews of a run.
pub fn text(reviews: &[&Review]) -> String {
    let mut out = String::new();
    for tripped in reviews.iter().flat_map(|review| &review.tripped) {
        if out.is_empty() {
            out.push_str("\nRails that stand, so that `apply` writes nothing:\n");
        }
        let at = tripped.finding.at.as_ref().map(|at| format!("  ({})", clip(&at.to_string()))).unwrap_or_default();
        let _ = writeln!(out, "  {}: {}{at}", tripped.rule, clip(&tripped.finding.message));
    }
    out
}
