//! What every command that speaks to a tenant shares: manifests, the tenant or the embedded one, and a plan per environment.
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream;
use uuid::Uuid;

use super::Global;
use super::exit::Exit;
use super::manifests::{self, Loaded};
use super::output::Output;
use super::sign_in;
use crate::clock::{Clock, WallClock};
use crate::collect::{self, Directory};
use crate::compile::desired::{DesiredEnvironment, Environment};
use crate::finding::Finding;
use crate::foreign::inert;
use crate::inventory::Inventory;
use crate::inventory::scope::Scope;
use crate::plan::{Plan, plan};
use crate::problem::Problem;
use crate::render::Shown;
use crate::request::Service;
use crate::review::{self, Review};
use crate::sandbox;
use crate::tenant::{Organisation, Tenant};

/// How many environments are read at once.
const ENVIRONMENTS_IN_FLIGHT: usize = 8;

/// A run against a tenant, before anything was written.
pub struct Online {
    /// What manifests want.
    pub loaded: Loaded,
    /// Each environment with what was read of it and its plan.
    pub environments: Vec<Planned>,
    /// Environments that could not be reached at all.
    pub unreachable: Vec<(String, Problem)>,
    /// The embedded tenant, if the run is against it.
    pub sandbox: Option<sandbox::Running>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

/// One environment, read and planned.
pub struct Planned {
    /// What manifests want of it.
    pub desired: DesiredEnvironment,
    /// What was read.
    pub inventory: Inventory,
    /// What has to be done.
    pub plan: Plan,
    /// What that means.
    pub review: Review,
    /// The identity that reads and writes.
    pub tenant: Tenant,
    /// The organisation's address.
    pub organisation: Option<Organisation>,
}

/// Loads manifests, signs in, reads every environment and plans it. `Err` when nothing can be planned.
pub async fn open(paths: &[PathBuf], global: &Global, output: &mut Output) -> Result<Online, Exit> {
    let clock: Arc<dyn Clock> = Arc::new(WallClock);
    let today = jiff::Zoned::now().date();
    let loaded = manifests::load(paths, global, today);
    if loaded.report(output) {
        return Err(Exit::Error);
    }
    let sandbox =
        if global.sandbox { Some(start_sandbox(paths, Listen::default(), global, output).await?) } else { None };
    let mut environments = Vec::new();
    let mut unreachable = Vec::new();
    let wanted = loaded.desired.environments.clone();
    let directories = Directories::default();
    let read = stream::iter(wanted.into_iter().map(|desired| {
        let (clock, sandbox) = (Arc::clone(&clock), sandbox.as_ref());
        let directory = directories.of(&desired);
        async move {
            let name = desired.environment.name.to_string();
            read_one(desired, sandbox, &directory, global, clock).await.map_err(|problem| (name, problem))
        }
    }));
    let mut read = read.buffered(ENVIRONMENTS_IN_FLIGHT);
    while let Some(one) = read.next().await {
        match one {
            Ok(planned) => environments.push(*planned),
            Err(failed) => unreachable.push(failed),
        }
    }
    drop(read);
    let online = Online { loaded, environments, unreachable, sandbox, clock };
    online.report(global, output);
    Ok(online)
}

impl Online {
    fn report(&self, global: &Global, output: &mut Output) {
        let found: Vec<Finding> = self.environments.iter().flat_map(|planned| planned.plan.findings.clone()).collect();
        output.findings(&found, &self.loaded.sources);
        for (name, problem) in &self.unreachable {
            output.error(&failed(name, "read", problem));
        }
        if global.verbose > 0 {
            for planned in &self.environments {
                output.remark(&counts(&planned.desired, &planned.tenant));
            }
        }
    }

    /// The plans in the order of the environments' names.
    pub fn plans(&self) -> Vec<&Plan> {
        self.environments.iter().map(|planned| &planned.plan).collect()
    }

    /// What there is to show: the plans, and every finding of manifests, plans and rails.
    pub fn shown(&self) -> Shown<'_> {
        let of_plans = self.environments.iter().flat_map(|planned| {
            planned.plan.findings.iter().chain(planned.review.tripped.iter().map(|tripped| &tripped.finding))
        });
        Shown {
            plans: self.plans(),
            reviews: self.reviews(),
            findings: self.loaded.findings.iter().chain(of_plans).collect(),
            sources: &self.loaded.sources,
            unreachable: &self.unreachable,
        }
    }

    /// What the plans mean, in the same order.
    pub fn reviews(&self) -> Vec<&Review> {
        self.environments.iter().map(|planned| &planned.review).collect()
    }

    /// How the reading itself went: an error when something wanted is wrong, unreachable or unread.
    pub fn reading(&self, allow_incomplete: bool) -> Exit {
        let wrong = self.environments.iter().any(|planned| planned.plan.has_errors());
        let unread = self.environments.iter().any(|planned| planned.plan.is_incomplete());
        if wrong || !self.unreachable.is_empty() || (unread && !allow_incomplete) { Exit::Error } else { Exit::Success }
    }

    /// Whether anything differs.
    pub fn has_differences(&self) -> bool {
        self.environments.iter().any(|planned| planned.plan.has_differences())
    }

    /// Stops the embedded tenant, if there is one.
    pub async fn close(self) {
        if let Some(sandbox) = self.sandbox {
            sandbox.stop().await;
        }
    }
}

/// One directory per tenant and identity, shared by its environments.
#[derive(Default)]
pub(crate) struct Directories(std::cell::RefCell<BTreeMap<Identity, Arc<Directory>>>);

/// What tells identities apart: the tenant, and the prefix of the credentials' variables.
type Identity = (Option<Uuid>, Option<String>);

impl Directories {
    pub(crate) fn of(&self, desired: &DesiredEnvironment) -> Arc<Directory> {
        let key = (desired.environment.tenant, desired.environment.credentials.clone());
        Arc::clone(self.0.borrow_mut().entry(key).or_default())
    }
}

async fn read_one(
    desired: DesiredEnvironment,
    sandbox: Option<&sandbox::Running>,
    directory: &Directory,
    global: &Global,
    clock: Arc<dyn Clock>,
) -> Result<Box<Planned>, Problem> {
    let client = enter(&desired.environment, sandbox, global, clock).await?;
    Ok(Box::new(look(desired, client, directory).await))
}

/// Reads one environment and plans it.
pub(crate) async fn look(
    desired: DesiredEnvironment,
    (tenant, organisation): Client,
    directory: &Directory,
) -> Planned {
    let scope = Scope::of(&desired);
    let reader = tenant.reader(organisation.clone());
    let inventory = collect::collect(&reader, directory, &desired.environment, &scope).await;
    let plan = plan(&desired, &inventory);
    let review = review::review(&desired, &plan, &inventory);
    Planned { desired, inventory, plan, review, tenant, organisation }
}

/// A client, and the organisation that it speaks to, if there is one.
pub(crate) type Client = (Tenant, Option<Organisation>);

/// Makes the client of one environment and signs in there: who cannot has one thing to mend, and not one for each thing that was wanted.
pub(super) async fn enter(
    environment: &Environment,
    sandbox: Option<&sandbox::Running>,
    global: &Global,
    clock: Arc<dyn Clock>,
) -> Result<Client, Problem> {
    let client = connect(environment, sandbox, global, clock)?;
    sign_in(&client).await?;
    Ok(client)
}

/// Makes the client of one environment; nothing is sent yet.
pub(crate) fn connect(
    environment: &Environment,
    sandbox: Option<&sandbox::Running>,
    global: &Global,
    clock: Arc<dyn Clock>,
) -> Result<Client, Problem> {
    let (tenant, _) = sign_in::connect(environment, sandbox, global, clock)?;
    let organisation = organisation(environment, &tenant)?;
    Ok((tenant, organisation))
}

/// Signs in to the service that answers for an environment.
pub(crate) async fn sign_in((tenant, organisation): &Client) -> Result<(), Problem> {
    let service = if organisation.is_some() { Service::Dataverse } else { Service::Admin };
    tenant.reader(organisation.clone()).signed_in(service).await.map(|_| ())
}

/// The organisation of an environment, if it has one.
pub(super) fn organisation(environment: &Environment, tenant: &Tenant) -> Result<Option<Organisation>, Problem> {
    environment.url.as_ref().map(|url| tenant.organisation(&url.value)).transpose()
}

/// Why an environment could not be read or asked, and what to do.
pub(super) fn failed(environment: &str, done: &str, problem: &Problem) -> String {
    let (name, says, next) = (inert(environment), inert(&problem.to_string()), inert(&problem.next));
    format!("error: {name} could not be {done}: {says}\nhint: {next}\n")
}

/// Where the embedded tenant listens, and what it speaks there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listen {
    /// A loopback address.
    pub address: SocketAddr,
    /// What it speaks besides plain HTTP.
    pub front: sandbox::Front,
}

impl Default for Listen {
    fn default() -> Self {
        Self { address: ([127, 0, 0, 1], 0).into(), front: sandbox::Front::Plain }
    }
}

/// The embedded tenant of a run: its seed lies beside the first path, its state in `.powergrant/sandbox/`.
pub(crate) async fn start_sandbox(
    paths: &[PathBuf],
    listen: Listen,
    global: &Global,
    output: &mut Output,
) -> Result<sandbox::Running, Exit> {
    if let Some(missing) = paths.first().filter(|path| !path.exists()) {
        // Else a misspelled folder would start another tenant than the one that is meant.
        output
            .error(&format!("error: {} is not there\nhint: name the folder or file of manifests\n", missing.display()));
        return Err(Exit::Error);
    }
    let seed_file = paths.first().and_then(|path| seed_beside(path));
    let (seed, name) = match &seed_file {
        Some(file) => match std::fs::read_to_string(file) {
            Ok(text) => (text, file.display().to_string()),
            Err(error) => {
                output.error(&format!("error: {} cannot be read: {error}\n", file.display()));
                return Err(Exit::Error);
            }
        },
        None => (sandbox::seed::default_seed().to_owned(), "the compiled-in seed".to_owned()),
    };
    let seed = sandbox::seed::Seed::parse(&seed).map_err(|error| {
        output.error(&format!("error: {name}: {error}\n"));
        Exit::Error
    })?;
    let mut options = sandbox::Options::new(seed);
    options.state = Some(state_file(seed_file.as_deref()));
    (options.listen, options.front) = (listen.address, listen.front);
    options.reset = global.sandbox_reset;
    sandbox::start(options).await.map_err(|error| {
        output.error(&format!("error: the embedded tenant did not start: {error}\nhint: {}\n", error.hint()));
        Exit::Error
    })
}

/// `sandbox.yaml` in a folder of manifests, or beside a file of them.
fn seed_beside(path: &Path) -> Option<PathBuf> {
    let folder = if path.is_dir() { path } else { path.parent()? };
    let seed = folder.join("sandbox.yaml");
    seed.is_file().then_some(seed)
}

/// Where the state of a seed's tenant is kept: one file per seed, named after its path.
fn state_file(seed: Option<&Path>) -> PathBuf {
    let name = seed.map_or_else(
        || "default".to_owned(),
        |seed| {
            let absolute = std::path::absolute(seed).unwrap_or_else(|_| seed.to_owned());
            Uuid::new_v5(&Uuid::NAMESPACE_URL, absolute.to_string_lossy().as_bytes()).to_string()
        },
    );
    PathBuf::from(".powergrant/sandbox").join(format!("{name}.json"))
}

/// How many requests an environment took, per service and wave.
pub(super) fn counts(desired: &DesiredEnvironment, tenant: &Tenant) -> String {
    let mut text = format!("{}: {} requests\n", inert(&desired.environment.name), tenant.counts().requests());
    for ((label, service), count) in tenant.counts().all() {
        let _ =
            write!(text, "  {label:<10} {:<26} {} requests, {} bytes\n", service.name(), count.requests, count.bytes);
    }
    text
}
