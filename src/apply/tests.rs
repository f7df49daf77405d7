use std::collections::BTreeSet;
use std::sync::Mutex;

use super::{Afterwards, Answer, Run, Session, run};
use crate::clock::{Clock, JumpingClock, Stop, Wait};
use crate::compile::desired::DesiredEnvironment;
use crate::inventory::Inventory;
use crate::inventory::scope::Touched;
use crate::kinds::ReadBack;
use crate::plan::plan;
use crate::plan::world::{self, Dice};
use crate::problem::{Cause, Problem};
use crate::report::{Outcome, Report};
use crate::request::Call;
use crate::review::gate::{Approved, gate};

/// An environment that carries out every step by making its plan's changes, or refuses some of them.
struct Pretend<'case> {
    desired: &'case DesiredEnvironment,
    approved: &'case Approved,
    inventory: Mutex<Inventory>,
    refuses: fn(&Call) -> bool,
    sent: Mutex<Vec<String>>,
}

impl Session for Pretend<'_> {
    async fn read(&self) -> Inventory {
        self.inventory.lock().unwrap().clone()
    }

    async fn confirm(&self, fresh: &Inventory, _: &Touched) -> Inventory {
        fresh.clone()
    }

    async fn send(&self, call: &Call) -> Answer {
        self.sent.lock().unwrap().push(format!("{call:?}"));
        if (self.refuses)(call) {
            return Answer::Refused(Problem::without_request(Cause::Refused, "Dataverse", "no", ""));
        }
        let mut inventory = self.inventory.lock().unwrap();
        let (now, _) = self.approved.next(self.desired, &inventory);
        let step = now.steps.iter().find(|step| step.call.as_ref() == Ok(call)).expect("only planned steps are sent");
        let goals: BTreeSet<_> = step.lines.iter().map(|line| now.lines[*line].goal()).collect();
        *inventory = crate::plan::after_goals(self.desired, &inventory, &goals);
        Answer::Accepted { alarm: None, requests: Vec::new(), afterwards: Afterwards::Unseen }
    }
}

async fn apply(
    desired: &DesiredEnvironment,
    inventory: &Inventory,
    refuses: fn(&Call) -> bool,
) -> (Report, Inventory, Vec<String>) {
    let first = plan(desired, inventory);
    let approved = gate(&first, &[], &BTreeSet::new()).expect("nothing is tripped");
    let session = Pretend {
        desired,
        approved: &approved,
        inventory: Mutex::new(inventory.clone()),
        refuses,
        sent: Mutex::default(),
    };
    let report = go(&session, inventory.clone()).await;
    let sent = session.sent.into_inner().unwrap();
    (report, session.inventory.into_inner().unwrap(), sent)
}

async fn go(session: &Pretend<'_>, inventory: Inventory) -> Report {
    let clock = JumpingClock::at(jiff::Timestamp::UNIX_EPOCH);
    let every_rail = crate::rules::Rule::ALL.iter().copied().collect();
    let setting = Run {
        desired: session.desired,
        approved: session.approved,
        lifted: &every_rail,
        clock: &clock,
        stop: &Stop::default(),
        progress: &|_, _| {},
    };
    run(&setting, session, inventory).await
}

#[tokio::test]
async fn rounds_bring_about_what_was_approved_and_nothing_is_sent_twice() {
    for seed in 0..400 {
        let mut dice = Dice::new(seed);
        let (desired, inventory) = (world::desired(&mut dice), world::inventory(&mut dice));
        let (report, after, sent) = apply(&desired, &inventory, |_| false).await;
        let open: Vec<_> = report.results.iter().filter(|(_, outcome)| *outcome != Outcome::Held).collect();
        assert!(open.is_empty(), "seed {seed}: {open:#?}");
        assert!(plan(&desired, &after).changes().next().is_none(), "seed {seed}");
        let distinct: BTreeSet<_> = sent.iter().collect();
        assert_eq!(distinct.len(), sent.len(), "seed {seed}: a step was sent twice");
    }
}

#[tokio::test]
async fn nobody_is_added_to_a_flow_whose_connection_was_refused() {
    let mut tried = 0;
    for seed in 0..1_500 {
        let mut dice = Dice::new(seed);
        let (desired, inventory) = (world::desired(&mut dice), world::inventory(&mut dice));
        let (report, ..) = apply(&desired, &inventory, |call| matches!(call, Call::Rewrite(_))).await;
        let refused: BTreeSet<_> = report
            .results
            .iter()
            .filter(|(line, outcome)| {
                line.ledger == "flowConnections" && matches!(outcome, Outcome::Refused { .. }) && is_restriction(line)
            })
            .map(|(line, _)| line.subject.clone())
            .collect();
        for (line, outcome) in
            report.results.iter().filter(|(line, _)| line.ledger == "flowShares" && refused.contains(&line.subject))
        {
            match (is_removal(line), line_phase(line)) {
                (true, _) => assert_eq!(
                    *outcome,
                    Outcome::Held,
                    "seed {seed}: a refused flow keeps a leaver's access: {line:#?}"
                ),
                (false, crate::ledger::Phase::Grant) => {
                    tried += 1;
                    assert!(matches!(outcome, Outcome::Skipped { .. }), "seed {seed}: {line:#?} {outcome:?}");
                }
                (false, _) => {}
            }
        }
    }
    assert!(tried > 20, "the generator makes too few such cases: {tried}");
}

fn is_removal(line: &crate::plan::Line) -> bool {
    matches!(line.kind, crate::plan::LineKind::Change { to: None, .. })
}

fn line_phase(line: &crate::plan::Line) -> crate::ledger::Phase {
    match &line.kind {
        crate::plan::LineKind::Change { phase, .. } => *phase,
        crate::plan::LineKind::Blocked { .. }
        | crate::plan::LineKind::Unread { .. }
        | crate::plan::LineKind::Unmanaged { .. }
        | crate::plan::LineKind::Kept { .. } => panic!("only changes have outcomes: {line:#?}"),
    }
}

fn is_restriction(line: &crate::plan::Line) -> bool {
    line_phase(line) == crate::ledger::Phase::Restrict
}

#[tokio::test]
async fn what_changed_since_the_plan_is_reported_and_not_done() {
    let mut differed = 0;
    for seed in 0..300 {
        let mut dice = Dice::new(seed);
        let desired = world::desired(&mut dice);
        let planned_on = world::inventory(&mut dice);
        // Somebody replaces the tenant between plan and apply.
        let now = world::inventory(&mut Dice::new(seed + 10_000));
        let first = plan(&desired, &planned_on);
        let approved = gate(&first, &[], &BTreeSet::new()).expect("nothing is tripped");
        let session = Pretend {
            desired: &desired,
            approved: &approved,
            inventory: Mutex::new(now.clone()),
            refuses: |_| false,
            sent: Mutex::default(),
        };
        let fresh = plan(&desired, &now);
        let unapproved: BTreeSet<_> = approved.next(&desired, &now).1.iter().map(crate::plan::Line::goal).collect();
        let report = go(&session, now.clone()).await;
        let after = plan(&desired, &session.inventory.into_inner().unwrap());
        for goal in &unapproved {
            differed += 1;
            let still_open = after.lines.iter().any(|line| line.goal() == *goal)
                || !fresh.lines.iter().any(|line| line.goal() == *goal);
            let reported = report.new_since_plan.iter().any(|line| line.goal() == *goal);
            assert!(still_open || reported, "seed {seed}: {goal:?} was done without approval");
        }
    }
    assert!(differed > 100);
}

/// A clock on which no wait ends, and whose first wait makes the user lose patience.
struct Impatient(Stop);

impl Clock for Impatient {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::UNIX_EPOCH
    }

    fn wait(&self, _: std::time::Duration) -> Wait<'_> {
        self.0.ask();
        Box::pin(std::future::pending())
    }
}

/// An environment that accepts every step and shows none.
struct Blind(Inventory);

impl Session for Blind {
    async fn read(&self) -> Inventory {
        self.0.clone()
    }

    async fn confirm(&self, fresh: &Inventory, _: &Touched) -> Inventory {
        fresh.clone()
    }

    async fn send(&self, _: &Call) -> Answer {
        Answer::Accepted { alarm: None, requests: Vec::new(), afterwards: Afterwards::Unseen }
    }
}

#[tokio::test]
async fn who_asks_to_stop_does_not_wait_for_a_wait_to_end_and_is_told_what_is_left() {
    let (mut accepted, mut left) = (0, 0);
    for seed in 0..40 {
        let mut dice = Dice::new(seed);
        let (desired, inventory) = (world::desired(&mut dice), world::inventory(&mut dice));
        let first = plan(&desired, &inventory);
        let stop = Stop::default();
        let setting = Run {
            desired: &desired,
            approved: &gate(&first, &[], &BTreeSet::new()).expect("nothing is tripped"),
            lifted: &crate::rules::Rule::ALL.iter().copied().collect(),
            clock: &Impatient(stop.clone()),
            stop: &stop,
            progress: &|_, _| {},
        };
        let report = run(&setting, &Blind(inventory.clone()), inventory.clone()).await;
        for (_, outcome) in &report.results {
            match outcome {
                Outcome::NotVisibleYet => accepted += 1,
                Outcome::Skipped { because } if because == "the run was stopped" => left += 1,
                Outcome::Held
                | Outcome::Reverted
                | Outcome::Disputed { .. }
                | Outcome::Refused { .. }
                | Outcome::PutOff { .. }
                | Outcome::Unverified { .. }
                | Outcome::Skipped { .. } => panic!("seed {seed}: {outcome:?}"),
            }
        }
    }
    assert!(accepted > 40 && left > 20, "{accepted} {left}");
}

#[test]
fn every_ledger_says_how_long_it_settles() {
    for (ledger, read_back) in ReadBack::all() {
        assert!(read_back.settling >= std::time::Duration::from_secs(30), "{ledger}");
    }
    assert_eq!(ReadBack::all().len(), 7);
}
