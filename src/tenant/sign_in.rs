//! Signs in: where tokens come from, and how long they are kept.
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex as Lock};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::Url;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;
use uuid::Uuid;

use super::clouds::Cloud;
use super::counts::{Counted, Counts};
use super::hosts::{Routing, Target};
use super::problem_of::{Asked, correlation, is_html};
use super::remedies;
use super::retry::{Budget, is_passing, retry_after};
use super::token::Claims;
use super::wire::{Answer, Body, Parcel, Wire};
use crate::problem::{Cause, Problem, clip};

/// A text that nobody may see: it prints as `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

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
        /// The command line.
        program: String,
    },
}

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
}

/// What the last sign-in for one audience came to.
#[derive(Clone, Debug)]
enum Kept {
    Token(Token),
    Refused(Problem, Timestamp),
}

/// The tokens of one identity, one for each audience.
pub(super) struct SignIn {
    cloud: Cloud,
    routing: Routing,
    tenant: Option<Uuid>,
    credentials: Credentials,
    wire: Arc<Wire>,
    kept: Lock<BTreeMap<String, Arc<Mutex<Option<Kept>>>>>,
}

/// Who asks for a token: the run whose patience and counts it is.
pub(super) struct Asker<'run> {
    pub(super) budget: &'run Budget,
    pub(super) counts: &'run Counts,
    pub(super) label: &'run str,
}

impl SignIn {
    pub(super) fn new(
        cloud: Cloud,
        routing: Routing,
        tenant: Option<Uuid>,
        credentials: Credentials,
        wire: Arc<Wire>,
    ) -> Self {
        Self { cloud, routing, tenant, credentials, wire, kept: Lock::default() }
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
        match &*kept {
            Some(Kept::Token(token))
                if token.is_fresh(now) && rejected.is_none_or(|rejected| rejected.secret != token.secret) =>
            {
                return Ok(token.clone());
            }
            Some(Kept::Refused(problem, until)) if *until > now => return Err(problem.clone()),
            Some(Kept::Token(_) | Kept::Refused(..)) | None => {}
        }
        let fetched = self.fetch(target, run).await.and_then(|token| {
            if let Some(claims) = &token.claims {
                claims.check(self.cloud, self.tenant, target.service, &target.audience)?;
            }
            Ok(token)
        });
        *kept = Some(match &fetched {
            Ok(token) => Kept::Token(token.clone()),
            Err(problem) => Kept::Refused(problem.clone(), self.wire.clock.now() + AGAIN),
        });
        fetched
    }

    async fn fetch(&self, target: &Target, run: &Asker<'_>) -> Result<Token, Problem> {
        let scope = format!("{}/.default", target.audience);
        match &self.credentials {
            Credentials::ClientSecret { tenant, client_id, secret } => {
                self.of_endpoint(tenant, client_id, Some(secret), &scope, run).await
            }
            Credentials::Sandbox { tenant, client_id, secret } => match self.routing {
                Routing::Sandbox(_) => self.of_endpoint(tenant, client_id, secret.as_ref(), &scope, run).await,
                Routing::Direct => Err(Problem::without_request(
                    Cause::SignedOut,
                    "sign-in",
                    "these credentials are for the embedded tenant alone",
                    "give credentials of a real tenant, or add `--sandbox`",
                )),
            },
            Credentials::Command { program } => self.of_command(program, &scope).await,
        }
    }

    /// Asks Microsoft Entra (Learn: the OAuth 2.0 client credentials flow).
    async fn of_endpoint(
        &self,
        tenant: &str,
        client_id: &str,
        secret: Option<&Secret>,
        scope: &str,
        run: &Asker<'_>,
    ) -> Result<Token, Problem> {
        let mut form = vec![("grant_type", "client_credentials"), ("client_id", client_id), ("scope", scope)];
        if let Some(secret) = secret {
            form.push(("client_secret", secret.reveal()));
        }
        // Finished here: the serializer cannot be carried from one thread to another.
        let text = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let path = format!("{}/oauth2/v2.0/token", super::filters::encoded(tenant));
        let asked = Asked { service: "sign-in", method: "POST", path };
        let url = Url::parse(&format!("https://{}/{}", self.cloud.login_host(), asked.path))
            .expect("the table of clouds holds host names, and the tenant is encoded");
        let body = Body { kind: "application/x-www-form-urlencoded".to_owned(), text };
        let headers = vec![("Accept".to_owned(), "application/json".to_owned())];
        let parcel = Parcel { asked, who: Counted::SignIn, url, headers, body: Some(body) };
        let mut attempt = 1;
        loop {
            let answer = self.wire.send(&parcel, None, run.counts, run.label).await;
            let now = self.wire.clock.now();
            let pause = answer.as_ref().ok().and_then(|answer| retry_after(&answer.headers, now));
            let problem = match answer {
                Ok(answer) if answer.is_success() => match issued(&parcel.asked, &answer, now) {
                    Ok(token) => return Ok(token),
                    Err(problem) => problem,
                },
                Ok(answer) => refusal(&parcel.asked, &answer),
                Err(lost) => lost.problem(),
            };
            if !is_passing(&problem) {
                return Err(problem);
            }
            run.budget.wait(self.wire.clock.as_ref(), &self.wire.gate(&parcel.url), attempt, pause, problem).await?;
            attempt += 1;
        }
    }

    /// Runs the command (precedent: credential plugins of kubectl).
    async fn of_command(&self, program: &str, scope: &str) -> Result<Token, Problem> {
        let (shell, option) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
        let mut command = std::process::Command::new(shell);
        // In a variable and not in the text, so that no part of an address is read by the shell.
        command.arg(option).arg(program).env("SCOPE", scope).stdin(std::process::Stdio::null());
        let refuse = |says: String| {
            let next = "run the command by hand with SCOPE set, and see that it prints a token as JSON";
            Problem::without_request(Cause::SignedOut, "sign-in", says, next)
        };
        let output = tokio::task::spawn_blocking(move || command.output()).await;
        let output = output.map_err(|error| refuse(error.to_string()))?;
        let output = output.map_err(|error| refuse(format!("the token command did not start: {error}")))?;
        if !output.status.success() {
            let says = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(refuse(format!("the token command failed ({}): {says}", output.status)));
        }
        printed(&output.stdout, self.wire.clock.now())
            .ok_or_else(|| refuse("the token command did not print `{\"token\", \"expiresOn\"}`".to_owned()))
    }
}

/// Reads the token out of the endpoint's answer.
fn issued(asked: &Asked, answer: &Answer, now: Timestamp) -> Result<Token, Problem> {
    #[derive(Deserialize)]
    struct Issued {
        access_token: String,
        expires_in: u32,
    }
    let Issued { access_token, expires_in } = serde_json::from_value(asked.json(answer)?).map_err(|_| {
        // Not the parser's words: they may quote the token.
        asked.problem(Cause::Malformed, Some(answer.status), "the answer has no `access_token` and `expires_in`")
    })?;
    let expires = now + Duration::from_secs(expires_in.into());
    Ok(Token { claims: Claims::of(&access_token), secret: Secret(access_token), fetched: now, expires })
}

/// Reads why there is no token: `{"error", "error_description": "AADSTS…: …", "correlation_id"}` (recorded form).
fn refusal(asked: &Asked, answer: &Answer) -> Problem {
    if is_html(answer) || !matches!(answer.status, 400 | 401 | 403) {
        return asked.refusal(answer);
    }
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let description = body["error_description"].as_str().unwrap_or("no token and no reason");
    // What follows is the request's ids and the time, which have their own places.
    let says = description.split("Trace ID:").next().unwrap_or(description).trim();
    let mut problem = asked.problem(Cause::SignedOut, Some(answer.status), says);
    let number = says.split(':').next().filter(|word| word.starts_with("AADSTS"));
    if let Some(next) = number.and_then(remedies::of_sign_in) {
        next.clone_into(&mut problem.next);
    }
    problem.code = number.or(body["error"].as_str()).map(clip);
    problem.correlation = body["correlation_id"].as_str().map(clip).or_else(|| correlation(&answer.headers));
    problem
}

/// Reads what a token command printed.
fn printed(output: &[u8], now: Timestamp) -> Option<Token> {
    let value: Value = serde_json::from_slice(output).ok()?;
    let secret = ["token", "accessToken", "access_token"].iter().find_map(|name| value[*name].as_str())?;
    let claims = Claims::of(secret);
    let seconds = |name: &str| value[name].as_i64().and_then(|seconds| Timestamp::from_second(seconds).ok());
    let date = |name: &str| {
        let text = value[name].as_str()?;
        // `az` prints local time without a zone as `expiresOn`; its `expires_on` and the token itself come first.
        text.parse().ok().or_else(|| {
            let local: jiff::civil::DateTime = text.parse().ok()?;
            Some(local.to_zoned(jiff::tz::TimeZone::system()).ok()?.timestamp())
        })
    };
    let expires = seconds("expires_on").or_else(|| seconds("expiresOn"));
    let expires = expires.or_else(|| claims.as_ref().and_then(|claims| claims.expires)).or_else(|| date("expiresOn"));
    // Without any date it is asked for again soon.
    let expires = expires.unwrap_or(now + MARGIN + SignedDuration::from_mins(1));
    Some(Token { secret: Secret::new(secret), claims, fetched: now, expires })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn answer(status: u16, body: &str) -> Answer {
        Answer::new(status, reqwest::header::HeaderMap::new(), body.as_bytes().to_vec())
    }

    fn asked() -> Asked {
        Asked { service: "sign-in", method: "POST", path: "t/oauth2/v2.0/token".to_owned() }
    }

    #[test]
    fn a_secret_never_prints() {
        let credentials = Credentials::ClientSecret {
            tenant: "contoso.com".to_owned(),
            client_id: "app".to_owned(),
            secret: Secret::new("hunter2"),
        };
        assert!(!format!("{credentials:?}").contains("hunter2"));
    }

    #[test]
    fn a_refusal_of_entra_says_what_to_do() {
        let body = r#"{"error":"invalid_client","error_description":"AADSTS7000222: The provided client secret keys are expired. Trace ID: 1 Correlation ID: 2","correlation_id":"2"}"#;
        let problem = refusal(&asked(), &answer(401, body));
        assert_eq!((problem.cause, problem.code.as_deref()), (Cause::SignedOut, Some("AADSTS7000222")));
        assert_eq!(problem.says, "AADSTS7000222: The provided client secret keys are expired.");
        assert_eq!(problem.correlation.as_deref(), Some("2"));
        assert!(problem.next.contains("expired"));
        assert_eq!(refusal(&asked(), &answer(503, "")).cause, Cause::Failed);
    }

    #[test]
    fn a_command_prints_what_plugins_or_az_print() {
        let expires = |output: &str| printed(output.as_bytes(), NOW).unwrap().expires.to_string();
        assert_eq!(expires(r#"{"token":"t","expiresOn":"2027-01-31T10:00:00Z"}"#), "2027-01-31T10:00:00Z");
        assert_eq!(
            expires(r#"{"accessToken":"t","expiresOn":"2027-01-31 11:00:00.000000","expires_on":1801389600}"#),
            "2027-01-31T10:00:00Z"
        );
        assert_eq!(expires(r#"{"token":"t"}"#), "1970-01-01T00:06:00Z");
        assert!(printed(b"t", NOW).is_none());
    }
}
