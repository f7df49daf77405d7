//! What a connection is before it carries requests: plain, encrypted, or a tunnel through the forward proxy.

mod authority;
mod tunnel;

use std::sync::{Arc, Mutex};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;

use super::hosts;

pub use authority::AuthorityError;

use authority::Authority;

/// The first byte of an encrypted connection: a record with a handshake (RFC 8446).
const HANDSHAKE: u8 = 22;
/// How many connections may wait to be served.
const WAITING: usize = 64;

/// The hosts that the forward proxy was asked to connect to, in order, those that it refused too.
pub(super) type Dialled = Arc<Mutex<Vec<String>>>;

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

/// Where the requests of a connection come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    /// A plain connection.
    Plain,
    /// An encrypted one, for the host that the client wanted to see a certificate of.
    Encrypted(String),
}

impl Origin {
    /// The word before `://`.
    pub(super) const fn scheme(&self) -> &'static str {
        match self {
            Self::Plain => "http",
            Self::Encrypted(_) => "https",
        }
    }

    /// The fixed host that the connection is for. It wins over the header `Host`, which one public client sets to its proxy's
    /// (dynamics-web-api 2.5.0); the sandbox's own addresses need the header, for its port.
    pub(super) fn host(&self) -> Option<&str> {
        match self {
            Self::Encrypted(host) if !hosts::is_loopback(host) => Some(host),
            Self::Encrypted(_) | Self::Plain => None,
        }
    }
}

/// A stream of bytes, whatever it goes through.
pub(super) trait Bytes: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Bytes for T {}

/// The connections that are ready for requests.
pub(super) struct Door {
    ready: mpsc::Receiver<(Box<dyn Bytes>, Origin)>,
}

impl Door {
    /// Opens the door; returns it with the root certificate that clients have to trust.
    pub(super) fn open(
        listener: TcpListener,
        front: Front,
        now: i64,
        dialled: &Dialled,
    ) -> Result<(Self, Option<String>), AuthorityError> {
        let authority = match front {
            Front::Plain => None,
            Front::Encrypted | Front::Proxy => Some(Arc::new(Authority::new(now)?)),
        };
        let pem = authority.as_ref().map(|authority| authority.pem());
        let (sender, ready) = mpsc::channel(WAITING);
        let dialled = Arc::clone(dialled);
        tokio::spawn(async move {
            let mut listener = listener;
            loop {
                tokio::select! {
                    () = sender.closed() => break,
                    (stream, _) = Listener::accept(&mut listener) => {
                        let (authority, sender, dialled) = (authority.clone(), sender.clone(), Arc::clone(&dialled));
                        tokio::spawn(async move {
                            match prepare(stream, authority, front, &dialled).await {
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
    type Addr = Origin;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(ready) => ready,
            // The task that accepts ends only after this door is dropped.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        // Not asked for by anything here: what a connection says of itself is its origin.
        Ok(Origin::Plain)
    }
}

impl Connected<IncomingStream<'_, Door>> for Origin {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Self {
        stream.remote_addr().clone()
    }
}

/// Brings a connection to where requests begin; nothing when it was refused.
async fn prepare(
    mut stream: TcpStream,
    authority: Option<Arc<Authority>>,
    front: Front,
    dialled: &Dialled,
) -> Result<Option<(Box<dyn Bytes>, Origin)>, Box<dyn std::error::Error + Send + Sync>> {
    stream.set_nodelay(true)?;
    let Some(authority) = authority else { return Ok(Some((Box::new(stream), Origin::Plain))) };
    let mut host = "localhost".to_owned();
    let mut first = [0_u8];
    stream.peek(&mut first).await?;
    // Of the methods that services take, none begins like this one.
    if first[0] == b'C' && front == Front::Proxy {
        let Some(name) = tunnel::open(&mut stream, dialled).await? else { return Ok(None) };
        host = name;
        stream.peek(&mut first).await?;
    }
    if first[0] != HANDSHAKE {
        return Ok(Some((Box::new(stream), Origin::Plain)));
    }
    let acceptor = TlsAcceptor::from(authority.configuration(&host)?);
    let stream = acceptor.accept(stream).await?;
    let name = stream.get_ref().1.server_name().map_or(host, str::to_ascii_lowercase);
    Ok(Some((Box::new(stream), Origin::Encrypted(name))))
}
