//! A server that answers as a test says and remembers what it was asked.
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::{StreamExt as _, stream};
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::clock::JumpingClock;
use crate::tenant::{
    Cloud, Credentials, Organisation, Patience, Reader, Routing, Secret, Settings, Tenant, WritePermit, Writer,
};

pub(super) const TENANT: Uuid = Uuid::from_u128(0xa);
pub(super) const ORGANISATION: &str = "https://contoso.crm4.dynamics.com";

/// What the server was asked.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Seen {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn is_for_token(&self) -> bool {
        self.target.ends_with("/oauth2/v2.0/token")
    }
}

/// What it answers.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
    breaks_off: bool,
}

impl Reply {
    pub(super) fn text(status: u16, kind: &str, body: impl Into<String>) -> Self {
        let headers = vec![("content-type".to_owned(), kind.to_owned())];
        Self { status, headers, body: body.into(), breaks_off: false }
    }

    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self::text(status, "application/json", body.to_string())
    }

    pub(super) fn error(status: u16, code: &str) -> Self {
        Self::json(status, &json!({ "error": { "code": code, "message": "said no" } }))
    }

    pub(super) fn rows(count: usize) -> Self {
        let rows: Vec<Value> = (0..count).map(|row| json!({ "row": row })).collect();
        Self::json(200, &json!({ "value": rows }))
    }

    pub(super) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(super) fn breaking_off(mut self) -> Self {
        self.breaks_off = true;
        self
    }
}

type Script = dyn Fn(&Seen, usize) -> Reply + Send + Sync;

struct Stage {
    script: Box<Script>,
    seen: Mutex<Vec<Seen>>,
}

/// A server, and a client that takes it for all of Microsoft's hosts.
pub(super) struct Server {
    stage: Arc<Stage>,
    address: SocketAddr,
    pub(super) clock: JumpingClock,
    pub(super) tenant: Tenant,
}

impl Server {
    /// Starts a server that gives everybody a token and answers the rest by the script, which is told the number of the request.
    pub(super) async fn start(script: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static) -> Self {
        let with_tokens = move |seen: &Seen, number: usize| {
            if seen.is_for_token() { granted(seen, number, TENANT) } else { script(seen, number) }
        };
        Self::start_bare(with_tokens).await
    }

    /// Starts a server whose script answers requests for tokens too. Those are numbered on their own.
    pub(super) async fn start_bare(script: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static) -> Self {
        let stage = Arc::new(Stage { script: Box::new(script), seen: Mutex::default() });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(answer).with_state(Arc::clone(&stage));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let clock = JumpingClock::at(Timestamp::UNIX_EPOCH);
        let tenant = connect(address, &clock, Patience::default());
        Self { stage, address, clock, tenant }
    }

    /// A client with another patience.
    pub(super) fn impatient(mut self, patience: Patience) -> Self {
        self.tenant = connect(self.address, &self.clock, patience);
        self
    }

    pub(super) fn reader(&self) -> Reader {
        self.tenant.reader(Some(organisation()))
    }

    pub(super) fn writer(&self) -> Writer {
        self.tenant.writer(Some(organisation()), WritePermit::for_an_approved_plan())
    }

    /// What was asked of the services.
    pub(super) fn seen(&self) -> Vec<Seen> {
        self.stage.seen.lock().unwrap().iter().filter(|seen| !seen.is_for_token()).cloned().collect()
    }

    /// What was asked of the token endpoint.
    pub(super) fn sign_ins(&self) -> Vec<Seen> {
        self.stage.seen.lock().unwrap().iter().filter(|seen| seen.is_for_token()).cloned().collect()
    }

    /// How long was waited, in seconds.
    pub(super) fn waits(&self) -> Vec<u64> {
        self.clock.waits().iter().map(Duration::as_secs).collect()
    }
}

pub(super) fn organisation() -> Organisation {
    Organisation::parse(&Cloud::Public.into(), ORGANISATION).unwrap()
}

fn connect(address: SocketAddr, clock: &JumpingClock, patience: Patience) -> Tenant {
    let credentials = Credentials::ClientSecret {
        tenant: TENANT.to_string(),
        client_id: "pipeline".to_owned(),
        secret: Secret::new("hunter2"),
    };
    let settings = Settings {
        cloud: Cloud::Public,
        routing: Routing::Sandbox(address),
        credentials,
        tenant: Some(TENANT),
        patience,
        clock: Arc::new(clock.clone()),
    };
    Tenant::connect(settings).unwrap()
}

/// The answer of the token endpoint: a token that names its number.
pub(super) fn granted(seen: &Seen, number: usize, tenant: Uuid) -> Reply {
    let form: std::collections::BTreeMap<String, String> =
        url::form_urlencoded::parse(seen.body.as_bytes()).into_owned().collect();
    let audience = form["scope"].trim_end_matches("/.default").to_owned();
    let issuer = format!("https://sts.windows.net/{tenant}/");
    let payload = json!({ "aud": audience, "iss": issuer, "tid": tenant, "idtyp": "app", "number": number });
    let token = format!("{}.{}.x", URL_SAFE_NO_PAD.encode("{}"), URL_SAFE_NO_PAD.encode(payload.to_string()));
    Reply::json(200, &json!({ "token_type": "Bearer", "expires_in": 3599, "access_token": token }))
}

async fn answer(State(stage): State<Arc<Stage>>, request: Request) -> Response<Body> {
    let (head, body) = request.into_parts();
    let body = String::from_utf8(to_bytes(body, usize::MAX).await.unwrap().to_vec()).unwrap();
    let (method, target) = (head.method.to_string(), head.uri.to_string());
    let seen = Seen { method, target, headers: head.headers, body };
    let number = {
        let mut all = stage.seen.lock().unwrap();
        let number = all.iter().filter(|other| other.is_for_token() == seen.is_for_token()).count();
        all.push(seen.clone());
        number
    };
    let Reply { status, headers, body, breaks_off } = (stage.script)(&seen, number);
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    let body = if breaks_off {
        // The pause lets what was written so far leave before the connection is closed.
        let end = async {
            tokio::task::yield_now().await;
            Err(std::io::Error::other("broken off"))
        };
        Body::from_stream(stream::once(async { Ok(body) }).chain(stream::once(end)))
    } else {
        Body::from(body)
    };
    response.body(body).unwrap()
}
