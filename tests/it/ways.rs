//! Every way to sign in, as a user sets it up, with what of it is secret.
use std::path::Path;
use std::process::Output;

use assert_cmd::Command;
use powergrant::sandbox::identity::{Federated, JOB_TOKEN, Proof};
use powergrant::sandbox::tenant::Tenant;
use uuid::Uuid;

use crate::proxied::{APPLICATION, PUBLIC, Stage, TENANT};

pub(crate) const PEM: &str = include_str!("../../src/tenant/tests/identity.pem");
pub(crate) const CONNECTION: &str = "55555555-5555-5555-5555-555555555555";

/// The audiences of the services of the public cloud.
pub(crate) const AUDIENCES: [(&str, &str); 4] = [
    ("crm4", "https://contoso.crm4.dynamics.com"),
    ("graph", "https://graph.microsoft.com"),
    ("powerapps", "https://service.powerapps.com"),
    ("flow", "https://service.flow.microsoft.com"),
];

/// A way to sign in: its name, the variables that ask for it, and what nobody may see.
#[derive(Clone, Debug)]
pub(crate) struct Way {
    pub(crate) name: &'static str,
    pub(crate) variables: Vec<(&'static str, String)>,
    pub(crate) secrets: Vec<String>,
}

impl Way {
    fn of(name: &'static str, variables: Vec<(&'static str, String)>, secrets: &[&str]) -> Self {
        Self { name, variables, secrets: secrets.iter().map(|&secret| secret.to_owned()).collect() }
    }

    /// The same with a variable set to something else.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.variables.retain(|(known, _)| *known != name);
        self.variables.push((name, value.into()));
        self
    }

    /// The same with something else that nobody may see.
    pub(crate) fn hiding(mut self, secret: &str) -> Self {
        self.secrets.push(secret.to_owned());
        self
    }

    /// Runs a command of the stage this way; nothing but what the test sets is on the path.
    pub(crate) fn run(&self, stage: &Stage, arguments: &[&str]) -> Output {
        self.command(stage, arguments).output().expect("the command starts")
    }

    /// A command of the stage that signs in this way.
    pub(crate) fn command(&self, stage: &Stage, arguments: &[&str]) -> Command {
        self.set_in(stage, stage.command(arguments))
    }

    /// Another program than ours with the same variables.
    pub(crate) fn command_of(&self, stage: &Stage, program: Command) -> Command {
        self.set_in(stage, stage.with_proxy(program))
    }

    fn set_in(&self, stage: &Stage, mut command: Command) -> Command {
        command.env("PATH", format!("{}:/usr/bin:/bin", stage.desk.path("programs").display()));
        command.env("POWERGRANT_PROD_TENANT_ID", TENANT);
        command.envs(self.variables.iter().map(|(name, value)| (*name, value.as_str())));
        command
    }
}

/// A token of the embedded tenant for an application; `age` is how many seconds ago it was issued.
pub(crate) fn token(stage: &Stage, audience: &str, age: i64) -> String {
    let now = jiff::Timestamp::now().as_second() - age;
    stage.with(|tenant| {
        let application = APPLICATION.parse().expect("an id");
        tenant.issuer.of_application(&tenant.directory, application, audience, now, 3_600).expect("a token")
    })
}

/// A token for Dataverse in which one claim is another.
pub(crate) fn forged(stage: &Stage, claim: &str, value: &str) -> String {
    let now = jiff::Timestamp::now().as_second();
    let mut claims = serde_json::json!({
        "aud": "https://contoso.crm4.dynamics.com", "iss": format!("https://sts.windows.net/{TENANT}/"), "tid": TENANT,
        "iat": now, "nbf": now, "exp": now + 3_600,
    });
    claims[claim] = value.into();
    stage.with(|tenant| tenant.issuer.sign_value(&claims))
}

fn client() -> (&'static str, String) {
    ("POWERGRANT_PROD_CLIENT_ID", APPLICATION.to_owned())
}

/// With a client secret.
pub(crate) fn client_secret(stage: &Stage) -> Way {
    let secret = "a secret: Q8~not-to-be-seen";
    stage.with(|tenant| {
        let application: Uuid = APPLICATION.parse().expect("an id");
        let mut principals = tenant.directory.service_principals.values_mut();
        let own = principals.find(|principal| principal.app_id == application).expect("the caller");
        secret.clone_into(&mut own.secret);
    });
    Way::of("client-secret", vec![client(), ("POWERGRANT_PROD_CLIENT_SECRET", secret.to_owned())], &[secret])
}

/// With a certificate in PEM.
pub(crate) fn certificate(stage: &Stage) -> Way {
    trust_certificate(stage, PEM);
    stage.desk.write("app.pem", PEM);
    let key: Vec<&str> = PEM.lines().skip(1).take(3).collect();
    Way::of("certificate", vec![client(), ("POWERGRANT_PROD_CLIENT_CERTIFICATE_FILE", "app.pem".to_owned())], &key)
}

/// With a certificate in a PFX file.
pub(crate) fn pfx(stage: &Stage) -> Way {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tenant/tests/identity.pfx");
    certificate(stage)
        .with("POWERGRANT_PROD_CLIENT_CERTIFICATE_FILE", file.display().to_string())
        .with("POWERGRANT_PROD_CLIENT_CERTIFICATE_PASSWORD", "hunter2")
        .hiding("hunter2")
}

/// Lets the tenant know a certificate of the application.
pub(crate) fn trust_certificate(stage: &Stage, pem: &str) {
    let application: Uuid = APPLICATION.parse().expect("an id");
    stage.with(|tenant| _ = tenant.identities.certificates.entry(application).or_default().insert(pem.to_owned()));
}

/// With the token of a pod.
pub(crate) fn workload_identity(stage: &Stage) -> Way {
    let now = jiff::Timestamp::now().as_second();
    let assertion = stage.with(|tenant| {
        let credential = Federated {
            issuer: "https://cluster.example/".to_owned(),
            subject: "system:serviceaccount:powergrant:apply".to_owned(),
            audience: "api://AzureADTokenExchange".to_owned(),
        };
        let claims = serde_json::json!({
            "iss": credential.issuer, "sub": credential.subject, "aud": credential.audience, "nbf": now, "exp": now + 3_600,
        });
        trust(tenant, credential);
        tenant.issuer.sign_value(&claims)
    });
    stage.desk.write("pod-token", &assertion);
    Way::of(
        "workload-identity",
        vec![client(), ("POWERGRANT_PROD_FEDERATED_TOKEN_FILE", "pod-token".to_owned())],
        &[&assertion],
    )
}

/// Lets the application trust one token of others more.
fn trust(tenant: &mut Tenant, credential: Federated) {
    tenant.identities.federated.entry(APPLICATION.parse().expect("an id")).or_default().insert(credential);
}

/// As a job of Azure Pipelines.
pub(crate) fn azure_pipelines(stage: &Stage) -> Way {
    let url = format!("http://{}/contoso/p/_apis/jobs/2/oidctoken", stage.running.address());
    let connection = ("POWERGRANT_PROD_SERVICE_CONNECTION_ID", CONNECTION.to_owned());
    let job = ("SYSTEM_ACCESSTOKEN", JOB_TOKEN.to_owned());
    Way::of("azure-pipelines", vec![client(), ("SYSTEM_OIDCREQUESTURI", url), connection, job], &[JOB_TOKEN])
}

/// As a job of GitHub Actions.
pub(crate) fn github_oidc(stage: &Stage) -> Way {
    let url = format!("http://{}/_github/token?api-version=2.0", stage.running.address());
    let job = ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", JOB_TOKEN.to_owned());
    Way::of("github-oidc", vec![client(), ("ACTIONS_ID_TOKEN_REQUEST_URL", url), job], &[JOB_TOKEN])
}

/// As the managed identity of an app.
pub(crate) fn managed_identity(stage: &Stage) -> Way {
    let url = format!("http://{}/msi/token", stage.running.address());
    Way::of(
        "managed-identity",
        vec![("IDENTITY_ENDPOINT", url), ("IDENTITY_HEADER", JOB_TOKEN.to_owned())],
        &[JOB_TOKEN],
    )
}

/// As the managed identity of a machine, whose metadata service stands elsewhere on this one.
pub(crate) fn machine(stage: &Stage) -> Way {
    let host = format!("http://{}", stage.running.address());
    Way::of("managed-identity", vec![("AZURE_POD_IDENTITY_AUTHORITY_HOST", host)], &[])
        .with("POWERGRANT_PROD_AUTH", "managed-identity")
}

/// As a server that Azure Arc connects; its agent names a file in which it says that its proof is.
pub(crate) fn arc(stage: &Stage, file: &str) -> Way {
    let text = "proof-not-to-be-seen";
    stage.with(|tenant| {
        tenant.identities.proof = Some(Proof { path: file.to_owned(), text: text.to_owned() });
    });
    let address = format!("http://{}", stage.running.address());
    let endpoint = format!("{address}/metadata/identity/oauth2/token");
    Way::of("managed-identity", vec![("IDENTITY_ENDPOINT", endpoint), ("IMDS_ENDPOINT", address)], &[text])
}

/// As a person with a code.
pub(crate) fn device_code(_: &Stage) -> Way {
    Way::of("device-code", vec![("POWERGRANT_PROD_CLIENT_ID", CONNECTION.to_owned())], &[])
        .with("POWERGRANT_PROD_AUTH", "device-code")
}

/// As whoever is signed in to `az`, which is a script here.
pub(crate) fn azure_cli(stage: &Stage) -> Way {
    program(stage, "az", &tokens(stage, "accessToken"));
    Way::of("azure-cli", vec![], &[]).with("POWERGRANT_PROD_AUTH", "azure-cli")
}

/// As whoever is signed in to `azd`, which is a script here.
pub(crate) fn azd(stage: &Stage) -> Way {
    program(stage, "azd", &tokens(stage, "token"));
    Way::of("azd", vec![], &[]).with("POWERGRANT_PROD_AUTH", "azd")
}

/// With a command; its line holds a password of another program.
pub(crate) fn command(stage: &Stage) -> Way {
    program(stage, "print-token", &tokens(stage, "token"));
    let line = "print-token --vault-password s.vault-not-to-be-seen \"$SCOPE\"";
    Way::of("command", vec![("POWERGRANT_PROD_TOKEN_COMMAND", line.to_owned())], &["s.vault-not-to-be-seen"])
}

/// The script of a program that prints a token for the scope among its arguments.
fn tokens(stage: &Stage, member: &str) -> String {
    use std::fmt::Write as _;

    let mut script = "case \"$*\" in\n".to_owned();
    for (part, audience) in AUDIENCES {
        let _ = writeln!(script, "*{part}*) token={};;", token(stage, audience, 0));
    }
    script + &format!("esac\nprintf '{{\"{member}\":\"%s\"}}' \"$token\"\n")
}

/// Puts a program on the path.
pub(crate) fn program(stage: &Stage, name: &str, script: &str) {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = stage.desk.path("programs");
    std::fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join(name);
    std::fs::write(&file, format!("#!/bin/sh\n{script}")).expect("a program");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).expect("a program");
}

/// Every way that a run of the binary can take here; the agent of Azure Arc has its files in a folder of the system, which `machines` makes.
pub(crate) fn all(stage: &Stage) -> Vec<Way> {
    let mut all = vec![
        client_secret(stage),
        certificate(stage),
        workload_identity(stage),
        azure_pipelines(stage),
        github_oidc(stage),
        managed_identity(stage),
        machine(stage),
        device_code(stage),
        azure_cli(stage),
        azd(stage),
        command(stage),
    ];
    if cfg!(feature = "pfx") {
        all.push(pfx(stage));
    }
    all
}

/// The hosts of services that the stage was asked for.
pub(crate) fn services_asked(stage: &Stage) -> Vec<String> {
    stage.with(|tenant| {
        let is_service = |host: &str| host == PUBLIC || host.starts_with("api.") || host.starts_with("graph.");
        tenant.log.iter().filter(|logged| is_service(&logged.host)).map(|logged| logged.path.clone()).collect()
    })
}
