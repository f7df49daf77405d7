//! What of the process's memory may reach a disk: nothing, for tokens and secrets are in it.

/// Lets a crash of this process leave no core dump behind, neither a file nor one that a collector is handed.
///
/// Failing is no reason not to run: a system that does not let a process limit itself is the administrator's choice.
pub(super) fn keep_out_of_dumps() {
    #[cfg(unix)]
    {
        let none = rustix::process::Rlimit { current: Some(0), maximum: Some(0) };
        if let Err(error) = rustix::process::setrlimit(rustix::process::Resource::Core, none) {
            tracing::info!(%error, "core dumps cannot be turned off");
        }
    }
    // A collector behind a pipe is handed a dump whatever the limit says (Linux: core(5)).
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable) {
        tracing::info!(%error, "the process cannot be kept from being dumped");
    }
}
