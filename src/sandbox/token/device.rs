//! People sign in with a code on a page (Learn: the OAuth 2.0 device authorization grant).

use std::collections::BTreeMap;

use serde_json::json;

use super::bearer::Bearer;
use super::grant::Refreshes;
use super::issuer::Issuer;
use super::people::{OPENID, is_any_tenant};
use super::refusal::{Refusal, required, resource, unknown_tenant};
use crate::sandbox::answer::Answer;
use crate::sandbox::claims::Claims;
use crate::sandbox::directory::Directory;
use crate::sandbox::identity::{Code, Identities};
use crate::sandbox::organization::derived;

/// For whom a refresh token is.
const REFRESH: &str = "refresh";

impl Issuer {
    /// Answers `POST /{tenant}/oauth2/v2.0/devicecode`.
    pub fn begin(&self, identities: &mut Identities, tenant: &str, form: &str, now: i64) -> Answer {
        let begun = || {
            if !(self.is_named(tenant) || is_any_tenant(tenant)) {
                return Err(unknown_tenant(tenant));
            }
            let form: BTreeMap<String, String> = url::form_urlencoded::parse(form.as_bytes()).into_owned().collect();
            let (client, scope) = (required(&form, "client_id")?.to_owned(), required(&form, "scope")?.to_owned());
            Ok(Code { scope, client, polls: 0 })
        };
        match begun() {
            Ok(code) => {
                let number = identities.codes.len();
                let device = derived(self.tenant, &format!("device:{number}")).to_string();
                let user = device[..9].to_uppercase().replace('-', "");
                identities.codes.insert(device.clone(), code);
                let message = format!(
                    "To sign in, use a web browser to open the page https://microsoft.com/devicelogin and enter the code {user} to authenticate."
                );
                Answer::json(
                    200,
                    json!({
                        "user_code": user, "device_code": device, "verification_uri": "https://microsoft.com/devicelogin",
                        "expires_in": 900, "interval": 5, "message": message,
                    }),
                )
            }
            Err(refusal) => refusal.answer(now),
        }
    }

    /// The claims of whoever entered a code: at the second poll, so that every client has to wait once.
    pub(super) fn of_code(
        &self,
        directory: &Directory,
        identities: &mut Identities,
        form: &BTreeMap<String, String>,
        now: i64,
    ) -> Result<(Claims, Refreshes), Refusal> {
        let device = required(form, "device_code")?;
        let refuse = |error, number, text: &str| Refusal { status: 400, error, number, text: text.to_owned() };
        let Some(code) = identities.codes.get_mut(device).filter(|code| Some(&code.client) == form.get("client_id"))
        else {
            return Err(refuse("bad_verification_code", 70019, "The verification code is not one that was issued."));
        };
        code.polls += 1;
        if code.polls < 2 {
            let text = "OAuth 2.0 device flow error. Authorization is pending. Continue polling.";
            return Err(refuse("authorization_pending", 70016, text));
        }
        let scope = code.scope.clone();
        identities.codes.remove(device);
        let Some(person) = identities.person else {
            let text = "The authorization request was denied by the resource owner.";
            return Err(refuse("authorization_declined", 70018, text));
        };
        let bearer = self.person(directory, person)?;
        Ok((self.claims_of(bearer, resource(first(&scope))?, now), Refreshes::Yes(scope)))
    }

    /// The claims of whoever a refresh token is of.
    pub(super) fn of_refresh(
        &self,
        directory: &Directory,
        form: &BTreeMap<String, String>,
        now: i64,
    ) -> Result<(Claims, Refreshes), Refusal> {
        let refresh = self.open(required(form, "refresh_token")?).filter(|claims| claims.aud == REFRESH);
        let Some(refresh) = refresh else {
            let text = "Provided grant is invalid or malformed.".to_owned();
            return Err(Refusal { status: 400, error: "invalid_grant", number: 9_002_313, text });
        };
        let bearer = self.person(directory, refresh.oid)?;
        let scope = required(form, "scope")?;
        Ok((self.claims_of(bearer, resource(first(scope))?, now), Refreshes::Yes(scope.to_owned())))
    }

    /// The refresh token that comes with a token for a person.
    pub(super) fn refresh(&self, claims: &Claims) -> String {
        self.sign(&Claims { aud: REFRESH.to_owned(), ..claims.clone() })
    }

    fn person(&self, directory: &Directory, object: uuid::Uuid) -> Result<Bearer, Refusal> {
        let upn = directory.users.get(&object).map_or("", |person| person.upn.as_str());
        self.user(directory, upn)
    }
}

/// The first scope of a service; those of `OpenID` stand before or behind it.
fn first(scope: &str) -> &str {
    scope.split(' ').find(|word| !OPENID.contains(word)).unwrap_or_default()
}
