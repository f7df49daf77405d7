//! The write half of the client: what was sent, and what is known of it afterwards.
use serde_json::Value;

use super::answer::Answer;
use super::multipart::{self, Part, PartAnswer};
use super::parcel::{Body, Parcel};
use super::problem_of::{Asked, correlation, is_html, shortened};
use super::reader::Reader;
use super::session::{Unsent, broken};
use super::wire::Lost;
use crate::problem::{Cause, Problem};
use crate::request::{Read, Request, Service};

/// The right to write. Only `apply` makes one, after a plan was approved; the architecture test keeps it that way.
#[derive(Debug)]
pub struct WritePermit(());

impl WritePermit {
    /// Says that an approved plan is about to be applied.
    pub fn for_an_approved_plan() -> Self {
        Self(())
    }
}

/// What is known of a write.
#[derive(Clone, Debug, PartialEq)]
pub enum Sent {
    /// The service did it.
    Accepted {
        /// The status.
        status: u16,
        /// The address of the row that was made or changed (`OData-EntityId`).
        entity_id: Option<String>,
        /// What the service answered.
        body: Option<Value>,
        /// The service's id for the request.
        correlation: Option<String>,
    },
    /// The service understood and said no.
    Refused(Problem),
    /// It was not done for a reason that passes: nothing arrived, or the answer (412, 429) proves that nothing was committed.
    NotCommitted(Problem),
    /// No answer, a failure or a page of something in between: it may have been done.
    Unknown(Problem),
}

/// Writes to the services of one environment.
pub struct Writer {
    reader: Reader,
    _permit: WritePermit,
}

impl Writer {
    pub(super) fn new(reader: Reader, permit: WritePermit) -> Self {
        Self { reader, _permit: permit }
    }

    /// What reads from the same environment.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// Reads one row past all caches, together with its version for `If-Match`: the first half of a rewrite.
    pub async fn read_row_with_etag(&self, read: &Read) -> Result<(String, Value), Problem> {
        self.reader.row_with_etag(read).await
    }

    /// Sends one write.
    pub async fn send(&self, request: &Request) -> Sent {
        let prepared = self.reader.target(request.service).and_then(|target| {
            let url = target.url(&request.path)?;
            let mut parcel = Parcel::new(&target, request.method.word(), &request.path, url);
            parcel.headers.extend(request.headers.iter().cloned());
            parcel.body = request.body.as_ref().map(Body::json);
            Ok((target, parcel))
        });
        let (target, parcel) = match prepared {
            Ok(prepared) => prepared,
            Err(problem) => return Sent::Refused(problem),
        };
        match self.reader.session.write(&target, &parcel).await {
            Ok(answer) => classified(&parcel.asked, &answer),
            Err(unsent) => unsent_of(unsent),
        }
    }

    /// Sends a change set to Dataverse: all of it is done, or nothing.
    pub async fn together(&self, requests: &[Request]) -> Sent {
        let prepared = self.reader.target(Service::Dataverse).and_then(|target| {
            let mut parts = Vec::new();
            for request in requests {
                if request.service != Service::Dataverse {
                    let says = format!("a request to {} cannot be part of a change set", request.service.name());
                    let next = "report this: powergrant built a change set over two services";
                    return Err(Problem::without_request(Cause::Refused, Service::Dataverse.name(), says, next));
                }
                parts.push(Part {
                    method: request.method.word(),
                    url: target.url(&request.path)?.into(),
                    headers: request.headers.clone(),
                    body: request.body.as_ref().map(Value::to_string),
                });
            }
            let parcel = Parcel::batch(&target, multipart::change_set(&parts))?;
            Ok((target, parcel))
        });
        let (target, parcel) = match prepared {
            Ok(prepared) => prepared,
            Err(problem) => return Sent::Refused(problem),
        };
        self.reader.session.counts.parts(&self.reader.session.label, parcel.who, requests.len());
        match self.reader.session.write(&target, &parcel).await {
            Ok(answer) => classified_set(&parcel.asked, requests, &answer),
            Err(unsent) => unsent_of(unsent),
        }
    }
}

/// What the answer to a write says of it.
fn classified(asked: &Asked, answer: &Answer) -> Sent {
    if !answer.is_success() {
        return declined(asked, answer);
    }
    let body = if answer.body.trim_ascii().is_empty() {
        None
    } else {
        match asked.json(answer) {
            Ok(body) => Some(body),
            Err(problem) => return Sent::Unknown(problem),
        }
    };
    Sent::Accepted {
        status: answer.status,
        entity_id: answer.header("odata-entityid").map(str::to_owned),
        body,
        correlation: correlation(&answer.headers),
    }
}

/// What an answer that is no success says of a write.
fn declined(asked: &Asked, answer: &Answer) -> Sent {
    let problem = asked.refusal(answer);
    match answer.status {
        // Nothing was done: the precondition failed, or the request was not looked at (RFC 9110 §15.5.13, RFC 6585 §4).
        412 | 429 => Sent::NotCommitted(problem),
        400..=407 | 409..=499 if !is_html(answer) => Sent::Refused(problem),
        _ => Sent::Unknown(problem),
    }
}

/// What the answer to a change set says of it.
fn classified_set(asked: &Asked, requests: &[Request], answer: &Answer) -> Sent {
    let kind = answer.header("content-type").unwrap_or_default();
    let parts = match multipart::parse(kind, &answer.body) {
        Ok(parts) => parts,
        // An error of the batch itself is plain JSON.
        Err(_) if !answer.is_success() => return declined(asked, answer),
        Err(trouble) => return Sent::Unknown(broken(asked, answer, trouble)),
    };
    // The part that failed stands alone in the answer, for all of them (Learn: execute batch operations).
    if let Some(part) = parts.iter().find(|part| !part.answer.is_success()) {
        return declined(&asked_in(asked, requests, part), &part.answer);
    }
    if !answer.is_success() {
        return declined(asked, answer);
    }
    if parts.len() != requests.len() {
        return Sent::Unknown(broken(asked, answer, multipart::Broken::Cut));
    }
    Sent::Accepted { status: answer.status, entity_id: None, body: None, correlation: correlation(&answer.headers) }
}

/// The request that a part answers, where it says which.
fn asked_in(asked: &Asked, requests: &[Request], part: &PartAnswer) -> Asked {
    let request = part.content_id.and_then(|number| requests.get(number.checked_sub(1)?));
    request.map_or_else(
        || asked.clone(),
        |request| Asked { service: asked.service, method: request.method.word(), path: shortened(&request.path) },
    )
}

/// What is known of a write without an answer.
fn unsent_of(unsent: Unsent) -> Sent {
    match unsent {
        Unsent::Lost(Lost::Unanswered(problem)) => Sent::Unknown(problem),
        Unsent::Lost(Lost::NotSent(problem)) => Sent::NotCommitted(problem),
        // Without a token nothing is sent; whether that passes depends on why.
        Unsent::SignIn(problem) if problem.cause.may_pass() => Sent::NotCommitted(problem),
        Unsent::SignIn(problem) => Sent::Refused(problem),
    }
}
