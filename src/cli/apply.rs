//! `powergrant apply`: does what was planned, and reads it back.
use std::collections::BTreeSet;
use std::io::{BufRead, IsTerminal};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use indicatif::{ProgressBar, ProgressStyle};

use super::Global;
use super::exit::Exit;
use super::online::{self, Online, Planned};
use super::output::Output;
use crate::apply::session::Live;
use crate::apply::{Run, run, touched};
use crate::collect;
use crate::plan::digest::digest;
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
        let online = match online::open(&self.paths, global, output).await {
            Ok(online) => online,
            Err(exit) => return exit,
        };
        let exit = self.apply(&online, global, output).await;
        online.close().await;
        exit
    }

    async fn apply(&self, online: &Online, global: &Global, output: &mut Output) -> Exit {
        let plans = online.plans();
        output.result(&(render::plan::text(&plans) + &render::review::text(&online.reviews())));
        let reading = online.reading(self.allow_incomplete);
        if online.environments.iter().any(|planned| planned.plan.has_errors()) {
            output.error("error: nothing was written: mend the findings above first\n");
            return Exit::Error;
        }
        if let Some(expected) = &self.expect {
            let found = digest(plans.iter().copied());
            if *expected != found {
                output.error(&format!("error: the plan is not the one that was reviewed\n  reviewed {expected}\n  now      {found}\nhint: read the plan above, have it reviewed, and apply its digest\n"));
                return reading.and(Exit::PlanChanged);
            }
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
                    output.error(&render::findings::text(&found, &online.loaded.sources));
                }
            }
        }
        if rail && !self.each {
            output.error("error: nothing was written: a rail stands\n");
            return reading.and(Exit::Rail);
        }
        approved.retain(|(planned, _)| planned.plan.changes().next().is_some());
        if approved.is_empty() {
            return reading.and(if rail { Exit::Rail } else { Exit::Success });
        }
        if !self.yes && !confirmed(output) {
            output.error("nothing was written\n");
            return Exit::Error;
        }
        let stop = stop_on_interrupt();
        let mut reports = Vec::new();
        for (planned, goals) in &approved {
            reports.push(carry_out(planned, goals, &lifted, online, &stop, global.quiet).await);
            if global.verbose > 0 {
                output.remark(&online::counts(&planned.desired, &planned.tenant));
            }
        }
        output.result(&render::plan::reports(&reports));
        let held = if reports.iter().all(Report::all_held) { Exit::Success } else { Exit::NotAllHeld };
        let rail = rail || reports.iter().any(|report| !report.tripped.is_empty());
        reading.and(held).and(if rail { Exit::Rail } else { Exit::Success })
    }
}

async fn carry_out(
    planned: &Planned,
    approved: &crate::review::gate::Approved,
    lifted: &BTreeSet<Rule>,
    online: &Online,
    stop: &Arc<AtomicBool>,
    quiet: bool,
) -> Report {
    let writer = planned.tenant.writer(planned.organisation.clone(), WritePermit::for_an_approved_plan());
    let reader = planned.tenant.reader(planned.organisation.clone());
    let touched = touched(&planned.plan);
    let read = || collect::refresh(&reader, &planned.inventory, &touched);
    let session = Live { writer, read };
    let stopped = || stop.load(Ordering::Relaxed);
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
        stop: &stopped,
        progress: &|line, answer| {
            bar.set_message(line.heading.clone());
            bar.inc(1);
            tracing::info!(heading = %line.heading, entry = %line.name, ?answer, "answered");
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

/// Notes the first interrupt: writes in flight are finished, and nothing new is sent.
fn stop_on_interrupt() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let noted = Arc::clone(&stop);
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            noted.store(true, Ordering::Relaxed);
        }
    });
    stop
}
