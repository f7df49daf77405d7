//! Findings as text with excerpts, and as JSON.
use std::fmt::Write as _;
use std::ops::Range;

use annotate_snippets::{Annotation, AnnotationKind, Level, Renderer, Snippet};
use serde_json::{Value, json};

use crate::finding::{Finding, Severity};
use crate::foreign::{begins_command, inert, is_hidden};
use crate::manifest::Sources;
use crate::place::Place;

/// How many characters of a line are shown at most, around what is meant.
const WIDTH: usize = 120;

/// Renders findings in the order of their places, each with its lines and what to do, and counts them at the end.
pub fn text(findings: &[Finding], sources: &Sources) -> String {
    let mut findings: Vec<_> = findings.iter().collect();
    findings.sort();
    let mut text = String::new();
    for finding in &findings {
        text.push_str(&one(finding, sources));
        text.push_str("\n\n");
    }
    if !findings.is_empty() {
        text.push_str(&count(&findings));
        text.push('\n');
    }
    text
}

/// Renders findings as JSON, in the order of their places.
pub fn json(findings: &[Finding]) -> Value {
    let mut findings: Vec<_> = findings.iter().collect();
    findings.sort();
    findings
        .into_iter()
        .map(|Finding { at, severity, rule, message, also, hints }| {
            let also: Vec<_> = also.iter().map(|(place, label)| json!({ "at": place, "message": label })).collect();
            json!({ "rule": rule, "severity": severity, "message": message, "at": at, "also": also, "hints": hints })
        })
        .collect()
}

fn one(finding: &Finding, sources: &Sources) -> String {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level.primary_title(inert(&finding.message)).id(finding.rule.id());
    let mut snippets = Vec::new();
    if let Some(at) = &finding.at {
        snippets.extend(snippet(at, None, sources));
    }
    for (place, label) in &finding.also {
        snippets.extend(snippet(place, Some(label), sources));
    }
    let shown = snippets.len();
    let mut text = Renderer::plain().term_width(WIDTH + 20).render(&[title.elements(snippets)]);
    if let (Some(at), 0) = (&finding.at, shown) {
        // The text of the file could not be had: the place alone.
        let _ = write!(text, "\n  --> {}", inert(&at.to_string()));
    }
    for hint in &finding.hints {
        let _ = write!(text, "\nhint: {}", inert(hint));
    }
    text
}

fn snippet<'text>(place: &Place, label: Option<&str>, sources: &Sources) -> Option<Snippet<'text, Annotation<'text>>> {
    let line = sources.line(place)?;
    let (line, span) = excerpt(line, place);
    let kind = if label.is_none() { AnnotationKind::Primary } else { AnnotationKind::Context };
    Some(
        Snippet::source(line)
            .line_start(usize::try_from(place.line).unwrap_or(usize::MAX))
            .path(inert(&place.file))
            .annotation(kind.span(span).label(label.map(inert))),
    )
}

/// Takes the part of a line that matters, escaped, and where in it the meant characters are.
fn excerpt(line: &str, place: &Place) -> (String, Range<usize>) {
    let number = |value: u32| usize::try_from(value).unwrap_or(usize::MAX);
    let (first, length) = (number(place.column).saturating_sub(1), number(place.length));
    let last = first.saturating_add(length.min(WIDTH));
    let mut shown = String::new();
    let mut span = None;
    for (position, letter) in line.chars().enumerate().take(last.saturating_add(WIDTH)) {
        if position == first {
            span = Some(shown.len()..shown.len());
        }
        if (is_hidden(letter) && letter != '\t') || begins_command(shown.chars().last(), letter) {
            shown.extend(letter.escape_unicode());
        } else {
            shown.push(letter);
        }
        if let Some(span) = span.as_mut().filter(|_| position < last) {
            span.end = shown.len();
        }
    }
    let end = shown.len();
    (shown, span.unwrap_or(end..end))
}

/// Says how many findings there are of each severity.
fn count(findings: &[&Finding]) -> String {
    let mut parts = Vec::new();
    for severity in [Severity::Error, Severity::Warning, Severity::Note] {
        let count = findings.iter().filter(|finding| finding.severity == severity).count();
        if count > 0 {
            parts.push(format!("{count} {}{}", severity.word(), if count == 1 { "" } else { "s" }));
        }
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Rule;

    fn sources() -> Sources {
        let mut sources = Sources::default();
        let text = "spec:\n  role: Flow Runner\n  privileges:\n      Procces: { Read: organization }\n  x: \"\u{1b}[31m\u{202e}\" # é\n";
        sources.add("roles/flow-runner.yaml".into(), text.to_owned());
        sources
    }

    fn place(line: u32, column: u32, length: u32) -> Place {
        Place { file: "roles/flow-runner.yaml".into(), line, column, length }
    }

    #[test]
    fn a_finding_shows_its_line_and_what_to_do() {
        let findings = [
            Finding::error(Rule::UnknownTable, &place(4, 7, 7), "`Procces` is not a table in contoso-prod")
                .hint("did you mean `Process`?"),
            Finding::warning(Rule::NameMismatch, &place(2, 9, 11), "two names").also(&place(4, 16, 4), "the other"),
        ];
        insta::assert_snapshot!(text(&findings, &sources()), @"
        warning[name-mismatch]: two names
         --> roles/flow-runner.yaml:2:9
          |
        2 |   role: Flow Runner
          |         ^^^^^^^^^^^
          |
         ::: roles/flow-runner.yaml:4:16
          |
        4 |       Procces: { Read: organization }
          |                ---- the other

        error[unknown-table]: `Procces` is not a table in contoso-prod
         --> roles/flow-runner.yaml:4:7
          |
        4 |       Procces: { Read: organization }
          |       ^^^^^^^
        hint: did you mean `Process`?

        1 error, 1 warning
        ");
    }

    #[test]
    fn what_a_terminal_would_obey_is_escaped() {
        let findings = [Finding::error(Rule::Shape, &place(5, 3, 1), "`\u{1b}[31m` is \u{202e}not known")];
        insta::assert_snapshot!(text(&findings, &sources()), @r#"
        error[shape]: `\u{1b}[31m` is \u{202e}not known
         --> roles/flow-runner.yaml:5:3
          |
        5 |   x: "\u{1b}[31m\u{202e}" # é
          |   ^

        1 error
        "#);
    }

    #[test]
    fn a_finding_without_a_place_or_a_text_is_still_told() {
        let findings = [
            Finding::new(Severity::Error, Rule::NoDocuments, None, "no documents"),
            Finding::note(Rule::Unreadable, &Place::start_of("gone.yaml"), "cannot be read"),
        ];
        insta::assert_snapshot!(text(&findings, &Sources::default()), @"
        error[no-documents]: no documents

        note[unreadable]: cannot be read
          --> gone.yaml:1:1

        1 error, 1 note
        ");
    }

    #[test]
    fn json_has_every_part() {
        let findings =
            [Finding::error(Rule::Shape, &place(2, 3, 4), "wrong").also(&place(1, 1, 4), "first").hint("do")];
        insta::assert_snapshot!(json(&findings), @r#"
        [{"also":[{"at":{"column":1,"file":"roles/flow-runner.yaml","length":4,"line":1},"message":"first"}],"at":{"column":3,"file":"roles/flow-runner.yaml","length":4,"line":2},"hints":["do"],"message":"wrong","rule":"shape","severity":"error"}]
        "#);
    }
}
