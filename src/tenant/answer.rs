//! What came back, or why nothing did.
use std::fmt;

use reqwest::header::HeaderMap;

use crate::problem::Problem;

/// An answer, read to its end. Printed without its headers and body, which hold tokens where one was asked for.
#[derive(Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn new(status: u16, headers: HeaderMap, body: Vec<u8>) -> Self {
        Self { status, headers, body }
    }

    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = self.body.len();
        formatter.debug_struct("Answer").field("status", &self.status).field("body", &length).finish_non_exhaustive()
    }
}

/// Why there is no answer.
#[derive(Clone, Debug)]
pub(super) enum Lost {
    /// No connection was made, so nothing arrived.
    NotSent(Problem),
    /// It was sent, and no whole answer came back: it may have been done.
    Unanswered(Problem),
}

impl Lost {
    pub(super) fn problem(self) -> Problem {
        match self {
            Self::NotSent(problem) | Self::Unanswered(problem) => problem,
        }
    }
}
