//! `powergrant apply`: does what was planned, and reads it back.
use std::collections::BTreeSet;
use std::io::{BufRead, IsTerminal};
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};

use super::Global;
use super::chronicle::{Chronicle, JOURNAL};
use super::exit::Exit;
use super::online::{self, Online, Planned};
use super::output::Output;
use crate::apply::session::Live;
use crate::apply::{Run, run, touched};
use crate::clock::Stop;
use crate::collect;
use crate::foreign::inert;
use crate::plan::saved::{Saved, Unfit};
use crate::render;
use crate::report::Report;
use crate::review::gate::gate;
use crate::rules::{RAILS, Rule};
use crate::tenant::WritePermit;

/// Shows the plan, asks, applies it in rounds, and reads every change back.
#[derive(Debug, clap::Args)]
pub struct Apply {
    /// Files and folders; `.` if none is given, `-` for standard input.
    paths: Vec<PathBuf>,
    /// Does not ask.
    #[arg(long, short)]
    yes: bool,
    /// Applies only if the plan has this digest.
    #[arg(long, value_name = "DIGEST")]
    expect: Option<String>,
    /// Applies only if the plan is the one in this file, which `plan --out` wrote; says what differs if it is not.
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
    /// Where every run is written down, before and after.
    #[arg(long, value_name = "FILE", default_value = JOURNAL)]
    journal: PathBuf,
    /// Lifts a rail, by its name; may be given several times.
    #[arg(long, value_name = "RAIL", value_parser = rail)]
    allow: Vec<Rule>,
    /// Lets the other environments go on where a rail stands in one.
    #[arg(long)]
    each: bool,
    /// Does not fail because something could not be read.
    #[arg(long)]
    allow_incomplete: bool,
}

fn rail(name: &str) -> Result<Rule, String> {
    // What was read in part is not written at all, so `--allow-incomplete` lifts the exit code alone.
    let liftable = RAILS.iter().map(|rail| rail.rule).filter(|rule| *rule != Rule::IncompleteRead);
    liftable.clone().find(|rule| rule.id() == name).ok_or_else(|| {
        let known: Vec<_> = liftable.map(Rule::id).collect();
        format!("there is no rail of this name; rails are {}", known.join(", "))
    })
}

impl Apply {
    pub(super) async fn run(&self, global: &Global, output: &mut Output) -> Exit {
        let reviewed = match self.reviewed() {
            Ok(reviewed) => reviewed,
            Err(why) => {
                output.error(&why);
                return Exit::Error;
            }
        };
        let online = match online::open(&self.paths, global, output).await {
            Ok(online) => online,
            Err(exit) => return exit,
        };
        let exit = self.apply(&online, reviewed.as_ref(), global, output).await;
        if let Some(pipeline) = output.pipeline() {
            pipeline.outputs(&[("failure_reason", exit.words().to_owned())], output);
        }
        online.close().await;
        exit
    }

    /// The plan that was reviewed, if a file holds it.
    fn reviewed(&self) -> Result<Option<Saved>, String> {
        let Some(file) = &self.plan else { return Ok(None) };
        let name = file.display();
        let text = std::fs::read_to_string(file).map_err(|error| format!("error: {name} cannot be read: {error}\n"))?;
        let saved = Saved::read(&text).map_err(|unfit| unusable(file, &unfit))?;
        match &self.expect {
            Some(expected) if *expected != saved.powergrant.digest => Err(format!(
                "error: {name} is not the plan that is expected\n  expected {expected}\n  the file {}\n",
                saved.powergrant.digest
            )),
            Some(_) | None => Ok(Some(saved)),
        }
    }

    /// Refuses a plan that is not the one that was reviewed, and says what differs.
    fn compared(&self, reviewed: Option<&Saved>, online: &Online, output: &mut Output) -> Exit {
        let now = Saved::of(&online.plans(), &online.reviews(), &[]);
        if let (Some(reviewed), Some(file)) = (reviewed, &self.plan)
            && let Err(unfit) = reviewed.is_for(&now)
        {
            output.error(&unusable(file, &unfit));
            return Exit::Error;
        }
        let expected = reviewed.map(|reviewed| &reviewed.powergrant.digest).or(self.expect.as_ref());
        let found = &now.powergrant.digest;
        let Some(expected) = expected.filter(|expected| *expected != found) else { return Exit::Success };
        output.error(&format!(
            "error: the plan is not the one that was reviewed\n  reviewed {}\n  now      {found}\n",
            inert(expected)
        ));
        let hint = match reviewed {
            Some(reviewed) => {
                output.error(&render::difference::text(reviewed, &now));
                "have the plan above reviewed, and apply that"
            }
            None => {
                "read the plan above, have it reviewed, and apply its digest; with `--plan FILE` the difference is shown"
            }
        };
        output.error(&format!("hint: {hint}\n"));
        Exit::PlanChanged
    }

    async fn apply(&self, online: &Online, reviewed: Option<&Saved>, global: &Global, output: &mut Output) -> Exit {
        let plans = online.plans();
        output.result(&(render::plan::text(&plans) + &render::review::text(&online.reviews())));
        let reading = online.reading(self.allow_incomplete);
        if online.environments.iter().any(|planned| planned.plan.has_errors()) {
            output.error("error: nothing was written: mend the findings above first\n");
            return Exit::Error;
        }
        let compared = self.compared(reviewed, online, output);
        if compared != Exit::Success {
            return reading.and(compared);
        }
        let lifted: BTreeSet<Rule> = self.allow.iter().copied().collect();
        let mut approved = Vec::new();
        let mut rail = false;
        for planned in &online.environments {
            match gate(&planned.plan, &planned.review.tripped, &lifted) {
                Ok(goals) => approved.push((planned, goals)),
                Err(tripped) => {
                    rail = true;
                    let found: Vec<_> = tripped.into_iter().map(|tripped| tripped.finding).collect();
                    output.findings(&found, &online.loaded.sources);
                }
            }
        }
        if rail && !self.each {
            output.error("error: nothing was written: a rail stands\n");
            return reading.and(Exit::Rail);
        }
        let something = approved.iter().any(|(planned, _)| planned.plan.changes().next().is_some());
        if something && !self.yes && !confirmed(output) {
            output.error("nothing was written\n");
            return Exit::Error;
        }
        let targets: Vec<&Planned> = approved.iter().map(|(planned, _)| *planned).collect();
        let chronicle = match Chronicle::begin(&self.journal, online, &targets, &lifted) {
            Ok(chronicle) => chronicle,
            Err(error) => {
                let journal = self.journal.display();
                output.error(&format!("error: nothing was written: the journal {journal} cannot be kept: {error}\nhint: name another file with `--journal FILE`\n"));
                return Exit::Error;
            }
        };
        approved.retain(|(planned, _)| planned.plan.changes().next().is_some());
        let stop = stop_on_interrupt();
        let mut reports = Vec::new();
        for (planned, goals) in &approved {
            reports.push(carry_out(planned, goals, &lifted, online, &stop, &chronicle, global.quiet).await);
            if global.verbose > 0 {
                output.remark(&online::counts(&planned.desired, &planned.tenant));
            }
        }
        let kept = chronicle.end(&reports);
        let held = if reports.iter().all(Report::all_held) { Exit::Success } else { Exit::NotAllHeld };
        let rail = rail || reports.iter().any(|report| !report.tripped.is_empty());
        if something {
            output.result(&render::plan::reports(&reports));
        }
        let mut exit = reading.and(held).and(if rail { Exit::Rail } else { Exit::Success });
        if let Err(error) = kept {
            output.error(&format!(
                "error: what became of the run could not be written to {}: {error}\n",
                self.journal.display()
            ));
            exit = exit.and(Exit::Error);
        }
        exit
    }
}

fn unusable(file: &Path, unfit: &Unfit) -> String {
    format!("error: {} cannot be applied: {unfit}\nhint: plan again with `--out`\n", file.display())
}

async fn carry_out(
    planned: &Planned,
    approved: &crate::review::gate::Approved,
    lifted: &BTreeSet<Rule>,
    online: &Online,
    stop: &Stop,
    chronicle: &Chronicle,
    quiet: bool,
) -> Report {
    let tenant = planned.tenant.until(stop);
    let writer = tenant.writer(planned.organisation.clone(), WritePermit::for_an_approved_plan());
    let reader = tenant.reader(planned.organisation.clone());
    let touched = touched(&planned.plan);
    let read = || collect::refresh(&reader, &planned.inventory, &touched);
    let session = Live { writer, read };
    // Hides itself where standard error is no terminal.
    let bar = if quiet { ProgressBar::hidden() } else { ProgressBar::new(planned.plan.steps.len() as u64) };
    bar.set_style(
        ProgressStyle::with_template("{pos} of {len} writes  {msg}").unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    let setting = Run {
        desired: &planned.desired,
        approved,
        lifted,
        clock: online.clock.as_ref(),
        stop,
        progress: &|lines, answer| {
            chronicle.answered(&planned.plan.environment, lines, answer);
            for line in lines {
                tracing::info!(heading = %line.heading, entry = %line.name, ?answer, "answered");
            }
            bar.set_message(lines.first().map_or_else(String::new, |line| inert(&line.heading)));
            bar.inc(1);
        },
    };
    let report = run(&setting, &session, planned.inventory.clone()).await;
    bar.finish_and_clear();
    report
}

/// Asks for a yes; without a terminal nobody can give one.
fn confirmed(output: &mut Output) -> bool {
    if !std::io::stdin().is_terminal() {
        output.error("error: there is no terminal to ask at\nhint: read the plan, then run with `--yes` or `--expect DIGEST --yes`\n");
        return false;
    }
    output.error("Apply this? [y/N] ");
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).is_ok() && ["y", "yes"].contains(&line.trim().to_lowercase().as_str())
}

/// Notes the first interrupt: writes in flight are finished, and nothing new is sent. The second ends the process at once;
/// the journal has what it needs to know.
fn stop_on_interrupt() -> Stop {
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
