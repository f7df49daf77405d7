//! A request to Graph.

use serde_json::Value;

/// A request to Graph.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The method.
    pub method: &'a str,
    /// The path behind `/v1.0`, still percent-encoded.
    pub path: &'a str,
    /// What stands behind the `?`, if anything.
    pub query: &'a str,
    /// The header `ConsistencyLevel`.
    pub consistency_level: Option<&'a str>,
    /// The JSON body.
    pub body: Option<&'a Value>,
    /// Where links in answers point, `https://graph.microsoft.com/v1.0`.
    pub root: &'a str,
    /// Seconds since 1970.
    pub now: i64,
}
