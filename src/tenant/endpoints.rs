//! The addresses and audiences of a cloud, where a setting replaces what the table of clouds says.
use std::collections::BTreeMap;

use reqwest::Url;

use super::clouds::Cloud;
use super::hosts::is_loopback;
use crate::problem::{Cause, Problem};
use crate::request::Service;

/// The services whose address and audience are in the table; Dataverse has both from the organisation.
const SERVICES: [(Service, &str); 3] = [(Service::Graph, "GRAPH"), (Service::Admin, "ADMIN"), (Service::Flow, "FLOW")];

/// Where the services of one cloud are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    cloud: Cloud,
    login: Option<Url>,
    addresses: BTreeMap<Service, Url>,
    audiences: BTreeMap<Service, String>,
}

impl From<Cloud> for Endpoints {
    fn from(cloud: Cloud) -> Self {
        Self { cloud, login: None, addresses: BTreeMap::new(), audiences: BTreeMap::new() }
    }
}

impl Endpoints {
    /// The variables, without their prefix, that replace an entry of the table.
    pub fn variables() -> Vec<String> {
        let of_services = SERVICES.iter().flat_map(|(_, name)| [format!("{name}_URL"), format!("{name}_AUDIENCE")]);
        std::iter::once("LOGIN_URL".to_owned()).chain(of_services).collect()
    }

    /// The cloud's endpoints, and in their place whatever `look` finds under one of [`Self::variables`].
    pub fn with(cloud: Cloud, look: impl Fn(&str) -> Option<String>) -> Result<Self, Problem> {
        let address = |name: &str| look(name).map(|text| address(name, &text)).transpose();
        let mut endpoints = Self::from(cloud);
        endpoints.login = address("LOGIN_URL")?;
        for (service, name) in SERVICES {
            if let Some(url) = address(&format!("{name}_URL"))? {
                endpoints.addresses.insert(service, url);
            }
            if let Some(audience) = look(&format!("{name}_AUDIENCE")) {
                endpoints.audiences.insert(service, audience);
            }
        }
        Ok(endpoints)
    }

    /// The cloud.
    pub(super) fn cloud(&self) -> Cloud {
        self.cloud
    }

    /// The address of the token service.
    pub(super) fn login(&self) -> Url {
        self.login.clone().unwrap_or_else(|| of_host(self.cloud.login_host()))
    }

    /// The address of a service; Dataverse has one for each organisation.
    pub(super) fn address(&self, service: Service) -> Option<Url> {
        self.addresses.get(&service).cloned().or_else(|| self.cloud.host(service).map(of_host))
    }

    /// The audience of a service's tokens; that of Dataverse is the organisation.
    pub(super) fn audience(&self, service: Service) -> Option<String> {
        self.audiences.get(&service).cloned().or_else(|| self.cloud.audience(service))
    }

    /// Says whether tokens may be signed by this host.
    pub(super) fn has_issuer(&self, host: &str) -> bool {
        self.cloud.has_issuer(host) || self.login.as_ref().is_some_and(|login| login.host_str() == Some(host))
    }
}

fn of_host(host: &str) -> Url {
    Url::parse(&format!("https://{host}/")).expect("the table of clouds holds host names")
}

/// Reads an address that replaces one of the table: https, or anything on loopback, and nothing behind the host.
fn address(name: &str, text: &str) -> Result<Url, Problem> {
    let url = Url::parse(text).ok().filter(|url| {
        let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url));
        let is_bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
        is_safe && is_bare && url.username().is_empty() && url.password().is_none()
    });
    url.ok_or_else(|| {
        Problem::without_request(
            Cause::Refused,
            "endpoints",
            format!("`{name}` is not an address of a host: `{text}`"),
            "write it as in `https://graph.microsoft.com`; plain http is for loopback alone",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_and_audience_can_be_replaced() {
        let plain = Endpoints::from(Cloud::GccHigh);
        for name in Endpoints::variables() {
            let value = if name.ends_with("_URL") { "https://private.example/" } else { "https://audience.example" };
            let replaced = Endpoints::with(Cloud::GccHigh, |asked| (asked == name).then(|| value.to_owned())).unwrap();
            assert_ne!(replaced, plain, "{name}");
        }
        let login = Endpoints::with(Cloud::GccHigh, |name| {
            (name == "LOGIN_URL").then(|| "https://login.private.example".to_owned())
        });
        let login = login.unwrap();
        assert_eq!(login.login().as_str(), "https://login.private.example/");
        assert!(login.has_issuer("login.private.example") && login.has_issuer("login.microsoftonline.us"));
        assert_eq!(login.address(Service::Graph).unwrap().as_str(), "https://graph.microsoft.us/");
    }

    #[test]
    fn an_address_that_would_let_a_token_be_read_is_refused() {
        for refused in ["http://graph.example", "graph.example", "https://u:p@graph.example", "https://graph.example/x"]
        {
            let look = |name: &str| (name == "GRAPH_URL").then(|| refused.to_owned());
            assert!(Endpoints::with(Cloud::Public, look).is_err(), "{refused}");
        }
        let loopback = |name: &str| (name == "GRAPH_URL").then(|| "http://127.0.0.1:8080".to_owned());
        assert!(Endpoints::with(Cloud::Public, loopback).is_ok());
    }
}
