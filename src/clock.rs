//! The one clock: all waiting and every date goes through it, so that tests neither sleep nor depend on today.
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

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

/// A wish to stop, which wakes whoever waits; cheap to clone, and every clone is the same wish.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<watch::Sender<bool>>);

impl Stop {
    /// Asks to stop.
    pub fn ask(&self) {
        self.0.send_replace(true);
    }

    /// Whether somebody asked to stop.
    pub fn is_asked(&self) -> bool {
        *self.0.borrow()
    }

    /// Ends when somebody asks to stop.
    pub async fn asked(&self) {
        let mut wish = self.0.subscribe();
        // The sender lives as long as `self` does, so this ends only when somebody asks.
        let _ = wish.wait_for(|asked| *asked).await;
    }

    /// Waits, but no longer than until somebody asks to stop.
    pub async fn wait(&self, clock: &dyn Clock, duration: Duration) {
        tokio::select! {
            () = clock.wait(duration) => {}
            () = self.asked() => {}
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A clock on which no wait ends.
    struct Stopped;

    impl Clock for Stopped {
        fn now(&self) -> Timestamp {
            Timestamp::UNIX_EPOCH
        }

        fn wait(&self, _: Duration) -> Wait<'_> {
            Box::pin(std::future::pending())
        }
    }

    #[tokio::test]
    async fn a_wait_ends_when_somebody_asks_to_stop_before_it_or_during_it() {
        let stop = Stop::default();
        let asker = stop.clone();
        let ((), ()) = tokio::join!(stop.wait(&Stopped, Duration::from_secs(20)), async { asker.ask() });
        stop.wait(&Stopped, Duration::from_secs(20)).await;
        assert!(stop.is_asked());
    }
}
