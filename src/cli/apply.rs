//! `powergrant apply`: does what was planned, and reads it back.
use std::collections::BTreeSet;
use std::io::{BufRead, IsTerminal};
use std::path::{Path, PathBuf};

use super::Global;
use super::carry::{Carrying, carry_out};
use super::chronicle::{Beginning, Chronicle, JOURNAL};
use super::exit::Exit;
use super::interrupt::stop_on_interrupt;
use super::online::{self, Online, Planned};
use super::output::Output;
use crate::apply::lock::Lock;
use crate::foreign::inert;
use crate::plan::saved::{Saved, Unfit};
use crate::render;
use crate::report::Report;
use crate::review::gate::{Approved, gate};
use crate::rules::{RAILS, Rule};

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
        let (chronicle, _lock) = match self.begin(online, &approved, &lifted) {
            Ok(begun) => begun,
            Err(error) => {
                let journal = self.journal.display();
                output.error(&format!("error: nothing was written: the journal {journal} cannot be kept: {error}\nhint: name another file with `--journal FILE`\n"));
                return Exit::Error;
            }
        };
        approved.retain(|(planned, _)| planned.plan.changes().next().is_some());
        let stop = stop_on_interrupt();
        let carrying = Carrying {
            lifted: &lifted,
            clock: online.clock.as_ref(),
            stop: &stop,
            chronicle: &chronicle,
            quiet: global.quiet,
        };
        let mut reports = Vec::new();
        for (planned, goals) in &approved {
            reports.push(carry_out(planned, goals, &carrying).await);
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

    /// Takes the journal's lock, and writes down what is about to be done.
    fn begin(
        &self,
        online: &Online,
        approved: &[(&Planned, Approved)],
        lifted: &BTreeSet<Rule>,
    ) -> std::io::Result<(Chronicle, Lock)> {
        let lock = Lock::take(&self.journal)?;
        let about = Beginning { clock: &online.clock, sources: &online.loaded.sources, approved, lifted };
        Ok((Chronicle::begin(&self.journal, about)?, lock))
    }
}

fn unusable(file: &Path, unfit: &Unfit) -> String {
    format!("error: {} cannot be applied: {unfit}\nhint: plan again with `--out`\n", file.display())
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
