//! Health and metrics over HTTP: what is asked is answered from the status, and nothing can be changed.
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::metrics::{self, Format};
use super::{Shared, peek};
use crate::clock::Clock;

/// A listener that answers until it is dropped.
#[derive(Debug)]
pub struct Listening {
    address: SocketAddr,
    served: JoinHandle<()>,
}

impl Listening {
    /// The address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.served.abort();
    }
}

/// What all requests share.
#[derive(Clone)]
struct Asked {
    status: Shared,
    clock: Arc<dyn Clock>,
}

/// Listens on an address; port 0 takes a free one.
///
/// # Errors
/// Where the address cannot be listened on.
pub async fn listen(address: SocketAddr, status: Shared, clock: Arc<dyn Clock>) -> std::io::Result<Listening> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    let router = Router::new()
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
        .route("/metrics", get(counted))
        .with_state(Asked { status, clock });
    let served = tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "health and metrics are not answered any more");
        }
    });
    Ok(Listening { address, served })
}

/// Whoever answers is alive.
async fn alive() -> Response {
    said(StatusCode::OK, "ok\n".to_owned())
}

async fn ready(State(asked): State<Asked>) -> Response {
    match peek(&asked.status, |status| status.ready(asked.clock.now())) {
        Ok(()) => said(StatusCode::OK, "ok\n".to_owned()),
        Err(why) => said(StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")),
    }
}

async fn counted(State(asked): State<Asked>, headers: HeaderMap) -> Response {
    let accept: Vec<&str> = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    let format = Format::accepted(&accept.join(","));
    let text = peek(&asked.status, |status| metrics::text(status, format));
    ([(header::CONTENT_TYPE, format.content_type())], text).into_response()
}

fn said(status: StatusCode, text: String) -> Response {
    (status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "no-store")], text)
        .into_response()
}
