//! The controller over the embedded tenant, round by round, with a clock that jumps and a tenant that changes behind its back.
mod environments;
mod rounds;
mod stopping;
mod withheld;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use powergrant::cli::ci::Ci;
use powergrant::cli::controller::status::{Status, Turn};
use powergrant::cli::controller::{Controller, Mode, Settings};
use powergrant::cli::{Global, LogFormat};
use powergrant::clock::{Clock, JumpingClock, Stop};
use powergrant::journal::OutcomeWord;
use powergrant::sandbox::faults::Rule;
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
        Self::of("copilot-agent-flow", default_seed()).await
    }

    /// An example's manifests, and a tenant from a seed.
    async fn of(example: &str, seed: &str) -> (Self, Running) {
        let seed = Seed::parse(seed).expect("the seed is sound");
        let running = sandbox::start(sandbox::Options::new(seed)).await.expect("the tenant starts");
        let clock = JumpingClock::at(jiff::Timestamp::now());
        (Self { tenant: running.tenant(), desk: Desk::with(example), clock }, running)
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
    turn_of(controller, PROD, turn)
}

fn turn_of(controller: &Controller, environment: &str, turn: Turn) -> u64 {
    seen(controller).environments[environment].turns.get(&turn).copied().unwrap_or_default()
}

fn outcomes(controller: &Controller, outcome: OutcomeWord) -> u64 {
    seen(controller).environments[PROD].outcomes.get(&outcome).copied().unwrap_or_default()
}
