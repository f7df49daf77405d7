//! Requests that are held at the door until somebody lets them in: what happens meanwhile can be tried without a clock.
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

/// All holds of a sandbox.
#[derive(Debug, Clone, Default)]
pub(super) struct Holds(Arc<Mutex<Vec<Hold>>>);

/// Holds the requests of one method whose path has a text in it, until it is released.
#[derive(Debug, Clone)]
pub struct Hold {
    method: String,
    path: String,
    arrived: watch::Sender<usize>,
    released: watch::Sender<bool>,
}

impl Hold {
    fn new(method: &str, path: &str) -> Self {
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            arrived: watch::Sender::new(0),
            released: watch::Sender::new(false),
        }
    }

    /// Waits until a request is held.
    pub async fn arrived(&self) {
        // The sender lives as long as `self` does.
        let _ = self.arrived.subscribe().wait_for(|count| *count > 0).await;
    }

    /// How many requests were held so far.
    pub fn count(&self) -> usize {
        *self.arrived.borrow()
    }

    /// Lets in whoever is held, and whoever comes later.
    pub fn release(&self) {
        self.released.send_replace(true);
    }

    async fn pass(&self) {
        if *self.released.borrow() {
            return;
        }
        self.arrived.send_modify(|count| *count += 1);
        let _ = self.released.subscribe().wait_for(|released| *released).await;
    }
}

impl Holds {
    pub(super) fn add(&self, method: &str, path: &str) -> Hold {
        let hold = Hold::new(method, path);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(hold.clone());
        hold
    }

    /// Waits where a request is to be held; nothing of it has been looked at then.
    pub(super) async fn pass(&self, method: &str, path: &str) {
        let found = {
            let holds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            holds.iter().find(|hold| hold.method.eq_ignore_ascii_case(method) && path.contains(&hold.path)).cloned()
        };
        if let Some(hold) = found {
            hold.pass().await;
        }
    }
}
