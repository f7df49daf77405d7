//! Grants tokens: to applications, to people, and to whoever has one already.

use std::collections::BTreeMap;

use serde_json::json;
use uuid::Uuid;

use super::assertion;
use super::bearer::Bearer;
use super::issuer::{Issuer, USER_LOGIN};
use super::people::is_any_tenant;
use super::refusal::{Refusal, required, resource, unknown_tenant};
use crate::sandbox::answer::Answer;
use crate::sandbox::claims::Claims;
use crate::sandbox::directory::Directory;
use crate::sandbox::identity::Identities;

/// How long a token is valid, in seconds (recorded: `expires_in` of app-only tokens).
pub(super) const LIFETIME: i64 = 3599;

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
        if !(self.is_named(tenant) || is_person && is_any_tenant(tenant)) {
            return Err(unknown_tenant(tenant));
        }
        match required(&form, "grant_type")? {
            "client_credentials" => {}
            // The short form is MSAL's for Node.
            "urn:ietf:params:oauth:grant-type:device_code" | "device_code" => {
                return self.of_code(directory, identities, &form, now);
            }
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
    pub(super) fn claims_of(&self, bearer: Bearer, audience: String, now: i64) -> Claims {
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
pub(super) enum Refreshes {
    Yes(String),
    No,
}
