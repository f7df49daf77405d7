//! The bodies of Dataverse's `$batch`: requests into one, and answers out of one, also out of a change set.
use std::fmt::Write as _;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::answer::Answer;
use super::parcel::Body;

/// One request inside of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) method: &'static str,
    pub(super) url: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Option<String>,
}

/// One answer inside of a batch.
#[derive(Clone, Debug)]
pub(super) struct PartAnswer {
    /// The part's number in its change set, which the service repeats.
    pub(super) content_id: Option<usize>,
    pub(super) answer: Answer,
}

/// Why the body of an answer is not a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// It ends before its closing boundary.
    Cut,
    /// It is something else.
    Strange,
}

/// A batch of reads.
pub(super) fn reads(parts: &[Part]) -> Body {
    let boundary = free_boundary("batch", parts);
    let mut text = String::new();
    for part in parts {
        write_part(&mut text, &boundary, None, part);
    }
    close(&mut text, &boundary);
    Body { kind: format!("multipart/mixed; boundary={boundary}"), text }
}

/// A batch of one change set: all or nothing.
pub(super) fn change_set(parts: &[Part]) -> Body {
    let (outer, inner) = (free_boundary("batch", parts), free_boundary("changeset", parts));
    let mut text = format!("--{outer}\r\nContent-Type: multipart/mixed; boundary={inner}\r\n\r\n");
    for (number, part) in parts.iter().enumerate() {
        write_part(&mut text, &inner, Some(number + 1), part);
    }
    close(&mut text, &inner);
    close(&mut text, &outer);
    Body { kind: format!("multipart/mixed; boundary={outer}"), text }
}

// Lines end in CRLF; a write needs `Content-Length` and, in a change set, `Content-ID` (third-party measurement: 0x80048d19 and
// 0x80060888 without them).
fn write_part(text: &mut String, boundary: &str, number: Option<usize>, part: &Part) {
    let Part { method, url, headers, body } = part;
    let mut line = |line: std::fmt::Arguments<'_>| {
        text.write_fmt(line).and_then(|()| text.write_str("\r\n")).expect("writing to a String does not fail");
    };
    line(format_args!("--{boundary}"));
    line(format_args!("Content-Type: application/http"));
    line(format_args!("Content-Transfer-Encoding: binary"));
    if let Some(number) = number {
        line(format_args!("Content-ID: {number}"));
    }
    line(format_args!(""));
    line(format_args!("{method} {url} HTTP/1.1"));
    for (name, value) in headers {
        line(format_args!("{name}: {value}"));
    }
    if let Some(body) = body {
        line(format_args!("Content-Type: application/json"));
        line(format_args!("Content-Length: {}", body.len()));
    }
    line(format_args!(""));
    line(format_args!("{}", body.as_deref().unwrap_or_default()));
}

fn close(text: &mut String, boundary: &str) {
    write!(text, "--{boundary}--\r\n").expect("writing to a String does not fail");
}

/// A boundary that no part contains; the same parts get the same one.
fn free_boundary(word: &str, parts: &[Part]) -> String {
    let is_taken = |boundary: &str| {
        let holds = |text: &str| text.contains(boundary);
        parts.iter().any(|part| {
            holds(&part.url)
                || part.body.as_deref().is_some_and(holds)
                || part.headers.iter().any(|(name, value)| holds(name) || holds(value))
        })
    };
    let mut number = 1_u64;
    loop {
        let boundary = format!("{word}_{number}");
        if !is_taken(&boundary) {
            return boundary;
        }
        number += 1;
    }
}

/// Reads the answers of a batch in their order, those of a change set among them.
pub(super) fn parse(kind: &str, body: &[u8]) -> Result<Vec<PartAnswer>, Broken> {
    let mut answers = Vec::new();
    collect(kind, body, 0, &mut answers)?;
    Ok(answers)
}

fn collect(kind: &str, body: &[u8], depth: u8, answers: &mut Vec<PartAnswer>) -> Result<(), Broken> {
    let boundary = boundary_of(kind).ok_or(Broken::Strange)?;
    for piece in pieces(body, &boundary)? {
        let (headers, content) = headers_of(piece).ok_or(Broken::Strange)?;
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let kind = text("content-type").unwrap_or_default();
        if kind.to_ascii_lowercase().starts_with("multipart/mixed") {
            // A change set is inside of a batch, and nothing is inside of a change set.
            if depth > 0 {
                return Err(Broken::Strange);
            }
            collect(kind, content, depth + 1, answers)?;
        } else {
            let content_id = text("content-id").and_then(|number| number.trim().parse().ok());
            answers.push(PartAnswer { content_id, answer: http_answer(content)? });
        }
    }
    Ok(())
}

/// The boundary that a content type names, with or without quotes.
fn boundary_of(kind: &str) -> Option<String> {
    let mut parameters = kind.split(';');
    if !parameters.next()?.trim().eq_ignore_ascii_case("multipart/mixed") {
        return None;
    }
    let boundary = parameters.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("boundary").then(|| value.trim().trim_matches('"').to_owned())
    })?;
    (!boundary.is_empty()).then_some(boundary)
}

/// What stands between the boundaries, which are lines of their own: a body may contain the same words within a line.
fn pieces<'body>(body: &'body [u8], boundary: &str) -> Result<Vec<&'body [u8]>, Broken> {
    let (delimiter, closing) = (format!("--{boundary}"), format!("--{boundary}--"));
    let mut pieces = Vec::new();
    let mut start = None;
    let mut offset = 0;
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let words = line.trim_ascii_end();
        let is_closing = words == closing.as_bytes();
        if is_closing || words == delimiter.as_bytes() {
            if let Some(start) = start {
                pieces.push(without_line_end(&body[start..offset]));
            }
            if is_closing {
                return Ok(pieces);
            }
            start = Some(offset + line.len());
        }
        offset += line.len();
    }
    Err(if start.is_some() || body.is_empty() { Broken::Cut } else { Broken::Strange })
}

/// The line end before a boundary belongs to the boundary (RFC 2046 §5.1.1).
fn without_line_end(piece: &[u8]) -> &[u8] {
    let piece = piece.strip_suffix(b"\n").unwrap_or(piece);
    piece.strip_suffix(b"\r").unwrap_or(piece)
}

/// Reads lines of headers up to an empty one.
fn headers_of(piece: &[u8]) -> Option<(HeaderMap, &[u8])> {
    let mut headers = HeaderMap::new();
    let mut rest = piece;
    while !rest.is_empty() {
        let (line, after) = next_line(rest);
        rest = after;
        if line.is_empty() {
            break;
        }
        let (name, value) = std::str::from_utf8(line).ok()?.split_once(':')?;
        headers.append(HeaderName::from_bytes(name.trim().as_bytes()).ok()?, HeaderValue::from_str(value.trim()).ok()?);
    }
    Some((headers, rest))
}

fn http_answer(content: &[u8]) -> Result<Answer, Broken> {
    let (line, rest) = next_line(content);
    let line = std::str::from_utf8(line).map_err(|_| Broken::Strange)?;
    let mut words = line.split_ascii_whitespace();
    let is_http = words.next().is_some_and(|version| version.starts_with("HTTP/"));
    let status = words.next().and_then(|status| status.parse().ok()).filter(|_| is_http).ok_or(Broken::Strange)?;
    let (headers, body) = headers_of(rest).ok_or(Broken::Strange)?;
    Ok(Answer::new(status, headers, body.to_vec()))
}

fn next_line(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|byte| *byte == b'\n').map_or(text.len(), |end| end + 1);
    let (line, rest) = text.split_at(end);
    (line.trim_ascii_end(), rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(url: &str) -> Part {
        Part { method: "GET", url: url.to_owned(), headers: Vec::new(), body: None }
    }

    #[test]
    fn a_change_set_is_written_as_the_service_reads_it() {
        let parts = [
            Part {
                method: "POST",
                url: "https://contoso.crm4.dynamics.com/api/data/v9.2/roles".to_owned(),
                headers: vec![("If-Match".to_owned(), "*".to_owned())],
                body: Some("{\"name\":\"ä\"}".to_owned()),
            },
            Part { method: "DELETE", ..get("https://contoso.crm4.dynamics.com/api/data/v9.2/roles(1)") },
        ];
        let body = change_set(&parts);
        assert_eq!(body.kind, "multipart/mixed; boundary=batch_1");
        insta::assert_snapshot!(body.text.replace("\r\n", "⏎\n"), @r#"
        --batch_1⏎
        Content-Type: multipart/mixed; boundary=changeset_1⏎
        ⏎
        --changeset_1⏎
        Content-Type: application/http⏎
        Content-Transfer-Encoding: binary⏎
        Content-ID: 1⏎
        ⏎
        POST https://contoso.crm4.dynamics.com/api/data/v9.2/roles HTTP/1.1⏎
        If-Match: *⏎
        Content-Type: application/json⏎
        Content-Length: 13⏎
        ⏎
        {"name":"ä"}⏎
        --changeset_1⏎
        Content-Type: application/http⏎
        Content-Transfer-Encoding: binary⏎
        Content-ID: 2⏎
        ⏎
        DELETE https://contoso.crm4.dynamics.com/api/data/v9.2/roles(1) HTTP/1.1⏎
        ⏎
        ⏎
        --changeset_1--⏎
        --batch_1--⏎
        "#);
    }

    #[test]
    fn a_boundary_is_in_no_part() {
        assert_eq!(free_boundary("batch", &[get("a"), get("batch_1/batch_2")]), "batch_3");
    }

    const NESTED: &str = "--b\r\nContent-Type: multipart/mixed; boundary=\"c\"\r\n\r\n--c\r\nContent-Type: application/http\r\n\
        Content-ID: 2\r\n\r\nHTTP/1.1 204 No Content\r\nOData-EntityId: x\r\n\r\n\r\n--c--\r\n\r\n--b\r\n\
        Content-Type: application/http\r\n\r\nHTTP/1.1 404 Not Found\r\n\r\n{\"a\":\"--b\"}\r\n--b--\r\n";

    #[test]
    fn answers_are_read_out_of_batch_and_change_set() {
        for text in [NESTED.to_owned(), NESTED.replace("\r\n", "\n")] {
            let answers = parse("multipart/mixed; boundary=b", text.as_bytes()).unwrap();
            assert_eq!(answers.iter().map(|part| part.answer.status).collect::<Vec<_>>(), [204, 404]);
            assert_eq!(answers[0].content_id, Some(2));
            assert_eq!(answers[0].answer.header("odata-entityid"), Some("x"));
            assert_eq!(answers[1].answer.body, b"{\"a\":\"--b\"}");
        }
    }

    #[test]
    fn a_batch_that_breaks_off_is_noticed_wherever_it_does() {
        for end in 0..NESTED.len() - 2 {
            let broken = parse("multipart/mixed; boundary=b", &NESTED.as_bytes()[..end]).map(|_| ());
            assert!(broken.is_err(), "{end}");
        }
        assert_eq!(parse("multipart/mixed; boundary=b", b"<html>").unwrap_err(), Broken::Strange);
        assert_eq!(parse("application/json", b"{}").unwrap_err(), Broken::Strange);
    }
}
