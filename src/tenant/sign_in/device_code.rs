//! A person signs in with a code on a page (Learn: the OAuth 2.0 device authorization grant).
use std::time::Duration;

use serde::Deserialize;

use super::endpoint::{Granted, granted, refusal};
use super::{Asker, Secret, SignIn, Token};
use crate::problem::{Cause, Problem};
use crate::tenant::answer::Answer;

/// What the service says about a sign-in that has begun.
#[derive(Deserialize)]
struct Begun {
    device_code: String,
    message: String,
    expires_in: u64,
    interval: u64,
}

impl SignIn {
    /// Signs a person in once, and takes the tokens for further services without asking again.
    pub(super) async fn of_device_code(
        &self,
        tenant: &str,
        client_id: &str,
        scope: &str,
        run: &Asker<'_>,
    ) -> Result<Token, Problem> {
        // Held until there is a token, so that several services that are asked at once make one person sign in once.
        let mut refresh = self.refresh.lock().await;
        let scope = format!("{scope} offline_access");
        let granted = if let Some(known) = refresh.take() {
            self.refreshed(tenant, client_id, &scope, known, run).await?
        } else {
            let begun = self.begun(tenant, client_id, &scope, run).await?;
            (self.tell)(&begun.message);
            self.entered(tenant, client_id, &begun, run).await?
        };
        *refresh = granted.refresh;
        Ok(granted.token)
    }

    /// A token for another service of the person who signed in already.
    async fn refreshed(
        &self,
        tenant: &str,
        client_id: &str,
        scope: &str,
        known: Secret,
        run: &Asker<'_>,
    ) -> Result<Granted, Problem> {
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", client_id),
            ("refresh_token", known.reveal()),
            ("scope", scope),
        ];
        let parcel = self.form(tenant, "token", &form);
        let granted = self.ask(&parcel, None, run, |answer, now| granted(&parcel.asked, answer, now)).await?;
        // The answer has a new one, and the old one still serves where it has none (Learn: refresh the access token).
        Ok(Granted { refresh: granted.refresh.or(Some(known)), ..granted })
    }

    /// Asks for a code that a person can enter.
    async fn begun(&self, tenant: &str, client_id: &str, scope: &str, run: &Asker<'_>) -> Result<Begun, Problem> {
        let parcel = self.form(tenant, "devicecode", &[("client_id", client_id), ("scope", scope)]);
        let read = |answer: &Answer| {
            if !answer.is_success() {
                return Err(refusal(&parcel.asked, answer));
            }
            serde_json::from_value(parcel.asked.json(answer)?).map_err(|_| {
                parcel.asked.problem(
                    Cause::Malformed,
                    Some(answer.status),
                    "the answer has no `device_code` and `message`",
                )
            })
        };
        self.ask(&parcel, None, run, |answer, _| read(answer)).await
    }

    /// Waits until somebody has entered the code.
    async fn entered(&self, tenant: &str, client_id: &str, begun: &Begun, run: &Asker<'_>) -> Result<Granted, Problem> {
        let form = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("client_id", client_id),
            ("device_code", begun.device_code.as_str()),
        ];
        let parcel = self.form(tenant, "token", &form);
        let mut pause = begun.interval.max(1);
        let mut waited = 0;
        loop {
            run.stop.wait(self.wire.clock.as_ref(), Duration::from_secs(pause)).await;
            if run.stop.is_asked() {
                let says = "the run was stopped before anybody signed in";
                return Err(parcel.asked.problem(Cause::SignedOut, None, says));
            }
            waited += pause;
            let answer = self.ask(&parcel, None, run, |answer, now| {
                let waits = waiting(&answer.body);
                if let Some(waits) = waits { Ok(Err(waits)) } else { granted(&parcel.asked, answer, now).map(Ok) }
            });
            match answer.await? {
                Ok(granted) => return Ok(granted),
                Err(Waiting::Longer) => pause += 5,
                Err(Waiting::Pending) => {}
            }
            if waited > begun.expires_in {
                let mut problem = parcel.asked.problem(Cause::SignedOut, None, "nobody entered the code in time");
                "run the command again, and enter the code within the time that it names".clone_into(&mut problem.next);
                return Err(problem);
            }
        }
    }
}

/// Why there is no token yet.
enum Waiting {
    Pending,
    Longer,
}

/// Says whether an answer asks to wait (RFC 8628 §3.5).
fn waiting(body: &[u8]) -> Option<Waiting> {
    let body: serde_json::Value = serde_json::from_slice(body).ok()?;
    match body["error"].as_str()? {
        "authorization_pending" => Some(Waiting::Pending),
        "slow_down" => Some(Waiting::Longer),
        _ => None,
    }
}

/// What a person is told where nobody set another way: a line of the log.
pub(super) fn in_the_log(message: &str) {
    tracing::warn!("{message}");
}

/// What is known of the person between two tokens.
pub(super) type Refresh = tokio::sync::Mutex<Option<Secret>>;
