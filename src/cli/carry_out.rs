//! Carries out what was approved in one environment, and tells of it: to the journal, to whoever watches, and to programs.
use std::collections::BTreeSet;

use indicatif::{ProgressBar, ProgressStyle};

use super::chronicle::{Chronicle, words_of};
use super::online::Planned;
use super::output::Output;
use crate::apply::session::Live;
use crate::apply::{Progress, Run, run, touched};
use crate::clock::{Clock, Stop};
use crate::collect;
use crate::foreign::inert;
use crate::render::applying::{Answered, Applying};
use crate::report::Report;
use crate::review::gate::Approved;
use crate::rules::Rule;
use crate::tenant::WritePermit;

/// What the environments of a run have in common.
pub(super) struct Course<'run> {
    /// The rails that the user lifted by name.
    pub(super) lifted: &'run BTreeSet<Rule>,
    /// The clock.
    pub(super) clock: &'run dyn Clock,
    /// The user's wish to stop.
    pub(super) stop: &'run Stop,
    /// The journal.
    pub(super) chronicle: &'run Chronicle,
    /// Tells programs what happens, if they asked for it.
    pub(super) events: Option<&'run Applying>,
    /// Whether no progress is shown.
    pub(super) quiet: bool,
}

pub(super) async fn carry_out(planned: &Planned, approved: &Approved, course: &Course<'_>) -> Report {
    let writer = planned.tenant.writer(planned.organisation.clone(), WritePermit::for_an_approved_plan());
    let reader = planned.tenant.reader(planned.organisation.clone());
    let touched = touched(&planned.plan);
    let read = || collect::refresh(&reader, &planned.inventory, &touched);
    let session = Live { writer, read };
    // Hides itself where standard error is no terminal.
    let bar = if course.quiet { ProgressBar::hidden() } else { ProgressBar::new(planned.plan.steps.len() as u64) };
    bar.set_style(
        ProgressStyle::with_template("{pos} of {len} writes  {msg}").unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    let (environment, begun) = (&planned.plan.environment, course.clock.now());
    let seconds = || course.clock.now().duration_since(begun).as_secs();
    // Standard output is locked for each text, so that lines of steps that are under way together do not mix.
    let tell = |text: &str| Output::new(false, None).result(text);
    let setting = Run {
        desired: &planned.desired,
        approved,
        lifted: course.lifted,
        clock: course.clock,
        stop: course.stop,
        progress: &|lines, progress| match progress {
            Progress::Sending => {
                if let Some(events) = course.events {
                    tell(&events.started(environment, lines));
                }
            }
            Progress::Answered(answer) => {
                course.chronicle.answered(environment, lines, answer);
                let (word, requests, says) = words_of(answer);
                if let Some(events) = course.events {
                    let answered = Answered { word, requests: &requests, says: says.as_deref(), seconds: seconds() };
                    tell(&events.answered(environment, lines, &answered));
                }
                for line in lines {
                    tracing::info!(heading = %line.heading, entry = %line.name, ?answer, "answered");
                }
                bar.set_message(lines.first().map_or_else(String::new, |line| inert(&line.heading)));
                bar.inc(1);
            }
        },
    };
    let report = run(&setting, &session, planned.inventory.clone()).await;
    bar.finish_and_clear();
    if let Some(events) = course.events {
        tell(&events.ended(&report, seconds()));
    }
    report
}
