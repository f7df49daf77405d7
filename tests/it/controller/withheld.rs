//! What is not sent again, and what is: refused, reverted, put off.
use std::sync::Arc;

use powergrant::cli::controller::Mode;
use powergrant::cli::controller::status::{Round, Turn};
use powergrant::clock::Stop;
use powergrant::journal::OutcomeWord;
use powergrant::sandbox::faults::{Disturbance, Rule};
use powergrant::sandbox::seed::{Seed, default_seed};
use powergrant::sandbox::variants::PatchOfActiveFlow;
use powergrant::sandbox::{self};

use super::{FLOW, PROD, Stage, outcomes, seen, turn};

/// Refuses every change of a flow's text.
fn refusal() -> Rule {
    Rule { times: 0, ..Rule::on("/workflows(", Disturbance::refuse(403)) }.method("PATCH")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_is_not_sent_again_and_nobody_is_added_past_it() {
    let (stage, running) = Stage::set().await;
    stage.disturb(refusal());
    let mut controller = stage.controller(Mode::Enforce, Arc::new(stage.clock.clone()), &Stop::default(), running);
    controller.round().await;
    let sent = stage.asked("PATCH", "/workflows(");
    assert!(sent > 0);
    assert_eq!(turn(&controller, Turn::NotAllHeld), 1);
    for _ in 0..2 {
        stage.later();
        controller.round().await;
        assert_eq!(stage.asked("PATCH", "/workflows("), sent, "a refused change was sent again");
        assert_eq!(stage.share("SG-Expense-Prod"), None, "somebody was added past a refused connection");
    }
    assert_eq!((turn(&controller, Turn::NotAllHeld), seen(&controller).environments[PROD].given_up), (3, 2));
    // The manifest is another one: it is tried once more.
    stage.with(|tenant| tenant.faults.clear());
    stage.desk.write("flow.yaml", &(stage.desk.read("flow.yaml") + "# with other words\n"));
    controller.round().await;
    assert!(stage.asked("PATCH", "/workflows(") > sent);
    assert_eq!((turn(&controller, Turn::Applied), seen(&controller).environments[PROD].given_up), (1, 0));
    assert!(stage.share("SG-Expense-Prod").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_is_tried_again_when_its_row_is_another_one() {
    let (stage, running) = Stage::set().await;
    stage.disturb(refusal());
    let mut controller = stage.controller(Mode::Enforce, Arc::new(stage.clock.clone()), &Stop::default(), running);
    controller.round().await;
    let sent = stage.asked("PATCH", "/workflows(");
    stage.with(|tenant| {
        tenant.faults.clear();
        let organization = tenant.organizations.get_mut(PROD).expect("the example's environment");
        let flow = organization.flow(FLOW).expect("the example's flow");
        let off = [("statecode", 0), ("statuscode", 1)].map(|(column, value)| (column.to_owned(), value.into()));
        assert!(organization.change("workflow", flow, off));
    });
    stage.later();
    controller.round().await;
    assert!(
        stage.asked("PATCH", "/workflows(") > sent,
        "a flow that is off may take what it did not take while it was on"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_controller_knows_from_the_journal_what_was_refused() {
    let (stage, running) = Stage::set().await;
    stage.disturb(refusal());
    let address = running.address();
    let mut first = stage.controller(Mode::Enforce, Arc::new(stage.clock.clone()), &Stop::default(), running);
    first.round().await;
    let sent = stage.asked("PATCH", "/workflows(");
    // The same tenant again: it ends with the controller that holds it, so what is kept goes to a new one.
    let kept = stage.with(|tenant| tenant.clone());
    drop(first);
    let seed = Seed::parse(default_seed()).expect("the seed is sound");
    let running = sandbox::start(sandbox::Options::new(seed)).await.expect("the tenant starts");
    assert_ne!(running.address(), address);
    let stage = Stage { tenant: running.tenant(), ..stage };
    stage.with(|tenant| *tenant = kept);
    stage.disturb(refusal());
    let mut second = stage.controller(Mode::Enforce, Arc::new(stage.clock.clone()), &Stop::default(), running);
    second.round().await;
    assert_eq!(stage.asked("PATCH", "/workflows("), sent, "a refused change was sent again after a restart");
    assert_eq!(seen(&second).environments[PROD].given_up, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_reverted_is_not_sent_again_until_its_row_or_the_manifest_is_another_one() {
    let change_row = |stage: &Stage| {
        stage.with(|tenant| {
            let organization = tenant.organizations.get_mut(PROD).expect("the example's environment");
            let flow = organization.flow(FLOW).expect("the example's flow");
            let off = [("statecode", 0), ("statuscode", 1)].map(|(column, value)| (column.to_owned(), value.into()));
            assert!(organization.change("workflow", flow, off));
        });
    };
    let change_manifest =
        |stage: &Stage| stage.desk.write("flow.yaml", &(stage.desk.read("flow.yaml") + "# in other words\n"));
    let changes: [&dyn Fn(&Stage); 2] = [&change_row, &change_manifest];
    for change in changes {
        let (stage, running) = Stage::set().await;
        stage.with(|tenant| tenant.variants.patch_of_active_flow = PatchOfActiveFlow::Reverted);
        let mut controller = stage.controller(Mode::Enforce, Arc::new(stage.clock.clone()), &Stop::default(), running);
        assert_eq!(controller.round().await.0, Round::Completed);
        let sent = stage.asked("PATCH", "/workflows(");
        assert!(sent > 0);
        assert_eq!(outcomes(&controller, OutcomeWord::Reverted), 2);
        for _ in 0..2 {
            stage.later();
            controller.round().await;
            assert_eq!(stage.asked("PATCH", "/workflows("), sent, "a reverted change was sent again");
            assert_eq!(stage.share("SG-Expense-Prod"), None, "somebody was added past a reverted connection");
        }
        assert_eq!((turn(&controller, Turn::NotAllHeld), seen(&controller).environments[PROD].given_up), (3, 2));
        change(&stage);
        stage.with(|tenant| tenant.variants.patch_of_active_flow = PatchOfActiveFlow::default());
        stage.later();
        controller.round().await;
        assert!(stage.asked("PATCH", "/workflows(") > sent, "it was not tried once more");
        assert_eq!(seen(&controller).environments[PROD].given_up, 0);
        assert!(stage.share("SG-Expense-Prod").is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_put_off_is_sent_again_in_the_next_turn() {
    for status in [412, 429] {
        let (stage, running) = Stage::set().await;
        let rule = Rule::on("/workflows(", Disturbance::refuse(status)).method("PATCH");
        stage.disturb(Rule { times: 0, ..rule });
        let mut controller = stage.controller(Mode::Enforce, Arc::new(stage.clock.clone()), &Stop::default(), running);
        controller.round().await;
        let sent = stage.asked("PATCH", "/workflows(");
        assert!(sent > 1, "it is sent again within a run");
        assert_eq!((turn(&controller, Turn::NotAllHeld), outcomes(&controller, OutcomeWord::PutOff)), (1, 2));
        stage.later();
        controller.round().await;
        assert!(stage.asked("PATCH", "/workflows(") > sent, "{status}: it was given up");
        assert_eq!(seen(&controller).environments[PROD].given_up, 0);
        stage.with(|tenant| tenant.faults.clear());
        stage.later();
        controller.round().await;
        assert_eq!(turn(&controller, Turn::Applied), 1);
        assert!(stage.share("SG-Expense-Prod").is_some());
    }
}
