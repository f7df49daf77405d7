//! The whole pipe against the embedded tenant over a real socket: read, plan, gate, write, read back, with a clock that jumps.
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, MutexGuard, PoisonError};

use jiff::civil::Date;
use powergrant::apply::session::Live;
use powergrant::apply::{Run, run, touched};
use powergrant::clock::{JumpingClock, Stop};
use powergrant::collect::{Directory, collect, refresh};
use powergrant::compile::desired::DesiredEnvironment;
use powergrant::finding::Finding;
use powergrant::inventory::Inventory;
use powergrant::inventory::scope::Scope;
use powergrant::plan::{Plan, plan};
use powergrant::report::Report;
use powergrant::review::gate::{Approved, gate};
use powergrant::review::rails;
use powergrant::rules::Rule;
use powergrant::sandbox::seed::Seed;
use powergrant::sandbox::tenant::Tenant as Embedded;
use powergrant::sandbox::{self, Running};
use powergrant::tenant::{Cloud, Organisation, Settings, Tenant, WritePermit};
use powergrant::{compile, manifest};

use crate::client;

/// The day on which documents are read in tests.
pub(crate) const TODAY: Date = jiff::civil::date(2026, 6, 1);

/// An embedded tenant that answers on loopback, and a clock that all waiting goes through.
pub(crate) struct Pipe {
    running: Running,
    identity: Tenant,
    pub(crate) clock: JumpingClock,
}

/// One environment, read and planned.
pub(crate) struct Planned {
    pub(crate) desired: DesiredEnvironment,
    pub(crate) inventory: Inventory,
    pub(crate) plan: Plan,
    tenant: Tenant,
    organisation: Option<Organisation>,
}

/// What documents want of each environment; panics with the findings when one of them is an error.
pub(crate) fn desired(documents: &str) -> Vec<DesiredEnvironment> {
    let (desired, findings) = compiled(documents);
    assert!(!compile::has_errors(&findings), "{findings:#?}\n{documents}");
    desired
}

/// What documents want of each environment, and what is wrong with them.
pub(crate) fn compiled(documents: &str) -> (Vec<DesiredEnvironment>, Vec<Finding>) {
    let loaded = manifest::load([("case.yaml".to_owned(), Ok(documents.to_owned()))]);
    let (desired, mut findings) = compile::compile(&loaded.documents, TODAY, &[]);
    findings.extend(loaded.findings);
    (desired.environments, findings)
}

impl Pipe {
    pub(crate) async fn start(seed: Seed) -> Self {
        Self::on(sandbox::Options::new(seed), JumpingClock::at(jiff::Timestamp::now())).await
    }

    /// A tenant of its own kind, which may have its time from the same clock.
    pub(crate) async fn on(options: sandbox::Options, clock: JumpingClock) -> Self {
        let running = sandbox::start(options).await.expect("the embedded tenant starts");
        let identity = connect(&running, &clock);
        Self { running, identity, clock }
    }

    /// The tenant, to be looked at or changed behind everybody's back. No request is answered while it is held.
    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut Embedded) -> T) -> T {
        let tenant = self.running.tenant();
        let mut tenant: MutexGuard<'_, Embedded> = tenant.lock().unwrap_or_else(PoisonError::into_inner);
        look(&mut tenant)
    }

    /// Reads an environment and plans it, as a new run would.
    pub(crate) async fn plan(&self, desired: &DesiredEnvironment) -> Planned {
        let tenant = self.identity.another_run();
        let url = desired.environment.url.as_ref();
        let organisation =
            url.map(|url| Organisation::parse(&Cloud::Public.into(), &url.value).expect("an organisation's address"));
        let reader = tenant.reader(organisation.clone());
        let inventory = collect(&reader, &Directory::default(), &desired.environment, &Scope::of(desired)).await;
        let plan = plan(desired, &inventory);
        Planned { desired: desired.clone(), inventory, plan, tenant, organisation }
    }

    /// Carries out a whole plan, every rail lifted, as `apply --yes` would.
    pub(crate) async fn apply(&self, planned: &Planned) -> Report {
        let lifted: BTreeSet<Rule> = Rule::ALL.iter().copied().collect();
        let tripped = rails::evaluate(&planned.desired, &planned.plan, &planned.inventory);
        let approved = gate(&planned.plan, &tripped, &lifted).expect("every rail is lifted");
        self.carry_out(planned, &approved, &lifted).await
    }

    /// Carries out what was approved.
    async fn carry_out(&self, planned: &Planned, approved: &Approved, lifted: &BTreeSet<Rule>) -> Report {
        self.carry_out_while(planned, approved, lifted, &|_| {}, &|| {}).await
    }

    /// Carries out a whole plan while somebody else is at work: he is told before each reading which one it is.
    pub(crate) async fn apply_while(&self, planned: &Planned, meanwhile: &(dyn Fn(usize) + Sync)) -> Report {
        let lifted: BTreeSet<Rule> = Rule::ALL.iter().copied().collect();
        let approved = gate(&planned.plan, &[], &lifted).expect("no rail is tripped");
        self.carry_out_while(planned, &approved, &lifted, meanwhile, &|| {}).await
    }

    /// Carries out a whole plan, and does something after each of its steps.
    pub(crate) async fn apply_and(&self, planned: &Planned, after_step: &(dyn Fn() + Sync)) -> Report {
        let lifted: BTreeSet<Rule> = Rule::ALL.iter().copied().collect();
        let approved = gate(&planned.plan, &[], &lifted).expect("no rail is tripped");
        self.carry_out_while(planned, &approved, &lifted, &|_| {}, after_step).await
    }

    async fn carry_out_while(
        &self,
        planned: &Planned,
        approved: &Approved,
        lifted: &BTreeSet<Rule>,
        meanwhile: &(dyn Fn(usize) + Sync),
        after_step: &(dyn Fn() + Sync),
    ) -> Report {
        let readings = AtomicUsize::new(0);
        let reader = planned.tenant.reader(planned.organisation.clone());
        let touched = touched(&planned.plan);
        let session = Live {
            writer: planned.tenant.writer(planned.organisation.clone(), WritePermit::for_an_approved_plan()),
            read: || {
                meanwhile(readings.fetch_add(1, Ordering::Relaxed) + 1);
                refresh(&reader, &planned.inventory, &touched)
            },
        };
        let setting = Run {
            desired: &planned.desired,
            approved,
            lifted,
            clock: &self.clock,
            stop: &Stop::default(),
            progress: &|_, _| after_step(),
        };
        run(&setting, &session, planned.inventory.clone()).await
    }
}

/// The client of whom the tenant's seed lets in.
fn connect(running: &Running, clock: &JumpingClock) -> Tenant {
    let settings = Settings { clock: Arc::new(clock.clone()), ..client::settings(running) };
    Tenant::connect(settings).expect("a client can be made")
}
