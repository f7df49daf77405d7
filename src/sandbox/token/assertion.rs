//! What an application presents instead of a secret: an assertion that it signed with its certificate, or another's token.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::issuer::Issuer;
use super::refusal::Refusal;
use crate::sandbox::identity::certificate::Certificate;
use crate::sandbox::identity::{Federated, Identities};

/// The only type of assertion there is (Learn: client credentials flow).
pub(super) const KIND: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// An assertion, taken apart.
struct Assertion<'a> {
    signed: &'a str,
    header: Value,
    claims: Value,
    signature: Vec<u8>,
}

impl<'a> Assertion<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
        let json = |part: &str| serde_json::from_slice(&decode(part)?).ok();
        Some(Self { signed, header: json(header)?, claims: json(claims)?, signature: decode(signature)? })
    }

    fn text(&self, name: &str) -> &str {
        self.claims[name].as_str().unwrap_or_default()
    }
}

/// Says whether an assertion is the application's own or of somebody whom it trusts.
pub(super) fn check(
    issuer: &Issuer,
    identities: &Identities,
    application: Uuid,
    endpoint: &str,
    text: &str,
    now: i64,
) -> Result<(), Refusal> {
    let Some(assertion) = Assertion::parse(text) else {
        return Err(refuse(50027, "Invalid JWT token. JWT format is not valid.".to_owned()));
    };
    // The second is what most clients still send (Learn: certificate credentials, "x5t", base64url of the SHA-1); some with padding.
    let named = ["x5t#S256", "x5t"].into_iter().find_map(|name| assertion.header[name].as_str());
    let Some(thumbprint) = named.map(|named| named.trim_end_matches('=')) else {
        let trusted: Vec<&Federated> = identities.federated.get(&application).into_iter().flatten().collect();
        return others(issuer, &assertion, &trusted, text, now);
    };
    let known = identities.certificates.get(&application).into_iter().flatten();
    let mut known = known.filter_map(|pem| Certificate::of_pem(pem));
    let found = known.find(|certificate| thumbprint == certificate.thumbprint || thumbprint == certificate.sha1);
    own(&assertion, found.as_ref(), thumbprint, application, endpoint, now)
}

/// An assertion of the application's own (Learn: certificate credentials; texts as reported of Entra).
fn own(
    assertion: &Assertion<'_>,
    certificate: Option<&Certificate>,
    thumbprint: &str,
    application: Uuid,
    endpoint: &str,
    now: i64,
) -> Result<(), Refusal> {
    let invalid = |reason: &str| {
        let text = format!(
            "Client assertion contains an invalid signature. [Reason - {reason}, Thumbprint of key used by client: '{thumbprint}']"
        );
        Err(refuse(700_027, text))
    };
    let Some(certificate) = certificate else { return invalid("The key was not found.") };
    if certificate.expires <= now {
        return invalid("The key used is expired.");
    }
    let algorithm = assertion.header["alg"].as_str().unwrap_or_default();
    if !certificate.has_signed(algorithm, assertion.signed, &assertion.signature) {
        return invalid("The provided signature value did not match the expected signature value.");
    }
    let client = application.to_string();
    if assertion.text("iss") != client || assertion.text("sub") != client {
        let text = "Client assertion application identifier doesn't match 'client_id' parameter.";
        return Err(refuse(700_021, text.to_owned()));
    }
    if assertion.text("aud") != endpoint {
        return Err(refuse(700_023, "Client assertion audience claim does not match Realm issuer.".to_owned()));
    }
    in_time(assertion, now)
}

/// A token of somebody whom the application trusts (Learn: workload identity federation; Entra error codes).
fn others(
    issuer: &Issuer,
    assertion: &Assertion<'_>,
    trusted: &[&Federated],
    text: &str,
    now: i64,
) -> Result<(), Refusal> {
    let (from, subject, audience) = (assertion.text("iss"), assertion.text("sub"), assertion.text("aud"));
    let of_issuer: Vec<_> = trusted.iter().filter(|credential| credential.issuer == from).collect();
    let of_subject: Vec<_> = of_issuer.iter().filter(|credential| credential.subject == subject).collect();
    let nothing = |number, what: &str, value: &str| {
        let text = format!(
            "No matching federated identity record found for presented assertion {what} '{value}'. Check your federated identity \
             credential Subject, Audience and Issuer against the presented assertion."
        );
        Err(refuse(number, text))
    };
    if of_issuer.is_empty() {
        return nothing(700_211, "issuer", from);
    }
    if of_subject.is_empty() {
        return nothing(700_213, "subject", subject);
    }
    if !of_subject.iter().any(|credential| credential.audience == audience) {
        return nothing(700_212, "audience", audience);
    }
    // The sandbox signs for every issuer that it plays.
    if issuer.open_value(text).is_none() {
        let text = "Client assertion failed signature validation.";
        return Err(refuse(5_002_738, text.to_owned()));
    }
    in_time(assertion, now)
}

fn in_time(assertion: &Assertion<'_>, now: i64) -> Result<(), Refusal> {
    // A number of seconds, with a fraction from some clients (RFC 7519: NumericDate).
    #[expect(clippy::cast_possible_truncation, reason = "a fraction of a second, and numbers that are no time at all")]
    let number = |name: &str| assertion.claims[name].as_f64().map(|seconds| seconds as i64);
    let (begins, expires) = (number("nbf").unwrap_or(now), number("exp").unwrap_or_default());
    // Five minutes of difference between clocks are let through (Learn: validate tokens).
    if begins.saturating_sub(300) <= now && now < expires.saturating_add(300) {
        return Ok(());
    }
    let moment = |seconds: i64| Timestamp::from_second(seconds).unwrap_or_default().strftime("%FT%TZ").to_string();
    let text = format!(
        "Client assertion is not within its valid time range. Current time: {}, assertion valid from {}, expiry time of assertion {}.",
        moment(now),
        moment(begins),
        moment(expires)
    );
    Err(refuse(700_024, text))
}

fn refuse(number: u32, text: String) -> Refusal {
    Refusal { status: 401, error: "invalid_client", number, text }
}
