//! Graph's `$batch`: up to twenty requests in one JSON body, each with an answer of its own.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Request, handle};
use crate::sandbox::answer::Answer;
use crate::sandbox::claims::Claims;
use crate::sandbox::directory::Directory;
use crate::sandbox::fault::Fault;

/// How many requests a batch may have (Learn: JSON batching).
const REQUESTS: usize = 20;

/// Answers the requests of a batch.
pub(super) fn answer_all(directory: &Directory, request: Request<'_>, claims: &Claims) -> Result<Answer, Fault> {
    let requests = request.body.and_then(|body| body.get("requests")).and_then(Value::as_array);
    let requests = requests.ok_or_else(|| bad_payload("Invalid batch payload format."))?;
    if requests.len() > REQUESTS {
        return Err(bad_payload("Number of batch request steps exceeds the maximum of 20."));
    }
    let items = requests.iter().map(Item::read).collect::<Result<Vec<_>, _>>()?;
    let mut ids = BTreeSet::new();
    if !items.iter().all(|item| ids.insert(&item.id)) {
        return Err(bad_payload("Request id's of a batch must be unique."));
    }
    let mut responses: Vec<Value> = Vec::new();
    for item in &items {
        let is_held_up = item.depends_on.iter().any(|needed| {
            let answered = responses.iter().find(|response| response["id"] == *needed.as_str());
            answered.is_none_or(|response| response["status"].as_u64().is_none_or(|status| status >= 400))
        });
        responses.push(if is_held_up {
            failed_dependency(item)
        } else {
            answer_item(directory, request, claims, item)
        });
    }
    // The order of the answers is not that of the requests (Learn: JSON batching); backwards shows who relies on it.
    responses.reverse();
    Ok(Answer::json(200, json!({ "responses": responses })))
}

/// What depends on a request that failed, or that does not come before it, is not carried out (Learn: JSON batching).
fn failed_dependency(item: &Item<'_>) -> Value {
    let text = "The dependency of this request failed.";
    json!({ "id": item.id, "status": 424, "body": { "error": { "code": "FailedDependency", "message": text } } })
}

fn answer_item(directory: &Directory, outer: Request<'_>, claims: &Claims, item: &Item<'_>) -> Value {
    let (path, query) = item.url.split_once('?').unwrap_or((item.url, ""));
    // Relative to the version, with or without a slash before it.
    let path = &format!("/{}", path.trim_start_matches('/'));
    let answer = if path.trim_start_matches('/').starts_with("$batch") {
        Answer::from(bad_payload("A batch cannot contain a batch."))
    } else {
        let request = Request {
            method: item.method,
            path,
            query,
            consistency_level: header(item.value, "ConsistencyLevel"),
            body: item.value.get("body"),
            ..outer
        };
        handle(directory, request, claims)
    };
    let mut headers = json!(answer.headers);
    headers["Content-Type"] = json!("application/json");
    json!({ "id": item.id, "status": answer.status, "headers": headers, "body": answer.body })
}

/// One request of a batch.
struct Item<'a> {
    id: String,
    method: &'a str,
    url: &'a str,
    depends_on: Vec<String>,
    value: &'a Value,
}

impl<'a> Item<'a> {
    fn read(value: &'a Value) -> Result<Self, Fault> {
        let text = |name| value.get(name).and_then(Value::as_str);
        // Numbers are taken for texts: a public client counts its requests.
        let id = |value: &Value| value.as_str().map(str::to_owned).or_else(|| value.as_u64().map(|id| id.to_string()));
        let (Some(id), Some(method), Some(url)) = (value.get("id").and_then(id), text("method"), text("url")) else {
            return Err(bad_payload("Invalid batch payload format."));
        };
        if method != "GET" && value.get("body").is_some() && header(value, "Content-Type").is_none() {
            return Err(bad_payload(&format!("Write request id : {id} does not contain Content-Type header or body.")));
        }
        let needed = value.get("dependsOn").and_then(Value::as_array);
        let depends_on = needed.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
        Ok(Self { id, method, url, depends_on, value })
    }
}

fn header<'a>(item: &'a Value, name: &str) -> Option<&'a str> {
    let headers = item.get("headers")?.as_object()?;
    headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?.1.as_str()
}

fn bad_payload(message: &str) -> Fault {
    Fault::new(400, "BadRequest", message)
}
