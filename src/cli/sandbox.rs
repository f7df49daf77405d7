//! `powergrant sandbox`: the embedded tenant as a server.
use std::net::SocketAddr;
use std::path::PathBuf;

use super::Global;
use super::exit::Exit;
use super::online;
use super::output::Output;

/// Serves the embedded tenant until it is interrupted, on the state that `--sandbox` uses.
#[derive(Debug, clap::Args)]
pub struct Sandbox {
    /// The manifests beside which `sandbox.yaml` lies; the compiled-in seed if there is none.
    paths: Vec<PathBuf>,
    /// The loopback address to listen on.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
}

impl Sandbox {
    pub(super) async fn run(&self, global: &Global, output: &mut Output) -> Exit {
        let running = match online::start_sandbox(&self.paths, self.listen, global, output).await {
            Ok(running) => running,
            Err(exit) => return exit,
        };
        let caller = running.credentials();
        output.result(&format!(
            "listening on http://{}\ntenant {}\nclient id {}\nclient secret {}\n",
            running.address(),
            caller.tenant,
            caller.client,
            caller.secret
        ));
        if let Err(error) = tokio::signal::ctrl_c().await {
            output.error(&format!("error: interrupts cannot be waited for: {error}\n"));
            return Exit::Error;
        }
        running.stop().await;
        Exit::Success
    }
}
