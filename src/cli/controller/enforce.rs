//! Bringing about what differs: as `apply` does, within the rails, without anybody to ask.
use std::collections::BTreeSet;
use std::io;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;

use super::round::{Begun, Seen};
use super::status::{Environment, Turn};
use super::withheld::{given_up, with_what_waits};
use super::{Controller, Ended, peek, tell};
use crate::apply::touched;
use crate::cli::carry::{Carrying, carry_out};
use crate::cli::chronicle::{Beginning, Chronicle, fingerprints};
use crate::cli::drift::expired;
use crate::cli::online::Planned;
use crate::collect;
use crate::foreign::inert;
use crate::inventory::Inventory;
use crate::journal::Became;
use crate::journal::drift::Known;
use crate::plan::Goal;
use crate::report::{Outcome, Report};
use crate::review::gate::{Approved, gate};
use crate::rules::Rule;

/// What is to be carried out in an environment.
struct Target<'seen> {
    at: usize,
    planned: &'seen Planned,
    approved: Approved,
    withheld: BTreeSet<Goal>,
}

impl Controller {
    /// Carries out what the rails let pass, and notes in each turn how it ends. `Err` where the journal cannot be kept.
    pub(super) async fn enforce(&mut self, begun: &Begun, seen: &mut [Seen]) -> io::Result<Ended> {
        if self.is_held_back() {
            for one in seen.iter_mut().filter(|one| has_changes(one)) {
                one.turn = hold_back(one.turn);
            }
            return Ok(Ended::Idle);
        }
        let mut turns: Vec<Turn> = seen.iter().map(|one| one.turn).collect();
        let mut targets = Vec::new();
        for (at, one) in seen.iter().enumerate() {
            let Ok(planned) = &one.planned else { continue };
            if one.turn.is_failure() {
                continue;
            }
            match gate(&planned.plan, &planned.review.tripped, &BTreeSet::new()) {
                Err(tripped) => {
                    tell::findings(tripped.iter().map(|tripped| &tripped.finding));
                    turns[at] = hold_back(one.turn);
                }
                Ok(approved) => {
                    let withheld = self.withheld(planned, begun);
                    let approved = approved.without(&withheld);
                    targets.push(Target { at, planned, approved, withheld });
                }
            }
        }
        let (ended, kept) = self.carry_out(&targets, begun, &mut turns).await;
        for (one, turn) in seen.iter_mut().zip(turns) {
            one.turn = turn;
        }
        kept.map(|()| ended)
    }

    /// Whether anything holds all writes back: a rail here or in another environment of the same manifests, unless each goes by
    /// itself, or something that cannot be meant. One manifest feeds many environments, so it means a wrong manifest.
    fn is_held_back(&self) -> bool {
        let each = self.settings.each;
        let (rails, wrong) = peek(&self.status, |status| {
            let names = |is: fn(&Environment) -> bool| -> Vec<String> {
                status.environments.iter().filter(|(_, known)| is(known)).map(|(name, _)| inert(name)).collect()
            };
            (names(|known| !known.rails.is_empty()), names(|known| known.is_wrong))
        });
        if !wrong.is_empty() {
            tracing::error!(
                environments = wrong.join(", "),
                "nothing is written: what is wanted cannot be meant, see the findings"
            );
        } else if !rails.is_empty() && !each {
            tracing::error!(environments = rails.join(", "), "nothing is written: a rail stands");
        }
        !wrong.is_empty() || (!rails.is_empty() && !each)
    }

    /// The changes of a plan that are not sent this time.
    fn withheld(&mut self, planned: &Planned, begun: &Begun) -> BTreeSet<Goal> {
        let environment = &planned.desired.environment;
        let (manifests, expired) = (fingerprints(&begun.loaded.sources), expired(&planned.desired));
        let known = Known {
            history: &begun.history,
            manifests: &manifests,
            expired: &expired,
            environment: &environment.place,
        };
        let goals = given_up(&known, &mut self.rows, &environment.name, (&planned.plan, &planned.inventory));
        let count = goals.len();
        self.note(&environment.name, |known| known.given_up = count);
        with_what_waits(&planned.plan, goals)
    }

    /// Writes what is approved, through the journal.
    async fn carry_out(
        &mut self,
        targets: &[Target<'_>],
        begun: &Begun,
        turns: &mut [Turn],
    ) -> (Ended, io::Result<()>) {
        for target in targets.iter().filter(|target| !target.withheld.is_empty()) {
            turns[target.at] = left(turns[target.at]);
        }
        let is_news = |target: &Target<'_>| is_news(target.planned, begun);
        let has_goals = |target: &Target<'_>| target.approved.goals().next().is_some();
        if !targets.iter().any(|target| has_goals(target) || is_news(target)) {
            return (Ended::Idle, Ok(()));
        }
        let approved: Vec<(&Planned, Approved)> =
            targets.iter().map(|target| (target.planned, target.approved.clone())).collect();
        let lifted = BTreeSet::<Rule>::new();
        let about =
            Beginning { clock: &self.clock, sources: &begun.loaded.sources, approved: &approved, lifted: &lifted };
        let chronicle = match Chronicle::begin(&self.settings.journal, about) {
            Ok(chronicle) => chronicle,
            Err(error) => {
                tracing::error!("nothing is written");
                for target in targets.iter().filter(|target| has_goals(target)) {
                    turns[target.at] = left(turns[target.at]);
                }
                return (Ended::Idle, Err(error));
            }
        };
        let (clock, stop) = (self.clock.as_ref(), &self.stop);
        let carrying = Carrying { lifted: &lifted, clock, stop, chronicle: &chronicle, events: None, quiet: true };
        let mut reports = Vec::new();
        let mut noted = Vec::new();
        for target in targets.iter().filter(|target| has_goals(target)) {
            let carried = AssertUnwindSafe(carry_out(target.planned, &target.approved, &carrying)).catch_unwind().await;
            let Ok(mut report) = carried else {
                let environment = inert(&target.planned.plan.environment);
                tracing::error!(environment, "writing ended in a mistake of powergrant's own");
                turns[target.at] = Turn::Panicked;
                continue;
            };
            report.new_since_plan.retain(|line| !target.withheld.contains(&line.goal()));
            turns[target.at] = applied(turns[target.at], &report, !target.withheld.is_empty());
            tell::report(&report);
            noted.extend(put_down(target.planned, &report).await);
            reports.push(report);
        }
        for (environment, goals, inventory) in noted {
            self.rows.note(&environment, goals, &inventory);
        }
        for became in Became::all(&reports) {
            self.note(&became.environment, |known| *known.outcomes.entry(became.outcome).or_default() += 1);
        }
        let is_whole = reports.iter().all(Report::all_held);
        let ended = if self.stop.is_asked() && !is_whole { Ended::WithSomethingLeft } else { Ended::Idle };
        (ended, chronicle.end(&reports))
    }
}

fn has_changes(seen: &Seen) -> bool {
    seen.planned.as_ref().is_ok_and(|planned| planned.plan.changes().next().is_some())
}

/// A turn whose writes were held back; what was wrong before that stays wrong.
fn hold_back(turn: Turn) -> Turn {
    match turn {
        Turn::InSync | Turn::Differs | Turn::Applied | Turn::NotAllHeld | Turn::HeldBack => Turn::HeldBack,
        Turn::Incomplete | Turn::Wrong | Turn::Unreachable | Turn::Panicked => turn,
    }
}

/// A turn that leaves something undone.
fn left(turn: Turn) -> Turn {
    match turn {
        Turn::InSync | Turn::Differs | Turn::Applied | Turn::NotAllHeld => Turn::NotAllHeld,
        Turn::HeldBack | Turn::Incomplete | Turn::Wrong | Turn::Unreachable | Turn::Panicked => turn,
    }
}

/// How a turn ends in which something was written.
fn applied(turn: Turn, report: &Report, something_withheld: bool) -> Turn {
    match turn {
        Turn::Incomplete | Turn::Wrong | Turn::Unreachable | Turn::Panicked => turn,
        Turn::InSync | Turn::Differs | Turn::Applied | Turn::NotAllHeld | Turn::HeldBack => {
            if !report.tripped.is_empty() {
                Turn::HeldBack
            } else if something_withheld || !report.all_held() {
                Turn::NotAllHeld
            } else {
                Turn::Applied
            }
        }
    }
}

/// Whether no run in the journal has applied these manifests to an environment, so that drift could not tell where it comes from.
fn is_news(planned: &Planned, begun: &Begun) -> bool {
    let (id, tenant) = (&planned.plan.environment_id, &planned.plan.tenant);
    let mut runs = begun.history.runs.iter().rev().filter(|run| run.ended.is_some());
    let last =
        runs.find(|run| run.begun.environments.iter().any(|target| target.id == *id && target.tenant == *tenant));
    last.is_none_or(|run| run.begun.manifests != fingerprints(&begun.loaded.sources))
}

/// The changes that were refused or reverted, with the rows as they are now.
async fn put_down(planned: &Planned, report: &Report) -> Option<(String, Vec<Goal>, Inventory)> {
    let is_over = |outcome: &Outcome| matches!(outcome, Outcome::Refused { .. } | Outcome::Reverted);
    let goals: Vec<Goal> =
        report.results.iter().filter(|(_, outcome)| is_over(outcome)).map(|(line, _)| line.goal()).collect();
    if goals.is_empty() {
        return None;
    }
    let reader = planned.tenant.reader(planned.organisation.clone());
    let inventory = collect::refresh(&reader, &planned.inventory, &touched(&planned.plan)).await;
    Some((report.environment.clone(), goals, inventory))
}
