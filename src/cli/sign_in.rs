//! Which identity a run signs in as: the one door to environment variables.
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use super::Global;
use crate::clock::Clock;
use crate::compile::desired::{self, Environment};
use crate::problem::Problem;
use crate::sandbox;
use crate::tenant::sign_in::choice::{Chosen, Surroundings, Wish, choose};
use crate::tenant::sign_in::methods::{Family, Method};
use crate::tenant::{Cloud, Credentials, Endpoints, Line, Patience, Routing, Secret, Settings, Tenant, Trust};

/// The cloud of a manifest, as the client knows it.
fn cloud(cloud: desired::Cloud) -> Cloud {
    match cloud {
        desired::Cloud::Public => Cloud::Public,
        desired::Cloud::Gcc => Cloud::Gcc,
        desired::Cloud::GccHigh => Cloud::GccHigh,
        desired::Cloud::Dod => Cloud::Dod,
        desired::Cloud::China => Cloud::China,
    }
}

/// The cloud that an organisation's host is in, as a manifest says it; the public one where no cloud has such hosts.
pub(super) fn cloud_of(host: &str) -> desired::Cloud {
    match Cloud::of_organisation(host) {
        Some(Cloud::Public) | None => desired::Cloud::Public,
        Some(Cloud::Gcc) => desired::Cloud::Gcc,
        Some(Cloud::GccHigh) => desired::Cloud::GccHigh,
        Some(Cloud::Dod) => desired::Cloud::Dod,
        Some(Cloud::China) => desired::Cloud::China,
    }
}

/// The ways to sign in, for the command line.
pub(super) fn methods() -> impl TypedValueParser<Value = Method> {
    let known = Method::ALL.map(|method| PossibleValue::new(method.name()).help(method.about()));
    PossibleValuesParser::new(known).map(|name| Method::named(&name).expect("only their names are let through"))
}

/// How an environment is signed in to: in a word, and as what the client needs.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    /// The way and where it was read: `client-secret from POWERGRANT_*`.
    pub(super) way: String,
    /// What is signed in with.
    pub(super) credentials: Credentials,
}

/// The identity of an environment: the embedded tenant's own, or what the environment's variables hold.
pub(super) fn identity(
    environment: &Environment,
    sandbox: Option<&sandbox::Running>,
    global: &Global,
) -> Result<Identity, Problem> {
    if let (Some(sandbox), None) = (sandbox, global.auth) {
        let own = sandbox.credentials();
        let credentials = Credentials::Sandbox {
            tenant: own.tenant.to_string(),
            client_id: own.client,
            secret: (!own.secret.is_empty()).then(|| Secret::new(own.secret)),
        };
        return Ok(Identity { way: "the embedded tenant's caller".to_owned(), credentials });
    }
    let tenant = environment.tenant.map(|tenant| tenant.to_string());
    let surroundings = Surroundings { variable: &|name| std::env::var(name).ok(), has_program: &is_on_path };
    let wish = Wish { method: global.auth, prefix: environment.credentials.as_deref(), tenant: tenant.as_deref() };
    let Chosen { method, from, credentials } = choose(&surroundings, wish)?;
    let way = format!("{} from {from}", method.name());
    tracing::info!(environment = %environment.name, %way, "signs in");
    Ok(Identity { way, credentials })
}

/// The client of an environment, and the way in which it signs in.
pub(super) fn connect(
    environment: &Environment,
    sandbox: Option<&sandbox::Running>,
    global: &Global,
    clock: Arc<dyn Clock>,
) -> Result<(Tenant, String), Problem> {
    let Identity { way, credentials } = identity(environment, sandbox, global)?;
    let cloud = cloud(environment.cloud);
    let settings = Settings {
        cloud,
        routing: sandbox.map_or(Routing::Direct, |running| Routing::Sandbox(running.address())),
        credentials,
        tenant: environment.tenant,
        patience: Patience { deadline: Duration::from_secs(global.patience), ..Patience::default() },
        clock,
    };
    let prefix = environment.credentials.as_deref().unwrap_or(Family::Own.prefix());
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    // The embedded tenant has every host already.
    let endpoints = if sandbox.is_some() { Endpoints::from(cloud) } else { Endpoints::with(cloud, prefix, variable)? };
    let trust = global.ca_file.clone().map_or(Trust::Machine, Trust::Also);
    let tell: fn(&str) = tell;
    let tenant = Tenant::connect_by(settings, Line { endpoints: Some(endpoints), trust, tell: Some(tell) })?;
    Ok((tenant, way))
}

/// Tells a person to open a page and enter a code.
fn tell(message: &str) {
    super::output::Output::new(false, None).error(message);
}

fn is_on_path(program: &str) -> bool {
    let names =
        if cfg!(windows) { vec![format!("{program}.cmd"), format!("{program}.exe")] } else { vec![program.to_owned()] };
    let folders: Vec<PathBuf> =
        std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default();
    folders.iter().any(|folder| names.iter().any(|name| folder.join(name).is_file()))
}
