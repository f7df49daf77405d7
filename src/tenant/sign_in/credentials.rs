//! What can be signed in with, as values: nothing is read or sent here.
use std::path::PathBuf;

use super::assertion::Certificate;
use crate::tenant::secret::Secret;

/// How to sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// As an application with a client secret.
    ClientSecret {
        /// The tenant's id or one of its domains.
        tenant: String,
        /// The application's id.
        client_id: String,
        /// The application's secret.
        secret: Secret,
    },
    /// As an application with a certificate and its private key.
    Certificate {
        /// The tenant's id or one of its domains.
        tenant: String,
        /// The application's id.
        client_id: String,
        /// The certificate and its key.
        certificate: Certificate,
    },
    /// As an application that trusts somebody else's tokens (workload identity federation).
    Federated {
        /// The tenant's id or one of its domains.
        tenant: String,
        /// The application's id.
        client_id: String,
        /// Where the other token comes from.
        source: Federation,
    },
    /// As the identity that Azure gave to this machine or app.
    ManagedIdentity {
        /// Where its tokens come from.
        source: ManagedIdentity,
        /// The client id of a user-assigned identity; none means the system-assigned one.
        client_id: Option<String>,
    },
    /// As whoever is signed in to the Azure CLI.
    AzureCli {
        /// The tenant's id or one of its domains, where it is known.
        tenant: Option<String>,
    },
    /// As whoever is signed in to the Azure Developer CLI.
    Azd {
        /// The tenant's id or one of its domains, where it is known.
        tenant: Option<String>,
    },
    /// As a person who opens a page and enters a code.
    DeviceCode {
        /// The tenant's id or one of its domains.
        tenant: String,
        /// The id of an application that allows public client flows.
        client_id: String,
    },
    /// To the embedded tenant, which also lets people in without a secret; refused everywhere else.
    Sandbox {
        /// The tenant's id or one of its domains.
        tenant: String,
        /// The application's id, or `user:` and a user principal name.
        client_id: String,
        /// The application's secret.
        secret: Option<Secret>,
    },
    /// With a command line that prints a token as JSON: `{"token", "expiresOn"}`, or what `az account get-access-token` prints.
    ///
    /// It is run by the shell and finds the scope in `SCOPE`.
    Command {
        /// The command line, which may hold a password of another program.
        program: Secret,
    },
}

/// Where the token comes from that an application trusts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Federation {
    /// GitHub Actions, by a GET.
    GitHub {
        /// `ACTIONS_ID_TOKEN_REQUEST_URL`.
        url: String,
        /// `ACTIONS_ID_TOKEN_REQUEST_TOKEN`.
        token: Secret,
    },
    /// Azure Pipelines, by a POST.
    AzurePipelines {
        /// `SYSTEM_OIDCREQUESTURI`.
        url: String,
        /// `SYSTEM_ACCESSTOKEN`.
        token: Secret,
        /// The id of the service connection; without one the token is the pipeline's own.
        connection: Option<String>,
    },
    /// A file that a cluster keeps fresh (AKS workload identity); read anew for each token.
    File(PathBuf),
}

/// Where a managed identity's tokens come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ManagedIdentity {
    /// A virtual machine's instance metadata service.
    Machine {
        /// `AZURE_POD_IDENTITY_AUTHORITY_HOST`: what stands in its place on this machine or its link; none is its own address.
        host: Option<String>,
    },
    /// App Service, Functions, Container Apps.
    AppService {
        /// `IDENTITY_ENDPOINT`.
        endpoint: String,
        /// `IDENTITY_HEADER`.
        header: Secret,
    },
    /// A server that Azure Arc connects: it proves by reading a file that it may have tokens.
    Arc {
        /// `IDENTITY_ENDPOINT`.
        endpoint: String,
        /// The folder in which the agent leaves its proofs.
        keys: PathBuf,
    },
}

impl Credentials {
    /// The secrets in here, so that no text that goes out carries one of them.
    pub(in crate::tenant) fn secrets(&self) -> Vec<&Secret> {
        match self {
            Self::ClientSecret { secret, .. } => vec![secret],
            Self::Sandbox { secret, .. } => secret.iter().collect(),
            Self::Federated { source: Federation::GitHub { token, .. }, .. }
            | Self::Federated { source: Federation::AzurePipelines { token, .. }, .. } => vec![token],
            Self::ManagedIdentity { source: ManagedIdentity::AppService { header, .. }, .. } => vec![header],
            Self::Federated { source: Federation::File(_), .. }
            | Self::ManagedIdentity { source: ManagedIdentity::Machine { .. } | ManagedIdentity::Arc { .. }, .. }
            | Self::Certificate { .. }
            | Self::AzureCli { .. }
            | Self::Azd { .. }
            | Self::DeviceCode { .. }
            // What the shell says of a command that it does not find names it.
            | Self::Command { .. } => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_prints() {
        let credentials = Credentials::ClientSecret {
            tenant: "contoso.com".to_owned(),
            client_id: "app".to_owned(),
            secret: Secret::new("hunter2"),
        };
        assert!(!format!("{credentials:?}").contains("hunter2"));
    }
}
