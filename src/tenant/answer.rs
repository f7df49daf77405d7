//! An answer as it came, whatever it says.
use std::fmt;

use reqwest::header::HeaderMap;

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

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    #[test]
    fn an_answer_does_not_print_what_it_carries() {
        let mut headers = HeaderMap::new();
        headers.insert("set-cookie", HeaderValue::from_static("hunter2"));
        let answer = Answer::new(200, headers, br#"{"access_token":"hunter2"}"#.to_vec());
        for printed in [format!("{answer:?}"), format!("{answer:#?}")] {
            assert!(printed.contains("200") && !printed.contains("hunter2"), "{printed}");
        }
    }
}
