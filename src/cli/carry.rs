//! Carrying out what was approved of one environment: to its services, into the journal, with progress on a terminal.
use std::collections::BTreeSet;

use indicatif::{ProgressBar, ProgressStyle};

use super::chronicle::Chronicle;
use super::online::Planned;
use crate::apply::session::Live;
use crate::apply::{Run, run, touched};
use crate::clock::{Clock, Stop};
use crate::collect;
use crate::foreign::inert;
use crate::report::Report;
use crate::review::gate::Approved;
use crate::rules::Rule;
use crate::tenant::WritePermit;

/// What carrying out shares between the environments of a run.
pub(crate) struct Carrying<'run> {
    /// The rails that were lifted by name.
    pub(crate) lifted: &'run BTreeSet<Rule>,
    /// The clock.
    pub(crate) clock: &'run dyn Clock,
    /// The user's wish to stop.
    pub(crate) stop: &'run Stop,
    /// Where every answer is written down.
    pub(crate) chronicle: &'run Chronicle,
    /// Whether no progress is shown.
    pub(crate) quiet: bool,
}

/// Carries out what was approved of an environment's plan.
pub(crate) async fn carry_out(planned: &Planned, approved: &Approved, with: &Carrying<'_>) -> Report {
    let tenant = planned.tenant.until(with.stop);
    let writer = tenant.writer(planned.organisation.clone(), WritePermit::for_an_approved_plan());
    let reader = tenant.reader(planned.organisation.clone());
    let touched = touched(&planned.plan);
    let read = || collect::refresh(&reader, &planned.inventory, &touched);
    let session = Live { writer, read };
    // Hides itself where standard error is no terminal.
    let bar = if with.quiet { ProgressBar::hidden() } else { ProgressBar::new(planned.plan.steps.len() as u64) };
    bar.set_style(
        ProgressStyle::with_template("{pos} of {len} writes  {msg}").unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    let setting = Run {
        desired: &planned.desired,
        approved,
        lifted: with.lifted,
        clock: with.clock,
        stop: with.stop,
        progress: &|lines, answer| {
            with.chronicle.answered(&planned.plan.environment, lines, answer);
            for line in lines {
                tracing::info!(heading = inert(&line.heading), entry = inert(&line.name), ?answer, "answered");
            }
            bar.set_message(lines.first().map_or_else(String::new, |line| inert(&line.heading)));
            bar.inc(1);
        },
    };
    let report = run(&setting, &session, planned.inventory.clone()).await;
    bar.finish_and_clear();
    report
}
