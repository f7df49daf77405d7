//! `powergrant drift`: whether the tenant still says what Git says, and where a difference comes from.
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jiff::civil::Date;

use super::Global;
use super::chronicle::{JOURNAL, fingerprints};
use super::exit::Exit;
use super::online::{self, Planned};
use super::output::Output;
use super::plan::{Form, Format};
use crate::collect;
use crate::compile::desired::{DesiredEnvironment, State};
use crate::foreign::inert;
use crate::journal::audit::Author;
use crate::journal::drift::{Class, Known};
use crate::journal::history::History;
use crate::journal::ignore::{self, Ignore};
use crate::manifest::Sources;
use crate::place::Place;
use crate::render;
use crate::render::drift::{Counts, Drift as Drifted, TITLE};

/// Tells what differs from the manifests and where it comes from; exits with 2 on drift.
#[derive(Debug, clap::Args)]
pub struct Drift {
    /// Files and folders; `.` if none is given, `-` for standard input.
    paths: Vec<PathBuf>,
    #[command(flatten)]
    form: Form,
    /// The journal of applied plans, which tells what was changed outside Git from what was not applied yet.
    #[arg(long, value_name = "FILE", default_value = JOURNAL)]
    journal: PathBuf,
    /// A file of rules that leave drift out, each with a reason and a last day.
    #[arg(long, value_name = "FILE")]
    ignore: Option<PathBuf>,
    /// Does not count what is not writable here.
    #[arg(long)]
    ignore_blocked: bool,
    /// Does not fail because something could not be read.
    #[arg(long)]
    allow_incomplete: bool,
}

impl Drift {
    pub(super) async fn run(&self, global: &Global, output: &mut Output) -> Exit {
        let today = jiff::Zoned::now().date();
        let (history, rules) = match (self.history(output), self.rules(today, output)) {
            (Ok(history), Ok(rules)) => (history, rules),
            (Err(why), _) | (_, Err(why)) => {
                output.error(&format!("error: {why}\n"));
                return Exit::Error;
            }
        };
        let online = match online::open(&self.paths, global, output).await {
            Ok(online) => online,
            Err(exit) => return exit,
        };
        let sources = &online.loaded.sources;
        let mut drifts: Vec<Drifted<'_>> =
            online.environments.iter().map(|planned| drift(sources, planned, &history, &rules)).collect();
        for (planned, drift) in online.environments.iter().zip(&mut drifts) {
            name_authors(planned, drift).await;
            if global.verbose > 1 {
                output.remark(&online::counts(&planned.desired, &planned.tenant));
            }
        }
        let counts = Counts::of(&drifts);
        let shown = online.shown();
        output.result(&match self.form.format {
            Format::Text => render::drift::text(&drifts, today),
            Format::Markdown => render::drift::issue(&drifts, today, self.form.limit(output.pipeline())),
            Format::Json => render::drift::json(&shown, &drifts),
            Format::Events => render::drift::events(&shown, &drifts),
            Format::Sarif => render::sarif::log(&shown.findings),
        });
        if let Some(pipeline) = output.pipeline() {
            let mut text = render::drift::issue(&drifts, today, super::ci::SUMMARY_LIMIT);
            if text.is_empty() {
                "### powergrant: no drift\n".clone_into(&mut text);
            }
            pipeline.summary(&text, output);
            let has_drift = counts.differences() + counts.unreadable > 0;
            let values = [
                ("has_drift", has_drift.to_string()),
                ("changed_outside", counts.outside.to_string()),
                ("not_yet_applied", counts.not_yet_applied.to_string()),
                ("unmanaged", counts.unmanaged.to_string()),
                ("title", TITLE.to_owned()),
            ];
            pipeline.outputs(&values, output);
        }
        let counted = counts.differences() - if self.ignore_blocked { counts.blocked } else { 0 };
        let mut exit = online.reading(self.allow_incomplete);
        if counted > 0 {
            exit = exit.and(Exit::Differences);
        }
        online.close().await;
        exit
    }

    /// What was applied so far; nothing where there is no journal.
    fn history(&self, output: &mut Output) -> Result<History, String> {
        let text = match std::fs::read_to_string(&self.journal) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                output.remark(&format!(
                    "note: there is no journal {}, so nothing is known of what was applied\n",
                    self.journal.display()
                ));
                String::new()
            }
            Err(error) => return Err(format!("{} cannot be read: {error}", self.journal.display())),
        };
        let history = History::read(&text);
        for line in &history.unreadable {
            output.error(&format!("warning: line {line} of {} cannot be read\n", self.journal.display()));
        }
        Ok(history)
    }

    /// The rules that still stand; of those whose last day has passed is told.
    fn rules(&self, today: Date, output: &mut Output) -> Result<Vec<Ignore>, String> {
        let Some(file) = &self.ignore else { return Ok(Vec::new()) };
        let mut rules = rules_of(file)?;
        rules.retain(|rule| {
            if rule.is_over(today) {
                output.error(&format!(
                    "warning: the rule for {} ended on {}: {}\n",
                    inert(&rule.subject),
                    rule.until,
                    inert(&rule.reason)
                ));
            }
            !rule.is_over(today)
        });
        Ok(rules)
    }
}

fn rules_of(file: &Path) -> Result<Vec<Ignore>, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
    ignore::read(&text).map_err(|why| format!("{}: {}", file.display(), inert(&why)))
}

/// Sorts the lines of one environment's plan by where they come from.
pub(crate) fn drift<'run>(
    sources: &Sources,
    planned: &'run Planned,
    history: &History,
    rules: &'run [Ignore],
) -> Drifted<'run> {
    let (manifests, expired) = (fingerprints(sources), expired(&planned.desired));
    let environment = &planned.desired.environment.place;
    let known = Known { history, manifests: &manifests, expired: &expired, environment };
    let (mut lines, mut ignored) = (Vec::new(), Vec::new());
    for line in &planned.plan.lines {
        let Some(class) = known.class(&planned.plan, line) else { continue };
        // What could not be read may hide more than what was decided about.
        let rule = rules.iter().find(|rule| class != Class::Unreadable && rule.covers(&planned.plan, line));
        match rule {
            Some(rule) => ignored.push((rule, line)),
            None => lines.push((class, line, None)),
        }
    }
    Drifted { plan: &planned.plan, lines, ignored }
}

/// Asks the audit log who changed what was changed outside Git; what it does not say is no error.
async fn name_authors(planned: &Planned, drift: &mut Drifted<'_>) {
    let outside = || drift.lines.iter().filter(|(class, _, _)| *class == Class::Outside);
    if outside().next().is_none() {
        return;
    }
    let trails = planned.plan.trails(&planned.inventory);
    let records: BTreeSet<_> = outside().filter_map(|(_, line, _)| Some(trails.get(&line.goal())?.record)).collect();
    let reader = planned.tenant.reader(planned.organisation.clone());
    let histories = collect::audit::histories(&reader, &records).await;
    for (class, line, author) in &mut drift.lines {
        if *class == Class::Outside {
            *author = Some(Author::of(&planned.inventory, trails.get(&line.goal()), &histories));
        }
    }
}

/// Where members stand whose last day has passed.
pub(crate) fn expired(desired: &DesiredEnvironment) -> BTreeSet<Place> {
    let flows = desired
        .flows
        .iter()
        .flat_map(|flow| [&flow.run_only_users, &flow.owners, &flow.reference_readers].into_iter().flatten());
    let lists = desired.assignments.iter().map(|document| &document.members);
    let roles = desired.environment_roles.iter().map(|document| &document.members);
    let members = lists.chain(roles).chain(flows).flat_map(|list| &list.members);
    let over = members.filter(|member| member.expires.is_some() && member.state == State::Absent);
    over.map(|member| member.place.clone()).collect()
}
