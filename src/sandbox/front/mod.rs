//! What a connection is before it carries requests: plain, encrypted, or a tunnel through the forward proxy.

mod authority;
mod tunnel;

use std::sync::Arc;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;

pub use authority::AuthorityError;

use authority::Authority;

/// The first byte of an encrypted connection: a record with a handshake (RFC 8446).
const HANDSHAKE: u8 = 22;
/// How many connections may wait to be served.
const WAITING: usize = 64;

/// What the listener speaks besides plain HTTP; the first byte of a connection tells which it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Front {
    /// Nothing.
    #[default]
    Plain,
    /// TLS, with certificates of an authority made for this run.
    Encrypted,
    /// TLS, and `CONNECT` for Microsoft's hosts.
    Proxy,
}

/// Whether requests of a connection came encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    Http,
    Https,
}

impl Scheme {
    /// The word before `://`.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// A stream of bytes, whatever it goes through.
pub(super) trait Bytes: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Bytes for T {}

/// The connections that are ready for requests.
pub(super) struct Door {
    ready: mpsc::Receiver<(Box<dyn Bytes>, Scheme)>,
}

impl Door {
    /// Opens the door; returns it with the root certificate that clients have to trust.
    pub(super) fn open(
        listener: TcpListener,
        front: Front,
        now: i64,
    ) -> Result<(Self, Option<String>), AuthorityError> {
        let authority = match front {
            Front::Plain => None,
            Front::Encrypted | Front::Proxy => Some(Arc::new(Authority::new(now)?)),
        };
        let pem = authority.as_ref().map(|authority| authority.pem());
        let (sender, ready) = mpsc::channel(WAITING);
        tokio::spawn(async move {
            let mut listener = listener;
            loop {
                tokio::select! {
                    () = sender.closed() => break,
                    (stream, _) = Listener::accept(&mut listener) => {
                        let (authority, sender) = (authority.clone(), sender.clone());
                        tokio::spawn(async move {
                            match prepare(stream, authority, front).await {
                                // A door that was closed meanwhile takes nobody in.
                                Ok(Some(ready)) => drop(sender.send(ready).await),
                                Ok(None) => {}
                                Err(error) => tracing::debug!(%error, "a connection came to nothing"),
                            }
                        });
                    }
                }
            }
        });
        Ok((Self { ready }, pem))
    }
}

impl Listener for Door {
    type Io = Box<dyn Bytes>;
    type Addr = Scheme;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(ready) => ready,
            // The task that accepts ends only after this door is dropped.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        // Not asked for by anything here: what a connection says of itself is its scheme.
        Ok(Scheme::Http)
    }
}

impl Connected<IncomingStream<'_, Door>> for Scheme {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Self {
        *stream.remote_addr()
    }
}

/// Brings a connection to where requests begin; nothing when it was refused.
async fn prepare(
    mut stream: TcpStream,
    authority: Option<Arc<Authority>>,
    front: Front,
) -> Result<Option<(Box<dyn Bytes>, Scheme)>, Box<dyn std::error::Error + Send + Sync>> {
    stream.set_nodelay(true)?;
    let Some(authority) = authority else { return Ok(Some((Box::new(stream), Scheme::Http))) };
    let mut host = "localhost".to_owned();
    let mut first = [0_u8];
    stream.peek(&mut first).await?;
    // Of the methods that services take, none begins like this one.
    if first[0] == b'C' && front == Front::Proxy {
        let Some(name) = tunnel::open(&mut stream).await? else { return Ok(None) };
        host = name;
        stream.peek(&mut first).await?;
    }
    if first[0] != HANDSHAKE {
        return Ok(Some((Box::new(stream), Scheme::Http)));
    }
    let acceptor = TlsAcceptor::from(authority.configuration(&host)?);
    Ok(Some((Box::new(acceptor.accept(stream).await?), Scheme::Https)))
}
