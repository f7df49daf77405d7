//! The sandbox asked as a client asks it, without a socket but where the socket is the question.

mod access_law;
mod access_rules;
mod access_table;
mod aggregates;
mod any_client;
mod batches;
mod fetch_joins;
mod fetch_refusals;
mod fetch_xml;
mod flow_service;
mod flows;
mod front;
mod open_questions;
mod principals;
mod reading;
mod refusals;
mod roles;
mod services;
mod sharing;
mod socket;
mod stranger;
mod trouble;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use uuid::Uuid;

use super::answer::Answer;
use super::hold::Holds;
use super::incoming::Incoming;
use super::organization::Organization;
use super::seed::{Seed, default_seed, make};
use super::service::respond;
use super::shared::{Shared, lock};
use super::tenant::Tenant;
use super::variants::Variants;

const HOST: &str = "contoso.crm4.dynamics.com";
const ENVIRONMENT: &str = "contoso-prod";
const NOW: i64 = 1_800_000_000;

/// A tenant, and the tokens of one caller.
struct Client {
    shared: Arc<Shared>,
    login: String,
}

/// The compiled-in tenant, asked by powergrant's application.
fn sandbox() -> Client {
    changed(|_| {})
}

/// The same with a seed that was changed as text.
fn sandbox_of(yaml: &str) -> Client {
    let seed = Seed::parse(yaml).unwrap();
    let tenant = make(&seed).unwrap();
    let shared =
        Shared { tenant: Arc::new(Mutex::new(tenant)), holds: Holds::default(), keeper: None, seed, now: || NOW };
    Client { shared: Arc::new(shared), login: "33333333-3333-3333-3333-333333333333".to_owned() }
}

fn changed(change: impl FnOnce(&mut Variants)) -> Client {
    let client = sandbox_of(default_seed());
    change(&mut lock(&client.shared.tenant).variants);
    client
}

impl Client {
    /// The same tenant, asked by powergrant's application.
    fn by_application(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), login: self.login.clone() }
    }

    /// The same tenant, asked by a person.
    fn by(&self, upn: &str) -> Self {
        Self { shared: Arc::clone(&self.shared), login: format!("user:{upn}") }
    }

    fn token(&self, resource: &str) -> String {
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret=sandbox&scope={resource}/.default",
            self.login
        );
        let tenant = lock(&self.shared.tenant);
        let answer = tenant.issuer.issue(&tenant.directory, "contoso.com", &form, NOW);
        answer.body.unwrap()["access_token"].as_str().unwrap().to_owned()
    }

    fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut all = BTreeMap::from([
            ("authorization".to_owned(), format!("Bearer {}", self.token(&format!("https://{HOST}")))),
            ("content-type".to_owned(), "application/json".to_owned()),
        ]);
        all.extend(headers.iter().map(|(name, value)| (name.to_lowercase(), (*value).to_owned())));
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/api/data/v9.2/{path}") };
        let incoming = Incoming { method, scheme: "https", host: HOST, path: &path, query, headers: &all, body };
        respond(&self.shared, &incoming)
    }

    fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], "")
    }

    fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask("POST", path, &[], &body.to_string())
    }

    fn patch(&self, path: &str, body: &Value) -> Answer {
        self.ask("PATCH", path, &[("If-Match", "*")], &body.to_string())
    }

    /// The rows of a set; panics when it is refused.
    fn rows(&self, path: &str) -> Vec<Value> {
        let answer = self.get(path);
        assert_eq!(answer.status, 200, "{path}: {:?}", answer.body);
        answer.body.unwrap()["value"].as_array().unwrap().clone()
    }

    fn with<T>(&self, look: impl FnOnce(&mut Organization) -> T) -> T {
        look(lock(&self.shared.tenant).organization_mut(ENVIRONMENT).unwrap())
    }

    fn tenant<T>(&self, look: impl FnOnce(&mut Tenant) -> T) -> T {
        look(&mut lock(&self.shared.tenant))
    }

    fn fingerprint(&self) -> String {
        lock(&self.shared.tenant).fingerprint()
    }

    fn flow(&self, name: &str) -> Uuid {
        self.with(|organization| organization.named("workflow", name).unwrap())
    }

    fn object(&self, upn: &str) -> Uuid {
        self.tenant(|tenant| tenant.directory.user_by_upn(upn).unwrap().0)
    }

    fn user(&self, upn: &str) -> Uuid {
        let object = self.object(upn);
        self.with(|organization| super::principals::user_of(organization, object).unwrap())
    }

    fn role(&self, name: &str) -> Uuid {
        self.with(|organization| super::roles::root_named(organization, name).unwrap())
    }

    fn privilege(&self, name: &str) -> Uuid {
        self.with(|organization| organization.privilege_id(name))
    }

    fn unit(&self) -> Uuid {
        self.with(|organization| organization.root_unit())
    }

    /// Makes a role through the service; returns its id.
    fn new_role(&self, name: &str) -> Uuid {
        let id = Uuid::new_v5(&Uuid::nil(), name.as_bytes());
        let body = json!({ "roleid": id, "name": name, "isinherited": 1,
            "businessunitid@odata.bind": format!("/businessunits({})", self.unit()) });
        assert_eq!(self.post("roles", &body).status, 204);
        id
    }

    fn assign(&self, upn: &str, role: Uuid) -> Answer {
        let path = format!("systemusers({})/systemuserroles_association/$ref", self.user(upn));
        self.post(&path, &json!({ "@odata.id": format!("https://{HOST}/api/data/v9.2/roles({role})") }))
    }
}

/// The rows of an answer; panics when it is a refusal.
fn values(answer: Answer) -> Vec<Value> {
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    answer.body.unwrap()["value"].as_array().unwrap().clone()
}

fn status_and_code(answer: &Answer) -> (u16, String) {
    let code = answer.body.as_ref().and_then(|body| body["error"]["code"].as_str());
    (answer.status, code.unwrap_or_default().to_owned())
}

fn expect(answer: &Answer, status: u16, code: &str) {
    assert_eq!(status_and_code(answer), (status, code.to_owned()), "{:?}", answer.body);
}
