//! Tokens that expire, or are revoked, in the middle of an apply: the embedded tenant's clock is the client's.
use std::sync::LazyLock;
use std::time::Duration;

use jiff::Timestamp;
use powergrant::clock::{Clock as _, JumpingClock};
use powergrant::sandbox::faults::{Disturbance, Replacement, Rule};
use powergrant::sandbox::seed::{Seed, default_seed};
use powergrant::sandbox::{Front, Options};

use crate::desk::{shown, text};
use crate::pipe::Pipe;
use crate::proxied::Stage;
use crate::trouble::example;

/// A clock of one test, which its client and its tenant share.
fn clock() -> JumpingClock {
    JumpingClock::at(Timestamp::from_second(1_800_000_000).expect("a moment"))
}

async fn pipe(clock: &JumpingClock, now: fn() -> i64) -> Pipe {
    let seed = Seed::parse(default_seed()).expect("the compiled-in seed is sound");
    Pipe::on(Options { now, front: Front::Plain, ..Options::new(seed) }, clock.clone()).await
}

/// How often a token was asked for, and how many requests were answered with 401.
fn sign_ins(pipe: &Pipe) -> (usize, usize) {
    pipe.with(|tenant| {
        let asked = tenant.log.iter().filter(|logged| logged.path.ends_with("oauth2/v2.0/token")).count();
        (asked, tenant.log.iter().filter(|logged| logged.status == 401).count())
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_apply_that_outlives_its_token_renews_it_in_time_and_never_sends_one_that_has_expired() {
    static CLOCK: LazyLock<JumpingClock> = LazyLock::new(clock);
    let pipe = pipe(&CLOCK, || CLOCK.now().as_second()).await;
    let planned = pipe.plan(&example()).await;
    let (before, _) = sign_ins(&pipe);
    let begun = CLOCK.now();
    // Fifty minutes pass before each time that it reads, when nothing is under way: each token is on its last ten by then.
    let report = pipe.apply_while(&planned, &|_| drop(CLOCK.wait(Duration::from_secs(3_000)))).await;
    assert!(report.all_held(), "{:#?}", report.results);
    let lasted = CLOCK.now().duration_since(begun).as_secs();
    assert!(lasted > 2 * 3_600, "the apply lasted {lasted} seconds only");
    let (after, refused) = sign_ins(&pipe);
    assert_eq!(refused, 0, "a token was sent that had expired");
    // A token holds an hour, and its last five minutes are not used: one for each such span and service at most.
    let spans = usize::try_from(lasted / (3_599 - 300) + 1).expect("a small number");
    let renewed = after - before;
    assert!((2..=2 * spans).contains(&renewed), "{renewed} tokens in {lasted} seconds");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_expires_without_warning_in_the_middle_is_renewed_once_and_nothing_is_lost() {
    static CLOCK: LazyLock<JumpingClock> = LazyLock::new(clock);
    let pipe = pipe(&CLOCK, || CLOCK.now().as_second()).await;
    let planned = pipe.plan(&example()).await;
    let (before, _) = sign_ins(&pipe);
    let step = std::sync::atomic::AtomicUsize::new(0);
    // The key that signed it is gone: whatever the token says of itself, it holds no longer.
    let report = pipe
        .apply_and(&planned, &|| {
            if step.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 3 {
                pipe.with(|tenant| "another key".clone_into(&mut tenant.issuer.key));
            }
        })
        .await;
    assert!(report.all_held(), "{:#?}", report.results);
    let (after, refused) = sign_ins(&pipe);
    // However many reads were under way, there is one new token for Dataverse, and one for Graph where it was asked again.
    assert!(refused >= 1, "nothing met the token that was revoked");
    assert!((1..=2).contains(&(after - before)), "{} new tokens for {refused} refusals", after - before);
}

#[test]
fn tokens_that_expire_at_once_are_fetched_for_each_request_and_the_apply_holds() {
    let stage = Stage::public();
    let short = Replacement { from: "\"expires_in\":3599".to_owned(), to: "\"expires_in\":0".to_owned() };
    stage.change(Rule::on("oauth2/v2.0/token", Disturbance::Rewritten(short)).from_nth(1, 0));
    let apply = stage.run(&["apply", "--yes", "."], &[]);
    assert_eq!(apply.status.code(), Some(0), "{}", shown(&apply));
    assert!(text(&apply.stdout).contains("19 of 19 read back from the services and held."), "{}", shown(&apply));
    let (tokens, writes) = (stage.asked("oauth2/v2.0/token"), stage.asked("/api/data/"));
    assert!(tokens >= writes, "{tokens} tokens for {writes} requests");
}
