//! One environment of a live tenant: reads it afresh and sends the steps of a plan.
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Afterwards, Answer, Session};
use crate::inventory::Inventory;
use crate::inventory::scope::Touched;
use crate::problem::{Cause, Problem};
use crate::request::{Call, Edit, Read, Request, Service};
use crate::tenant::{Sent, Writer};
use crate::{clientdata, collect};

/// Writes through a tenant's writer; reading afresh is given by the caller, who knows the scope.
pub struct Live<Reading> {
    /// The write half of the client.
    pub writer: Writer,
    /// Reads the environment afresh.
    pub read: Reading,
}

impl<Reading, Future> Session for Live<Reading>
where
    Reading: Fn() -> Future + Sync,
    Future: std::future::Future<Output = Inventory> + Send,
{
    fn read(&self) -> impl std::future::Future<Output = Inventory> + Send {
        (self.read)()
    }

    async fn confirm(&self, fresh: &Inventory, written: &Touched) -> Inventory {
        collect::confirm(self.writer.reader(), fresh, written).await
    }

    async fn send(&self, call: &Call) -> Answer {
        match call {
            Call::Send(request) => one(&self.writer, request).await,
            Call::Together(requests) => answer(self.writer.together(requests).await),
            Call::InOrder(requests) => {
                let mut ids = Vec::new();
                for request in requests {
                    match one(&self.writer, request).await {
                        Answer::Accepted { requests, .. } => ids.extend(requests),
                        other @ (Answer::Refused(_) | Answer::NotCommitted(_) | Answer::Unknown(_)) => return other,
                    }
                }
                accepted(ids)
            }
            Call::Rewrite(edit) => rewrite(&self.writer, edit).await,
        }
    }
}

async fn one(writer: &Writer, request: &Request) -> Answer {
    match writer.send(request).await {
        Sent::Accepted { body: Some(body), correlation, .. } => {
            refused_item(request, &body).map_or_else(|| accepted(correlation), Answer::Refused)
        }
        other @ (Sent::Accepted { .. } | Sent::Refused(_) | Sent::NotCommitted(_) | Sent::Unknown(_)) => answer(other),
    }
}

/// An answer without anything that a reader must know first.
fn accepted(requests: impl IntoIterator<Item = String>) -> Answer {
    Answer::Accepted { alarm: None, requests: requests.into_iter().collect(), afterwards: Afterwards::Unseen }
}

fn answer(sent: Sent) -> Answer {
    match sent {
        Sent::Accepted { correlation, .. } => accepted(correlation),
        Sent::Refused(problem) => Answer::Refused(problem),
        Sent::NotCommitted(problem) => Answer::NotCommitted(problem),
        Sent::Unknown(problem) => Answer::Unknown(problem),
    }
}

/// `modifyRoleAssignments` answers 200 and tells of each item what became of it (public client, recorded bodies).
fn refused_item(request: &Request, body: &Value) -> Option<Problem> {
    let items = ["add", "remove"].into_iter().filter_map(|list| body.get(list)?.as_array()).flatten();
    let mut statuses = items.filter_map(|item| item.get("httpStatus")?.as_str());
    let refused = statuses.find(|status| !["Created", "OK", "NoContent", "Accepted"].contains(status))?;
    let mut problem = Problem::without_request(
        Cause::Refused,
        request.service.name(),
        format!("the item was answered with {refused}"),
        "check that the principal is an object id of this tenant",
    );
    request.method.word().clone_into(&mut problem.method);
    problem.path.clone_from(&request.path);
    Some(problem)
}

/// Reads a flow's text, edits it, and writes it only if nobody wrote in between and it differs.
async fn rewrite(writer: &Writer, edit: &Edit) -> Answer {
    let path = format!("workflows({})", edit.flow);
    let read = Read::get(Service::Dataverse, format!("{path}?$select=name,clientdata,statecode,statuscode"));
    let (before, row) = match writer.read_row_with_etag(&read).await {
        Ok(row) => row,
        Err(problem) => return unread(problem),
    };
    let Some(text) = row.get("clientdata").and_then(Value::as_str) else {
        return Answer::Refused(conflict(&path, "the flow has no text"));
    };
    let text = match clientdata::edit(text, edit) {
        Ok(Some(text)) => text,
        Ok(None) => return accepted(None),
        Err(conflicting) => return Answer::Refused(conflict(&path, &conflicting.to_string())),
    };
    let mut request = Request::patch(Service::Dataverse, path.clone(), json!({ "clientdata": text }));
    request.headers = vec![("If-Match".to_owned(), before.clone())];
    request = act_as(request, edit.act_as);
    let requests = match answer(writer.send(&request).await) {
        Answer::Accepted { requests, .. } => requests,
        other @ (Answer::Refused(_) | Answer::NotCommitted(_) | Answer::Unknown(_)) => return other,
    };
    let (newer, after) = match writer.read_row_with_etag(&read).await {
        Ok(row) => row,
        Err(problem) => {
            let alarm = is_on(&row).then(|| format!("whether flow {path} is still on could not be read: {problem}"));
            return Answer::Accepted { alarm, requests, afterwards: Afterwards::Unseen };
        }
    };
    let afterwards = afterwards(edit, &after, newer != before);
    let alarm = if is_on(&row) { turned_off(writer, &path, edit, &after).await } else { None };
    Answer::Accepted { alarm, requests, afterwards }
}

/// A row that could not be read was not written either; whether that passes depends on why.
fn unread(problem: Problem) -> Answer {
    if problem.cause.may_pass() { Answer::NotCommitted(problem) } else { Answer::Refused(problem) }
}

fn is_on(row: &Value) -> bool {
    row.get("statecode").and_then(Value::as_i64) == Some(1)
}

/// What a flow's row says of an edit that was accepted. The text is compared by its modes, for the service may write it anew.
fn afterwards(edit: &Edit, row: &Value, is_newer: bool) -> Afterwards {
    let text = row.get("clientdata").and_then(Value::as_str);
    match (text.map(|text| clientdata::edit(text, edit)), is_newer) {
        (Some(Ok(None)), _) => Afterwards::Stands,
        (Some(Ok(Some(_)) | Err(_)), true) => Afterwards::PutBack,
        (Some(Ok(Some(_)) | Err(_)), false) | (None, _) => Afterwards::Unseen,
    }
}

/// A write can turn a flow off (public clients: read `statecode` again): it is turned on once, and an alarm if that fails.
async fn turned_off(writer: &Writer, path: &str, edit: &Edit, state: &Value) -> Option<String> {
    if state.get("statecode").and_then(Value::as_i64) == Some(1) {
        return None;
    }
    let name = state.get("name").and_then(Value::as_str).unwrap_or(path).to_owned();
    let request = act_as(Request::patch(Service::Dataverse, path, json!({ "statecode": 1 })), edit.act_as);
    match answer(writer.send(&request).await) {
        Answer::Accepted { .. } => None,
        Answer::Refused(problem) | Answer::NotCommitted(problem) | Answer::Unknown(problem) => {
            Some(format!("flow `{name}` was changed and is OFF now; turning it on was refused: {problem}"))
        }
    }
}

/// Impersonation by Entra object id (Learn: impersonate another user).
fn act_as(request: Request, user: Option<Uuid>) -> Request {
    match user {
        Some(user) => request.header("CallerObjectId", user.to_string()),
        None => request,
    }
}

fn conflict(path: &str, says: &str) -> Problem {
    let mut problem = Problem::without_request(Cause::Conflict, Service::Dataverse.name(), says, "plan again");
    "GET".clone_into(&mut problem.method);
    path.clone_into(&mut problem.path);
    problem
}
