//! Signs in: where tokens come from, and how long they are kept.
//!
//! Our own code over the one client, and not `azure_identity`: that library reads the process's variables itself for managed identities and Azure
//! Pipelines (so that credentials could not differ by environment), waits by the wall clock, cannot be told that a service
//! rejected the token it keeps, and has neither GitHub, device code nor Arc, and certificates only with OpenSSL.
mod assertion;
pub mod choice;
mod credentials;
mod device_code;
mod endpoint;
mod federation;
mod managed_identity;
pub mod methods;
mod pfx;
mod programs;
mod redacted;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex as Lock};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;
use uuid::Uuid;

pub use assertion::Certificate;
pub use credentials::{Credentials, Federation, ManagedIdentity};

pub use super::secret::Secret;

use super::answer::Answer;
use super::asker::Asker;
use super::counts::Counted;
use super::endpoints::Endpoints;
use super::hosts::{Routing, Target};
use super::parcel::{Body, Parcel};
use super::problem_of::Asked;
use super::retry::{is_passing, retry_after};
use super::token::Claims;
use super::wire::{Lost, Wire};
use crate::problem::{Cause, Problem};

/// A token is renewed this long before it expires (the margin of Microsoft's own libraries).
const MARGIN: SignedDuration = SignedDuration::from_mins(5);

/// What a sign-in came to is not asked for again for this long: ten requests that wait for one token are one failure.
const AGAIN: SignedDuration = SignedDuration::from_mins(1);

/// A token and until when it holds.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) secret: Secret,
    pub(super) claims: Option<Claims>,
    fetched: Timestamp,
    expires: Timestamp,
}

impl Token {
    /// Says whether the token is worth sending. One that comes with little time left is not asked for again with each request.
    fn is_fresh(&self, now: Timestamp) -> bool {
        self.expires - MARGIN > now || (self.expires > now && self.fetched + AGAIN > now)
    }

    /// The token, unless it is of another tenant, service or cloud, or holds at another time than now.
    fn checked(self, target: &Target, sign_in: &SignIn, now: Timestamp) -> Result<Self, Problem> {
        if let Some(claims) = &self.claims {
            claims.check(&sign_in.endpoints, sign_in.tenant, target.service, &target.audience)?;
            claims.check_time(now)?;
        }
        Ok(self)
    }
}

/// What the last sign-in for one audience came to.
#[derive(Clone, Debug)]
enum Kept {
    Token(Token),
    Refused(Problem, Timestamp),
}

/// The tokens of one identity, one for each audience.
pub(super) struct SignIn {
    endpoints: Endpoints,
    routing: Routing,
    tenant: Option<Uuid>,
    credentials: Credentials,
    tell: fn(&str),
    wire: Arc<Wire>,
    kept: Lock<BTreeMap<String, Arc<Mutex<Option<Kept>>>>>,
    refresh: device_code::Refresh,
}

impl SignIn {
    pub(super) fn new(
        endpoints: Endpoints,
        routing: Routing,
        tenant: Option<Uuid>,
        credentials: Credentials,
        wire: Arc<Wire>,
    ) -> Self {
        let tell = device_code::in_the_log;
        let refresh = device_code::Refresh::default();
        Self { endpoints, routing, tenant, credentials, tell, wire, kept: Lock::default(), refresh }
    }

    /// Tells a person who has to do something in another way than by the log.
    pub(super) fn telling(mut self, tell: fn(&str)) -> Self {
        self.tell = tell;
        self
    }

    /// A token for a service: the one at hand, or a new one, fetched once however many wait for it.
    ///
    /// `rejected` is a token that the service did not accept, so that it is not the answer again.
    pub(super) async fn token(
        &self,
        target: &Target,
        rejected: Option<&Token>,
        run: &Asker<'_>,
    ) -> Result<Token, Problem> {
        let cell = {
            let mut kept = self.kept.lock().expect("no holder of this lock panics");
            Arc::clone(kept.entry(target.audience.clone()).or_default())
        };
        let mut kept = cell.lock().await;
        let now = self.wire.clock.now();
        let mut spare = None;
        match &*kept {
            Some(Kept::Token(token)) if rejected.is_none_or(|rejected| rejected.secret != token.secret) => {
                if token.is_fresh(now) {
                    return Ok(token.clone());
                }
                spare = (token.expires > now).then(|| token.clone());
            }
            Some(Kept::Refused(problem, until)) if *until > now => return Err(problem.clone()),
            Some(Kept::Token(_) | Kept::Refused(..)) | None => {}
        }
        let fetched = match self.fetch(target, run).await {
            Ok(token) => token.checked(target, self, self.wire.clock.now()),
            Err(problem) => Err(self.without_secrets(problem)),
        };
        let now = self.wire.clock.now();
        match (&fetched, spare.filter(|spare| spare.expires > now)) {
            // The token service is down for a moment, and the old token still holds for one.
            (Err(problem), Some(spare)) if is_passing(problem) => {
                tracing::warn!(audience = %target.audience, %problem, "the token was not renewed; the old one still holds");
                let spare = Token { fetched: now, ..spare };
                *kept = Some(Kept::Token(spare.clone()));
                return Ok(spare);
            }
            (Ok(token), _) => *kept = Some(Kept::Token(token.clone())),
            (Err(problem), _) => *kept = Some(Kept::Refused(problem.clone(), now + AGAIN)),
        }
        fetched
    }

    async fn fetch(&self, target: &Target, run: &Asker<'_>) -> Result<Token, Problem> {
        let scope = format!("{}/.default", target.audience);
        match &self.credentials {
            Credentials::ClientSecret { tenant, client_id, secret } => {
                let proof = Some(("client_secret", secret.reveal()));
                self.of_application(tenant, client_id, proof, &scope, run).await
            }
            Credentials::Certificate { tenant, client_id, certificate } => {
                let now = self.wire.clock.now();
                let assertion = certificate.assertion(client_id, &self.token_endpoint(tenant), now)?;
                let proof = Some((endpoint::ASSERTION, assertion.as_str()));
                self.of_application(tenant, client_id, proof, &scope, run).await
            }
            Credentials::Federated { tenant, client_id, source } => {
                let assertion = self.of_federation(source, run).await?;
                let proof = Some((endpoint::ASSERTION, assertion.reveal()));
                let token = self.of_application(tenant, client_id, proof, &scope, run).await;
                token.map_err(|problem| federation::explained(problem, &assertion))
            }
            Credentials::ManagedIdentity { source, client_id } => {
                self.of_managed_identity(source, client_id.as_deref(), &target.audience, run).await
            }
            Credentials::AzureCli { tenant } => {
                self.of_program(programs::Program::azure_cli(&scope, tenant.as_deref())).await
            }
            Credentials::Azd { tenant } => self.of_program(programs::Program::azd(&scope, tenant.as_deref())).await,
            Credentials::DeviceCode { tenant, client_id } => self.of_device_code(tenant, client_id, &scope, run).await,
            Credentials::Sandbox { tenant, client_id, secret } => match self.routing {
                Routing::Sandbox(_) => {
                    let proof = secret.as_ref().map(|secret| ("client_secret", secret.reveal()));
                    self.of_application(tenant, client_id, proof, &scope, run).await
                }
                Routing::Direct => Err(Problem::without_request(
                    Cause::SignedOut,
                    "sign-in",
                    "these credentials are for the embedded tenant alone",
                    "give credentials of a real tenant, or add `--sandbox`",
                )),
            },
            Credentials::Command { program } => self.of_program(programs::Program::any(program, &scope)).await,
        }
    }

    /// Sends a request on the way to a token until `read` can use the answer, or patience ends.
    async fn ask<T>(
        &self,
        parcel: &Parcel,
        bearer: Option<&Secret>,
        run: &Asker<'_>,
        read: impl Fn(&Answer, Timestamp) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let mut attempt = 1;
        loop {
            let answer = self.wire.send(parcel, bearer, run).await;
            let now = self.wire.clock.now();
            let pause = answer.as_ref().ok().and_then(|answer| retry_after(&answer.headers, now));
            let problem = match answer.map_err(Lost::problem).and_then(|answer| read(&answer, now)) {
                Ok(answer) => return Ok(answer),
                Err(problem) => problem,
            };
            if !is_passing(&problem) {
                return Err(problem);
            }
            self.wire.wait(run, &parcel.url, attempt, pause, problem).await?;
            attempt += 1;
        }
    }

    /// Takes out of a problem what a service or a program repeated of the credentials. What to do next is in our own words.
    fn without_secrets(&self, mut problem: Problem) -> Problem {
        for secret in self.credentials.secrets() {
            problem.says = redacted::without(&problem.says, secret.reveal());
        }
        problem.says = redacted::without_tokens(&problem.says);
        problem
    }
}
