//! How a controller ends, and what does not end it.
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use powergrant::cli::controller::status::{Round, Turn};
use powergrant::cli::controller::{Ended, Mode};
use powergrant::clock::{Clock, JumpingClock, Stop, Wait};
use powergrant::journal::OutcomeWord;
use powergrant::sandbox::faults::{Disturbance, Rule};

use super::{PROD, Stage, turn};

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
