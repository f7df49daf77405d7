//! The real binary against an embedded tenant of the test's own, which it reaches through a proxy as it would reach Microsoft.
use std::collections::BTreeSet;
use std::process::Output;
use std::sync::PoisonError;

use assert_cmd::Command;
use powergrant::sandbox::faults::Rule;
use powergrant::sandbox::tenant::{Logged, Tenant};
use powergrant::sandbox::{self, Front, Options, Running};

use crate::desk::Desk;

const TENANT: &str = "11111111-1111-1111-1111-111111111111";
const APPLICATION: &str = "33333333-3333-3333-3333-333333333333";

/// The embedded tenant behind its proxy, and a desk with manifests for it.
pub(crate) struct Stage {
    // The tenant answers on its threads.
    pub(crate) threads: tokio::runtime::Runtime,
    pub(crate) running: Running,
    pub(crate) desk: Desk,
}

impl Stage {
    /// A tenant of a seed, and a copy of an example.
    pub(crate) fn with(example: &str, seed: &str) -> Self {
        powergrant::tenant::install_tls();
        let seed = sandbox::seed::Seed::parse(seed).expect("the seed is sound");
        let threads = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("threads");
        let options = Options { front: Front::Proxy, ..Options::new(seed) };
        let running = threads.block_on(sandbox::start(options)).expect("the tenant starts");
        let desk = Desk::with(example);
        desk.write("ca.pem", running.authority().expect("it encrypts"));
        Self { threads, running, desk }
    }

    /// Replaces a text in a file of the desk.
    pub(crate) fn edit(&self, file: &str, from: &str, to: &str) {
        let text = self.desk.read(file);
        assert!(text.contains(from), "{file} has no `{from}`");
        self.desk.write(file, &text.replace(from, to));
    }

    /// The variables of a run: who signs in, and the way to the tenant.
    pub(crate) fn variables(&self) -> Vec<(String, String)> {
        let mut all = vec![
            ("POWERGRANT_CA_FILE".to_owned(), "ca.pem".to_owned()),
            ("HTTPS_PROXY".to_owned(), format!("http://{}", self.running.address())),
        ];
        for prefix in ["POWERGRANT", "POWERGRANT_DEV", "POWERGRANT_TEST", "POWERGRANT_PROD"] {
            for (name, value) in [("TENANT_ID", TENANT), ("CLIENT_ID", APPLICATION), ("CLIENT_SECRET", "sandbox")] {
                all.push((format!("{prefix}_{name}"), value.to_owned()));
            }
        }
        all
    }

    /// A command with these variables.
    pub(crate) fn command(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Command {
        let mut command = self.desk.command(arguments);
        command.envs(self.variables()).env_remove("NO_PROXY").env_remove("no_proxy").envs(variables.iter().copied());
        command
    }

    /// Runs a command with these variables.
    pub(crate) fn run(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
        self.command(arguments, variables).output().expect("the command starts")
    }

    /// The tenant, to be looked at or changed behind everybody's back.
    pub(crate) fn tenant<T>(&self, look: impl FnOnce(&mut Tenant) -> T) -> T {
        let tenant = self.running.tenant();
        look(&mut tenant.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Disturbs what the tenant answers.
    pub(crate) fn disturb(&self, rule: Rule) {
        self.tenant(|tenant| tenant.faults.schedule(rule));
    }

    /// Forgets the disturbances and what was asked so far.
    pub(crate) fn calm(&self) {
        self.tenant(|tenant| {
            tenant.faults.clear();
            tenant.log.clear();
        });
    }

    /// The hosts that were dialled.
    pub(crate) fn dialled(&self) -> BTreeSet<String> {
        self.running.dialled().into_iter().collect()
    }

    /// How many requests had a text in their path.
    pub(crate) fn asked(&self, part: &str) -> usize {
        self.tenant(|tenant| tenant.log.iter().filter(|logged| logged.path.contains(part)).count())
    }

    /// The requests that were to change something, in order. A batch is one where it holds a change set, which its status
    /// does not tell: batches are counted by whoever knows what was in them.
    pub(crate) fn writes(&self) -> Vec<Logged> {
        self.tenant(|tenant| tenant.log.iter().filter(|logged| is_write(logged)).cloned().collect())
    }
}

fn is_write(logged: &Logged) -> bool {
    let reads = ["/oauth2/", "/$batch"];
    logged.method != "GET" && !reads.iter().any(|read| logged.path.contains(read))
}
