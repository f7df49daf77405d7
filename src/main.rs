//! The `powergrant` command: parse, run, exit.
use std::process::ExitCode;

fn main() -> ExitCode {
    powergrant::cli::run(std::env::args_os())
}
