//! A request to Graph.

use serde_json::Value;

use crate::sandbox::fault::Fault;

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

pub(super) fn no_such_resource(key: impl std::fmt::Display) -> Fault {
    Fault::new(
        404,
        "Request_ResourceNotFound",
        format!("Resource '{key}' does not exist or one of its queried reference-property objects are not present."),
    )
}
