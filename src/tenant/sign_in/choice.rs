//! Which way a run signs in by: the one that is asked for, or the one that variables are evidence of; one, and none after it.
mod files;
mod nothing;

use std::path::PathBuf;

use files::{bytes, certificate, content};

use super::methods::{Family, Method, Says, VARIABLES};
use super::{Certificate, Credentials, Federation, ManagedIdentity, Secret};
use crate::problem::{Cause, Problem};

/// What is known of the process's surroundings; nothing in them is asked over a network.
pub struct Surroundings<'a> {
    /// The value of a variable.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// Whether a program is on the path.
    pub has_program: &'a dyn Fn(&str) -> bool,
}

/// What the user and the Environment document ask for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wish<'a> {
    /// The way, from the command line.
    pub method: Option<Method>,
    /// The prefix of variables, from the Environment document.
    pub prefix: Option<&'a str>,
    /// The tenant, from the Environment document.
    pub tenant: Option<&'a str>,
}

/// What was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// The way.
    pub method: Method,
    /// Where it was read: `POWERGRANT_*`.
    pub from: String,
    /// What is signed in with.
    pub credentials: Credentials,
}

/// Chooses, or says which variable is missing.
pub fn choose(surroundings: &Surroundings<'_>, wish: Wish<'_>) -> Result<Chosen, Problem> {
    let own = wish.prefix.unwrap_or(Family::Own.prefix());
    let families = if wish.prefix.is_some() { &Family::ALL[..1] } else { &Family::ALL[..] };
    let readers: Vec<Reader<'_>> = families
        .iter()
        .map(|family| {
            let prefix = if *family == Family::Own { own } else { family.prefix() };
            Reader { surroundings, family: *family, prefix, document_tenant: wish.tenant }
        })
        .collect();
    let evident = readers.iter().position(Reader::has_anything);
    let reader = &readers[evident.unwrap_or(0)];
    let asked = match (wish.method, readers[0].find(Says::Auth)) {
        (Some(method), _) => Some(method),
        (None, Some((name, word))) => Some(Method::named(&word).ok_or_else(|| {
            let known: Vec<_> = Method::ALL.iter().map(|method| method.name()).collect();
            refuse(
                format!("{name} is `{word}`, which is no way to sign in"),
                &format!("known are {}", known.join(", ")),
            )
        })?),
        (None, None) => None,
    };
    // A document that names its variables means them: who is signed in to `az` by chance is somebody else.
    let method = match asked.or_else(|| reader.flag()).or_else(|| reader.evidence()) {
        Some(method) => method,
        None if wish.prefix.is_none() && (surroundings.has_program)("az") => Method::AzureCli,
        None if wish.prefix.is_none() && (surroundings.has_program)("azd") => Method::Azd,
        None => return Err(nothing::found(surroundings, wish, own)),
    };
    let credentials = reader.credentials(method).map_err(|missing| {
        let mut says = format!("{} from {}_*: {} not set", method.name(), reader.prefix, missing.0.join(", "));
        let elsewhere = readers.iter().filter(|other| other.family != reader.family && other.has_anything());
        let elsewhere: Vec<_> = elsewhere.map(|other| format!("{}_*", other.prefix)).collect();
        if !elsewhere.is_empty() {
            says = format!("{says}; {} is set too, and two families are never mixed", elsewhere.join(", "));
        }
        missing.1.unwrap_or_else(|| refuse(says, "set it, or choose another way with `--auth`"))
    })?;
    Ok(Chosen { method, from: format!("{}_*", reader.prefix), credentials })
}

/// Why there are no credentials: variables that are not set, or something else.
struct Missing(Vec<String>, Option<Problem>);

impl From<Problem> for Missing {
    fn from(problem: Problem) -> Self {
        Self(Vec::new(), Some(problem))
    }
}

/// One family of variables.
struct Reader<'a> {
    surroundings: &'a Surroundings<'a>,
    family: Family,
    prefix: &'a str,
    document_tenant: Option<&'a str>,
}

impl Reader<'_> {
    fn variable(&self, name: &str) -> Option<String> {
        (self.surroundings.variable)(name).filter(|value| !value.is_empty())
    }

    fn names(&self, says: Says) -> Vec<String> {
        let rows = VARIABLES.iter().filter(|variable| variable.says == says);
        rows.flat_map(|variable| self.family.names(variable)).map(|name| format!("{}_{name}", self.prefix)).collect()
    }

    fn find(&self, says: Says) -> Option<(String, String)> {
        self.names(says).into_iter().find_map(|name| self.variable(&name).map(|value| (name, value)))
    }

    fn value(&self, says: Says) -> Option<String> {
        self.find(says).map(|(_, value)| value)
    }

    fn is_true(&self, says: Says) -> bool {
        self.value(says).is_some_and(|value| matches!(value.to_ascii_lowercase().as_str(), "true" | "1"))
    }

    /// Whether the family is used at all; the choice of a way alone names no identity.
    fn has_anything(&self) -> bool {
        VARIABLES.iter().any(|variable| variable.says != Says::Auth && self.find(variable.says).is_some())
    }

    /// The way that a family with flags for it is told to use.
    fn flag(&self) -> Option<Method> {
        if self.is_true(Says::UseAzureCli) {
            Some(Method::AzureCli)
        } else if self.is_true(Says::UseAzd) {
            Some(Method::Azd)
        } else if self.is_true(Says::UseOidc) {
            // By the address that is set, and by nothing else: each service knows one verb.
            Some(if self.variable("SYSTEM_OIDCREQUESTURI").is_some() {
                Method::AzurePipelines
            } else if self.find(Says::TokenFile).is_some() {
                Method::WorkloadIdentity
            } else {
                Method::GithubOidc
            })
        } else if self.is_true(Says::UseManagedIdentity) {
            Some(Method::ManagedIdentity)
        } else {
            None
        }
    }

    /// The first way that there is evidence for.
    fn evidence(&self) -> Option<Method> {
        let has = |says| self.find(says).is_some();
        let is_set = |name| self.variable(name).is_some();
        Method::ALL.into_iter().find(|method| match method {
            Method::Command => has(Says::TokenCommand),
            Method::ClientSecret => has(Says::Secret) || has(Says::SecretFile),
            Method::Certificate => has(Says::Certificate) || has(Says::CertificateFile),
            Method::WorkloadIdentity => has(Says::TokenFile),
            Method::AzurePipelines => is_set("SYSTEM_OIDCREQUESTURI") && is_set("SYSTEM_ACCESSTOKEN"),
            Method::GithubOidc => is_set("ACTIONS_ID_TOKEN_REQUEST_URL") && has(Says::Client),
            Method::ManagedIdentity => is_set("IDENTITY_ENDPOINT"),
            Method::AzureCli | Method::Azd | Method::DeviceCode => false,
        })
    }

    fn tenant(&self) -> Option<String> {
        self.value(Says::Tenant).or_else(|| self.document_tenant.map(str::to_owned))
    }

    /// Tenant and application, or which of them are missing, together with a third thing.
    fn application<T>(&self, third: Option<T>, third_name: &[String]) -> Result<(String, String, T), Missing> {
        match (self.tenant(), self.value(Says::Client), third) {
            (Some(tenant), Some(client), Some(third)) => Ok((tenant, client, third)),
            (tenant, client, third) => {
                let named = |says| self.names(says).into_iter().take(1);
                let tenant = named(Says::Tenant).filter(|_| tenant.is_none());
                let client = named(Says::Client).filter(|_| client.is_none());
                let third = third_name.iter().take(1).filter(|_| third.is_none()).cloned();
                Err(Missing(tenant.chain(client).chain(third).collect(), None))
            }
        }
    }

    fn credentials(&self, method: Method) -> Result<Credentials, Missing> {
        match method {
            Method::ClientSecret => {
                let secret = match (self.value(Says::Secret), self.find(Says::SecretFile)) {
                    (Some(secret), _) => Some(secret),
                    (None, Some((name, path))) => Some(content(&name, &path)?.trim().to_owned()),
                    (None, None) => None,
                };
                let (tenant, client_id, secret) = self.application(secret, &self.names(Says::Secret))?;
                Ok(Credentials::ClientSecret { tenant, client_id, secret: Secret::new(secret) })
            }
            Method::Certificate => {
                let password = self.value(Says::CertificatePassword).map(Secret::new);
                let certificate = match (self.find(Says::Certificate), self.find(Says::CertificateFile)) {
                    (Some((name, text)), _) => Some(certificate(&name, text.as_bytes(), password.as_ref())?),
                    (None, Some((name, path))) => {
                        let about = format!("{name} (`{path}`)");
                        Some(certificate(&about, &bytes(&name, &path)?, password.as_ref())?)
                    }
                    (None, None) => None,
                };
                let (tenant, client_id, certificate) =
                    self.application(certificate, &self.names(Says::CertificateFile))?;
                Ok(Credentials::Certificate { tenant, client_id, certificate })
            }
            Method::WorkloadIdentity => {
                let file = self.value(Says::TokenFile).map(PathBuf::from);
                let (tenant, client_id, file) = self.application(file, &self.names(Says::TokenFile))?;
                Ok(Credentials::Federated { tenant, client_id, source: Federation::File(file) })
            }
            Method::GithubOidc => {
                let url = self.native("ACTIONS_ID_TOKEN_REQUEST_URL");
                let token = self.native("ACTIONS_ID_TOKEN_REQUEST_TOKEN");
                let (Ok(url), Ok(token)) = (&url, &token) else {
                    return Err(Missing([url, token].into_iter().filter_map(Result::err).collect(), None));
                };
                let (tenant, client_id, ()) = self.application(Some(()), &[])?;
                let source = Federation::GitHub { url: url.clone(), token: Secret::new(token) };
                Ok(Credentials::Federated { tenant, client_id, source })
            }
            Method::AzurePipelines => self.azure_pipelines(),
            Method::ManagedIdentity => self.managed_identity(),
            Method::AzureCli => Ok(Credentials::AzureCli { tenant: self.tenant() }),
            Method::Azd => Ok(Credentials::Azd { tenant: self.tenant() }),
            Method::DeviceCode => {
                let (tenant, client_id, ()) = self.application(Some(()), &[])?;
                Ok(Credentials::DeviceCode { tenant, client_id })
            }
            Method::Command => {
                let program =
                    self.value(Says::TokenCommand).ok_or_else(|| Missing(self.names(Says::TokenCommand), None))?;
                Ok(Credentials::Command { program: Secret::new(program) })
            }
        }
    }

    /// A variable that a pipeline sets itself, or its name.
    fn native(&self, name: &str) -> Result<String, String> {
        self.variable(name).ok_or_else(|| name.to_owned())
    }

    fn azure_pipelines(&self) -> Result<Credentials, Missing> {
        let (url, token) = (self.native("SYSTEM_OIDCREQUESTURI"), self.native("SYSTEM_ACCESSTOKEN"));
        let (Ok(url), Ok(token)) = (&url, &token) else {
            return Err(Missing([url, token].into_iter().filter_map(Result::err).collect(), None));
        };
        // Inside of the task AzureCLI@2 the connection names itself; all three or none, like any family.
        let task = |name: &str| self.variable(&format!("AZURESUBSCRIPTION_{name}"));
        let of_task = (task("TENANT_ID"), task("CLIENT_ID"), task("SERVICE_CONNECTION_ID"));
        let (tenant, client_id, connection) = match of_task {
            (Some(tenant), Some(client), Some(connection)) if self.value(Says::Client).is_none() => {
                (tenant, client, Some(connection))
            }
            _ => {
                let (tenant, client, ()) = self.application(Some(()), &[])?;
                (tenant, client, self.value(Says::Connection))
            }
        };
        let source = Federation::AzurePipelines { url: url.clone(), token: Secret::new(token), connection };
        Ok(Credentials::Federated { tenant, client_id, source })
    }

    fn managed_identity(&self) -> Result<Credentials, Missing> {
        let endpoint = self.variable("IDENTITY_ENDPOINT");
        // Which variables stand for which host: client code of azure_identity.
        if self.variable("IDENTITY_SERVER_THUMBPRINT").is_some() {
            let says = "managed identities of Service Fabric are not supported";
            return Err(refuse(says.to_owned(), "choose another way with `--auth`").into());
        }
        let source = match (endpoint, self.variable("IDENTITY_HEADER"), self.variable("IMDS_ENDPOINT")) {
            (Some(endpoint), Some(header), _) => ManagedIdentity::AppService { endpoint, header: Secret::new(header) },
            (Some(endpoint), None, Some(_)) => ManagedIdentity::Arc { endpoint, keys: self.proofs() },
            (Some(_), None, None) => return Err(Missing(vec!["IDENTITY_HEADER".to_owned()], None)),
            (None, _, _) => ManagedIdentity::Machine { host: self.variable("AZURE_POD_IDENTITY_AUTHORITY_HOST") },
        };
        Ok(Credentials::ManagedIdentity { source, client_id: self.value(Says::Client) })
    }

    /// Where the agent of Azure Arc leaves its proofs (client code of `azure_identity`).
    fn proofs(&self) -> PathBuf {
        match self.variable("ProgramData") {
            Some(data) if cfg!(windows) => PathBuf::from(data).join("AzureConnectedMachineAgent").join("Tokens"),
            Some(_) | None => PathBuf::from("/var/opt/azcmagent/tokens"),
        }
    }
}

fn refuse(says: String, next: &str) -> Problem {
    Problem::without_request(Cause::SignedOut, "sign-in", says, next)
}

#[cfg(test)]
mod tests;
