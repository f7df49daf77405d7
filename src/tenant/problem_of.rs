//! What an HTTP answer means when it is not what was asked for.
use reqwest::header::HeaderMap;
use serde_json::Value;

use super::answer::Answer;
use super::remedies;
use crate::problem::{Cause, Problem, clip};

/// A request, as far as a problem names it.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) service: &'static str,
    pub(super) method: &'static str,
    pub(super) path: String,
}

impl Asked {
    /// A problem with this request that no answer came for, or an answer that cannot be used.
    pub(super) fn problem(&self, cause: Cause, status: Option<u16>, says: &str) -> Problem {
        Problem {
            cause,
            service: self.service.to_owned(),
            method: self.method.to_owned(),
            path: shortened(&self.path),
            status,
            code: None,
            correlation: None,
            says: clip(says),
            next: remedies::of_cause(cause).to_owned(),
        }
    }

    /// The problem that an answer is, whose status says that it is one.
    pub(super) fn refusal(&self, answer: &Answer) -> Problem {
        let error = ServiceError::of(&answer.body);
        let is_html = is_html(answer);
        let known = error.code.as_deref().and_then(remedies::of_code).or_else(|| remedies::of_text(&error.says));
        let by_status = cause_of(answer.status);
        let cause = match &known {
            Some(known) => known.cause.unwrap_or(by_status),
            // A page instead of the service's own JSON comes from something in between, unless that says that the service is down.
            None if is_html && !matches!(by_status, Cause::Failed | Cause::Throttled) => Cause::Malformed,
            // A 404 without the service's own words comes from a gateway and says nothing about the thing that was asked for
            // (recorded: an empty 404 of the wrong host).
            None if by_status == Cause::Gone && error.code.is_none() => Cause::Malformed,
            None => by_status,
        };
        let mut problem = self.problem(cause, Some(answer.status), &error.says);
        if problem.says.is_empty() {
            problem.says = String::from(if is_html { "a web page instead of JSON" } else { "no message" });
        }
        if let Some(known) = known {
            known.next.clone_into(&mut problem.next);
        } else if is_claims_challenge(answer) {
            remedies::REVOKED.clone_into(&mut problem.next);
        }
        problem.code = error.code.map(|code| clip(&code));
        problem.correlation = correlation(&answer.headers).or(error.request);
        problem
    }

    /// Reads the JSON that an answer must be.
    pub(super) fn json(&self, answer: &Answer) -> Result<Value, Problem> {
        let unusable = |cause, says: &str| {
            let mut problem = self.problem(cause, Some(answer.status), says);
            problem.correlation = correlation(&answer.headers);
            problem
        };
        if is_html(answer) {
            return Err(unusable(Cause::Malformed, "a web page instead of JSON"));
        }
        serde_json::from_slice(&answer.body).map_err(|error| {
            if error.is_eof() {
                unusable(Cause::Incomplete, "the answer broke off before its end")
            } else {
                unusable(Cause::Malformed, &format!("the answer is not JSON: {error}"))
            }
        })
    }
}

/// The error that a service wrote into its answer.
#[derive(Debug, Default, PartialEq)]
struct ServiceError {
    code: Option<String>,
    says: String,
    request: Option<String>,
}

impl ServiceError {
    fn of(body: &[u8]) -> Self {
        match serde_json::from_slice::<Value>(body) {
            Ok(value) => Self::of_json(&value),
            Err(_) if body.trim_ascii_start().starts_with(b"<") => Self::default(),
            // Cut off or not JSON at all: the words are still of use.
            Err(_) => Self { says: String::from_utf8_lossy(body).trim().to_owned(), ..Self::default() },
        }
    }

    fn of_json(value: &Value) -> Self {
        let text = |value: &Value| value.as_str().map(str::to_owned).filter(|text| !text.is_empty());
        // `{"error": {"code", "message", "innerError": {"request-id"}}}`: Dataverse, Graph, the admin API and Flow.
        if let Some(error @ Value::Object(_)) = value.get("error") {
            let code = text(&error["code"]);
            let says = text(&error["message"]).unwrap_or_default();
            let request = text(&error["innerError"]["request-id"]);
            let inner = is_wrapper(code.as_deref()).then(|| wrapped(&says)).flatten();
            return inner.unwrap_or(Self { code, says, request });
        }
        // `{"errors": [{"Code", "Description"}]}`: addUser of the admin API (reported).
        if let Some(first) = value.get("errors").and_then(|errors| errors.get(0)) {
            return Self {
                code: text(&first["Code"]),
                says: text(&first["Description"]).unwrap_or_default(),
                request: None,
            };
        }
        let says = ["Message", "message"].iter().find_map(|name| text(&value[*name]));
        Self { code: text(&value["code"]), says: says.unwrap_or_default(), request: None }
    }
}

/// Says whether an error of this code has another service's error in its message.
fn is_wrapper(code: Option<&str>) -> bool {
    // Flow behind Dataverse (reported: `Flow client error returned with status code … and details "{…}"`), and Azure behind Flow.
    matches!(code, Some("0x80060467" | "AzureResourceManagerRequestFailed"))
}

/// The error inside of a message.
fn wrapped(message: &str) -> Option<ServiceError> {
    let start = message.find('{')?;
    let end = message.rfind('}')?;
    let text = message.get(start..=end)?;
    // Reporters pasted it both with and without the quotes escaped.
    let value: Value =
        serde_json::from_str(text).or_else(|_| serde_json::from_str(&text.replace("\\\"", "\""))).ok()?;
    let error = ServiceError::of_json(&value);
    (error.code.is_some() || !error.says.is_empty()).then_some(error)
}

/// The kind of trouble that a status stands for (Learn: compose HTTP requests and handle errors).
fn cause_of(status: u16) -> Cause {
    match status {
        401 => Cause::SignedOut,
        403 => Cause::Forbidden,
        404 | 410 => Cause::Gone,
        409 | 412 => Cause::Conflict,
        429 => Cause::Throttled,
        408 | 425 | 500.. => Cause::Failed,
        // No redirect is followed: the token would go to where it points.
        300..=399 => Cause::Malformed,
        _ => Cause::Refused,
    }
}

/// The service's id for a request: Dataverse, the gateways of the admin API and Flow, Graph (recorded headers).
pub(super) fn correlation(headers: &HeaderMap) -> Option<String> {
    ["x-ms-service-request-id", "REQ_ID", "x-ms-correlation-request-id", "request-id", "x-ms-request-id"]
        .iter()
        .find_map(|name| headers.get(*name)?.to_str().ok())
        .map(clip)
}

/// Says whether an answer refuses a token for what it does not say of its bearer (Learn: continuous access evaluation).
pub(super) fn is_claims_challenge(answer: &Answer) -> bool {
    answer.header("www-authenticate").is_some_and(|challenge| challenge.contains("insufficient_claims"))
}

/// Says whether an answer is a web page: of a proxy, a sign-in or an outage.
pub(super) fn is_html(answer: &Answer) -> bool {
    let says_so = answer.header("content-type").is_some_and(|kind| kind.trim_start().starts_with("text/html"));
    says_so || answer.body.trim_ascii_start().starts_with(b"<")
}

/// A path that fits on a line; filters over many ids do not.
pub(super) fn shortened(path: &str) -> String {
    let mut path = path.to_owned();
    if let Some((end, _)) = path.char_indices().nth(160) {
        path.truncate(end);
        path.push('…');
    }
    path
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn asked() -> Asked {
        Asked { service: "Dataverse", method: "GET", path: "roles".to_owned() }
    }

    fn refusal(status: u16, body: &str) -> Problem {
        asked().refusal(&Answer::new(status, HeaderMap::new(), body.as_bytes().to_vec()))
    }

    fn error(status: u16, code: &str, message: &str) -> Problem {
        refusal(status, &json!({ "error": { "code": code, "message": message } }).to_string())
    }

    #[test]
    fn a_missing_privilege_says_which_right_to_give() {
        let problem = error(403, "0x80040220", "Principal user is missing prvReadWorkflow privilege");
        assert_eq!((problem.cause, problem.code.as_deref()), (Cause::Forbidden, Some("0x80040220")));
        assert_eq!(problem.says, "Principal user is missing prvReadWorkflow privilege");
        assert!(problem.next.contains("security role with the privilege"));
    }

    #[test]
    fn an_error_of_flow_is_unwrapped_from_the_one_of_dataverse() {
        let inner = r#"{"error":{"code":"ChildFlowUnsupportedForInvokerConnections","message":"cannot be a child"}}"#;
        for inner in [inner.to_owned(), inner.replace('"', "\\\"")] {
            let says = format!("Flow client error returned with status code \"BadRequest\" and details \"{inner}\".");
            let problem = error(400, "0x80060467", &says);
            assert_eq!(problem.code.as_deref(), Some("ChildFlowUnsupportedForInvokerConnections"));
            assert_eq!((problem.cause, problem.says.as_str()), (Cause::Refused, "cannot be a child"));
        }
        let opaque = error(400, "0x80060467", "Flow client error {not JSON}");
        assert_eq!(opaque.code.as_deref(), Some("0x80060467"));
    }

    #[test]
    fn a_404_is_gone_only_in_the_services_own_words() {
        assert_eq!(error(404, "0x80040217", "Does Not Exist").cause, Cause::Gone);
        assert_eq!(error(404, "EnvironmentNotFound", "could not be found").cause, Cause::Gone);
        assert_eq!(error(404, "0x80060888", "Resource not found for the segment 'rolez'").cause, Cause::Refused);
        assert_eq!(refusal(404, "").cause, Cause::Malformed);
        assert_eq!(refusal(404, "<html>not here</html>").cause, Cause::Malformed);
    }

    #[test]
    fn a_web_page_is_not_an_answer() {
        let problem = refusal(403, "<!DOCTYPE html><html></html>");
        assert_eq!((problem.cause, problem.says.as_str()), (Cause::Malformed, "a web page instead of JSON"));
        assert_eq!(refusal(502, "<html></html>").cause, Cause::Failed);
        let mut headers = HeaderMap::new();
        headers.insert("content-type", "text/html; charset=utf-8".parse().unwrap());
        let page = Answer::new(200, headers, b"sign in".to_vec());
        assert_eq!(asked().json(&page).unwrap_err().cause, Cause::Malformed);
    }

    #[test]
    fn a_body_that_breaks_off_is_incomplete_and_another_is_malformed() {
        let json = |body: &str| asked().json(&Answer::new(200, HeaderMap::new(), body.as_bytes().to_vec()));
        assert_eq!(json(r#"{"value":[{"a""#).unwrap_err().cause, Cause::Incomplete);
        assert_eq!(json("").unwrap_err().cause, Cause::Incomplete);
        assert_eq!(json("value: 1").unwrap_err().cause, Cause::Malformed);
    }

    #[test]
    fn add_user_has_an_envelope_of_its_own() {
        let body = json!({ "errors": [{ "Subject": "Result", "Description": "not part", "Code": "userNotPartOfSecurityGroup" }] });
        let problem = refusal(403, &body.to_string());
        assert_eq!((problem.cause, problem.says.as_str()), (Cause::Forbidden, "not part"));
        assert!(problem.next.contains("security group"));
    }

    #[test]
    fn the_request_is_named_for_support() {
        let mut headers = HeaderMap::new();
        headers.insert("request-id", "r".parse().unwrap());
        headers.insert("req_id", "q".parse().unwrap());
        assert_eq!(correlation(&headers).as_deref(), Some("q"));
        let body = json!({ "error": { "code": "x", "message": "", "innerError": { "request-id": "inner" } } });
        assert_eq!(refusal(400, &body.to_string()).correlation.as_deref(), Some("inner"));
    }

    #[test]
    fn long_paths_are_cut_between_letters() {
        assert_eq!(shortened(&"ä".repeat(200)), format!("{}…", "ä".repeat(160)));
    }

    /// Classifies recorded errors, where a folder of them is given: `POWERGRANT_CORPUS`.
    #[test]
    fn every_recorded_error_is_classified() {
        let Some(folder) = std::env::var_os("POWERGRANT_CORPUS") else { return };
        let path = std::path::Path::new(&folder).join("errors/recorded-errors.json");
        let Ok(text) = std::fs::read_to_string(path) else { return };
        let errors: Vec<Value> = serde_json::from_str(&text).unwrap();
        for recorded in errors {
            let status = u16::try_from(recorded["http"].as_u64().unwrap_or(400)).unwrap();
            let code = recorded["code"].as_str();
            let body = match (&recorded["body"], recorded["message"].as_str()) {
                (Value::Object(body), _) if body.contains_key("error") => Value::Object(body.clone()),
                (_, Some(says)) => json!({ "error": { "code": code.unwrap_or_default(), "message": says } }),
                _ => continue,
            };
            let problem = refusal(status, &body.to_string());
            let kind = &recorded["kind"];
            assert!(!problem.says.is_empty() && !problem.next.is_empty(), "{kind}: {problem:?}");
            if let Some(code) = problem.code.as_deref() {
                assert!(remedies::of_code(code).is_some(), "{kind}: {code} has no remedy");
            }
            if status == 429 {
                assert_eq!(problem.cause, Cause::Throttled, "{kind}");
            }
        }
    }
}
