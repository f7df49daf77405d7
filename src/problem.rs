//! What a service answered instead of what was asked for, as data.
use std::fmt;

use serde::{Deserialize, Serialize};

pub use crate::foreign::{clip, is_bidirectional_control};
use crate::names::required;

/// The kind of trouble, for exit codes, retries and remedies; text is never parsed for it twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Cause {
    /// No token, an expired one, or one for somebody else (401).
    SignedOut,
    /// The caller may not do this (403).
    Forbidden,
    /// The caller reads only a part of the rows: Dataverse leaves rows out instead of refusing.
    Trimmed,
    /// Too many requests, even after waiting (429).
    Throttled,
    /// A page or a body that did not arrive whole.
    Incomplete,
    /// A body that is not what the service promises: HTML, another shape, another host.
    Malformed,
    /// The thing is not there (404).
    Gone,
    /// Somebody else changed it first (409, 412).
    Conflict,
    /// The service understood and said no (400 and the like).
    Refused,
    /// The service failed (5xx).
    Failed,
    /// No answer at all.
    Unreachable,
    /// The read was not part of what this run asked for.
    NotAsked,
}

impl Cause {
    /// Whether trouble of this kind may be over at the next try, without anybody doing anything about it.
    pub fn may_pass(self) -> bool {
        match self {
            Self::Throttled | Self::Incomplete | Self::Failed | Self::Unreachable => true,
            Self::SignedOut
            | Self::Forbidden
            | Self::Trimmed
            | Self::Malformed
            | Self::Gone
            | Self::Conflict
            | Self::Refused
            | Self::NotAsked => false,
        }
    }
}

/// One answer that was not what was asked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Problem {
    /// The kind of trouble.
    pub cause: Cause,
    /// The service, in its own name: `Dataverse`, `Microsoft Graph`, `Power Platform admin API`.
    pub service: String,
    /// The request's method.
    pub method: String,
    /// The request's path with its query, shortened.
    pub path: String,
    /// The status, if there was an answer.
    #[serde(deserialize_with = "required")]
    pub status: Option<u16>,
    /// The service's own error code, such as `0x80040220`.
    #[serde(deserialize_with = "required")]
    pub code: Option<String>,
    /// The service's id for this request, to give to support.
    #[serde(deserialize_with = "required")]
    pub correlation: Option<String>,
    /// What the service said: at most 300 characters, control characters escaped.
    pub says: String,
    /// What to do next.
    pub next: String,
}

impl Problem {
    /// Makes a problem that no request caused: a section that was not asked for, rows that are left out.
    pub fn without_request(cause: Cause, service: &str, says: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            cause,
            service: service.into(),
            method: String::new(),
            path: String::new(),
            status: None,
            code: None,
            correlation: None,
            says: clip(&says.into()),
            next: next.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(status) = self.status {
            write!(formatter, "{status} ")?;
        }
        if let Some(code) = &self.code {
            write!(formatter, "{code} ")?;
        }
        formatter.write_str(&self.says)?;
        if !self.method.is_empty() {
            write!(formatter, " ({} {} {})", self.service, self.method, self.path)?;
        }
        if let Some(correlation) = &self.correlation {
            write!(formatter, " [request {correlation}]")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}
