//! What differs between the plan that was reviewed and the plan of this run, as text.
use std::fmt::Write as _;

use crate::foreign::clip;
use crate::plan::saved::{Permission, ResourceChange, Saved};

/// How many differences are listed.
const SHOWN: usize = 200;

/// Renders what moves in one of two plans alone, or otherwise in each; subject by subject.
pub fn text(reviewed: &Saved, now: &Saved) -> String {
    let differ = reviewed.compare(now);
    let mut out = String::new();
    let mut heading = None;
    for (was, is) in differ.iter().take(SHOWN) {
        let Some(either) = was.or(*is) else { continue };
        let subject = side(either).map_or_else(String::new, |side| side.subject.clone());
        let here = format!("{}: {}", clip(&either.name), clip(&subject));
        if heading.as_ref() != Some(&here) {
            let _ = writeln!(out, "  {here}");
            heading = Some(here);
        }
        let entry = side(either).map_or_else(String::new, |side| clip(&side.entry));
        let _ = match (was, is) {
            (Some(was), None) => writeln!(out, "    {entry}: reviewed {}; now there is nothing to do", moved(was)),
            (None, Some(is)) => writeln!(out, "    {entry}: not reviewed; now {}", moved(is)),
            (Some(was), Some(is)) => writeln!(out, "    {entry}: reviewed {}; now {}", moved(was), moved(is)),
            (None, None) => Ok(()),
        };
    }
    if differ.len() > SHOWN {
        let _ = writeln!(out, "  and {} more", differ.len() - SHOWN);
    }
    if differ.is_empty() {
        // The moves are the same, so how far the manifests speak is not.
        out.push_str("  the same changes; the extents of the lists that they are in differ\n");
    }
    out
}

fn side(change: &ResourceChange) -> Option<&Permission> {
    change.change.after.as_ref().or(change.change.before.as_ref())
}

fn moved(change: &ResourceChange) -> String {
    let words = |side: &Permission| {
        if side.words.is_empty() { "held".to_owned() } else { clip(&side.words) }
    };
    match (&change.change.before, &change.change.after) {
        (None, Some(after)) => format!("+ {}", words(after)),
        (Some(before), None) => format!("- {}", words(before)),
        (Some(before), Some(after)) => format!("~ {} → {}", words(before), words(after)),
        (None, None) => "nothing".to_owned(),
    }
}
