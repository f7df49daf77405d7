//! The command line: one file per verb, its arguments and its run function side by side.
pub mod apply;
mod asked;
pub(crate) mod carry;
pub mod check;
pub(crate) mod chronicle;
pub mod ci;
pub mod completions;
pub mod controller;
mod definition;
pub mod derive;
pub mod drift;
pub mod exit;
pub mod explain;
pub mod export;
pub mod files;
mod interrupt;
pub mod journal;
pub mod manifests;
mod memory;
pub mod online;
pub mod output;
pub mod plan;
mod provenance;
mod reading;
pub mod sandbox;
pub mod schema;
mod sign_in;
pub mod snapshot;
mod snapshots;
mod step;
pub mod who_can;
pub mod whoami;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use exit::Exit;
use output::Output;

use crate::tenant::sign_in::methods::Method;

/// Keeps the permissions of Microsoft Power Platform as code.
///
/// Manifests say who may do what; `plan` shows the difference to the tenant in plain words, `apply` makes it so and reads
/// it back, `drift` tells when the tenant no longer says what Git says.
#[derive(Debug, Parser)]
#[command(name = "powergrant", version, about, max_term_width = 110, propagate_version = true)]
pub struct Arguments {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Flags of every command.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Options of every command")]
pub struct Global {
    /// Runs against the embedded tenant, without a network.
    #[arg(long, global = true)]
    pub sandbox: bool,
    /// Starts the embedded tenant over from its seed.
    #[arg(long, global = true)]
    pub sandbox_reset: bool,
    /// Only these environments, by the names of their documents or by their organisations' addresses.
    #[arg(short, long = "environment", global = true, value_name = "ENV")]
    pub environments: Vec<String>,
    /// The way to sign in; without it, variables decide which (.github/SIGN-IN.md in the repository has the table).
    #[arg(long, global = true, value_name = "WAY", value_parser = sign_in::methods())]
    pub auth: Option<Method>,
    /// A PEM file of certificate authorities to trust besides the machine's own.
    #[arg(long, global = true, value_name = "FILE", env = "POWERGRANT_CA_FILE")]
    pub ca_file: Option<PathBuf>,
    /// How many seconds after its start a run still waits for a service that is busy or down; with 0 nothing is tried again.
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = 1800)]
    pub patience: u64,
    /// Prints results and errors only.
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Prints requests per service and wave; twice for every request.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// The pipeline to annotate findings for, and to give a summary and outputs.
    #[arg(long, global = true, value_enum, default_value_t, env = "POWERGRANT_CI")]
    pub ci: ci::Ci,
    /// The form of log lines on standard error.
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
}

/// The form of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Checks manifests without a tenant: syntax, shapes, names, contradictions.
    Check(check::Check),
    /// Shows what has to be done, and changes nothing.
    Plan(plan::Plan),
    /// Shows the plan, asks, applies it, and reads it back.
    Apply(apply::Apply),
    /// Tells what differs from the manifests; exits with 2 on drift.
    Drift(drift::Drift),
    /// Looks again and again on a clock, with health and metrics; writes with `--mode enforce`.
    Controller(controller::Arguments),
    /// Derives the least that whoever runs a flow needs, as documents.
    Derive(derive::Derive),
    /// Writes what is held as manifests, and proves that planning them changes nothing.
    Export(export::Export),
    /// Lists what was applied, and prints the manifest that takes it back.
    Journal(journal::Journal),
    /// Writes everything of the environments to a file, for planning and questions without a tenant.
    Snapshot(snapshot::Snapshot),
    /// Says why a person can or cannot run a flow, and what would change it; exits with 0 can, 2 cannot, 1 cannot tell.
    Explain(explain::Explain),
    /// Says who can run a flow or holds a privilege, and through what; without either, everybody against every flow.
    WhoCan(who_can::WhoCan),
    /// Says which flows a person can run, and through what.
    Can(who_can::Can),
    /// Tells who the caller is in each service, what it may do, and what to ask for.
    Whoami(whoami::Whoami),
    /// Serves the embedded tenant.
    Sandbox(sandbox::Sandbox),
    /// Prints the JSON Schema of manifests, for editors, or of plans and events.
    Schema(schema::Schema),
    /// Prints a completion script for a shell.
    Completions(completions::Completions),
}

/// Runs the command line and says how the process ends.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            let failed = error.use_stderr();
            // A closed pipe is the reader's wish; help and usage have nowhere else to go.
            let _ = error.print();
            // Usage errors are errors, not differences: 1, never 2.
            return if failed { Exit::Error.into() } else { Exit::Success.into() };
        }
    };
    let mut output = Output::new(arguments.global.quiet, arguments.global.ci.pipeline());
    let exit = match &arguments.command {
        Command::Check(check) => check.run(&arguments.global, &mut output),
        Command::Plan(plan) => {
            online(&arguments.global, &mut output, async |global, output| plan.run(global, output).await)
        }
        Command::Apply(apply) => {
            online(&arguments.global, &mut output, async |global, output| apply.run(global, output).await)
        }
        Command::Drift(drift) => {
            online(&arguments.global, &mut output, async |global, output| drift.run(global, output).await)
        }
        Command::Controller(controller) => {
            // Its log is what it says, so there is one without being asked for.
            let verbose = arguments.global.verbose.max(1);
            let global = Global { verbose, ..arguments.global.clone() };
            online(&global, &mut output, async |global, output| controller.run(global, output).await)
        }
        Command::Derive(derive) => {
            online(&arguments.global, &mut output, async |global, output| derive.run(global, output).await)
        }
        Command::Export(export) => {
            online(&arguments.global, &mut output, async |global, output| export.run(global, output).await)
        }
        Command::Snapshot(snapshot) => {
            online(&arguments.global, &mut output, async |global, output| snapshot.run(global, output).await)
        }
        Command::Explain(explain) => {
            online(&arguments.global, &mut output, async |global, output| explain.run(global, output).await)
        }
        Command::WhoCan(who) => {
            online(&arguments.global, &mut output, async |global, output| who.run(global, output).await)
        }
        Command::Can(can) => {
            online(&arguments.global, &mut output, async |global, output| can.run(global, output).await)
        }
        Command::Whoami(whoami) => {
            online(&arguments.global, &mut output, async |global, output| whoami.run(global, output).await)
        }
        Command::Sandbox(sandbox) => {
            online(&arguments.global, &mut output, async |global, output| sandbox.run(global, output).await)
        }
        Command::Journal(journal) => journal.run(&mut output),
        Command::Schema(schema) => schema.run(&mut output),
        Command::Completions(completions) => completions.run(&mut Arguments::command(), &mut output),
    };
    exit.into()
}

/// Runs a command that speaks to a tenant.
fn online(global: &Global, output: &mut Output, command: impl AsyncFnOnce(&Global, &mut Output) -> Exit) -> Exit {
    log(global);
    memory::keep_out_of_dumps();
    crate::tenant::install_tls();
    // What is read of an environment passes through one large future, larger still in an unoptimised build.
    let threads = tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(8 << 20).build();
    match threads {
        Ok(runtime) => runtime.block_on(command(global, output)),
        Err(error) => {
            output.error(&format!("error: no threads to run on: {error}\n"));
            Exit::Error
        }
    }
}

/// Log lines go to standard error, and only when they are asked for.
fn log(global: &Global) {
    let level = match (global.quiet, global.verbose) {
        (true, _) | (false, 0) => "warn",
        (false, 1) => "powergrant=info",
        (false, _) => "powergrant=debug",
    };
    let filter = tracing_subscriber::EnvFilter::new(level);
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false);
    // A second subscriber in one process is a test's; the first stays.
    let _ = match global.log_format {
        LogFormat::Text => subscriber.try_init(),
        LogFormat::Json => subscriber.json().try_init(),
    };
}
