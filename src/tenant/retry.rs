//! What is tried again, after how long, and when a run gives up.
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::HeaderMap;

use super::limits::Gate;
use super::remedies::THROTTLED;
use crate::clock::{Clock, Stop};
use crate::problem::{Cause, Problem};

/// How often and how long a run tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// How often one read is sent at most.
    pub attempts: u32,
    /// How many repetitions a whole run may use.
    pub repetitions: u32,
    /// How long after its start a run still waits for anything.
    pub deadline: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { attempts: 5, repetitions: 500, deadline: Duration::from_secs(30 * 60) }
    }
}

/// What is left of a run's patience.
#[derive(Debug)]
pub(super) struct Budget {
    attempts: u32,
    repetitions: AtomicU32,
    deadline: Timestamp,
}

impl Budget {
    pub(super) fn new(patience: Patience, now: Timestamp) -> Self {
        Self {
            attempts: patience.attempts,
            repetitions: AtomicU32::new(patience.repetitions),
            deadline: now.saturating_add(patience.deadline).unwrap_or(Timestamp::MAX),
        }
    }

    /// Waits before a repetition, or says that there will be none and gives the problem back: also once the run is to stop.
    ///
    /// Our own loop and not `backon`: a wait asked for by the service holds back every request to the host, not only this one, and
    /// all requests of a run share one budget.
    pub(super) async fn wait(
        &self,
        (clock, stop): (&dyn Clock, &Stop),
        gate: &Gate,
        attempt: u32,
        asked_for: Option<Duration>,
        mut problem: Problem,
    ) -> Result<(), Problem> {
        let delay = asked_for.unwrap_or_else(|| backoff(attempt));
        let now = clock.now();
        let until = now.saturating_add(delay).unwrap_or(Timestamp::MAX);
        if until > self.deadline && asked_for.is_some() {
            problem.next = format!(
                "the service asks to wait {} seconds, longer than this run may last; {THROTTLED}",
                delay.as_secs()
            );
            return Err(problem);
        }
        let has_one = |left: u32| left.checked_sub(1);
        if stop.is_asked()
            || until > self.deadline
            || attempt >= self.attempts
            || self.repetitions.fetch_update(Ordering::Relaxed, Ordering::Relaxed, has_one).is_err()
        {
            return Err(problem);
        }
        if problem.cause == Cause::Throttled {
            // The wait itself takes place at the gate.
            gate.throttled(now, until);
        } else {
            stop.wait(clock, delay).await;
        }
        // What asked to be silent is waited for at its gate, which does not open then either.
        if stop.is_asked() { Err(problem) } else { Ok(()) }
    }
}

/// 1, 2, 4, … seconds, at most 30. Without chance: the gates already keep requests from coming back all at once.
fn backoff(attempt: u32) -> Duration {
    Duration::from_secs(1_u64.checked_shl(attempt.saturating_sub(1)).unwrap_or(30).min(30))
}

/// Says whether a read is worth repeating after this.
pub(super) fn is_passing(problem: &Problem) -> bool {
    match problem.cause {
        Cause::Throttled | Cause::Incomplete | Cause::Unreachable => true,
        // Of the failures of a service those that pass; 501 and the like do not (Learn: compose HTTP requests and handle errors).
        Cause::Failed => matches!(problem.status, Some(404 | 408 | 425 | 500 | 502 | 503 | 504)),
        Cause::SignedOut
        | Cause::Forbidden
        | Cause::Trimmed
        | Cause::Malformed
        | Cause::Gone
        | Cause::Conflict
        | Cause::Refused
        | Cause::NotAsked => false,
    }
}

/// How long an answer asks to wait: seconds or a date (RFC 9110 §10.2.3; Dataverse sends seconds).
pub(super) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    parse_retry_after(headers.get("retry-after")?.to_str().ok()?, now)
}

/// The same for the text of the header, as batches have it.
pub(super) fn parse_retry_after(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(Duration::try_from(date.duration_since(now)).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now: Timestamp = "1994-11-06T08:49:30Z".parse().unwrap();
        assert_eq!(parse_retry_after(" 7 ", now), Some(Duration::from_secs(7)));
        assert_eq!(parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", now), Some(Duration::from_secs(7)));
        assert_eq!(parse_retry_after("Sun, 06 Nov 1994 08:49:00 GMT", now), Some(Duration::ZERO));
        assert_eq!(parse_retry_after("soon", now), None);
    }

    #[test]
    fn waits_double_up_to_half_a_minute() {
        let seconds: Vec<u64> = (1..8).map(|attempt| backoff(attempt).as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 30, 30]);
        assert_eq!(backoff(u32::MAX).as_secs(), 30);
    }
}
