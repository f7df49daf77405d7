//! Findings as annotations of GitHub Actions and Azure Pipelines, at their file and line.
use std::fmt::Write as _;

use crate::finding::{Finding, Severity};
use crate::foreign::clip;

/// How many annotations of a severity GitHub shows of one step (GitHub community discussion 26680).
const SHOWN_OF_A_KIND: usize = 10;

/// Renders findings as workflow commands of GitHub Actions, errors first.
pub fn github(findings: &[&Finding]) -> String {
    let mut out = String::new();
    for (finding, more) in aggregated(findings) {
        let mut properties = vec![format!("title={}", property(finding.rule.id()))];
        if let Some(at) = &finding.at {
            properties.insert(0, format!("file={},line={},col={}", property(&clip(&at.file)), at.line, at.column));
        }
        let word = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "notice",
        };
        let _ = writeln!(out, "::{word} {}::{}", properties.join(","), data(&message(finding, more)));
    }
    out
}

/// Renders findings as logging commands of Azure Pipelines, errors first; it has no annotation for notes.
pub fn azure_devops(findings: &[&Finding]) -> String {
    let mut out = String::new();
    for (finding, more) in aggregated(findings) {
        let word = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => continue,
        };
        let mut properties = vec![format!("type={word}")];
        if let Some(at) = &finding.at {
            let file = azure_property(&clip(&at.file));
            properties.push(format!("sourcepath={file};linenumber={};columnnumber={}", at.line, at.column));
        }
        properties.push(format!("code={}", finding.rule.id()));
        let _ = writeln!(out, "##vso[task.logissue {}]{}", properties.join(";"), azure_data(&message(finding, more)));
    }
    out
}

/// Errors before warnings before notes, so many of each as are shown; the last of a severity says how many there are more.
fn aggregated<'finding>(findings: &[&'finding Finding]) -> Vec<(&'finding Finding, usize)> {
    let mut shown = Vec::new();
    for severity in [Severity::Error, Severity::Warning, Severity::Note] {
        let mut of_kind: Vec<_> = findings.iter().copied().filter(|finding| finding.severity == severity).collect();
        of_kind.sort();
        let more = of_kind.len().saturating_sub(SHOWN_OF_A_KIND);
        of_kind.truncate(SHOWN_OF_A_KIND);
        let last = of_kind.len();
        shown.extend(
            of_kind.into_iter().enumerate().map(|(at, finding)| (finding, if at + 1 == last { more } else { 0 })),
        );
    }
    shown
}

fn message(finding: &Finding, more: usize) -> String {
    let mut text = clip(&finding.message);
    for hint in &finding.hints {
        let _ = write!(text, "\nhint: {}", clip(hint));
    }
    if more > 0 {
        let _ = write!(text, "\nand {more} more in the log of the job");
    }
    text
}

/// The escapes of GitHub's data (toolkit, `command.ts`).
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The escapes of GitHub's properties.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// The escapes of Azure Pipelines' data (task library, `taskcommand.ts`).
fn azure_data(text: &str) -> String {
    text.replace('%', "%AZP25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The escapes of Azure Pipelines' properties.
fn azure_property(text: &str) -> String {
    azure_data(text).replace(']', "%5D").replace(';', "%3B")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::Place;
    use crate::rules::Rule;

    fn place(line: u32) -> Place {
        Place { file: "roles/a,b:c;d].yaml".into(), line, column: 7, length: 7 }
    }

    #[test]
    fn annotations_stand_at_file_and_line() {
        let findings = [
            Finding::note(Rule::LikelyRefused, &place(1), "good to know"),
            Finding::error(Rule::UnknownTable, &place(4), "`Procces` is 100 % no table\n::error::x").hint("Process?"),
        ];
        let findings: Vec<_> = findings.iter().collect();
        insta::assert_snapshot!(github(&findings), @"
        ::error file=roles/a%2Cb%3Ac;d].yaml,line=4,col=7,title=unknown-table::`Procces` is 100 %25 no table\\u{a}:\\u{3a}error:\\u{3a}x%0Ahint: Process?
        ::notice file=roles/a%2Cb%3Ac;d].yaml,line=1,col=7,title=likely-refused::good to know
        ");
        insta::assert_snapshot!(azure_devops(&findings), @"
        ##vso[task.logissue type=error;sourcepath=roles/a,b:c%3Bd%5D.yaml;linenumber=4;columnnumber=7;code=unknown-table]`Procces` is 100 %AZP25 no table\\u{a}:\\u{3a}error:\\u{3a}x%0Ahint: Process?
        ");
    }

    #[test]
    fn more_than_are_shown_are_counted_in_the_last() {
        let findings: Vec<_> = (1..=13).map(|line| Finding::error(Rule::Shape, &place(line), "wrong")).collect();
        let text = github(&findings.iter().collect::<Vec<_>>());
        assert_eq!(text.lines().count(), 10);
        assert!(text.trim_end().ends_with("and 3 more in the log of the job"), "{text}");
    }
}
