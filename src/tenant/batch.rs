//! Many reads in few requests: `$batch` of Dataverse and of Graph.
use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};

use super::answer::Answer;
use super::hosts::Target;
use super::multipart::{self, Part};
use super::parcel::{Body, Parcel};
use super::reader::{Reader, get};
use super::retry::{is_passing, retry_after};
use super::session::broken;
use crate::problem::{Cause, Problem};
use crate::request::{Read, Service};

/// Reads in one batch of Dataverse, which takes 1,000 but does them one after the other (Learn: execute batch operations).
const DATAVERSE: usize = 100;
/// Reads in one batch of Graph (Learn: JSON batching).
const GRAPH: usize = 20;
/// Batches under way; what really is in flight is decided at each host's gate.
const UNDER_WAY: usize = 8;

/// A read of a batch that has no answer yet.
struct Open {
    index: usize,
    parcel: Parcel,
}

type Done = Vec<(usize, Result<Value, Problem>)>;

impl Reader {
    /// Reads many things in batches; the answers stand in the order of the questions, and each has its own problem.
    pub async fn many(&self, reads: Vec<Read>) -> Vec<Result<Value, Problem>> {
        let mut of_service: BTreeMap<Service, Vec<(usize, Read)>> = BTreeMap::new();
        let count = reads.len();
        for (index, read) in reads.into_iter().enumerate() {
            of_service.entry(read.service()).or_default().push((index, read));
        }
        let mut chunks = Vec::new();
        for (service, mut reads) in of_service {
            let size = match service {
                Service::Dataverse => DATAVERSE,
                Service::Graph => GRAPH,
                Service::Admin | Service::Flow => 1,
            };
            while !reads.is_empty() {
                let rest = reads.split_off(size.min(reads.len()));
                chunks.push((service, std::mem::replace(&mut reads, rest)));
            }
        }
        let batches = chunks.into_iter().map(|(service, reads)| self.batch(service, reads));
        let done: Vec<Done> = stream::iter(batches).buffer_unordered(UNDER_WAY).collect().await;
        let mut done: BTreeMap<usize, Result<Value, Problem>> = done.into_iter().flatten().collect();
        (0..count).map(|index| done.remove(&index).expect("every read is answered or has a problem")).collect()
    }

    /// Reads one batch, and again those of its parts whose trouble passes.
    async fn batch(&self, service: Service, reads: Vec<(usize, Read)>) -> Done {
        if let [(index, read)] = reads.as_slice() {
            return vec![(*index, self.one(read).await)];
        }
        let target = match self.target(service) {
            Ok(target) => target,
            Err(problem) => return reads.into_iter().map(|(index, _)| (index, Err(problem.clone()))).collect(),
        };
        let mut done = Done::new();
        let mut open = Vec::new();
        for (index, read) in reads {
            match get(&target, &read) {
                Ok(parcel) => open.push(Open { index, parcel }),
                Err(problem) => done.push((index, Err(problem))),
            }
        }
        let mut attempt = 1;
        while let Some(first) = open.first() {
            let url = first.parcel.url.clone();
            let answers = match self.send(&target, &open).await {
                Ok(answers) => answers,
                Err(problem) => {
                    done.extend(open.into_iter().map(|part| (part.index, Err(problem.clone()))));
                    return done;
                }
            };
            let mut again: Vec<(Open, Problem)> = Vec::new();
            let mut pause: Option<Duration> = None;
            for (part, answer) in open.into_iter().zip(answers) {
                match outcome(&part, answer.as_ref()) {
                    Ok(value) => {
                        let value = self.completed(&target, part.parcel, value).await;
                        done.push((part.index, value));
                    }
                    Err(problem) if is_passing(&problem) => {
                        let asked_for = answer.and_then(|answer| retry_after(&answer.headers, self.session.now()));
                        pause = pause.max(asked_for);
                        again.push((part, problem));
                    }
                    Err(problem) => done.push((part.index, Err(problem))),
                }
            }
            let Some(problem) =
                again.iter().map(|(_, problem)| problem).max_by_key(|problem| problem.cause == Cause::Throttled)
            else {
                return done;
            };
            if self.session.wait(&url, attempt, pause, problem.clone()).await.is_err() {
                done.extend(again.into_iter().map(|(part, problem)| (part.index, Err(problem))));
                return done;
            }
            open = again.into_iter().map(|(part, _)| part).collect();
            attempt += 1;
        }
        done
    }

    /// Sends one batch; an answer for each part, or nothing where the service left one out.
    async fn send(&self, target: &Target, open: &[Open]) -> Result<Vec<Option<Answer>>, Problem> {
        let session = &self.session;
        let body = if target.service == Service::Graph { graph_body(open) } else { dataverse_body(open) };
        let mut parcel = Parcel::batch(target, body)?;
        if target.service == Service::Dataverse {
            // Without it the first part that fails ends the batch (Learn: execute batch operations).
            parcel.headers.push(("Prefer".to_owned(), "odata.continue-on-error".to_owned()));
        }
        session.counts.parts(&session.label, parcel.who, open.len());
        session
            .read(target, &parcel, |answer| {
                if target.service == Service::Graph {
                    graph_answers(&parcel, answer, open.len())
                } else {
                    dataverse_answers(&parcel, answer, open.len())
                }
            })
            .await
    }
}

/// What a part came to.
fn outcome(part: &Open, answer: Option<&Answer>) -> Result<Value, Problem> {
    match answer {
        Some(answer) if answer.is_success() => part.parcel.asked.json(answer),
        Some(answer) => Err(part.parcel.asked.refusal(answer)),
        None => Err(part.parcel.asked.problem(Cause::Incomplete, None, "the batch has no answer for this read")),
    }
}

fn dataverse_body(open: &[Open]) -> Body {
    let parts: Vec<Part> = open
        .iter()
        .map(|Open { parcel, .. }| Part {
            method: "GET",
            url: parcel.url.to_string(),
            headers: parcel.headers.clone(),
            body: None,
        })
        .collect();
    multipart::reads(&parts)
}

fn dataverse_answers(parcel: &Parcel, answer: &Answer, count: usize) -> Result<Vec<Option<Answer>>, Problem> {
    if super::problem_of::is_html(answer) {
        return Err(parcel
            .asked
            .json(answer)
            .err()
            .unwrap_or_else(|| broken(&parcel.asked, answer, multipart::Broken::Strange)));
    }
    let parts = multipart::parse(answer.header("content-type").unwrap_or_default(), &answer.body)
        .map_err(|trouble| broken(&parcel.asked, answer, trouble))?;
    // The answers have no names, only their order; with too many nobody knows whose they are.
    if parts.len() > count {
        return Err(broken(&parcel.asked, answer, multipart::Broken::Strange));
    }
    let mut answers: Vec<Option<Answer>> = parts.into_iter().map(|part| Some(part.answer)).collect();
    answers.resize_with(count, || None);
    Ok(answers)
}

fn graph_body(open: &[Open]) -> Body {
    let requests: Vec<Value> = open
        .iter()
        .enumerate()
        .map(|(id, Open { parcel, .. })| {
            // Relative to the version (Learn: JSON batching).
            let path = parcel.url.path().trim_start_matches("/v1.0");
            let url = parcel.url.query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
            json!({ "id": id.to_string(), "method": "GET", "url": url })
        })
        .collect();
    Body::json(&json!({ "requests": requests }))
}

/// Reads the answers of Graph, which come in any order.
fn graph_answers(parcel: &Parcel, answer: &Answer, count: usize) -> Result<Vec<Option<Answer>>, Problem> {
    let strange =
        || parcel.asked.problem(Cause::Malformed, Some(answer.status), "the answer to the batch is not a batch");
    let value = parcel.asked.json(answer)?;
    let responses = value["responses"].as_array().ok_or_else(strange)?;
    let mut answers: Vec<Option<Answer>> = vec![None; count];
    for response in responses {
        let id = response["id"].as_str().and_then(|id| id.parse::<usize>().ok()).filter(|id| *id < count);
        let status = response["status"].as_u64().and_then(|status| u16::try_from(status).ok());
        let (Some(id), Some(status)) = (id, status) else { return Err(strange()) };
        let mut headers = HeaderMap::new();
        for (name, value) in response["headers"].as_object().into_iter().flatten() {
            let name = HeaderName::from_bytes(name.as_bytes());
            let value = value.as_str().map(HeaderValue::from_str);
            if let (Ok(name), Some(Ok(value))) = (name, value) {
                headers.insert(name, value);
            }
        }
        answers[id] = Some(Answer::new(status, headers, response["body"].to_string().into_bytes()));
    }
    Ok(answers)
}
