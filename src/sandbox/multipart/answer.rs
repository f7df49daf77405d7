//! Writes the answer to a `$batch`.

use axum::http::StatusCode;
use uuid::Uuid;

use crate::sandbox::answer::Answer;

/// The answer to one part of a batch. A change set that failed is one answer, the failed request's.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// To a request of its own, or to a change set that failed.
    One {
        /// The request's id, if it had one.
        content_id: Option<String>,
        /// The answer.
        answer: Answer,
    },
    /// To a change set that was committed: ids and answers in the order of the requests.
    ChangeSet(Vec<(String, Answer)>),
}

/// Writes the body of the answer to a batch and the content type that goes with it; `id` tells this answer from others.
pub fn render(replies: &[Reply], id: Uuid) -> (String, String) {
    let boundary = format!("batchresponse_{id}");
    let mut lines = Vec::new();
    for (number, reply) in replies.iter().enumerate() {
        lines.push(format!("--{boundary}"));
        match reply {
            Reply::One { content_id, answer } => lines.extend(part(content_id.as_deref(), answer)),
            Reply::ChangeSet(answers) => {
                let inner = format!("changesetresponse_{}", Uuid::new_v5(&id, number.to_string().as_bytes()));
                lines.push(format!("Content-Type: multipart/mixed; boundary={inner}"));
                lines.push(String::new());
                for (content_id, answer) in answers {
                    lines.push(format!("--{inner}"));
                    lines.extend(part(Some(content_id), answer));
                }
                lines.push(format!("--{inner}--"));
            }
        }
    }
    lines.push(format!("--{boundary}--"));
    lines.push(String::new());
    (format!("multipart/mixed; boundary={boundary}"), lines.join("\r\n"))
}

fn part(content_id: Option<&str>, answer: &Answer) -> Vec<String> {
    let reason = StatusCode::from_u16(answer.status).ok().and_then(|status| status.canonical_reason());
    let has_type = answer.headers.keys().any(|name| name.eq_ignore_ascii_case("content-type"));
    let mut lines = vec!["Content-Type: application/http".to_owned(), "Content-Transfer-Encoding: binary".to_owned()];
    lines.extend(content_id.map(|id| format!("Content-ID: {id}")));
    lines.push(String::new());
    lines.push(format!("HTTP/1.1 {} {}", answer.status, reason.unwrap_or_default()));
    if answer.body.is_some() && !has_type {
        lines.push("Content-Type: application/json; odata.metadata=minimal".to_owned());
    }
    lines.push("OData-Version: 4.0".to_owned());
    lines.extend(answer.headers.iter().map(|(name, value)| format!("{name}: {value}")));
    lines.push(String::new());
    lines.push(answer.body.as_ref().map(ToString::to_string).unwrap_or_default());
    lines
}
