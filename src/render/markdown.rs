//! A plan as Markdown for pull requests: the verdict first, the worst first, and never longer than a comment may be.
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Shown, plan, worst};
use crate::finding::Severity;
use crate::foreign::clip;
use crate::kinds::policy::risk::Grade;
use crate::plan::saved::Summary;
use crate::plan::{Line, digest};
use crate::review::{Direction, Grades};

/// How long a comment may be on GitHub, in characters (documentation of setup-terraform).
pub const GITHUB_LIMIT: usize = 65_536;
/// How long a comment may be on Azure DevOps, in characters (the constant of a public client).
pub const AZURE_DEVOPS_LIMIT: usize = 150_000;
/// A limit below this is raised to it: the verdict and the digest always have room.
pub const LEAST_LIMIT: usize = 4_000;

/// How many lines are listed before everything else.
const FIRST: usize = 10;
/// How many sentences about people are listed.
const SENTENCES: usize = 20;
/// How many findings are listed.
const FINDINGS: usize = 20;
/// What is kept free for the ends of blocks, what is said of the rest, and the digest.
const RESERVE: usize = 600;

/// Renders the plans of a run as one comment of at most `limit` characters; empty when there is nothing to say.
///
/// The first line is a hidden marker, by which a pipeline finds the comment again: `marker` is `plan` or a name that the
/// caller gives to tell comments apart.
pub fn plans(shown: &Shown<'_>, marker: &str, limit: usize) -> String {
    if shown.is_empty() {
        return String::new();
    }
    let mut page = Page { text: String::new(), used: 0, limit: limit.max(LEAST_LIMIT) - RESERVE };
    let summary = Summary::of(&shown.plans);
    page.must(&format!("{}\n### powergrant: {}\n\n", self::marker(marker), verdict(shown, &summary)));
    let parts: Vec<String> = [risk(shown), counts(&summary)].into_iter().filter(|part| !part.is_empty()).collect();
    if !parts.is_empty() {
        page.must(&format!("{}\n\n", parts.join(" ")));
    }
    let grades = Grades::of(&shown.reviews);
    findings(&mut page, shown);
    first(&mut page, shown, &grades);
    effective(&mut page, shown);
    details(&mut page, shown, &grades);
    let digest = digest::digest(shown.plans.iter().copied());
    // A plan under pseudonyms has none, and cannot be applied.
    if summary.changes() > 0 && !digest.is_empty() {
        page.must(&format!("Apply exactly this: `powergrant apply --expect {digest}`\n"));
    }
    page.text
}

/// The hidden line by which a comment is found again.
pub fn marker(name: &str) -> String {
    let name: String =
        name.chars().filter(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(*letter)).collect();
    format!("<!-- powergrant:{name} -->")
}

fn verdict(shown: &Shown<'_>, summary: &Summary) -> String {
    let Summary { add, change, remove, blocked, unread, .. } = *summary;
    let wrong = shown.findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    let mut parts = Vec::new();
    if wrong > 0 {
        parts.push(if wrong == 1 { "1 thing is wrong".to_owned() } else { format!("{wrong} things are wrong") });
    }
    if summary.changes() > 0 {
        parts.push(format!("{add} to add, {change} to change, {remove} to remove"));
    }
    if blocked > 0 {
        parts.push(format!("{blocked} blocked"));
    }
    if unread > 0 || !shown.unreachable.is_empty() {
        parts.push(format!("{} not read", unread + shown.unreachable.len()));
    }
    parts.join("; ")
}

/// How risky it all is, and how many changes are more than low.
fn risk(shown: &Shown<'_>) -> String {
    let Some(grade) = shown.reviews.iter().filter_map(|review| review.risk.grade).max() else { return String::new() };
    let mut counts: BTreeMap<Reverse<Grade>, usize> = BTreeMap::new();
    for change in shown.reviews.iter().flat_map(|review| &review.risk.changes) {
        *counts.entry(Reverse(change.grade)).or_default() += 1;
    }
    let counts = counts.iter().filter(|(Reverse(grade), _)| *grade > Grade::Low);
    let counts: Vec<String> = counts.map(|(Reverse(grade), count)| format!("{count} {}", grade.word())).collect();
    if counts.is_empty() {
        return format!("Risk: {}.", grade.word());
    }
    format!("**Risk: {}** ({}).", grade.word(), counts.join(", "))
}

fn counts(summary: &Summary) -> String {
    match (summary.widen, summary.narrow) {
        (0, 0) => String::new(),
        (widen, 0) => format!("**{widen} widen access**, none narrows it."),
        (0, narrow) => format!("None widens access, {narrow} narrow it."),
        (widen, narrow) => format!("**{widen} widen access**, {narrow} narrow it."),
    }
}

fn findings(page: &mut Page, shown: &Shown<'_>) {
    let mut all: Vec<_> = shown.findings.iter().filter(|finding| finding.severity != Severity::Note).collect();
    all.sort_by_key(|finding| (finding.severity, &finding.at));
    let mut lines: Vec<String> = shown
        .unreachable
        .iter()
        .map(|(name, problem)| {
            format!("- **error** {} could not be read: {}\n", code(name), code(&problem.to_string()))
        })
        .collect();
    lines.extend(all.iter().map(|finding| {
        let at = finding.at.as_ref().map(|at| format!(" at {}", code(&at.to_string()))).unwrap_or_default();
        format!("- **{}** `{}`{at}: {}\n", finding.severity.word(), finding.rule, code(&finding.message))
    }));
    list(page, &lines, FINDINGS, "in the log of the job");
}

/// As many lines as may be and as there is room for; the rest is counted, with where it stands.
fn list(page: &mut Page, lines: &[String], most: usize, elsewhere: &str) {
    let mut left = lines.len();
    for line in lines.iter().take(most) {
        if !page.fits(length(line)) {
            break;
        }
        page.must(line);
        left -= 1;
    }
    if left > 0 {
        page.must(&format!("- and {left} more {elsewhere}\n"));
    }
    if !lines.is_empty() {
        page.must("\n");
    }
}

/// The lines that must be read whatever else is: the riskiest with the reason, and the worst of a long plan.
fn first(page: &mut Page, shown: &Shown<'_>, grades: &Grades<'_>) {
    let worst = worst::first(&shown.plans, grades);
    // A short plan is read as a whole, below.
    let is_long = worst.len() > FIRST;
    let listed = worst.into_iter().filter(|one| is_long || one.grade() > Grade::Low).take(FIRST);
    let lines: Vec<String> = listed
        .map(|one| {
            let line = squeezed(&plan::one(one.line)).replacen(' ', &format!(" {}: ", one.line.heading), 1);
            let reason = one.reason().map(|reason| format!(": {}", code(reason))).unwrap_or_default();
            let grade = match one.grade() {
                Grade::Low => String::new(),
                grade @ (Grade::Medium | Grade::High | Grade::Critical) => format!("**{}** ", grade.word()),
            };
            format!("- {grade}{} {}{reason}\n", code(&one.plan.environment), code(&line))
        })
        .collect();
    if !lines.is_empty() {
        page.must("Read these first:\n\n");
        list(page, &lines, FIRST, "below");
    }
}

/// What the plans mean for people: who gains before who loses, and what concerns most people before the rest.
fn effective(page: &mut Page, shown: &Shown<'_>) {
    let all = shown.reviews.iter().flat_map(|review| review.effective.iter().map(move |one| (review, one)));
    let mut all: Vec<_> = all.collect();
    all.sort_by_key(|(_, statement)| (statement.direction, Reverse(statement.people)));
    let lines = all.into_iter().map(|(review, statement)| {
        let word = match statement.direction {
            Direction::Gains => "**gain** ",
            Direction::MayGain => "**may gain** ",
            Direction::Loses => "lose ",
            Direction::Keeps => "keep ",
            Direction::Nobody => "",
        };
        format!("- {word}{} {}\n", code(&review.environment), code(&statement.text))
    });
    let lines: Vec<String> = lines.collect();
    if !lines.is_empty() {
        page.must("What this means for people:\n\n");
        list(page, &lines, SENTENCES, "in the JSON of the plan");
    }
}

/// One folded block an environment, of as many lines as there is room for.
fn details(page: &mut Page, shown: &Shown<'_>, grades: &Grades<'_>) {
    let mut left_out = 0;
    for plan in &shown.plans {
        let worst = worst::first(&[*plan], grades);
        let Some(riskiest) = worst.first() else { continue };
        let risk = match riskiest.grade() {
            Grade::Low => String::new(),
            grade @ (Grade::Medium | Grade::High | Grade::Critical) => format!(", risk {}", grade.word()),
        };
        let lines: Vec<&Line> = worst.iter().map(|one| one.line).collect();
        let what = if lines.len() == 1 { "1 line".to_owned() } else { format!("{} lines", lines.len()) };
        let open = if lines.len() <= FIRST { " open" } else { "" };
        let name = html(&clip(&plan.environment));
        let mut block = format!("<details{open}><summary><b>{name}</b>: {what}{risk}</summary>\n\n```diff\n");
        let tail = "```\n\n</details>\n\n";
        let mut here = 0;
        let mut used = length(&block) + length(tail);
        'whole: for lines in blocks(&lines) {
            let mut heading = format!("{}{}\n", if here == 0 { "" } else { "\n" }, fenced(&heading_of(lines[0])));
            for line in lines {
                let text = format!("{heading}{}\n", fenced(&plan::one(line)));
                used += length(&text);
                if !page.fits(used) {
                    break 'whole;
                }
                block.push_str(&text);
                heading.clear();
                here += 1;
            }
        }
        left_out += lines.len() - here;
        if here > 0 {
            page.must(&format!("{block}{tail}"));
        }
    }
    if left_out > 0 {
        page.must(&format!("**{left_out} more lines do not fit here.** The log of the job has all of them.\n\n"));
    }
}

/// Lines by subject, in the order of each subject's worst line.
fn blocks<'line>(lines: &[&'line Line]) -> Vec<Vec<&'line Line>> {
    let mut at = std::collections::BTreeMap::new();
    let mut blocks: Vec<Vec<&Line>> = Vec::new();
    for line in lines {
        let index = *at.entry((line.ledger, line.subject.as_str())).or_insert_with(|| {
            blocks.push(Vec::new());
            blocks.len() - 1
        });
        blocks[index].push(line);
    }
    blocks
}

fn heading_of(line: &Line) -> String {
    format!("{}{}", line.heading, if line.new { " (new)" } else { "" })
}

/// Foreign text as a code span, in which nothing is markup: its ends are longer than any run of backticks in it, and what
/// would open a tag or a cell is escaped.
pub fn code(text: &str) -> String {
    let text = unmarked(&clip(text));
    let text = text.trim();
    if text.is_empty() {
        return String::new();
    }
    let run = text.split(|letter| letter != '`').map(str::len).max().unwrap_or_default();
    let (end, space) = ("`".repeat(run + 1), if run > 0 { " " } else { "" });
    format!("{end}{space}{text}{space}{end}")
}

/// Foreign text inside of a fence, which three backticks would end.
pub(super) fn fenced(text: &str) -> String {
    unmarked(&clip(text)).replace("```", "``\\u{60}")
}

fn unmarked(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        // `@<id>` is a mention on Azure DevOps, so it is not for tags alone.
        let opens_tag = letter == '<'
            && letters.peek().is_some_and(|next| next.is_ascii_alphanumeric() || matches!(next, '/' | '!' | '?'));
        if opens_tag || letter == '|' {
            shown.extend(letter.escape_unicode());
        } else {
            shown.push(letter);
        }
    }
    shown
}

/// Foreign text in HTML, in which Markdown is not looked for.
fn html(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_ascii_alphanumeric() || matches!(letter, ' ' | '-' | '.') || !letter.is_ascii() {
            shown.push(letter);
        } else {
            let _ = write!(shown, "&#{};", u32::from(letter));
        }
    }
    shown
}

/// Without the spaces of columns.
fn squeezed(text: &str) -> String {
    text.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// A text that knows how long it may become.
struct Page {
    text: String,
    used: usize,
    limit: usize,
}

impl Page {
    /// Adds what there must be room for.
    fn must(&mut self, text: &str) {
        self.used += length(text);
        self.text.push_str(text);
    }

    fn fits(&self, length: usize) -> bool {
        self.used + length <= self.limit
    }
}

/// Counted as JavaScript does, which is never less than characters.
fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

#[cfg(test)]
mod tests;
