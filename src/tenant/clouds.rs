//! The table of Microsoft's clouds: which hosts they have, and for whom a token must be asked.
use crate::request::Service;

/// One of Microsoft's clouds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cloud {
    /// The public cloud.
    #[default]
    Public,
    /// The US Government Community Cloud.
    Gcc,
    /// GCC High.
    GccHigh,
    /// The US Department of Defense.
    Dod,
    /// The cloud that 21Vianet operates in China.
    China,
}

/// What is known of one cloud.
struct Facts {
    name: &'static str,
    login: &'static str,
    graph: &'static str,
    admin: &'static str,
    flow: &'static str,
    admin_audience: &'static str,
    flow_audience: &'static str,
    /// Whom a token of others is for that an application trusts.
    exchange_audience: &'static str,
    /// Hosts that sign tokens of this cloud, of version 1.0 and of version 2.0.
    issuers: &'static [&'static str],
}

// Hosts: constants of the public Terraform provider for Power Platform, of CLI for Microsoft 365 and of Microsoft's own PowerShell
// modules, which agree. Audiences: the PowerShell modules; the Terraform provider has others for the admin API of GCC and GCC High,
// where the modules are Microsoft's own and were run. The audience of the Flow service ends in a slash, hence `//.default` (recorded:
// the scope of a token answer); those of GCC High, DoD and China come from one public client each. Audiences of federated tokens: constants of
// Microsoft's own authentication libraries for .NET; GCC signs in where the public cloud does.
const PUBLIC: Facts = Facts {
    name: "public",
    login: "login.microsoftonline.com",
    graph: "graph.microsoft.com",
    admin: "api.bap.microsoft.com",
    flow: "api.flow.microsoft.com",
    admin_audience: "https://service.powerapps.com",
    flow_audience: "https://service.flow.microsoft.com/",
    exchange_audience: "api://AzureADTokenExchange",
    issuers: &["sts.windows.net", "login.microsoftonline.com"],
};
const GCC: Facts = Facts {
    name: "gcc",
    login: "login.microsoftonline.com",
    graph: "graph.microsoft.com",
    admin: "gov.api.bap.microsoft.us",
    flow: "gov.api.flow.microsoft.us",
    admin_audience: "https://gov.service.powerapps.us",
    flow_audience: "https://gov.service.flow.microsoft.us/",
    exchange_audience: "api://AzureADTokenExchange",
    issuers: &["sts.windows.net", "login.microsoftonline.com"],
};
const GCC_HIGH: Facts = Facts {
    name: "gcchigh",
    login: "login.microsoftonline.us",
    graph: "graph.microsoft.us",
    admin: "high.api.bap.microsoft.us",
    flow: "high.api.flow.microsoft.us",
    admin_audience: "https://high.service.powerapps.us",
    flow_audience: "https://high.service.flow.microsoft.us/",
    exchange_audience: "api://AzureADTokenExchangeUSGov",
    issuers: &["sts.windows.net", "login.microsoftonline.us"],
};
const DOD: Facts = Facts {
    name: "dod",
    login: "login.microsoftonline.us",
    graph: "dod-graph.microsoft.us",
    admin: "api.bap.appsplatform.us",
    flow: "api.flow.appsplatform.us",
    admin_audience: "https://service.apps.appsplatform.us",
    flow_audience: "https://service.flow.appsplatform.us/",
    exchange_audience: "api://AzureADTokenExchangeUSGov",
    issuers: &["sts.windows.net", "login.microsoftonline.us"],
};
const CHINA: Facts = Facts {
    name: "china",
    login: "login.chinacloudapi.cn",
    graph: "microsoftgraph.chinacloudapi.cn",
    admin: "api.bap.partner.microsoftonline.cn",
    flow: "api.powerautomate.cn",
    admin_audience: "https://service.powerapps.cn",
    flow_audience: "https://service.powerautomate.cn/",
    exchange_audience: "api://AzureADTokenExchangeChina",
    issuers: &["sts.chinacloudapi.cn", "login.chinacloudapi.cn", "login.partner.microsoftonline.cn"],
};

impl Cloud {
    /// Every cloud.
    pub const ALL: [Self; 5] = [Self::Public, Self::Gcc, Self::GccHigh, Self::Dod, Self::China];

    /// The manifest's word for the cloud.
    pub fn name(self) -> &'static str {
        self.facts().name
    }

    /// Finds the cloud that a manifest names.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cloud| cloud.name() == name)
    }

    /// Finds the cloud in which a Dataverse organisation has this host.
    pub fn of_organisation(host: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cloud| cloud.has_organisation(host))
    }

    /// The host where tokens are issued.
    pub fn login_host(self) -> &'static str {
        self.facts().login
    }

    /// The host of a service; Dataverse has one for each organisation.
    pub fn host(self, service: Service) -> Option<&'static str> {
        match service {
            Service::Dataverse => None,
            Service::Graph => Some(self.facts().graph),
            Service::Admin => Some(self.facts().admin),
            Service::Flow => Some(self.facts().flow),
        }
    }

    /// The audience of a service's tokens; that of Dataverse is the organisation.
    pub fn audience(self, service: Service) -> Option<String> {
        match service {
            Service::Dataverse => None,
            Service::Graph => Some(format!("https://{}", self.facts().graph)),
            Service::Admin => Some(self.facts().admin_audience.to_owned()),
            Service::Flow => Some(self.facts().flow_audience.to_owned()),
        }
    }

    /// Whom a token of others has to be for that an application trusts (Learn: workload identity federation).
    pub fn exchange_audience(self) -> &'static str {
        self.facts().exchange_audience
    }

    /// The form of the hosts of organisations, `n` standing for a region's number or nothing.
    pub fn organisations(self) -> &'static str {
        match self {
            Self::Public => "\\*.crm*n*.dynamics.com",
            Self::Gcc => "\\*.crm9.dynamics.com",
            Self::GccHigh => "\\*.crm.microsoftdynamics.us",
            Self::Dod => "\\*.crm.appsplatform.us",
            Self::China => "\\*.crm.dynamics.cn",
        }
    }

    /// Says whether tokens of this cloud are signed by this host.
    pub(super) fn has_issuer(self, host: &str) -> bool {
        self.facts().issuers.contains(&host)
    }

    /// Says whether a Dataverse organisation of this cloud can have this host.
    // Suffixes: Microsoft's sample for the global discovery service, and the tooling's list of regions.
    pub fn has_organisation(self, host: &str) -> bool {
        match self {
            Self::Public => region(host, "dynamics.com").is_some_and(|region| region != "9"),
            Self::Gcc => region(host, "dynamics.com") == Some("9"),
            Self::GccHigh => region(host, "microsoftdynamics.us") == Some(""),
            Self::Dod => region(host, "appsplatform.us") == Some(""),
            Self::China => region(host, "dynamics.cn") == Some(""),
        }
    }

    fn facts(self) -> &'static Facts {
        match self {
            Self::Public => &PUBLIC,
            Self::Gcc => &GCC,
            Self::GccHigh => &GCC_HIGH,
            Self::Dod => &DOD,
            Self::China => &CHINA,
        }
    }
}

/// The number after `crm` in `contoso.crm4.dynamics.com` or `contoso.api.crm4.dynamics.com`.
fn region<'host>(host: &'host str, domain: &str) -> Option<&'host str> {
    let rest = host.strip_suffix(domain)?.strip_suffix('.')?;
    let (organisation, label) = rest.rsplit_once('.')?;
    let number = label.strip_prefix("crm")?;
    let is_plausible = !organisation.is_empty() && number.chars().all(|digit| digit.is_ascii_digit());
    is_plausible.then_some(number)
}

/// The ids by which Microsoft's services may stand in a token's `aud` instead of their address; the same in every cloud
/// (Learn: first-party applications).
pub(super) fn application_id(service: Service) -> &'static str {
    match service {
        Service::Dataverse => "00000007-0000-0000-c000-000000000000",
        Service::Graph => "00000003-0000-0000-c000-000000000000",
        Service::Admin => "475226c6-020e-4fb2-8a90-7a972cbfc1d4",
        Service::Flow => "7df0a125-d3be-4c96-aa54-591f83ff541c",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_organisation_belongs_to_one_cloud() {
        for (host, cloud) in [
            ("contoso.crm4.dynamics.com", Some(Cloud::Public)),
            ("contoso.crm.dynamics.com", Some(Cloud::Public)),
            ("contoso.api.crm4.dynamics.com", Some(Cloud::Public)),
            ("contoso.crm9.dynamics.com", Some(Cloud::Gcc)),
            ("contoso.crm.microsoftdynamics.us", Some(Cloud::GccHigh)),
            ("contoso.crm.appsplatform.us", Some(Cloud::Dod)),
            ("contoso.crm.dynamics.cn", Some(Cloud::China)),
            ("contoso.crm4.dynamics.com.evil.example", None),
            ("evil-crm4.dynamics.com", None),
            ("crm4.dynamics.com", None),
            ("contoso.crmx.dynamics.com", None),
        ] {
            assert_eq!(Cloud::of_organisation(host), cloud, "{host}");
        }
    }

    #[test]
    fn the_form_of_an_organisations_host_is_the_one_that_is_accepted() {
        for cloud in Cloud::ALL {
            for number in ["", "4"] {
                let host = cloud.organisations().replace("\\*", "contoso").replace("*n*", number);
                assert_eq!(Cloud::of_organisation(&host), Some(cloud), "{host}");
            }
        }
    }

    #[test]
    fn every_cloud_is_found_by_its_name() {
        for cloud in Cloud::ALL {
            assert_eq!(Cloud::named(cloud.name()), Some(cloud));
        }
        assert_eq!(Cloud::named("Public"), None);
    }
}
