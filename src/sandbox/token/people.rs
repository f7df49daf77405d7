//! What a person gets besides an access token: who she is, for clients that keep accounts (recorded: tokens that MSAL renewed).

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::issuer::Issuer;
use crate::sandbox::claims::Claims;
use crate::sandbox::directory::Directory;

/// The scopes of `OpenID` Connect, which are no scopes of a service.
pub(super) const OPENID: [&str; 4] = ["openid", "profile", "offline_access", "email"];

/// Says whether an address stands for the tenant of whoever signs in.
pub(super) fn is_any_tenant(tenant: &str) -> bool {
    ["organizations", "common"].iter().any(|any| tenant.eq_ignore_ascii_case(any))
}

impl Issuer {
    /// Adds to an answer what was asked for with `scope`; the form says whether the client wants to know whose it is.
    pub(super) fn complete(&self, body: &mut Value, directory: &Directory, claims: &Claims, scope: &str, form: &str) {
        body["refresh_token"] = self.refresh(claims).into();
        let of_service = scope.split(' ').find(|word| !OPENID.contains(word)).unwrap_or_default();
        let resource = of_service.strip_suffix(".default").unwrap_or_default();
        // What the person consented to stands beside what was asked for (recorded).
        body["scope"] = format!("{resource}user_impersonation {of_service}").into();
        let form: BTreeMap<String, String> = url::form_urlencoded::parse(form.as_bytes()).into_owned().collect();
        if scope.split(' ').any(|word| word == "openid") {
            let client = form.get("client_id").map(String::as_str).unwrap_or_default();
            body["id_token"] = self.identity(directory, claims, client).into();
        }
        if form.get("client_info").is_some_and(|wish| wish == "1") {
            // The key of an account in MSAL's cache (MSAL's own documentation).
            let account = json!({ "uid": claims.oid, "utid": claims.tid });
            body["client_info"] = URL_SAFE_NO_PAD.encode(account.to_string()).into();
        }
    }

    /// The token that tells the client who signed in (Learn: ID token claims reference).
    fn identity(&self, directory: &Directory, claims: &Claims, client: &str) -> String {
        let person = directory.users.get(&claims.oid);
        self.sign_value(&json!({
            "aud": client, "iss": format!("https://login.microsoftonline.com/{}/v2.0", claims.tid),
            "iat": claims.iat, "nbf": claims.nbf, "exp": claims.exp, "oid": claims.oid, "sub": claims.oid, "tid": claims.tid,
            "name": person.map(|person| &person.display_name), "preferred_username": claims.upn, "ver": "2.0",
        }))
    }
}
