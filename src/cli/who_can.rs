//! `powergrant who-can` and `powergrant can`: who can run or hold what, and through what.
use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;

use super::Global;
use super::asked::{flow_name, flows, person_name, principal, privilege_hint};
use super::exit::Exit;
use super::explain::Certainty;
use super::output::Output;
use super::reading::Reading;
use super::snapshots;
use crate::compile::desired::DesiredEnvironment;
use crate::explain::requirements;
use crate::explain::table::{self, Listed, Row};
use crate::foreign::{clip, inert};
use crate::inventory::Inventory;
use crate::inventory::scope::Scope;
use crate::inventory::snapshot::Known;
use crate::names::Depth;
use crate::render::json;
use crate::render::who::{self, Each};

/// Says who can run a flow or holds a privilege, and through what; without either, everybody against every flow.
///
/// Whoever cannot for certain is left out unless `--all` is given. What was not read is `unknown`, never a no.
#[derive(Debug, clap::Args)]
pub struct WhoCan {
    /// The flow, by name or id.
    #[arg(long, value_name = "FLOW", conflicts_with = "privilege", value_parser = NonEmptyStringValueParser::new())]
    flow: Option<String>,
    /// The privilege, by its own name, such as `prvReadWorkflow`.
    #[arg(long, value_name = "PRIVILEGE", value_parser = NonEmptyStringValueParser::new())]
    privilege: Option<String>,
    /// How far the privilege has to reach at least.
    #[arg(long, value_enum, requires = "privilege", default_value_t = Reach::User)]
    depth: Reach,
    #[command(flatten)]
    asked: Asked,
}

/// Says which flows a person can run, and through what.
#[derive(Debug, clap::Args)]
pub struct Can {
    /// The person, by user principal name or Entra object id.
    #[arg(long, value_name = "USER", value_parser = NonEmptyStringValueParser::new())]
    user: String,
    #[command(flatten)]
    asked: Asked,
}

/// What both commands have in common.
#[derive(Debug, clap::Args)]
struct Asked {
    /// Files and folders with the Environment documents; `.` if none is given.
    paths: Vec<PathBuf>,
    /// Lists who cannot, or which flows, as well, with what is missing.
    #[arg(long)]
    all: bool,
    /// Which requirements count, by how sure they are; `reported` and `assumed` include the surer ones.
    #[arg(long, value_enum, default_value_t = Certainty::Documented)]
    certainty: Certainty,
    /// How the answer is printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// A snapshot to read instead of the tenant.
    #[arg(long, value_name = "FILE")]
    snapshot: Option<PathBuf>,
}

/// How an answer is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// A table for people.
    Text,
    /// Comma-separated values for spreadsheets.
    Csv,
    /// For programs.
    Json,
}

/// How far a privilege reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Reach {
    /// One's own rows.
    User,
    /// Rows of the business unit.
    BusinessUnit,
    /// Rows of the business unit and those below.
    ParentChildBusinessUnits,
    /// Every row.
    Organization,
}

impl From<Reach> for Depth {
    fn from(reach: Reach) -> Self {
        match reach {
            Reach::User => Self::User,
            Reach::BusinessUnit => Self::BusinessUnit,
            Reach::ParentChildBusinessUnits => Self::ParentChildBusinessUnits,
            Reach::Organization => Self::Organization,
        }
    }
}

/// What is wrong with a question, unless it was answered.
type Answered = Result<(), String>;

impl WhoCan {
    pub(super) async fn run(&self, global: &Global, output: &mut Output) -> Exit {
        let known = Known::typed(&self.flow);
        let scope = Scope { privileges: self.privilege.iter().cloned().collect(), ..Scope::default() };
        self.asked.run(global, output, known, scope, |inventory, output| self.answer(inventory, output)).await
    }

    fn answer(&self, inventory: &Inventory, output: &mut Output) -> Answered {
        let asked = &self.asked;
        let environment = &inventory.environment.name;
        if let Some(name) = &self.privilege {
            let depth = self.depth.into();
            let rows = table::of_privilege(inventory, name, depth, asked.listed()).ok_or_else(|| {
                format!("there is no privilege `{}`\nhint: {}", clip(name), privilege_hint(inventory, name))
            })?;
            let heading = format!("{environment}: who holds {name}, {depth} or further");
            asked.print(inventory, &heading, Each::Person, &rows, output);
            return Ok(());
        }
        let Some(flow) = &self.flow else {
            let matrix = table::matrix(inventory, asked.certainty.into());
            match asked.format {
                Format::Text => {
                    let heading = format!("{environment}: who can run which flow");
                    output.pieces(who::matrix_text(&heading, &matrix));
                }
                Format::Csv => output.pieces(who::matrix_csv(&matrix)),
                Format::Json => output.pieces(who::matrix_json(environment, &matrix)),
            }
            return Ok(());
        };
        let flows = flows(inventory, &flow_name(flow))?;
        let flow = flows.first().ok_or("no flow has this name")?;
        let rows = table::of_flow(inventory, flow, asked.certainty.into(), asked.listed());
        let heading = format!("{environment}: who can run flow {flow}");
        asked.print(inventory, &heading, Each::Person, &rows, output);
        Ok(())
    }
}

impl Can {
    pub(super) async fn run(&self, global: &Global, output: &mut Output) -> Exit {
        let known = Known::typed([&self.user]);
        let scope = Scope { principals: [person_name(&self.user)].into(), ..Scope::default() };
        self.asked.run(global, output, known, scope, |inventory, output| self.answer(inventory, output)).await
    }

    fn answer(&self, inventory: &Inventory, output: &mut Output) -> Answered {
        let person = principal(inventory, &person_name(&self.user))?;
        let rows = table::of_person(inventory, &person, self.asked.certainty.into(), self.asked.listed())
            .ok_or_else(|| format!("nobody knows {} in this environment", clip(&person.to_string())))?;
        let heading = format!("{}: what {person} can run", inventory.environment.name);
        self.asked.print(inventory, &heading, Each::Thing, &rows, output);
        Ok(())
    }
}

impl Asked {
    /// Reads every environment, or a snapshot, and prints what is answered of each.
    async fn run(
        &self,
        global: &Global,
        output: &mut Output,
        known: Known,
        asked: Scope,
        answer: impl Fn(&Inventory, &mut Output) -> Answered,
    ) -> Exit {
        let print = |inventory: &Inventory, output: &mut Output| match answer(inventory, output) {
            Ok(()) => Exit::Success,
            Err(message) => {
                output.error(&format!("error: {}: {message}\n", inert(&inventory.environment.name)));
                Exit::Error
            }
        };
        if let Some(snapshot) = &self.snapshot {
            let mut exit = Exit::Success;
            let read = snapshots::each(snapshot, known, global, output, |taken, output| {
                exit = exit.and(print(&taken.inventory, output));
            });
            return read.map_or_else(|failed| failed, |()| exit);
        }
        let reading = match Reading::open(&self.paths, global, output).await {
            Ok(reading) => reading,
            Err(exit) => return exit,
        };
        let scope = |_: &DesiredEnvironment| {
            let mut scope = Scope::everything().and(asked.clone());
            scope.team_groups = true;
            scope.privileges.extend(requirements::privileges().map(str::to_owned));
            scope
        };
        let exit = reading.each(scope, global, output, |seen, output| print(&seen.inventory, output)).await;
        reading.close().await;
        exit
    }

    fn listed(&self) -> Listed {
        if self.all { Listed::Everybody } else { Listed::Able }
    }

    fn print(&self, inventory: &Inventory, heading: &str, each: Each, rows: &[Row], output: &mut Output) {
        output.result(&match self.format {
            Format::Text => who::text(heading, each, rows),
            Format::Csv => who::csv(rows),
            Format::Json => json::pretty(&who::json(&inventory.environment.name, rows)),
        });
    }
}
