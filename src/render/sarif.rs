//! Findings as SARIF 2.1.0, the format of code scanning.
use std::collections::BTreeSet;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::Shown;
use super::worst::{self, Worst};
use crate::finding::{Finding, Severity};
use crate::foreign::inert;
use crate::kinds::policy::risk::Grade;
use crate::place::Place;
use crate::review::Grades;
use crate::rules::Rule;

/// How many results GitHub takes of one run (GitHub Docs: SARIF results exceed one or more limits).
const RESULTS: usize = 25_000;

/// Renders findings as one run; rules that nothing broke are left out.
pub fn log(findings: &[&Finding]) -> String {
    log_with(findings, &[])
}

/// Renders what a run has to show: findings, and after them the changes that are more than low risk, the riskiest first,
/// each at the line that wants it with the reason.
pub fn shown(shown: &Shown<'_>) -> String {
    let grades = Grades::of(&shown.reviews);
    let risky: Vec<Worst<'_>> =
        worst::first(&shown.plans, &grades).into_iter().filter(|one| one.grade() > Grade::Low).collect();
    log_with(&shown.findings, &risky)
}

fn log_with(findings: &[&Finding], risky: &[Worst<'_>]) -> String {
    let mut findings = findings.to_vec();
    findings.sort_by_key(|finding| (finding.severity, *finding));
    findings.truncate(RESULTS);
    let broken: BTreeSet<Rule> = findings.iter().map(|finding| finding.rule).collect();
    let mut rules: Vec<Value> =
        broken.iter().map(|rule| json!({ "id": rule.id(), "shortDescription": { "text": rule.meaning() } })).collect();
    let mut results: Vec<Value> = findings
        .iter()
        .map(|finding| {
            let index = broken.iter().position(|rule| *rule == finding.rule);
            result(finding, index.unwrap_or_default())
        })
        .collect();
    let first = rules.len();
    let mut grades: Vec<Grade> = risky.iter().map(Worst::grade).collect();
    grades.dedup();
    rules.extend(grades.iter().map(|grade| rule_of(*grade)));
    for one in risky.iter().take(RESULTS - results.len()) {
        let index = grades.iter().position(|grade| *grade == one.grade()).unwrap_or_default();
        results.push(risk(one, first + index));
    }
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "powergrant",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    super::json::pretty(&log)
}

fn result(finding: &Finding, rule: usize) -> Value {
    let level = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let hints: String = finding.hints.iter().map(|hint| format!("\nhint: {}", inert(hint))).collect();
    let mut result = json!({
        "ruleId": finding.rule.id(),
        "ruleIndex": rule,
        "level": level,
        "message": { "text": format!("{}{hints}", inert(&finding.message)) },
        "partialFingerprints": { "powergrant/v1": fingerprint(finding) },
        "locations": finding.at.iter().map(|at| location(at, None)).collect::<Vec<_>>(),
    });
    if !finding.also.is_empty() {
        let also = finding.also.iter().map(|(place, label)| location(place, Some(label)));
        result["relatedLocations"] = also.collect::<Vec<_>>().into();
    }
    result
}

/// Changes of one grade as a rule; the number is what code scanning sorts by (GitHub Docs: `security-severity`).
fn rule_of(grade: Grade) -> Value {
    let severity = match grade {
        Grade::Critical => "9.5",
        Grade::High => "8.0",
        Grade::Medium => "5.0",
        Grade::Low => "1.0",
    };
    json!({
        "id": format!("{}-risk", grade.word()),
        "shortDescription": { "text": format!("A planned change of {} risk.", grade.word()) },
        "properties": { "security-severity": severity, "tags": ["security"] },
    })
}

/// A risky change as a result: worth reading, and nothing that is wrong.
fn risk(one: &Worst<'_>, rule: usize) -> Value {
    let name = one.line.name.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = format!("{}: {}, {name}: {}", one.plan.environment, one.line.heading, one.reason().unwrap_or_default());
    let hash = Sha256::digest(format!("risk\0{}\0{:?}", one.plan.environment_id, one.line.goal()));
    json!({
        "ruleId": format!("{}-risk", one.grade().word()),
        "ruleIndex": rule,
        "level": if one.grade() > Grade::Medium { "warning" } else { "note" },
        "message": { "text": inert(&text) },
        "partialFingerprints": { "powergrant/v1": hex(&hash) },
        "locations": one.line.place.iter().map(|at| location(at, None)).collect::<Vec<_>>(),
        "properties": { "risk": one.grade().word(), "reason": inert(one.reason().unwrap_or_default()) },
    })
}

/// The first half of a hash.
fn hex(hash: &[u8]) -> String {
    hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

fn location(place: &Place, label: Option<&str>) -> Value {
    let mut location = json!({ "physicalLocation": {
        "artifactLocation": { "uri": uri(&place.file) },
        "region": {
            "startLine": place.line,
            "startColumn": place.column,
            "endColumn": place.column.saturating_add(place.length),
        },
    } });
    if let Some(label) = label {
        location["message"] = json!({ "text": inert(label) });
    }
    location
}

/// A path as a relative reference (RFC 3986): whatever is not unreserved is percent-encoded.
fn uri(path: &str) -> String {
    let path = path.strip_prefix("./").unwrap_or(path);
    path.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

/// What makes a result the same one in the next run: rule, file and words, but not the line.
fn fingerprint(finding: &Finding) -> String {
    let file = finding.at.as_ref().map_or("", |at| &at.file);
    let hash = Sha256::digest(format!("{}\0{file}\0{}", finding.rule.id(), finding.message));
    hex(&hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_a_result_with_its_rule_and_place() {
        let place = Place { file: "./roles/a b.yaml".into(), line: 4, column: 7, length: 7 };
        let findings = [
            Finding::warning(Rule::NameMismatch, &place, "two names").also(&place, "the other"),
            Finding::error(Rule::UnknownTable, &place, "no table").hint("Process?"),
        ];
        let log: Value = serde_json::from_str(&log(&findings.iter().collect::<Vec<_>>())).unwrap();
        let run = &log["runs"][0];
        assert_eq!(run["results"][0]["ruleId"], "unknown-table", "errors come first");
        assert_eq!(run["results"][0]["message"]["text"], "no table\nhint: Process?");
        let index = usize::try_from(run["results"][0]["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(run["tool"]["driver"]["rules"][index]["id"], "unknown-table");
        let physical = &run["results"][1]["locations"][0]["physicalLocation"];
        assert_eq!(physical["artifactLocation"]["uri"], "roles/a%20b.yaml");
        assert_eq!(physical["region"], json!({ "startLine": 4, "startColumn": 7, "endColumn": 14 }));
        assert_eq!(run["results"][1]["relatedLocations"][0]["message"]["text"], "the other");
    }

    #[test]
    fn a_line_that_moves_is_the_same_result() {
        let at = |line| Place { file: "a.yaml".into(), line, column: 1, length: 1 };
        let of = |line, text: &str| fingerprint(&Finding::error(Rule::Shape, &at(line), text));
        assert_eq!(of(1, "wrong"), of(9, "wrong"));
        assert_ne!(of(1, "wrong"), of(1, "else"));
    }
}
