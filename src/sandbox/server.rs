//! The listener: one address for all services, told apart by the host that was asked.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, State};
use axum::http::{Method, Request as HttpRequest, Response, StatusCode, header};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::answer::Answer;
use super::fault::Fault;
use super::front::{AuthorityError, Dialled, Door, Front, Origin};
use super::hold::{Hold, Holds};
use super::incoming::Incoming;
use super::seed::{Seed, SeedError, make};
use super::service::respond;
use super::shared::{Shared, lock};
use super::store::{Keeper, StoreError};
use super::tenant::{Credentials, Tenant};

/// The longest address (Learn: compose HTTP requests and handle errors).
const LONGEST: usize = 32_768;
/// More than any request that powergrant sends.
const LARGEST_BODY: usize = 256 * 1024 * 1024;

/// How a sandbox is started.
#[derive(Debug, Clone)]
pub struct Options {
    /// What the tenant holds at first.
    pub seed: Seed,
    /// The file that keeps the state between runs; nothing keeps it in memory.
    pub state: Option<PathBuf>,
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// What it speaks besides plain HTTP.
    pub front: Front,
    /// Whether the file's state is thrown away.
    pub reset: bool,
    /// Seconds since 1970, for the validity of tokens; nothing else depends on time.
    pub now: fn() -> i64,
}

impl Options {
    /// Starts on a free loopback port, from a seed, without a file.
    pub fn new(seed: Seed) -> Self {
        Self {
            seed,
            state: None,
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            front: Front::Plain,
            reset: false,
            now: || jiff::Timestamp::now().as_second(),
        }
    }
}

/// Where a Dataverse organisation is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The display name of its environment.
    pub environment: String,
    /// The environment's name in the admin API.
    pub environment_id: String,
    /// Its host, `contoso.crm4.dynamics.com`.
    pub host: String,
    /// Its unique name, behind `/_org/` of the sandbox's own address.
    pub unique_name: String,
}

/// Why a sandbox did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The seed is wrong.
    #[error(transparent)]
    Seed(#[from] SeedError),
    /// The kept state is wrong.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There are no certificates.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// The address is no loopback address.
    #[error("the sandbox listens on loopback only, not on `{0}`")]
    NotLoopback(SocketAddr),
    /// The address cannot be listened on.
    #[error("the sandbox cannot listen on `{address}`")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
}

/// A sandbox that answers requests until it is stopped or dropped.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    authority: Option<String>,
    tenant: Arc<Mutex<Tenant>>,
    dialled: Dialled,
    holds: Holds,
    keeper: Option<Arc<Keeper>>,
    stop: Option<oneshot::Sender<()>>,
    served: Option<JoinHandle<()>>,
}

impl Running {
    /// The address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The root certificate that clients have to trust, as PEM; nothing when it does not encrypt.
    pub fn authority(&self) -> Option<&str> {
        self.authority.as_deref()
    }

    /// The tenant, to be looked at or changed behind everybody's back. While it is locked no request is answered.
    pub fn tenant(&self) -> Arc<Mutex<Tenant>> {
        Arc::clone(&self.tenant)
    }

    /// The hosts that its forward proxy was asked to connect to, in order, those that it refused too.
    pub fn dialled(&self) -> Vec<String> {
        self.dialled.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Holds requests of one method whose path has a text in it, before anything of them is looked at, until the hold is released.
    pub fn hold(&self, method: &str, path: &str) -> Hold {
        self.holds.add(method, path)
    }

    /// What powergrant presents to the token service.
    pub fn credentials(&self) -> Credentials {
        lock(&self.tenant).credentials.clone()
    }

    /// Where each Dataverse organisation is.
    pub fn organizations(&self) -> Vec<Place> {
        let tenant = lock(&self.tenant);
        let all = tenant.organizations.iter();
        all.map(|(environment, organization)| Place {
            environment: environment.clone(),
            environment_id: organization.environment.clone(),
            host: organization.host.clone(),
            unique_name: organization.unique_name.clone(),
        })
        .collect()
    }

    /// Ends it, after the requests that are being answered.
    pub async fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            // Nobody listens any more when the server ended by itself.
            let _ = stop.send(());
        }
        if let Some(served) = self.served.take() {
            // A server that panicked has ended too.
            let _ = served.await;
        }
    }

    /// Leaves one file behind. Without it the next start reads the journal too, so a failure loses nothing.
    fn settle(&self) {
        let Some(keeper) = &self.keeper else { return };
        if let Err(error) = keeper.settle(&lock(&self.tenant)) {
            tracing::error!(%error, "the sandbox's journal stays beside its state");
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(served) = &self.served {
            served.abort();
        }
        self.settle();
    }
}

/// Starts a sandbox: from its file when there is one, else from the seed.
pub async fn start(options: Options) -> Result<Running, StartError> {
    let Options { seed, state, listen, front, reset, now } = options;
    if !listen.ip().is_loopback() {
        return Err(StartError::NotLoopback(listen));
    }
    let kept = match &state {
        Some(path) if !reset => Keeper::load(path)?,
        Some(_) | None => None,
    };
    let (keeper, tenant) = if let Some((keeper, tenant)) = kept {
        (Some(keeper), tenant)
    } else {
        let tenant = make(&seed)?;
        (state.map(|path| Keeper::begin(&path, &tenant)).transpose()?, tenant)
    };
    let keeper = keeper.map(Arc::new);
    let failed = |source| StartError::Listen { address: listen, source };
    let listener = TcpListener::bind(listen).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let dialled = Dialled::default();
    let (door, authority) = Door::open(listener, front, now(), &dialled)?;
    let tenant = Arc::new(Mutex::new(tenant));
    let holds = Holds::default();
    let shared =
        Arc::new(Shared { tenant: Arc::clone(&tenant), holds: holds.clone(), keeper: keeper.clone(), seed, now });
    let router = Router::new().fallback(answer).with_state(shared);
    let service = router.into_make_service_with_connect_info::<Origin>();
    let (stop, stopped) = oneshot::channel::<()>();
    let served = tokio::spawn(async move {
        let until = async {
            // A sender that was dropped stops it too.
            let _ = stopped.await;
        };
        if let Err(error) = axum::serve(door, service).with_graceful_shutdown(until).await {
            tracing::error!(%error, "the sandbox stopped listening");
        }
    });
    Ok(Running { address, authority, tenant, dialled, holds, keeper, stop: Some(stop), served: Some(served) })
}

async fn answer(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(origin): ConnectInfo<Origin>,
    request: HttpRequest<Body>,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in &parts.headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        // A header that comes several times is a list (RFC 9110, 5.2).
        let known = headers.entry(name.as_str().to_owned()).or_default();
        *known = if known.is_empty() { value.into_owned() } else { format!("{known}, {value}") };
    }
    if parts.uri.to_string().len() > LONGEST {
        return write(&Fault::new(414, "", "Request-URI Too Long").into());
    }
    let Ok(bytes) = to_bytes(body, LARGEST_BODY).await else {
        return write(&Fault::new(413, "0x80040216", "The request is too large.").into());
    };
    let Ok(body) = String::from_utf8(bytes.into()) else {
        return write(&Fault::malformed("The body is not UTF-8.").into());
    };
    let written = parts.uri.host().map(str::to_owned).or_else(|| headers.get("host").cloned());
    let host = origin.host().map(str::to_owned).or(written).unwrap_or_default();
    let incoming = Incoming {
        // Its answer is sent without the body (RFC 9110, 9.3.2).
        method: if parts.method == Method::HEAD { "GET" } else { parts.method.as_str() },
        scheme: headers.get("x-forwarded-proto").map_or(origin.scheme(), String::as_str),
        host: &host,
        path: parts.uri.path(),
        query: parts.uri.query().unwrap_or_default(),
        headers: &headers,
        body: &body,
    };
    shared.holds.pass(incoming.method, incoming.path).await;
    write(&respond(&shared, &incoming))
}

/// Writes an answer to the socket. No service answers with a JSON text alone: such a body is written as it is.
fn write(answer: &Answer) -> Response<Body> {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = Response::builder().status(status);
    let has_type = answer.headers.keys().any(|name| name.eq_ignore_ascii_case("content-type"));
    for (name, value) in &answer.headers {
        response = response.header(name, value);
    }
    if !has_type && answer.body.is_some() {
        response = response.header(header::CONTENT_TYPE, "application/json; charset=utf-8");
    }
    let body = match &answer.body {
        None => Body::empty(),
        Some(serde_json::Value::String(text)) => Body::from(text.clone()),
        Some(value) => Body::from(value.to_string()),
    };
    response.body(body).unwrap_or_else(|_| Response::new(Body::from("a header of the answer cannot be written")))
}
