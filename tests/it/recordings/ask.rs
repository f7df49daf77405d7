//! Asks the embedded tenant as a recorded client asked the service: the same request, byte for byte, and another token.
use std::collections::BTreeMap;
use std::sync::Mutex;

use powergrant::sandbox::seed::Seed;
use powergrant::sandbox::{self, Running};
use reqwest::header::HOST;
use serde_json::{Value, json};
use uuid::Uuid;

/// The tenant's id in all seeds.
pub(super) const TENANT: &str = "11111111-1111-1111-1111-111111111111";
const APPLICATION: &str = "33333333-3333-3333-3333-333333333333";

/// A running tenant and the tokens for its services.
pub(super) struct Asked {
    running: Running,
    client: reqwest::Client,
    tokens: Mutex<BTreeMap<String, String>>,
}

/// What it answered.
pub(super) struct Answered {
    pub(super) status: u16,
    /// Names in lower case.
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: Value,
}

/// A seed of one organisation with an administrator; `rest` continues its `dataverse:`.
pub(super) fn seed(host: &str, rest: &str) -> String {
    format!(
        "tenant: {{ id: {TENANT}, domain: contoso.com }}
caller: {{ application: powergrant }}
person: mia@contoso.com
directory:
  users:
    - {{ name: Mia Maker, upn: mia@contoso.com }}
    - {{ name: Ada Lovelace, upn: ada@contoso.com }}
  groups:
    - {{ name: SG-Everybody, members: [mia@contoso.com, ada@contoso.com] }}
    - {{ name: SG-Runners, members: [ada@contoso.com] }}
  servicePrincipals:
    - {{ name: powergrant, appId: {APPLICATION}, secret: sandbox }}
environments:
  - name: Mock Display Name
    id: 00000000-0000-0000-0000-000000001111
    managed: true
    securityGroup: SG-Everybody
    dataverse:
      url: https://{host}
      users:
        - {{ application: powergrant, roles: [System Administrator] }}
        - {{ user: mia@contoso.com, roles: [Environment Maker] }}
        - {{ user: ada@contoso.com, roles: [Basic User] }}
{rest}"
    )
}

impl Asked {
    /// Starts a tenant.
    pub(super) async fn start(yaml: &str) -> Self {
        let seed = Seed::parse(yaml).unwrap_or_else(|error| panic!("{error}\n{yaml}"));
        let running = sandbox::start(sandbox::Options::new(seed)).await.expect("the tenant starts");
        powergrant::tenant::install_tls();
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self { running, client, tokens: Mutex::default() }
    }

    /// Sends a request as it is, without a token.
    pub(super) async fn send(
        &self,
        (method, host, target): (&str, &str, &str),
        headers: &BTreeMap<String, String>,
        body: Option<String>,
    ) -> Answered {
        let url = format!("http://{}{target}", self.running.address());
        let mut request = self.client.request(method.parse().expect("a method"), url);
        // What belongs to the connection is the client's own.
        let own = ["host", "content-length", "connection", "accept-encoding", "authorization"];
        for (name, value) in headers.iter().filter(|(name, _)| !own.contains(&name.as_str())) {
            request = request.header(name, value);
        }
        if let Some(token) = headers.get("authorization") {
            request = request.header("authorization", token);
        }
        request = request.header(HOST, host).header("x-forwarded-proto", "https");
        let response = request.body(body.unwrap_or_default()).send().await.expect("an answer");
        let status = response.status().as_u16();
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let text = response.text().await.expect("a body");
        let body =
            if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap_or(Value::String(text)) };
        Answered { status, headers, body }
    }

    /// Sends a request with a token for its host.
    pub(super) async fn ask(
        &self,
        (method, host, target): (&str, &str, &str),
        headers: &BTreeMap<String, String>,
        body: Option<String>,
    ) -> Answered {
        let token = self.token(host).await;
        let mut headers = headers.clone();
        headers.insert("authorization".to_owned(), format!("Bearer {token}"));
        self.send((method, host, target), &headers, body).await
    }

    async fn token(&self, host: &str) -> String {
        let resource = match host {
            "api.bap.microsoft.com" | "api.powerapps.com" => "https://service.powerapps.com/".to_owned(),
            "api.flow.microsoft.com" => "https://service.flow.microsoft.com/".to_owned(),
            "graph.microsoft.com" => "https://graph.microsoft.com".to_owned(),
            // One organisation has two host names and one audience.
            organisation => format!("https://{}", organisation.replace(".api.crm", ".crm")),
        };
        if let Some(token) = self.tokens.lock().expect("no holder of this lock panics").get(&resource) {
            return token.clone();
        }
        let form = format!(
            "grant_type=client_credentials&client_id={APPLICATION}&client_secret=sandbox&scope={resource}/.default"
        );
        let headers = BTreeMap::from([("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned())]);
        let target = format!("/{TENANT}/oauth2/v2.0/token");
        let answer = self.send(("POST", "login.microsoftonline.com", &target), &headers, Some(form)).await;
        let token = answer.body["access_token"].as_str().unwrap_or_else(|| panic!("{:?}", answer.body)).to_owned();
        self.tokens.lock().expect("no holder of this lock panics").insert(resource, token.clone());
        token
    }
}

impl Asked {
    /// The id of an agent in the seed's organisation.
    pub(super) fn bot(&self, name: &str) -> String {
        let tenant = self.running.tenant();
        let tenant = tenant.lock().expect("no holder of this lock panics");
        let organization = tenant.organization("Mock Display Name").expect("the seed's organisation");
        organization.named("bot", name).expect("the agent").to_string()
    }

    /// The object id of a person and the id of a flow in the seed's organisation.
    pub(super) fn user_and_flow(&self, upn: &str, flow: &str) -> (Uuid, Uuid) {
        let tenant = self.running.tenant();
        let tenant = tenant.lock().expect("no holder of this lock panics");
        let (user, _) = tenant.directory.user_by_upn(upn).expect("the person");
        let organization = tenant.organization("Mock Display Name").expect("the seed's organisation");
        (user, organization.flow(flow).expect("the flow"))
    }

    /// Gives a flow to a user of Dataverse who has no object id, as SYSTEM is.
    pub(super) fn give_to_system(&self, flow: &str) {
        let tenant = self.running.tenant();
        let mut tenant = tenant.lock().expect("no holder of this lock panics");
        let organization = tenant.organizations.get_mut("Mock Display Name").expect("the seed's organisation");
        let (system, flow) = (Uuid::from_u128(0x5157), organization.flow(flow).expect("the flow"));
        let row = json!({ "fullname": "SYSTEM", "systemuserid": system }).as_object().cloned().expect("a row");
        organization.put("systemuser", system, row);
        organization.change("workflow", flow, [("_ownerid_value".to_owned(), json!(system))]);
    }

    /// The object id of a person, and the row in the seed's organisation.
    pub(super) fn person(&self, upn: &str) -> (Uuid, Uuid) {
        let tenant = self.running.tenant();
        let tenant = tenant.lock().expect("no holder of this lock panics");
        let (object, _) = tenant.directory.user_by_upn(upn).expect("the person");
        (object, tenant.user("Mock Display Name", upn).expect("the person's row"))
    }

    /// The row of a person and the root business unit.
    pub(super) fn user_and_unit(&self, upn: &str) -> (Uuid, Uuid) {
        let (_, user) = self.person(upn);
        let tenant = self.running.tenant();
        let tenant = tenant.lock().expect("no holder of this lock panics");
        (user, tenant.organization("Mock Display Name").expect("the seed's organisation").root_unit())
    }

    /// The value of an environment variable.
    pub(super) fn value_of_variable(&self, name: &str) -> Uuid {
        let tenant = self.running.tenant();
        let tenant = tenant.lock().expect("no holder of this lock panics");
        let organization = tenant.organization("Mock Display Name").expect("the seed's organisation");
        organization.named("environmentvariablevalue", name).expect("the value")
    }
}
