//! When each environment's turn is: a pure function of the time and of how the last turns went.
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

/// How long to wait after the first failure in a row; twice as long after each further one.
const FIRST: Duration = Duration::from_secs(60);
/// The longest wait after failures, where rounds are not further apart anyway.
const LONGEST: Duration = Duration::from_secs(60 * 60);
/// The part of a wait that may be added to it, so that many controllers do not all ask at the same moment.
const JITTER: u32 = 10;

/// How an environment's last turn went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Last {
    /// When it ended.
    pub ended: Timestamp,
    /// How many turns have failed in a row.
    pub failures: u32,
}

/// What to do now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// It is these environments' turn.
    Now(BTreeSet<String>),
    /// It is nobody's turn for so long.
    In(Duration),
}

/// Whose turn it is at a moment. None stands for an environment that was not seen with the manifests of now.
///
/// Healthy environments go together, so that what is read of the tenant is read once; one that fails goes by itself. Nobody
/// waits for longer than `every` without the manifests being read again.
pub fn next(now: Timestamp, every: Duration, last: &BTreeMap<String, Option<Last>>) -> Next {
    let is_due = |name: &str, last: &Option<Last>| last.is_none_or(|last| due(every, name, last, now) <= now);
    let is_healthy = |last: &Option<Last>| last.is_none_or(|last| last.failures == 0);
    let healthy_go = last.iter().any(|(name, last)| is_healthy(last) && is_due(name, last));
    let turn: BTreeSet<String> = last
        .iter()
        .filter(|(name, last)| is_due(name, last) || (healthy_go && is_healthy(last)))
        .map(|(name, _)| name.clone())
        .collect();
    if !turn.is_empty() {
        return Next::Now(turn);
    }
    let waits = last.iter().filter_map(|(name, last)| {
        let due = due(every, name, (*last)?, now);
        Duration::try_from(due.duration_since(now)).ok()
    });
    Next::In(waits.chain([every]).min().unwrap_or(every).max(Duration::from_millis(1)))
}

/// How long to wait for the next round where the last one could not even begin: with manifests that are not sound.
pub fn after_no_round(every: Duration) -> Duration {
    every.min(FIRST)
}

/// When the next round has begun at the latest, if nothing is wrong with the controller itself.
pub fn latest(every: Duration) -> Duration {
    every + every / JITTER
}

/// When an environment's turn is.
fn due(every: Duration, name: &str, last: Last, now: Timestamp) -> Timestamp {
    // The clock was set back, nobody knows by how much: one turn too early, and then as usual.
    if last.ended > now {
        return now;
    }
    let delay = match last.failures {
        0 => every,
        failures => {
            let doubled = every.min(FIRST).saturating_mul(2_u32.saturating_pow(failures - 1));
            doubled.min(every.max(LONGEST))
        }
    };
    // Who was healthy goes with all others, so the moment alone spreads; who was not is by himself.
    let seed = if last.failures == 0 { "" } else { name };
    let delay = delay + (delay / JITTER).mul_f64(spread(seed, last.ended));
    last.ended.saturating_add(delay).unwrap_or(Timestamp::MAX)
}

/// A number from 0 to 1 that looks like chance and is the same every time.
fn spread(seed: &str, at: Timestamp) -> f64 {
    let digest = Sha256::digest(format!("{at} {seed}"));
    f64::from(u16::from_be_bytes([digest[0], digest[1]])) / f64::from(u16::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const EVERY: Duration = Duration::from_secs(900);

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn turns(now: i64, last: &[(&str, Option<(i64, u32)>)]) -> Next {
        let last = last.iter().map(|(name, last)| {
            let last = last.map(|(ended, failures)| Last { ended: at(ended), failures });
            ((*name).to_owned(), last)
        });
        next(at(now), EVERY, &last.collect())
    }

    fn now(names: &[&str]) -> Next {
        Next::Now(names.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn whoever_was_not_seen_is_seen_at_once_and_the_healthy_go_together() {
        assert_eq!(turns(0, &[("a", None)]), now(&["a"]));
        assert_eq!(
            turns(1_000, &[("a", Some((0, 0))), ("b", Some((950, 0))), ("c", Some((999, 3)))]),
            now(&["a", "b"])
        );
        assert_eq!(turns(0, &[]), Next::In(EVERY));
    }

    #[test]
    fn whoever_fails_is_tried_soon_and_then_less_and_less_often() {
        // 1, 2, 4 … minutes, an hour at most, and up to a tenth more.
        for (failures, seconds) in [(1, 60), (2, 120), (3, 240), (6, 1_920), (7, 3_600), (40, 3_600)] {
            let last = [("a", Some((0, failures)))];
            assert!(matches!(turns(seconds - 1, &last), Next::In(_)), "{failures}");
            assert_eq!(turns(seconds + seconds / 10, &last), now(&["a"]), "{failures}");
        }
        // Its retries are its own: the healthy one beside it waits for its time.
        assert_eq!(turns(70, &[("a", Some((0, 1))), ("b", Some((0, 0)))]), now(&["a"]));
    }

    #[test]
    fn a_clock_that_was_set_back_makes_nobody_wait_for_it() {
        assert_eq!(turns(0, &[("a", Some((1_000_000, 0))), ("b", Some((1_000_000, 7)))]), now(&["a", "b"]));
    }

    prop_compose! {
        fn past()(name in "[a-d]", last in proptest::option::of((0_i64..20_000, 0_u32..70))) -> (String, Option<Last>) {
            (name, last.map(|(ended, failures)| Last { ended: at(ended), failures }))
        }
    }

    proptest! {
        #[test]
        fn waiting_as_long_as_is_said_brings_a_turn_or_another_look_at_the_manifests(
            past in proptest::collection::btree_map("[a-d]", past(), 0..4),
            now in 0_i64..20_000,
            every in 10_u64..200_000,
        ) {
            let last: BTreeMap<String, Option<Last>> = past.into_iter().map(|(name, (_, last))| (name, last)).collect();
            let every = Duration::from_secs(every);
            match next(at(now), every, &last) {
                Next::Now(turn) => {
                    prop_assert!(!turn.is_empty() && turn.iter().all(|name| last.contains_key(name)));
                    prop_assert!(last.iter().all(|(name, last)| last.is_some() || turn.contains(name)));
                }
                Next::In(wait) => {
                    prop_assert!(!wait.is_zero() && wait <= every);
                    let then = at(now).checked_add(wait).unwrap();
                    let again = next(then, every, &last);
                    prop_assert!(wait == every || matches!(again, Next::Now(_)), "{wait:?} {again:?}");
                }
            }
        }

        #[test]
        fn nobody_is_forgotten_and_nobody_is_asked_sooner_for_failing_more(
            ended in 0_i64..20_000,
            failures in 1_u32..70,
            every in 10_u64..200_000,
        ) {
            let every = Duration::from_secs(every);
            let due = |failures| due(every, "a", Last { ended: at(ended), failures }, at(ended));
            let longest = latest(every.max(LONGEST));
            prop_assert!(due(failures) <= at(ended).checked_add(longest).unwrap());
            prop_assert!(due(0) <= at(ended).checked_add(latest(every)).unwrap());
            prop_assert!(due(0) >= at(ended).checked_add(every).unwrap());
            prop_assert!(due(failures) <= due(failures + 1));
        }
    }
}
