//! `powergrant completions`: completion scripts.
use clap_complete::Shell;

use super::exit::Exit;
use super::output::Output;

/// Prints a completion script for a shell.
#[derive(Debug, clap::Args)]
pub struct Completions {
    /// The shell.
    shell: Shell,
}

impl Completions {
    pub(super) fn run(&self, command: &mut clap::Command, output: &mut Output) -> Exit {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, command, "powergrant", &mut script);
        output.result(&String::from_utf8_lossy(&script));
        Exit::Success
    }
}
