//! What was written is read back by two ways, and again while a service may still settle; over a real socket.
use powergrant::kinds::{FlowShares, ReferenceReaders, RolePrivileges};
use powergrant::ledger::Ledger;
use powergrant::report::{Outcome, Report};
use powergrant::sandbox::faults::{Disturbance, Rule};
use powergrant::sandbox::variants::StaleWay;

use crate::pipe::Pipe;
use crate::trouble::{example, outcomes, pipe};

/// Longer than any run reads.
const FOR_EVER: u32 = 100_000;
const FUNCTIONS: [&str; 2] = ["RetrieveRolePrivilegesRole", "RetrieveSharedPrincipalsAndAccess"];

/// Applies the example to a tenant of which one way is stale.
async fn applied(way: StaleWay, reads: u32) -> (Pipe, Report) {
    let pipe = pipe().await;
    let planned = pipe.plan(&example()).await;
    pipe.with(|tenant| (tenant.variants.stale_way, tenant.variants.stale_reads) = (way, reads));
    let report = pipe.apply(&planned).await;
    (pipe, report)
}

/// The outcomes of everything that there are two ways to see.
fn of_two_ways(report: &Report) -> Vec<&Outcome> {
    let ledgers = [RolePrivileges::NAME, FlowShares::NAME, ReferenceReaders::NAME];
    let has_two_ways = |entry: &str| !["role", "isinherited", "description"].contains(&entry);
    let lines = report.results.iter();
    let lines = lines.filter(|(line, _)| ledgers.contains(&line.ledger) && has_two_ways(&line.entry));
    lines.map(|(_, outcome)| outcome).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_the_way_of_the_plan_shows_is_disputed_and_not_held() {
    let (_pipe, report) = applied(StaleWay::Functions, FOR_EVER).await;
    let seen = of_two_ways(&report);
    assert!(seen.len() > 4, "{seen:?}");
    for outcome in seen {
        assert!(matches!(outcome, Outcome::Disputed { not_by, .. } if FUNCTIONS.contains(not_by)), "{outcome:?}");
    }
    // What there is one way to see is judged by that.
    assert!(outcomes(&report, "flowConnections", "contoso_").iter().all(|outcome| **outcome == Outcome::Held));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_another_way_shows_is_disputed_too() {
    let (_pipe, report) = applied(StaleWay::Sets, FOR_EVER).await;
    let seen = of_two_ways(&report);
    let disputed =
        |outcome: &&&Outcome| matches!(outcome, Outcome::Disputed { stands_by, .. } if FUNCTIONS.contains(stands_by));
    assert!(seen.iter().filter(disputed).count() > 2, "{seen:?}");
    assert!(!seen.iter().any(|outcome| **outcome == Outcome::Held), "{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_way_that_is_stale_for_a_while_is_asked_again() {
    for way in [StaleWay::Functions, StaleWay::Sets] {
        let (pipe, report) = applied(way, 0).await;
        assert!(report.all_held(), "{way:?} {:#?}", report.results);
        let waited: u64 = pipe.clock.waits().iter().map(std::time::Duration::as_secs).sum();
        assert!((5..300).contains(&waited), "{way:?} {waited}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_way_that_cannot_be_read_leaves_it_unverified_and_one_that_is_not_there_changes_nothing() {
    for (status, held) in [(403, false), (404, true)] {
        let pipe = pipe().await;
        let planned = pipe.plan(&example()).await;
        let rule = Rule { times: 0, ..Rule::on("$batch", Disturbance::refuse(status)) };
        pipe.with(|tenant| tenant.faults.schedule(rule));
        let rules = FUNCTIONS.map(|function| Rule { times: 0, ..Rule::on(function, Disturbance::refuse(status)) });
        pipe.with(|tenant| rules.into_iter().for_each(|rule| tenant.faults.schedule(rule)));
        let report = pipe.apply(&planned).await;
        let shares = outcomes(&report, "flowShares", "");
        assert!(!shares.is_empty());
        for outcome in shares {
            let refused = matches!(outcome, Outcome::Unverified { problem } if problem.status == Some(status));
            let expected = if held { *outcome == Outcome::Held } else { refused };
            assert!(expected, "{status} {outcome:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_stays_as_it_was_is_not_visible_yet_and_not_called_reverted() {
    // The row is as if nothing had arrived, its version too.
    let pipe = pipe().await;
    let planned = pipe.plan(&example()).await;
    let rule = Rule { times: 0, ..Rule::on("/workflows(", Disturbance::Reverted) }.method("PATCH");
    pipe.with(|tenant| tenant.faults.schedule(rule));
    let report = pipe.apply(&planned).await;
    let connections = outcomes(&report, "flowConnections", "contoso_");
    assert!(connections.len() == 2, "{connections:?}");
    assert!(connections.iter().all(|outcome| **outcome == Outcome::NotVisibleYet), "{connections:?}");
    let waited: u64 = pipe.clock.waits().iter().map(std::time::Duration::as_secs).sum();
    assert!(waited >= 60, "it was not waited until it must have settled: {waited}");
}
