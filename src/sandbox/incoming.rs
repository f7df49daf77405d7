//! A request as it came in, before it is known which service it is for.

use std::collections::BTreeMap;

/// A request as it came in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Incoming<'a> {
    pub method: &'a str,
    pub scheme: &'a str,
    pub host: &'a str,
    pub path: &'a str,
    pub query: &'a str,
    pub headers: &'a BTreeMap<String, String>,
    pub body: &'a str,
}

impl Incoming<'_> {
    /// The address behind the host, as it was sent.
    pub(super) fn target(&self) -> String {
        if self.query.is_empty() { self.path.to_owned() } else { format!("{}?{}", self.path, self.query) }
    }

    /// The bearer token, if the request carries one. The scheme's name is any case's (RFC 9110, 11.1).
    pub(super) fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.headers.get("authorization")?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_start())
    }

    /// The parameters of the query.
    pub(super) fn parameters(&self) -> BTreeMap<String, String> {
        url::form_urlencoded::parse(self.query.as_bytes()).into_owned().collect()
    }
}
