//! Drift by where it comes from: what it is made of, and as text.
use std::fmt::Write as _;

use jiff::civil::Date;

use super::plan::one;
use crate::foreign::clip;
use crate::journal::audit::Author;
use crate::journal::drift::{Class, Why};
use crate::journal::ignore::Ignore;
use crate::plan::{Line, Plan};
use crate::problem::Problem;

mod document;
mod issue;

pub use document::{events, json};
pub use issue::{TITLE, issue};

/// The drift of one environment.
pub struct Drift<'run> {
    /// The plan.
    pub plan: &'run Plan,
    /// Its lines with the kind of drift that they are, and who changed what was changed outside Git.
    pub lines: Vec<(Class, &'run Line, Option<Author>)>,
    /// Lines that a rule leaves out.
    pub ignored: Vec<(&'run Ignore, &'run Line)>,
}

impl Drift<'_> {
    /// Why the audit log could not be read, each reason once.
    fn unread_log(&self) -> Vec<&Problem> {
        let mut problems: Vec<&Problem> = Vec::new();
        for (_, _, author) in &self.lines {
            match author {
                // The same refusal comes once for every record, each with its own address.
                Some(Author::Unreadable(problem))
                    if !problems.iter().any(|known| (known.cause, &known.says) == (problem.cause, &problem.says)) =>
                {
                    problems.push(problem);
                }
                Some(Author::Unreadable(_) | Author::Known { .. } | Author::NotLogged | Author::NoLog) | None => {}
            }
        }
        problems
    }
}

/// Counts of what drifted, over all environments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Changed outside of Git.
    pub outside: usize,
    /// Not applied yet.
    pub not_yet_applied: usize,
    /// Of unknown origin.
    pub unknown: usize,
    /// Not changed here.
    pub blocked: usize,
    /// Not read.
    pub unreadable: usize,
    /// Named in no manifest.
    pub unmanaged: usize,
    /// Named in manifests.
    pub named: usize,
    /// Left out by a rule.
    pub ignored: usize,
}

impl Counts {
    /// Counts what drifted.
    pub fn of(drifts: &[Drift<'_>]) -> Self {
        let mut counts = Self::default();
        for drift in drifts {
            counts.named += drift.plan.named;
            counts.ignored += drift.ignored.len();
            for (class, _, _) in &drift.lines {
                match class {
                    Class::Outside => counts.outside += 1,
                    Class::NotYetApplied(_) => counts.not_yet_applied += 1,
                    Class::Unknown => counts.unknown += 1,
                    Class::Blocked => counts.blocked += 1,
                    Class::Unreadable => counts.unreadable += 1,
                    Class::Unmanaged => counts.unmanaged += 1,
                }
            }
        }
        counts
    }

    /// How many differences there are that `apply` would mend, or nobody can.
    pub fn differences(&self) -> usize {
        self.outside + self.not_yet_applied + self.unknown + self.blocked
    }

    /// The share of permissions that manifests name, of those in the lists that they speak of.
    pub fn coverage(&self) -> Option<usize> {
        (self.named * 100).checked_div(self.named + self.unmanaged)
    }

    fn words(&self) -> String {
        let parts = [
            (self.outside, "changed outside Git"),
            (self.not_yet_applied, "not yet applied"),
            (self.unknown, "of unknown origin"),
            (self.blocked, "not writable here"),
            (self.unreadable, "not read"),
            (self.ignored, "left out by rules"),
        ];
        let parts = parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
        parts.collect::<Vec<_>>().join(", ")
    }
}

/// What stands over the lines of a class, and what to do about them; in the order in which they are printed.
const SECTIONS: [(&str, &str, fn(&Class) -> bool); 6] = [
    ("changed outside Git", "`apply` brings the manifests' state back; or write the change into them", |class| {
        *class == Class::Outside
    }),
    ("not yet applied", "`apply` has not brought the manifests about", |class| {
        matches!(class, Class::NotYetApplied(_))
    }),
    ("of unknown origin", "the journal has no run of this environment to compare with", |class| {
        *class == Class::Unknown
    }),
    ("not writable here", "it cannot be changed in this environment", |class| *class == Class::Blocked),
    ("not read", "nothing is known about these", |class| *class == Class::Unreadable),
    ("unmanaged", "granted, and named in no manifest", |class| *class == Class::Unmanaged),
];

/// Renders drift as text. What a line shows is what `apply` would do.
pub fn text(drifts: &[Drift<'_>], today: Date) -> String {
    let mut out = String::new();
    for drift in drifts {
        let _ = writeln!(out, "{}", clip(&drift.plan.environment));
        if drift.lines.is_empty() {
            let _ = writeln!(out, "\n  as the manifests say");
        }
        for (title, what, is_of) in SECTIONS {
            let lines: Vec<_> = drift.lines.iter().filter(|(class, _, _)| is_of(class)).collect();
            if lines.is_empty() {
                continue;
            }
            let _ = writeln!(out, "\n  {title}: {what}");
            let mut heading = None;
            for (class, line, author) in lines {
                if heading != Some(&line.heading) {
                    heading = Some(&line.heading);
                    let _ = writeln!(out, "    {}", clip(&line.heading));
                }
                let _ = writeln!(out, "      {}{}", one(line), remark(class, author.as_ref()));
            }
        }
        for problem in drift.unread_log() {
            let (why, next) = (clip(&problem.to_string()), clip(&problem.next));
            let _ = writeln!(out, "\n  the audit log could not be read: {why}\n  hint: {next}");
        }
        if !drift.ignored.is_empty() {
            let _ = writeln!(out, "\n  left out by rules");
        }
        for (rule, line) in &drift.ignored {
            let _ = writeln!(out, "    {}: {}; {}", clip(&line.heading), one(line), reason(rule, today));
        }
        out.push('\n');
    }
    let counts = Counts::of(drifts);
    let _ = match counts.differences() {
        0 => write!(out, "Drift: none"),
        1 => write!(out, "Drift: 1 difference"),
        count => write!(out, "Drift: {count} differences"),
    };
    let words = counts.words();
    let _ = if words.is_empty() { writeln!(out, ".") } else { writeln!(out, "; {words}.") };
    out.push_str(&coverage(&counts));
    out
}

/// One line of drift by itself, for a log.
pub fn alone(class: &Class, line: &Line) -> String {
    // Columns are for lines that stand below each other.
    let text = one(line);
    let words: Vec<&str> = text.split_whitespace().collect();
    format!("{}: {}{}", clip(&line.heading), words.join(" "), remark(class, None))
}

fn coverage(counts: &Counts) -> String {
    counts.coverage().filter(|_| counts.unmanaged > 0).map_or_else(String::new, |share| {
        format!(
            "Coverage: {share} % of the permissions in the lists that manifests speak of are named in them; {} in none.\n",
            counts.unmanaged
        )
    })
}

fn remark(class: &Class, author: Option<&Author>) -> String {
    why(class, author).map_or_else(String::new, |why| format!("; {}", clip(&why)))
}

/// Where a difference comes from, in words.
fn why(class: &Class, author: Option<&Author>) -> Option<String> {
    match class {
        Class::NotYetApplied(Why::ManifestIsNewer) => Some("the manifest is newer than the last run".to_owned()),
        Class::NotYetApplied(Why::Expired) => Some("its last day has passed".to_owned()),
        Class::NotYetApplied(Why::DidNotHold { run, outcome }) => {
            Some(format!("{} in run {}", outcome.words(), run.get(..8).unwrap_or(run)))
        }
        Class::Outside => author.map(Author::words),
        Class::Unknown | Class::Blocked | Class::Unreadable | Class::Unmanaged => None,
    }
}

fn reason(rule: &Ignore, today: Date) -> String {
    let days = (rule.until - today).get_days();
    let left = if days == 1 { "1 day".to_owned() } else { format!("{days} days") };
    format!("{}, until {} ({left} left)", clip(&rule.reason), rule.until)
}
