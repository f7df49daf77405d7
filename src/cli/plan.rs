//! `powergrant plan`: what would be done, in plain words.
use std::path::{Path, PathBuf};

use super::ci::{Pipeline, SUMMARY_LIMIT};
use super::exit::Exit;
use super::output::Output;
use super::{Global, manifests, online, snapshots};
use crate::plan::digest;
use crate::plan::saved::Summary;
use crate::render::{self, Shown, markdown};

/// Shows what has to be done, and changes nothing.
#[derive(Debug, clap::Args)]
pub struct Plan {
    /// Files and folders; `.` if none is given, `-` for standard input.
    paths: Vec<PathBuf>,
    #[command(flatten)]
    form: Form,
    /// With `--format markdown`: the name in the hidden first line, by which a pipeline finds its comment again.
    #[arg(long, value_name = "NAME", default_value = "plan")]
    marker: String,
    /// Also writes the plan to a file, for `apply --plan`.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Exits with 2 when there are differences.
    #[arg(long)]
    detailed_exitcode: bool,
    /// Prints the requests that would be sent.
    #[arg(long)]
    show_requests: bool,
    /// Plans against a snapshot instead of the tenant; `apply` never takes one.
    #[arg(long, value_name = "FILE", conflicts_with = "sandbox")]
    snapshot: Option<PathBuf>,
    /// Does not fail because something could not be read.
    #[arg(long)]
    allow_incomplete: bool,
}

/// How a plan, or what differs, is printed.
#[derive(Debug, clap::Args)]
pub struct Form {
    /// How it is printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// With `--format markdown`: how many characters at most; what the pipeline's comments take if not given.
    #[arg(long, value_name = "CHARACTERS")]
    pub limit: Option<usize>,
}

/// How a plan is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For a pull request's comment, or an issue about drift; empty when there is nothing to say.
    Markdown,
    /// For programs: one document in the shape of Terraform's.
    Json,
    /// For programs: one JSON object a line, in the shape of Terraform's.
    Events,
    /// Findings for code scanning (SARIF 2.1.0).
    Sarif,
}

impl Form {
    /// How long a comment may be.
    pub(super) fn limit(&self, pipeline: Option<Pipeline>) -> usize {
        self.limit.unwrap_or(match pipeline {
            Some(Pipeline::AzureDevops) => markdown::AZURE_DEVOPS_LIMIT,
            Some(Pipeline::Github) | None => markdown::GITHUB_LIMIT,
        })
    }
}

impl Plan {
    pub(super) async fn run(&self, global: &Global, output: &mut Output) -> Exit {
        if self.form.format == Format::Sarif {
            // Code scanning wants the errors that leave nothing to plan as well.
            let loaded = manifests::load(&self.paths, global, jiff::Zoned::now().date());
            if crate::compile::has_errors(&loaded.findings) {
                output.result(&render::sarif::log(&loaded.findings.iter().collect::<Vec<_>>()));
            }
        }
        if let Some(file) = &self.snapshot {
            return match snapshots::plan(&self.paths, file, global, output) {
                Ok(offline) => offline.reading(self.allow_incomplete).and(self.show(&offline.shown(), output)),
                Err(exit) => exit,
            };
        }
        let online = match online::open(&self.paths, global, output).await {
            Ok(online) => online,
            Err(exit) => return exit,
        };
        let exit = online.reading(self.allow_incomplete).and(self.show(&online.shown(), output));
        online.close().await;
        exit
    }

    /// Prints the plans, keeps them, and tells the pipeline.
    fn show(&self, shown: &Shown<'_>, output: &mut Output) -> Exit {
        output.result(&match self.form.format {
            Format::Text => render::plan::text(&shown.plans) + &render::review::text(&shown.reviews),
            Format::Markdown => markdown::plans(shown, &self.marker, self.form.limit(output.pipeline())),
            Format::Json => render::json::plans(shown),
            Format::Events => render::events::plans(shown),
            Format::Sarif => render::sarif::shown(shown),
        });
        if self.show_requests {
            output.result(&render::requests::text(&shown.plans));
        }
        let mut exit = Exit::Success;
        if let Some(file) = &self.out
            && let Err(error) = write(file, &render::json::plans(shown))
        {
            output.error(&format!("error: the plan could not be written to {}: {error}\n", file.display()));
            exit = Exit::Error;
        }
        tell_pipeline(shown, self.out.as_deref(), output);
        if self.detailed_exitcode && shown.plans.iter().any(|plan| plan.has_differences()) {
            exit = exit.and(Exit::Differences);
        }
        exit
    }
}

/// Gives the pipeline a summary of a plan, and its figures as outputs.
pub(super) fn tell_pipeline(shown: &Shown<'_>, file: Option<&Path>, output: &mut Output) {
    let Some(pipeline) = output.pipeline() else { return };
    let mut text = markdown::plans(shown, "summary", SUMMARY_LIMIT);
    if text.is_empty() {
        "### powergrant: nothing to do\n".clone_into(&mut text);
    }
    pipeline.summary(&text, output);
    let sum = Summary::of(&shown.plans);
    let mut values = vec![
        ("has_changes", (sum.changes() > 0).to_string()),
        ("has_something_to_say", (!shown.is_empty()).to_string()),
        ("add", sum.add.to_string()),
        ("change", sum.change.to_string()),
        ("remove", sum.remove.to_string()),
        ("blocked", sum.blocked.to_string()),
        ("not_read", (sum.unread + shown.unreachable.len()).to_string()),
        ("digest", digest::digest(shown.plans.iter().copied())),
    ];
    let risk = Riskiest::of(shown);
    values.extend([("risk", risk.grade), ("risk_reason", risk.reason)]);
    values.extend(file.map(|file| ("plan_path", file.display().to_string())));
    pipeline.outputs(&values, output);
}

/// The grade of a run's riskiest change, and why it is graded so; both empty without changes.
#[derive(Default)]
struct Riskiest {
    grade: String,
    reason: String,
}

impl Riskiest {
    fn of(shown: &Shown<'_>) -> Self {
        let first = shown.reviews.iter().filter_map(|review| review.risk.changes.first());
        first.max_by_key(|change| change.grade).map_or_else(Self::default, |change| Self {
            grade: change.grade.word().to_owned(),
            reason: change.because.first().map(|(_, reason)| reason.clone()).unwrap_or_default(),
        })
    }
}

/// Writes a file beside itself first, so that nobody ever reads half of it.
fn write(file: &Path, text: &str) -> std::io::Result<()> {
    let mut beside = file.as_os_str().to_owned();
    beside.push(".part");
    std::fs::write(&beside, text)?;
    std::fs::rename(&beside, file)
}
