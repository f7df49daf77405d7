//! Which identity a run signs in as: the one door to environment variables.
use crate::compile::desired::{self, Environment};
use crate::problem::{Cause, Problem};
use crate::sandbox;
use crate::tenant::{Cloud, Credentials, Secret};

/// The prefix of variables where an Environment document names none.
const PREFIX: &str = "POWERGRANT";

/// The cloud of a manifest, as the client knows it.
pub(super) fn cloud(cloud: desired::Cloud) -> Cloud {
    match cloud {
        desired::Cloud::Public => Cloud::Public,
        desired::Cloud::Gcc => Cloud::Gcc,
        desired::Cloud::GccHigh => Cloud::GccHigh,
        desired::Cloud::Dod => Cloud::Dod,
        desired::Cloud::China => Cloud::China,
    }
}

/// The credentials of an environment: the embedded tenant's own, or what the environment's variables hold.
pub(super) fn credentials(
    environment: &Environment,
    sandbox: Option<&sandbox::Running>,
) -> Result<Credentials, Problem> {
    if let Some(sandbox) = sandbox {
        let own = sandbox.credentials();
        return Ok(Credentials::Sandbox {
            tenant: own.tenant.to_string(),
            client_id: own.client,
            secret: (!own.secret.is_empty()).then(|| Secret::new(own.secret)),
        });
    }
    let prefix = environment.credentials.as_deref().unwrap_or(PREFIX);
    let variable = |name: &str| std::env::var(format!("{prefix}_{name}")).ok().filter(|value| !value.is_empty());
    if let Some(program) = variable("TOKEN_COMMAND") {
        return Ok(Credentials::Command { program });
    }
    let tenant = variable("TENANT_ID").or_else(|| environment.tenant.map(|tenant| tenant.to_string()));
    match (tenant, variable("CLIENT_ID"), variable("CLIENT_SECRET")) {
        (Some(tenant), Some(client_id), Some(secret)) => {
            Ok(Credentials::ClientSecret { tenant, client_id, secret: Secret::new(secret) })
        }
        (tenant, client_id, secret) => {
            let missing = [
                ("TENANT_ID", tenant.is_none()),
                ("CLIENT_ID", client_id.is_none()),
                ("CLIENT_SECRET", secret.is_none()),
            ];
            let missing: Vec<_> =
                missing.iter().filter(|(_, missing)| *missing).map(|(name, _)| format!("{prefix}_{name}")).collect();
            let says = format!("there is no identity to sign in as: {} not set", missing.join(", "));
            let next =
                format!("set them, or {prefix}_TOKEN_COMMAND to a program that prints a token, or use --sandbox");
            Err(Problem::without_request(Cause::SignedOut, "sign-in", says, next))
        }
    }
}
