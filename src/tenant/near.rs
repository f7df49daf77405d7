//! How far from here an address is: what may be said in plain http, or be shown a secret of this machine.
use std::net::Ipv4Addr;

use reqwest::Url;
use url::Host;

/// How far away an endpoint of a managed identity may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Near {
    /// This machine: the agent of Azure Arc is there, and is sent the content of a file.
    Machine,
    /// This machine or its link, where the metadata service is.
    Link,
    /// Those, a private network, in which App Service on Linux has its endpoint (`http://172.16.1.3:8081/msi/token`; reported), and
    /// whatever encrypts.
    Network,
}

impl Near {
    /// Says whether an address is no further away.
    pub(super) fn has(self, url: &Url) -> bool {
        let is = |test: fn(&Ipv4Addr) -> bool| matches!(url.host(), Some(Host::Ipv4(host)) if test(&host));
        let is_near = match self {
            Self::Machine => is_loopback(url),
            Self::Link => is_loopback(url) || is(Ipv4Addr::is_link_local),
            Self::Network => {
                url.scheme() == "https" || is_loopback(url) || is(Ipv4Addr::is_link_local) || is(Ipv4Addr::is_private)
            }
        };
        is_near && matches!(url.scheme(), "http" | "https")
    }

    /// Where such addresses are, for messages.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Machine => "of this machine",
            Self::Link => "of this machine or its link",
            Self::Network => "of this machine or a private network",
        }
    }
}

/// Says whether an address never leaves this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_endpoint_may_be_as_far_away_as_its_host_puts_it() {
        let reaches = [Near::Machine, Near::Link, Near::Network];
        for (address, expected) in [
            ("http://127.0.0.1:40342/metadata/identity/oauth2/token", [true, true, true]),
            ("http://localhost:42356/msi/token", [true, true, true]),
            ("http://[::1]:8080/", [true, true, true]),
            ("http://169.254.169.254/metadata/identity/oauth2/token", [false, true, true]),
            ("http://172.16.1.3:8081/msi/token", [false, false, true]),
            ("https://identity.example/msi/token", [false, false, true]),
            ("http://identity.example/msi/token", [false, false, false]),
            ("http://172.32.1.3/msi/token", [false, false, false]),
            ("http://127.0.0.1.evil.example/", [false, false, false]),
            ("ftp://127.0.0.1/", [false, false, false]),
        ] {
            let url = Url::parse(address).unwrap();
            assert_eq!(reaches.map(|reach| reach.has(&url)), expected, "{address}");
        }
    }
}
