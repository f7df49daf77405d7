//! How many requests are in flight at a host: fewer after a 429, more again after a while.
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::clock::{Clock, Stop};

/// Requests in flight at one host when nothing is known of it. Dataverse refuses from 52 of one user on, and other programs of the
/// same user count too (Learn: service protection API limits).
const MOST: usize = 8;

/// After so many answers without a 429 one more request may be in flight.
const STREAK: usize = 32;

/// The gates of all hosts.
#[derive(Default)]
pub(super) struct Limits(Mutex<BTreeMap<String, Arc<Gate>>>);

impl Limits {
    /// The gate of a host.
    pub(super) fn gate(&self, host: &str) -> Arc<Gate> {
        let mut gates = self.0.lock().expect("no holder of this lock panics");
        if let Some(gate) = gates.get(host) {
            return Arc::clone(gate);
        }
        let gate = Arc::new(Gate::new(MOST));
        gates.insert(host.to_owned(), Arc::clone(&gate));
        gate
    }
}

/// What lets requests to one host pass.
pub(super) struct Gate {
    permits: Arc<Semaphore>,
    state: Mutex<State>,
}

struct State {
    most: usize,
    allowed: usize,
    /// Permits that are to vanish when they come back.
    owed: usize,
    answers: usize,
    /// Until when the host asked for silence.
    silent: Option<Timestamp>,
}

impl Gate {
    fn new(most: usize) -> Self {
        let state = State { most, allowed: most, owed: 0, answers: 0, silent: None };
        Self { permits: Arc::new(Semaphore::new(most)), state: Mutex::new(state) }
    }

    /// Waits for a free place, and for the end of a silence that the host asked for; none when the run is to stop before it ends.
    pub(super) async fn enter(self: &Arc<Self>, clock: &dyn Clock, stop: &Stop) -> Option<Pass> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.expect("the semaphore is never closed");
        let pass = Pass { gate: Arc::clone(self), permit: Some(permit) };
        // Again after each wait: another request may have been told to be silent for longer.
        while let Some(silent) = self.silent_after(clock.now()) {
            stop.wait(clock, silent).await;
            if stop.is_asked() {
                return None;
            }
        }
        Some(pass)
    }

    /// Notes an answer that was not a 429.
    pub(super) fn answered(&self) {
        let mut state = self.state();
        state.answers += 1;
        if state.answers < STREAK || state.allowed == state.most {
            return;
        }
        state.answers = 0;
        state.allowed += 1;
        if state.owed > 0 {
            state.owed -= 1;
        } else {
            self.permits.add_permits(1);
        }
    }

    /// Notes a 429: silence until `until`, and half as many requests in flight from now on.
    ///
    /// Answers to requests that were in flight together count as one 429, else the first would already lead to one at a time.
    pub(super) fn throttled(&self, now: Timestamp, until: Timestamp) {
        let mut state = self.state();
        let is_first = state.silent.is_none_or(|silent| silent <= now);
        state.silent = state.silent.max(Some(until));
        state.answers = 0;
        if !is_first {
            return;
        }
        let fewer = (state.allowed / 2).max(1);
        let surplus = state.allowed - fewer;
        state.allowed = fewer;
        state.owed += surplus - self.permits.forget_permits(surplus);
    }

    fn silent_after(&self, now: Timestamp) -> Option<std::time::Duration> {
        let silent = self.state().silent?;
        std::time::Duration::try_from(silent.duration_since(now)).ok().filter(|wait| !wait.is_zero())
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().expect("no holder of this lock panics")
    }
}

/// A place at a host; it is free again when this is dropped.
pub(super) struct Pass {
    gate: Arc<Gate>,
    permit: Option<OwnedSemaphorePermit>,
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut state = self.gate.state();
        if state.owed > 0 {
            state.owed -= 1;
            if let Some(permit) = self.permit.take() {
                permit.forget();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock::JumpingClock;

    #[tokio::test]
    async fn a_429_halves_what_is_in_flight_and_answers_bring_it_back_one_by_one() {
        let clock = JumpingClock::at(Timestamp::UNIX_EPOCH);
        let gate = Arc::new(Gate::new(8));
        let mut passes = Vec::new();
        for _ in 0..8 {
            passes.push(gate.enter(&clock, &Stop::default()).await);
        }
        let later = clock.now() + Duration::from_secs(5);
        gate.throttled(clock.now(), later);
        gate.throttled(clock.now(), later);
        passes.clear();
        assert_eq!(gate.permits.available_permits(), 4);
        for _ in 0..STREAK {
            gate.answered();
        }
        assert_eq!(gate.permits.available_permits(), 5);
    }

    #[tokio::test]
    async fn a_silence_is_waited_for_once_by_all() {
        let clock = JumpingClock::at(Timestamp::UNIX_EPOCH);
        let gate = Arc::new(Gate::new(8));
        gate.throttled(clock.now(), clock.now() + Duration::from_secs(7));
        let _first = gate.enter(&clock, &Stop::default()).await;
        let _second = gate.enter(&clock, &Stop::default()).await;
        assert_eq!(clock.waits(), [Duration::from_secs(7)]);
    }

    #[tokio::test]
    async fn nobody_enters_during_a_silence_once_the_run_is_to_stop() {
        let clock = JumpingClock::at(Timestamp::UNIX_EPOCH);
        let gate = Arc::new(Gate::new(1));
        let stop = Stop::default();
        stop.ask();
        assert!(gate.enter(&clock, &stop).await.is_some(), "nothing is to be waited for");
        gate.throttled(clock.now(), clock.now() + Duration::from_secs(7));
        assert!(gate.enter(&clock, &stop).await.is_none());
        assert_eq!(gate.permits.available_permits(), 1, "its place is free again");
    }
}
