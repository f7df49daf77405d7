//! `powergrant schema`: the JSON Schemas of what powergrant reads and writes.
use super::exit::Exit;
use super::output::Output;
use crate::{manifest, plan, render};

/// Prints a JSON Schema: of manifests, for editors, or of plans and events, for whatever reads them.
#[derive(Debug, clap::Args)]
pub struct Schema {
    /// What the schema is of.
    #[arg(value_enum, default_value_t = Of::Manifest)]
    of: Of,
}

/// What there is a schema of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Of {
    /// Manifests.
    Manifest,
    /// What `plan --format json` and `plan --out` write.
    Plan,
    /// One line of `--format events`.
    Events,
}

impl Schema {
    pub(super) fn run(&self, output: &mut Output) -> Exit {
        let schema = match self.of {
            Of::Manifest => manifest::schema::schema(),
            Of::Plan => plan::saved::schema(),
            Of::Events => render::event_schema::schema(),
        };
        let text = serde_json::to_string_pretty(&schema).expect("a JSON value can be written");
        output.result(&format!("{text}\n"));
        Exit::Success
    }
}
