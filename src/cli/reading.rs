//! What commands share that read environments with a scope of their own, and plan nothing.
use std::path::PathBuf;
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream;

use super::Global;
use super::exit::Exit;
use super::manifests::{self, Loaded};
use super::online::{self, Directories};
use super::output::Output;
use super::sign_in;
use crate::clock::{Clock, WallClock};
use crate::collect;
use crate::compile::desired::DesiredEnvironment;
use crate::foreign::inert;
use crate::inventory::Inventory;
use crate::inventory::doubts::GROUP_MEMBERS;
use crate::inventory::scope::Scope;
use crate::problem::Problem;
use crate::rights::identity::Identity;
use crate::sandbox;

/// How many environments are read at once: each is held whole until it is used.
const ENVIRONMENTS_IN_FLIGHT: usize = 4;

/// Manifests that say which environments there are, and the tenant that they are in.
pub(super) struct Reading {
    /// The manifests.
    pub(super) loaded: Loaded,
    sandbox: Option<sandbox::Running>,
    clock: Arc<dyn Clock>,
}

/// One environment that was read.
pub(super) struct Seen {
    /// What manifests want of it.
    pub(super) desired: DesiredEnvironment,
    /// What was asked for.
    pub(super) scope: Scope,
    /// What was read.
    pub(super) inventory: Inventory,
}

impl Reading {
    /// Loads manifests, and starts the embedded tenant where it is wanted. `Err` when nothing can be read.
    pub(super) async fn open(paths: &[PathBuf], global: &Global, output: &mut Output) -> Result<Self, Exit> {
        let clock: Arc<dyn Clock> = Arc::new(WallClock);
        let loaded = manifests::load_for_question(paths, global, jiff::Zoned::now().date());
        if loaded.report(output) {
            return Err(Exit::Error);
        }
        if loaded.desired.environments.is_empty() {
            output.error("error: the manifests hold no Environment document, so nothing says what to read\nhint: name an organisation with `-e https://contoso.crm4.dynamics.com`, or write a document for it\n");
            return Err(Exit::Error);
        }
        let sandbox = if global.sandbox {
            Some(online::start_sandbox(paths, online::Listen::default(), global, output).await?)
        } else {
            None
        };
        Ok(Self { loaded, sandbox, clock })
    }

    /// Reads every environment and hands each on as soon as it is there, in the order of their names; one that cannot be
    /// reached is told, and makes the command fail.
    pub(super) async fn each(
        &self,
        scope: impl Fn(&DesiredEnvironment) -> Scope,
        global: &Global,
        output: &mut Output,
        mut take: impl FnMut(Seen, &mut Output) -> Exit,
    ) -> Exit {
        let directories = Directories::default();
        let reads = stream::iter(self.loaded.desired.environments.iter().map(|desired| {
            let (clock, scope, directory) = (Arc::clone(&self.clock), scope(desired), directories.of(desired));
            async move {
                let name = desired.environment.name.to_string();
                let read = async {
                    let (tenant, organisation) =
                        online::enter(&desired.environment, self.sandbox.as_ref(), global, clock).await?;
                    let reader = tenant.reader(organisation);
                    let inventory = collect::collect(&reader, &directory, &desired.environment, &scope).await;
                    Ok((Seen { desired: desired.clone(), scope, inventory }, online::counts(desired, &tenant)))
                };
                read.await.map_err(|problem: Problem| (name, problem))
            }
        }));
        let mut reads = reads.buffered(ENVIRONMENTS_IN_FLIGHT);
        let mut exit = Exit::Success;
        while let Some(read) = reads.next().await {
            match read {
                Ok((seen, counts)) => {
                    if global.verbose > 0 {
                        output.remark(&counts);
                    }
                    exit = exit.and(take(seen, output));
                }
                Err((name, problem)) => {
                    output.error(&online::failed(&name, "read", &problem));
                    exit = exit.and(Exit::Error);
                }
            }
        }
        exit
    }

    /// Asks every environment's services who the caller is there; one that cannot be reached is told, and makes the command fail.
    pub(super) async fn identities(&self, global: &Global, output: &mut Output) -> (Vec<Identity>, Exit) {
        let mut identities = Vec::new();
        let mut exit = Exit::Success;
        for desired in &self.loaded.desired.environments {
            let environment = &desired.environment;
            let asked = async {
                let (tenant, way) =
                    sign_in::connect(environment, self.sandbox.as_ref(), global, Arc::clone(&self.clock))?;
                let organisation = online::organisation(environment, &tenant)?;
                Ok(collect::identity(&tenant.reader(organisation), environment, way).await)
            };
            let asked: Result<Identity, Problem> = asked.await;
            match asked {
                Ok(identity) => identities.push(identity),
                Err(problem) => {
                    output.error(&online::failed(&environment.name, "asked", &problem));
                    exit = Exit::Error;
                }
            }
        }
        (identities, exit)
    }

    /// Stops the embedded tenant, if there is one.
    pub(super) async fn close(self) {
        if let Some(sandbox) = self.sandbox {
            sandbox.stop().await;
        }
    }
}

/// What may be missing from an inventory without a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Accepted {
    /// Nothing.
    Nothing,
    /// The people of groups: without rights in Microsoft Graph nobody tells them.
    GroupMembers,
    /// Whatever it is.
    Anything,
}

impl Accepted {
    /// What the flag `--allow-incomplete` accepts.
    pub(super) fn of_flag(allow_incomplete: bool) -> Self {
        if allow_incomplete { Self::Anything } else { Self::Nothing }
    }
}

/// Tells what of an inventory is not whole; that is a failure unless it is accepted.
pub(super) fn report_doubts(inventory: &Inventory, accepted: Accepted, output: &mut Output) -> Exit {
    let mut exit = Exit::Success;
    for (section, problem) in inventory.doubts() {
        let (name, says) = (inert(&inventory.environment.name), inert(&problem.to_string()));
        output.error(&format!("warning: {name}: {section} not read whole: {says}\nhint: {}\n", inert(&problem.next)));
        let is_accepted = match accepted {
            Accepted::Nothing => false,
            Accepted::GroupMembers => section == GROUP_MEMBERS,
            Accepted::Anything => true,
        };
        if !is_accepted {
            exit = Exit::Error;
        }
    }
    exit
}
