//! A tenant of rows: it answers the filters that collecting uses, counts requests, and refuses what a test says.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;

use crate::clock::JumpingClock;
use crate::tenant::{Cloud, Credentials, Organisation, Patience, Reader, Routing, Secret, Settings, Tenant};

const TENANT: Uuid = Uuid::from_u128(0xa);
const ORGANISATION: &str = "https://contoso.crm4.dynamics.com";

/// The rows of every set, and what is refused.
#[derive(Default)]
pub(super) struct Rows {
    /// Rows by the last segment of the address; for functions a single object with an `@odata.context`.
    pub(super) sets: BTreeMap<String, Vec<Value>>,
    /// Statuses of sets that are refused.
    pub(super) refused: BTreeMap<String, u16>,
}

struct Stage {
    rows: Rows,
    seen: Mutex<Vec<String>>,
}

/// A running tenant and a reader of it.
pub(super) struct Stub {
    stage: Arc<Stage>,
    pub(super) reader: Reader,
}

impl Stub {
    pub(super) async fn start(rows: Rows) -> Self {
        let stage = Arc::new(Stage { rows, seen: Mutex::default() });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(answer).with_state(Arc::clone(&stage));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let tenant = Tenant::connect(Settings {
            cloud: Cloud::Public,
            routing: Routing::Sandbox(address),
            credentials: Credentials::ClientSecret {
                tenant: TENANT.to_string(),
                client_id: "pipeline".to_owned(),
                secret: Secret::new("hunter2"),
            },
            tenant: Some(TENANT),
            patience: Patience::default(),
            clock: Arc::new(JumpingClock::at(Timestamp::UNIX_EPOCH)),
        });
        let organisation = Organisation::parse(&Cloud::Public.into(), ORGANISATION).unwrap();
        Self { stage, reader: tenant.unwrap().reader(Some(organisation)) }
    }

    /// The addresses that were asked for, pages and batches included, tokens not.
    pub(super) fn seen(&self) -> Vec<String> {
        self.stage.seen.lock().unwrap().clone()
    }

    /// The addresses of one set.
    pub(super) fn seen_of(&self, set: &str) -> Vec<String> {
        self.seen().into_iter().filter(|path| last_segment(path) == set).collect()
    }
}

fn last_segment(path: &str) -> String {
    path.split('?').next().unwrap().rsplit('/').next().unwrap().split('(').next().unwrap().to_owned()
}

async fn answer(State(stage): State<Arc<Stage>>, request: Request) -> Response<Body> {
    let (head, body) = request.into_parts();
    let body = String::from_utf8(to_bytes(body, usize::MAX).await.unwrap().to_vec()).unwrap();
    let path = head.uri.to_string();
    if path.ends_with("/oauth2/v2.0/token") {
        return json_response(200, &token(&body));
    }
    stage.seen.lock().unwrap().push(path.clone());
    if path == "/v1.0/$batch" {
        let batch: Value = serde_json::from_str(&body).unwrap();
        let parts = batch["requests"].as_array().unwrap().iter().map(|part| {
            let (status, value) = rows_of(&stage.rows, &format!("/v1.0{}", part["url"].as_str().unwrap()), 999);
            json!({"id": part["id"], "status": status, "body": value})
        });
        return json_response(200, &json!({"responses": parts.collect::<Vec<_>>()}));
    }
    let prefer = head.headers.get("prefer").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let page = prefer.rsplit('=').next().and_then(|size| size.parse().ok()).unwrap_or(5_000);
    let (status, value) = rows_of(&stage.rows, &path, page);
    json_response(status, &value)
}

fn json_response(status: u16, value: &Value) -> Response<Body> {
    let response = Response::builder().status(status).header("content-type", "application/json");
    response.body(Body::from(value.to_string())).unwrap()
}

fn token(form: &str) -> Value {
    let form: BTreeMap<String, String> = url::form_urlencoded::parse(form.as_bytes()).into_owned().collect();
    let payload = json!({
        "aud": form["scope"].trim_end_matches("/.default"), "iss": format!("https://sts.windows.net/{TENANT}/"),
        "tid": TENANT, "idtyp": "app"
    });
    let token = format!("{}.{}.x", URL_SAFE_NO_PAD.encode("{}"), URL_SAFE_NO_PAD.encode(payload.to_string()));
    json!({"token_type": "Bearer", "expires_in": 3599, "access_token": token})
}

/// One page of what an address asks for.
fn rows_of(rows: &Rows, path: &str, page: usize) -> (u16, Value) {
    let set = last_segment(path);
    if let Some(status) = rows.refused.get(&set) {
        let code = if *status == 403 { "0x80040220" } else { "0x80060888" };
        return (*status, json!({"error": {"code": code, "message": "said no"}}));
    }
    let Some(all) = rows.sets.get(&set) else {
        return (404, json!({"error": {"code": "0x80060888", "message": format!("no segment {set}")}}));
    };
    if all.len() == 1 && all[0].get("@odata.context").is_some() {
        return (200, all[0].clone());
    }
    let url = Url::parse(&format!("{ORGANISATION}{path}")).unwrap();
    let query: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
    let found: Vec<&Value> = all.iter().filter(|row| matches(row, &query)).collect();
    let start: usize = query.get("$skiptoken").map_or(0, |token| token.parse().unwrap());
    let part: Vec<&Value> = found.iter().skip(start).take(page).copied().collect();
    let mut body = json!({"value": part});
    if start + page < found.len() {
        let rest = path.split("&$skiptoken=").next().unwrap();
        body["@odata.nextLink"] = json!(format!("{ORGANISATION}{rest}&$skiptoken={}", start + page));
    }
    (200, body)
}

/// Whether a row is one that the filter asks for: `In`, `in`, `eq` with `or`, and `contains`, as collecting writes them.
fn matches(row: &Value, query: &BTreeMap<String, String>) -> bool {
    let Some(filter) = query.get("$filter") else { return true };
    let value = |column: &str| row[column].as_str().unwrap_or_default().to_lowercase();
    if let (Some(name), Some(list)) = (query.get("@n1"), query.get("@v1")) {
        let list: BTreeSet<String> = serde_json::from_str(list).unwrap();
        let is_of_table = |code: &Value| filter.contains(&format!("objecttypecode eq '{}'", code.as_str().unwrap()));
        return list.iter().any(|one| one.to_lowercase() == value(name.trim_matches('\'')))
            && row.get("objecttypecode").is_none_or(is_of_table);
    }
    if let Some((column, list)) = filter.split_once(" in (") {
        return list.trim_end_matches(')').split(',').any(|one| one.trim_matches('\'').to_lowercase() == value(column));
    }
    if filter.contains("contains(clientdata") {
        let ids = filter.split("contains(clientdata,'").skip(1).map(|rest| &rest[..36]);
        return ids.into_iter().any(|id| value("clientdata").contains(id));
    }
    if filter == "_parentroleid_value eq null" {
        return row["_parentroleid_value"].is_null();
    }
    let of_keys = filter.rsplit_once("and (").map_or(filter.as_str(), |(_, keys)| keys.trim_end_matches(')'));
    of_keys.split(" or ").any(|condition| match condition.split_once(" eq ") {
        Some(("category" | "type", _)) | None => true,
        Some((column, key)) => value(column) == key.trim_matches('\'').to_lowercase(),
    })
}
