//! Ctrl-C, and what a pipeline or a service manager sends: a wish to stop, and once more the end.
use std::io;

use super::output::Output;
use crate::clock::Stop;

/// Notes the first interrupt: writes in flight are finished, and nothing new is sent. The second ends the process at once;
/// the journal has what it needs to know.
pub(super) fn stop_on_interrupt() -> Stop {
    let stop = Stop::default();
    // Without a handler there is nothing to wait for; the process then ends as the system has it.
    let Ok(mut interrupts) = Interrupts::listen() else { return stop };
    let noted = stop.clone();
    tokio::spawn(async move {
        interrupts.next().await;
        noted.ask();
        Output::new(false, None).error(
            "stopping: what is under way is finished and read back, nothing new is sent; once more ends at once\n",
        );
        interrupts.next().await;
        std::process::abort();
    });
    stop
}

/// Ctrl-C, and what a pipeline sends when a job is cancelled. It listens from the beginning on and all the time, so that one that comes
/// right after another is not missed.
#[cfg(unix)]
struct Interrupts([tokio::signal::unix::Signal; 2]);

#[cfg(unix)]
impl Interrupts {
    fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self([signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?]))
    }

    async fn next(&mut self) {
        let Self([interrupt, terminate]) = self;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
}

/// Ctrl-C.
#[cfg(windows)]
struct Interrupts(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Interrupts {
    fn listen() -> io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Self)
    }

    async fn next(&mut self) {
        self.0.recv().await;
    }
}
