//! Instance discovery: which hosts stand for the same sign-in service.

use serde_json::{Value, json};

use super::answer::Answer;
use super::hosts::{self, Place};

/// The hosts of one cloud that are each other's aliases, with the one to call and the one to keep tokens under
/// (metadata that is compiled into Microsoft's public libraries for sign-in).
const INSTANCES: [(&str, &str, &[&str]); 3] = [
    (
        "login.microsoftonline.com",
        "login.windows.net",
        &["login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"],
    ),
    (
        "login.partner.microsoftonline.cn",
        "login.partner.microsoftonline.cn",
        &["login.partner.microsoftonline.cn", "login.chinacloudapi.cn"],
    ),
    ("login.microsoftonline.us", "login.microsoftonline.us", &["login.microsoftonline.us", "login.usgovcloudapi.net"]),
];

/// The path, the same for every tenant.
pub(super) const PATH: &str = "/common/discovery/instance";

/// Answers `GET /common/discovery/instance?api-version=1.1&authorization_endpoint=…`; a host that is none of the clouds' is no instance
/// (text of AADSTS50049). The sandbox's own address is one, so that validation may stay on.
pub(super) fn respond(query: &str, own: &str) -> Answer {
    let asked = url::form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == "authorization_endpoint")
        .and_then(|(_, text)| url::Url::parse(&text).ok());
    let authority = asked.as_ref().and_then(url::Url::host_str).map(|host| host.trim_matches(['[', ']']).to_owned());
    let is_known = |host: &String| hosts::place(host) == Some(Place::SignIn) || hosts::is_loopback(host);
    let (Some(asked), Some(authority)) = (asked, authority.filter(is_known)) else {
        return Answer::json(
            400,
            json!({
                "error": "invalid_instance",
                "error_description": "AADSTS50049: Unknown or invalid instance.",
                "error_codes": [50049],
            }),
        );
    };
    let tenant = asked.path().trim_start_matches('/').split('/').next().unwrap_or_default().to_owned();
    // Clients leave out the port of a host that they do not know (public library for sign-in), so it is that of the request.
    let host = if hosts::is_loopback(&authority) { own } else { authority.as_str() };
    let base = format!("{}://{host}", asked.scheme());
    let mut metadata: Vec<Value> = INSTANCES
        .iter()
        .map(|(network, cache, aliases)| json!({ "preferred_network": network, "preferred_cache": cache, "aliases": aliases }))
        .collect();
    if hosts::is_loopback(&authority) {
        metadata.push(json!({ "preferred_network": own, "preferred_cache": own, "aliases": [own] }));
    }
    Answer::json(
        200,
        json!({
            "tenant_discovery_endpoint": format!("{base}/{tenant}/v2.0/.well-known/openid-configuration"),
            "api-version": "1.1",
            "metadata": metadata,
        }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(endpoint: &str) -> Answer {
        respond(&format!("api-version=1.1&authorization_endpoint={endpoint}"), "127.0.0.1:8443")
    }

    #[test]
    fn a_known_instance_says_where_its_configuration_is() {
        let answer = ask("https%3A%2F%2Flogin.microsoftonline.us%2Fcontoso.com%2Foauth2%2Fv2.0%2Fauthorize");
        let expected = "https://login.microsoftonline.us/contoso.com/v2.0/.well-known/openid-configuration";
        assert_eq!(answer.body.unwrap()["tenant_discovery_endpoint"], expected);
    }

    #[test]
    fn the_sandbox_itself_is_an_instance_and_a_stranger_is_none() {
        let body = ask("https://127.0.0.1/common/oauth2/v2.0/authorize").body.unwrap();
        assert_eq!(body["metadata"][3]["aliases"], json!(["127.0.0.1:8443"]));
        assert_eq!(
            body["tenant_discovery_endpoint"],
            "https://127.0.0.1:8443/common/v2.0/.well-known/openid-configuration"
        );
        let answer = ask("https://login.example.org/common/oauth2/v2.0/authorize");
        assert_eq!((answer.status, &answer.body.unwrap()["error"]), (400, &json!("invalid_instance")));
    }
}
