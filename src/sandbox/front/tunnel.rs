//! The forward proxy: `CONNECT` for Microsoft's hosts, which end here, and for nothing else.

use std::sync::PoisonError;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::Dialled;
use crate::sandbox::hosts;

/// The longest head of a `CONNECT` request.
const LONGEST_HEAD: usize = 16 * 1024;

/// Reads a `CONNECT` request and answers it. Returns the name of the host that the tunnel is for, or nothing when it was refused.
pub(super) async fn open(stream: &mut TcpStream, dialled: &Dialled) -> std::io::Result<Option<String>> {
    let Some(head) = head(stream).await? else {
        refuse(stream, 431, "Request Header Fields Too Large", "the head of the request is too long").await?;
        return Ok(None);
    };
    let mut words = head.lines().next().unwrap_or_default().split(' ');
    let (Some("CONNECT"), Some(target)) = (words.next(), words.next()) else {
        refuse(stream, 400, "Bad Request", "this is no CONNECT request").await?;
        return Ok(None);
    };
    let name = hosts::name(target);
    dialled.lock().unwrap_or_else(PoisonError::into_inner).push(name.clone());
    // The sandbox itself is no third party: clients with a proxy for everything ask it for its own address.
    let is_own =
        hosts::is_loopback(&name) && stream.local_addr().is_ok_and(|own| target.ends_with(&format!(":{}", own.port())));
    if !is_own && hosts::place(&name).is_none() {
        let text =
            format!("the sandbox stands for Microsoft's hosts only and connects to nothing else, not to '{name}'");
        refuse(stream, 403, "Forbidden", &text).await?;
        return Ok(None);
    }
    stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
    Ok(Some(name))
}

/// Reads up to the empty line, and no byte further: what follows belongs to the tunnel.
async fn head(stream: &mut TcpStream) -> std::io::Result<Option<String>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == LONGEST_HEAD {
            return Ok(None);
        }
        head.push(stream.read_u8().await?);
    }
    Ok(Some(String::from_utf8_lossy(&head).into_owned()))
}

async fn refuse(stream: &mut TcpStream, status: u16, reason: &str, text: &str) -> std::io::Result<()> {
    let answer = format!(
        "HTTP/1.1 {status} {reason}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}\n",
        text.len() + 1
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}
