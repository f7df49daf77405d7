//! One run against the services: every request of it shares tokens, limits, patience and counts.
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::Url;

use super::answer::Answer;
use super::asker::Asker;
use super::counts::Counts;
use super::hosts::Target;
use super::parcel::Parcel;
use super::problem_of::Asked;
use super::retry::{Budget, is_passing, retry_after};
use super::sign_in::{SignIn, Token};
use super::wire::{Lost, Wire};
use crate::clock::Stop;
use crate::problem::{Cause, Problem};

/// How often a write is repeated that the service did not start because of too many requests.
const WRITES_AGAIN: u32 = 3;

/// What the halves of a client share.
#[derive(Clone)]
pub(super) struct Session {
    pub(super) wire: Arc<Wire>,
    pub(super) sign_in: Arc<SignIn>,
    pub(super) budget: Arc<Budget>,
    pub(super) counts: Arc<Counts>,
    pub(super) label: Arc<str>,
    pub(super) stop: Stop,
}

impl Session {
    /// Sends what changes nothing until there is an answer that `decode` understands, or patience ends.
    pub(super) async fn read<T>(
        &self,
        target: &Target,
        parcel: &Parcel,
        decode: impl Fn(&Answer) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let mut attempt = 1;
        let mut rejected = None;
        loop {
            let token = self.token(target, rejected.as_ref()).await?;
            let answer = self.send(target, parcel, &token).await;
            let pause = answer.as_ref().ok().and_then(|answer| retry_after(&answer.headers, self.wire.clock.now()));
            let problem = match answer {
                Ok(answer) if answer.is_success() => match decode(&answer) {
                    Ok(decoded) => return Ok(decoded),
                    Err(problem) => problem,
                },
                // Tokens are revoked before they expire; a new one is tried once.
                Ok(answer) if wants_another_token(&answer) && rejected.is_none() => {
                    rejected = Some(token);
                    continue;
                }
                Ok(answer) => parcel.asked.refusal(&answer),
                Err(lost) => lost.problem(),
            };
            if !is_passing(&problem) {
                return Err(problem);
            }
            self.wait(&parcel.url, attempt, pause, problem).await?;
            attempt += 1;
        }
    }

    /// Sends what changes something: once, and again only after answers that prove that nothing was done.
    pub(super) async fn write(&self, target: &Target, parcel: &Parcel) -> Result<Answer, Unsent> {
        let mut attempt = 1;
        let mut rejected = None;
        loop {
            let token = self.token(target, rejected.as_ref()).await.map_err(Unsent::SignIn)?;
            let answer = self.send(target, parcel, &token).await.map_err(Unsent::Lost)?;
            if wants_another_token(&answer) && rejected.is_none() {
                rejected = Some(token);
                continue;
            }
            if answer.status != 429 || attempt > WRITES_AGAIN {
                return Ok(answer);
            }
            let pause = retry_after(&answer.headers, self.wire.clock.now());
            let problem = parcel.asked.refusal(&answer);
            if self.wait(&parcel.url, attempt, pause, problem).await.is_err() {
                return Ok(answer);
            }
            attempt += 1;
        }
    }

    /// Sends a request with a token, to the host that the token is for and to no other.
    async fn send(&self, target: &Target, parcel: &Parcel, token: &Token) -> Result<Answer, Lost> {
        if !target.receives(&parcel.url) {
            let host = parcel.url.host_str().unwrap_or_default();
            let says = format!("`{host}` is not the host of the service, so it is given no token");
            return Err(Lost::NotSent(parcel.asked.problem(Cause::Malformed, None, &says)));
        }
        self.wire.send(parcel, Some(&token.secret), &self.asker()).await
    }

    /// Waits before a repetition, or gives the problem back when there will be none.
    pub(super) async fn wait(
        &self,
        url: &Url,
        attempt: u32,
        pause: Option<Duration>,
        problem: Problem,
    ) -> Result<(), Problem> {
        self.wire.wait(&self.asker(), url, attempt, pause, problem).await
    }

    /// The token for a service.
    pub(super) async fn token(&self, target: &Target, rejected: Option<&Token>) -> Result<Token, Problem> {
        self.sign_in.token(target, rejected, &self.asker()).await
    }

    fn asker(&self) -> Asker<'_> {
        Asker { budget: &self.budget, counts: &self.counts, label: &self.label, stop: &self.stop }
    }

    /// The time.
    pub(super) fn now(&self) -> Timestamp {
        self.wire.clock.now()
    }
}

/// Says whether a new token may help. Not where the service wants claims in it that our credentials have no way to ask for
/// (Learn: continuous access evaluation, claims challenge): the same token would come again.
fn wants_another_token(answer: &Answer) -> bool {
    answer.status == 401 && !super::problem_of::is_claims_challenge(answer)
}

/// Why a write has no answer.
pub(super) enum Unsent {
    /// There is no token.
    SignIn(Problem),
    /// The request or its answer was lost.
    Lost(Lost),
}

/// A problem with an answer that is a batch.
pub(super) fn broken(asked: &Asked, answer: &Answer, broken: super::multipart::Broken) -> Problem {
    let (cause, says) = match broken {
        super::multipart::Broken::Cut => (Cause::Incomplete, "the answer to the batch broke off before its end"),
        super::multipart::Broken::Strange => (Cause::Malformed, "the answer to the batch is not a batch"),
    };
    asked.problem(cause, Some(answer.status), says)
}
