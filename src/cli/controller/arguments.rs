//! What `powergrant controller` is told, and its run.
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;

use super::listen::listen;
use super::{Controller, Ended, Mode, Settings};
use crate::apply::lock::Lock;
use crate::cli::Global;
use crate::cli::chronicle::JOURNAL;
use crate::cli::exit::Exit;
use crate::cli::interrupt::stop_on_interrupt;
use crate::cli::online::{self, Listen};
use crate::cli::output::Output;
use crate::clock::{Clock, WallClock};

/// The shortest time between two rounds.
const SHORTEST: SignedDuration = SignedDuration::from_secs(10);
/// The longest time between two rounds.
const LONGEST: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Looks at the environments again and again, tells what differs, and brings it about where it is told to enforce.
///
/// It reads the manifests again in every round. It observes unless `--mode enforce` is given; then it applies what the rails let
/// pass, and nobody is asked. What a service refused or reverted is not sent again until the manifest or the row is another one.
/// It answers `/healthz`, `/readyz` and `/metrics`, and stops at the first Ctrl-C or SIGTERM after the writes in flight.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Files and folders; `.` if none is given.
    paths: Vec<PathBuf>,
    /// How often every environment is looked at: from 10s to 7 days, such as `15m` or `1h 30m`.
    #[arg(long, value_name = "DURATION", default_value = "15m", value_parser = every)]
    every: Duration,
    /// What it may do.
    #[arg(long, value_enum, default_value_t)]
    mode: Mode,
    /// The address that answers health and metrics; port 0 takes a free one. Whoever reaches it reads names of environments and
    /// counts, and can change nothing.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9464")]
    listen: SocketAddr,
    /// The journal of what was applied: every write is in it, and it tells what was changed outside Git.
    #[arg(long, value_name = "FILE", default_value = JOURNAL)]
    journal: PathBuf,
    /// Lets the other environments go on where a rail stands in one.
    #[arg(long)]
    each: bool,
}

/// Reads how often to look.
fn every(text: &str) -> Result<Duration, String> {
    let every: SignedDuration = text.parse().map_err(|_| "write it as in `15m`, `90s` or `1h 30m`".to_owned())?;
    if !(SHORTEST..=LONGEST).contains(&every) {
        return Err("it must be from 10s to 7 days (168h)".to_owned());
    }
    Duration::try_from(every).map_err(|error| error.to_string())
}

impl Arguments {
    pub(in crate::cli) async fn run(&self, global: &Global, output: &mut Output) -> Exit {
        if self.paths.iter().any(|path| path.as_os_str() == "-") {
            output.error("error: standard input can be read once, and a controller reads its manifests again and again\nhint: name a file or a folder\n");
            return Exit::Error;
        }
        // What is not written to the tenant is not written to the journal either, so who observes keeps nobody out.
        let lock = match self.mode {
            Mode::Observe => None,
            Mode::Enforce => match Lock::take(&self.journal) {
                Ok(lock) => Some(lock),
                Err(error) => {
                    let journal = self.journal.display();
                    output.error(&format!("error: the journal {journal} cannot be kept: {error}\nhint: name another file with `--journal FILE`\n"));
                    return Exit::Error;
                }
            },
        };
        let sandbox = if global.sandbox {
            match online::start_sandbox(&self.paths, Listen::default(), global, output).await {
                Ok(sandbox) => Some(sandbox),
                Err(exit) => return exit,
            }
        } else {
            None
        };
        let clock: Arc<dyn Clock> = Arc::new(WallClock);
        let settings = Settings {
            paths: self.paths.clone(),
            global: global.clone(),
            every: self.every,
            mode: self.mode,
            each: self.each,
            journal: self.journal.clone(),
        };
        let stop = stop_on_interrupt();
        let controller = Controller::new(settings, Arc::clone(&clock), stop, sandbox);
        let listening = match listen(self.listen, controller.status(), clock).await {
            Ok(listening) => listening,
            Err(error) => {
                let address = self.listen;
                output.error(&format!("error: {address} cannot be listened on: {error}\nhint: name another address with `--listen`; port 0 takes a free one\n"));
                return Exit::Error;
            }
        };
        output.result(&format!("listening on http://{}\n", listening.address()));
        let ended = controller.run().await;
        drop(lock);
        match ended {
            Ended::Idle => {
                output.remark("stopped: nothing was under way\n");
                Exit::Success
            }
            Ended::WithSomethingLeft => {
                output.error("stopped: what is left stands above, and is planned again at the next start\n");
                Exit::NotAllHeld
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_read_in_plain_words_and_within_bounds() {
        assert_eq!(every("15m"), Ok(Duration::from_secs(900)));
        assert_eq!(every("1h 30m"), Ok(Duration::from_secs(5_400)));
        for bad in ["9s", "169h", "-15m", "0s", "soon", "15"] {
            assert!(every(bad).is_err(), "{bad}");
        }
    }
}
