//! The real binary behind a forward proxy, which notes whom it is asked for and leads every name of Microsoft's to one embedded tenant.
use std::collections::BTreeSet;
use std::process::Output;

use powergrant::sandbox::faults::Rule;
use powergrant::sandbox::{self, Front, Options, Running};

use crate::desk::Desk;

pub(crate) const TENANT: &str = "11111111-1111-1111-1111-111111111111";
pub(crate) const APPLICATION: &str = "33333333-3333-3333-3333-333333333333";
pub(crate) const ENVIRONMENT: &str = "7f3c0a51-5e0f-4c0e-9d0a-2b6c8f1e4d10";
pub(crate) const PUBLIC: &str = "contoso.crm4.dynamics.com";

/// The embedded tenant behind its proxy, and a desk whose manifests mean one of its clouds.
pub(crate) struct Stage {
    // The tenant answers on its threads.
    _threads: tokio::runtime::Runtime,
    pub(crate) running: Running,
    pub(crate) desk: Desk,
}

impl Stage {
    pub(crate) fn of(cloud: &str, organisation: &str) -> Self {
        powergrant::tenant::install_tls();
        let seed = sandbox::seed::default_seed().replace(PUBLIC, organisation);
        let seed = sandbox::seed::Seed::parse(&seed).expect("the seed is sound");
        let threads = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("threads");
        let options = Options { front: Front::Proxy, ..Options::new(seed) };
        let running = threads.block_on(sandbox::start(options)).expect("the tenant starts");
        let desk = Desk::with("copilot-agent-flow");
        let about = format!("https://{organisation}\n  cloud: {cloud}\n  environmentId: {ENVIRONMENT}");
        desk.write("environment.yaml", &desk.read("environment.yaml").replace(&format!("https://{PUBLIC}"), &about));
        desk.write("ca.pem", running.authority().expect("it encrypts"));
        Self { _threads: threads, running, desk }
    }

    pub(crate) fn public() -> Self {
        Self::of("public", PUBLIC)
    }

    /// Runs a command with these variables besides those of a client secret.
    pub(crate) fn run(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
        let mut command = self.desk.command(arguments);
        command
            .env("POWERGRANT_PROD_TENANT_ID", TENANT)
            .env("POWERGRANT_PROD_CLIENT_ID", APPLICATION)
            .env("POWERGRANT_PROD_CLIENT_SECRET", "sandbox")
            .env("POWERGRANT_CA_FILE", "ca.pem")
            .env("HTTPS_PROXY", format!("http://{}", self.running.address()))
            .env_remove("NO_PROXY")
            .env_remove("no_proxy")
            .envs(variables.iter().copied());
        command.output().expect("the command starts")
    }

    pub(crate) fn change(&self, rule: Rule) {
        self.running.tenant().lock().expect("no holder of this lock panics").faults.schedule(rule);
    }

    pub(crate) fn dialled(&self) -> BTreeSet<String> {
        self.running.dialled().into_iter().collect()
    }

    pub(crate) fn asked(&self, part: &str) -> usize {
        let tenant = self.running.tenant();
        let tenant = tenant.lock().expect("no holder of this lock panics");
        tenant.log.iter().filter(|logged| logged.path.contains(part)).count()
    }
}
