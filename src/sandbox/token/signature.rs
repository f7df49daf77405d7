//! Signs tokens and opens those that were signed here.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::issuer::Issuer;
use crate::sandbox::claims::Claims;
use crate::sandbox::fault::Fault;

impl Issuer {
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

    pub(super) fn open(&self, token: &str) -> Option<Claims> {
        serde_json::from_value(self.open_value(token)?).ok()
    }

    /// Returns the claims of a token that was signed here.
    pub(super) fn open_value(&self, token: &str) -> Option<Value> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (_, payload) = signed.split_once('.')?;
        if URL_SAFE_NO_PAD.decode(signature).ok()?.as_slice() != self.code(signed).as_slice() {
            return None;
        }
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
    }

    // HMAC-SHA256 (RFC 2104), so that the header's `alg` is the truth.
    pub(super) fn code(&self, text: &str) -> Vec<u8> {
        let mut key = [0_u8; 64];
        let digest = Sha256::digest(self.key.as_bytes());
        key[..digest.len()].copy_from_slice(&digest);
        let pad = |byte: u8| key.map(|part| part ^ byte);
        let inner = Sha256::new().chain_update(pad(0x36)).chain_update(text).finalize();
        Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().to_vec()
    }
}

fn same_resource(left: &str, right: &str) -> bool {
    left.trim_end_matches('/').eq_ignore_ascii_case(right.trim_end_matches('/'))
}

fn encode(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}
