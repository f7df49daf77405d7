//! Every way to sign in, end to end over HTTP against the embedded tenant with a clock that jumps; `refusals` runs the binary.
mod applications;
mod jobs;
mod machines;
mod people;
#[cfg(unix)]
mod programs;
mod tokens;

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

pub(crate) const PEM: &str = include_str!("../../../src/tenant/tests/identity.pem");
pub(crate) const NOW: i64 = 1_800_000_000;
pub(crate) const TENANT: &str = "11111111-1111-1111-1111-111111111111";
pub(crate) const APPLICATION: &str = "33333333-3333-3333-3333-333333333333";
pub(crate) const CONNECTION: &str = "55555555-5555-5555-5555-555555555555";

/// The embedded tenant and a client of it, each with a clock.
pub(crate) struct Stage {
    pub(crate) running: Running,
    pub(crate) clock: JumpingClock,
}

impl Stage {
    pub(crate) async fn at(now: fn() -> i64) -> Self {
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

    pub(crate) async fn start() -> Self {
        Self::at(|| NOW).await
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Embedded)) {
        change(&mut self.running.tenant().lock().expect("no holder of this lock panics"));
    }

    pub(crate) fn client(&self, credentials: Credentials) -> Tenant {
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
    pub(crate) async fn whoever(&self, credentials: Credentials) -> Result<(), Problem> {
        who_am_i(&self.client(credentials)).await
    }

    /// How often a path was asked for.
    pub(crate) fn asked(&self, part: &str) -> usize {
        let mut asked = 0;
        self.change(|tenant| asked = tenant.log.iter().filter(|logged| logged.path.contains(part)).count());
        asked
    }
}

pub(crate) async fn who_am_i(client: &Tenant) -> Result<(), Problem> {
    let organisation =
        Organisation::parse(&Cloud::Public.into(), "https://contoso.crm4.dynamics.com").expect("an address");
    let answer = client.reader(Some(organisation)).one(&Read::get(Service::Dataverse, "WhoAmI")).await?;
    assert!(answer["UserId"].as_str().is_some_and(|id| id.parse::<Uuid>().is_ok()), "{answer}");
    Ok(())
}

pub(crate) fn moment(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).expect("a moment")
}

pub(crate) fn secret(secret: &str) -> Credentials {
    Credentials::ClientSecret {
        tenant: TENANT.to_owned(),
        client_id: APPLICATION.to_owned(),
        secret: Secret::new(secret),
    }
}

pub(crate) fn certificate() -> Credentials {
    Credentials::Certificate {
        tenant: TENANT.to_owned(),
        client_id: APPLICATION.to_owned(),
        certificate: Certificate::read(PEM.as_bytes(), None).expect("a certificate"),
    }
}

pub(crate) fn federated(source: Federation) -> Credentials {
    Credentials::Federated { tenant: TENANT.to_owned(), client_id: APPLICATION.to_owned(), source }
}

pub(crate) fn github(token: &str) -> Federation {
    let url = "https://run.actions.githubusercontent.com/token?api-version=2.0".to_owned();
    Federation::GitHub { url, token: Secret::new(token) }
}

pub(crate) fn pipelines(token: &str, connection: Option<&str>) -> Federation {
    let url = "https://dev.azure.com/contoso/p/_apis/distributedtask/hubs/build/plans/1/jobs/2/oidctoken".to_owned();
    Federation::AzurePipelines { url, token: Secret::new(token), connection: connection.map(str::to_owned) }
}

pub(crate) fn managed(source: ManagedIdentity) -> Credentials {
    Credentials::ManagedIdentity { source, client_id: None }
}

pub(crate) fn app_service(header: &str) -> ManagedIdentity {
    ManagedIdentity::AppService { endpoint: "http://127.0.0.1:41741/msi/token".to_owned(), header: Secret::new(header) }
}

/// A token of this audience and time, as a program prints it.
pub(crate) fn token(stage: &Stage, audience: &str, now: i64) -> String {
    let mut token = None;
    stage.change(|tenant| {
        let application = APPLICATION.parse().expect("an id");
        token = tenant.issuer.of_application(&tenant.directory, application, audience, now, 3_600);
    });
    token.expect("a token")
}
