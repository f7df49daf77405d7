//! Which address a request goes to, and which addresses may be given a token.
use std::net::SocketAddr;

use reqwest::Url;

use super::endpoints::Endpoints;
use super::near::is_loopback;
use crate::problem::{Cause, Problem};
use crate::request::Service;

/// How a host is reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Routing {
    /// Every host by its own name.
    #[default]
    Direct,
    /// Every host is the embedded tenant, which listens on this loopback address and is told the host that was meant.
    Sandbox(SocketAddr),
}

impl Routing {
    /// Says where a request for this URL is sent in truth.
    pub(super) fn address(self, url: &Url) -> Url {
        let Self::Sandbox(listener) = self else { return url.clone() };
        let mut address = url.clone();
        // Neither can fail: the URL has a host, and http and https are both special schemes.
        let changed = address.set_scheme("http").is_ok()
            && address.set_ip_host(listener.ip()).is_ok()
            && address.set_port(Some(listener.port())).is_ok();
        debug_assert!(changed, "an address with a host can be routed");
        address
    }
}

/// What to do about an address that is not an organisation's.
const FORM: &str = "write the organisation's address as in `https://contoso.crm4.dynamics.com`";

/// The Dataverse organisation of an environment, known by its address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Organisation(Url);

impl Organisation {
    /// Reads the address of an organisation: `https://contoso.crm4.dynamics.com`.
    ///
    /// It must be one of the cloud's hosts, or of those that are set in their place, because a token is sent there. Plain http and other
    /// hosts are accepted on loopback alone.
    pub fn parse(endpoints: &Endpoints, address: &str) -> Result<Self, Problem> {
        let refuse = |says: String, next: &str| {
            Err(Problem::without_request(Cause::Refused, Service::Dataverse.name(), says, next))
        };
        let Ok(url) = Url::parse(address) else { return refuse(format!("`{address}` is not an address"), FORM) };
        let is_bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
        if !is_bare || !url.username().is_empty() || url.password().is_some() {
            return refuse("an organisation's address has a host and nothing else".to_owned(), FORM);
        }
        let Some(host) = url.host_str().map(str::to_owned) else {
            return refuse(format!("`{address}` has no host"), FORM);
        };
        if is_loopback(&url) && matches!(url.scheme(), "http" | "https") {
            return Ok(Self(url));
        }
        if url.scheme() != "https" {
            return refuse(format!("`{address}` is not https, and a token would be readable on the way"), FORM);
        }
        if url.port().is_some() {
            return refuse(format!("`{address}` names a port"), FORM);
        }
        if endpoints.has_organisation(&host) {
            return Ok(Self(url));
        }
        let cloud = endpoints.cloud();
        if let Some(other) = endpoints.other_cloud(&host) {
            return refuse(
                format!("`{host}` belongs to the cloud `{}`, not to `{}`", other.name(), cloud.name()),
                "correct `cloud:` of the Environment document",
            );
        }
        let form = endpoints.organisations();
        refuse(
            format!("`{host}` is not a Dataverse host of the cloud `{}`: those are `{form}`", cloud.name()),
            "correct `url:`, or name what a private cloud's hosts end with in POWERGRANT_DATAVERSE_SUFFIX",
        )
    }

    /// The address without a slash at its end.
    pub fn url(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }
}

/// Where a service is, and what a token for it is called.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) service: Service,
    root: Url,
    pub(super) audience: String,
}

impl Target {
    /// Finds a service; Dataverse needs the organisation.
    pub(super) fn of(
        endpoints: &Endpoints,
        service: Service,
        organisation: Option<&Organisation>,
    ) -> Result<Self, Problem> {
        if let (Some(address), Some(audience)) = (endpoints.address(service), endpoints.audience(service)) {
            // Graph's version is part of its root; the paths of the admin API and of Flow name their providers themselves.
            let root = if service == Service::Graph { "v1.0/" } else { "" };
            let root = address.join(root).expect("a relative path joins any address");
            return Ok(Self { service, root, audience });
        }
        let Some(organisation) = organisation else {
            return Err(Problem::without_request(
                Cause::NotAsked,
                service.name(),
                "this environment has no organisation, so there is no Dataverse to ask",
                "name the organisation's address in `url:` of the Environment document",
            ));
        };
        // The audience of Dataverse is the organisation's address without a path (Learn: authenticate to Dataverse).
        let root = organisation.0.join("/api/data/v9.2/").expect("an absolute path joins any address");
        let audience = endpoints.audience(service).unwrap_or_else(|| organisation.url().to_owned());
        Ok(Self { service, root, audience })
    }

    /// The address of a path relative to the service's root.
    pub(super) fn url(&self, path: &str) -> Result<Url, Problem> {
        let text = format!("{}{}", self.root, path.trim_start_matches('/'));
        match Url::parse(&text) {
            // `..` in a path is resolved while parsing and would leave the service.
            Ok(url) if url.as_str().starts_with(self.root.as_str()) => Ok(url),
            Ok(_) | Err(_) => Err(Problem::without_request(
                Cause::Malformed,
                self.service.name(),
                format!("`{path}` is not a path of this service"),
                "report this: powergrant built an address that it may not call",
            )),
        }
    }

    /// Says whether a token for this service may go to an address: to the service's own host alone, whoever named the address.
    pub(super) fn receives(&self, url: &Url) -> bool {
        url.origin() == self.root.origin()
    }

    /// The address of the next page, which must be on the host that was asked: the token goes with it.
    pub(super) fn next(&self, asked: &Url, link: &str) -> Result<Url, Problem> {
        let next = asked.join(link).ok().filter(|next| next.origin() == asked.origin());
        next.filter(|next| next.username().is_empty() && next.password().is_none()).ok_or_else(|| {
            let mut problem = Problem::without_request(
                Cause::Malformed,
                self.service.name(),
                format!("the link to the next page leads away from `{}`: {link}", asked.host_str().unwrap_or_default()),
                "nothing was sent there; check proxies between you and the service",
            );
            "GET".clone_into(&mut problem.method);
            problem.path = super::problem_of::shortened(asked.path());
            problem
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tenant::Cloud;

    fn contoso() -> Target {
        let organisation = Organisation::parse(&Cloud::Public.into(), "https://contoso.crm4.dynamics.com/").unwrap();
        Target::of(&Cloud::Public.into(), Service::Dataverse, Some(&organisation)).unwrap()
    }

    #[test]
    fn only_hosts_of_the_cloud_and_loopback_are_organisations() {
        let parse = |address: &str| Organisation::parse(&Cloud::Public.into(), address);
        assert_eq!(parse("https://contoso.crm4.dynamics.com/").unwrap().url(), "https://contoso.crm4.dynamics.com");
        assert_eq!(parse("http://127.0.0.1:8080").unwrap().url(), "http://127.0.0.1:8080");
        for refused in [
            "http://contoso.crm4.dynamics.com",
            "https://contoso.crm4.dynamics.com:8443",
            "https://user@contoso.crm4.dynamics.com",
            "https://contoso.crm4.dynamics.com/main.aspx",
            "https://contoso.crm4.dynamics.com.evil.example",
            "http://127.0.0.1.evil.example",
            "ftp://localhost",
            "contoso",
        ] {
            assert!(parse(refused).is_err(), "{refused}");
        }
        let other = parse("https://contoso.crm9.dynamics.com").unwrap_err();
        assert!(other.says.contains("belongs to the cloud `gcc`"), "{other}");
        let strange = parse("https://contoso.example").unwrap_err();
        assert!(strange.says.contains("of the cloud `public`: those are `*.crmN.dynamics.com`"), "{strange}");
    }

    #[test]
    fn a_private_clouds_organisations_and_audiences_are_what_is_set() {
        let set = |name: &str| match name {
            "P_DATAVERSE_SUFFIX" => Some("crm.private.example".to_owned()),
            "P_DATAVERSE_AUDIENCE" => Some("https://dataverse.private.example".to_owned()),
            "P_GRAPH_URL" => Some("https://graph.private.example".to_owned()),
            "P_GRAPH_AUDIENCE" => Some("https://audience.private.example".to_owned()),
            _ => None,
        };
        let endpoints = Endpoints::with(Cloud::Public, "P", set).unwrap();
        let contoso = Organisation::parse(&endpoints, "https://contoso.crm.private.example").unwrap();
        let refused = Organisation::parse(&endpoints, "https://contoso.crm4.dynamics.com").unwrap_err();
        assert!(refused.says.contains("those are `*.crm.private.example`"), "{refused}");
        let dataverse = Target::of(&endpoints, Service::Dataverse, Some(&contoso)).unwrap();
        assert_eq!(dataverse.audience, "https://dataverse.private.example");
        let graph = Target::of(&endpoints, Service::Graph, None).unwrap();
        assert_eq!(graph.audience, "https://audience.private.example");
        for (target, own) in
            [(&dataverse, "https://contoso.crm.private.example/x"), (&graph, "https://graph.private.example/x")]
        {
            assert!(target.receives(&Url::parse(own).unwrap()));
            for public in [
                "https://graph.microsoft.com/x",
                "https://contoso.crm4.dynamics.com/x",
                "https://fabrikam.crm.private.example/x",
            ] {
                assert!(!target.receives(&Url::parse(public).unwrap()), "{public}");
                assert!(target.next(&Url::parse(own).unwrap(), public).is_err(), "{public}");
            }
        }
    }

    #[test]
    fn the_embedded_tenant_is_reached_on_loopback() {
        let url = contoso().url("roles?$filter=name%20eq%20'a'").unwrap();
        let address = Routing::Sandbox("127.0.0.1:8080".parse().unwrap()).address(&url);
        assert_eq!(address.as_str(), "http://127.0.0.1:8080/api/data/v9.2/roles?$filter=name%20eq%20%27a%27");
        assert_eq!(Routing::Direct.address(&url), url);
    }

    #[test]
    fn a_path_cannot_leave_its_service() {
        let target = contoso();
        assert!(target.url("../../../admin").is_err());
        assert!(target.url("%2e%2e/x").is_err());
        assert!(target.url("//evil.example/x").unwrap().as_str().starts_with("https://contoso.crm4"));
    }

    #[test]
    fn the_next_page_is_on_the_same_host() {
        let target = contoso();
        let asked = target.url("roles").unwrap();
        let next = target.next(&asked, "https://contoso.crm4.dynamics.com/api/data/v9.2/roles?$skiptoken=2").unwrap();
        assert_eq!(next.query(), Some("$skiptoken=2"));
        for link in [
            "https://evil.example/api/data/v9.2/roles",
            "http://contoso.crm4.dynamics.com/api/data/v9.2/roles",
            "https://contoso.crm4.dynamics.com:444/roles",
            "https://u:p@contoso.crm4.dynamics.com/roles",
            "//evil.example/roles",
        ] {
            assert_eq!(target.next(&asked, link).unwrap_err().cause, Cause::Malformed, "{link}");
            assert!(!asked.join(link).is_ok_and(|url| target.receives(&url)) || link.contains("u:p"), "{link}");
        }
    }

    #[test]
    fn an_environment_without_an_organisation_has_no_dataverse() {
        let problem = Target::of(&Cloud::Public.into(), Service::Dataverse, None).unwrap_err();
        assert_eq!(problem.cause, Cause::NotAsked);
        let graph = Target::of(&Cloud::Dod.into(), Service::Graph, None).unwrap();
        assert_eq!(graph.url("/users").unwrap().as_str(), "https://dod-graph.microsoft.us/v1.0/users");
        assert_eq!(graph.audience, "https://dod-graph.microsoft.us");
    }
}
