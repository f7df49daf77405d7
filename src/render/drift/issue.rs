//! Drift as the body of the one issue that tells of it.
use std::fmt::Write as _;

use jiff::civil::Date;

use super::{Counts, Drift, SECTIONS, coverage, reason, remark};
use crate::foreign::clip;
use crate::render::markdown::{code, fenced, marker};
use crate::render::plan::one;

/// The title of the issue, the same whatever drifted, so that it is found again.
pub const TITLE: &str = "powergrant: the tenant is not as the manifests say";

/// How many lines of a class are listed.
const LISTED: usize = 100;

/// Renders drift as the body of an issue of at most `limit` characters; empty when nothing drifted.
pub fn issue(drifts: &[Drift<'_>], today: Date, limit: usize) -> String {
    let counts = Counts::of(drifts);
    if counts.differences() + counts.unreadable == 0 {
        return String::new();
    }
    let mut body = format!("{}\n**{}**\n\n", marker("drift"), counts.words());
    let mut left_out = 0;
    // Room for the coverage and for what is said of the rest.
    let room = limit.saturating_sub(600);
    for (title, what, is_of) in SECTIONS {
        for drift in drifts {
            let lines: Vec<_> = drift.lines.iter().filter(|(class, _, _)| is_of(class)).collect();
            if lines.is_empty() {
                continue;
            }
            let mut block =
                format!("#### {title}: {} in {}\n\n{what}\n\n```diff\n", lines.len(), code(&drift.plan.environment));
            let mut heading = None;
            let mut here = 0;
            for (class, line, author) in lines.iter().take(LISTED) {
                let mut text = String::new();
                if heading != Some(&line.heading) {
                    let _ = writeln!(text, "{}", fenced(&line.heading));
                }
                let _ = writeln!(text, "{}", fenced(&format!("{}{}", one(line), remark(class, author.as_ref()))));
                if length(&body) + length(&block) + length(&text) > room {
                    break;
                }
                heading = Some(&line.heading);
                block.push_str(&text);
                here += 1;
            }
            left_out += lines.len() - here;
            if here > 0 {
                let _ = write!(body, "{block}```\n\n");
            }
        }
    }
    for problem in drifts.iter().flat_map(Drift::unread_log) {
        let text = format!("The audit log could not be read: {}\n\n", code(&clip(&problem.to_string())));
        if length(&body) + length(&text) <= room {
            body.push_str(&text);
        }
    }
    for (rule, line) in drifts.iter().flat_map(|drift| &drift.ignored) {
        let text = format!(
            "- left out: {}, {}: {}\n",
            code(&line.heading),
            code(line.name.trim()),
            code(&reason(rule, today))
        );
        if length(&body) + length(&text) > room {
            left_out += 1;
        } else {
            body.push_str(&text);
        }
    }
    if left_out > 0 {
        let _ = writeln!(body, "\n**{left_out} more lines do not fit here.** The log of the job has all of them.");
    }
    let _ = write!(body, "\n{}", coverage(&counts));
    body
}

fn length(text: &str) -> usize {
    text.encode_utf16().count()
}
