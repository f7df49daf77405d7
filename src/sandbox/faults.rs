//! Disturbances that are scheduled for certain requests: refusals, broken bodies, writes that are undone.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answer::Answer;
use super::fault::Fault;

/// All scheduled disturbances, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    scheduled: Vec<(Rule, u32)>,
}

/// One scheduled disturbance and the requests that it meets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
    /// The method; nothing means any.
    #[serde(default)]
    pub method: Option<String>,
    /// A part of the host; nothing means any.
    #[serde(default)]
    pub host: Option<String>,
    /// A part of the decoded path and query; nothing means any.
    #[serde(default)]
    pub path: Option<String>,
    /// Which of the requests that match is the first to be met, counted from 1.
    #[serde(default = "one")]
    pub nth: u32,
    /// How many requests are met from there on; 0 means all.
    #[serde(default = "one")]
    pub times: u32,
    /// Whether the request takes effect.
    #[serde(default)]
    pub when: When,
    /// What is answered.
    pub answer: Disturbance,
}

/// Whether a disturbed request takes effect.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum When {
    /// It is answered without effect.
    #[default]
    BeforeCommit,
    /// It takes effect, and its answer is lost.
    AfterCommit,
}

/// What a disturbed request is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Disturbance {
    /// An error of the service.
    Refuse(Refusal),
    /// An answer as it was recorded somewhere else, word for word.
    Recorded(Recorded),
    /// A page of a proxy or gateway instead of JSON.
    Html(u16),
    /// The true answer, cut in the middle.
    Truncated,
    /// The true answer with a next link to this host.
    ForeignNextLink(String),
    /// The true answer, and then the write is undone.
    Reverted,
    /// The true answer under another status: to see whether a judge notices.
    Status(u16),
    /// The true answer with one text in its body replaced by another: to see whether a judge notices.
    Rewritten(Replacement),
}

/// A text that replaces another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replacement {
    /// The true text.
    pub from: String,
    /// The text in its place.
    pub to: String,
}

/// An answer that was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Recorded {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body, if there was one.
    #[serde(default)]
    pub body: Option<Value>,
}

/// An error of the service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The service's code; the usual one for the status when it is missing.
    #[serde(default)]
    pub code: Option<String>,
    /// The text.
    #[serde(default)]
    pub message: Option<String>,
    /// Seconds for `Retry-After`.
    #[serde(default)]
    pub retry_after: Option<u32>,
}

const fn one() -> u32 {
    1
}

impl Replacement {
    /// Replaces the text in the body of an answer, wherever it stands; the body is text from then on.
    pub(super) fn rewrite(&self, answer: Answer) -> Answer {
        let body = answer.body.map(|body| {
            let text = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
            text.replace(&self.from, &self.to).into()
        });
        Answer { body, ..answer }
    }
}

impl Rule {
    /// Schedules an answer for the first request whose path contains a text.
    pub fn on(path: &str, answer: Disturbance) -> Self {
        Self {
            method: None,
            host: None,
            path: Some(path.to_owned()),
            nth: 1,
            times: 1,
            when: When::BeforeCommit,
            answer,
        }
    }

    /// Restricts the rule to one method.
    #[must_use]
    pub fn method(mut self, method: &str) -> Self {
        self.method = Some(method.to_owned());
        self
    }

    /// Lets the rule meet this many requests from this one on; 0 times means all.
    #[must_use]
    pub fn from_nth(mut self, nth: u32, times: u32) -> Self {
        (self.nth, self.times) = (nth, times);
        self
    }

    /// Lets the request take effect.
    #[must_use]
    pub fn after_commit(mut self) -> Self {
        self.when = When::AfterCommit;
        self
    }

    fn matches(&self, method: &str, host: &str, path: &str) -> bool {
        self.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
            && self.host.as_deref().is_none_or(|part| host.contains(part))
            && self.path.as_deref().is_none_or(|part| path.contains(part))
    }
}

impl Disturbance {
    /// Makes a refusal with the service's usual code for the status.
    pub fn refuse(status: u16) -> Self {
        Self::Refuse(Refusal { status, code: None, message: None, retry_after: None })
    }

    /// Makes the refusal of the service protection limits (Learn: service protection API limits).
    pub fn throttle(seconds: u32) -> Self {
        Self::Refuse(Refusal { status: 429, code: None, message: None, retry_after: Some(seconds) })
    }
}

impl Refusal {
    /// Makes the fault that is answered.
    pub(super) fn fault(&self) -> Fault {
        let (code, message) = self.words();
        let fault = Fault::new(self.status, code, message);
        match self.retry_after {
            Some(seconds) => fault.with_header("Retry-After", seconds.to_string()),
            None => fault,
        }
    }

    /// Returns code and text, the usual ones of the status unless others were given.
    pub fn words(&self) -> (String, String) {
        let (code, message) = match self.status {
            401 => ("AuthenticationFailed", "Access token validation failure."),
            403 => ("0x80048306", "Access is denied."),
            404 => ("0x80040217", "The requested record does not exist."),
            409 => ("0x80040237", "A record with matching key values already exists."),
            412 => ("0x80060882", "The version of the existing record doesn't match the RowVersion property provided."),
            429 => ("0x80072322", "Number of requests exceeded the limit of 6000 over time window of 300 seconds."),
            503 => ("ServiceUnavailable", "The service is unavailable."),
            _ => ("0x80040216", "An unexpected error occurred."),
        };
        (
            self.code.clone().unwrap_or_else(|| code.to_owned()),
            self.message.clone().unwrap_or_else(|| message.to_owned()),
        )
    }
}

impl Faults {
    /// Schedules a disturbance.
    pub fn schedule(&mut self, rule: Rule) {
        self.scheduled.push((rule, 0));
    }

    /// Forgets all disturbances.
    pub fn clear(&mut self) {
        self.scheduled.clear();
    }

    /// Returns the first disturbance that meets a request. Every rule counts every request that it matches.
    pub fn meet(&mut self, method: &str, host: &str, path: &str) -> Option<Rule> {
        let mut met = None;
        for (rule, seen) in &mut self.scheduled {
            if !rule.matches(method, host, path) {
                continue;
            }
            *seen += 1;
            let is_due = *seen >= rule.nth && (rule.times == 0 || *seen < rule.nth + rule.times);
            if is_due && met.is_none() {
                met = Some(rule.clone());
            }
        }
        met
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_meets_the_requests_that_it_counts() {
        let mut faults = Faults::default();
        faults.schedule(Rule::on("workflows", Disturbance::refuse(403)).method("GET").from_nth(2, 2));
        let met: Vec<bool> = (0..5).map(|_| faults.meet("GET", "h", "/workflows").is_some()).collect();
        assert_eq!(met, [false, true, true, false, false]);
        assert!(faults.meet("POST", "h", "/workflows").is_none());
    }

    #[test]
    fn a_rule_without_an_end_meets_everything() {
        let mut faults = Faults::default();
        faults.schedule(Rule::on("", Disturbance::throttle(1)).from_nth(1, 0));
        assert!((0..9).all(|_| faults.meet("GET", "h", "/").is_some()));
    }

    #[test]
    fn a_rule_is_written_as_json() {
        let rule: Rule = serde_json::from_str(
            r#"{"method":"PATCH","path":"workflows(","when":"afterCommit","answer":{"refuse":{"status":503,"retryAfter":2}}}"#,
        )
        .unwrap();
        assert_eq!(rule.when, When::AfterCommit);
        assert!(serde_json::from_str::<Rule>(r#"{"answer":"truncated","paths":"x"}"#).is_err());
    }
}
