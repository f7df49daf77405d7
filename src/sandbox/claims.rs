//! What an access token says about its bearer.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

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
