//! Until when something is given, and how early its end is told.
use jiff::civil::date;

use super::*;

#[test]
fn the_named_day_is_the_last_one() {
    let text = document("RoleAssignment", "role: R\nmembers: [ { user: a@x, expires: 2026-12-01 } ]");
    let manifests = manifest::load([("a.yaml".to_owned(), Ok(text))]);
    let state = |day| {
        let (desired, findings) = compile(&manifests.documents, day, &[]);
        let rules: Vec<Rule> = findings.iter().map(|finding| finding.rule).collect();
        (desired.environments[0].assignments[0].members.members[0].state, rules)
    };
    assert_eq!(state(date(2026, 12, 1)), (State::Present, vec![Rule::ExpiresSoon]));
    assert_eq!(state(date(2026, 12, 2)), (State::Absent, vec![Rule::Expired]));
}

#[test]
fn what_ends_soon_is_said_ahead_of_time_wherever_it_stands_and_what_has_ended_too() {
    let member = "members: [ { user: a@x, expires: DAY } ]";
    let documents = [
        ("RoleAssignment", format!("role: R\n{member}")),
        ("RoleAssignment", format!("environmentRole: maker\n{member}")),
        ("Flow", format!("flow: F\nrunOnlyUsers: {{ {member} }}")),
        ("Flow", format!("flow: F\nowners: {{ {member} }}")),
        ("Flow", format!("flow: F\nreferenceReaders: {{ {member} }}")),
        ("SecurityRole", "role: R\nprivileges: { Process: { Read: { depth: user, expires: DAY } } }".to_owned()),
        ("SecurityRole", "role: R\nmiscellaneous: { prvFlow: { depth: organization, expires: DAY } }".to_owned()),
    ];
    let days = [
        ("2026-11-16", vec!["expired: expired on 2026-11-16; it is taken away wherever it is still held"]),
        ("2026-11-17", vec!["expires-soon: expires today, and is taken away from tomorrow on"]),
        ("2026-11-18", vec!["expires-soon: expires in 1 day, on 2026-11-18, and is taken away from the day after on"]),
        ("2026-11-26", vec!["expires-soon: expires in 9 days, on 2026-11-26, and is taken away from the day after on"]),
        ("2026-12-02", vec![]),
    ];
    for (kind, spec) in &documents {
        for (day, said) in &days {
            let text = document(kind, &spec.replace("DAY", day));
            let loaded = manifest::load([("a.yaml".to_owned(), Ok(text))]);
            assert_eq!(loaded.findings, [], "{spec}");
            let (_, findings) = compile(&loaded.documents, date(2026, 11, 17), &[]);
            let found: Vec<String> =
                findings.iter().map(|finding| format!("{}: {}", finding.rule, finding.message)).collect();
            assert_eq!(found, *said, "{spec} {day}");
        }
    }
}
