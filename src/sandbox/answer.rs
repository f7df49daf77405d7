//! What a service of the sandbox answers: status, headers, JSON body.

use std::collections::BTreeMap;

use serde_json::Value;

use super::fault::Fault;

/// An HTTP answer before it is written to a socket or into a batch.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Headers besides those that every answer has.
    pub headers: BTreeMap<String, String>,
    /// The JSON body, when there is one.
    pub body: Option<Value>,
}

impl Answer {
    /// Answers with a JSON body.
    pub fn json(status: u16, body: Value) -> Self {
        Self { status, headers: BTreeMap::new(), body: Some(body) }
    }

    /// Answers without a body.
    pub fn empty(status: u16) -> Self {
        Self { status, headers: BTreeMap::new(), body: None }
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.insert(name.to_owned(), value.into());
        self
    }
}

impl From<Fault> for Answer {
    fn from(fault: Fault) -> Self {
        Self { status: fault.status, body: Some(fault.to_json()), headers: fault.headers }
    }
}

impl From<Result<Self, Fault>> for Answer {
    fn from(result: Result<Self, Fault>) -> Self {
        result.unwrap_or_else(Self::from)
    }
}
