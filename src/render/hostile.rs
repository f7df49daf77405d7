//! Nothing that a name of the tenant says is obeyed by whatever shows it.
//!
//! Blind spot: what a platform does to a comment after it has made HTML of its Markdown (links to numbers, mentions) is
//! known only as far as text in code is left alone.
use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag};

use super::{
    Shown, annotations, drift, drift::Drift, events, findings, json, markdown, plan as text_of, requests, review, sarif,
};
use crate::finding::Finding;
use crate::foreign::is_hidden;
use crate::journal::OutcomeWord;
use crate::journal::audit::Author;
use crate::journal::drift::{Class, Why};
use crate::journal::ignore::Ignore;
use crate::kinds::policy::risk::Grade;
use crate::ledger::{Effect, Phase};
use crate::manifest::Sources;
use crate::place::Place;
use crate::plan::line::{LevelText, Line, LineKind};
use crate::plan::saved::Saved;
use crate::plan::{Plan, digest, of_lines};
use crate::problem::{Cause, Problem};
use crate::report::{Outcome, Report};
use crate::review::risk::Graded;
use crate::review::{Direction, Review, Risk, Statement, Tripped};
use crate::rules::Rule;

/// Pieces of attacks, so that random texts are made of them.
const PIECES: &[&str] = &[
    "##vso[task.setvariable variable=x]",
    "##[error]",
    "::error::",
    "::add-mask::",
    "\n::set-output name=x::",
    "\r",
    "\n",
    "\u{1b}[31m",
    "\u{9b}2J",
    "\u{7}",
    "\u{202e}",
    "\u{2066}",
    "\u{200b}",
    "\u{feff}",
    "\u{e0041}",
    "\u{2028}",
    "```",
    "\n```\n",
    "`",
    "``",
    "~~~",
    "<script>alert(1)</script>",
    "</details>",
    "<!--",
    "-->",
    "<img src=x>",
    "<b",
    "&lt;",
    "](http://x)",
    "[x](javascript:x)",
    "![x](http://x)",
    "<http://x>",
    "http://x.example",
    "www.x.example",
    "@<11111111-1111-1111-1111-111111111111>",
    "@team",
    "#1",
    "|",
    "\n| a | b |\n|--|--|\n",
    "\n# x",
    "\n> x",
    "\n- x",
    "\n---\n",
    "**x**",
    "\\",
    "%0A",
    "%25",
    ";",
    "]",
    ",",
    "\"",
    "'",
    "\\u003c",
    "name",
    " ",
    "é",
    "名",
    "😀",
    "#",
    ":",
    "{",
    "}",
    "\t",
    "$(x)",
];

fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => proptest::collection::vec(proptest::sample::select(PIECES), 0..8).prop_map(|pieces| pieces.concat()),
        1 => "\\PC{0,40}",
        1 => any::<String>(),
    ]
}

fn line(name: &str, kind: LineKind) -> Line {
    Line {
        ledger: "flowShares",
        rank: 6,
        subject: format!("subject {name}"),
        heading: format!("flow {name}, shares"),
        new: false,
        entry: name.to_owned(),
        name: name.to_owned(),
        kind,
        place: Some(Place { file: format!("{name}.yaml").into(), line: 1, column: 1, length: 1 }),
        note: Some(name.to_owned()),
        after: vec![name.to_owned()],
        expires: None,
    }
}

fn problem(says: &str) -> Problem {
    // As a service of somebody else's could put it together, past every constructor.
    let mut problem = Problem::without_request(Cause::Refused, "Dataverse", "", says);
    says.clone_into(&mut problem.says);
    problem.path = says.to_owned();
    problem.code = Some(says.to_owned());
    problem
}

fn plan_of(name: &str) -> Plan {
    let level = |word: &str| Some(LevelText { word: word.to_owned(), text: name.to_owned() });
    let change = |from, to| LineKind::Change { from, to, effect: Effect::Widens, phase: Phase::Grant };
    let kinds = [
        change(None, level("runOnly")),
        change(level("runOnly"), None),
        change(level("runOnly"), level(&format!("text:{name}"))),
        LineKind::Blocked { held: level("a"), wanted: level("b"), reason: name.to_owned() },
        LineKind::Unread { wanted: None, problem: problem(name) },
        LineKind::Unmanaged { held: level("a") },
        LineKind::Kept { held: level("a"), reason: name.to_owned() },
    ];
    let place = Place { file: format!("{name}.yaml").into(), line: 1, column: 1, length: 1 };
    Plan {
        environment_id: "organisation".to_owned(),
        findings: vec![Finding::error(Rule::Shape, &place, name).also(&place, name).hint(name)],
        extents: vec![("flowShares".to_owned(), name.to_owned(), "named".to_owned())],
        ..of_lines(name, kinds.into_iter().map(|kind| line(name, kind)).collect())
    }
}

/// What no format may hold, whoever shows it.
fn check_inert(format: &str, text: &str) -> Result<(), TestCaseError> {
    let hidden = text.chars().find(|letter| is_hidden(*letter) && *letter != '\n');
    prop_assert!(hidden.is_none(), "{format} holds {hidden:?}: {text:?}");
    prop_assert!(!text.contains("##vso[") && !text.contains("##["), "{format} commands Azure Pipelines: {text}");
    // `::name …::data` from the start of a line (the runner's `ActionCommand`); excerpts have ` ::: file` of their own.
    let is_command = |line: &&str| line.trim_start().strip_prefix("::").is_some_and(|rest| rest.contains("::"));
    let command = text.lines().find(is_command);
    prop_assert!(command.is_none(), "{format} commands GitHub Actions: {command:?}");
    Ok(())
}

/// Whether Markdown is made of nothing but what we write: names stand in code, and our own blocks are the only HTML.
pub(super) fn check_markdown(text: &str) -> Result<(), TestCaseError> {
    let (mut open, mut comments) = (0, 0);
    for event in Parser::new_ext(text, Options::all()) {
        match event {
            Event::Html(html) | Event::InlineHtml(html) => {
                let html = html.trim();
                open += html.matches("<details").count();
                open -= html.matches("</details>").count();
                comments += html.matches("<!--").count();
                let own = html.is_empty()
                    || html.starts_with("<!-- powergrant:")
                    || html == "</details>"
                    || ((html.starts_with("<details><summary><b>") || html.starts_with("<details open><summary><b>"))
                        && html.ends_with("</summary>")
                        && html.matches('<').count() == 5);
                prop_assert!(own, "foreign HTML: {html:?}\n{text}");
            }
            Event::Start(
                Tag::Link { .. } | Tag::Image { .. } | Tag::Table(_) | Tag::BlockQuote(_) | Tag::FootnoteDefinition(_),
            ) => {
                prop_assert!(false, "foreign markup in\n{text}");
            }
            Event::Text(text) => prop_assert!(!text.contains("```"), "a fence is open: {text}"),
            Event::Start(_)
            | Event::End(_)
            | Event::Code(_)
            | Event::InlineMath(_)
            | Event::DisplayMath(_)
            | Event::FootnoteReference(_)
            | Event::SoftBreak
            | Event::HardBreak
            | Event::Rule
            | Event::TaskListMarker(_) => {}
        }
    }
    prop_assert_eq!((open, comments), (0, 1), "{}", text);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn no_name_escapes_from_any_format(name in hostile(), other in hostile()) {
        let (first, mut second) = (plan_of(&name), plan_of(&other));
        "another organisation".clone_into(&mut second.environment_id);
        let mut sources = Sources::default();
        sources.add(format!("{name}.yaml").into(), format!("{other}\n{name}"));
        let unreachable = [(name.clone(), problem(&other))];
        let plans = vec![&first, &second];
        let found: Vec<Finding> = plans.iter().flat_map(|plan| plan.findings.clone()).collect();
        let findings: Vec<&Finding> = found.iter().collect();
        let tripped = Tripped { rule: Rule::MaxRemovals, environment: name.clone(), finding: found[0].clone() };
        let line = &first.lines[0];
        let graded = Graded {
            grade: Grade::Critical,
            goal: line.goal(),
            heading: line.heading.clone(),
            name: line.name.clone(),
            because: vec![(name.clone(), other.clone())],
        };
        let means = Statement { direction: Direction::Gains, text: format!("{name} can now run {other}"), people: 1 };
        let rails = Review {
            environment: name.clone(),
            risk: Risk { grade: Some(Grade::Critical), changes: vec![graded] },
            effective: vec![means],
            tripped: vec![tripped.clone()],
        };
        let shown = Shown {
            plans: plans.clone(),
            reviews: vec![&rails],
            findings: findings.clone(),
            sources: &sources,
            unreachable: &unreachable,
        };
        check_inert("review", &review::text(&shown.reviews))?;

        check_inert("text", &text_of::text(&plans))?;
        let rule = Ignore {
            environment: None,
            subject: name.clone(),
            entry: None,
            reason: other.clone(),
            until: jiff::civil::Date::MAX,
        };
        let classes = [Class::Outside, Class::NotYetApplied(Why::DidNotHold { run: name.clone(), outcome: OutcomeWord::Refused }), Class::Unmanaged];
        let authors = [
            Author::Known { by: other.clone(), called_by: Some(name.clone()), at: jiff::Timestamp::UNIX_EPOCH },
            Author::Unreadable(problem(&other)),
            Author::NotLogged,
        ];
        let classes = classes.into_iter().zip(authors).chain([(Class::Outside, Author::Unreadable(problem(&name)))]);
        let drifted = Drift {
            plan: &first,
            lines: classes.zip(&first.lines).map(|((class, author), line)| (class, line, Some(author))).collect(),
            ignored: vec![(&rule, &second.lines[0])],
        };
        let today = jiff::civil::Date::constant(2026, 11, 25);
        check_inert("drift", &drift::text(std::slice::from_ref(&drifted), today))?;
        check_inert("drift as JSON", &drift::json(&shown, std::slice::from_ref(&drifted)))?;
        let issue = drift::issue(&[drifted], today, markdown::GITHUB_LIMIT);
        check_inert("drift issue", &issue)?;
        check_markdown(&issue)?;
        check_inert("findings", &findings::text(&found, &sources))?;
        check_inert("requests", &requests::text(&plans))?;
        let comment = markdown::plans(&shown, &name, markdown::GITHUB_LIMIT);
        check_inert("markdown", &comment)?;
        check_markdown(&comment)?;
        prop_assert!(comment.contains("\n- **critical** ") && comment.contains("\n- **gain** "), "{}", comment);
        let document = json::plans(&shown);
        check_inert("json", &document)?;
        let saved = Saved::read(&document);
        prop_assert_eq!(&saved.as_ref().map(|saved| saved.powergrant.digest.clone()), &Ok(digest::digest(plans.iter().copied())));
        for line in events::plans(&shown).lines() {
            check_inert("events", line)?;
            prop_assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "{}", line);
        }
        let log = sarif::log(&findings);
        check_inert("sarif", &log)?;
        prop_assert!(serde_json::from_str::<serde_json::Value>(&log).is_ok());
        let log = sarif::shown(&shown);
        check_inert("sarif of a plan", &log)?;
        prop_assert!(serde_json::from_str::<serde_json::Value>(&log).is_ok_and(|log| log["runs"][0]["results"].as_array().is_some_and(|results| results.len() > findings.len())));
        check_inert("difference", &super::difference::text(&saved.unwrap(), &Saved::of(&[], &[], &[])))?;
        let outcomes = [Outcome::Held, Outcome::Refused { problem: problem(&other) }, Outcome::Skipped { because: other.clone() }];
        let report = Report {
            environment: name.clone(),
            results: first.lines.iter().take(3).cloned().zip(outcomes).collect(),
            new_since_plan: second.lines,
            alarms: vec![other],
            tripped: vec![tripped],
            rounds: 1,
        };
        check_inert("report", &text_of::reports(&[report]))?;

        let github = annotations::github(&findings);
        let azure = annotations::azure_devops(&findings);
        prop_assert_eq!(github.lines().count(), findings.len());
        prop_assert_eq!(azure.lines().count(), findings.len());
        for line in github.lines() {
            let rest = line.strip_prefix("::error file=").expect("an error at a file");
            let (properties, message) = rest.split_once("::").expect("a message");
            prop_assert!(!properties.contains("::") && !message.contains("::") && !line.contains("##"), "{}", line);
        }
        for line in azure.lines() {
            let rest = line.strip_prefix("##vso[task.logissue ").expect("an issue");
            prop_assert!(!rest.contains("##") && rest.matches("code=shape]").count() >= 1, "{}", line);
        }
    }
}
