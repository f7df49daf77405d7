//! `powergrant controller`: the whole pipe again and again, on a clock, with health and metrics.
//!
//! A round reads the manifests, looks at the environments whose turn it is, and in the mode *enforce* brings about what differs as
//! `apply` would: within the rails, through the journal, read back. What a service refused or reverted is not sent again
//! until the manifest or the row is another one.
mod arguments;
mod clients;
mod enforce;
mod exposition;
pub mod listen;
pub mod metrics;
mod round;
pub mod schedule;
pub mod status;
mod tell;
mod withheld;

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;

use crate::cli::Global;
use crate::clock::{Clock, Stop};
use crate::sandbox;
pub use arguments::Arguments;
use clients::Clients;
use schedule::Next;
use status::{Manifests, Round, Status};
use withheld::Rows;

/// What a controller may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Mode {
    /// Looks, tells, and never writes.
    #[default]
    Observe,
    /// Brings about what the manifests say, within the rails.
    Enforce,
}

impl Mode {
    /// The mode in a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Enforce => "enforce",
        }
    }
}

/// What a controller is told once.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The manifests, which are read again in every round.
    pub paths: Vec<PathBuf>,
    /// The flags of every command.
    pub global: Global,
    /// How often it looks.
    pub every: Duration,
    /// What it may do.
    pub mode: Mode,
    /// Whether a rail in one environment leaves the others alone.
    pub each: bool,
    /// The journal of what was applied.
    pub journal: PathBuf,
}

/// The status, shared with whoever answers for it.
pub type Shared = Arc<Mutex<Status>>;

/// Looks at the status, or changes it. A round that panicked has left it as far as it came, and the next one goes on from there.
pub(crate) fn peek<T>(shared: &Shared, look: impl FnOnce(&mut Status) -> T) -> T {
    look(&mut shared.lock().unwrap_or_else(PoisonError::into_inner))
}

/// A controller between two rounds.
pub struct Controller {
    settings: Settings,
    clock: Arc<dyn Clock>,
    stop: Stop,
    sandbox: Option<sandbox::Running>,
    clients: Clients,
    rows: Rows,
    status: Shared,
}

/// How a controller ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Between two rounds, or while something was read.
    Idle,
    /// While something was written, and something is left.
    WithSomethingLeft,
}

impl Controller {
    /// Makes a controller that has done nothing yet; with an embedded tenant it speaks to that one alone.
    pub fn new(settings: Settings, clock: Arc<dyn Clock>, stop: Stop, sandbox: Option<sandbox::Running>) -> Self {
        let status = Arc::new(Mutex::new(Status::new(settings.mode, settings.every)));
        Self { settings, clock, stop, sandbox, clients: Clients::default(), rows: Rows::default(), status }
    }

    /// The status, which changes with every round.
    pub fn status(&self) -> Shared {
        Arc::clone(&self.status)
    }

    /// Runs round after round until somebody asks to stop.
    pub async fn run(mut self) -> Ended {
        let mut ended = Ended::Idle;
        while !self.stop.is_asked() {
            let wait = match self.round().await {
                (Round::Completed, _) => self.until_next(),
                (Round::Stopped, end) => {
                    ended = end;
                    break;
                }
                (Round::BadManifests | Round::Overtaken | Round::Failed | Round::Panicked, _) => {
                    schedule::after_no_round(self.settings.every)
                }
            };
            self.stop.wait(self.clock.as_ref(), wait).await;
        }
        if let Some(sandbox) = self.sandbox {
            sandbox.stop().await;
        }
        ended
    }

    /// Runs one round, whatever happens in it, and notes how it ended.
    pub async fn round(&mut self) -> (Round, Ended) {
        let began = self.clock.now();
        // A panic is a mistake of ours in what one round saw; the next one reads everything anew.
        let attempted = AssertUnwindSafe(self.attempt()).catch_unwind().await;
        let (round, left) = attempted.unwrap_or_else(|_| {
            tracing::error!("the round ended in a mistake of powergrant's own; the next one begins anew");
            (Round::Panicked, Ended::Idle)
        });
        let ended = self.clock.now();
        peek(&self.status, |status| {
            *status.rounds.entry(round).or_default() += 1;
            status.last = Some((began, ended));
        });
        tracing::info!(result = round.word(), seconds = ended.duration_since(began).as_secs_f64(), "round ended");
        (round, left)
    }

    /// How long nobody's turn is.
    fn until_next(&self) -> Duration {
        let last = peek(&self.status, |status| {
            let of = status.environments.iter();
            of.map(|(name, environment)| (name.clone(), environment.last.as_ref().map(|(last, _)| *last)))
                .collect::<BTreeMap<_, _>>()
        });
        match schedule::next(self.clock.now(), self.settings.every, &last) {
            // Somebody's turn came while the round lasted.
            Next::Now(_) => Duration::from_millis(1),
            Next::In(wait) => wait,
        }
    }

    /// Notes that the manifests are not sound.
    fn manifests_are_wrong(&self, errors: usize) -> (Round, Ended) {
        peek(&self.status, |status| status.manifests = Manifests::Wrong(errors));
        (Round::BadManifests, Ended::Idle)
    }
}
