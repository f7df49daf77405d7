//! The controller over the embedded tenant, round by round, with a clock that jumps and a tenant that changes behind its back.
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use powergrant::cli::ci::Ci;
use powergrant::cli::{Global, LogFormat};
use powergrant::clock::{Clock, JumpingClock, Stop, Wait};
use powergrant::controller::metrics::{self, Format};
use powergrant::controller::status::{Round, Status, Turn};
use powergrant::controller::{Controller, Ended, Mode, Settings};
use powergrant::journal::OutcomeWord;
use powergrant::sandbox::faults::{Disturbance, Rule};
use powergrant::sandbox::seed::{Seed, default_seed};
use powergrant::sandbox::tenant::Tenant;
use powergrant::sandbox::{self, Running};

use crate::desk::Desk;

const PROD: &str = "contoso-prod";
const FLOW: &str = "Expense intake";
const EVERY: Duration = Duration::from_secs(900);
const RUN_ONLY: u32 = 1;

/// A tenant, a folder with the example's manifests, and a clock.
struct Stage {
    tenant: Arc<Mutex<Tenant>>,
    desk: Desk,
    clock: JumpingClock,
}

impl Stage {
    async fn set() -> (Self, Running) {
        let seed = Seed::parse(default_seed()).expect("the seed is sound");
        let running = sandbox::start(sandbox::Options::new(seed)).await.expect("the tenant starts");
        let clock = JumpingClock::at(jiff::Timestamp::now());
        (Self { tenant: running.tenant(), desk: Desk::with("copilot-agent-flow"), clock }, running)
    }

    /// A controller of this stage; the embedded tenant goes with the first one.
    fn controller(&self, mode: Mode, clock: Arc<dyn Clock>, stop: &Stop, running: Running) -> Controller {
        Controller::new(self.settings(mode), clock, stop.clone(), Some(running))
    }

    fn settings(&self, mode: Mode) -> Settings {
        let global = Global {
            sandbox: true,
            sandbox_reset: false,
            environments: Vec::new(),
            auth: None,
            ca_file: None,
            quiet: false,
            verbose: 0,
            patience: 1_800,
            ci: Ci::None,
            log_format: LogFormat::Text,
        };
        let paths = vec![self.desk.path("")];
        Settings { paths, global, every: EVERY, mode, each: false, journal: self.journal() }
    }

    fn journal(&self) -> PathBuf {
        self.desk.path(".powergrant/journal.jsonl")
    }

    /// Looks at the tenant, or changes it behind everybody's back.
    fn with<T>(&self, look: impl FnOnce(&mut Tenant) -> T) -> T {
        let mut tenant: MutexGuard<'_, Tenant> = self.tenant.lock().unwrap_or_else(PoisonError::into_inner);
        look(&mut tenant)
    }

    /// The mask that a user or the example's group holds on the example's flow.
    fn share(&self, who: &str) -> Option<u32> {
        self.with(|tenant| {
            let organization = tenant.organization(PROD).expect("the example's environment");
            let row = tenant.user(PROD, who).or_else(|| tenant.group_team(PROD, who, 0))?;
            organization.share(organization.flow(FLOW)?, row)
        })
    }

    /// Shares the example's flow with a user by hand.
    fn share_by_hand(&self, who: &str) {
        self.with(|tenant| {
            let user = tenant.user(PROD, who).expect("the user is in the environment");
            let organization = tenant.organizations.get_mut(PROD).expect("the example's environment");
            let flow = organization.flow(FLOW).expect("the example's flow");
            organization.set_share("workflow", flow, user, RUN_ONLY);
        });
    }

    /// How many requests that match were asked so far.
    fn asked(&self, method: &str, path: &str) -> usize {
        self.with(|tenant| {
            tenant.log.iter().filter(|asked| asked.method == method && asked.path.contains(path)).count()
        })
    }

    fn disturb(&self, rule: Rule) {
        self.with(|tenant| tenant.faults.schedule(rule));
    }

    /// Goes on to the next turn of a healthy environment.
    fn later(&self) {
        drop(self.clock.wait(EVERY + EVERY / 10));
    }
}

fn seen(controller: &Controller) -> Status {
    controller.status().lock().expect("nobody panics").clone()
}

fn turn(controller: &Controller, turn: Turn) -> u64 {
    seen(controller).environments[PROD].turns.get(&turn).copied().unwrap_or_default()
}

fn outcomes(controller: &Controller, outcome: OutcomeWord) -> u64 {
    seen(controller).environments[PROD].outcomes.get(&outcome).copied().unwrap_or_default()
}

/// Refuses every change of a flow's text.
fn refusal() -> Rule {
    Rule { times: 0, ..Rule::on("/workflows(", Disturbance::refuse(403)) }.method("PATCH")
}

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
async fn what_was_refused_is_not_sent_again_and_nobody_is_added_past_it() {
    let (stage, running) = Stage::set().await;
    stage.disturb(refusal());
    let mut controller = stage.controller(Mode::Enforce, Arc::new(stage.clock.clone()), &Stop::default(), running);
    controller.round().await;
    let sent = stage.asked("PATCH", "/workflows(");
    assert!(sent > 0);
    assert_eq!(turn(&controller, Turn::NotAllHeld), 1);
    for _ in 0..2 {
        stage.later();
        controller.round().await;
        assert_eq!(stage.asked("PATCH", "/workflows("), sent, "a refused change was sent again");
        assert_eq!(stage.share("SG-Expense-Prod"), None, "somebody was added past a refused connection");
    }
    assert_eq!((turn(&controller, Turn::NotAllHeld), seen(&controller).environments[PROD].given_up), (3, 2));
    // The manifest is another one: it is tried once more.
    stage.with(|tenant| tenant.faults.clear());
    stage.desk.write("flow.yaml", &(stage.desk.read("flow.yaml") + "# with other words\n"));
    controller.round().await;
    assert!(stage.asked("PATCH", "/workflows(") > sent);
    assert_eq!((turn(&controller, Turn::Applied), seen(&controller).environments[PROD].given_up), (1, 0));
    assert!(stage.share("SG-Expense-Prod").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_is_tried_again_when_its_row_is_another_one() {
    let (stage, running) = Stage::set().await;
    stage.disturb(refusal());
    let mut controller = stage.controller(Mode::Enforce, Arc::new(stage.clock.clone()), &Stop::default(), running);
    controller.round().await;
    let sent = stage.asked("PATCH", "/workflows(");
    stage.with(|tenant| {
        tenant.faults.clear();
        let organization = tenant.organizations.get_mut(PROD).expect("the example's environment");
        let flow = organization.flow(FLOW).expect("the example's flow");
        let off = [("statecode", 0), ("statuscode", 1)].map(|(column, value)| (column.to_owned(), value.into()));
        assert!(organization.change("workflow", flow, off));
    });
    stage.later();
    controller.round().await;
    assert!(
        stage.asked("PATCH", "/workflows(") > sent,
        "a flow that is off may take what it did not take while it was on"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_controller_knows_from_the_journal_what_was_refused() {
    let (stage, running) = Stage::set().await;
    stage.disturb(refusal());
    let address = running.address();
    let mut first = stage.controller(Mode::Enforce, Arc::new(stage.clock.clone()), &Stop::default(), running);
    first.round().await;
    let sent = stage.asked("PATCH", "/workflows(");
    // The same tenant again: it ends with the controller that holds it, so what is kept goes to a new one.
    let kept = stage.with(|tenant| tenant.clone());
    drop(first);
    let seed = Seed::parse(default_seed()).expect("the seed is sound");
    let running = sandbox::start(sandbox::Options::new(seed)).await.expect("the tenant starts");
    assert_ne!(running.address(), address);
    let stage = Stage { tenant: running.tenant(), ..stage };
    stage.with(|tenant| *tenant = kept);
    stage.disturb(refusal());
    let mut second = stage.controller(Mode::Enforce, Arc::new(stage.clock.clone()), &Stop::default(), running);
    second.round().await;
    assert_eq!(stage.asked("PATCH", "/workflows("), sent, "a refused change was sent again after a restart");
    assert_eq!(seen(&second).environments[PROD].given_up, 2);
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

/// A clock on which the first wait of a round is our own mistake.
struct Mistaken {
    clock: JumpingClock,
    mistakes: AtomicU32,
}

impl Clock for Mistaken {
    fn now(&self) -> jiff::Timestamp {
        self.clock.now()
    }

    fn wait(&self, duration: Duration) -> Wait<'_> {
        assert!(self.mistakes.fetch_add(1, Ordering::Relaxed) > 0, "a mistake of the test's own, which is caught");
        self.clock.wait(duration)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_ends_a_turn_and_not_the_controller() {
    let (stage, running) = Stage::set().await;
    stage.disturb(Rule::on("WhoAmI", Disturbance::throttle(7)));
    let clock = Arc::new(Mistaken { clock: stage.clock.clone(), mistakes: AtomicU32::new(0) });
    let mut controller = stage.controller(Mode::Observe, clock, &Stop::default(), running);
    assert_eq!(controller.round().await.0, Round::Completed);
    assert_eq!(turn(&controller, Turn::Panicked), 1);
    drop(stage.clock.wait(Duration::from_secs(66)));
    assert_eq!(controller.round().await.0, Round::Completed);
    assert_eq!((turn(&controller, Turn::Panicked), turn(&controller, Turn::Differs)), (1, 1));
}

/// A clock whose every wait makes the user lose patience, and ends only with that.
struct Impatient {
    clock: JumpingClock,
    stop: Stop,
}

impl Clock for Impatient {
    fn now(&self) -> jiff::Timestamp {
        self.clock.now()
    }

    fn wait(&self, duration: Duration) -> Wait<'_> {
        self.stop.ask();
        self.clock.wait(duration)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_to_stop_between_rounds_leaves_nothing_and_in_a_round_is_told_what_is_left() {
    let (stage, running) = Stage::set().await;
    let stop = Stop::default();
    let clock = Arc::new(Impatient { clock: stage.clock.clone(), stop: stop.clone() });
    let controller = stage.controller(Mode::Enforce, clock, &stop, running);
    let status = controller.status();
    assert_eq!(controller.run().await, Ended::Idle);
    assert_eq!(status.lock().expect("nobody panics").rounds, [(Round::Completed, 1)].into());

    let (stage, running) = Stage::set().await;
    stage.disturb(Rule::on("/roles", Disturbance::throttle(7)).method("POST"));
    let stop = Stop::default();
    let clock = Arc::new(Impatient { clock: stage.clock.clone(), stop: stop.clone() });
    let controller = stage.controller(Mode::Enforce, clock, &stop, running);
    let status = controller.status();
    assert_eq!(controller.run().await, Ended::WithSomethingLeft);
    let status = status.lock().expect("nobody panics").clone();
    assert_eq!(status.rounds, [(Round::Stopped, 1)].into());
    assert!(status.environments[PROD].outcomes[&OutcomeWord::Skipped] > 0);
    assert_eq!(stage.share("SG-Expense-Prod"), None);
}
