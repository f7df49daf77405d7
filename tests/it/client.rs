//! The client of whom an embedded tenant's seed lets in.
use std::sync::Arc;

use jiff::Timestamp;
use powergrant::clock::JumpingClock;
use powergrant::sandbox::Running;
use powergrant::tenant::{Cloud, Credentials, Patience, Routing, Secret, Settings};

/// How a tenant that runs is reached, with a clock that jumps instead of waiting.
pub(crate) fn settings(running: &Running) -> Settings {
    let caller = running.credentials();
    Settings {
        cloud: Cloud::Public,
        routing: Routing::Sandbox(running.address()),
        credentials: Credentials::Sandbox {
            tenant: caller.tenant.to_string(),
            client_id: caller.client.clone(),
            secret: (!caller.secret.is_empty()).then(|| Secret::new(&caller.secret)),
        },
        tenant: None,
        patience: Patience::default(),
        clock: Arc::new(JumpingClock::at(Timestamp::now())),
    }
}
