//! One request, one answer: the only place where something is sent.
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Certificate, Client, Url, redirect};
use tracing::debug;

use super::answer::Answer;
use super::asker::Asker;
use super::hosts::Routing;
use super::limits::{Gate, Limits};
use super::parcel::Parcel;
use super::secret::Secret;
use crate::clock::Clock;
use crate::problem::{Cause, Problem};

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(10);
/// How long an answer may be silent. Dataverse gives up on a request after two minutes itself (Learn: Dataverse timeouts).
const READ: Duration = Duration::from_secs(120);

/// Why there is no answer.
#[derive(Clone, Debug)]
pub(super) enum Lost {
    /// No connection was made, so nothing arrived.
    NotSent(Problem),
    /// It was sent, and no whole answer came back: it may have been done.
    Unanswered(Problem),
}

impl Lost {
    pub(super) fn problem(self) -> Problem {
        match self {
            Self::NotSent(problem) | Self::Unanswered(problem) => problem,
        }
    }
}

/// Whom TLS trusts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// The certificate authorities of this machine.
    #[default]
    Machine,
    /// Those, and the ones in a file of PEM: of a proxy that opens connections, of a private cloud.
    Also(std::path::PathBuf),
}

impl Trust {
    fn certificates(&self) -> Result<Vec<Certificate>, Problem> {
        let Self::Also(file) = self else { return Ok(Vec::new()) };
        let refuse = |why: String| {
            let says = format!("the file of certificate authorities `{}` cannot be used: {why}", file.display());
            Problem::without_request(Cause::Unreachable, "TLS", says, "name a file with certificates in PEM")
        };
        let text = std::fs::read(file).map_err(|error| refuse(error.to_string()))?;
        let certificates = Certificate::from_pem_bundle(&text).map_err(|error| refuse(chain(&error)))?;
        if certificates.is_empty() {
            return Err(refuse("there is no `-----BEGIN CERTIFICATE-----` in it".to_owned()));
        }
        Ok(certificates)
    }
}

/// What sends: the HTTP client with its limits.
pub(super) struct Wire {
    http: Client,
    /// Never over a proxy: what speaks plain http is on this machine or its link, and a proxy would read along.
    near: Client,
    routing: Routing,
    limits: Limits,
    pub(super) clock: Arc<dyn Clock>,
}

impl Wire {
    pub(super) fn new(routing: Routing, trust: &Trust, clock: Arc<dyn Clock>) -> Result<Self, Problem> {
        install_tls();
        if let Routing::Sandbox(listener) = routing
            && !listener.ip().is_loopback()
        {
            return Err(Problem::without_request(
                Cause::Refused,
                "embedded tenant",
                format!("`{listener}` is not a loopback address"),
                "the embedded tenant is reached on this machine alone, because its traffic is plain http",
            ));
        }
        let own = trust.certificates()?;
        let client = || {
            let client = Client::builder()
                .user_agent(concat!("powergrant/", env!("CARGO_PKG_VERSION")))
                .redirect(redirect::Policy::none())
                .gzip(true)
                .connect_timeout(CONNECT)
                .read_timeout(READ);
            match routing {
                // Nothing is encrypted there, so nobody is trusted and the machine's authorities need not be read.
                Routing::Sandbox(_) => client.tls_certs_only([]),
                Routing::Direct if own.is_empty() => client,
                Routing::Direct => client.tls_certs_merge(own.clone()),
            }
        };
        let built = |client: reqwest::ClientBuilder| {
            client.build().map_err(|error| {
                Problem::without_request(
                    Cause::Unreachable,
                    "TLS",
                    chain(&error),
                    "install the system's CA certificates (package `ca-certificates`), or name a file in SSL_CERT_FILE",
                )
            })
        };
        let (http, near) = (built(client())?, built(client().no_proxy())?);
        Ok(Self { http, near, routing, limits: Limits::default(), clock })
    }

    /// The gate of the host that a request goes to.
    pub(super) fn gate(&self, url: &Url) -> Arc<Gate> {
        self.limits.gate(url.host_str().unwrap_or_default())
    }

    /// Waits before a repetition, or gives the problem back when there will be none.
    pub(super) async fn wait(
        &self,
        run: &Asker<'_>,
        url: &Url,
        attempt: u32,
        pause: Option<Duration>,
        problem: Problem,
    ) -> Result<(), Problem> {
        run.budget.wait((self.clock.as_ref(), run.stop), &self.gate(url), attempt, pause, problem).await
    }

    /// Sends a request once and reads the answer to its end.
    pub(super) async fn send(&self, parcel: &Parcel, token: Option<&Secret>, run: &Asker<'_>) -> Result<Answer, Lost> {
        let Asker { counts, label, stop, .. } = run;
        let request = self.request(parcel, token).map_err(Lost::NotSent)?;
        let gate = self.gate(&parcel.url);
        let Some(_pass) = gate.enter(self.clock.as_ref(), stop).await else {
            let says = "the run was stopped while the service asked to wait";
            return Err(Lost::NotSent(parcel.asked.problem(Cause::Throttled, None, says)));
        };
        counts.request(label, parcel.who);
        let started = self.clock.now();
        let answer = self.exchange(parcel, request).await;
        counts.answered(parcel.who, answer.as_ref().ok().map(|answer| answer.status));
        let milliseconds = self.clock.now().duration_since(started).as_millis();
        let (method, host, path) = (parcel.asked.method, parcel.url.host_str(), parcel.url.path());
        if let Ok(answer) = &answer {
            debug!(method, host, path, status = answer.status, milliseconds, "answered");
            counts.bytes(label, parcel.who, answer.body.len());
            if answer.status != 429 {
                gate.answered();
            }
        } else {
            debug!(method, host, path, milliseconds, "not answered");
        }
        answer
    }

    fn request(&self, parcel: &Parcel, token: Option<&Secret>) -> Result<reqwest::Request, Problem> {
        let unfit = |what: &str| parcel.asked.problem(Cause::Malformed, None, &format!("{what} cannot be sent"));
        let mut headers = HeaderMap::new();
        for (name, value) in &parcel.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| unfit("a header's name"))?;
            headers.insert(name, HeaderValue::from_str(value).map_err(|_| unfit("a header's value"))?);
        }
        if let Some(token) = token {
            let mut value =
                HeaderValue::from_str(&format!("Bearer {}", token.reveal())).map_err(|_| unfit("the token"))?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        if let Routing::Sandbox(_) = self.routing {
            let host = parcel.url.host_str().unwrap_or_default();
            headers.insert(HOST, HeaderValue::from_str(host).map_err(|_| unfit("the host's name"))?);
            headers.insert("X-Forwarded-Proto", HeaderValue::from_static("https"));
        }
        let method = reqwest::Method::from_bytes(parcel.asked.method.as_bytes()).map_err(|_| unfit("the method"))?;
        let is_empty = parcel.body.as_ref().is_none_or(|body| body.text.is_empty());
        // The client leaves the length of nothing out, and servers on Windows answer 411 then (RFC 9110 §8.6).
        if is_empty && matches!(parcel.asked.method, "POST" | "PUT" | "PATCH") {
            headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        let address = self.routing.address(&parcel.url);
        let mut request = self.client(&address).request(method, address).headers(headers);
        if let Some(body) = &parcel.body {
            request = request.header(CONTENT_TYPE, &body.kind).body(body.text.clone());
        }
        request.build().map_err(|error| unfit(&chain(&error.without_url())))
    }

    fn client(&self, address: &Url) -> &Client {
        if address.scheme() == "http" { &self.near } else { &self.http }
    }

    async fn exchange(&self, parcel: &Parcel, request: reqwest::Request) -> Result<Answer, Lost> {
        let lost = |error: reqwest::Error, cause| parcel.asked.problem(cause, None, &chain(&error.without_url()));
        let response = self.client(request.url()).execute(request).await.map_err(|error| {
            if error.is_connect() {
                Lost::NotSent(unconnected(lost(error, Cause::Unreachable)))
            } else {
                Lost::Unanswered(lost(error, Cause::Unreachable))
            }
        })?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        match response.bytes().await {
            Ok(body) => Ok(Answer::new(status, headers, body.into())),
            Err(error) => Err(Lost::Unanswered(lost(error, Cause::Incomplete))),
        }
    }
}

/// What is known of a connection that was not made: a proxy or a certificate in the way is there the next time too.
fn unconnected(mut problem: Problem) -> Problem {
    // Texts of hyper-util's tunnel and of rustls; neither hands its kind of error on through the client.
    let known = [
        (
            "proxy authorization required",
            Cause::Refused,
            "the proxy wants a name and a password: write them into HTTPS_PROXY as in `http://NAME:PASSWORD@HOST:PORT`",
        ),
        (
            "failed to create underlying connection",
            Cause::Refused,
            "nobody answers at the proxy that HTTPS_PROXY names: correct its address, or name the host in NO_PROXY",
        ),
        (
            "tunnel error",
            Cause::Refused,
            "the proxy in HTTPS_PROXY does not connect to this host: let it, or name the host in NO_PROXY",
        ),
        (
            "invalid peer certificate",
            Cause::Malformed,
            "where a proxy opens connections, name the file of its certificate authority with `--ca-file` or POWERGRANT_CA_FILE",
        ),
    ];
    if let Some((_, cause, next)) = known.iter().find(|(text, ..)| problem.says.contains(text)) {
        problem.cause = *cause;
        (*next).clone_into(&mut problem.next);
    }
    problem
}

/// Chooses the cryptography of TLS for the whole process; again is the same as once.
pub fn install_tls() {
    // Err: somebody else has chosen already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// An error and its causes in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_goes_past_every_proxy() {
        install_tls();
        let clock = Arc::new(crate::clock::JumpingClock::at(jiff::Timestamp::UNIX_EPOCH));
        let wire = Wire::new(Routing::Direct, &Trust::Machine, clock).unwrap();
        let of = |address: &str| std::ptr::eq(wire.client(&Url::parse(address).unwrap()), &raw const wire.near);
        assert!(of("http://169.254.169.254/metadata/identity/oauth2/token"));
        assert!(!of("https://graph.microsoft.com/v1.0/users"));
    }
}
