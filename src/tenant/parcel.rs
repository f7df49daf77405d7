//! A request that is ready to be sent.
use std::fmt;

use reqwest::Url;

use super::counts::Counted;
use super::hosts::Target;
use super::problem_of::Asked;
use crate::problem::Problem;
use crate::request::Service;

/// A request that is ready to go. Printed without its headers and body, which hold secrets where it asks for a token.
#[derive(Clone)]
pub(super) struct Parcel {
    pub(super) asked: Asked,
    pub(super) who: Counted,
    pub(super) url: Url,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Option<Body>,
}

impl Parcel {
    /// A request to a service, without a body and with the headers that the service always wants.
    pub(super) fn new(target: &Target, method: &'static str, path: &str, url: Url) -> Self {
        let asked = Asked { service: target.service.name(), method, path: path.to_owned() };
        let mut headers = vec![("Accept".to_owned(), "application/json".to_owned())];
        if target.service == Service::Dataverse {
            // Learn: compose HTTP requests and handle errors.
            headers.push(("OData-MaxVersion".to_owned(), "4.0".to_owned()));
            headers.push(("OData-Version".to_owned(), "4.0".to_owned()));
        }
        Self { asked, who: Counted::Service(target.service), url, headers, body: None }
    }

    /// A batch.
    pub(super) fn batch(target: &Target, body: Body) -> Result<Self, Problem> {
        let mut parcel = Self::new(target, "POST", "$batch", target.url("$batch")?);
        parcel.body = Some(body);
        Ok(parcel)
    }
}

/// The body of a request.
#[derive(Clone)]
pub(super) struct Body {
    pub(super) kind: String,
    pub(super) text: String,
}

impl Body {
    /// A body of JSON (Learn: compose HTTP requests; the charset is expected).
    pub(super) fn json(value: &serde_json::Value) -> Self {
        Self { kind: "application/json; charset=utf-8".to_owned(), text: value.to_string() }
    }
}

impl fmt::Debug for Parcel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = self.body.as_ref().map(|body| body.text.len());
        formatter.debug_struct("Parcel").field("asked", &self.asked).field("body", &length).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_does_not_print_what_it_carries() {
        let asked = Asked { service: "sign-in", method: "POST", path: "t/oauth2/v2.0/token".to_owned() };
        let parcel = Parcel {
            asked,
            who: Counted::SignIn,
            url: Url::parse("https://login.microsoftonline.com/t/oauth2/v2.0/token").unwrap(),
            headers: vec![("X-IDENTITY-HEADER".to_owned(), "hunter2".to_owned())],
            body: Some(Body {
                kind: "application/x-www-form-urlencoded".to_owned(),
                text: "client_secret=hunter2".to_owned(),
            }),
        };
        for printed in [format!("{parcel:?}"), format!("{parcel:#?}")] {
            assert!(printed.contains("oauth2") && !printed.contains("hunter2"), "{printed}");
        }
    }
}
