//! The `powergrant` command: parse, run, exit.
fn main() {}
