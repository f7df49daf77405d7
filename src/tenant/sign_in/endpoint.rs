//! The token endpoint of Microsoft Entra: a form goes there, a token or a reason comes back.
use std::time::Duration;

use jiff::Timestamp;
use reqwest::Url;
use serde::Deserialize;
use serde_json::Value;

use super::{Asked, Asker, Body, Counted, Parcel, Secret, SignIn, Token};
use crate::problem::{Cause, Problem, clip};
use crate::tenant::answer::Answer;
use crate::tenant::problem_of::{correlation, is_html};
use crate::tenant::remedies;
use crate::tenant::token::Claims;

/// What the token endpoint grants.
pub(super) struct Granted {
    pub(super) token: Token,
    /// For tokens of the same person for other services; kept in memory alone.
    pub(super) refresh: Option<Secret>,
}

impl SignIn {
    /// Asks for a token for an application (Learn: the OAuth 2.0 client credentials flow).
    pub(super) async fn of_application(
        &self,
        tenant: &str,
        client_id: &str,
        proof: Option<(&'static str, &str)>,
        scope: &str,
        run: &Asker<'_>,
    ) -> Result<Token, Problem> {
        let mut form = vec![("grant_type", "client_credentials"), ("client_id", client_id), ("scope", scope)];
        form.extend(proof);
        if proof.is_some_and(|(name, _)| name == ASSERTION) {
            form.push(("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"));
        }
        let parcel = self.form(tenant, "token", &form);
        let granted = self.ask(&parcel, None, run, |answer, now| granted(&parcel.asked, answer, now)).await?;
        Ok(granted.token)
    }

    /// The request that sends a form to one of the tenant's endpoints.
    pub(super) fn form(&self, tenant: &str, endpoint: &str, form: &[(&str, &str)]) -> Parcel {
        // Finished here: the serializer cannot be carried from one thread to another.
        let text = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let path = format!("{}/oauth2/v2.0/{endpoint}", crate::tenant::filters::encoded(tenant));
        let url = self.endpoints.login().join(&path).expect("the tenant is encoded");
        let body = Body { kind: "application/x-www-form-urlencoded".to_owned(), text };
        let headers = vec![("Accept".to_owned(), "application/json".to_owned())];
        let asked = Asked { service: "sign-in", method: "POST", path: located(&url) };
        Parcel { asked, who: Counted::SignIn, url, headers, body: Some(body) }
    }

    /// The address of the token endpoint, which is also whom an assertion is for.
    pub(super) fn token_endpoint(&self, tenant: &str) -> String {
        self.form(tenant, "token", &[]).url.into()
    }
}

/// Host, port and path of an address on the way to a token, for problems: which host it was is half of the answer there.
pub(super) fn located(url: &Url) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}{port}{}", url.host_str().unwrap_or_default(), url.path())
}

/// The name of an assertion in the form.
pub(super) const ASSERTION: &str = "client_assertion";

/// Reads the token out of the endpoint's answer, or why there is none.
pub(super) fn granted(asked: &Asked, answer: &Answer, now: Timestamp) -> Result<Granted, Problem> {
    #[derive(Deserialize)]
    struct Issued {
        access_token: String,
        expires_in: u32,
        refresh_token: Option<String>,
    }
    if !answer.is_success() {
        return Err(refusal(asked, answer));
    }
    let Issued { access_token, expires_in, refresh_token } =
        serde_json::from_value(asked.json(answer)?).map_err(|_| {
            // Not the parser's words: they may quote the token.
            asked.problem(Cause::Malformed, Some(answer.status), "the answer has no `access_token` and `expires_in`")
        })?;
    let expires = now + Duration::from_secs(expires_in.into());
    let token = Token { claims: Claims::of(&access_token), secret: Secret::new(access_token), fetched: now, expires };
    Ok(Granted { token, refresh: refresh_token.map(Secret::new) })
}

/// Reads why there is no token: `{"error", "error_description": "AADSTS…: …", "correlation_id"}` (recorded form).
pub(super) fn refusal(asked: &Asked, answer: &Answer) -> Problem {
    if is_html(answer) || !matches!(answer.status, 400 | 401 | 403) {
        return asked.refusal(answer);
    }
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let description = body["error_description"].as_str().unwrap_or("no token and no reason");
    // What follows is the request's ids and the time, which have their own places.
    let says = description.split("Trace ID:").next().unwrap_or(description).trim();
    let (number, says) = match says.split_once(':') {
        Some((number, rest)) if number.starts_with("AADSTS") => (Some(number), rest.trim()),
        Some(_) | None => (None, says),
    };
    let mut problem = asked.problem(Cause::SignedOut, Some(answer.status), says);
    if let Some(next) = number.and_then(remedies::of_sign_in) {
        next.clone_into(&mut problem.next);
    }
    problem.code = number.or(body["error"].as_str()).map(clip);
    problem.correlation = body["correlation_id"].as_str().map(clip).or_else(|| correlation(&answer.headers));
    problem
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer::new(status, reqwest::header::HeaderMap::new(), body.as_bytes().to_vec())
    }

    fn asked() -> Asked {
        Asked { service: "sign-in", method: "POST", path: "t/oauth2/v2.0/token".to_owned() }
    }

    #[test]
    fn a_refusal_of_entra_says_what_to_do() {
        let body = r#"{"error":"invalid_client","error_description":"AADSTS7000222: The provided client secret keys are expired. Trace ID: 1 Correlation ID: 2","correlation_id":"2"}"#;
        let problem = refusal(&asked(), &answer(401, body));
        assert_eq!((problem.cause, problem.code.as_deref()), (Cause::SignedOut, Some("AADSTS7000222")));
        assert_eq!(problem.says, "The provided client secret keys are expired.");
        assert_eq!(problem.correlation.as_deref(), Some("2"));
        assert!(problem.next.contains("expired"));
        assert_eq!(refusal(&asked(), &answer(503, "")).cause, Cause::Failed);
    }
}
