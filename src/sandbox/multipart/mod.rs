//! Reads the body of a `$batch` and writes its answer.

mod answer;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use super::fault::Fault;
pub use answer::{Reply, render};

/// How many requests a batch may have (Learn: execute batch operations).
const OPERATIONS: usize = 1000;

/// One part of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// A request of its own.
    Request(BatchRequest),
    /// Requests that succeed or fail together.
    ChangeSet(Vec<BatchRequest>),
}

/// A request inside a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchRequest {
    /// The method.
    pub method: String,
    /// The address as written: absolute, relative to the host, or relative to the service.
    pub url: String,
    /// The request's own headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body as written.
    pub body: String,
    /// The id by which later requests of the change set call it.
    pub content_id: Option<String>,
}

impl BatchRequest {
    /// Returns the path and query that the address means on this host, `root` being where the batch itself was sent
    /// (`/api/data/v9.2`). Another host is refused. `$1/…` is left to the caller, who knows what the request made.
    pub fn target(&self, host: &str, root: &str) -> Result<String, Fault> {
        if let Some((_, rest)) = self.url.split_once("://").filter(|(scheme, _)| matches!(*scheme, "http" | "https")) {
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            return if authority.eq_ignore_ascii_case(host) {
                Ok(path.to_owned())
            } else {
                Err(Fault::malformed(format!("The request address '{}' is not below the service's own.", self.url)))
            };
        }
        if self.url.starts_with('/') || self.url.starts_with('$') {
            return Ok(self.url.clone());
        }
        Ok(format!("{}/{}", root.trim_end_matches('/'), self.url))
    }
}

/// Reads a batch: `content_type` is the header that names the boundary. Lines end with CR LF, as the service requires.
pub fn parse(content_type: &str, body: &str) -> Result<Vec<Part>, Fault> {
    let boundary = boundary(content_type)?;
    let mut parts = Vec::new();
    let mut operations = 0;
    for section in sections(body, &boundary)? {
        let section = Section::parse(section)?;
        let part = if section.is_multipart() {
            Part::ChangeSet(section.change_set()?)
        } else {
            Part::Request(section.request()?)
        };
        operations += match &part {
            Part::Request(_) => 1,
            Part::ChangeSet(requests) => requests.len(),
        };
        parts.push(part);
        if operations > OPERATIONS {
            return Err(Fault::malformed(format!(
                "The current batch message contains too many parts. Only batch messages with a maximum number of '{OPERATIONS}' \
                 query operations and change sets are allowed."
            )));
        }
    }
    Ok(parts)
}

/// What stands between two boundaries: headers and content.
struct Section<'a> {
    headers: BTreeMap<String, String>,
    content: &'a str,
}

impl<'a> Section<'a> {
    fn parse(text: &'a str) -> Result<Self, Fault> {
        let (headers, content) = split_head(text);
        Ok(Self { headers: read_headers(headers)?, content })
    }

    fn content_type(&self) -> &str {
        self.headers.get("content-type").map_or("", String::as_str)
    }

    fn is_multipart(&self) -> bool {
        media_type(self.content_type()).eq_ignore_ascii_case("multipart/mixed")
    }

    fn change_set(&self) -> Result<Vec<BatchRequest>, Fault> {
        let boundary = boundary(self.content_type())?;
        let mut ids = BTreeSet::new();
        let mut requests = Vec::new();
        for text in sections(self.content, &boundary)? {
            let section = Section::parse(text)?;
            if section.is_multipart() {
                return Err(Fault::malformed("A nested change set was detected inside a change set."));
            }
            let request = section.request()?;
            if !matches!(request.method.as_str(), "POST" | "PUT" | "PATCH" | "DELETE") {
                return Err(Fault::malformed(format!(
                    "An invalid HTTP method '{}' was detected for a request in a change set. Requests in change sets only support \
                     the HTTP methods 'POST', 'PUT', 'DELETE', and 'PATCH'.",
                    request.method
                )));
            }
            // Recorded by a public client: parts of a change set need the header.
            let Some(id) = &request.content_id else {
                return Err(Fault::malformed(
                    "The header with name 'Content-ID' was not present in the header collection of the batch operation.",
                ));
            };
            if !ids.insert(id.clone()) {
                return Err(Fault::malformed(format!(
                    "The content ID '{id}' was found more than once in the same change set or same batch request."
                )));
            }
            requests.push(request);
        }
        Ok(requests)
    }

    fn request(&self) -> Result<BatchRequest, Fault> {
        if !media_type(self.content_type()).eq_ignore_ascii_case("application/http") {
            return Err(Fault::malformed(format!(
                "An invalid 'Content-Type' header value '{}' was found in a batch operation.",
                self.content_type()
            )));
        }
        if !self.headers.get("content-transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("binary")) {
            return Err(Fault::malformed(
                "A batch operation has no 'Content-Transfer-Encoding' header with the value 'binary'.",
            ));
        }
        let (line, rest) = self.content.split_once("\r\n").unwrap_or((self.content, ""));
        // The first and the last blank limit the address, so that one with blanks inside still reads.
        let (method, rest_of_line) = line.split_once(' ').ok_or_else(|| bad_request_line(line))?;
        let (url, version) = rest_of_line.rsplit_once(' ').ok_or_else(|| bad_request_line(line))?;
        if version != "HTTP/1.1" || !method.chars().all(|character| character.is_ascii_uppercase()) || url.is_empty() {
            return Err(bad_request_line(line));
        }
        let path = url.split('?').next().unwrap_or_default();
        if path.ends_with("/$batch") || path == "$batch" {
            return Err(Fault::malformed("A batch request cannot contain another batch request."));
        }
        let (headers, body) = split_head(rest);
        let headers = read_headers(headers)?;
        let content_id = self.headers.get("content-id").or_else(|| headers.get("content-id")).cloned();
        Ok(BatchRequest {
            method: method.to_owned(),
            url: url.to_owned(),
            body: measured(body, headers.get("content-length"))?.to_owned(),
            headers,
            content_id,
        })
    }
}

fn boundary(content_type: &str) -> Result<String, Fault> {
    let parameters = content_type.split(';').skip(1);
    let named = parameters.filter_map(|parameter| parameter.trim().split_once('='));
    named
        .into_iter()
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("boundary"))
        .map(|(_, value)| value.trim().trim_matches('"').to_owned())
        // 70 characters are the limit of RFC 2046.
        .filter(|boundary| !boundary.is_empty() && boundary.len() <= 70)
        .filter(|_| media_type(content_type).eq_ignore_ascii_case("multipart/mixed"))
        .ok_or_else(|| {
            Fault::malformed(format!(
                "The content type '{content_type}' must be 'multipart/mixed' and name a 'boundary' of 1 to 70 characters."
            ))
        })
}

fn media_type(content_type: &str) -> &str {
    content_type.split(';').next().unwrap_or_default().trim()
}

/// Cuts a multipart body at its delimiter lines; the same text inside a line is content.
fn sections<'a>(body: &'a str, boundary: &str) -> Result<Vec<&'a str>, Fault> {
    let delimiter = format!("--{boundary}");
    let mut sections = Vec::new();
    let mut start = None;
    let mut at = 0;
    while let Some(found) = body[at..].find(&delimiter) {
        let position = at + found;
        at = position + delimiter.len();
        if position != 0 && !body[..position].ends_with("\r\n") {
            continue;
        }
        let rest = &body[at..];
        let is_last = rest.starts_with("--");
        let line_end = rest.trim_start_matches([' ', '\t']).starts_with("\r\n");
        if !is_last && !line_end {
            continue;
        }
        if let Some(start) = start {
            // The line end before a delimiter belongs to the delimiter.
            sections.push(&body[start..position.saturating_sub(2).max(start)]);
        }
        if is_last {
            return Ok(sections);
        }
        at += rest.find("\r\n").unwrap_or(rest.len()) + 2;
        start = Some(at);
        // The line end just passed may itself precede the next delimiter.
        at -= 2;
    }
    Err(Fault::malformed(format!("The batch has no line '{delimiter}--' that ends it. Lines have to end with CRLF.")))
}

/// Splits at the first empty line; what has none is all headers.
fn split_head(text: &str) -> (&str, &str) {
    if let Some(content) = text.strip_prefix("\r\n") {
        return ("", content);
    }
    text.split_once("\r\n\r\n").unwrap_or((text, ""))
}

fn read_headers(text: &str) -> Result<BTreeMap<String, String>, Fault> {
    text.split("\r\n")
        .filter(|line| !line.is_empty())
        .map(|line| {
            let (name, value) = line.split_once(':').filter(|_| !line.contains('\n')).ok_or_else(|| {
                Fault::malformed(format!("The header '{line}' of a batch operation is not 'name: value'."))
            })?;
            Ok((name.trim().to_lowercase(), value.trim().to_owned()))
        })
        .collect()
}

fn measured<'a>(body: &'a str, length: Option<&String>) -> Result<&'a str, Fault> {
    let Some(length) = length else {
        return Ok(body);
    };
    length.parse().ok().and_then(|length: usize| body.get(..length)).ok_or_else(|| {
        Fault::malformed(format!("The body of a batch operation is shorter than its 'Content-Length' of {length}."))
    })
}

fn bad_request_line(line: &str) -> Fault {
    Fault::malformed(format!("The request line '{line}' is not 'METHOD address HTTP/1.1'."))
}
