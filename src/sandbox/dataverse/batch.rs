//! `$batch`: many requests in one, change sets all or nothing.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Session;
use super::request::{Preferences, Request};
use crate::sandbox::answer::Answer;
use crate::sandbox::fault::Fault;
use crate::sandbox::faults::{Disturbance, When};
use crate::sandbox::multipart::{self, BatchRequest, Part, Reply};
use crate::sandbox::organization::derived;
use crate::sandbox::percent;

/// The longest address inside a batch (Learn: compose HTTP requests and handle errors).
const LONGEST: usize = 65_536;

impl Session<'_> {
    /// Answers a batch: in order, and without `odata.continue-on-error` only up to the first failure
    /// (Learn: execute batch operations).
    pub(super) fn batch(&mut self, request: &Request<'_>) -> Result<Answer, Fault> {
        let parts = multipart::parse(request.header("content-type").unwrap_or_default(), request.body)?;
        let continues = Preferences::of(request).continues_on_error;
        let mut replies = Vec::new();
        let mut failure = None;
        for part in parts {
            let reply = match part {
                Part::Request(inner) => {
                    let answer = super::without_address(self.inner(request, &inner, &BTreeMap::new()));
                    Reply::One { content_id: inner.content_id, answer }
                }
                Part::ChangeSet(inners) => self.change_set(request, inners),
            };
            if let Reply::One { answer, .. } = &reply
                && answer.status >= 400
                && !continues
            {
                failure = Some(answer.status);
            }
            replies.push(reply);
            if failure.is_some() {
                break;
            }
        }
        let id = derived(self.organization.id, &format!("batch:{}", self.number));
        let (content_type, body) = multipart::render(&replies, id);
        let answer =
            Answer { status: failure.unwrap_or(200), headers: BTreeMap::new(), body: Some(Value::String(body)) };
        Ok(answer.with_header("Content-Type", content_type))
    }

    fn change_set(&mut self, outer: &Request<'_>, inners: Vec<BatchRequest>) -> Reply {
        let mark = self.organization.mark();
        let mut made = BTreeMap::new();
        let mut answers = Vec::new();
        for inner in inners {
            let answer = if inner.method == "GET" {
                Answer::from(Fault::malformed("A GET operation cannot be part of a change set."))
            } else {
                self.inner(outer, &inner, &made)
            };
            if answer.status >= 400 {
                self.organization.roll_back(mark);
                return Reply::One { content_id: inner.content_id, answer };
            }
            let content_id = inner.content_id.unwrap_or_default();
            if let Some(address) = answer.headers.get(super::ENTITY_ID) {
                made.insert(content_id.clone(), address.clone());
            }
            answers.push((content_id, super::without_address(answer)));
        }
        Reply::ChangeSet(answers)
    }

    /// Answers one request; `made` are the rows that earlier requests of the change set made, by content id.
    fn inner(&mut self, outer: &Request<'_>, inner: &BatchRequest, made: &BTreeMap<String, String>) -> Answer {
        self.try_inner(outer, inner, made).unwrap_or_else(Answer::from)
    }

    fn try_inner(
        &mut self,
        outer: &Request<'_>,
        inner: &BatchRequest,
        made: &BTreeMap<String, String>,
    ) -> Result<Answer, Fault> {
        let (_, authority_and_path) = outer.root.split_once("://").unwrap_or(("", outer.root));
        let (host, root_path) =
            authority_and_path.split_at(authority_and_path.find('/').unwrap_or(authority_and_path.len()));
        let mut inner = inner.clone();
        inner.url = resolved(&inner.url, made)?;
        if inner.body.contains("\"$") {
            inner.body = with_addresses(&inner.body, made)?;
        }
        let target = inner.target(host, root_path)?;
        if target.len() > LONGEST {
            return Err(Fault::new(414, "", "Request-URI Too Long"));
        }
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let Some(path) = path.strip_prefix(root_path) else {
            return Err(Fault::unknown_segment(path));
        };
        if path.trim_matches('/') == "$batch" {
            return Err(Fault::malformed("A batch cannot be part of a batch."));
        }
        let mut headers = inner.headers.clone();
        // What is said for the whole batch holds for its parts (Learn: execute batch operations).
        for name in ["callerobjectid", "mscrmcallerid", "consistency"] {
            if let (false, Some(value)) = (headers.contains_key(name), outer.headers.get(name)) {
                headers.insert(name.to_owned(), value.clone());
            }
        }
        let request = Request { method: &inner.method, path, query, headers: &headers, body: &inner.body, ..*outer };
        let readable = percent::decode(&target).unwrap_or_else(|| target.clone());
        let Some(rule) = self.faults.meet(&inner.method, host, &readable) else {
            return Ok(self.handle_seen(&request));
        };
        let mark = self.organization.mark();
        let refusal = match &rule.answer {
            Disturbance::Refuse(refusal) => Some(refusal),
            Disturbance::Recorded(_)
            | Disturbance::Html(_)
            | Disturbance::Truncated
            | Disturbance::ForeignNextLink(_)
            | Disturbance::Reverted
            | Disturbance::Status(_)
            | Disturbance::Rewritten(_) => None,
        };
        if rule.when == When::BeforeCommit
            && let Some(refusal) = refusal
        {
            return Err(refusal.fault());
        }
        let answer = self.handle_seen(&request);
        if rule.answer == Disturbance::Reverted {
            self.organization.roll_back(mark);
        }
        match (&rule.answer, refusal) {
            (_, Some(refusal)) => Err(refusal.fault()),
            (Disturbance::Status(status), None) => Ok(Answer { status: *status, ..answer }),
            (Disturbance::Rewritten(replacement), None) => Ok(replacement.rewrite(answer)),
            (_, None) => Ok(answer),
        }
    }
}

/// Replaces `$1` at the start of an address by that of the row which the request with this content id made; other words with a `$`
/// there, such as `$metadata`, are left alone (Learn: execute batch operations, reference URIs; text: the same page).
fn resolved(address: &str, made: &BTreeMap<String, String>) -> Result<String, Fault> {
    let Some(rest) = address.strip_prefix('$') else { return Ok(address.to_owned()) };
    let (id, path) = rest.split_at(rest.find(['/', '?', '(']).unwrap_or(rest.len()));
    match made.get(id) {
        Some(found) => Ok(format!("{found}{path}")),
        None if id.starts_with(|first: char| first.is_ascii_digit()) => {
            Err(Fault::malformed(format!("Content-ID Reference: '${id}' does not exist in the batch context.")))
        }
        None => Ok(address.to_owned()),
    }
}

/// Replaces such references in a body, where addresses of rows stand.
fn with_addresses(body: &str, made: &BTreeMap<String, String>) -> Result<String, Fault> {
    // What is no JSON is refused by whoever reads it.
    let Ok(mut value) = serde_json::from_str::<Value>(body) else { return Ok(body.to_owned()) };
    replace(&mut value, made)?;
    Ok(value.to_string())
}

fn replace(value: &mut Value, made: &BTreeMap<String, String>) -> Result<(), Fault> {
    match value {
        Value::Object(object) => object.iter_mut().try_for_each(|(name, value)| {
            if is_address(name) { resolve_all(value, made) } else { replace(value, made) }
        }),
        Value::Array(list) => list.iter_mut().try_for_each(|inner| replace(inner, made)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
    }
}

/// Replaces one address, or those of a list.
fn resolve_all(value: &mut Value, made: &BTreeMap<String, String>) -> Result<(), Fault> {
    match value {
        Value::String(text) => *text = resolved(text, made)?,
        Value::Array(list) => list.iter_mut().try_for_each(|one| resolve_all(one, made))?,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {}
    }
    Ok(())
}

fn is_address(name: &str) -> bool {
    name.ends_with("@odata.bind") || name == "@odata.id"
}
