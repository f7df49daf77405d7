//! The fixed hosts of Microsoft's clouds, as far as a service of the sandbox stands behind them.

/// A kind of service, told by the host alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    SignIn,
    Graph,
    Admin,
    PowerApps,
    Flow,
    /// The global discovery service.
    Discovery,
    Dataverse,
}

/// What is known of one cloud. Hosts and audiences: constants of the public Terraform provider for Power Platform, of CLI for
/// Microsoft 365 and of Microsoft's PowerShell modules; where the provider and the modules differ, both audiences stand here.
struct Cloud {
    sign_in: &'static [&'static str],
    graph: &'static str,
    admin: &'static str,
    power_apps: &'static str,
    flow: &'static str,
    /// The global discovery service (Learn: discover user organizations).
    discovery: &'static str,
    /// What the hosts of organisations end with.
    organizations: &'static str,
    admin_audiences: &'static [&'static str],
    flow_audiences: &'static [&'static str],
}

const CLOUDS: [Cloud; 5] = [
    Cloud {
        // The aliases are those of instance discovery (Learn: authority; MSAL's list of well-known hosts).
        sign_in: &["login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"],
        graph: "graph.microsoft.com",
        admin: "api.bap.microsoft.com",
        power_apps: "api.powerapps.com",
        flow: "api.flow.microsoft.com",
        discovery: "globaldisco.crm.dynamics.com",
        organizations: ".dynamics.com",
        admin_audiences: &["https://service.powerapps.com"],
        flow_audiences: &["https://service.flow.microsoft.com"],
    },
    Cloud {
        sign_in: &[],
        graph: "graph.microsoft.com",
        admin: "gov.api.bap.microsoft.us",
        power_apps: "gov.api.powerapps.us",
        flow: "gov.api.flow.microsoft.us",
        discovery: "globaldisco.crm9.dynamics.com",
        organizations: ".crm9.dynamics.com",
        admin_audiences: &["https://gov.service.powerapps.us", "https://service.powerapps.us"],
        flow_audiences: &["https://gov.service.flow.microsoft.us"],
    },
    Cloud {
        sign_in: &["login.microsoftonline.us", "login.usgovcloudapi.net"],
        graph: "graph.microsoft.us",
        admin: "high.api.bap.microsoft.us",
        power_apps: "high.api.powerapps.us",
        flow: "high.api.flow.microsoft.us",
        discovery: "globaldisco.crm.microsoftdynamics.us",
        organizations: ".microsoftdynamics.us",
        admin_audiences: &["https://high.service.powerapps.us", "https://high.service.apps.appsplatform.us"],
        flow_audiences: &["https://high.service.flow.microsoft.us"],
    },
    Cloud {
        sign_in: &[],
        graph: "dod-graph.microsoft.us",
        admin: "api.bap.appsplatform.us",
        power_apps: "api.apps.appsplatform.us",
        flow: "api.flow.appsplatform.us",
        discovery: "globaldisco.crm.appsplatform.us",
        organizations: ".crm.appsplatform.us",
        admin_audiences: &["https://service.apps.appsplatform.us"],
        flow_audiences: &["https://service.flow.appsplatform.us"],
    },
    Cloud {
        sign_in: &["login.chinacloudapi.cn", "login.partner.microsoftonline.cn"],
        graph: "microsoftgraph.chinacloudapi.cn",
        admin: "api.bap.partner.microsoftonline.cn",
        power_apps: "api.powerapps.cn",
        flow: "api.powerautomate.cn",
        discovery: "globaldisco.crm.dynamics.cn",
        organizations: ".dynamics.cn",
        admin_audiences: &["https://service.powerapps.cn"],
        flow_audiences: &["https://service.powerautomate.cn"],
    },
];

/// Returns the name of a host without its port, in lower case.
pub(super) fn name(host: &str) -> String {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !name.ends_with(':') => name,
        Some(_) | None => host,
    };
    // A name may end with the dot of the root (RFC 1034, 3.1).
    name.trim_matches(['[', ']']).trim_end_matches('.').to_ascii_lowercase()
}

/// Says whether the host is this machine itself.
pub(super) fn is_loopback(name: &str) -> bool {
    name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Tells what stands behind a host name of Microsoft's; nothing for every other name.
pub(super) fn place(name: &str) -> Option<Place> {
    if CLOUDS.iter().any(|cloud| name == cloud.discovery) {
        return Some(Place::Discovery);
    }
    CLOUDS.iter().find_map(|cloud| {
        // Some services have hosts per region, `us.api.flow.microsoft.com` (recorded: `runtimeEndpoints` of an environment).
        let is_of =
            |host: &str| name.strip_suffix(host).is_some_and(|region| region.is_empty() || region.ends_with('.'));
        match name {
            _ if cloud.sign_in.contains(&name) => Some(Place::SignIn),
            _ if name == cloud.graph => Some(Place::Graph),
            _ if is_of(cloud.admin) => Some(Place::Admin),
            _ if is_of(cloud.power_apps) => Some(Place::PowerApps),
            _ if is_of(cloud.flow) => Some(Place::Flow),
            _ if name.ends_with(cloud.organizations) => Some(Place::Dataverse),
            _ => None,
        }
    })
}

/// Lists the audiences that a service takes under a host: its cloud's, or every cloud's where the host is the sandbox itself.
pub(super) fn audiences(place: Place, name: &str) -> Vec<String> {
    let clouds = CLOUDS.iter().filter(|cloud| {
        is_loopback(name)
            || match place {
                Place::Graph => name == cloud.graph,
                Place::Admin => name.ends_with(cloud.admin),
                Place::PowerApps => name.ends_with(cloud.power_apps),
                Place::Flow => name.ends_with(cloud.flow),
                Place::Discovery => name == cloud.discovery,
                Place::SignIn | Place::Dataverse => false,
            }
    });
    let mut found: Vec<String> = clouds
        .flat_map(|cloud| match place {
            // The id of Graph as a resource stands for its address (Learn: Graph permissions reference).
            Place::Graph => vec![format!("https://{}", cloud.graph), "00000003-0000-0000-c000-000000000000".to_owned()],
            Place::Admin | Place::PowerApps => {
                cloud.admin_audiences.iter().map(|&audience| audience.to_owned()).collect()
            }
            Place::Discovery => vec![format!("https://{}", cloud.discovery)],
            Place::Flow => cloud.flow_audiences.iter().map(|&audience| audience.to_owned()).collect(),
            Place::SignIn | Place::Dataverse => Vec::new(),
        })
        .collect();
    found.dedup();
    found
}

/// Every fixed host, and `*` for the organisations of a cloud: what the certificates of the sandbox may be for.
pub(super) fn all() -> Vec<String> {
    let mut all: Vec<String> = CLOUDS
        .iter()
        .flat_map(|cloud| {
            let fixed = [cloud.graph, cloud.admin, cloud.power_apps, cloud.flow, cloud.discovery];
            let organizations = cloud.organizations.trim_start_matches('.');
            cloud.sign_in.iter().copied().chain(fixed).chain([organizations]).map(str::to_owned)
        })
        .collect();
    all.sort();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cloud_has_its_hosts() {
        let cases = [
            ("login.microsoftonline.com", Some(Place::SignIn)),
            ("login.microsoftonline.us", Some(Place::SignIn)),
            ("graph.microsoft.com", Some(Place::Graph)),
            ("dod-graph.microsoft.us", Some(Place::Graph)),
            ("api.bap.microsoft.com", Some(Place::Admin)),
            ("us.api.flow.microsoft.com", Some(Place::Flow)),
            ("api.powerapps.cn", Some(Place::PowerApps)),
            ("contoso.crm4.dynamics.com", Some(Place::Dataverse)),
            ("globaldisco.crm.dynamics.com", Some(Place::Discovery)),
            ("globaldisco.crm.dynamics.cn", Some(Place::Discovery)),
            ("contoso.api.crm.dynamics.cn", Some(Place::Dataverse)),
            ("contoso.crm.microsoftdynamics.us", Some(Place::Dataverse)),
            ("example.com", None),
            ("notgraph.microsoft.com", None),
            ("evilapi.bap.microsoft.com", None),
            ("dynamics.com.example.org", None),
            ("127.0.0.1", None),
        ];
        for (host, expected) in cases {
            assert_eq!(place(host), expected, "{host}");
        }
    }

    #[test]
    fn a_port_and_brackets_are_no_part_of_the_name() {
        assert_eq!(name("Graph.microsoft.com:443"), "graph.microsoft.com");
        assert_eq!(name("[::1]:8080"), "::1");
        assert_eq!(name("[::1]"), "::1");
        assert_eq!(name("127.0.0.1:1"), "127.0.0.1");
        assert_eq!(name("graph.microsoft.com.:443"), "graph.microsoft.com");
    }

    #[test]
    fn a_cloud_takes_its_own_audience_only() {
        let public = audiences(Place::Flow, "api.flow.microsoft.com");
        assert_eq!(public, ["https://service.flow.microsoft.com"]);
        let china = audiences(Place::Flow, "api.powerautomate.cn");
        assert_eq!(china, ["https://service.powerautomate.cn"]);
        assert_eq!(audiences(Place::Flow, "127.0.0.1").len(), CLOUDS.len());
        assert!(
            audiences(Place::Admin, "gov.api.bap.microsoft.us")
                .iter()
                .all(|audience| audience.ends_with("powerapps.us"))
        );
    }
}
