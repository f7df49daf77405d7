//! The identity that Azure gave to this machine or app: instance metadata, App Service, Azure Arc.
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use reqwest::Url;
use serde_json::Value;

use super::endpoint::located;
use super::{Asked, Asker, Counted, MARGIN, ManagedIdentity, Parcel, Secret, SignIn, Token};
use crate::problem::{Cause, Problem};
use crate::tenant::answer::Answer;
use crate::tenant::near::Near;
use crate::tenant::token::Claims;

/// The metadata service (Learn: how to use managed identities on a VM to acquire a token).
const MACHINE: &str = "http://169.254.169.254";
/// Its path.
const METADATA: &str = "/metadata/identity/oauth2/token";
/// What the address ends with that App Service gives (Learn: managed identities of App Service).
const APP_SERVICE: &str = "/msi/token";
/// The largest file that the agent of Azure Arc leaves (client code of `azure_identity`: 4 KB).
const LARGEST_PROOF: u64 = 4096;

impl SignIn {
    /// Asks for a token for the managed identity.
    pub(super) async fn of_managed_identity(
        &self,
        source: &ManagedIdentity,
        client_id: Option<&str>,
        audience: &str,
        run: &Asker<'_>,
    ) -> Result<Token, Problem> {
        let ask = |mut url: Url, version: &str, headers: Vec<(String, String)>| {
            url.query_pairs_mut().append_pair("api-version", version).append_pair("resource", audience);
            if let Some(client_id) = client_id {
                url.query_pairs_mut().append_pair("client_id", client_id);
            }
            let asked = Asked { service: "managed identity", method: "GET", path: located(&url) };
            Parcel { asked, who: Counted::SignIn, url, headers, body: None }
        };
        // What keeps a page in a browser from asking (Learn: metadata service).
        let metadata = ("Metadata".to_owned(), "true".to_owned());
        let token = match source {
            ManagedIdentity::Machine { host } => {
                let url = machine(host.as_deref().unwrap_or(MACHINE))?;
                let parcel = ask(url, "2018-02-01", vec![metadata]);
                self.ask(&parcel, None, run, |answer, now| issued(&parcel.asked, answer, now)).await
            }
            ManagedIdentity::AppService { endpoint, header } => {
                let header = ("X-IDENTITY-HEADER".to_owned(), header.reveal().to_owned());
                let parcel = ask(near(ENDPOINT, endpoint, Near::Network)?, "2019-08-01", vec![header]);
                self.ask(&parcel, None, run, |answer, now| issued(&parcel.asked, answer, now)).await
            }
            ManagedIdentity::Arc { endpoint, keys } => {
                let mut parcel = ask(near(ENDPOINT, endpoint, Near::Machine)?, "2020-06-01", vec![metadata]);
                // The first answer is a challenge that names a file which only administrators can read (Learn: Azure Arc,
                // authenticate with managed identity).
                let proof = self.ask(&parcel, None, run, |answer, _| challenge(&parcel.asked, answer, keys)).await?;
                parcel.headers.push(("Authorization".to_owned(), format!("Basic {}", proof.reveal())));
                self.ask(&parcel, None, run, |answer, now| issued(&parcel.asked, answer, now)).await
            }
        }?;
        match client_id {
            Some(client_id) => of_identity(token, client_id),
            None => Ok(token),
        }
    }
}

/// The variable that names an endpoint.
const ENDPOINT: &str = "IDENTITY_ENDPOINT";

/// An address that is near enough for what is said to it.
fn near(variable: &str, address: &str, reach: Near) -> Result<Url, Problem> {
    let url = Url::parse(address).ok().filter(|url| reach.has(url));
    url.ok_or_else(|| {
        Problem::without_request(
            Cause::SignedOut,
            "managed identity",
            format!("{variable} is not an address {}: `{address}`", reach.words()),
            "leave the variable as the host sets it",
        )
    })
}

/// The metadata service at a host. Nothing secret is sent there, and what it gives is checked like every token.
fn machine(host: &str) -> Result<Url, Problem> {
    let mut url = near("AZURE_POD_IDENTITY_AUTHORITY_HOST", host, Near::Link)?;
    // As client code of the Azure SDKs for .NET and Python reads it: scheme, host and port.
    url.set_path(METADATA);
    url.set_query(None);
    Ok(url)
}

/// Refuses a token of another identity: agents that do not know of user-assigned ones give that of the machine without a word
/// (release notes of the Azure SDK for Python).
fn of_identity(token: Token, client_id: &str) -> Result<Token, Problem> {
    let given = token.claims.as_ref().and_then(|claims| claims.application.as_deref());
    match given.filter(|given| !given.eq_ignore_ascii_case(client_id)) {
        None => Ok(token),
        Some(given) => Err(Problem::without_request(
            Cause::SignedOut,
            "managed identity",
            format!("the token is of the identity with client id `{given}`, and `{client_id}` was asked for"),
            "give this host the user-assigned identity, or take the client id away to sign in as the host's own",
        )),
    }
}

/// Reads a token: `expires_on` is seconds since 1970, as text or number (Learn; both observed).
fn issued(asked: &Asked, answer: &Answer, now: Timestamp) -> Result<Token, Problem> {
    if !answer.is_success() {
        return Err(refusal(asked, answer));
    }
    let value = asked.json(answer)?;
    let number = |name: &str| value[name].as_i64().or_else(|| value[name].as_str()?.parse().ok());
    let Some(secret) = value["access_token"].as_str() else {
        return Err(asked.problem(Cause::Malformed, Some(answer.status), "the answer has no `access_token`"));
    };
    let after = |seconds: i64| now.checked_add(SignedDuration::from_secs(seconds)).ok();
    let expires = number("expires_on").and_then(|seconds| Timestamp::from_second(seconds).ok());
    let expires = expires.or_else(|| number("expires_in").and_then(after));
    let expires = expires.unwrap_or(now + MARGIN + SignedDuration::from_mins(1));
    Ok(Token { claims: Claims::of(secret), secret: Secret::new(secret), fetched: now, expires })
}

/// Why there is no token: `{"error", "error_description"}`.
fn refusal(asked: &Asked, answer: &Answer) -> Problem {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let says = body["error_description"].as_str().or_else(|| body["message"].as_str());
    let mut problem = match answer.status {
        // 404 and 410 pass while the service is updated (Learn: managed identities, error handling and retry).
        404 | 410 => {
            asked.problem(Cause::Unreachable, Some(answer.status), says.unwrap_or("the service is being updated"))
        }
        400 | 401 | 403 | 405 => {
            asked.problem(Cause::SignedOut, Some(answer.status), says.unwrap_or("no token and no reason"))
        }
        _ => asked.refusal(answer),
    };
    if problem.cause == Cause::SignedOut {
        let next = if asked.path.ends_with(APP_SERVICE) && answer.status == 401 {
            "leave IDENTITY_HEADER as Azure sets it, and do not hand it on to another app"
        } else {
            "give the machine or app a managed identity, or name the client id of a user-assigned one"
        };
        next.clone_into(&mut problem.next);
    }
    problem
}

/// Reads the file that Azure Arc's challenge names.
fn challenge(asked: &Asked, answer: &Answer, keys: &Path) -> Result<Secret, Problem> {
    let refuse = |says: &str, next: &str| {
        let mut problem = asked.problem(Cause::SignedOut, Some(answer.status), says);
        next.clone_into(&mut problem.next);
        Err(problem)
    };
    if answer.is_success() {
        return refuse(
            "a token came without proof, which the agent of Azure Arc asks for first",
            "check what answers at IDENTITY_ENDPOINT",
        );
    }
    if answer.status != 401 {
        return Err(refusal(asked, answer));
    }
    let named = answer.header("www-authenticate").and_then(|challenge| challenge.split_once("realm="));
    let Some((_, named)) = named else { return refuse("the challenge names no file", "update the agent of Azure Arc") };
    let path = Path::new(named.trim().trim_matches('"'));
    // Only there does the agent leave proofs; anything else would make us send out a file of somebody's choice.
    let is_expected = path.parent() == Some(keys) && path.extension().is_some_and(|extension| extension == "key");
    if !is_expected {
        return refuse(
            "the challenge names a file outside of the agent's folder",
            "check what answers at IDENTITY_ENDPOINT",
        );
    }
    let text = std::fs::metadata(path)
        .and_then(
            |facts| if facts.len() > LARGEST_PROOF { Err(std::io::ErrorKind::FileTooLarge.into()) } else { Ok(()) },
        )
        .and_then(|()| std::fs::read_to_string(path));
    match text {
        Ok(text) => Ok(Secret::new(text.trim())),
        Err(error) => refuse(
            &format!("the agent's proof cannot be read: {error}"),
            "run as a member of the group `himds`, or on Windows as administrator or of `Hybrid agent extension applications`",
        ),
    }
}
