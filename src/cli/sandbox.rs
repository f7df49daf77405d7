//! `powergrant sandbox`: the embedded tenant as a server.
use std::net::SocketAddr;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::Global;
use super::exit::Exit;
use super::online;
use super::output::Output;
use crate::sandbox::{Front, Running};

/// Serves the embedded tenant until it is interrupted, on the state that `--sandbox` uses.
///
/// It stands for Entra sign-in, Microsoft Graph, the Power Platform admin API, the Flow service and Dataverse, and is strict: what the
/// services refuse is refused, with their status and code. It listens on loopback only and takes only tokens that it issued. With
/// `--proxy`, clients whose hosts cannot be changed reach it through `HTTPS_PROXY`; everything that is not Microsoft's is refused.
#[derive(Debug, clap::Args)]
pub struct Sandbox {
    /// The manifests beside which `sandbox.yaml` lies; the compiled-in seed if there is none.
    paths: Vec<PathBuf>,
    /// The loopback address to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Answers TLS on that address too, with certificates of an authority made for this run.
    #[arg(long)]
    tls: bool,
    /// Is a forward proxy there too: ends `CONNECT` for Microsoft's hosts, of every cloud, and refuses all others. Implies `--tls`.
    #[arg(long)]
    proxy: bool,
    /// Where to write the authority's certificate, for clients to trust. Implies `--tls`.
    #[arg(long, value_name = "FILE")]
    ca_out: Option<PathBuf>,
    /// How the addresses and credentials are printed: lines for people, or one JSON object.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// How the addresses and credentials are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Lines for people.
    Text,
    /// One JSON object on one line.
    Json,
}

impl Sandbox {
    pub(super) async fn run(&self, global: &Global, output: &mut Output) -> Exit {
        let listen = online::Listen { address: self.listen, front: self.front() };
        let running = match online::start_sandbox(&self.paths, listen, global, output).await {
            Ok(running) => running,
            Err(exit) => return exit,
        };
        if let (Some(file), Some(certificate)) = (&self.ca_out, running.authority())
            && let Err(error) = std::fs::write(file, certificate)
        {
            output
                .error(&format!("error: {} cannot be written: {error}\nhint: is its folder there?\n", file.display()));
            return Exit::Error;
        }
        match self.format {
            Format::Text => output.result(&self.lines(&running)),
            Format::Json => output.result(&self.object(&running).to_string()),
        }
        if let Err(error) = tokio::signal::ctrl_c().await {
            output.error(&format!("error: interrupts cannot be waited for: {error}\n"));
            return Exit::Error;
        }
        running.stop().await;
        Exit::Success
    }

    fn front(&self) -> Front {
        match (self.proxy, self.tls || self.ca_out.is_some()) {
            (true, _) => Front::Proxy,
            (false, true) => Front::Encrypted,
            (false, false) => Front::Plain,
        }
    }

    fn lines(&self, running: &Running) -> String {
        let (caller, address) = (running.credentials(), running.address());
        let mut lines = vec![format!("listening on http://{address}")];
        if running.authority().is_some() {
            lines.push(format!("and on https://{address}"));
        }
        if self.proxy {
            lines.push(format!("proxy http://{address}"));
        }
        if let Some(file) = &self.ca_out {
            lines.push(format!("certificate authority {}", file.display()));
        }
        for place in running.organizations() {
            let scheme = if running.authority().is_some() { "https" } else { "http" };
            lines.push(format!(
                "organisation https://{} at {scheme}://{address}/_org/{}/api/data/v9.2",
                place.host, place.unique_name
            ));
        }
        lines.push(format!("tenant {}", caller.tenant));
        lines.push(format!("client id {}", caller.client));
        lines.push(format!("client secret {}\n", caller.secret));
        lines.join("\n")
    }

    fn object(&self, running: &Running) -> Value {
        let (caller, address) = (running.credentials(), running.address());
        let encrypted = running.authority().map(|_| format!("https://{address}"));
        let base = encrypted.clone().unwrap_or_else(|| format!("http://{address}"));
        let organizations: Vec<Value> = running
            .organizations()
            .into_iter()
            .map(|place| {
                json!({
                    "environment": place.environment, "environmentId": place.environment_id,
                    "url": format!("https://{}", place.host), "local": format!("{base}/_org/{}", place.unique_name),
                })
            })
            .collect();
        json!({
            "http": format!("http://{address}"),
            "https": encrypted,
            "proxy": self.proxy.then(|| format!("http://{address}")),
            "certificateAuthority": self.ca_out,
            "authority": format!("{base}/{}", caller.tenant),
            "tenantId": caller.tenant,
            "clientId": caller.client,
            "clientSecret": caller.secret,
            "graph": format!("{base}/v1.0"),
            "organizations": organizations,
        })
    }
}
