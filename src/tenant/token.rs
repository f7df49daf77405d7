//! What a token says of itself: for whom it is, from which tenant and until when.
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use uuid::Uuid;

use super::clouds::application_id;
use super::endpoints::Endpoints;
use crate::problem::{Cause, Problem};
use crate::request::Service;

/// What a token says of its bearer. Only the service that it is for can trust it; here it serves to explain and to notice mix-ups.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    /// Whom the token is for (`aud`).
    pub audience: Option<String>,
    /// Who issued it (`iss`).
    pub issuer: Option<String>,
    /// The tenant (`tid`).
    pub tenant: Option<Uuid>,
    /// The bearer's Entra object id (`oid`).
    pub object: Option<Uuid>,
    /// The application that asked for it (`appid` of version 1.0, `azp` of version 2.0).
    pub application: Option<String>,
    /// The user principal name, of a token for a person (`upn`, or `preferred_username` of version 2.0).
    pub user: Option<String>,
    /// Whether an application signed in as itself (`idtyp`), if the token says that.
    pub is_application: Option<bool>,
    /// Until when it holds (`exp`).
    pub expires: Option<Timestamp>,
    /// Since when it holds (`nbf`).
    pub begins: Option<Timestamp>,
}

/// How far two clocks may be apart (Learn: validate tokens; the five minutes of Microsoft's own libraries).
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// The payload of a JWT, which anybody can read and only its audience can trust.
pub(super) fn payload(token: &str) -> Option<Value> {
    let mut parts = token.split('.');
    let (_header, payload, _signature) = (parts.next()?, parts.next()?, parts.next()?);
    let payload = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    serde_json::from_slice(&payload).ok()
}

impl Claims {
    /// Reads the payload of a JWT; tokens may also be opaque, which is no error.
    pub(super) fn of(token: &str) -> Option<Self> {
        let payload = payload(token)?;
        let text = |names: &[&str]| names.iter().find_map(|name| payload[*name].as_str()).map(str::to_owned);
        let id = |name: &str| payload[name].as_str().and_then(|id| id.parse().ok());
        let moment = |name: &str| payload[name].as_i64().and_then(|seconds| Timestamp::from_second(seconds).ok());
        Some(Self {
            audience: text(&["aud"]),
            issuer: text(&["iss"]),
            tenant: id("tid"),
            object: id("oid"),
            application: text(&["appid", "azp"]),
            user: text(&["upn", "preferred_username"]),
            is_application: text(&["idtyp"]).map(|kind| kind == "app"),
            expires: moment("exp"),
            begins: moment("nbf"),
        })
    }

    /// Refuses a token of another tenant, for another service or from another cloud: a mix-up is explained here instead of by a 401.
    pub(super) fn check(
        &self,
        endpoints: &Endpoints,
        tenant: Option<Uuid>,
        service: Service,
        audience: &str,
    ) -> Result<(), Problem> {
        let refuse = |says: String, next: &str| {
            Err(Problem::without_request(Cause::SignedOut, "sign-in", says, next.to_owned()))
        };
        if let (Some(wanted), Some(found)) = (tenant, self.tenant)
            && wanted != found
        {
            return refuse(
                format!("the token is of tenant {found}, and the Environment document names tenant {wanted}"),
                "sign in to that tenant, or correct `tenant:`",
            );
        }
        let is_same =
            |left: &str, right: &str| left.trim_end_matches('/').eq_ignore_ascii_case(right.trim_end_matches('/'));
        if let Some(found) = &self.audience
            && !is_same(found, audience)
            && !found.eq_ignore_ascii_case(application_id(service))
        {
            return refuse(
                format!("the token is for `{found}`, and `{audience}` was asked for"),
                "let the credentials give a token for the scope that they are asked for",
            );
        }
        let issuer = self.issuer.as_deref().and_then(|issuer| reqwest::Url::parse(issuer).ok());
        let issuer = issuer.as_ref().and_then(reqwest::Url::host_str);
        if let Some(host) = issuer
            && !endpoints.has_issuer(host)
        {
            return refuse(
                format!("the token was issued by `{host}`, which is not of the cloud `{}`", endpoints.cloud().name()),
                "sign in to that cloud, or correct `cloud:` of the Environment document",
            );
        }
        Ok(())
    }

    /// Refuses a token that holds at another time than this machine's clock shows: the service would answer 401 to it.
    pub(super) fn check_time(&self, now: Timestamp) -> Result<(), Problem> {
        let says = match (self.begins, self.expires) {
            (Some(begins), _) if begins - SKEW > now => format!("the token holds from {begins} on"),
            (_, Some(expires)) if expires <= now => format!("the token has expired at {expires}"),
            (None | Some(_), None | Some(_)) => return Ok(()),
        };
        let now = now.strftime("%FT%TZ");
        let next = "set this machine's clock, or sign in again where the token comes from";
        Err(Problem::without_request(
            Cause::SignedOut,
            "sign-in",
            format!("{says}, and the clock here shows {now}"),
            next,
        ))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::tenant::Cloud;

    fn token(payload: &Value) -> String {
        let encode = |text: String| URL_SAFE_NO_PAD.encode(text);
        format!("{}.{}.{}", encode("{}".to_owned()), encode(payload.to_string()), "signature")
    }

    fn check(payload: &Value) -> Result<(), Problem> {
        let claims = Claims::of(&token(payload)).unwrap();
        claims.check(
            &Cloud::Public.into(),
            Some(Uuid::from_u128(1)),
            Service::Flow,
            "https://service.flow.microsoft.com/",
        )
    }

    #[test]
    fn a_token_of_this_tenant_for_this_service_is_accepted() {
        let tenant = Uuid::from_u128(1);
        let issuer = format!("https://sts.windows.net/{tenant}/");
        for audience in ["https://service.flow.microsoft.com", "7df0a125-d3be-4c96-aa54-591f83ff541c"] {
            check(&json!({ "aud": audience, "tid": tenant, "iss": issuer })).unwrap();
        }
        assert_eq!(Claims::of("opaque"), None);
    }

    #[test]
    fn a_mix_up_is_explained() {
        let other = check(&json!({ "tid": Uuid::from_u128(2) })).unwrap_err();
        assert!(other.says.contains("is of tenant 00000000-0000-0000-0000-000000000002"), "{other}");
        let graph = check(&json!({ "aud": "https://graph.microsoft.com" })).unwrap_err();
        assert!(graph.says.contains("is for `https://graph.microsoft.com`"), "{graph}");
        let china = check(&json!({ "iss": "https://sts.chinacloudapi.cn/x/" })).unwrap_err();
        assert!(china.says.contains("not of the cloud `public`"), "{china}");
    }

    #[test]
    fn a_token_of_another_time_is_explained() {
        let check = |now: i64| {
            let claims = Claims::of(&token(&json!({ "nbf": 1_800_000_000, "exp": 1_800_003_600 }))).unwrap();
            claims.check_time(Timestamp::from_second(now).unwrap())
        };
        check(1_799_999_800).unwrap();
        check(1_800_003_599).unwrap();
        assert_eq!(
            check(1_799_990_000).unwrap_err().says,
            "the token holds from 2027-01-15T08:00:00Z on, and the clock here shows 2027-01-15T05:13:20Z"
        );
        assert!(check(1_800_003_600).unwrap_err().says.contains("has expired at 2027-01-15T09:00:00Z"));
    }
}
