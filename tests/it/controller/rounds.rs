//! What a round does: it looks, tells, and brings about what the manifests say.
use std::sync::Arc;
use std::time::Duration;

use powergrant::cli::controller::Mode;
use powergrant::cli::controller::metrics::{self, Format};
use powergrant::cli::controller::status::{Round, Turn};
use powergrant::clock::{Clock, JumpingClock, Stop, Wait};
use powergrant::journal::OutcomeWord;
use powergrant::sandbox::faults::{Disturbance, Rule};
use powergrant::sandbox::tenant::Tenant;

use super::{EVERY, PROD, RUN_ONLY, Stage, outcomes, seen, turn};

#[tokio::test(flavor = "multi_thread")]
async fn observing_tells_what_differs_and_leaves_the_tenant_and_the_journal_as_they_are() {
    let (stage, running) = Stage::set().await;
    let state =
        |tenant: &mut Tenant| (tenant.organizations.clone(), tenant.directory.clone(), tenant.environments.clone());
    let before = stage.with(state);
    let mut controller = stage.controller(Mode::Observe, Arc::new(stage.clock.clone()), &Stop::default(), running);
    for _ in 0..2 {
        assert_eq!(controller.round().await.0, Round::Completed);
        stage.later();
    }
    assert!(before == stage.with(state), "observing changed the tenant");
    assert!(!stage.journal().exists(), "observing wrote a journal");
    assert_eq!(turn(&controller, Turn::Differs), 2);
    let status = seen(&controller);
    let drift = status.environments[PROD].drift.expect("it was read");
    assert_eq!((drift.unknown, drift.outside), (19, 0));
    let text = metrics::text(&status, Format::OpenMetrics);
    assert!(text.contains("powergrant_drift{environment=\"contoso-prod\",class=\"unknown\"} 19\n"), "{text}");
    assert!(text.contains("powergrant_requests_total{service=\"Dataverse\",status=\"200\"} "), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn enforcing_brings_the_manifests_about_and_heals_what_somebody_clicks() {
    let (stage, running) = Stage::set().await;
    let mut controller = stage.controller(Mode::Enforce, Arc::new(stage.clock.clone()), &Stop::default(), running);
    assert_eq!(controller.round().await.0, Round::Completed);
    assert_eq!((turn(&controller, Turn::Applied), outcomes(&controller, OutcomeWord::Held)), (1, 19));
    assert_eq!(stage.share("bob@contoso.com"), None);
    stage.share_by_hand("bob@contoso.com");
    // It is nobody's turn yet.
    controller.round().await;
    assert_eq!(stage.share("bob@contoso.com"), Some(RUN_ONLY));
    stage.later();
    controller.round().await;
    assert_eq!(stage.share("bob@contoso.com"), None);
    assert_eq!((turn(&controller, Turn::Applied), outcomes(&controller, OutcomeWord::Held)), (2, 20));
    assert_eq!(seen(&controller).environments[PROD].drift.expect("it was read").differences(), 0);
    let written = std::fs::read_to_string(stage.journal()).expect("a journal");
    stage.later();
    controller.round().await;
    assert_eq!(turn(&controller, Turn::InSync), 1);
    assert_eq!(
        std::fs::read_to_string(stage.journal()).expect("a journal"),
        written,
        "nothing was done, and written down"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn manifests_that_are_not_sound_stop_everything_and_are_said_again_and_again() {
    let (stage, running) = Stage::set().await;
    let mut controller = stage.controller(Mode::Enforce, Arc::new(stage.clock.clone()), &Stop::default(), running);
    // One file of several: what the others say is not applied without it.
    let sound = stage.desk.read("role.yaml");
    stage.desk.write("role.yaml", "kind: SecurityRole\n\tspec: }\n");
    for _ in 0..2 {
        assert_eq!(controller.round().await.0, Round::BadManifests);
        let now = stage.clock.now();
        assert!(seen(&controller).ready(now).expect_err("it is not ready").contains("not sound"));
    }
    assert_eq!(stage.with(|tenant| tenant.log.len()), 0, "something was asked for half a set of manifests");
    stage.desk.write("role.yaml", &sound);
    assert_eq!(controller.round().await.0, Round::Completed);
    assert_eq!(seen(&controller).ready(stage.clock.now()), Ok(()));
    assert_eq!(seen(&controller).rounds, [(Round::Completed, 1), (Round::BadManifests, 2)].into());
    // And when they break later on, what was applied stays.
    stage.desk.write("environment.yaml", "");
    stage.later();
    assert_eq!(controller.round().await.0, Round::BadManifests);
    assert!(stage.share("SG-Expense-Prod").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rail_holds_everything_back_without_asking_anybody() {
    let (stage, running) = Stage::set().await;
    let mut controller = stage.controller(Mode::Enforce, Arc::new(stage.clock.clone()), &Stop::default(), running);
    controller.round().await;
    let environment = stage.desk.read("environment.yaml");
    let strict = "  rails: { max-removals: { absolute: 0, share: 0.0, floor: 0 } }\n  vars:\n";
    stage.desk.write("environment.yaml", &environment.replace("  vars:\n", strict));
    stage.share_by_hand("bob@contoso.com");
    controller.round().await;
    assert_eq!(stage.share("bob@contoso.com"), Some(RUN_ONLY));
    assert_eq!(turn(&controller, Turn::HeldBack), 1);
    let text = metrics::text(&seen(&controller), Format::Prometheus);
    assert!(
        text.contains("powergrant_rail_standing{environment=\"contoso-prod\",rail=\"max-removals\"} 1\n"),
        "{text}"
    );
    stage.desk.write("environment.yaml", &environment);
    controller.round().await;
    assert_eq!((stage.share("bob@contoso.com"), turn(&controller, Turn::Applied)), (None, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_environment_that_cannot_be_reached_is_asked_less_and_less_often() {
    let (stage, running) = Stage::set().await;
    stage.disturb(Rule { path: None, times: 0, ..Rule::on("", Disturbance::refuse(503)) });
    let mut controller = stage.controller(Mode::Observe, Arc::new(stage.clock.clone()), &Stop::default(), running);
    for failures in 1..=4_u32 {
        controller.round().await;
        let status = seen(&controller);
        let (last, _) = status.environments[PROD].last.as_ref().expect("it had its turn");
        assert_eq!(last.failures, failures);
        let asked = stage.with(|tenant| tenant.log.len());
        // Not sooner than after 1, 2, 4 … minutes, and then.
        drop(stage.clock.wait(Duration::from_secs(60 * 2_u64.pow(failures - 1) - 1)));
        controller.round().await;
        assert_eq!(stage.with(|tenant| tenant.log.len()), asked, "asked too soon after {failures} failures");
        drop(stage.clock.wait(Duration::from_secs(1 + 6 * 2_u64.pow(failures - 1))));
    }
    assert_eq!(seen(&controller).ready(stage.clock.now()), Ok(()), "it is not the controller's fault");
    stage.with(|tenant| tenant.faults.clear());
    drop(stage.clock.wait(EVERY));
    controller.round().await;
    assert_eq!((turn(&controller, Turn::Unreachable), turn(&controller, Turn::Differs)), (4, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn manifests_that_change_while_a_round_lasts_are_not_applied_by_half() {
    let (stage, running) = Stage::set().await;
    stage.disturb(Rule::on("WhoAmI", Disturbance::throttle(7)));
    // Somebody writes another file while the first request waits.
    let path = stage.desk.path("role.yaml");
    let clock =
        Arc::new(Meanwhile { clock: stage.clock.clone(), act: move || std::fs::remove_file(&path).unwrap_or(()) });
    let mut controller = stage.controller(Mode::Enforce, clock, &Stop::default(), running);
    assert_eq!(controller.round().await.0, Round::Overtaken);
    assert_eq!(stage.asked("POST", "/roles"), 0);
    assert!(!stage.journal().exists());
}

/// A clock on which somebody does something during every wait.
struct Meanwhile<Act> {
    clock: JumpingClock,
    act: Act,
}

impl<Act: Fn() + Send + Sync> Clock for Meanwhile<Act> {
    fn now(&self) -> jiff::Timestamp {
        self.clock.now()
    }

    fn wait(&self, duration: Duration) -> Wait<'_> {
        (self.act)();
        self.clock.wait(duration)
    }
}
