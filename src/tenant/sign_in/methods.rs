//! The ways to sign in and the variables that each is read from: one table, for the code and for the documents.

/// A way to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    /// With a client secret.
    ClientSecret,
    /// With a certificate.
    Certificate,
    /// With the token of a job of GitHub Actions.
    GithubOidc,
    /// With the token of a job of Azure Pipelines.
    AzurePipelines,
    /// With the token that a cluster keeps in a file.
    WorkloadIdentity,
    /// As the machine or app that this runs on.
    ManagedIdentity,
    /// As whoever is signed in to `az`.
    AzureCli,
    /// As whoever is signed in to `azd`.
    Azd,
    /// As a person, with a code on a page.
    DeviceCode,
    /// With what a program prints.
    Command,
}

impl Method {
    /// Every way, in the order in which evidence for it is looked for.
    pub const ALL: [Self; 10] = [
        Self::Command,
        Self::ClientSecret,
        Self::Certificate,
        Self::WorkloadIdentity,
        Self::AzurePipelines,
        Self::GithubOidc,
        Self::ManagedIdentity,
        Self::AzureCli,
        Self::Azd,
        Self::DeviceCode,
    ];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::ClientSecret => "client-secret",
            Self::Certificate => "certificate",
            Self::GithubOidc => "github-oidc",
            Self::AzurePipelines => "azure-pipelines",
            Self::WorkloadIdentity => "workload-identity",
            Self::ManagedIdentity => "managed-identity",
            Self::AzureCli => "azure-cli",
            Self::Azd => "azd",
            Self::DeviceCode => "device-code",
            Self::Command => "command",
        }
    }

    /// Finds the way of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.name() == name)
    }

    /// Who signs in this way, and with what.
    pub fn about(self) -> &'static str {
        match self {
            Self::ClientSecret => "an application, with its secret",
            Self::Certificate => "an application, with a certificate and its RSA key (PS256, `x5t#S256`)",
            Self::GithubOidc => "an application that trusts a job of GitHub Actions (`permissions: id-token: write`)",
            Self::AzurePipelines => "an application that trusts a service connection or a pipeline of Azure DevOps",
            Self::WorkloadIdentity => "an application that trusts a pod's service account (AKS)",
            Self::ManagedIdentity => "the identity of this app (App Service), server (Azure Arc) or machine",
            Self::AzureCli => "whoever is signed in to `az`",
            Self::Azd => "whoever is signed in to `azd`",
            Self::DeviceCode => {
                "a person, who enters a code on a page; needs an application that allows public client flows"
            }
            Self::Command => {
                "whatever a command line prints as `{\"token\", \"expiresOn\"}`; it finds the scope in `SCOPE`"
            }
        }
    }

    /// What makes this way the chosen one when none is asked for.
    pub fn evidence(self) -> &'static str {
        match self {
            Self::Command => "a token command",
            Self::ClientSecret => "a client secret",
            Self::Certificate => "a certificate",
            Self::WorkloadIdentity => "a token file",
            Self::AzurePipelines => "`SYSTEM_OIDCREQUESTURI` and `SYSTEM_ACCESSTOKEN`",
            Self::GithubOidc => "`ACTIONS_ID_TOKEN_REQUEST_URL` and a client id",
            Self::ManagedIdentity => "`IDENTITY_ENDPOINT`; a virtual machine's has to be asked for",
            Self::AzureCli => "no variable of the above, and `az` on the path",
            Self::Azd => "no variable of the above, no `az`, and `azd` on the path",
            Self::DeviceCode => "nothing: it has to be asked for",
        }
    }
}

/// What a variable says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Says {
    /// The way to sign in.
    Auth,
    /// The command line that prints a token.
    TokenCommand,
    /// The tenant.
    Tenant,
    /// The application.
    Client,
    /// Its secret.
    Secret,
    /// A file with its secret.
    SecretFile,
    /// Its certificate and key.
    Certificate,
    /// A file with its certificate and key.
    CertificateFile,
    /// The password of a PFX file.
    CertificatePassword,
    /// A file with a token that the application trusts.
    TokenFile,
    /// The service connection of Azure Pipelines.
    Connection,
    /// Whether to trade the job's token.
    UseOidc,
    /// Whether to use the managed identity.
    UseManagedIdentity,
    /// Whether to ask `az`.
    UseAzureCli,
    /// Whether to ask `azd`.
    UseAzd,
}

/// One line of the table: what is said, and under which names in each family, the first that is set counting.
#[derive(Clone, Copy, Debug)]
pub struct Variable {
    /// What it says.
    pub says: Says,
    /// The same for people.
    pub about: &'static str,
    /// The names behind each family's prefix, in the order of [`Family::ALL`].
    pub names: [&'static [&'static str]; 4],
}

/// Whose names variables have. One family is read, and never a second one to complete it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// Our own; the prefix can be another one for each environment.
    Own,
    /// Those of the public Terraform provider for Power Platform.
    PowerPlatform,
    /// Those of the Azure SDKs.
    Azure,
    /// Those of the Terraform providers for Azure.
    Arm,
}

impl Family {
    /// Every family, the first coming first.
    pub const ALL: [Self; 4] = [Self::Own, Self::PowerPlatform, Self::Azure, Self::Arm];

    /// The prefix of the family's names; our own may be another one.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Own => "POWERGRANT",
            Self::PowerPlatform => "POWER_PLATFORM",
            Self::Azure => "AZURE",
            Self::Arm => "ARM",
        }
    }

    pub(super) fn names(self, variable: &Variable) -> &'static [&'static str] {
        let [own, power_platform, azure, arm] = variable.names;
        match self {
            Self::Own => own,
            Self::PowerPlatform => power_platform,
            Self::Azure => azure,
            Self::Arm => arm,
        }
    }
}

const fn variable(says: Says, about: &'static str, names: [&'static [&'static str]; 4]) -> Variable {
    Variable { says, about, names }
}

/// The table. Names: constants of the public Terraform provider for Power Platform, the README of azidentity, and the documents of
/// the Terraform provider for Azure AD. Their documents also name variables that no code of theirs reads; those are not here.
pub const VARIABLES: [Variable; 15] = [
    variable(Says::Auth, "the way to sign in", [&["AUTH"], &[], &[], &[]]),
    variable(Says::TokenCommand, "command line that prints a token", [&["TOKEN_COMMAND"], &[], &[], &[]]),
    variable(Says::Tenant, "tenant", [&["TENANT_ID"], &["TENANT_ID"], &["TENANT_ID"], &["TENANT_ID"]]),
    variable(Says::Client, "application (client) id", [&["CLIENT_ID"], &["CLIENT_ID"], &["CLIENT_ID"], &["CLIENT_ID"]]),
    variable(
        Says::Secret,
        "client secret",
        [&["CLIENT_SECRET"], &["CLIENT_SECRET"], &["CLIENT_SECRET"], &["CLIENT_SECRET"]],
    ),
    variable(
        Says::SecretFile,
        "file with the client secret",
        [&["CLIENT_SECRET_FILE"], &[], &[], &["CLIENT_SECRET_FILE_PATH"]],
    ),
    variable(
        Says::Certificate,
        "certificate and key: PEM, or PEM or PFX as base64",
        [&["CLIENT_CERTIFICATE"], &["CLIENT_CERTIFICATE"], &[], &["CLIENT_CERTIFICATE"]],
    ),
    variable(
        Says::CertificateFile,
        "file with certificate and key: PEM or PFX",
        [
            &["CLIENT_CERTIFICATE_FILE"],
            &["CLIENT_CERTIFICATE_FILE_PATH"],
            &["CLIENT_CERTIFICATE_PATH"],
            &["CLIENT_CERTIFICATE_PATH"],
        ],
    ),
    variable(
        Says::CertificatePassword,
        "password of the PFX",
        [
            &["CLIENT_CERTIFICATE_PASSWORD"],
            &["CLIENT_CERTIFICATE_PASSWORD"],
            &["CLIENT_CERTIFICATE_PASSWORD"],
            &["CLIENT_CERTIFICATE_PASSWORD"],
        ],
    ),
    variable(
        Says::TokenFile,
        "file with a token that the application trusts",
        [&["FEDERATED_TOKEN_FILE"], &[], &["FEDERATED_TOKEN_FILE"], &["OIDC_TOKEN_FILE_PATH"]],
    ),
    variable(
        Says::Connection,
        "id of the service connection in Azure Pipelines",
        [
            &["SERVICE_CONNECTION_ID"],
            &["AZDO_SERVICE_CONNECTION_ID"],
            &[],
            &["ADO_PIPELINE_SERVICE_CONNECTION_ID", "OIDC_AZURE_SERVICE_CONNECTION_ID"],
        ],
    ),
    variable(Says::UseOidc, "`true`: trade the job's or pod's token", [&[], &["USE_OIDC"], &[], &["USE_OIDC"]]),
    variable(Says::UseManagedIdentity, "`true`: use the managed identity", [&[], &["USE_MSI"], &[], &["USE_MSI"]]),
    variable(Says::UseAzureCli, "`true`: ask `az`", [&[], &["USE_CLI"], &[], &["USE_CLI"]]),
    variable(Says::UseAzd, "`true`: ask `azd`", [&[], &["USE_DEV_CLI"], &[], &[]]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_has_a_name_of_its_own() {
        for method in Method::ALL {
            assert_eq!(Method::named(method.name()), Some(method));
        }
        assert_eq!(Method::named("auto"), None);
    }
}
