//! The real binary behind a forward proxy, which notes whom it is asked for and leads every name of Microsoft's to one embedded tenant.
use std::collections::BTreeSet;
use std::process::Output;

use assert_cmd::Command;
use powergrant::sandbox::faults::Rule;
use powergrant::sandbox::tenant::Tenant;
use powergrant::sandbox::{self, Front, Options, Running};

use crate::desk::Desk;

pub(crate) const TENANT: &str = "11111111-1111-1111-1111-111111111111";
pub(crate) const APPLICATION: &str = "33333333-3333-3333-3333-333333333333";
pub(crate) const ENVIRONMENT: &str = "7f3c0a51-5e0f-4c0e-9d0a-2b6c8f1e4d10";
pub(crate) const PUBLIC: &str = "contoso.crm4.dynamics.com";

/// The embedded tenant behind its proxy, and a desk whose manifests mean one of its clouds.
pub(crate) struct Stage {
    // The tenant answers on its threads.
    pub(crate) threads: tokio::runtime::Runtime,
    pub(crate) running: Running,
    pub(crate) desk: Desk,
}

impl Stage {
    pub(crate) fn of(cloud: &str, organisation: &str) -> Self {
        Self::at(cloud, organisation, |options| options)
    }

    /// The same with a tenant of its own kind.
    pub(crate) fn at(cloud: &str, organisation: &str, with: fn(Options) -> Options) -> Self {
        Self::seeded(&sandbox::seed::default_seed().replace(PUBLIC, organisation), cloud, organisation, with)
    }

    /// The same from a seed of its own.
    pub(crate) fn seeded(seed: &str, cloud: &str, organisation: &str, with: fn(Options) -> Options) -> Self {
        powergrant::tenant::install_tls();
        let seed = sandbox::seed::Seed::parse(seed).expect("the seed is sound");
        let threads = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("threads");
        let options = with(Options { front: Front::Proxy, ..Options::new(seed) });
        let running = threads.block_on(sandbox::start(options)).expect("the tenant starts");
        let desk = Desk::with("copilot-agent-flow");
        let about = format!("https://{organisation}\n  cloud: {cloud}\n  environmentId: {ENVIRONMENT}");
        desk.write("environment.yaml", &desk.read("environment.yaml").replace(&format!("https://{PUBLIC}"), &about));
        desk.write("ca.pem", running.authority().expect("it encrypts"));
        Self { threads, running, desk }
    }

    pub(crate) fn public() -> Self {
        Self::of("public", PUBLIC)
    }

    /// Runs a command with these variables besides those of a client secret.
    pub(crate) fn run(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
        let mut command = self.command(arguments);
        command
            .env("POWERGRANT_PROD_TENANT_ID", TENANT)
            .env("POWERGRANT_PROD_CLIENT_ID", APPLICATION)
            .env("POWERGRANT_PROD_CLIENT_SECRET", "sandbox")
            .envs(variables.iter().copied());
        command.output().expect("the command starts")
    }

    /// A command over the proxy, without anything to sign in with.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.with_proxy(self.desk.command(arguments))
    }

    /// The same for a command of another program, which runs at the desk.
    pub(crate) fn with_proxy(&self, mut command: Command) -> Command {
        command
            .current_dir(self.desk.path("."))
            .env("POWERGRANT_CA_FILE", "ca.pem")
            .env("HTTPS_PROXY", format!("http://{}", self.running.address()))
            .env_remove("NO_PROXY")
            .env_remove("no_proxy");
        command
    }

    /// The embedded tenant, to be looked at or changed. No request is answered meanwhile.
    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut Tenant) -> T) -> T {
        look(&mut self.running.tenant().lock().expect("no holder of this lock panics"))
    }

    pub(crate) fn change(&self, rule: Rule) {
        self.with(|tenant| tenant.faults.schedule(rule));
    }

    pub(crate) fn dialled(&self) -> BTreeSet<String> {
        self.running.dialled().into_iter().collect()
    }

    pub(crate) fn asked(&self, part: &str) -> usize {
        self.with(|tenant| tenant.log.iter().filter(|logged| logged.path.contains(part)).count())
    }
}
