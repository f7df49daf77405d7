//! The addresses and audiences of a cloud, where a setting replaces what the table of clouds says.
use std::collections::BTreeMap;

use reqwest::Url;
use uuid::Uuid;

use super::clouds::Cloud;
use super::near::is_loopback;
use crate::problem::{Cause, Problem};
use crate::request::Service;

/// An entry of the table of clouds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Entry {
    Login,
    Issuer,
    Exchange,
    Suffix,
    Address(Service),
    Audience(Service),
}

/// A variable that replaces an entry of the table of clouds.
#[derive(Clone, Copy, Debug)]
pub struct Override {
    /// Its name behind the prefix.
    pub name: &'static str,
    /// What it replaces, for people.
    pub about: &'static str,
    entry: Entry,
}

const fn replaces(name: &'static str, entry: Entry, about: &'static str) -> Override {
    Override { name, about, entry }
}

/// Every variable that replaces an entry: for sovereign and air-gapped clouds, whose hosts are in no public table.
pub const OVERRIDES: [Override; 11] = [
    replaces("LOGIN_URL", Entry::Login, "the address of sign-in"),
    replaces("ISSUER", Entry::Issuer, "the host that signs tokens (`iss`), where it is not that of sign-in"),
    replaces(
        "FEDERATION_AUDIENCE",
        Entry::Exchange,
        "the audience of the token that GitHub is asked for, where the application's federated credential names another",
    ),
    replaces("DATAVERSE_SUFFIX", Entry::Suffix, "what the hosts of organisations end with, as `crm.private.example`"),
    replaces(
        "DATAVERSE_AUDIENCE",
        Entry::Audience(Service::Dataverse),
        "the audience of Dataverse, else the organisation's address",
    ),
    replaces("ADMIN_URL", Entry::Address(Service::Admin), "the address of the admin API"),
    replaces("ADMIN_AUDIENCE", Entry::Audience(Service::Admin), "its audience"),
    replaces("FLOW_URL", Entry::Address(Service::Flow), "the address of Power Automate"),
    replaces("FLOW_AUDIENCE", Entry::Audience(Service::Flow), "its audience"),
    replaces("GRAPH_URL", Entry::Address(Service::Graph), "the address of Microsoft Graph"),
    replaces("GRAPH_AUDIENCE", Entry::Audience(Service::Graph), "its audience"),
];

/// Where the services of one cloud are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    cloud: Cloud,
    login: Option<Url>,
    issuer: Option<String>,
    exchange: Option<String>,
    suffix: Option<String>,
    addresses: BTreeMap<Service, Url>,
    audiences: BTreeMap<Service, String>,
}

impl From<Cloud> for Endpoints {
    fn from(cloud: Cloud) -> Self {
        Self {
            cloud,
            login: None,
            issuer: None,
            exchange: None,
            suffix: None,
            addresses: BTreeMap::new(),
            audiences: BTreeMap::new(),
        }
    }
}

impl Endpoints {
    /// The cloud's endpoints, and in their place whatever a variable of [`OVERRIDES`] behind `prefix` holds.
    pub fn with(cloud: Cloud, prefix: &str, variable: impl Fn(&str) -> Option<String>) -> Result<Self, Problem> {
        let mut endpoints = Self::from(cloud);
        for Override { name, entry, .. } in OVERRIDES {
            let name = format!("{prefix}_{name}");
            if let Some(text) = variable(&name) {
                endpoints.replace(entry, &name, text.trim())?;
            }
        }
        Ok(endpoints)
    }

    fn replace(&mut self, entry: Entry, name: &str, text: &str) -> Result<(), Problem> {
        match entry {
            Entry::Login => self.login = Some(address(name, text)?),
            Entry::Issuer => self.issuer = Some(host(name, text)?),
            Entry::Exchange => self.exchange = Some(audience(name, text)?),
            Entry::Suffix => self.suffix = Some(host(name, text.trim_start_matches("*.").trim_start_matches('.'))?),
            Entry::Address(service) => _ = self.addresses.insert(service, address(name, text)?),
            Entry::Audience(service) => _ = self.audiences.insert(service, audience(name, text)?),
        }
        Ok(())
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

    /// The audience of a service's tokens; that of Dataverse is the organisation, where no other is set.
    pub(super) fn audience(&self, service: Service) -> Option<String> {
        self.audiences.get(&service).cloned().or_else(|| self.cloud.audience(service))
    }

    /// Whom a token of others is for that an application trusts.
    pub(super) fn exchange_audience(&self) -> &str {
        self.exchange.as_deref().unwrap_or(self.cloud.exchange_audience())
    }

    /// Says whether tokens may be signed by this host.
    pub(super) fn has_issuer(&self, host: &str) -> bool {
        let is_login = || self.login.as_ref().is_some_and(|login| login.host_str() == Some(host));
        match &self.issuer {
            Some(issuer) => issuer == host,
            None => self.cloud.has_issuer(host) || is_login(),
        }
    }

    /// Says whether a Dataverse organisation can have this host.
    pub(super) fn has_organisation(&self, host: &str) -> bool {
        let Some(suffix) = &self.suffix else { return self.cloud.has_organisation(host) };
        host.strip_suffix(suffix.as_str()).and_then(|rest| rest.strip_suffix('.')).is_some_and(|name| !name.is_empty())
    }

    /// The form of the hosts of organisations, for messages.
    pub(super) fn organisations(&self) -> String {
        match &self.suffix {
            Some(suffix) => format!("*.{suffix}"),
            None => self.cloud.organisations().replace('\\', "").replace("*n*", "N"),
        }
    }

    /// The other cloud that an organisation with this host belongs to, where the table of clouds decides.
    pub(super) fn other_cloud(&self, host: &str) -> Option<Cloud> {
        if self.suffix.is_some() { None } else { Cloud::of_organisation(host) }
    }
}

fn of_host(host: &str) -> Url {
    Url::parse(&format!("https://{host}/")).expect("the table of clouds holds host names")
}

fn refuse(says: String, next: &str) -> Problem {
    Problem::without_request(Cause::Refused, "endpoints", says, next)
}

/// Reads an address that replaces one of the table: https, or anything on loopback, and nothing behind the host.
fn address(name: &str, text: &str) -> Result<Url, Problem> {
    let url = Url::parse(text).ok().filter(|url| {
        let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url));
        let is_bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
        is_safe && is_bare && url.username().is_empty() && url.password().is_none()
    });
    url.ok_or_else(|| {
        refuse(
            format!("{name} is not an address of a host: `{text}`"),
            "write it as in `https://graph.microsoft.com`; plain http is for loopback alone",
        )
    })
}

/// Reads a name of a host, or what several end with: two labels at least, so that no whole top-level domain is given tokens.
fn host(name: &str, text: &str) -> Result<String, Problem> {
    let url = Url::parse(&format!("https://{text}/")).ok();
    let host = url.as_ref().and_then(Url::domain).filter(|host| text.eq_ignore_ascii_case(host) && host.contains('.'));
    let has_empty = text.split('.').any(str::is_empty);
    host.filter(|_| !has_empty).map(str::to_owned).ok_or_else(|| {
        refuse(
            format!("{name} is not a name of hosts: `{text}`"),
            "write it without `https://`, as in `crm.private.example`",
        )
    })
}

/// Reads an audience: an address, or the id of an application.
fn audience(name: &str, text: &str) -> Result<String, Problem> {
    let is_one = Url::parse(text).is_ok_and(|url| url.has_host()) || text.parse::<Uuid>().is_ok();
    let is_one = is_one && !text.contains(char::is_whitespace);
    is_one.then(|| text.to_owned()).ok_or_else(|| {
        refuse(
            format!("{name} is not an audience: `{text}`"),
            "write the address or the id that tokens of the service are for, as in `https://graph.microsoft.com`",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &str, value: &str) -> Result<Endpoints, Problem> {
        Endpoints::with(Cloud::GccHigh, "POWERGRANT_X", |asked| {
            (asked == format!("POWERGRANT_X_{name}")).then(|| value.to_owned())
        })
    }

    #[test]
    fn each_address_and_audience_can_be_replaced() {
        let plain = Endpoints::from(Cloud::GccHigh);
        for Override { name, .. } in OVERRIDES {
            let is_host = name == "ISSUER" || name.ends_with("_SUFFIX");
            let value = if is_host { "private.example" } else { "https://private.example/" };
            assert_ne!(with(name, value).unwrap(), plain, "{name}");
        }
        let login = with("LOGIN_URL", "https://login.private.example").unwrap();
        assert_eq!(login.login().as_str(), "https://login.private.example/");
        assert!(login.has_issuer("login.private.example") && login.has_issuer("login.microsoftonline.us"));
        assert_eq!(login.address(Service::Graph).unwrap().as_str(), "https://graph.microsoft.us/");
        let issuer = with("ISSUER", "sts.private.example").unwrap();
        assert!(issuer.has_issuer("sts.private.example") && !issuer.has_issuer("login.microsoftonline.us"));
    }

    #[test]
    fn a_suffix_takes_the_place_of_the_clouds_own() {
        for form in ["crm.private.example", ".crm.private.example", "*.crm.private.example", "CRM.private.example"] {
            let endpoints = with("DATAVERSE_SUFFIX", form).unwrap();
            assert!(endpoints.has_organisation("contoso.crm.private.example"), "{form}");
            for other in [
                "contoso.crm.microsoftdynamics.us",
                "crm.private.example",
                ".crm.private.example",
                "contosocrm.private.example",
                "contoso.crm.private.example.evil.example",
            ] {
                assert!(!endpoints.has_organisation(other), "{form}: {other}");
            }
        }
    }

    #[test]
    fn what_would_let_a_token_be_read_is_refused() {
        for (name, refused) in [
            ("GRAPH_URL", "http://graph.example"),
            ("GRAPH_URL", "graph.example"),
            ("GRAPH_URL", "https://u:p@graph.example"),
            ("GRAPH_URL", "https://graph.example/x"),
            ("DATAVERSE_SUFFIX", "com"),
            ("DATAVERSE_SUFFIX", "https://crm.private.example"),
            ("DATAVERSE_SUFFIX", "crm..example"),
            ("DATAVERSE_SUFFIX", "crm.example:8443"),
            ("DATAVERSE_SUFFIX", "10.0.0.1"),
            ("ISSUER", "sts"),
            ("ADMIN_AUDIENCE", "https://service example"),
            ("ADMIN_AUDIENCE", "service.powerapps.com"),
        ] {
            let problem = with(name, refused).unwrap_err();
            assert!(problem.says.starts_with(&format!("POWERGRANT_X_{name} is not")), "{refused}: {problem}");
        }
        with("GRAPH_URL", "http://127.0.0.1:8080").unwrap();
        with("ADMIN_AUDIENCE", "475226c6-020e-4fb2-8a90-7a972cbfc1d4").unwrap();
    }
}
