//! Sign-in to the embedded tenant: issues access tokens and checks them.

mod assertion;
mod device;
mod discovery;
mod people;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::answer::Answer;
use super::directory::{Directory, ServicePrincipal};
use super::fault::Fault;
use super::identity::Identities;

/// How long a token is valid, in seconds (recorded: `expires_in` of app-only tokens).
const LIFETIME: i64 = 3599;

/// Before the user principal name in a `client_id`, this signs in as that user, without a secret. Entra has no such thing: it
/// lets tests call as anybody.
pub const USER_LOGIN: &str = "user:";

/// The tenant's token service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Issuer {
    /// The tenant's id.
    pub tenant: Uuid,
    /// Domain names that stand for the tenant in addresses.
    #[serde(default)]
    pub domains: BTreeSet<String>,
    /// The key that tokens are signed with.
    pub key: String,
}

/// What a token says about its bearer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The resource that the token is for.
    pub aud: String,
    /// The issuer.
    pub iss: String,
    /// When it was issued, in seconds since 1970.
    pub iat: i64,
    /// Since when it is valid.
    pub nbf: i64,
    /// Until when it is valid.
    pub exp: i64,
    /// The tenant's id.
    pub tid: Uuid,
    /// The bearer's object id.
    pub oid: Uuid,
    /// The application's id, of a token for an application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appid: Option<Uuid>,
    /// The application's display name, of a token for an application (public clients show it as who is signed in).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_displayname: Option<String>,
    /// The user principal name, of a token for a user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upn: Option<String>,
    /// `app` or `user`.
    pub idtyp: String,
    /// The version of the token's format.
    pub ver: String,
}

/// A refusal of the token service, by the number in its text.
struct Refusal {
    status: u16,
    error: &'static str,
    number: u32,
    text: String,
}

impl Issuer {
    /// Answers `POST /{tenant}/oauth2/v2.0/token` with a form as body, for applications with secrets and for people; `now` is in
    /// seconds since 1970.
    pub fn issue(&self, directory: &Directory, tenant: &str, form: &str, now: i64) -> Answer {
        self.grant(directory, &mut Identities::default(), &Asked { endpoint: "", tenant, form, now })
    }

    /// Answers the same for whoever has other proofs too.
    pub fn grant(&self, directory: &Directory, identities: &mut Identities, asked: &Asked<'_>) -> Answer {
        match self.claims(directory, identities, asked) {
            Ok((claims, refreshes)) => {
                let mut body = json!({
                    "token_type": "Bearer", "expires_in": LIFETIME, "ext_expires_in": LIFETIME, "access_token": self.sign(&claims),
                });
                if let Refreshes::Yes(scope) = refreshes {
                    self.complete(&mut body, directory, &claims, &scope, asked.form);
                }
                Answer::json(200, body).with_header("Cache-Control", "no-store, no-cache")
            }
            Err(refusal) => refusal.answer(asked.now),
        }
    }

    /// A token for an application by itself, as the endpoints of managed identities give it.
    pub fn of_application(
        &self,
        directory: &Directory,
        application: Uuid,
        audience: &str,
        now: i64,
        lifetime: i64,
    ) -> Option<String> {
        let (id, service_principal) = directory.service_principal_by_app(application)?;
        let bearer = Bearer::application(id, service_principal);
        let claims = self.claims_of(bearer, audience.to_owned(), now);
        Some(self.sign(&Claims { exp: now + lifetime, ..claims }))
    }

    /// Checks the token of a request to the resource `audience`; `now` is in seconds since 1970.
    pub fn check(&self, token: Option<&str>, audience: &str, now: i64) -> Result<Claims, Fault> {
        let refuse = |text: &str| {
            // One of the three spellings that were observed on Dataverse.
            let challenge = format!(
                "Bearer authorization_uri=https://login.microsoftonline.com/{}, resource_id={audience}",
                self.tenant
            );
            Fault::new(401, "AuthenticationFailed", text).with_header("WWW-Authenticate", challenge)
        };
        let token = token.ok_or_else(|| refuse("Authentication failed. The 'Authorization' header is missing."))?;
        let claims = self.open(token).ok_or_else(|| refuse("Access token validation failure. Invalid signature."))?;
        if !same_resource(&claims.aud, audience) {
            return Err(refuse("Access token validation failure. Invalid audience."));
        }
        if claims.exp <= now || claims.nbf > now {
            return Err(refuse("Access token has expired or is not yet valid."));
        }
        Ok(claims)
    }

    /// Returns the token that carries these claims.
    pub fn sign(&self, claims: &Claims) -> String {
        self.sign_value(&json!(claims))
    }

    /// Returns the token that carries these claims of another kind.
    pub fn sign_value(&self, claims: &Value) -> String {
        let header = encode(&json!({ "typ": "JWT", "alg": "HS256" }));
        let payload = encode(claims);
        let signature = URL_SAFE_NO_PAD.encode(self.code(&format!("{header}.{payload}")));
        format!("{header}.{payload}.{signature}")
    }

    fn open(&self, token: &str) -> Option<Claims> {
        serde_json::from_value(self.open_value(token)?).ok()
    }

    /// Returns the claims of a token that was signed here.
    fn open_value(&self, token: &str) -> Option<Value> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (_, payload) = signed.split_once('.')?;
        if URL_SAFE_NO_PAD.decode(signature).ok()?.as_slice() != self.code(signed).as_slice() {
            return None;
        }
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
    }

    // HMAC-SHA256 (RFC 2104), so that the header's `alg` is the truth.
    fn code(&self, text: &str) -> Vec<u8> {
        let mut key = [0_u8; 64];
        let digest = Sha256::digest(self.key.as_bytes());
        key[..digest.len()].copy_from_slice(&digest);
        let pad = |byte: u8| key.map(|part| part ^ byte);
        let inner = Sha256::new().chain_update(pad(0x36)).chain_update(text).finalize();
        Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().to_vec()
    }

    fn is_named(&self, tenant: &str) -> bool {
        tenant.parse() == Ok(self.tenant) || self.domains.contains(&tenant.to_lowercase())
    }

    fn claims(
        &self,
        directory: &Directory,
        identities: &mut Identities,
        asked: &Asked<'_>,
    ) -> Result<(Claims, Refreshes), Refusal> {
        let Asked { endpoint, tenant, form, now } = *asked;
        let form: BTreeMap<String, String> = url::form_urlencoded::parse(form.as_bytes()).into_owned().collect();
        // People need not say which tenant theirs is; an application has to.
        let is_person = form.get("grant_type").is_some_and(|grant| grant != "client_credentials");
        if !(self.is_named(tenant) || is_person && people::is_any_tenant(tenant)) {
            return Err(unknown_tenant(tenant));
        }
        match required(&form, "grant_type")? {
            "client_credentials" => {}
            "urn:ietf:params:oauth:grant-type:device_code" => return self.of_code(directory, identities, &form, now),
            "refresh_token" => return self.of_refresh(directory, &form, now),
            other => {
                return Err(Refusal {
                    status: 400,
                    error: "unsupported_grant_type",
                    number: 70003,
                    text: format!("The app requested an unsupported grant type '{other}'."),
                });
            }
        }
        let client = required(&form, "client_id")?;
        let audience = resource(required(&form, "scope")?)?;
        let bearer = match client.strip_prefix(USER_LOGIN) {
            Some(upn) => self.user(directory, upn)?,
            None => match form.get("client_assertion") {
                Some(text) => {
                    let (id, service_principal) = self.service_principal(directory, client)?;
                    let kind = form.get("client_assertion_type").map(String::as_str);
                    if kind != Some(assertion::KIND) {
                        required(&form, "client_assertion_type")?;
                    }
                    assertion::check(self, identities, service_principal.app_id, endpoint, text, now)?;
                    Bearer::application(id, service_principal)
                }
                None => self.application(directory, client, &form)?,
            },
        };
        let mut claims = self.claims_of(bearer, audience, now);
        if endpoint.contains("login.chinacloudapi.cn") || endpoint.contains("login.partner.microsoftonline.cn") {
            // The cloud in China signs by itself (public clients' lists of authorities).
            claims.iss = format!("https://sts.chinacloudapi.cn/{}/", self.tenant);
        }
        Ok((claims, Refreshes::No))
    }

    /// What a token for a bearer and a resource says.
    fn claims_of(&self, bearer: Bearer, audience: String, now: i64) -> Claims {
        Claims {
            aud: audience,
            iss: format!("https://sts.windows.net/{}/", self.tenant),
            iat: now,
            nbf: now,
            exp: now + LIFETIME,
            tid: self.tenant,
            oid: bearer.id,
            idtyp: if bearer.application.is_some() { "app" } else { "user" }.to_owned(),
            appid: bearer.application,
            app_displayname: bearer.name,
            upn: bearer.upn,
            ver: "1.0".to_owned(),
        }
    }

    fn user(&self, directory: &Directory, upn: &str) -> Result<Bearer, Refusal> {
        let refuse = |number, text| Refusal { status: 400, error: "invalid_grant", number, text };
        let Some((id, person)) = directory.user_by_upn(upn) else {
            let text = format!("The user account {upn} does not exist in the {} directory.", self.tenant);
            return Err(refuse(50034, text));
        };
        if !person.enabled {
            return Err(refuse(50057, "The user account is disabled.".to_owned()));
        }
        Ok(Bearer { id, application: None, name: None, upn: Some(person.upn.clone()) })
    }

    fn service_principal<'a>(
        &self,
        directory: &'a Directory,
        client: &str,
    ) -> Result<(Uuid, &'a ServicePrincipal), Refusal> {
        let found = client.parse().ok().and_then(|app| directory.service_principal_by_app(app));
        found.ok_or_else(|| Refusal {
            status: 400,
            error: "unauthorized_client",
            number: 700_016,
            text: format!(
                "Application with identifier '{client}' was not found in the directory '{}'. This can happen if the application \
                 has not been installed by the administrator of the tenant or consented to by any user in the tenant.",
                self.tenant
            ),
        })
    }

    fn application(
        &self,
        directory: &Directory,
        client: &str,
        form: &BTreeMap<String, String>,
    ) -> Result<Bearer, Refusal> {
        let (id, service_principal) = self.service_principal(directory, client)?;
        let refuse = |number, text: String| Refusal { status: 401, error: "invalid_client", number, text };
        match form.get("client_secret") {
            Some(secret) if *secret == service_principal.secret => Ok(Bearer::application(id, service_principal)),
            Some(_) => Err(refuse(
                7_000_215,
                format!(
                    "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the \
                     client secret ID, for a secret added to app '{client}'."
                ),
            )),
            None => Err(refuse(
                7_000_218,
                "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
                    .to_owned(),
            )),
        }
    }
}

/// What the token service is asked.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The address that was asked, which is whom an assertion has to be for.
    pub endpoint: &'a str,
    /// The tenant in the address.
    pub tenant: &'a str,
    /// The body.
    pub form: &'a str,
    /// Seconds since 1970.
    pub now: i64,
}

/// Whether a token comes with one that gets more of them, and for which scopes it was asked then.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Refreshes {
    Yes(String),
    No,
}

struct Bearer {
    id: Uuid,
    application: Option<Uuid>,
    /// The application's display name.
    name: Option<String>,
    upn: Option<String>,
}

impl Bearer {
    fn application(id: Uuid, found: &ServicePrincipal) -> Self {
        Self { id, application: Some(found.app_id), name: Some(found.display_name.clone()), upn: None }
    }
}

impl Refusal {
    fn answer(&self, now: i64) -> Answer {
        let description = format!("AADSTS{}: {}", self.number, self.text);
        let moment = Timestamp::from_second(now).unwrap_or_default();
        // Derived ids keep answers equal from run to run.
        let trace = Uuid::new_v5(&Uuid::NAMESPACE_URL, description.as_bytes());
        Answer::json(
            self.status,
            json!({
                "error": self.error,
                "error_description":
                    format!("{description} Trace ID: {trace} Correlation ID: {trace} Timestamp: {}", moment.strftime("%F %TZ")),
                "error_codes": [self.number],
                "timestamp": moment.strftime("%F %TZ").to_string(),
                "trace_id": trace,
                "correlation_id": trace,
                "error_uri": format!("https://login.microsoftonline.com/error?code={}", self.number),
            }),
        )
    }
}

fn unknown_tenant(tenant: &str) -> Refusal {
    Refusal {
        status: 400,
        error: "invalid_request",
        number: 90002,
        text: format!(
            "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud."
        ),
    }
}

fn required<'a>(form: &'a BTreeMap<String, String>, name: &str) -> Result<&'a str, Refusal> {
    form.get(name).map(String::as_str).filter(|value| !value.is_empty()).ok_or_else(|| Refusal {
        status: 400,
        error: "invalid_request",
        number: 900_144,
        text: format!("The request body must contain the following parameter: '{name}'."),
    })
}

// `https://service.flow.microsoft.com//.default` is the resource with its own trailing slash (recorded).
fn resource(scope: &str) -> Result<String, Refusal> {
    scope
        .strip_suffix("/.default")
        .filter(|resource| !resource.is_empty() && !resource.contains(' '))
        .map(str::to_owned)
        .ok_or_else(|| Refusal {
            status: 400,
            error: "invalid_scope",
            number: 1_002_012,
            text: format!(
                "The provided value for scope {scope} is not valid. Client credential flows must have a scope value with /.default \
                 suffixed to the resource identifier (application ID URI)."
            ),
        })
}

fn same_resource(left: &str, right: &str) -> bool {
    left.trim_end_matches('/').eq_ignore_ascii_case(right.trim_end_matches('/'))
}

fn encode(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}
