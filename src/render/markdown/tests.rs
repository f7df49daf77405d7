use super::*;
use crate::inventory::people::PrincipalRow;
use crate::inventory::things::Rights;
use crate::ledger::{Effect, Phase};
use crate::manifest::Sources;
use crate::plan::line::LevelText;
use crate::plan::saved::Saved;
use crate::plan::{LineKind, Plan, of_lines};
use crate::render::hostile::check_markdown;
use crate::review::sample::{self, GUEST, INTAKE};
use crate::review::{Graded, Review, Risk, Statement};

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
            expires: None,
        }
    });
    of_lines(environment, lines.collect())
}

/// A review of a plan in which one change is critical and one is high, and everybody whom it names gains something.
fn review(plan: &Plan, critical: usize, high: usize) -> Review {
    let graded = |(number, line): (usize, &Line)| {
        let (grade, reason) = match number {
            _ if number == critical => (Grade::Critical, "everyone in the organisation gets it"),
            _ if number == high => (Grade::High, "a guest answers to another organisation"),
            _ => (Grade::Low, ""),
        };
        let because = (grade > Grade::Low).then(|| ("a-rule".to_owned(), reason.to_owned())).into_iter().collect();
        Graded { grade, goal: line.goal(), heading: line.heading.clone(), name: line.name.clone(), because }
    };
    let mut changes: Vec<Graded> = plan.lines.iter().enumerate().map(graded).collect();
    changes.sort_by_key(|change| Reverse(change.grade));
    let gains = (0..plan.lines.len()).map(|number| Statement {
        direction: Direction::Gains,
        text: format!("{number} people in SG-{number} can now run *Invoice intake*"),
        people: number,
    });
    Review {
        environment: plan.environment.to_string(),
        risk: Risk { grade: changes.first().map(|change| change.grade), changes },
        effective: gains.collect(),
        tripped: Vec::new(),
    }
}

fn rendered(plans: &[&Plan], reviews: &[&Review], limit: usize) -> String {
    let sources = Sources::default();
    let (plans, reviews) = (plans.to_vec(), reviews.to_vec());
    let shown = Shown { plans, reviews, findings: Vec::new(), sources: &sources, unreachable: &[] };
    super::plans(&shown, "plan", limit)
}

#[test]
fn five_thousand_changes_fit_with_the_worst_first() {
    let (first, second) = (plan("contoso-prod", 4_000), plan("contoso-test", 1_000));
    for limit in [LEAST_LIMIT, GITHUB_LIMIT, AZURE_DEVOPS_LIMIT] {
        let text = rendered(&[&first, &second], &[], limit);
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
fn five_thousand_reviewed_changes_fit_with_the_riskiest_first() {
    let (first, second) = (plan("contoso-prod", 4_000), plan("contoso-test", 1_000));
    // Neither is among the worst by what it does: both take something from somebody, and one is in the second plan.
    let reviews = (review(&first, 3_000, 2_001), review(&second, 600, 3));
    for limit in [LEAST_LIMIT, GITHUB_LIMIT, AZURE_DEVOPS_LIMIT] {
        let text = rendered(&[&first, &second], &[&reviews.0, &reviews.1], limit);
        let length = text.encode_utf16().count();
        assert!(length <= limit && length > limit / 2, "{length} of {limit}");
        check_markdown(&text).unwrap();
        assert!(text.contains("\n**Risk: critical** (2 critical, 2 high). **3334 widen access**"), "{text}");
        let listed: Vec<&str> = text.lines().filter(|line| line.starts_with("- ")).collect();
        for (line, parts) in listed.iter().zip([
            ["- **critical** `contoso-prod` ", "somebody.3000@", ": `everyone in the organisation gets it`"],
            ["- **critical** `contoso-test` ", "somebody.600@", ": `everyone in the organisation gets it`"],
            ["- **high** `contoso-prod` ", "somebody.2001@", ": `a guest answers to another organisation`"],
            ["- **high** `contoso-test` ", "somebody.3@", ": `a guest answers to another organisation`"],
            ["- `contoso-prod` ", "somebody.3999@", "useThisConnection"],
        ]) {
            assert!(line.starts_with(parts[0]) && parts.iter().all(|part| line.contains(part)), "{line}: {parts:?}");
        }
        let gains: Vec<&&str> = listed.iter().filter(|line| line.starts_with("- **gain** ")).collect();
        assert!(gains[0].contains("3999 people in SG-3999"), "the broadest gain comes first: {gains:#?}");
        let more = format!("- and {} more in the JSON of the plan", 5_000 - gains.len());
        assert!(listed.contains(&more.as_str()), "{more}: {listed:#?}");
        let shown = text.lines().filter(|line| line.starts_with("+ ") || line.starts_with("~ ")).count();
        let left = text.lines().find_map(|line| line.strip_prefix("**")?.split_once(" more lines")).unwrap().0;
        assert_eq!(shown + left.parse::<usize>().unwrap(), 5_000);
        assert!(text.ends_with("`\n") && text.contains("--expect sha256:"));
    }
}

/// What a pull request asks for: a guest runs a flow with Mia's mailbox, Zoe acts for others instead of administering, and
/// Ada loses a flow.
fn asked() -> (Plan, Review) {
    let document = |name: &str, kind, spec| sample::document(kind, spec).replace("name: a ", &format!("name: {name} "));
    let documents = [
        document("runner", "SecurityRole", "{ role: Flow Runner, privileges: { Process: { Write: user } } }"),
        document(
            "administrators",
            "RoleAssignment",
            "{ role: System Administrator, members: [{ user: zoe@contoso.com, state: absent }] }",
        ),
        document(
            "delegates",
            "RoleAssignment",
            "{ role: { builtIn: delegate }, members: [{ user: zoe@contoso.com }] }",
        ),
        document(
            "intake",
            "Flow",
            "{ flow: Expense intake, runOnlyUsers: { members: [{ user: \"gus_fabrikam.com#EXT#@contoso.com\" }, { user: ada@contoso.com, state: absent }] } }",
        ),
    ];
    let role = crate::kinds::environment::sample::ROLE;
    let guest = PrincipalRow::User(crate::kinds::environment::sample::row(GUEST));
    let tenant = sample::with_holder(sample::with_holder(sample::inventory(), role, guest), role, sample::ada_row());
    let tenant = sample::with_share(tenant, INTAKE, sample::ada_row(), Rights::READ);
    let desired = sample::desired("", &documents.join("---\n"));
    let plan = crate::plan::plan(&desired, &tenant);
    assert!(!plan.has_errors(), "{:#?}", plan.findings);
    let review = crate::review::review(&desired, &plan, &tenant);
    (plan, review)
}

#[test]
fn what_is_risky_and_what_it_means_for_people_stand_above_the_changes() {
    let (plan, review) = asked();
    insta::assert_snapshot!(rendered(&[&plan], &[&review], GITHUB_LIMIT), @r"
    <!-- powergrant:plan -->
    ### powergrant: 3 to add, 0 to change, 2 to remove

    **Risk: critical** (1 critical, 1 high, 1 medium). **3 widen access**, 2 narrow it.

    Read these first:

    - **critical** `contoso-prod` `+ flow Expense intake, shares: user gus_fabrikam.com#EXT#@contoso.com run-only`: `a guest acts with the connection of somebody in the organisation`
    - **high** `contoso-prod` `+ role assignment Delegate: user zoe@contoso.com`: `whoever holds it can act as somebody else`
    - **medium** `contoso-prod` `- role assignment System Administrator: user zoe@contoso.com after role assignment Delegate has it`: `one administrator fewer`

    What this means for people:

    - **gain** `contoso-prod` `2 people with security role Flow Runner can do more: Write Process`
    - **gain** `contoso-prod` `user gus_fabrikam.com#EXT#@contoso.com can now run *Expense intake*, as mia@contoso.com's Outlook connection contoso_outlook`
    - **gain** `contoso-prod` `user zoe@contoso.com now has what security role Delegate gives`
    - lose `contoso-prod` `user ada@contoso.com can no longer run *Expense intake*`
    - lose `contoso-prod` `user zoe@contoso.com no longer has what security role System Administrator gives`

    <details open><summary><b>contoso-prod</b>: 5 lines, risk critical</summary>

    ```diff
    flow Expense intake, shares
    + user gus_fabrikam.com#EXT#@contoso.com   run-only
    - user ada@contoso.com                     run-only

    role assignment Delegate
    + user zoe@contoso.com

    role assignment System Administrator
    - user zoe@contoso.com                     after role assignment Delegate has it

    security role Flow Runner
    + Write    Process                         User
    ```

    </details>

    Apply exactly this: `powergrant apply --expect sha256:6a52b7dc74623fead8a4d8ccdd93c8ab77dc966ef5dd5d0a7474e5520c06d502`
    ");
}

#[test]
fn a_plan_for_every_day_says_that_its_risk_is_low_and_lists_nothing_twice() {
    let tenant = sample::inventory();
    let everyday = sample::document("SecurityRole", "{ role: Flow Runner, privileges: { Process: { Write: user } } }");
    let desired = sample::desired("", &everyday);
    let plan = crate::plan::plan(&desired, &tenant);
    let review = crate::review::review(&desired, &plan, &tenant);
    insta::assert_snapshot!(rendered(&[&plan], &[&review], GITHUB_LIMIT), @r"
    <!-- powergrant:plan -->
    ### powergrant: 1 to add, 0 to change, 0 to remove

    Risk: low. **1 widen access**, none narrows it.

    What this means for people:

    - `contoso-prod` `nobody gains anything`

    <details open><summary><b>contoso-prod</b>: 1 line</summary>

    ```diff
    security role Flow Runner
    + Write    Process                         User
    ```

    </details>

    Apply exactly this: `powergrant apply --expect sha256:4ba224700704e490f6666b004605df14eecce0d167f0f443383957126ed2b0d4`
    ");
}

#[test]
fn the_json_says_how_risky_each_change_is_and_why_and_what_it_means() {
    let (plan, review) = asked();
    let saved = Saved::of(&[&plan], &[&review], &[]);
    let read = Saved::read(&crate::render::json::pretty(&saved));
    assert_eq!(read.as_ref(), Ok(&saved));
    let about = &saved.powergrant;
    assert_eq!(about.risk, Some(Grade::Critical));
    let told: Vec<String> = about
        .riskiest
        .iter()
        .map(|address| {
            let change = saved.resource_changes.iter().find(|change| change.address == *address).unwrap();
            let risk = change.powergrant.risk.as_ref().unwrap();
            let side = change.change.after.as_ref().or(change.change.before.as_ref()).unwrap();
            let rules: Vec<&str> = risk.because.iter().map(|because| because.rule.as_str()).collect();
            format!("{} {}, {}: {}", risk.grade.word(), side.subject, side.entry, rules.join(", "))
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    critical flow Expense intake, shares, user gus_fabrikam.com#EXT#@contoso.com: lent-to-guests, guest, lent
    high role assignment Delegate, user zoe@contoso.com: acts-for-others
    medium role assignment System Administrator, user zoe@contoso.com: administrator-leaves
    ");
    let low = saved.resource_changes.len() - about.riskiest.len();
    let of_low = saved.resource_changes.iter().filter_map(|change| change.powergrant.risk.as_ref());
    assert_eq!(of_low.filter(|risk| risk.grade == Grade::Low && risk.because.is_empty()).count(), low);
    let means = serde_json::to_string_pretty(&about.environments[0].effective).unwrap();
    insta::assert_snapshot!(means, @r#"
    [
      {
        "direction": "gains",
        "text": "2 people with security role Flow Runner can do more: Write Process",
        "people": 2
      },
      {
        "direction": "gains",
        "text": "user gus_fabrikam.com#EXT#@contoso.com can now run *Expense intake*, as mia@contoso.com's Outlook connection contoso_outlook",
        "people": 1
      },
      {
        "direction": "gains",
        "text": "user zoe@contoso.com now has what security role Delegate gives",
        "people": 1
      },
      {
        "direction": "loses",
        "text": "user ada@contoso.com can no longer run *Expense intake*",
        "people": 1
      },
      {
        "direction": "loses",
        "text": "user zoe@contoso.com no longer has what security role System Administrator gives",
        "people": 1
      }
    ]
    "#);
}

#[test]
fn a_short_plan_is_shown_as_a_whole_and_open() {
    let mut small = plan("contoso-prod", 2);
    small.lines[0].name = "group A `quoted` <b>|".to_owned();
    small.lines[0].note = Some("12 members".to_owned());
    insta::assert_snapshot!(rendered(&[&small], &[], GITHUB_LIMIT), @r"
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
    assert_eq!(rendered(&[&plan("contoso-prod", 0)], &[], GITHUB_LIMIT), "");
}
