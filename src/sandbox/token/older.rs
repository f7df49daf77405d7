//! How clients ask that are older than version 2.0 of the endpoint, or follow RFC 6749 to the letter.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::grant::Asked;
use super::issuer::Issuer;
use super::refusal::missing;
use crate::sandbox::answer::Answer;
use crate::sandbox::directory::Directory;
use crate::sandbox::identity::Identities;

/// Adds to a form the client's id and secret where they stand in `Authorization: Basic …`, which Entra takes as well (Learn: OAuth 2.0
/// authorization code flow; RFC 6749, 2.3.1); what the form has itself stays.
pub fn with_basic(form: &str, authorization: Option<&str>) -> String {
    let Some((id, secret)) = authorization.and_then(credentials) else { return form.to_owned() };
    let mut written = url::form_urlencoded::Serializer::new(form.to_owned());
    for (name, value) in [("client_id", id), ("client_secret", secret)] {
        if !url::form_urlencoded::parse(form.as_bytes()).any(|(known, _)| known == name) {
            written.append_pair(name, &value);
        }
    }
    written.finish()
}

fn credentials(authorization: &str) -> Option<(String, String)> {
    let (scheme, encoded) = authorization.split_once(' ')?;
    let text = STANDARD.decode(encoded.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let text = String::from_utf8(text).ok()?;
    let (id, secret) = text.split_once(':')?;
    // Both are form-encoded before they are joined.
    let decoded = |part: &str| {
        let pair = format!("part={part}");
        url::form_urlencoded::parse(pair.as_bytes()).next().map(|(_, value)| value.into_owned())
    };
    Some((decoded(id)?, decoded(secret)?))
}

impl Issuer {
    /// Answers `POST /{tenant}/oauth2/token`: the resource stands in `resource`, and the numbers of the answer are texts (Learn:
    /// service to service calls with client credentials, v1.0).
    pub fn grant_by_resource(&self, directory: &Directory, identities: &mut Identities, asked: &Asked<'_>) -> Answer {
        let pairs = || url::form_urlencoded::parse(asked.form.as_bytes());
        let resource = pairs().find(|(name, _)| name == "resource").map(|(_, value)| value.into_owned());
        let Some(resource) = resource.filter(|resource| !resource.is_empty()) else {
            return missing("resource").answer(asked.now);
        };
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(pairs().filter(|(name, _)| name != "scope"));
        form.append_pair("scope", &format!("{resource}/.default"));
        let answer = self.grant(directory, identities, &Asked { form: &form.finish(), ..*asked });
        match answer.body {
            Some(Value::Object(mut body)) if answer.status == 200 => {
                for name in ["expires_in", "ext_expires_in"] {
                    let text = body.get(name).map(Value::to_string);
                    body.insert(name.to_owned(), json!(text));
                }
                let lifetime = super::grant::LIFETIME;
                body.insert("not_before".to_owned(), json!(asked.now.to_string()));
                body.insert("expires_on".to_owned(), json!((asked.now + lifetime).to_string()));
                body.insert("resource".to_owned(), json!(resource));
                Answer { body: Some(Value::Object(body)), ..answer }
            }
            body => Answer { body, ..answer },
        }
    }

    /// Answers `GET /{tenant}/.well-known/openid-configuration`: what version 1.0 has under other addresses (Learn: `OpenID` Connect
    /// metadata document).
    pub fn discovery_by_resource(&self, tenant: &str, authority: &str, now: i64) -> Answer {
        let mut answer = self.discovery(tenant, authority, now);
        for (name, value) in answer.body.iter_mut().filter_map(Value::as_object_mut).flatten() {
            let Some(text) = value.as_str() else { continue };
            *value = match (name.as_str(), text.strip_suffix("/v2.0")) {
                ("issuer", Some(issuer)) => json!(format!(
                    "{}/",
                    issuer.replacen("https://login.microsoftonline.com/", "https://sts.windows.net/", 1)
                )),
                _ => json!(text.replace("/oauth2/v2.0/", "/oauth2/").replace("/discovery/v2.0/", "/discovery/")),
            };
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_in_the_header_is_as_good_as_one_in_the_form() {
        let header = format!("basic {}", STANDARD.encode("an%20id:a%3Ab%2Bc"));
        assert_eq!(with_basic("a=b", Some(&header)), "a=b&client_id=an+id&client_secret=a%3Ab%2Bc");
        assert_eq!(with_basic("client_id=x&client_secret=y", Some(&header)), "client_id=x&client_secret=y");
    }

    #[test]
    fn a_header_that_is_none_leaves_the_form_alone() {
        let nothing = STANDARD.encode("no colon");
        for header in ["Basic", "Basic %%%", &format!("Basic {nothing}"), &format!("Bearer {}", STANDARD.encode("a:b"))]
        {
            assert_eq!(with_basic("a=b", Some(header)), "a=b", "{header}");
        }
        assert_eq!(with_basic("a=b", None), "a=b");
    }
}
