//! Ctrl-C, and what a pipeline or a service manager sends: a wish to stop, and once more the end.
use super::output::Output;
use crate::clock::Stop;

/// Notes the first interrupt: writes in flight are finished, and nothing new is sent. The second ends the process at once;
/// the journal has what it needs to know.
pub(super) fn stop_on_interrupt() -> Stop {
    let stop = Stop::default();
    let noted = stop.clone();
    tokio::spawn(async move {
        interrupted().await;
        noted.ask();
        Output::new(false, None).error(
            "stopping: what is under way is finished and read back, nothing new is sent; once more ends at once\n",
        );
        interrupted().await;
        std::process::abort();
    });
    stop
}

/// Waits for Ctrl-C, or for what a pipeline sends when a job is cancelled.
async fn interrupted() {
    #[cfg(unix)]
    if let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        return;
    }
    // Without a handler there is nothing to wait for; the process then ends as the system has it.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
