use super::*;
use crate::ledger::{Effect, Phase};
use crate::manifest::Sources;
use crate::plan::line::LevelText;
use crate::plan::{LineKind, Plan, of_lines};
use crate::render::hostile::check_markdown;

/// A plan of so many shares; the last one lends a connection, which is the worst of them.
fn plan(environment: &str, changes: usize) -> Plan {
    let lines = (0..changes).map(|number| {
        let last = number + 1 == changes;
        let level = |word: &str| LevelText { word: word.to_owned(), text: word.to_owned() };
        let kind = LineKind::Change {
            from: (number % 3 == 0).then(|| level("coOwner")),
            to: Some(level(if last { "useThisConnection" } else { "runOnly" })),
            effect: if last || number % 3 > 0 { Effect::Widens } else { Effect::Narrows },
            phase: if last { Phase::Lend } else { Phase::Grant },
        };
        Line {
            ledger: "flowShares",
            rank: 6,
            subject: format!("flow {}", number / 10),
            heading: format!("flow Invoice intake {}, shares", number / 10),
            new: false,
            entry: format!("user:{number}"),
            name: format!("user somebody.{number}@contoso.example"),
            kind,
            place: None,
            note: None,
            after: Vec::new(),
        }
    });
    of_lines(environment, lines.collect())
}

fn rendered(plans: &[&Plan], limit: usize) -> String {
    let sources = Sources::default();
    let shown =
        Shown { plans: plans.to_vec(), reviews: Vec::new(), findings: Vec::new(), sources: &sources, unreachable: &[] };
    super::plans(&shown, "plan", limit)
}

#[test]
fn five_thousand_changes_fit_with_the_worst_first() {
    let (first, second) = (plan("contoso-prod", 4_000), plan("contoso-test", 1_000));
    for limit in [LEAST_LIMIT, GITHUB_LIMIT, AZURE_DEVOPS_LIMIT] {
        let text = rendered(&[&first, &second], limit);
        let length = text.encode_utf16().count();
        assert!(length <= limit && length > limit / 2, "{length} of {limit}");
        check_markdown(&text).unwrap();
        let listed = text.lines().find(|line| line.starts_with("- ")).unwrap();
        assert!(listed.contains("somebody.3999") && listed.contains("useThisConnection"), "{listed}");
        let shown = text.lines().filter(|line| line.starts_with("+ ") || line.starts_with("~ ")).count();
        let left = text.lines().find_map(|line| line.strip_prefix("**")?.split_once(" more lines")).unwrap().0;
        assert_eq!(shown + left.parse::<usize>().unwrap(), 5_000);
        assert!(text.ends_with("`\n") && text.contains("--expect sha256:"));
    }
}

#[test]
fn a_short_plan_is_shown_as_a_whole_and_open() {
    let mut small = plan("contoso-prod", 2);
    small.lines[0].name = "group A `quoted` <b>|".to_owned();
    small.lines[0].note = Some("12 members".to_owned());
    insta::assert_snapshot!(rendered(&[&small], GITHUB_LIMIT), @r"
    <!-- powergrant:plan -->
    ### powergrant: 1 to add, 1 to change, 0 to remove

    **1 widen access**, 1 narrow it.

    <details open><summary><b>contoso-prod</b>: 2 lines</summary>

    ```diff
    flow Invoice intake 0, shares
    + user somebody.1@contoso.example          useThisConnection
    ~ group A `quoted` \u{3c}b>\u{7c}                    coOwner → runOnly; 12 members
    ```

    </details>

    Apply exactly this: `powergrant apply --expect sha256:652105a1c8045667ae8e8bee22478e494094706df05104675f539b785c523a94`
    ");
}

#[test]
fn where_nothing_changes_there_is_nothing_to_say() {
    assert_eq!(rendered(&[&plan("contoso-prod", 0)], GITHUB_LIMIT), "");
}
