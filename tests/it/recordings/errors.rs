//! Errors of live services, answered word for word to the client, which has to name the cause and what to do about each.
use std::collections::BTreeMap;

use powergrant::problem::{Cause, Problem};
use powergrant::request::{Read, Service};
use powergrant::sandbox::faults::{Disturbance, Recorded, Rule};
use powergrant::sandbox::seed::Seed;
use powergrant::sandbox::{self, Running};
use powergrant::tenant::{Cloud, Organisation, Patience, Reader, Settings, Tenant};
use serde_json::{Value, json};

use super::ask::seed;
use super::{corpus, count, read};
use crate::client;

const HOST: &str = "contoso.crm4.dynamics.com";

/// What the client has to make of a recorded error.
struct Expected {
    /// The recording's own name.
    kind: &'static str,
    /// Which service answered it.
    service: Service,
    /// The status, where the recording does not say it.
    status: u16,
    cause: Cause,
    /// Words of the remedy that only this trouble has.
    remedy: &'static str,
}

const fn expected(kind: &'static str, service: Service, status: u16, cause: Cause, remedy: &'static str) -> Expected {
    Expected { kind, service, status, cause, remedy }
}

/// Every recorded error but the last, in the order of the file.
const ERRORS: &[Expected] = &[
    expected(
        "missing table privilege",
        Service::Dataverse,
        403,
        Cause::Forbidden,
        "the privilege that the message names",
    ),
    expected(
        "missing table privilege (older text)",
        Service::Dataverse,
        403,
        Cause::Forbidden,
        "the privilege that the message names",
    ),
    expected(
        "record-level access denied on a connection reference",
        Service::Dataverse,
        403,
        Cause::Forbidden,
        "share the row with the caller",
    ),
    expected("user without any role", Service::Dataverse, 403, Cause::Forbidden, "assign a security role"),
    expected("record does not exist", Service::Dataverse, 404, Cause::Gone, "plan again"),
    expected(
        "unknown table name in a function or filter",
        Service::Dataverse,
        400,
        Cause::Refused,
        "does not have this table",
    ),
    expected("unknown segment", Service::Dataverse, 404, Cause::Refused, "does not know this table, property or id"),
    expected("$skip not supported", Service::Dataverse, 400, Cause::Refused, "pages of a set"),
    expected("empty guid", Service::Dataverse, 400, Cause::Refused, "an empty id was sent"),
    expected("throttle: requests", Service::Dataverse, 429, Cause::Throttled, "too many requests"),
    expected("throttle: execution time", Service::Dataverse, 429, Cause::Throttled, "too many requests"),
    expected("throttle: concurrency", Service::Dataverse, 429, Cause::Throttled, "too many requests"),
    expected(
        "flow service: caller not allowed on the flow",
        Service::Flow,
        403,
        Cause::Forbidden,
        "every connection of the flow",
    ),
    expected("flow service: environment denied", Service::Flow, 403, Cause::Forbidden, "check the environment's id"),
    expected("flow service: not a maker", Service::Flow, 403, Cause::Forbidden, "check the environment's id"),
    expected("flow service: flow missing", Service::Flow, 404, Cause::Gone, "the flow is gone"),
    expected("BAP: environment missing", Service::Admin, 404, Cause::Gone, "check `environmentId:`"),
    expected(
        "Power Platform API: environment not yet visible to S2S",
        Service::Admin,
        404,
        Cause::Failed,
        "run again later",
    ),
    expected("Graph: object missing", Service::Graph, 404, Cause::Gone, "not in this tenant"),
    expected("Dataverse: missing/expired token", Service::Dataverse, 401, Cause::SignedOut, "sign in again"),
    expected(
        "child flow in run-only mode",
        Service::Dataverse,
        400,
        Cause::Refused,
        "child flows accept only `useThisConnection`",
    ),
    expected(
        "connection not authorised on activation or save",
        Service::Dataverse,
        403,
        Cause::Forbidden,
        "share the connections with the caller",
    ),
    expected("role not inheritable for a group team", Service::Dataverse, 400, Cause::Refused, "privilege inheritance"),
    expected("solution operation running", Service::Dataverse, 400, Cause::Conflict, "a solution operation is running"),
];

/// Not an answer to a client but a text on a screen: the run of a flow in the embedded tenant reproduces it.
const ON_A_SCREEN: &str = "the forum's user";

/// What the recording says, as an answer; several where headers were seen in several spellings.
fn answers(recording: &Value, status: u16) -> Vec<Recorded> {
    let code = recording["code"].as_str().unwrap_or_default();
    let body = if recording["body"]["error"].is_object() {
        Some(recording["body"].clone())
    } else if let Some(cut) = recording["body_prefix"].as_str() {
        // Cut inside of the message.
        Some(serde_json::from_str(&format!("{cut}\"}}}}")).expect("a body that was cut in its message"))
    } else {
        recording["message"].as_str().map(|message| json!({ "error": { "code": code, "message": message } }))
    };
    let status = recording["http"].as_u64().map_or(status, |status| u16::try_from(status).expect("a status"));
    let mut spellings = vec![BTreeMap::new()];
    for (name, value) in recording["headers"].as_object().into_iter().flatten() {
        let values: Vec<&str> = match value {
            Value::Array(values) => values.iter().filter_map(Value::as_str).collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
                value.as_str().into_iter().collect()
            }
        };
        spellings = spellings
            .iter()
            .flat_map(|known| {
                values.iter().map(|value| {
                    let mut headers: BTreeMap<String, String> = known.clone();
                    headers.insert(name.clone(), value.replace("<seconds>", "1"));
                    headers
                })
            })
            .collect();
    }
    spellings.into_iter().map(|headers| Recorded { status, headers, body: body.clone() }).collect()
}

async fn tenant() -> (Running, Reader) {
    let seed = Seed::parse(&seed(HOST, "")).expect("the seed is sound");
    let running = sandbox::start(sandbox::Options::new(seed)).await.expect("the tenant starts");
    let patience = Patience { attempts: 2, ..Patience::default() };
    let settings = Settings { patience, ..client::settings(&running) };
    let organisation = Organisation::parse(&Cloud::Public.into(), &format!("https://{HOST}")).expect("an address");
    let reader = Tenant::connect(settings).expect("a client").reader(Some(organisation));
    (running, reader)
}

async fn problem(running: &Running, reader: &Reader, service: Service, answer: Recorded) -> Problem {
    let path = match service {
        Service::Dataverse => "roles",
        Service::Graph => "users",
        Service::Admin => "scopes/admin/environments",
        Service::Flow => "scopes/admin/environments/e/v2/flows",
    };
    let rule = Rule { times: 0, ..Rule::on(path, Disturbance::Recorded(answer)) };
    {
        let tenant = running.tenant();
        let mut tenant = tenant.lock().expect("no holder of this lock panics");
        tenant.faults.clear();
        tenant.faults.schedule(rule);
    }
    reader.one(&Read::get(service, path)).await.expect_err("the answer is an error")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_names_cause_and_remedy_of_every_recorded_error() {
    let Some(folder) = corpus("the_client_names_cause_and_remedy_of_every_recorded_error") else { return };
    let recorded = read(&folder.join("errors/recorded-errors.json"));
    let recorded = recorded.as_array().expect("a list of errors");
    let kinds: Vec<&str> = recorded.iter().filter_map(|error| error["kind"].as_str()).collect();
    let listed: Vec<&str> = ERRORS.iter().map(|expected| expected.kind).chain([ON_A_SCREEN]).collect();
    assert_eq!(kinds, listed);
    let (running, reader) = tenant().await;
    let mut answered = 0;
    for (recording, expected) in recorded.iter().zip(ERRORS) {
        for answer in answers(recording, expected.status) {
            let status = answer.status;
            let problem = problem(&running, &reader, expected.service, answer).await;
            let kind = expected.kind;
            assert_eq!((problem.cause, problem.status), (expected.cause, Some(status)), "{kind}: {problem:?}");
            assert!(problem.next.contains(expected.remedy), "{kind}: {problem:?}");
            // What the service said reaches the user, with the code to search for: that of the error inside, where there is one.
            let says = recording["body"]["error"]["message"].as_str().or_else(|| recording["message"].as_str());
            let is_said = says.is_none_or(|says| {
                let start: String = problem.says.chars().take(60).collect();
                says.replace("\\\"", "\"").contains(&start)
            });
            assert!(is_said, "{kind}: {problem:?}");
            answered += 1;
        }
    }
    count(
        "recorded errors answered to the client",
        &format!("{} of {}, in {answered} answers", ERRORS.len(), recorded.len()),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_forums_user_saw_is_what_a_run_of_the_flow_says() {
    let Some(folder) = corpus("what_the_forums_user_saw_is_what_a_run_of_the_flow_says") else { return };
    let recorded = read(&folder.join("errors/recorded-errors.json"));
    let last = recorded.as_array().and_then(|all| all.last()).expect("a list of errors");
    assert_eq!(last["kind"], ON_A_SCREEN);
    let rest = "      connectionReferences:
        - { name: contoso_sharepoint, connector: shared_sharepointonline, connection: c, owner: mia@contoso.com }
      flows:
        - name: Expense intake
          owner: mia@contoso.com
          trigger: Skills
          connections: { shared_sharepointonline: { reference: contoso_sharepoint, mode: invoker } }
          shares: [ { user: ada@contoso.com, rights: runOnly } ]
";
    let asked = super::ask::Asked::start(&seed(HOST, rest)).await;
    let (user, flow) = asked.user_and_flow("ada@contoso.com", "Expense intake");
    let question = json!({ "organization": HOST, "user": user, "flow": flow }).to_string();
    let answered = asked.send(("POST", "127.0.0.1", "/_sandbox/run"), &BTreeMap::new(), Some(question)).await;
    let (step, message) = (&answered.body["step"], answered.body["message"].as_str().expect("a message"));
    assert_eq!(step, "link", "{}", answered.body);
    assert!(last["body"]["text"].as_str().expect("the text on the screen").starts_with(message), "{message}");
}
