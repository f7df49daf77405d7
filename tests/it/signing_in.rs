//! Every way to sign in, end to end over HTTP against the embedded tenant, and how each fails.
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use powergrant::clock::{Clock as _, JumpingClock};
use powergrant::problem::{Cause, Problem};
use powergrant::request::{Read, Service};
use powergrant::sandbox::faults::{Disturbance, Refusal, Rule};
use powergrant::sandbox::identity::{Federated, JOB_TOKEN, Proof};
use powergrant::sandbox::tenant::Tenant as Embedded;
use powergrant::sandbox::{self, Running};
use powergrant::tenant::sign_in::{Certificate, Federation, ManagedIdentity};
use powergrant::tenant::{Cloud, Credentials, Organisation, Patience, Routing, Secret, Settings, Tenant};
use uuid::Uuid;

const PEM: &str = include_str!("../../src/tenant/tests/identity.pem");
const NOW: i64 = 1_800_000_000;
const TENANT: &str = "11111111-1111-1111-1111-111111111111";
const APPLICATION: &str = "33333333-3333-3333-3333-333333333333";
const CONNECTION: &str = "55555555-5555-5555-5555-555555555555";

/// The embedded tenant and a client of it, each with a clock.
struct Stage {
    running: Running,
    clock: JumpingClock,
}

impl Stage {
    async fn at(now: fn() -> i64) -> Self {
        let seed = sandbox::seed::Seed::parse(sandbox::seed::default_seed()).expect("the seed is sound");
        let options = sandbox::Options { now, ..sandbox::Options::new(seed) };
        let running = sandbox::start(options).await.expect("the tenant starts");
        let stage = Self { running, clock: JumpingClock::at(moment(now())) };
        stage.change(|tenant| {
            let application = APPLICATION.parse().expect("an id");
            tenant.identities.certificates.entry(application).or_default().insert(PEM.to_owned());
        });
        stage
    }

    async fn start() -> Self {
        Self::at(|| NOW).await
    }

    fn change(&self, change: impl FnOnce(&mut Embedded)) {
        change(&mut self.running.tenant().lock().expect("no holder of this lock panics"));
    }

    fn client(&self, credentials: Credentials) -> Tenant {
        let settings = Settings {
            cloud: Cloud::Public,
            routing: Routing::Sandbox(self.running.address()),
            credentials,
            tenant: Some(TENANT.parse().expect("an id")),
            patience: Patience::default(),
            clock: Arc::new(self.clock.clone()),
        };
        Tenant::connect(settings).expect("a client")
    }

    /// Signs in and lets Dataverse say who that is.
    async fn whoever(&self, credentials: Credentials) -> Result<(), Problem> {
        who_am_i(&self.client(credentials)).await
    }

    /// How often a path was asked for.
    fn asked(&self, part: &str) -> usize {
        let mut asked = 0;
        self.change(|tenant| asked = tenant.log.iter().filter(|logged| logged.path.contains(part)).count());
        asked
    }
}

async fn who_am_i(client: &Tenant) -> Result<(), Problem> {
    let organisation =
        Organisation::parse(&Cloud::Public.into(), "https://contoso.crm4.dynamics.com").expect("an address");
    let answer = client.reader(Some(organisation)).one(&Read::get(Service::Dataverse, "WhoAmI")).await?;
    assert!(answer["UserId"].as_str().is_some_and(|id| id.parse::<Uuid>().is_ok()), "{answer}");
    Ok(())
}

fn moment(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).expect("a moment")
}

fn secret(secret: &str) -> Credentials {
    Credentials::ClientSecret {
        tenant: TENANT.to_owned(),
        client_id: APPLICATION.to_owned(),
        secret: Secret::new(secret),
    }
}

fn certificate() -> Credentials {
    Credentials::Certificate {
        tenant: TENANT.to_owned(),
        client_id: APPLICATION.to_owned(),
        certificate: Certificate::read(PEM.as_bytes(), None).expect("a certificate"),
    }
}

fn federated(source: Federation) -> Credentials {
    Credentials::Federated { tenant: TENANT.to_owned(), client_id: APPLICATION.to_owned(), source }
}

fn github(token: &str) -> Federation {
    let url = "https://run.actions.githubusercontent.com/token?api-version=2.0".to_owned();
    Federation::GitHub { url, token: Secret::new(token) }
}

fn pipelines(token: &str, connection: Option<&str>) -> Federation {
    let url = "https://dev.azure.com/contoso/p/_apis/distributedtask/hubs/build/plans/1/jobs/2/oidctoken".to_owned();
    Federation::AzurePipelines { url, token: Secret::new(token), connection: connection.map(str::to_owned) }
}

fn managed(source: ManagedIdentity) -> Credentials {
    Credentials::ManagedIdentity { source, client_id: None }
}

fn app_service(header: &str) -> ManagedIdentity {
    ManagedIdentity::AppService { endpoint: "http://127.0.0.1:41741/msi/token".to_owned(), header: Secret::new(header) }
}

#[tokio::test]
async fn a_secret_signs_in_and_a_wrong_one_says_so() {
    let stage = Stage::start().await;
    stage.whoever(secret("sandbox")).await.expect("signed in");
    let problem = stage.whoever(secret("wrong")).await.expect_err("refused");
    assert_eq!(problem.code.as_deref(), Some("AADSTS7000215"));
    assert!(problem.next.contains("secret's value"), "{}", problem.next);
}

#[tokio::test]
async fn a_certificate_signs_in() {
    let stage = Stage::start().await;
    stage.whoever(certificate()).await.expect("signed in");
}

#[tokio::test]
async fn a_certificate_that_is_unknown_or_expired_says_which_it_is() {
    let unknown = Stage::start().await;
    unknown.change(|tenant| tenant.identities.certificates.clear());
    let problem = unknown.whoever(certificate()).await.expect_err("refused");
    assert_eq!(problem.code.as_deref(), Some("AADSTS700027"));
    assert!(problem.says.contains("The key was not found"), "{problem}");
    // The certificate is valid until 2126.
    let late = Stage::at(|| 5_000_000_000).await;
    let problem = late.whoever(certificate()).await.expect_err("refused");
    assert!(problem.says.contains("The key used is expired"), "{problem}");
    assert!(problem.next.contains("certificate"), "{}", problem.next);
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_named_as_the_cause() {
    let mut stage = Stage::start().await;
    stage.clock = JumpingClock::at(moment(NOW + 3_600));
    let problem = stage.whoever(certificate()).await.expect_err("refused");
    assert_eq!(problem.code.as_deref(), Some("AADSTS700024"));
    assert!(problem.next.contains("clock"), "{}", problem.next);
    stage.clock = JumpingClock::at(moment(NOW - 3_600));
    let problem = stage.whoever(secret("sandbox")).await.expect_err("refused");
    assert!(problem.says.contains("the token holds from 2027-01-15T08:00:00Z on"), "{problem}");
    assert!(problem.next.contains("clock"), "{}", problem.next);
}

#[tokio::test]
async fn a_job_of_github_signs_in_and_without_the_permission_is_told_of_it() {
    let stage = Stage::start().await;
    stage.whoever(federated(github(JOB_TOKEN))).await.expect("signed in");
    let problem = stage.whoever(federated(github("stale"))).await.expect_err("refused");
    assert_eq!(problem.status, Some(401));
    assert!(problem.next.contains("id-token: write"), "{}", problem.next);
}

#[tokio::test]
async fn a_job_that_is_not_trusted_is_told_exactly_what_to_trust() {
    let stage = Stage::start().await;
    stage.change(|tenant| {
        let application: Uuid = APPLICATION.parse().expect("an id");
        let credential = Federated {
            issuer: "https://token.actions.githubusercontent.com".to_owned(),
            subject: "repo:contoso/powergrant:pull_request".to_owned(),
            audience: "api://AzureADTokenExchange".to_owned(),
        };
        tenant.identities.federated.insert(application, [credential].into());
    });
    let problem = stage.whoever(federated(github(JOB_TOKEN))).await.expect_err("refused");
    assert_eq!(problem.code.as_deref(), Some("AADSTS700213"));
    assert_eq!(
        problem.next,
        "give the application a federated credential with exactly issuer `https://token.actions.githubusercontent.com`, subject \
         `repo:contoso/powergrant:environment:prod` and audience `api://AzureADTokenExchange`"
    );
}

#[tokio::test]
async fn a_job_of_azure_pipelines_signs_in_through_its_service_connection() {
    let stage = Stage::start().await;
    stage.whoever(federated(pipelines(JOB_TOKEN, Some(CONNECTION)))).await.expect("signed in");
    // Without a connection the token is the pipeline's own, which nobody trusts here.
    let problem = stage.whoever(federated(pipelines(JOB_TOKEN, None))).await.expect_err("refused");
    assert!(problem.next.contains("subject `p://contoso/powergrant/deploy`"), "{}", problem.next);
    let problem = stage.whoever(federated(pipelines("unmapped", Some(CONNECTION)))).await.expect_err("refused");
    assert!(problem.next.contains("map SYSTEM_ACCESSTOKEN"), "{}", problem.next);
}

#[tokio::test]
async fn the_wrong_verb_is_a_405_and_not_tried_again() {
    let stage = Stage::start().await;
    let Federation::AzurePipelines { url, token, .. } = pipelines(JOB_TOKEN, None) else { unreachable!() };
    let problem = stage.whoever(federated(Federation::GitHub { url, token })).await.expect_err("refused");
    assert_eq!((problem.status, problem.cause), (Some(405), Cause::SignedOut));
    assert_eq!(stage.asked("oidctoken"), 1);
}

#[tokio::test]
async fn a_pod_signs_in_with_its_file_which_is_read_anew_each_time() {
    let stage = Stage::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("token");
    let credentials = federated(Federation::File(file.clone()));
    let problem = stage.whoever(credentials.clone()).await.expect_err("refused");
    assert!(problem.says.contains("cannot be read"), "{problem}");
    stage.change(|tenant| {
        let application: Uuid = APPLICATION.parse().expect("an id");
        let credential = Federated {
            issuer: "https://cluster.example/".to_owned(),
            subject: "system:serviceaccount:powergrant:apply".to_owned(),
            audience: "api://AzureADTokenExchange".to_owned(),
        };
        let claims = serde_json::json!({ "iss": credential.issuer, "sub": credential.subject, "aud": credential.audience, "nbf": NOW, "exp": NOW + 600 });
        tenant.identities.federated.insert(application, [credential].into());
        fs::write(&file, tenant.issuer.sign_value(&claims) + "\n").expect("a file");
    });
    stage.whoever(credentials).await.expect("signed in");
}

#[tokio::test]
async fn a_machine_an_app_and_a_connected_server_sign_in_as_what_azure_made_of_them() {
    let stage = Stage::start().await;
    stage.whoever(managed(ManagedIdentity::Machine)).await.expect("signed in");
    stage.whoever(managed(app_service(JOB_TOKEN))).await.expect("signed in");
    let unknown =
        Credentials::ManagedIdentity { source: ManagedIdentity::Machine, client_id: Some(CONNECTION.to_owned()) };
    let problem = stage.whoever(unknown).await.expect_err("refused");
    assert_eq!(problem.says, "Identity not found");
    let problem = stage.whoever(managed(app_service("stale"))).await.expect_err("refused");
    assert_eq!((problem.status, problem.cause), (Some(401), Cause::SignedOut));
}

#[tokio::test]
async fn a_connected_server_proves_itself_with_the_agents_file_and_no_other() {
    let stage = Stage::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let keys = folder.path().join("tokens");
    fs::create_dir(&keys).expect("a folder");
    let endpoint = "http://127.0.0.1:40342/metadata/identity/oauth2/token".to_owned();
    let credentials = managed(ManagedIdentity::Arc { endpoint, keys: keys.clone() });
    let prove = |path: std::path::PathBuf| {
        fs::write(&path, "proof-of-arc").expect("a file");
        let proof = Proof { path: path.display().to_string(), text: "proof-of-arc".to_owned() };
        stage.change(|tenant| tenant.identities.proof = Some(proof));
    };
    prove(keys.join("1.key"));
    stage.whoever(credentials.clone()).await.expect("signed in");
    for elsewhere in [folder.path().join("1.key"), keys.join("1.txt")] {
        prove(elsewhere);
        let problem = stage.whoever(credentials.clone()).await.expect_err("refused");
        assert!(problem.says.contains("outside of the agent's folder"), "{problem}");
    }
}

#[tokio::test]
async fn a_person_enters_one_code_for_all_services() {
    let stage = Stage::start().await;
    let client = stage.client(Credentials::DeviceCode { tenant: TENANT.to_owned(), client_id: CONNECTION.to_owned() });
    who_am_i(&client).await.expect("signed in");
    let reader = client.reader(None);
    reader.rows(&Read::get(Service::Graph, "users?$select=id")).await.expect("signed in there too");
    let claims = reader.signed_in(Service::Graph).await.expect("signed in").expect("claims");
    assert_eq!(claims.user.as_deref(), Some("admin@contoso.com"));
    assert_eq!(stage.asked("devicecode"), 1);
    // Two polls five seconds apart, the first of which was too early.
    assert_eq!(stage.clock.waits(), [Duration::from_secs(5); 2]);
}

#[tokio::test]
async fn a_person_who_declines_is_not_asked_again() {
    let stage = Stage::start().await;
    stage.change(|tenant| tenant.identities.person = None);
    let credentials = Credentials::DeviceCode { tenant: TENANT.to_owned(), client_id: CONNECTION.to_owned() };
    let problem = stage.whoever(credentials).await.expect_err("declined");
    assert_eq!((problem.cause, stage.asked("devicecode")), (Cause::SignedOut, 1));
    assert!(problem.says.contains("denied"), "{problem}");
}

#[tokio::test]
async fn a_token_service_that_is_busy_is_waited_for_and_a_web_page_is_named() {
    let stage = Stage::start().await;
    let busy = Refusal { status: 429, code: None, message: None, retry_after: Some(7) };
    stage.change(|tenant| tenant.faults.schedule(Rule::on("oauth2/v2.0/token", Disturbance::Refuse(busy))));
    stage.whoever(secret("sandbox")).await.expect("signed in");
    assert_eq!(stage.clock.waits(), [Duration::from_secs(7)]);
    stage.change(|tenant| tenant.faults.schedule(Rule::on("oauth2/v2.0/token", Disturbance::Html(200)).from_nth(1, 1)));
    let problem = stage.whoever(secret("sandbox")).await.expect_err("a page");
    assert_eq!((problem.cause, problem.says.as_str()), (Cause::Malformed, "a web page instead of JSON"));
}

#[tokio::test]
async fn a_token_that_expires_between_two_requests_is_renewed_before_the_second() {
    use std::sync::atomic::{AtomicI64, Ordering};
    static CLOCK: AtomicI64 = AtomicI64::new(NOW);
    let stage = Stage::at(|| CLOCK.load(Ordering::Relaxed)).await;
    let client = stage.client(secret("sandbox"));
    who_am_i(&client).await.expect("signed in");
    for _ in 0..3 {
        stage.clock.wait(Duration::from_secs(3_600)).await;
        CLOCK.fetch_add(3_600, Ordering::Relaxed);
        who_am_i(&client).await.expect("signed in anew");
    }
    assert_eq!(stage.asked("oauth2/v2.0/token"), 4);
}

#[tokio::test]
async fn a_token_that_cannot_be_renewed_for_a_moment_serves_until_it_expires() {
    let stage = Stage::start().await;
    let client = stage.client(secret("sandbox"));
    who_am_i(&client).await.expect("signed in");
    let down = Refusal { status: 503, code: None, message: None, retry_after: None };
    stage.change(|tenant| {
        tenant.faults.schedule(Rule::on("oauth2/v2.0/token", Disturbance::Refuse(down)).from_nth(1, 0));
    });
    stage.clock.wait(Duration::from_secs(3_400)).await;
    who_am_i(&client).await.expect("the old token still holds");
    stage.clock.wait(Duration::from_secs(300)).await;
    let problem = who_am_i(&client).await.expect_err("it has expired");
    assert_eq!(problem.status, Some(503));
}

#[tokio::test]
async fn a_run_in_each_cloud_speaks_to_the_hosts_of_that_cloud_alone() {
    for (cloud, organisation, hosts) in [
        (
            Cloud::Public,
            "contoso.crm4.dynamics.com",
            ["api.bap.microsoft.com", "graph.microsoft.com", "login.microsoftonline.com"],
        ),
        (
            Cloud::Gcc,
            "contoso.crm9.dynamics.com",
            ["gov.api.bap.microsoft.us", "graph.microsoft.com", "login.microsoftonline.com"],
        ),
        (
            Cloud::GccHigh,
            "contoso.crm.microsoftdynamics.us",
            ["high.api.bap.microsoft.us", "graph.microsoft.us", "login.microsoftonline.us"],
        ),
        (
            Cloud::Dod,
            "contoso.crm.appsplatform.us",
            ["api.bap.appsplatform.us", "dod-graph.microsoft.us", "login.microsoftonline.us"],
        ),
        (
            Cloud::China,
            "contoso.crm.dynamics.cn",
            ["api.bap.partner.microsoftonline.cn", "microsoftgraph.chinacloudapi.cn", "login.chinacloudapi.cn"],
        ),
    ] {
        let seed = sandbox::seed::default_seed().replace("contoso.crm4.dynamics.com", organisation);
        let seed = sandbox::seed::Seed::parse(&seed).expect("the seed is sound");
        let running =
            sandbox::start(sandbox::Options { now: || NOW, ..sandbox::Options::new(seed) }).await.expect("a tenant");
        let settings = Settings {
            cloud,
            routing: Routing::Sandbox(running.address()),
            credentials: secret("sandbox"),
            tenant: Some(TENANT.parse().expect("an id")),
            patience: Patience::default(),
            clock: Arc::new(JumpingClock::at(moment(NOW))),
        };
        let client = Tenant::connect(settings).expect("a client");
        let address = Organisation::parse(&cloud.into(), &format!("https://{organisation}")).expect("an address");
        let reader = client.reader(Some(address));
        for (service, path) in [
            (Service::Dataverse, "WhoAmI"),
            (Service::Graph, "users?$select=id"),
            (
                Service::Admin,
                "providers/Microsoft.BusinessAppPlatform/scopes/admin/environments?api-version=2021-04-01",
            ),
        ] {
            reader.one(&Read::get(service, path)).await.unwrap_or_else(|problem| panic!("{}: {problem}", cloud.name()));
        }
        let tenant = running.tenant();
        let tenant = tenant.lock().expect("no holder of this lock panics");
        let seen: std::collections::BTreeSet<&str> = tenant.log.iter().map(|logged| logged.host.as_str()).collect();
        let expected: std::collections::BTreeSet<&str> = hosts.into_iter().chain([organisation]).collect();
        assert_eq!(seen, expected, "{}", cloud.name());
    }
}

/// What a program prints for a token of this audience and time.
fn token(stage: &Stage, audience: &str, now: i64) -> String {
    let mut token = None;
    stage.change(|tenant| {
        let application = APPLICATION.parse().expect("an id");
        token = tenant.issuer.of_application(&tenant.directory, application, audience, now, 3_600);
    });
    token.expect("a token")
}

#[cfg(unix)]
#[tokio::test]
async fn a_command_signs_in_and_each_of_its_failures_is_explained() {
    let stage = Stage::start().await;
    let with = |line: String| Credentials::Command { program: line };
    let good = token(&stage, "https://contoso.crm4.dynamics.com", NOW);
    let print = |token: &str| format!("printf '{{\"token\":\"{token}\"}}'");
    stage.whoever(with(print(&good))).await.expect("signed in");
    // Its scope stands in a variable.
    let scope = format!("test \"$SCOPE\" = https://contoso.crm4.dynamics.com/.default && {}", print(&good));
    stage.whoever(with(scope)).await.expect("signed in");
    let sent = stage.asked("WhoAmI");

    let foreign = Uuid::from_u128(0xb);
    let mut elsewhere = String::new();
    stage.change(|tenant| {
        let claims =
            serde_json::json!({ "aud": "https://contoso.crm4.dynamics.com", "tid": foreign, "exp": NOW + 3_600 });
        elsewhere = tenant.issuer.sign_value(&claims);
    });
    for (line, says) in [
        ("/nowhere/az account".to_owned(), "the token command failed"),
        ("echo \"Please run 'az login'\" >&2; exit 1".to_owned(), "Please run 'az login'"),
        ("echo '<!DOCTYPE html><html></html>'".to_owned(), "did not print `{\"token\", \"expiresOn\"}`"),
        ("echo garbage".to_owned(), "did not print"),
        ("true".to_owned(), "did not print"),
        (print(&token(&stage, "https://contoso.crm4.dynamics.com", NOW - 7_200)), "the token has expired at"),
        (print(&token(&stage, "https://graph.microsoft.com", NOW)), "the token is for `https://graph.microsoft.com`"),
        (print(&elsewhere), "the token is of tenant 00000000-0000-0000-0000-00000000000b"),
    ] {
        let problem = stage.whoever(with(line.clone())).await.expect_err("refused");
        assert_eq!(problem.cause, Cause::SignedOut, "{line}");
        assert!(problem.says.contains(says), "{line}: {problem}");
        assert!(!problem.next.is_empty() && !problem.to_string().contains("eyJ"), "{line}: {problem}");
    }
    assert_eq!(stage.asked("WhoAmI"), sent, "a token that does not fit was sent");
}

#[test]
fn a_panic_that_prints_credentials_shows_no_secret() {
    let keys = "/var/opt/azcmagent/tokens".into();
    let all = [
        secret("hunter2"),
        certificate(),
        federated(github("hunter2")),
        federated(pipelines("hunter2", Some(CONNECTION))),
        federated(Federation::File("/token".into())),
        managed(ManagedIdentity::Machine),
        managed(app_service("hunter2")),
        managed(ManagedIdentity::Arc { endpoint: "http://127.0.0.1".to_owned(), keys }),
        Credentials::Sandbox {
            tenant: TENANT.to_owned(),
            client_id: APPLICATION.to_owned(),
            secret: Some(Secret::new("hunter2")),
        },
    ];
    let key: String = PEM.lines().skip(1).take(1).collect();
    for credentials in all {
        let panicked = std::panic::catch_unwind(|| panic!("{credentials:?} {credentials:#?}")).expect_err("a panic");
        let said = panicked.downcast_ref::<String>().expect("a text");
        assert!(!said.contains("hunter2") && !said.contains(&key), "{said}");
    }
}
