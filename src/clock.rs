//! The one clock: all waiting and every date goes through it, so that tests neither sleep nor depend on today.
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;

/// A future that ends when the wait is over.
pub type Wait<'clock> = Pin<Box<dyn Future<Output = ()> + Send + 'clock>>;

/// What time it is, and how to wait.
pub trait Clock: Send + Sync {
    /// The time.
    fn now(&self) -> Timestamp;
    /// Waits.
    fn wait(&self, duration: Duration) -> Wait<'_>;
}

/// The clock on the wall.
#[derive(Clone, Copy, Debug, Default)]
pub struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn wait(&self, duration: Duration) -> Wait<'_> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// A clock that stands still until somebody waits, and then jumps: for tests and for the embedded tenant.
#[derive(Clone, Debug)]
pub struct JumpingClock {
    now: Arc<Mutex<Timestamp>>,
    waits: Arc<Mutex<Vec<Duration>>>,
}

impl JumpingClock {
    /// Makes a clock that shows `now`.
    pub fn at(now: Timestamp) -> Self {
        Self { now: Arc::new(Mutex::new(now)), waits: Arc::default() }
    }

    /// Every wait so far, in order.
    pub fn waits(&self) -> Vec<Duration> {
        self.waits.lock().expect("no holder of this lock panics").clone()
    }
}

impl Clock for JumpingClock {
    fn now(&self) -> Timestamp {
        *self.now.lock().expect("no holder of this lock panics")
    }

    fn wait(&self, duration: Duration) -> Wait<'_> {
        self.waits.lock().expect("no holder of this lock panics").push(duration);
        let mut now = self.now.lock().expect("no holder of this lock panics");
        *now += duration;
        Box::pin(std::future::ready(()))
    }
}
